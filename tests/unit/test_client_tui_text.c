/* Unit tests for the output of the full-screen user interface, without a
 * terminal: widths, lines and their wrapping, the view, the status line,
 * colours. */
#include "tests/unit/check.h"

#include "client/ui/cells.h"
#include "client/ui/tui/status.h"
#include "client/ui/tui/theme.h"
#include "client/ui/tui/view.h"

#define FAMILY                                                                 \
	"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"             \
	"\xf0\x9f\x91\xa7\xe2\x80\x8d\xf0\x9f\x91\xa6"
#define HEART  "\xe2\x9d\xa4\xef\xb8\x8f"
#define THUMB  "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"
#define FLAG   "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"
#define KANJI  "\xe6\xbc\xa2\xe5\xad\x97"
#define EACUTE "e\xcc\x81"
#define DEVA   "\xe0\xa4\xa8\xe0\xa4\xbf"	      /* NA, spacing vowel I */
#define HANGUL "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab" /* conjoining HAN */

static void test_widths(void **state)
{
	static const struct {
		const char *s;
		size_t cluster;
		int width, whole;
	} t[] = {
	    {"a", 1, 1, 1},
	    {"ab", 1, 1, 2},
	    {EACUTE, 3, 1, 1},
	    {KANJI, 3, 2, 4},
	    {FAMILY, 25, 8, 8},
	    {HEART, 6, 1, 1},
	    {HEART "x", 6, 1, 2},
	    {THUMB, 8, 2, 2},
	    {FLAG, 8, 2, 2},
	    {FLAG FLAG, 8, 2, 4},
	    {DEVA, 6, 2, 2},
	    {HANGUL, 9, 2, 2},
	    {"\xcc\x81x", 2, 1, 2},
	    {"\xe2\x80\x8d", 3, 0, 0},
	    {"\xe2\x80\x8bz", 3, 0, 1},
	    {"\xff"
	     "a",
		1, 1, 2},
	    {"\xe3\x89\x88", 3, 2, 2},
	    {"\xc2\xadz", 2, 0, 1},	    /* soft hyphen */
	    {"\xe2\x80\x8ez", 3, 0, 1},	    /* LRM */
	    {"\xf0\x9f\xab\xa8z", 4, 2, 3}, /* an emoji of Unicode 15 */
	    {"\xf0\x9f\xab\x86z", 4, 2, 3}, /* one of Unicode 16 */
	    {"\xf0\x9f\xbf\xb0z", 4, 1, 2}, /* unassigned U+1FFF0 */
	    {"\xcd\xb8z", 2, 1, 2},	    /* unassigned U+0378 */
	    {"", 0, 0, 0},
	};
	size_t i;
	int w;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(
		    cells_cluster(t[i].s, strlen(t[i].s), &w), t[i].cluster);
		assert_int_equal(w, t[i].width);
		assert_int_equal(
		    cells_width(t[i].s, strlen(t[i].s)), t[i].whole);
	}
}

static void test_glyphs_of_a_family(void **state)
{
	static const uint32_t want[] = {0x1f468, 0x1f469, 0x1f467, 0x1f466};
	const char *s = FAMILY;
	struct glyph g;
	size_t pos = 0;
	int n = 0;

	(void)state;
	/* Adjacent emoji without joiners: the same width in every terminal. */
	while (cells_glyph(s, strlen(s), &pos, &g)) {
		assert_true(n < 4);
		assert_int_equal(g.base, want[n++]);
		assert_int_equal(g.n_marks, 0);
		assert_int_equal(g.width, 2);
	}
	assert_int_equal(n, 4);
}

static void test_marks_are_bounded(void **state)
{
	char s[1 + 2 * 5000];
	struct glyph g;
	size_t i, pos = 0;
	int w;

	(void)state;
	s[0] = 'a';
	for (i = 0; i < 5000; i++)
		memcpy(s + 1 + 2 * i, "\xcc\x81", 2);
	assert_int_equal(cells_cluster(s, sizeof(s), &w), sizeof(s));
	assert_int_equal(w, 1);
	assert_true(cells_glyph(s, sizeof(s), &pos, &g));
	assert_int_equal(g.n_marks, CELLS_MARKS);
	assert_false(cells_glyph(s, sizeof(s), &pos, &g));
}

