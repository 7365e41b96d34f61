/* cells.h - the width of text on a terminal. Pure. No other file measures text.
 *
 * Text is UTF-8 that passed text_filter. Its unit is the grapheme cluster (UAX
 * 29, from utf8proc): what a reader calls a character. The cursor moves by
 * clusters, and wrapping never splits one.
 *
 * Terminals disagree about clusters. Some draw a family of emoji joined by ZWJ
 * in two cells, others draw its members side by side; some widen a heart for
 * VS16, others do not. One wrong guess shifts the rest of the row. We therefore
 * draw a cluster as glyphs whose width all terminals agree on: the members of a
 * ZWJ sequence one after another, without joiners, variation selectors and skin
 * tones. This affects drawing only, never the stored or sent text. */
#ifndef CONCLAVE_UI_CELLS_H
#define CONCLAVE_UI_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CELLS_MARKS = 4,	/* zero-width characters drawn on one base */
	CELLS_CLUSTER_MAX = 8,	/* cells; the rest is not drawn */
};

/* A character that occupies cells, and the marks drawn on top of it. */
struct glyph {
	uint32_t base;
	uint32_t marks[CELLS_MARKS];
	int n_marks;
	int width;		/* 1 or 2 */
};

/* Returns the length in bytes of the first cluster of s (0 only when n is 0),
 * and stores its width in cells, which may be 0. */
size_t cells_cluster(const char *s, size_t n, int *width);

/* Gets the next glyph of a cluster of n bytes; false when there is none left.
 * *pos starts at 0. Ignores CELLS_CLUSTER_MAX. */
bool cells_glyph(const char *s, size_t n, size_t *pos, struct glyph *out);

/* The width of s in cells. */
int cells_width(const char *s, size_t n);

/* True when s contains right-to-left text, or a number of a right-to-left
 * script. */
bool cells_rtl(const char *s, size_t n);

/* Finds the longest prefix of whole clusters that fits into `cells`. Returns
 * its length in bytes and stores its width in *used (may be NULL). */
size_t cells_fit(const char *s, size_t n, int cells, int *used);

/* Return the start of the cluster after / before `pos`; the ends are n and
 * 0. */
size_t cells_next(const char *s, size_t n, size_t pos);
size_t cells_prev(const char *s, size_t n, size_t pos);

#endif
