/* cells.h - how wide text is on a terminal, in one place. Pure.
 *
 * Text is UTF-8 that went through text_filter. Its unit is the grapheme
 * cluster (UAX 29, from utf8proc): what a reader calls a character, what the
 * cursor steps over and what is never cut in two by a wrap.
 *
 * Terminals disagree about clusters. Some draw a family of emoji joined by
 * ZWJ in two cells, others its members side by side; some widen a heart for
 * VS16, others do not. One wrong guess moves all that follows in that row. So a
 * cluster is drawn as glyphs on whose width all agree: members of a ZWJ
 * sequence one after another, without joiners, variation selectors and skin
 * tones. This changes what is drawn only, never what is kept or sent. */
#ifndef CONCLAVE_UI_TUI_CELLS_H
#define CONCLAVE_UI_TUI_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CELLS_MARKS = 4,	/* zero-width characters drawn with one base */
	CELLS_CLUSTER_MAX = 8,	/* cells; what a cluster has beyond is not
				   drawn, so that it fits into any row */
};

/* One character that takes cells, and what is drawn on top of it. */
struct glyph {
	uint32_t base;
	uint32_t marks[CELLS_MARKS];
	int n_marks;
	int width;		/* 1 or 2 */
};

/* Length in bytes of the first cluster of s (0 only when n is 0), and its
 * width in cells, which may be 0. */
size_t cells_cluster(const char *s, size_t n, int *width);

/* The next glyph of a cluster of n bytes: false when there is none left.
 * *pos starts at 0. Does not look at CELLS_CLUSTER_MAX. */
bool cells_glyph(const char *s, size_t n, size_t *pos, struct glyph *out);

/* The cells of all of s. */
int cells_width(const char *s, size_t n);

/* Some of s runs from right to left, or is a number as it stands in such
 * text. */
bool cells_rtl(const char *s, size_t n);

/* The longest prefix of whole clusters that takes at most `cells`; its bytes
 * are returned, its cells stored in *used (may be NULL). */
size_t cells_fit(const char *s, size_t n, int cells, int *used);

/* Where the cluster after / before `pos` begins; n and 0 are the ends. */
size_t cells_next(const char *s, size_t n, size_t pos);
size_t cells_prev(const char *s, size_t n, size_t pos);

#endif
