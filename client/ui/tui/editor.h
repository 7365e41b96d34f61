/* editor.h - the text of the input line. Pure.
 *
 * The text is UTF-8 of at most WIRE_TEXT_MAX bytes; the cursor moves by whole
 * grapheme clusters. The text may hold newlines (pasted, or typed with
 * Alt-Enter). */
#ifndef CONCLAVE_UI_TUI_EDITOR_H
#define CONCLAVE_UI_TUI_EDITOR_H

#include "shared/wire/bytes.h"

enum editor_move {
	EDITOR_LEFT,
	EDITOR_RIGHT,
	EDITOR_WORD_LEFT,
	EDITOR_WORD_RIGHT,
	EDITOR_HOME,
	EDITOR_END,
};

struct editor {
	struct buf text;	/* not NUL-terminated */
	size_t cursor;		/* byte offset, at a cluster boundary */
	struct buf killed;	/* the text Ctrl-Y inserts */
	bool kill_grows;	/* the last command was a kill: append to it */
	size_t scroll;		/* first byte that editor_window shows */
};

void editor_init(struct editor *e);
void editor_free(struct editor *e);

/* Inserts text at the cursor. Text that does not fit is cut at a character
 * boundary; returns false if any was. */
bool editor_insert(struct editor *e, const char *s, size_t n);
/* Replaces the whole text and moves the cursor to the end. */
void editor_set(struct editor *e, const char *s, size_t n);
void editor_clear(struct editor *e);
/* Removes trailing newlines. */
void editor_trim(struct editor *e);
/* Replaces the bytes from `from` to the cursor (for completion). */
void editor_replace(struct editor *e, size_t from, const char *s, size_t n);

void editor_move(struct editor *e, enum editor_move m);
/* Deletes from the cursor to where the move would lead. Words and parts of a
 * line go to `killed`, single characters do not. */
void editor_delete(struct editor *e, enum editor_move m);
void editor_kill_blank_word(struct editor *e);	/* Ctrl-W: back to a blank */
void editor_yank(struct editor *e);
void editor_transpose(struct editor *e);	/* Ctrl-T */

/* Computes what a field of `width` cells shows: the text from byte *from on,
 * with the cursor in column *col. Scrolls no more than necessary. */
void editor_window(struct editor *e, int width, size_t *from, int *col);
/* The width in cells of the text that editor_window shows; a newline takes one
 * cell. */
int editor_cells(const char *s, size_t n);

/* Wraps the text into rows of `width` cells, at newlines and at full rows. If
 * the last row is full, the cursor may be just past its last cell. A row is
 * [from, to); `next` is the start of the next row, or EDITOR_NO_ROW after the
 * last. */
#define EDITOR_NO_ROW SIZE_MAX
struct editor_row {
	size_t from, to, next;
};
void editor_row(
    const struct editor *e, int width, size_t from, struct editor_row *out);
/* Returns the number of rows, and stores the row of the cursor (cursor_row may
 * be NULL). */
size_t editor_rows(const struct editor *e, int width, size_t *cursor_row);
/* Returns the first row of a window of `max` rows: the cursor is in its middle,
 * or the window is at the top or bottom of the text. */
size_t editor_top(const struct editor *e, int width, size_t max);
/* Moves the cursor to the row above (-1) or below (1); false when there is
 * none. */
bool editor_move_row(struct editor *e, int width, int rows);

size_t editor_lines(const struct editor *e);

#endif
