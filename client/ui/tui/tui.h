/* tui.h - the full-screen front end, for this folder. tui.c is the front end,
 * keys.c its keys, notice.c puts events into lines, unread.c knows what was not
 * seen yet, layout.c divides the window, draw.c fills it. */
#ifndef CONCLAVE_UI_TUI_H
#define CONCLAVE_UI_TUI_H

#include "client/ui/command.h"
#include "client/ui/ui.h"
#include "client/trust/trust.h"
#include "client/ui/tui/attention.h"
#include "client/ui/tui/buffers.h"
#include "client/ui/tui/complete.h"
#include "client/ui/tui/display.h"
#include "client/ui/tui/editor.h"
#include "client/ui/tui/isearch.h"
#include "client/ui/tui/history.h"
#include "client/ui/tui/input.h"
#include "client/ui/tui/redraw.h"
#include "client/ui/tui/scrollback.h"
#include "client/ui/tui/status.h"
#include "client/ui/tui/view.h"

enum {
	TUI_ROWS_MIN = 5,
	TUI_COLS_MIN = 20,
	TUI_USERS_COLS = 60,	/* least width with a column of names */
	TUI_ASK_LINES = 3,	/* ask before sending more lines */
};

/* A question in the place of the input line, to be answered with y or n. */
enum tui_ask { ASK_NOTHING, ASK_QUIT, ASK_SEND };

struct tui {
	const struct ui_env *env;	/* borrowed */
	struct display *display;
	struct redraw redraw;
	struct buffers buffers;
	struct buffer *cur;	/* the one that is shown; in `buffers` */

	struct input input;
	uint64_t input_ms;	/* when bytes last arrived */
	struct complete complete;
	struct trust_compare compare;
	struct isearch find;	/* in the current buffer */
	enum tui_ask ask;
	bool copying;		/* copymode.c has the screen */

	struct {	/* as the window was last divided */
		int users_cols, for_cols;	/* for a window so wide */
		int input_rows;
	} laid_out;
	struct {
		enum status_link state;
		uint64_t again_ms;	/* reconnecting: when */
		uint32_t wait_s;	/* as drawn last */
	} link;
	struct {
		bool focused;	/* as the terminal reports; true at first */
		uint64_t called_ms;	/* when the user was last called */
	} attention;
	struct {
		int year, yday;	/* of the last line: a new day gets a line */
	} day;
	bool clock_said;	/* that somebody's clock differs from ours */

	bool ended;		/* the user is leaving */
	bool input_gone;	/* end of file on the terminal */
};

/* notice.c: an event, into the buffer of its room; one of the link goes into
 * the current buffer. */
void notice_event(struct tui *t, const struct event *e);
/* Adds a line of our own to the current buffer, through the filter. */
void notice_add(struct tui *t, enum line_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void notice_names(struct tui *t);

/* unread.c. Call unread_look after anything that may start or end reading,
 * unread_moved after a key that has moved the view, unread_line after adding a
 * line to a buffer, unread_focus when the terminal reports its focus. */
void unread_look(struct tui *t);
void unread_moved(struct tui *t);
void unread_line(struct tui *t, struct buffer *b, const struct line_new *l);
void unread_focus(struct tui *t, bool focused);
/* Go to the unread marker; to the next (1) or previous (-1) line that names
 * the user. False when there is none. */
bool unread_go(struct tui *t);
bool unread_go_mention(struct tui *t, int direction);

/* keys.c: handles one key. */
void keys_press(struct tui *t, const struct input_event *k);
/* The i-th group of keys that do much the same, "Home Ctrl-A", with what they
 * do; false after the last. */
struct keys_help {
	char keys[80];
	const char *what;
};
bool keys_help(struct keys_help *out, size_t i);

/* copymode.c: shows the lines alone, for copying; and goes back. */
void copymode_show(struct tui *t);
void copymode_leave(struct tui *t);

/* layout.c */
struct layout {
	int rows, cols;
	int chat_rows, chat_cols;
	int users_col, users_cols;	/* users_cols 0: there is no column */
	int input_rows;			/* at the bottom; the status is above */
	bool tiny;	/* too small for anything but a hint */
};
struct layout layout_of(struct tui *t);

/* draw.c: draws the parts that t->redraw wants. */
void draw(struct tui *t);

#endif