static void test_fit_and_steps(void **state)
{
	static const char s[] = "a" KANJI FAMILY EACUTE "b" FLAG FLAG THUMB;
	size_t n = strlen(s), at = 0, next, k;
	int used, w, total = cells_width(s, n);

	(void)state;
	while (at < n) {
		next = cells_next(s, n, at);
		assert_true(next > at);
		assert_int_equal(cells_prev(s, n, next), at);
		at = next;
	}
	for (w = 0; w <= total; w++) {
		k = cells_fit(s, n, w, &used);
		assert_true(used <= w);
		assert_int_equal(cells_width(s, k), used);
		assert_true(k == n || cells_width(s, cells_next(s, n, k)) > w);
	}
}

/* --- lines ---------------------------------------------------------------- */

static const struct line *put(
    struct scrollback *ls, const char *name, const char *text, size_t n)
{
	struct line_new l = {.kind = LINE_CHAT,
	    .time = "12:34",
	    .name = name,
	    .text = text,
	    .len = n};

	assert_int_equal(scrollback_add(ls, &l), 0);
	return scrollback_at(ls, scrollback_end(ls) - 1);
}

/* Checks the rows of a line, given as "a|b|c" without indents. */
static void rows_are(const struct line *l, int width, const char *want)
{
	char got[4096];
	size_t start = 0, n = 0;
	struct row r;

	for (;;) {
		wrap_row(l, width, start, &r);
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%.*s",
		    start > 0 ? "|" : "", (int)r.len, l->text + r.from);
		if (r.next == WRAP_NO_ROW)
			break;
		start = r.next;
	}
	assert_string_equal(got, want);
}

static void test_wrap(void **state)
{
	static const struct {
		int width; /* of the text: add 2 for the indent */
		const char *text, *rows;
	} t[] = {
	    {10, "", ""},
	    {10, "hello", "hello"},
	    {10, "0123456789", "0123456789"},
	    {10, "hello wide world", "hello wide|world"},
	    {10, "hello widest world", "hello|widest|world"},
	    {10, "0123456789ab", "0123456789|ab"},
	    {10, "x 0123456789ab", "x|0123456789|ab"},
	    {10, "one two   three", "one two|three"},
	    {10, "ends here      ", "ends here      "},
	    {10, "a\nb\n\nc", "a|b||c"},
	    {10,
		"aaaaaaaaa"
		"\xe6\xbc\xa2",
		"aaaaaaaaa|\xe6\xbc\xa2"},
	    {10, KANJI KANJI KANJI, KANJI KANJI "\xe6\xbc\xa2|\xe5\xad\x97"},
	    {10, "abc" FAMILY "d", "abc|" FAMILY "d"},
	    {10,
		EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE
		    EACUTE EACUTE,
		EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE
		    EACUTE "|" EACUTE},
	};
	struct scrollback *ls = scrollback_new();
	char text[400], want[400];
	size_t i;

	(void)state;
	assert_non_null(ls);
	/* Below the first row, which has no place. */
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(text, sizeof(text), "q\n%s", t[i].text);
		snprintf(want, sizeof(want), "q|%s", t[i].rows);
		rows_are(put(ls, "bob", text, strlen(text)), 2 + t[i].width,
		    want);
	}
	scrollback_free(ls);
}

static void test_edge(void **state)
{
	struct scrollback *ls = scrollback_new();
	char head[WRAP_HEAD_MAX];
	const struct line *l;
	struct row r;

	(void)state;
	l = put(ls, "bob", "hello there and there and there and then again", 46);
	wrap_row(l, 50, 0, &r);
	assert_int_equal(r.indent, 16);
	wrap_row(l, 50, r.next, &r);
	assert_int_equal(r.indent, 16);
	wrap_row(l, 88, 0, &r);
	assert_int_equal(r.indent, 18);
	/* The name runs in. */
	wrap_row(l, 49, 0, &r);
	assert_int_equal(r.indent, 11);
	wrap_row(l, 49, r.next, &r);
	assert_int_equal(r.indent, 2);
	l = put(ls, "abcdefghijklmnopqrstuvwx", "hi", 2);
	wrap_head(l, 88, head);
	assert_string_equal(head, "abcdefghi~");
	wrap_head(l, 87, head);
	assert_string_equal(head, "abcdefg~");
	wrap_head(l, 49, head);
	assert_string_equal(head, "abcdefghijklmnopqrstuvwx");
	wrap_head(l, 20, head);
	assert_string_equal(head, "abcde~");
	wrap_row(l, 20, 0, &r);
	assert_int_equal(r.indent, 14);
	scrollback_free(ls);
}

