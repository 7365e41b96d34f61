/* tui.h - the full-screen face, inside. tui.c is the face, bind.c its keys,
 * notice.c puts events into words, unread.c knows what was not seen yet,
 * draw.c puts all of it into cells. */
#ifndef CONCLAVE_UI_TUI_H
#define CONCLAVE_UI_TUI_H

#include "client/ui/command.h"
#include "client/ui/ui.h"
#include "client/trust/trust.h"
#include "client/ui/tui/attention.h"
#include "client/ui/tui/complete.h"
#include "client/ui/tui/display.h"
#include "client/ui/tui/editor.h"
#include "client/ui/tui/isearch.h"
#include "client/ui/tui/history.h"
#include "client/ui/tui/input.h"
#include "client/ui/tui/scrollback.h"
#include "client/ui/tui/status.h"
#include "client/ui/tui/view.h"

enum {
	TUI_ROWS_MIN = 5,
	TUI_COLS_MIN = 20,
	TUI_USERS_COLS = 60,	/* a column of names from this width on */
	/* At most TUI_FRAMES_BURST + 1000 / TUI_FRAME_MS = 60 frames in any
	 * second. What is not typed leaves half of a burst to what is, so that
	 * a key is seen at once in a busy room too. */
	TUI_FRAME_MS = 20,
	TUI_FRAMES_BURST = 10,
	TUI_CALM_MS = 25,	/* from frame to frame of what is not typed */
	TUI_CALM_CELLS = 600,	/* ... and a ms for so many cells, up to ... */
	TUI_SLOWEST_MS = 60,
	TUI_ASK_LINES = 3,	/* messages of more lines are asked about */
};

/* What has to be drawn again. */
enum {
	DIRTY_CHAT = 1,
	DIRTY_USERS = 2,
	DIRTY_STATUS = 4,
	DIRTY_INPUT = 8,
	DIRTY_ALL = 15,
};

/* A question in the place of the input line; it waits for y or n. */
enum tui_ask { ASK_NOTHING, ASK_QUIT, ASK_SEND };

struct tui {
	const struct ui_env *env;	/* borrowed */
	struct display *display;
	struct scrollback *lines;
	struct view view;
	struct editor editor;
	struct history history;
	struct input input;
	struct complete complete;
	struct trust_compare compare;
	struct isearch find;
	enum tui_ask ask;
	unsigned dirty;
	bool typed;		/* draw in this turn, whatever the time */
	uint64_t drawn_ms;
	uint64_t frames_ms;	/* when the burst is whole again */
	int users_cols, users_at; /* as laid out last, and for how many columns */
	int input_rows;		/* as drawn last */
	uint64_t input_ms;	/* when bytes came last */

	bool focused;		/* as the terminal reports it; true at first */
	bool at_end;		/* the newest lines are shown */
	bool reading;		/* ... and focused */
	uint64_t left_at;	/* not reading: the end when that began */
	bool mark_due;		/* the marker belongs to left_at */
	uint64_t mention_at;	/* the line that was jumped to last */
	struct {
		size_t lines, mentions;
	} unread;		/* since `reading` ended */

	enum status_link link;
	uint64_t again_ms;	/* reconnecting: when */
	bool was_in;		/* has been in the room */
	size_t unacked;		/* as drawn last */
	uint32_t wait_s;	/* as drawn last */
	bool bare;		/* bare.c has the screen */
	bool clock_said;	/* that somebody's differs from ours */
	uint64_t called_ms;	/* the user was called last */
	int year, yday;		/* of the last line, for a line per day */

	bool ended;		/* the user is done */
	bool input_gone;	/* end of file on the terminal */
};

/* notice.c */
void notice_event(struct tui *t, const struct event *e);
/* A line of our own, printf-like, through the filter. */
void notice_add(struct tui *t, enum line_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void notice_help(struct tui *t);
void notice_keys(struct tui *t);
void notice_names(struct tui *t);

/* unread.c. After what may start or end reading; after a key that has moved
 * the view; a line that was added; a report of the terminal. */
void unread_look(struct tui *t);
void unread_moved(struct tui *t);
void unread_line(struct tui *t, const struct line_new *l);
void unread_focus(struct tui *t, bool focused);
/* To the marker; to the next (1) or former (-1) line that names the user.
 * False: there is none. */
bool unread_go(struct tui *t);
bool unread_go_mention(struct tui *t, int direction);

/* bind.c: one key. */
void keys_press(struct tui *t, const struct input_event *k);
/* Keys that do much the same, "Ctrl-A, Home", and what; the i-th such group,
 * false after the last. */
struct keys_help {
	char keys[80];
	const char *what;
};
bool keys_help(struct keys_help *out, size_t i);

/* bare.c: the lines alone, for copying; and back. */
void copymode_show(struct tui *t);
void copymode_leave(struct tui *t);

/* draw.c: t->dirty, to the terminal. */
struct layout {
	int rows, cols;
	int chat_rows, chat_cols;
	int users_col, users_cols;	/* users_cols 0: there is no column */
	int input_rows;			/* at the bottom; the status is above */
	bool tiny;
};
struct layout draw_layout(struct tui *t);
void draw(struct tui *t);

#endif
