/* wrap.h - where a line of the scrollback stands in a column of cells: its mark,
 * its name, and the rows that its text wraps into. Pure.
 *
 * In a column of WRAP_EDGE cells or more, all text has one left edge:
 *
 *   12:34 @bob      a text that names the user
 *                   and its next row
 *   12:34           a notice
 *   12:34 !!        an alert
 *
 * The time takes 5 cells, the mark 1, the name 8, or 10 from WRAP_WIDE cells on.
 * In a narrower column the name runs in:
 *
 *   12:34 @bob a text that names the
 *     user and its next row
 *   12:34 -- a notice
 *
 * No row inside a message can pass for the first row of another line: in the wide
 * form it begins at the edge, where only a notice has text, which always has its
 * time; in the narrow form it has no blanks before its text. An address that
 * fits into the column only from its first cell on stands there, in a row of its
 * own; it is one word that begins with its scheme. */
#ifndef CONCLAVE_UI_WRAP_H
#define CONCLAVE_UI_WRAP_H

#include "client/ui/scrollback.h"

enum {
	WRAP_EDGE = 50,
	WRAP_WIDE = 88,
	WRAP_MARK = SCROLLBACK_TIME + 1, /* the column of the mark */
	WRAP_NAME = WRAP_MARK + 1,	 /* of the name */
};

/* What stands before the name: '!' for another key than the pinned one and for
 * an alert, '@' for a mention, '-' for a notice where the name runs in. */
char wrap_mark(const struct line *l, int width);

/* Writes what stands in the place of the name: "alice", "* carol", "" for a
 * notice. A name that is too long is cut and ends in "~". Returns the length;
 * the text is ASCII. */
#define WRAP_HEAD_MAX 40
size_t wrap_head(const struct line *l, int width, char out[WRAP_HEAD_MAX]);

/* The mark and the name for a line without columns, with a trailing blank:
 * "alice ", "!bob ", "* carol ", "-- ", "!! ". Returns the length. */
size_t wrap_label(const struct line *l, char out[WRAP_HEAD_MAX]);

/* One row of a line: text[from, from + len) at column `indent`. `start` names the
 * row; `from` is after it where blanks are left out, and before it where a long
 * first word has moved to the second row. What a message answers is one row,
 * however long it is: `cut` says that a cell is left for a mark that there is
 * more. */
struct row {
	size_t start, from, len;
	size_t next; /* start of the next row, or WRAP_NO_ROW */
	int indent;
	bool cut;
};
#define WRAP_NO_ROW SIZE_MAX

/* Computes the row that begins at byte `start` of a line (0, or the `next` of
 * an earlier row) in a column of `width` cells, width >= 1. */
void wrap_row(const struct line *l, int width, size_t start, struct row *out);
/* Returns the start of the row that holds byte `at`. */
size_t wrap_row_of(const struct line *l, int width, size_t at);
/* Returns how many rows begin before byte `at`; all rows for WRAP_NO_ROW. */
size_t wrap_rows(const struct line *l, int width, size_t at);
/* Returns the start of row n, counted from 0. The line must have that many
 * rows. */
size_t wrap_nth(const struct line *l, int width, size_t n);

#endif