/* A long first word moves below the name that runs in; an address stands in a
 * row of its own from the first cell on, if it fits there only. */
static void test_long_words(void **state)
{
	static const char url[] = "https://wiki.example.org/ops/disks/second#t-3";
	struct scrollback *ls = scrollback_new();
	char text[200];
	struct row r;
	int n;

	(void)state;
	rows_are(put(ls, "bob", "abcdefghijklmnop so", 19), 20,
	    "|abcdefghijklmnop|so");
	n = snprintf(text, sizeof(text), "look: %s, and then", url);
	rows_are(put(ls, "bob", text, (size_t)n), 80,
	    "look: https://wiki.example.org/ops/disks/second#t-3, and then");
	rows_are(put(ls, "bob", text, (size_t)n), 55,
	    "look:|https://wiki.example.org/ops/disks/second#t-3,|and then");
	wrap_row(scrollback_at(ls, SCROLLBACK_START + 2), 55, 6, &r);
	assert_int_equal(r.indent, 0);
	wrap_row(scrollback_at(ls, SCROLLBACK_START + 2), 55, r.next, &r);
	assert_int_equal(r.indent, 16);
	rows_are(put(ls, "bob", url, strlen(url)), 55,
	    "|https://wiki.example.org/ops/disks/second#t-3");
	/* It fits nowhere. */
	rows_are(put(ls, "bob", text, (size_t)n), 40,
	    "look:|https://wiki.example.org/ops/disks/sec|ond#t-3, and then");
	/* A word that is none stays at the edge. */
	rows_are(put(ls, "bob", "a 12:34-bob-abcdefghijklmnopqrstuvwxyz0123456789",
		     48),
	    50, "a|12:34-bob-abcdefghijklmnopqrstuvwx|yz0123456789");
	scrollback_free(ls);
}

/* Where names run in, a row inside a message begins with no blank, of whatever
 * kind, and so never in the column of names. */
static void test_rows_that_would_forge(void **state)
{
	static const char *const forged[] = {"hi\n     bob yes",
	    "hi\n\xe3\x80\x80\xe3\x80\x80 bob yes",
	    "hi\n\xc2\xa0\xe2\xa0\x80\xe1\x85\x9f\xe2\x80\x83 bob yes",
	    "hi\n\xe2\x80\x8b    bob yes"};
	struct scrollback *ls = scrollback_new();
	const struct line *l;
	struct row r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		l = put(ls, "eve", forged[i], strlen(forged[i]));
		rows_are(l, 40, "hi|bob yes");
		wrap_row(l, 40, 3, &r);
		assert_int_equal(r.indent, 2);
		/* With an edge, they are part of the text. */
		wrap_row(l, 60, 3, &r);
		assert_int_equal(r.from, 3);
		assert_int_equal(r.indent, 16);
	}
	scrollback_free(ls);
}

/* Makes random text of words, wide characters, combining marks and newlines. */
static size_t random_text(uint64_t *rnd, char *out, size_t max)
{
	static const char *const bits[] = {"a", "bc", "def ", " ", "  ", KANJI,
	    FAMILY, EACUTE, HEART, THUMB, FLAG, DEVA, HANGUL, "\n", "word ",
	    "longerword", "\xe2\x80\x8b", ".", "\xe2\x80\x8d"};
	size_t n = 0, want = check_random(rnd) % max, k;
	const char *b;

	for (;;) {
		b = bits[check_random(rnd) % (sizeof(bits) / sizeof(bits[0]))];
		k = strlen(b);
		if (n + k > want)
			return n;
		memcpy(out + n, b, k);
		n += k;
	}
}

/* Returns the length without the trailing blanks, ZWSPs and ZWJs, which may
 * hang over a row's edge unseen. */
static size_t without_blanks(const char *s, size_t n)
{
	for (;;) {
		if (n > 0 && s[n - 1] == ' ')
			n--;
		else if (n > 2 &&
			 (memcmp(s + n - 3, "\xe2\x80\x8b", 3) == 0 ||
			     memcmp(s + n - 3, "\xe2\x80\x8d", 3) == 0))
			n -= 3;
		else
			return n;
	}
}

