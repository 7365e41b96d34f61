/* input_key.h - the keys that the full screen knows. */
#ifndef CONCLAVE_UI_TUI_INPUT_KEY_H
#define CONCLAVE_UI_TUI_INPUT_KEY_H

enum input_key {
	INPUT_NONE,
	INPUT_TEXT,	/* text, n: one character */
	INPUT_PASTE,	/* text, n: filtered, lines ended by \n */
	INPUT_CTRL_X,	/* letter: of Ctrl with a key after Ctrl-X (keys.c) */
	INPUT_CTRL,	/* letter: 'A'..'Z', or one of "@[\\]^_" */
	INPUT_ALT,	/* letter: the character after ESC, lower case */
	INPUT_ENTER,
	INPUT_ALT_ENTER,
	INPUT_TAB,
	INPUT_BACK_TAB,
	INPUT_BACKSPACE,
	INPUT_ALT_BACKSPACE,
	INPUT_DELETE,
	INPUT_CTRL_DELETE,
	INPUT_ESCAPE,
	INPUT_UP,
	INPUT_DOWN,
	INPUT_LEFT,
	INPUT_RIGHT,
	INPUT_WORD_LEFT,	/* Ctrl with an arrow */
	INPUT_WORD_RIGHT,
	INPUT_ALT_LEFT,		/* Alt with an arrow */
	INPUT_ALT_RIGHT,
	INPUT_ALT_UP,
	INPUT_ALT_DOWN,
	INPUT_HOME,
	INPUT_END,
	INPUT_CTRL_HOME,
	INPUT_CTRL_END,
	INPUT_PAGE_UP,
	INPUT_PAGE_DOWN,
	INPUT_SHIFT_UP,		/* Up with Shift or Ctrl */
	INPUT_SHIFT_DOWN,
	INPUT_F1,
	INPUT_F2,
	INPUT_F3,
	INPUT_FOCUS_IN,
	INPUT_FOCUS_OUT,
};

#endif
