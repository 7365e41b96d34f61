/* cluster.c - counts grapheme clusters with utf8proc. */
#include <stdint.h>
#include <utf8proc.h>

#include "shared/wire/cluster.h"

/* Whether a cluster may begin with it. Code points that are not assigned may be
 * emoji of a later version of Unicode. */
static bool begins(int32_t cp)
{
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return false;
	default:
		return true;
	}
}

bool cluster_one(const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;
	int32_t before = 0, cp, state = 0;
	utf8proc_ssize_t used;
	size_t at;

	for (at = 0; at < n; at += (size_t)used, before = cp) {
		/* No code point is longer than 4; n may not fit their type. */
		used = utf8proc_iterate(
		    p + at, n - at < 4 ? (utf8proc_ssize_t)(n - at) : 4, &cp);
		if (used <= 0)
			return false;
		if (at == 0
			? !begins(cp)
			: utf8proc_grapheme_break_stateful(before, cp, &state))
			return false;
	}
	return n > 0;
}
