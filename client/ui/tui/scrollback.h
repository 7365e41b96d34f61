/* scrollback.h - what was said and what happened, as logical lines, and how a
 * line falls into rows of cells. Pure: no terminal, no clock.
 *
 * A line is kept as it came (after the filter) and wrapped whenever it is
 * looked at, so that a resize is only another width. Lines have numbers that
 * rise by one and are never used again; the oldest go when there are more
 * than SCROLLBACK_MAX of them or they take more than SCROLLBACK_BYTES_MAX. */
#ifndef CONCLAVE_UI_TUI_SCROLLBACK_H
#define CONCLAVE_UI_TUI_SCROLLBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/err.h"

enum {
	SCROLLBACK_MAX = 10000,
	SCROLLBACK_BYTES_MAX = 8 << 20,
	SCROLLBACK_TIME = 5,		/* cells of "HH:MM" */
};

enum line_kind {
	LINE_CHAT,	/* HH:MM name text */
	LINE_ACTION,	/* HH:MM * name text */
	LINE_NOTICE,	/* HH:MM -- text */
	LINE_ALERT,	/* HH:MM !! text: what needs the user */
};

struct line {
	uint64_t id;
	uint64_t at_ms;		/* when it came, unix */
	enum line_kind kind;
	char time[SCROLLBACK_TIME + 1];
	char name[32];		/* "" for notices; at most 24 of a name */
	bool own;
	bool pending;		/* own, and the server does not have it yet */
	bool doubtful;		/* not the pinned identity's, or not verified */
	bool mention;		/* somebody else's, and it names the user */
	size_t len;
	char text[];		/* len bytes of UTF-8 and a zero byte */
};

/* What scrollback_add takes: as struct line. text is copied. */
struct line_new {
	enum line_kind kind;
	uint64_t at_ms;
	const char *time, *name;
	bool own, pending, doubtful, mention;
	const char *text;
	size_t len;
};

struct scrollback;
struct scrollback *scrollback_new(void);
void scrollback_free(struct scrollback *ls);

/* Appends a line, ERR_NOMEM. Text beyond 64 KiB is cut at a character. */
int scrollback_add(struct scrollback *ls, const struct line_new *n) MUST_CHECK;

/* Numbers of the first line that is kept and of the next one to come; equal
 * when there is none. */
uint64_t scrollback_first(const struct scrollback *ls);
uint64_t scrollback_end(const struct scrollback *ls);
/* NULL outside of that. Valid until the next scrollback_add. */
const struct line *scrollback_at(const struct scrollback *ls, uint64_t id);

/* The line above which the unread marker stands; SCROLLBACK_NO_MARK or a line
 * that is gone: nowhere. */
#define SCROLLBACK_NO_MARK UINT64_MAX
void scrollback_set_mark(struct scrollback *ls, uint64_t id);
uint64_t scrollback_mark(const struct scrollback *ls);

/* The server acknowledges in order: all pending lines but the newest `unacked`
 * are there now. True if that changed a line. */
bool scrollback_sent(struct scrollback *ls, size_t unacked);

/* What stands between the time and the text in a column of `width` cells,
 * with a blank at its end: "alice ", "!bob " (doubtful), "* carol ", "-- ",
 * "!! ". A long name in a narrow column is cut and ends in "~". Returns its
 * length; it is ASCII. */
#define SCROLLBACK_HEAD_MAX 40
size_t scrollback_head(const struct line *l, int width,
    char out[SCROLLBACK_HEAD_MAX]);

/* One row of a line: text[start, start + len) at column `indent`. */
struct row {
	size_t start, len;
	size_t next;	/* where the next row begins; SCROLLBACK_NO_ROW: nowhere */
	int indent;
};
#define SCROLLBACK_NO_ROW SIZE_MAX

/* The row that begins at byte `start` of a line (0, or a former row's next)
 * in a column of `width` cells, width >= 1. */
void scrollback_row(const struct line *l, int width, size_t start,
    struct row *out);
/* The start of the row that holds byte `at`. */
size_t scrollback_row_of(const struct line *l, int width, size_t at);
/* How many rows begin before byte `at`; all for SCROLLBACK_NO_ROW. */
size_t scrollback_rows(const struct line *l, int width, size_t at);
/* The start of a row, counted from 0; the line has it. */
size_t scrollback_nth_row(const struct line *l, int width, size_t n);

#endif
