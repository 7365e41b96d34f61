/* view.h - which rows of the scrollback are shown. Pure.
 *
 * The view either follows the newest rows, or the user has scrolled back. When
 * scrolled back, the top row is anchored to a line number and a byte offset in
 * its text: the same text stays on top when lines arrive, are dropped at the
 * front, or the window is resized. The unread marker is a row of its own above
 * the first row of its line. */
#ifndef CONCLAVE_UI_TUI_VIEW_H
#define CONCLAVE_UI_TUI_VIEW_H

#include "client/ui/wrap.h"

/* Returns the first search match in a line that begins at or after byte `from`;
 * false when there is none. */
typedef bool (*view_match_fn)(
    const void *arg, const struct line *l, size_t from, struct span *out);

struct view {
	bool back;	/* scrolled back; else following */
	uint64_t id;	/* line of the top row, if scrolled back */
	size_t at;	/* byte offset in that line, or VIEW_MARK */

	view_match_fn match;	/* finds matches to show; NULL: no search */
	const void *match_arg;	/* borrowed */
	uint64_t hit_id;	/* line of the current match, if hit is set */
	struct span hit;
};

/* A position in the scrollback: the start of a row, or VIEW_MARK for the unread
 * marker above the line. */
struct place {
	uint64_t id;
	size_t start;
};
#define VIEW_MARK (SIZE_MAX - 1)

/* True when the user has scrolled back and the anchored row and the newest row
 * do not both fit into `height` rows. If they fit, the view shows all of
 * them. */
bool view_back(const struct view *v, const struct scrollback *ls, int width,
    int height);

/* How the chat area is divided: `main` rows from the view's position on; when
 * scrolled back, also a rule and the `tail` newest rows. */
struct pane {
	int main, rule, tail;
};
struct pane view_pane(bool back, int height);

/* Computes the top row for an area of `rows` rows of `width` cells; false when
 * there are no lines. If fewer rows than that follow the view's position, the
 * top row moves up to fill the area. */
bool view_top(const struct view *v, const struct scrollback *ls, int width,
    int rows, struct place *out);
/* Finds the position from which `rows` rows reach the end. Returns false when
 * there are no lines. */
bool view_bottom(const struct scrollback *ls, int width, int rows,
    struct place *out);

/* Moves one row down; false at the end. */
bool view_down(const struct scrollback *ls, int width, struct place *p);

/* Scrolls by rows, up when negative, in an area of `height` rows. Reaching the
 * end resumes following. */
void view_scroll(struct view *v, const struct scrollback *ls, int width,
    int height, int rows);
void view_home(struct view *v, const struct scrollback *ls, int width,
    int height);
void view_follow(struct view *v);
/* Shows byte `at` of a line (or VIEW_MARK) with some rows of context above it.
 * Resumes following if the byte is visible then too. The line must exist. */
void view_goto(struct view *v, const struct scrollback *ls, int width,
    int height, uint64_t id, size_t at);

#endif
