/* wrap.c - the columns of a line, and greedy wrapping of its text. */
#include "client/ui/wrap.h"

#include <stdio.h>
#include <string.h>

#include "client/ui/cells.h"
#include "client/ui/url.h"

enum { NAME = 8, NAME_WIDE = 10, RUN_IN_INDENT = 2 };

/* Whether all text has one left edge. */
static bool edged(int width)
{
	return width >= WRAP_EDGE;
}

static bool ours(const struct line *l)
{
	return l->kind != LINE_CHAT && l->kind != LINE_ACTION;
}

char wrap_mark(const struct line *l, int width)
{
	if (l->kind == LINE_ALERT)
		return '!';
	if (ours(l))
		return edged(width) ? ' ' : '-';
	return l->trust == TRUST_CHANGED ? '!' : l->mention ? '@' : ' ';
}

/* The cells for a name. Where it runs in, two thirds of the column are for the
 * text. */
static int name_cells(int width)
{
	int room = width - width / 3 - WRAP_NAME - 1;

	if (edged(width))
		return width >= WRAP_WIDE ? NAME_WIDE : NAME;
	return room > 1 ? room : 1;
}

static size_t put_name(
    char out[WRAP_HEAD_MAX], const char *lead, const char *name, int cells)
{
	int len = (int)strlen(name), room = cells - (int)strlen(lead), n;

	if (room < 1)
		room = 1;
	if (len <= room || room < 2)
		n = snprintf(out, WRAP_HEAD_MAX, "%s%.*s", lead,
		    len < room ? len : room, name);
	else
		n = snprintf(
		    out, WRAP_HEAD_MAX, "%s%.*s~", lead, room - 1, name);
	return n > 0 ? (size_t)n : 0;
}

size_t wrap_head(const struct line *l, int width, char out[WRAP_HEAD_MAX])
{
	if (l->kind == LINE_ALERT)
		return put_name(out, "", "!", 1);
	if (ours(l))
		return put_name(out, "", edged(width) ? "" : "-", 1);
	return put_name(out, l->kind == LINE_ACTION ? "* " : "", l->name,
	    name_cells(width));
}

size_t wrap_label(const struct line *l, char out[WRAP_HEAD_MAX])
{
	int n;

	if (ours(l))
		n = snprintf(out, WRAP_HEAD_MAX, "%s ",
		    l->kind == LINE_ALERT ? "!!" : "--");
	else
		n = snprintf(out, WRAP_HEAD_MAX, "%s%s%s ",
		    l->kind == LINE_ACTION ? "* " : "",
		    l->trust == TRUST_CHANGED ? "!" : "", l->name);
	return n > 0 ? (size_t)n : 0;
}

/* Computes where the text begins in a line's first row and in the rows below. */
static void indents(const struct line *l, int width, int *first, int *other)
{
	char head[WRAP_HEAD_MAX];

	if (edged(width)) {
		*first = *other = WRAP_NAME + name_cells(width) + 1;
		return;
	}
	*first = WRAP_NAME + (int)wrap_head(l, width, head) + 1;
	if (*first > width - 2)
		*first = width > 2 ? width - 2 : 0;
	*other = width >= 4 * RUN_IN_INDENT ? RUN_IN_INDENT : width / 4;
}

/* The row of what a message answers: as much as fits. */
static void take_quote(const struct line *l, int cells, struct row *r)
{
	size_t end = l->quote - 1, pos = 0, k; /* without its line end */
	int w, sum = 0;

	r->next = l->quote;
	r->cut = cells_width(l->text, end) > cells;
	if (r->cut)
		cells--;
	for (; pos < end; pos += k) {
		k = cells_cluster(l->text + pos, end - pos, &w);
		if (w > cells - sum)
			break;
		sum += w;
	}
	r->len = pos;
}

/* Finds the end of a row: greedily, at the last blank or between wide
 * characters (CJK has no blanks), else at the last cluster that fits. */
static void take_row(const struct line *l, int cells, struct row *r)
{
	const char *s = l->text;
	size_t pos = r->from, k, brk = 0, brk_next = 0;
	int w, last_w = 0, sum = 0;

	while (pos < l->len && s[pos] != '\n') {
		k = cells_cluster(s + pos, l->len - pos, &w);
		if (s[pos] == ' ' && k == 1) {
			/* Trailing blanks overflow instead of wrapping. */
			if (pos == r->from || s[pos - 1] != ' ')
				brk = pos;
			brk_next = pos + k;
			w = sum < cells ? 1 : 0;
		} else if (pos > r->from && (w >= 2 || last_w >= 2) && w > 0 &&
			   s[pos - 1] != ' ' && sum <= cells) {
			brk = brk_next = pos;
		}
		if (w > cells - sum)
			break;
		sum += w;
		last_w = w;
		pos += k;
	}
	if (pos >= l->len || s[pos] == '\n') {
		r->len = pos - r->from;
		r->next = pos < l->len ? pos + 1 : WRAP_NO_ROW;
		return;
	}
	if (brk_next > r->from && brk > r->from) {
		r->len = brk - r->from;
		r->next = brk_next;
		return;
	}
	if (pos == r->from) /* a cluster wider than the row gets it alone */
		pos = cells_next(s, l->len, pos);
	r->len = pos - r->from;
	r->next = pos < l->len ? pos : WRAP_NO_ROW;
}

