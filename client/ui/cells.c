/* cells.c - measures grapheme clusters and splits them into glyphs. */
#include "client/ui/cells.h"

#include <utf8proc.h>

enum {
	CP_SOFT_HYPHEN = 0xad,
	CP_ZWNJ = 0x200c,
	CP_ZWJ = 0x200d,
	CP_REPLACEMENT = 0xfffd,
	CP_DOTTED_CIRCLE = 0x25cc,
	CP_TONE_FIRST = 0x1f3fb,
	CP_TONE_LAST = 0x1f3ff,
};

/* Decodes the character at s and returns its length. An invalid byte counts as
 * one U+FFFD. */
static size_t decode(const char *s, size_t n, int32_t *cp)
{
	utf8proc_ssize_t r;

	if ((unsigned char)s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	/* Pass four bytes at most: n may exceed what ssize_t holds. */
	r = utf8proc_iterate(
	    (const utf8proc_uint8_t *)s, n < 4 ? (utf8proc_ssize_t)n : 4, cp);
	if (r <= 0) {
		*cp = CP_REPLACEMENT;
		return 1;
	}
	return (size_t)r;
}

static bool is_variation(int32_t cp)
{
	return (cp >= 0xfe00 && cp <= 0xfe0f) ||
	       (cp >= 0xe0100 && cp <= 0xe01ef);
}

static bool is_pictograph(int32_t cp)
{
	return utf8proc_get_property(cp)->boundclass ==
	       UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

struct range {
	int32_t first, last;
};

static bool within(const struct range *r, size_t n, int32_t cp)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (cp >= r[i].first && cp <= r[i].last)
			return true;
	return false;
}

/* A guess for a character that a later version of Unicode assigned: wide among
 * the ideographs (East Asian Width says so) and among the emoji. */
static int unassigned_width(int32_t cp)
{
	static const struct range wide[] = {{0x3400, 0x4dbf}, {0x4e00, 0x9fff},
	    {0xf900, 0xfaff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
	    {0x1f7e0, 0x1f7ff}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff},
	    {0x20000, 0x2fffd}, {0x30000, 0x3fffd}};

	return within(wide, sizeof(wide) / sizeof(wide[0]), cp) ? 2 : 1;
}

/* Blocks whose unassigned characters run from right to left. */
static bool unassigned_rtl(int32_t cp)
{
	static const struct range rtl[] = {{0x590, 0x8ff}, {0xfb1d, 0xfdcf},
	    {0xfdf0, 0xfdff}, {0xfe70, 0xfeff}, {0x10800, 0x10fff},
	    {0x1e800, 0x1efff}};

	return within(rtl, sizeof(rtl) / sizeof(rtl[0]), cp);
}

/* The width of one character: 0 if it is drawn on its predecessor, -1 if it is
 * not drawn at all. */
static int char_width(int32_t cp)
{
	const utf8proc_property_t *p = utf8proc_get_property(cp);

	if (cp == CP_ZWJ || cp == CP_ZWNJ)
		return 0;
	/* utf8proc and the C library count a cell for the soft hyphen. */
	if (is_variation(cp) || cp == CP_SOFT_HYPHEN)
		return -1;
	switch (p->category) {
	case UTF8PROC_CATEGORY_CF:
		return p->charwidth == 0 ? -1 : (int)p->charwidth;
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return -1;
	case UTF8PROC_CATEGORY_CN:
		return unassigned_width(cp);
	case UTF8PROC_CATEGORY_MC:
		return 1; /* spacing marks: utf8proc says 0, terminals 1 */
	default:
		break;
	}
	/* The vowels and finals of conjoining Hangul are drawn inside the
	 * initial. */
	if (p->boundclass == UTF8PROC_BOUNDCLASS_V ||
	    p->boundclass == UTF8PROC_BOUNDCLASS_T)
		return 0;
	/* utf8proc 2.8 and the C library disagree about two ranges (circled
	 * numbers, hexagrams); terminals follow the C library. */
	if ((cp >= 0x3248 && cp <= 0x324f) || (cp >= 0x4dc0 && cp <= 0x4dff))
		return 2;
	return (int)p->charwidth;
}

bool cells_glyph(const char *s, size_t n, size_t *pos, struct glyph *out)
{
	int32_t cp;
	size_t k;
	int w;

	*out = (struct glyph){0};
	while (*pos < n) {
		k = decode(s + *pos, n - *pos, &cp);
		w = char_width(cp);
		if (w > 0) {
			if (out->width > 0 && cp >= CP_TONE_FIRST &&
			    cp <= CP_TONE_LAST &&
			    is_pictograph((int32_t)out->base)) {
				*pos += k;
				continue;
			}
			if (out->width > 0)
				return true;
			out->base = (uint32_t)cp;
			out->width = w;
		} else if (w == 0 && out->width == 0) {
			/* A lone joiner draws nothing; a lone mark needs a
			 * base. */
			if (cp != CP_ZWJ && cp != CP_ZWNJ) {
				out->base = CP_DOTTED_CIRCLE;
				out->width = 1;
				out->marks[out->n_marks++] = (uint32_t)cp;
			}
		} else if (w == 0 && out->n_marks < CELLS_MARKS &&
			   !(cp == CP_ZWJ &&
			       is_pictograph((int32_t)out->base))) {
			out->marks[out->n_marks++] = (uint32_t)cp;
		}
		*pos += k;
	}
	return out->width > 0;
}

size_t cells_cluster(const char *s, size_t n, int *width)
{
	int32_t cp, next, state = 0;
	struct glyph g;
	size_t len, k, pos = 0;

	*width = 0;
	if (n == 0)
		return 0;
	/* Fast path for most text: printable ASCII without a mark after it. */
	if (s[0] >= 0x20 && s[0] < 0x7f &&
	    (n == 1 || (s[1] >= 0x20 && s[1] < 0x7f))) {
		*width = 1;
		return 1;
	}
	len = decode(s, n, &cp);
	while (len < n) {
		k = decode(s + len, n - len, &next);
		if (utf8proc_grapheme_break_stateful(cp, next, &state))
			break;
		len += k;
		cp = next;
	}
	while (cells_glyph(s, len, &pos, &g)) {
		if (g.width > CELLS_CLUSTER_MAX - *width)
			break;
		*width += g.width;
	}
	return len;
}

int cells_width(const char *s, size_t n)
{
	size_t pos = 0;
	int w, sum = 0;

	while (pos < n) {
		pos += cells_cluster(s + pos, n - pos, &w);
		sum += w;
	}
	return sum;
}

bool cells_rtl(const char *s, size_t n)
{
	size_t pos = 0;
	int32_t cp;

	while (pos < n) {
		pos += decode(s + pos, n - pos, &cp);
		if (cp < 0x590)
			continue;
		if (utf8proc_category(cp) == UTF8PROC_CATEGORY_CN &&
		    unassigned_rtl(cp))
			return true;
		switch (utf8proc_get_property(cp)->bidi_class) {
		case UTF8PROC_BIDI_CLASS_R:
		case UTF8PROC_BIDI_CLASS_AL:
		case UTF8PROC_BIDI_CLASS_AN:
			return true;
		default:
			break;
		}
	}
	return false;
}

size_t cells_fit(const char *s, size_t n, int cells, int *used)
{
	size_t pos = 0, k;
	int w, sum = 0;

	while (pos < n) {
		k = cells_cluster(s + pos, n - pos, &w);
		if (w > cells - sum)
			break;
		pos += k;
		sum += w;
	}
	if (used != NULL)
		*used = sum;
	return pos;
}

size_t cells_next(const char *s, size_t n, size_t pos)
{
	int w;

	return pos < n ? pos + cells_cluster(s + pos, n - pos, &w) : n;
}

size_t cells_prev(const char *s, size_t n, size_t pos)
{
	size_t at = pos, next;

	if (pos == 0)
		return 0;
	/* Clusters can only be found scanning forwards. Start at the last pair
	 * of printable ASCII characters: there is always a boundary between the
	 * two. */
	at--;
	while (at > 0 && !(s[at] >= 0x20 && s[at] < 0x7f && s[at - 1] >= 0x20 &&
			     s[at - 1] < 0x7f))
		at--;
	while ((next = cells_next(s, n, at)) < pos)
		at = next;
	return at;
}
