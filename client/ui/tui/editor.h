/* editor.h - the line that is being written. Pure.
 *
 * UTF-8 of at most WIRE_TEXT_MAX bytes; the cursor steps over whole grapheme
 * clusters. A text may hold newlines (pasted, or typed with Alt-Enter). */
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
	struct buf text;	/* not terminated */
	size_t cursor;		/* 0..text.len, between clusters */
	struct buf killed;	/* what Ctrl-Y brings back */
	bool kill_grows;	/* the last command was a kill too */
	size_t scroll;		/* first byte shown by editor_window */
};

void editor_init(struct editor *e);
void editor_free(struct editor *e);

/* Puts text at the cursor; what does not fit is left out, at a character.
 * Returns false if anything was. */
bool editor_insert(struct editor *e, const char *s, size_t n);
/* Replaces all of it; the cursor is at the end. */
void editor_set(struct editor *e, const char *s, size_t n);
void editor_clear(struct editor *e);
/* Takes newlines off the end. */
void editor_trim(struct editor *e);
/* Replaces the bytes from `from` to the cursor (completion). */
void editor_replace(struct editor *e, size_t from, const char *s, size_t n);

void editor_move(struct editor *e, enum editor_move m);
/* Removes from the cursor to where that move leads. Words and line parts go
 * to `killed`, single characters do not. */
void editor_delete(struct editor *e, enum editor_move m);
void editor_kill_blank_word(struct editor *e);	/* Ctrl-W: back to a blank */
void editor_yank(struct editor *e);
void editor_transpose(struct editor *e);	/* Ctrl-T */

/* What a field of `width` cells shows: from byte *from on, with the cursor in
 * column *col. Scrolls no more than it has to. */
void editor_window(struct editor *e, int width, size_t *from, int *col);
/* Cells of what editor_window shows: newlines take one. */
int editor_cells(const char *s, size_t n);

/* The text in rows of `width` cells, broken at newlines and where they are
 * full; a full last row has the cursor behind it. One row: [from, to), and
 * where the next begins; EDITOR_NO_ROW: it was the last. */
#define EDITOR_NO_ROW SIZE_MAX
struct editor_row {
	size_t from, to, next;
};
void editor_row(
    const struct editor *e, int width, size_t from, struct editor_row *out);
/* How many rows there are, and in which one the cursor is (may be NULL). */
size_t editor_rows(const struct editor *e, int width, size_t *cursor_row);
/* Where a window of `max` of them begins, so that the cursor is in its middle
 * or all of an end is seen. */
size_t editor_top(const struct editor *e, int width, size_t max);
/* The cursor to the row above (-1) or below (1); false when there is none. */
bool editor_move_row(struct editor *e, int width, int rows);

size_t editor_lines(const struct editor *e);

#endif