/* For any text and width: rows advance, none is too wide, a break loses only
 * blanks and a newline, and any byte of a row finds that row. */
static void test_wrap_random(void **state)
{
	struct scrollback *ls = scrollback_new();
	uint64_t rnd = 4711;
	char text[600];
	const struct line *l;
	struct row r;
	size_t n, i, start;
	int round, width, w;

	(void)state;
	for (round = 0; round < 2000; round++) {
		n = random_text(&rnd, text, sizeof(text));
		width = 10 + (int)(check_random(&rnd) % 120);
		l = put(ls, "carol", text, n);
		for (start = 0;; start = r.next) {
			wrap_row(l, width, start, &r);
			assert_int_equal(r.start, start);
			assert_true(r.indent > 0 && r.indent < width);
			i = without_blanks(l->text + r.from, r.len);
			w = cells_width(l->text + r.from, i);
			assert_true(w <= width - r.indent ||
				    cells_next(l->text + r.from, i, 0) == i);
			assert_int_equal(
			    wrap_row_of(l, width, start), start);
			if (r.next == WRAP_NO_ROW)
				break;
			assert_true(r.next > start && r.next >= r.from + r.len);
			/* A first row without text has moved it down. */
			for (i = r.from + r.len; i < r.next; i++)
				assert_true(l->text[i] == ' ' ||
					    l->text[i] == '\n' ||
					    (start == 0 && r.len == 0));
			assert_int_equal(
			    wrap_row_of(l, width, r.next - 1), start);
		}
		assert_int_equal(r.from + r.len, n);
		n = wrap_rows(l, width, WRAP_NO_ROW);
		assert_int_equal(wrap_nth(l, width, n - 1), start);
		assert_int_equal(wrap_rows(l, width, start), n - 1);
	}
	scrollback_free(ls);
}

static void test_scrollback_bounded(void **state)
{
	struct scrollback *ls = scrollback_new();
	static char big[60000];
	uint64_t id;
	int i;

	(void)state;
	for (i = 0; i < SCROLLBACK_MAX + 500; i++)
		put(ls, "bob", "x", 1);
	assert_int_equal(
	    scrollback_end(ls) - scrollback_first(ls), SCROLLBACK_MAX);
	assert_int_equal(scrollback_first(ls), SCROLLBACK_START + 500);
	assert_null(scrollback_at(ls, SCROLLBACK_START + 499));
	assert_non_null(scrollback_at(ls, SCROLLBACK_START + 500));
	assert_null(scrollback_at(ls, scrollback_end(ls)));
	memset(big, 'y', sizeof(big));
	for (i = 0; i < 400; i++)
		put(ls, "bob", big, sizeof(big));
	assert_in_range(
	    (scrollback_end(ls) - scrollback_first(ls)) * sizeof(big), 1,
	    SCROLLBACK_BYTES_MAX);
	for (id = scrollback_first(ls); id < scrollback_end(ls); id++)
		assert_int_equal(scrollback_at(ls, id)->id, id);
	scrollback_free(ls);
}

/* --- the view ------------------------------------------------------------- */

/* Returns the first `n` rows from the view's top, as one text. */
static void shown(const struct view *v, const struct scrollback *ls, int width,
    int n, char *out, size_t size)
{
	struct place p;
	struct row r;
	size_t at = 0;
	bool any = view_top(v, ls, width, n, &p);

	out[0] = '\0';
	while (any && n-- > 0) {
		wrap_row(scrollback_at(ls, p.id), width, p.start, &r);
		at += (size_t)snprintf(out + at, size - at, "%.*s/", (int)r.len,
		    scrollback_at(ls, p.id)->text + r.from);
		any = view_down(ls, width, &p);
	}
}

