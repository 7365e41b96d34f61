/* The filter between a peer's text and the terminal, for each class of
 * characters. */
#include "tests/unit/check.h"

#include "shared/wire/text.h"

#define N(s)	     (s), sizeof(s) - 1
#define R	     "\xef\xbf\xbd" /* U+FFFD */
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Repeated strings. */
#define X8(s)  s s s s s s s s
#define X24(s) X8(s) X8(s) X8(s)
#define X32(s) X24(s) X8(s)

/* A copy of exactly n bytes, so that the sanitizers detect an overread. */
static char *exact(const char *text, size_t n)
{
	char *copy = malloc(n != 0 ? n : 1);

	assert_non_null(copy);
	return memcpy(copy, text, n);
}

struct filter_case {
	const char *name, *text;
	size_t n;
	const char *want;  /* without flags */
	const char *ascii; /* with TEXT_ASCII; NULL: not checked */
};

static const struct filter_case filters[] = {
    {"nothing", N(""), "", ""},
    {"ASCII", N("Hello, world! ~"), "Hello, world! ~", "Hello, world! ~"},
    {"NUL", N("a\0b"),
	"a\xe2\x90\x80"
	"b",
	"a?b"},
    {"newline", N("a\nb"),
	"a\xe2\x90\x8a"
	"b",
	"a?b"},
    {"tab", N("\t"), "\xe2\x90\x89", "?"},
    {"carriage return", N("\r"), "\xe2\x90\x8d", "?"},
    {"bell", N("\a"), "\xe2\x90\x87", "?"},
    {"an escape sequence", N("\x1b[31m"), "\xe2\x90\x9b[31m", "?[31m"},
    {"the last of C0", N("\x1f"), "\xe2\x90\x9f", "?"},
    {"DEL", N("\x7f"), "\xe2\x90\xa1", "?"},
    {"C1, first", N("\xc2\x80"), R, "?"},
    {"C1, CSI",
	N("\xc2\x9b"
	  "31m"),
	R "31m", "?31m"},
    {"C1, last", N("\xc2\x9f"), R, "?"},
    {"C1 as bytes",
	N("\x9b"
	  "31m"),
	R "31m", "?31m"},
    {"no-break space", N("\xc2\xa0"), "\xc2\xa0", "?"},
    {"Latin", N("\xc3\xa4\xc3\x9f"), "\xc3\xa4\xc3\x9f", "??"},
    {"Greek, Cyrillic, Hebrew, Arabic", N("\xce\xb1\xd0\x96\xd7\x90\xd8\xa8"),
	"\xce\xb1\xd0\x96\xd7\x90\xd8\xa8", "????"},
    {"Devanagari with vowel signs", N("\xe0\xa4\xb9\xe0\xa4\xbf"),
	"\xe0\xa4\xb9\xe0\xa4\xbf", "??"},
    {"Chinese, Japanese, Korean", N("\xe4\xb8\xad\xe3\x81\x82\xed\x95\x9c"),
	"\xe4\xb8\xad\xe3\x81\x82\xed\x95\x9c", "???"},
    {"a byte that is none",
	N("a\xff"
	  "b"),
	"a" R "b", "a?b"},
    {"each byte of a cut character", N("\xe2\x82"), R R, "??"},
    {"a cut character and a letter", N("\xf0\x9f\x98x"), R R R "x", "???x"},
    {"overlong", N("\xc0\xaf"), R R, "??"},
    {"a surrogate", N("\xed\xa0\x80"), R R R, "???"},
    {"above the last code point", N("\xf4\x90\x80\x80"), R R R R, "????"},
    {"an overlong newline", N("\xc0\x8a"), R R, "??"},
    {"soft hyphen U+00AD", N("\xc2\xad"), "", ""},
    {"Arabic letter mark U+061C", N("\xd8\x9c"), "", ""},
    {"Arabic number sign U+0600 stays", N("\xd8\x80"), "\xd8\x80", "?"},
    {"end of ayah U+06DD stays", N("\xdb\x9d"), "\xdb\x9d", "?"},
    {"Mongolian vowel separator U+180E", N("\xe1\xa0\x8e"), "", ""},
    {"zero width space U+200B", N("\xe2\x80\x8b"), "", ""},
    {"ZWNJ U+200C stays",
	N("a\xe2\x80\x8c"
	  "b"),
	"a\xe2\x80\x8c"
	"b",
	"a?b"},
    {"ZWJ U+200D stays",
	N("a\xe2\x80\x8d"
	  "b"),
	"a\xe2\x80\x8d"
	"b",
	"a?b"},
    {"LRM U+200E", N("\xe2\x80\x8e"), "", ""},
    {"RLM U+200F", N("\xe2\x80\x8f"), "", ""},
    {"line separator U+2028", N("\xe2\x80\xa8"), R, "?"},
    {"paragraph separator U+2029", N("\xe2\x80\xa9"), R, "?"},
    {"LRE U+202A", N("\xe2\x80\xaa"), R, "?"},
    {"RLE U+202B", N("\xe2\x80\xab"), R, "?"},
    {"PDF U+202C", N("\xe2\x80\xac"), R, "?"},
    {"LRO U+202D", N("\xe2\x80\xad"), R, "?"},
    {"RLO U+202E",
	N("\xe2\x80\xae"
	  "abc"),
	R "abc", "?abc"},
    {"narrow no-break space U+202F stays", N("\xe2\x80\xaf"), "\xe2\x80\xaf",
	"?"},
    {"word joiner U+2060", N("\xe2\x81\xa0"), "", ""},
    {"invisible plus U+2064", N("\xe2\x81\xa4"), "", ""},
    {"unassigned U+2065", N("\xe2\x81\xa5"), R, "?"},
    {"LRI U+2066", N("\xe2\x81\xa6"), R, "?"},
    {"RLI U+2067", N("\xe2\x81\xa7"), R, "?"},
    {"FSI U+2068", N("\xe2\x81\xa8"), R, "?"},
    {"PDI U+2069", N("\xe2\x81\xa9"), R, "?"},
    {"Egyptian joiner U+13430", N("\xf0\x93\x90\xb0"), "", ""},
    {"deprecated U+206F", N("\xe2\x81\xaf"), R, "?"},
    {"byte order mark U+FEFF", N("\xef\xbb\xbf"), "", ""},
    {"interlinear U+FFF9", N("\xef\xbf\xb9"), R, "?"},
    {"interlinear U+FFFA", N("\xef\xbf\xba"), R, "?"},
    {"interlinear U+FFFB", N("\xef\xbf\xbb"), R, "?"},
    {"object replacement U+FFFC stays", N("\xef\xbf\xbc"), "\xef\xbf\xbc", "?"},
    {"U+FFFD itself", N(R), R, "?"},
    {"noncharacter U+FFFE", N("\xef\xbf\xbe"), R, "?"},
    {"noncharacter U+FFFF", N("\xef\xbf\xbf"), R, "?"},
    {"noncharacter U+FDD0", N("\xef\xb7\x90"), R, "?"},
    {"noncharacter U+FDEF", N("\xef\xb7\xaf"), R, "?"},
    {"noncharacter U+1FFFE", N("\xf0\x9f\xbf\xbe"), R, "?"},
    {"noncharacter U+10FFFF", N("\xf4\x8f\xbf\xbf"), R, "?"},
    {"unassigned U+0378 stays", N("\xcd\xb8"), "\xcd\xb8", "?"},
    {"an emoji to come, U+1FAC6, stays", N("\xf0\x9f\xab\x86"),
	"\xf0\x9f\xab\x86", "?"},
    {"reserved U+FFF0", N("\xef\xbf\xb0"), R, "?"},
    {"reserved U+E0FFF", N("\xf3\xa0\xbf\xbf"), R, "?"},
    {"tag U+E0000", N("\xf3\xa0\x80\x80"), R, "?"},
    {"language tag U+E0001", N("\xf3\xa0\x80\x81"), "", ""},
    {"tag space U+E0020", N("\xf3\xa0\x80\xa0"), "", ""},
    {"cancel tag U+E007F", N("\xf3\xa0\x81\xbf"), "", ""},
    {"shorthand control U+1BCA0", N("\xf0\x9b\xb2\xa0"), "", ""},
    {"musical control U+1D173", N("\xf0\x9d\x85\xb3"), "", ""},
    {"Hangul filler U+3164", N("\xe3\x85\xa4"), R, "?"},
    {"halfwidth Hangul filler U+FFA0", N("\xef\xbe\xa0"), R, "?"},
    {"private use stays", N("\xee\x82\xb0"), "\xee\x82\xb0", "?"},
    {"emoji", N("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80", "?"},
    {"variation selector 16 stays", N("\xe2\x9d\xa4\xef\xb8\x8f"),
	"\xe2\x9d\xa4\xef\xb8\x8f", "??"},
    {"variation selector 17 stays", N("\xe8\xbe\xbb\xf3\xa0\x84\x80"),
	"\xe8\xbe\xbb\xf3\xa0\x84\x80", "??"},
    {"a skin tone stays", N("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"),
	"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "??"},
    {"a family stays",
	N("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xe2\x80\x8d"
	  "\xf0\x9f\x91\xa6"),
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xe2\x80\x8d"
	"\xf0\x9f\x91\xa6",
	"?????"},
    {"a flag stays", N("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"),
	"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", "??"},
    {"a flag of tags loses them",
	N("\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf"),
	"\xf0\x9f\x8f\xb4", "?"},
    {"one combining mark", N("e\xcc\x81"), "e\xcc\x81", "e?"},
    {"eight marks", N("e" X8("\xcc\x81")), "e" X8("\xcc\x81"), "e????????"},
    {"nine marks", N("e" X8("\xcc\x81") "\xcc\x82"), "e" X8("\xcc\x81"),
	"e????????"},
    {"many marks, then a letter", N("e" X32("\xcc\x81") "f\xcc\x81"),
	"e" X8("\xcc\x81") "f\xcc\x81", "e????????f?"},
    {"marks in front", N(X24("\xcc\x81") "x"), X8("\xcc\x81") "x", NULL},
    {"many joiners", N("a" X24("\xe2\x80\x8d") "b"), "a" X8("\xe2\x80\x8d") "b",
	NULL},
    {"many variation selectors", N("a" X24("\xef\xb8\x8f") "b"),
	"a" X8("\xef\xb8\x8f") "b", NULL},
    {"many enclosing marks", N("a" X24("\xe2\x83\x9d")), "a" X8("\xe2\x83\x9d"),
	NULL},
    {"many Hangul vowels", N("\xe1\x84\x92" X24("\xe1\x85\xa1")),
	"\xe1\x84\x92" X8("\xe1\x85\xa1"), NULL},
    {"a mark cannot hide behind what was left out",
	N("a" X8("\xcc\x81") "\xe2\x80\x8b"
			     "\xcc\x81"),
	"a" X8("\xcc\x81"), NULL},
    {"a mark cannot hide behind what was replaced",
	N("a" X8("\xcc\x81") "\xe2\x80\xae"
			     "\xcc\x81"),
	"a" X8("\xcc\x81") R "\xcc\x81", NULL},
};

/* Checks that the filter's output is exactly this. */
static void expect_filter(
    const char *text, size_t n, unsigned flags, const char *want)
{
	char *copy = exact(text, n);
	struct buf b;

	buf_init(&b, 1 << 16);
	assert_int_equal(buf_str(&b, ">"), 0);
	assert_int_equal(text_filter(&b, copy, n, flags), 0);
	assert_int_equal(b.len, 1 + strlen(want));
	assert_memory_equal(b.p + 1, want, b.len - 1);
	buf_free(&b);
	free(copy);
}

static void test_filter(void **state)
{
	const struct filter_case *t = *state;
	struct buf strict;
	char fixed[512];

	expect_filter(t->text, t->n, 0, t->want);
	if (t->ascii != NULL)
		expect_filter(t->text, t->n, TEXT_ASCII, t->ascii);
	/* Into a fixed buffer it writes what TEXT_STRICT writes. */
	buf_init(&strict, sizeof(fixed));
	assert_int_equal(text_filter(&strict, t->text, t->n, TEXT_STRICT), 0);
	assert_int_equal(buf_u8(&strict, 0), 0);
	text_filter_fixed(fixed, sizeof(fixed), t->text, t->n);
	assert_string_equal(fixed, (char *)strict.p);
	buf_free(&strict);
}

static void test_filter_lines(void **state)
{
	(void)state;
	expect_filter(N("a\nb\n"), TEXT_LINES, "a\nb\n");
	expect_filter(N("a\tb"), TEXT_LINES, "a    b");
	expect_filter(N("a\r\nb"), TEXT_LINES, "a\xe2\x90\x8d\nb");
	expect_filter(N("\v\f"), TEXT_LINES, "\xe2\x90\x8b\xe2\x90\x8c");
	expect_filter(
	    N("\x1b]0;x\a"), TEXT_LINES, "\xe2\x90\x9b]0;x\xe2\x90\x87");
	expect_filter(N("\xc2\x85"), TEXT_LINES, R);
	expect_filter(N("\xe2\x80\xa8"), TEXT_LINES, R);
	expect_filter(
	    N("a\n\t\xc3\xa4\x01"), TEXT_LINES | TEXT_ASCII, "a\n    ??");
}

/* What is invisible but harmless stays in what the user types, and is seen in
 * names and logs; what is dangerous is always replaced. */
static void test_filter_invisible(void **state)
{
	static const struct {
		const char *text;
		bool harmless;
	} t[] = {
	    {"\xc2\xad", true},		 /* soft hyphen */
	    {"\xd8\x9c", true},		 /* ALM */
	    {"\xe1\xa0\x8e", true},	 /* Mongolian vowel separator */
	    {"\xe2\x80\x8b", true},	 /* ZWSP */
	    {"\xe2\x80\x8e", true},	 /* LRM */
	    {"\xe2\x80\x8f", true},	 /* RLM */
	    {"\xe2\x81\xa0", true},	 /* word joiner */
	    {"\xef\xbb\xbf", true},	 /* byte order mark */
	    {"\xf3\xa0\x81\x81", true},	 /* tag A */
	    {"\xe2\x80\xaa", false},	 /* LRE */
	    {"\xe2\x80\xae", false},	 /* RLO */
	    {"\xe2\x81\xa5", false},	 /* reserved */
	    {"\xe2\x81\xa6", false},	 /* LRI */
	    {"\xe2\x81\xa9", false},	 /* PDI */
	    {"\xe2\x80\xa8", false},	 /* line separator */
	    {"\xef\xbf\xb9", false},	 /* interlinear */
	    {"\xf3\xa0\x80\x80", false}, /* reserved */
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(t); i++) {
		n = strlen(t[i].text);
		expect_filter(t[i].text, n, 0, t[i].harmless ? "" : R);
		expect_filter(t[i].text, n, TEXT_STRICT, R);
		expect_filter(
		    t[i].text, n, TEXT_KEEP, t[i].harmless ? t[i].text : R);
		expect_filter(t[i].text, n, TEXT_KEEP | TEXT_LINES,
		    t[i].harmless ? t[i].text : R);
	}
	/* ZWJ and ZWNJ have their place, even where the rest is strict. */
	expect_filter(N("\xe2\x80\x8d"), TEXT_STRICT, "\xe2\x80\x8d");
	expect_filter(N("\xcd\xb8"), TEXT_STRICT, R);
	expect_filter(N("\xcd\xb8"), TEXT_KEEP, "\xcd\xb8");
}

/* For every byte and every pair of bytes, the output has no control character
 * and is valid UTF-8, and filtering it again changes nothing. */
static void test_filter_bytes(void **state)
{
	struct buf once, twice;
	uint8_t s[2];
	size_t i;
	int a, c;

	(void)state;
	buf_init(&once, 100);
	buf_init(&twice, 100);
	for (a = 0; a < 256; a++) {
		for (c = 0; c < 256; c++) {
			s[0] = (uint8_t)a;
			s[1] = (uint8_t)c;
			buf_clear(&once);
			buf_clear(&twice);
			assert_int_equal(text_filter(&once, s, 2, 0), 0);
			assert_true(text_utf8(once.p, once.len));
			for (i = 0; i < once.len; i++) {
				assert_true(once.p[i] >= 0x20);
				assert_true(once.p[i] != 0x7f);
			}
			assert_int_equal(
			    text_filter(&twice, once.p, once.len, 0), 0);
			assert_int_equal(once.len, twice.len);
			assert_memory_equal(once.p, twice.p, once.len);
		}
	}
	buf_free(&once);
	buf_free(&twice);
}

/* Random bytes with many broken sequences: bounded growth, valid UTF-8, and the
 * same output in fixed buffers of every size, cut at a whole character. */
static void test_filter_random(void **state)
{
	static const uint8_t some[] = {0x00, 0x1b, 'a', 0x7f, 0x80, 0xbf, 0xc2,
	    0xcc, 0x81, 0xe2, 0x80, 0xae, 0xed, 0xa0, 0xf0, 0x9f, 0xff};
	uint64_t seed = 42;
	char fixed[200];
	uint8_t s[40];
	struct buf b;
	size_t i, n, size;
	int round;

	(void)state;
	buf_init(&b, sizeof(s) * 3);
	for (round = 0; round < 3000; round++) {
		n = check_random(&seed) % (sizeof(s) + 1);
		for (i = 0; i < n; i++)
			s[i] = some[check_random(&seed) % sizeof(some)];
		buf_clear(&b);
		assert_int_equal(text_filter(&b, s, n, TEXT_STRICT), 0);
		assert_true(text_utf8(b.p, b.len));
		size = 1 + check_random(&seed) % sizeof(fixed);
		memset(fixed, 'x', sizeof(fixed));
		text_filter_fixed(fixed, size, s, n);
		i = strlen(fixed);
		assert_true(i < size);
		assert_true(i <= b.len);
		if (i > 0)
			assert_memory_equal(fixed, b.p, i);
		assert_true(text_utf8(fixed, i));
		if (size > b.len)
			assert_int_equal(i, b.len);
		else
			assert_true(size - 1 - i < 4);
	}
	buf_free(&b);
}

static void test_filter_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(buf_str(&b, "ab"), 0);
	assert_int_equal(text_filter(&b, N("cd\x01"), 0), ERR_LIMIT);
	assert_int_equal(b.len, 2);
	assert_int_equal(text_filter(&b, N("\x01"), 0), 0);
	assert_int_equal(b.len, 5);
	buf_free(&b);
}

static void test_filter_fixed(void **state)
{
	char out[8];

	(void)state;
	memset(out, 'x', sizeof(out));
	text_filter_fixed(out, 0, N("abc"));
	assert_int_equal(out[0], 'x');
	text_filter_fixed(out, 1, N("abc"));
	assert_string_equal(out, "");
	text_filter_fixed(out, 4, N("abc"));
	assert_string_equal(out, "abc");
	text_filter_fixed(out, 3, N("abc"));
	assert_string_equal(out, "ab");
	text_filter_fixed(out, 3, N("\n"));
	assert_string_equal(out, "");
	text_filter_fixed(out, 4, N("\n"));
	assert_string_equal(out, "\xe2\x90\x8a");
	/* After a character that did not fit, no shorter one is added. */
	text_filter_fixed(out, 3, N("a\nb"));
	assert_string_equal(out, "a");
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	for (i = 0; i < ARRAY_LEN(filters); i++)
		check_add(&g, test_filter, (void *)(uintptr_t)&filters[i],
		    "filter: %s", filters[i].name);
	check_add(&g, test_filter_lines, NULL, "filter: lines");
	check_add(&g, test_filter_invisible, NULL, "filter: invisible");
	check_add(&g, test_filter_bytes, NULL, "filter: every pair of bytes");
	check_add(&g, test_filter_random, NULL, "filter: random bytes");
	check_add(&g, test_filter_limit, NULL, "filter: a full buffer");
	check_add(&g, test_filter_fixed, NULL, "filter: fixed buffers");
	return check_run("filter", &g);
}