/* The length of the word that begins at byte `at`, and its cells, of which more
 * than `max` are not counted. */
static size_t word(const struct line *l, size_t at, int max, int *cells)
{
	size_t pos = at, k;
	int w;

	for (*cells = 0; pos < l->len && l->text[pos] != ' ' &&
			 l->text[pos] != '\n' && *cells <= max;
	     pos += k) {
		k = cells_cluster(l->text + pos, l->len - pos, &w);
		*cells += w;
	}
	return pos - at;
}

/* Whether a word is an address that fits into the column, but only from its
 * first cell on. */
static bool needs_width(const struct line *l, size_t at, int width, int cells)
{
	int w;

	if (url_here(l->text + at, l->len - at) == 0)
		return false;
	(void)word(l, at, width, &w);
	return w > cells && w <= width;
}

/* Whether the first word moves to the second row, because it fits there but not
 * beside the name. Text of wide characters breaks anywhere. */
static bool pushed(const struct line *l, int width, int first, int other)
{
	size_t pos, k;
	int w, sum = 0;

	if (l->quote > 0 || l->len == 0)
		return false;
	if (needs_width(l, 0, width, width - first))
		return true;
	for (pos = 0; pos < l->len && l->text[pos] != ' ' &&
		      l->text[pos] != '\n' && sum <= width - other;
	     pos += k) {
		k = cells_cluster(l->text + pos, l->len - pos, &w);
		if (w > 1)
			return false;
		sum += w;
	}
	return sum > width - first && sum <= width - other;
}

/* Characters that look like a blank. */
static bool blank_at(const char *s, size_t k, int w)
{
	static const char *const blanks[] = {" ", "\xc2\xa0", "\xe1\x9a\x80",
	    "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
	    "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87",
	    "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xaf",
	    "\xe2\x81\x9f", "\xe3\x80\x80", "\xe2\xa0\x80", "\xe1\x85\x9f",
	    "\xe1\x85\xa0"};
	size_t i, n;

	if (w == 0)
		return true;
	for (i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
		n = strlen(blanks[i]);
		if (k >= n && memcmp(s, blanks[i], n) == 0)
			return true;
	}
	return false;
}

/* Where the text of a row begins after blanks, in the narrow form. */
static size_t after_blanks(const struct line *l, size_t from)
{
	size_t k;
	int w;

	for (; from < l->len && l->text[from] != '\n'; from += k) {
		k = cells_cluster(l->text + from, l->len - from, &w);
		if (!blank_at(l->text + from, k, w))
			break;
	}
	return from;
}

void wrap_row(const struct line *l, int width, size_t start, struct row *out)
{
	int first, other;
	bool second;

	indents(l, width, &first, &other);
	*out = (struct row){
	    start, start, 0, WRAP_NO_ROW, start == 0 ? first : other, false};
	if (l->kind == LINE_DATE) { /* a rule, with its text in it */
		out->len = l->len;
		return;
	}
	if (start == 0 && l->quote > 0) {
		take_quote(l, width - out->indent, out);
		return;
	}
	second = (start == 0 || start == cells_next(l->text, l->len, 0)) &&
		 pushed(l, width, first, other);
	if (start == 0 && second) {
		out->next = cells_next(l->text, l->len, 0);
		return;
	}
	if (second)
		out->from = 0;
	else if (start > 0 && !edged(width))
		out->from = after_blanks(l, start);
	if (start > 0 && needs_width(l, out->from, width, width - other)) {
		out->indent = 0;
		(void)word(l, out->from, width, &other);
		take_row(l, other, out);
		return;
	}
	take_row(l, width - out->indent, out);
}

size_t wrap_row_of(const struct line *l, int width, size_t at)
{
	size_t start = 0;
	struct row r;

	for (;;) {
		wrap_row(l, width, start, &r);
		if (r.next == WRAP_NO_ROW || r.next > at)
			return start;
		start = r.next;
	}
}

size_t wrap_rows(const struct line *l, int width, size_t at)
{
	size_t start, n = 0;
	struct row r;

	for (start = 0; start < at; start = r.next) {
		wrap_row(l, width, start, &r);
		n++;
	}
	return n;
}

size_t wrap_nth(const struct line *l, int width, size_t n)
{
	size_t start = 0;
	struct row r;

	while (n-- > 0) {
		wrap_row(l, width, start, &r);
		start = r.next;
	}
	return start;
}