static void test_view_follows(void **state)
{
	struct scrollback *ls = scrollback_new();
	struct view v = {0};
	char text[20], got[200];
	int i;

	(void)state;
	shown(&v, ls, 40, 3, got, sizeof(got));
	assert_string_equal(got, "");
	for (i = 0; i < 9; i++) {
		snprintf(text, sizeof(text), "l%d", i);
		put(ls, "bob", text, strlen(text));
	}
	shown(&v, ls, 40, 3, got, sizeof(got));
	assert_string_equal(got, "l6/l7/l8/");
	shown(&v, ls, 40, 30, got, sizeof(got));
	assert_string_equal(got, "l0/l1/l2/l3/l4/l5/l6/l7/l8/");
	view_scroll(&v, ls, 40, 3, -2);
	shown(&v, ls, 40, 3, got, sizeof(got));
	assert_string_equal(got, "l4/l5/l6/");
	put(ls, "bob", "new", 3); /* the view does not move */
	shown(&v, ls, 40, 3, got, sizeof(got));
	assert_string_equal(got, "l4/l5/l6/");
	view_scroll(&v, ls, 40, 3, 2);
	assert_true(v.back);
	view_scroll(&v, ls, 40, 3, 1);
	assert_false(v.back);
	view_scroll(&v, ls, 40, 3, -100);
	shown(&v, ls, 40, 3, got, sizeof(got));
	assert_string_equal(got, "l0/l1/l2/");
	for (i = 0; i < SCROLLBACK_MAX; i++) /* evicts the lines shown */
		put(ls, "bob", "x", 1);
	shown(&v, ls, 40, 3, got, sizeof(got));
	assert_string_equal(got, "x/x/x/");
	scrollback_free(ls);
}

/* Scrolls row by row to the top and back, through lines of many rows. */
static void test_view_by_rows(void **state)
{
	struct scrollback *ls = scrollback_new();
	struct place all[2000], p, q;
	struct view v = {0};
	uint64_t rnd = 8;
	char text[400];
	int i, n = 1;

	(void)state;
	for (i = 0; i < 60; i++)
		put(ls, "dave", text, random_text(&rnd, text, sizeof(text)));
	all[0] = (struct place){SCROLLBACK_START, 0};
	for (p = all[0]; view_down(ls, 33, &p) && n < 2000; n++)
		all[n] = p;
	assert_in_range(n, 300, 1999);
	for (i = n - 10; i > 0; i--) {
		view_scroll(&v, ls, 33, 10, -1);
		assert_true(view_top(&v, ls, 33, 6, &q));
		assert_int_equal(q.id, all[i - 1].id);
		assert_int_equal(q.start, all[i - 1].start);
	}
	for (i = 1; i < n - 10; i++) {
		view_scroll(&v, ls, 33, 10, 1);
		assert_true(v.back);
		assert_true(view_top(&v, ls, 33, 6, &q));
		assert_int_equal(q.id, all[i].id);
		assert_int_equal(q.start, all[i].start);
	}
	view_scroll(&v, ls, 33, 10, 1);
	assert_false(v.back);
	scrollback_free(ls);
}

/* After any width changes, returning to the same width shows the same rows. */
static void test_view_stays_at_resize(void **state)
{
	struct scrollback *ls = scrollback_new();
	struct view v = {0};
	uint64_t rnd = 99;
	char text[400], before[4000], after[4000];
	int i, width;

	(void)state;
	for (i = 0; i < 60; i++)
		put(ls, "dave", text, random_text(&rnd, text, sizeof(text)));
	view_scroll(&v, ls, 61, 20, -150);
	assert_true(v.back);
	shown(&v, ls, 61, 15, before, sizeof(before));
	for (i = 0; i < 200; i++) {
		width = 12 + (int)(check_random(&rnd) % 150);
		shown(&v, ls, width, 15, after, sizeof(after));
		put(ls, "eve", "meanwhile", 9);
	}
	shown(&v, ls, 61, 15, after, sizeof(after));
	assert_string_equal(before, after);
	scrollback_free(ls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_widths),
	    cmocka_unit_test(test_glyphs_of_a_family),
	    cmocka_unit_test(test_marks_are_bounded),
	    cmocka_unit_test(test_fit_and_steps),
	    cmocka_unit_test(test_wrap),
	    cmocka_unit_test(test_edge),
	    cmocka_unit_test(test_long_words),
	    cmocka_unit_test(test_rows_that_would_forge),
	    cmocka_unit_test(test_wrap_random),
	    cmocka_unit_test(test_scrollback_bounded),
	    cmocka_unit_test(test_view_follows),
	    cmocka_unit_test(test_view_by_rows),
	    cmocka_unit_test(test_view_stays_at_resize),
	};

	return cmocka_run_group_tests_name("tui text", tests, NULL, NULL);
}
