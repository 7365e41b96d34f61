/* search.h - finding text in the lines. Pure: no terminal, no clock. */
#ifndef CONCLAVE_UI_TUI_SEARCH_H
#define CONCLAVE_UI_TUI_SEARCH_H

#include "client/ui/tui/view.h"

enum { SEARCH_MAX = 256 };

/* What is looked for, and where the search stands: at nothing yet, or at a
 * span that was there when it was found. Upper and lower case are one. */
struct search {
	char word[SEARCH_MAX]; /* UTF-8, not terminated */
	size_t n;
	uint64_t id;
	struct span hit; /* hit.to == hit.from: at nothing */
};

/* A view_match_fn; its argument is a struct search. */
bool search_match(
    const void *arg, const struct line *l, size_t from, struct span *out);

/* The nearest one that begins before byte `at` of the line `id` (direction < 0;
 * `id` may be the end), or there or after it. False: there is none, and *s
 * stands where it stood. */
bool search_find(struct search *s, const struct scrollback *ls, uint64_t id,
    size_t at, int direction);

#endif
