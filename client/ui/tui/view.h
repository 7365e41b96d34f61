/* view.h - which rows of the lines are looked at. Pure.
 *
 * Either the newest rows are (following), or the reader has scrolled back and
 * the top row is held fast as a line's number and a byte of its text: that
 * stays the same text whatever arrives, is dropped at the front, or changes
 * in size. The unread marker is a row of its own above its line's first. */
#ifndef CONCLAVE_UI_TUI_VIEW_H
#define CONCLAVE_UI_TUI_VIEW_H

#include "client/ui/tui/scrollback.h"

/* Bytes [from, to) of a line's text. */
struct span {
	size_t from, to;
};

/* What a search has found in a line: the first span that begins at or after
 * byte `from`; false when there is none. */
typedef bool (*view_match_fn)(
    const void *arg, const struct line *l, size_t from, struct span *out);

struct view {
	bool back;	/* scrolled back; else following */
	uint64_t id;	/* of the top row, when back: its line */
	size_t at;	/* ... and a byte of it, or VIEW_MARK */

	view_match_fn match;	/* NULL: no search; all it finds is shown */
	const void *match_arg;	/* borrowed */
	uint64_t hit_id;	/* where the search stands: hit.to > hit.from */
	struct span hit;
};

/* A place in the lines: a row's beginning, or VIEW_MARK: the unread marker
 * above the line. */
struct place {
	uint64_t id;
	size_t start;
};
#define VIEW_MARK (SIZE_MAX - 1)

/* True when the reader has scrolled back, and what he holds fast does not fit
 * into `height` rows together with the end: then all of it is shown. */
bool view_back(const struct view *v, const struct scrollback *ls, int width,
    int height);

/* How the rows of the chat area are used: `main` rows of the lines from the
 * view's place on; when scrolled back then a rule and `tail` newest rows. */
struct pane {
	int main, rule, tail;
};
struct pane view_pane(bool back, int height);

/* The top row for `rows` rows of `width` cells; false when there is no line.
 * When fewer rows than that are below the view's place, an earlier place, so
 * that they are filled. */
bool view_top(const struct view *v, const struct scrollback *ls, int width,
    int rows, struct place *out);
/* The place from which `rows` rows reach the end. False: no line. */
bool view_bottom(const struct scrollback *ls, int width, int rows,
    struct place *out);

/* One row further down; false at the end. */
bool view_down(const struct scrollback *ls, int width, struct place *p);

/* Moves by rows, up when negative, in an area of `height` rows in all. Coming
 * to the end it follows again. */
void view_scroll(struct view *v, const struct scrollback *ls, int width,
    int height, int rows);
void view_home(struct view *v, const struct scrollback *ls, int width,
    int height);
void view_follow(struct view *v);
/* Shows byte `at` of a line (or VIEW_MARK) with some rows above it; follows
 * when it is seen then too. The line is there. */
void view_goto(struct view *v, const struct scrollback *ls, int width,
    int height, uint64_t id, size_t at);

#endif
