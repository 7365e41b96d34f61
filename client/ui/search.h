/* search.h - finds text in the scrollback. Pure. */
#ifndef CONCLAVE_UI_SEARCH_H
#define CONCLAVE_UI_SEARCH_H

#include "client/ui/scrollback.h"

enum { SEARCH_MAX = 256 };

/* The word to find, and the last match, if any; the line of the match may have
 * been dropped since. Case is ignored. */
struct search {
	char word[SEARCH_MAX]; /* UTF-8, not terminated */
	size_t n;
	uint64_t id;
	struct span hit; /* hit.to == hit.from: no match */
};

/* The first match in a line at or after byte `from`; false: there is none. Its
 * argument is a struct search. */
bool search_match(
    const void *arg, const struct line *l, size_t from, struct span *out);

/* Finds the nearest match before byte `at` of line `id` (direction < 0; `id`
 * may be the end), or at or after it (direction > 0). False when there is none:
 * *s is unchanged. */
bool search_find(struct search *s, const struct scrollback *ls, uint64_t id,
    size_t at, int direction);

#endif
