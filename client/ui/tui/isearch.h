/* isearch.h - incremental search: the user types the word in place of the input
 * line, and the view follows the match. */
#ifndef CONCLAVE_UI_TUI_ISEARCH_H
#define CONCLAVE_UI_TUI_ISEARCH_H

#include "client/ui/tui/input.h"
#include "client/ui/search.h"
#include "client/ui/tui/view.h"

struct isearch {
	bool on;
	int direction;
	bool failed; /* no match, or no other one */
	struct search search;
	struct view saved; /* the view that Esc restores */
	uint64_t from_id;  /* line where the search started */
};

/* What is searched: a view, its lines, and the size of its area in cells. The
 * pointers are borrowed. */
struct isearch_pane {
	struct view *view;
	const struct scrollback *lines;
	int cols, rows;
	bool hidden; /* the window is too small to show it */
};

/* Begins a search for nothing yet; direction -1 is up. A search takes one row
 * of input, so the area may change its size: call isearch_start next, with the
 * new size, or isearch_word. */
void isearch_begin(struct isearch *f, const struct view *view, int direction);
void isearch_start(struct isearch *f, const struct isearch_pane *p);
/* Goes to the first match of a whole word. False when there is none: the search
 * is over, and the view has not changed. */
bool isearch_word(struct isearch *f, const struct isearch_pane *p,
    const char *word, size_t n);
/* Goes to the next match. False when there is none. */
bool isearch_next(
    struct isearch *f, const struct isearch_pane *p, int direction);

enum isearch_result {
	ISEARCH_SAME,	   /* the key has no meaning here */
	ISEARCH_MOVED,	   /* the view may have moved */
	ISEARCH_NOT_FOUND, /* there is no such match, or no other one */
	ISEARCH_LEFT,	   /* the search has ended, and the key still has to
			      be handled */
};
/* Handles a key during the search. */
enum isearch_result isearch_key(struct isearch *f, const struct isearch_pane *p,
    const struct input_event *k);
/* Writes the text shown in place of the input line; returns its length. */
size_t isearch_prompt(const struct isearch *f, char *out, size_t size);

#endif
