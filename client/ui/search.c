/* search.c - case-insensitive search in the scrollback. */
#include "client/ui/search.h"

#include <string.h>
#include <utf8proc.h>

/* Decodes the next character of valid UTF-8 in lower case; returns its
 * length. */
static size_t lower(const char *s, size_t n, utf8proc_int32_t *out)
{
	utf8proc_ssize_t len = utf8proc_iterate(
	    (const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, out);

	if (len <= 0) { /* never happens for filtered text */
		*out = (unsigned char)*s;
		return 1;
	}
	*out = utf8proc_tolower(*out);
	return (size_t)len;
}

/* Returns the length of the match at s, 0 if none. */
static size_t is_here(const struct search *w, const char *s, size_t n)
{
	utf8proc_int32_t a, b;
	size_t i = 0, k = 0;

	while (i < w->n) {
		if (k == n)
			return 0;
		i += lower(w->word + i, w->n - i, &a);
		k += lower(s + k, n - k, &b);
		if (a != b)
			return 0;
	}
	return k;
}

bool search_match(
    const void *arg, const struct line *l, size_t from, struct span *out)
{
	const struct search *w = arg;
	size_t len;

	for (; w->n > 0 && from < l->len; from++) {
		if ((l->text[from] & 0xc0) == 0x80)
			continue; /* not at a character boundary */
		len = is_here(w, l->text + from, l->len - from);
		if (len > 0) {
			*out = (struct span){from, from + len};
			return true;
		}
	}
	return false;
}

/* Finds the last match that begins before byte `at`. */
static bool last_before(
    const struct search *w, const struct line *l, size_t at, struct span *out)
{
	struct span s = {0};
	bool any = false;

	while (search_match(w, l, s.to, &s) && s.from < at) {
		*out = s;
		any = true;
	}
	return any;
}

bool search_find(struct search *s, const struct scrollback *ls, uint64_t id,
    size_t at, int direction)
{
	uint64_t first = scrollback_first(ls), end = scrollback_end(ls);
	const struct line *l;
	struct span hit;
	bool found;

	if (id < first) {
		id = first;
		at = 0;
	}
	if (id >= end) {
		if (direction > 0 || first == end)
			return false;
		id = end - 1;
		at = SIZE_MAX;
	}
	for (;;) {
		l = scrollback_at(ls, id);
		found = direction < 0 ? last_before(s, l, at, &hit)
				      : search_match(s, l, at, &hit);
		if (found) {
			s->id = id;
			s->hit = hit;
			return true;
		}
		if (direction < 0 ? id == first : id + 1 == end)
			return false;
		id = direction < 0 ? id - 1 : id + 1;
		at = direction < 0 ? SIZE_MAX : 0;
	}
}
