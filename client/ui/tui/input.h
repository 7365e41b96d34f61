/* input.h - decodes terminal input into keys. Pure: bytes in, keys out, however
 * the bytes are split.
 *
 * Understands UTF-8, control characters, Alt as a leading ESC, the sequences of
 * xterm, rxvt, tmux, screen and the Linux console, bracketed paste and focus
 * reports. An unknown sequence is discarded whole, so that no part of it ends
 * up in a message. */
#ifndef CONCLAVE_UI_TUI_INPUT_H
#define CONCLAVE_UI_TUI_INPUT_H

#include "shared/wire/bytes.h"

enum input_key {
	INPUT_NONE,
	INPUT_TEXT,	/* text, n: one character */
	INPUT_PASTE,	/* text, n: filtered, lines ended by \n */
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
	INPUT_WORD_LEFT,	/* Ctrl or Alt with an arrow */
	INPUT_WORD_RIGHT,
	INPUT_HOME,
	INPUT_END,
	INPUT_CTRL_HOME,
	INPUT_CTRL_END,
	INPUT_PAGE_UP,
	INPUT_PAGE_DOWN,
	INPUT_SHIFT_UP,		/* Up with any modifier */
	INPUT_SHIFT_DOWN,
	INPUT_F1,
	INPUT_FOCUS_IN,
	INPUT_FOCUS_OUT,
};

struct input_event {
	enum input_key key;
	char letter;
	const char *text;	/* valid until the next call */
	size_t n;
	bool cut;		/* PASTE: longer than a message may be */
};

/* How long to wait for the rest of a sequence before an ESC counts as the
 * Escape key. */
enum { INPUT_ESCAPE_MS = 50 };

struct input {
	struct buf in;		/* not decoded yet */
	struct buf paste;	/* the paste so far */
	struct buf filtered;
	bool pasting, paste_cut;
};

void input_init(struct input *in);
void input_free(struct input *in);

/* Adds bytes. On ERR_NOMEM or ERR_LIMIT some are lost. */
int input_feed(struct input *in, const void *p, size_t n) MUST_CHECK;
/* Returns the next key, or INPUT_NONE when more bytes are needed. `late` says
 * that INPUT_ESCAPE_MS have passed since the last bytes, so that a lone ESC is
 * the Escape key. */
void input_next(struct input *in, bool late, struct input_event *out);
/* True while a sequence is incomplete: call input_next with `late` after
 * INPUT_ESCAPE_MS. */
bool input_waits(const struct input *in);

#endif
