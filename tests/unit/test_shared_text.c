/* UTF-8, names and passwords, one case each. */
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

/* --- UTF-8 ---------------------------------------------------------------- */

struct utf8_case {
	const char *name, *text;
	size_t n;
	bool ok;
};

static const struct utf8_case utf8_cases[] = {
    {"nothing", N(""), true},
    {"ASCII", N("abc\x7f"), true},
    {"a zero byte", N("\0"), true},
    {"the first of 2 bytes", N("\xc2\x80"), true},
    {"the last of 2 bytes", N("\xdf\xbf"), true},
    {"the first of 3 bytes", N("\xe0\xa0\x80"), true},
    {"before the surrogates", N("\xed\x9f\xbf"), true},
    {"after the surrogates", N("\xee\x80\x80"), true},
    {"the last of 3 bytes", N("\xef\xbf\xbf"), true},
    {"the first of 4 bytes", N("\xf0\x90\x80\x80"), true},
    {"the last of all", N("\xf4\x8f\xbf\xbf"), true},
    {"above the last", N("\xf4\x90\x80\x80"), false},
    {"f5", N("\xf5\x80\x80\x80"), false},
    {"five bytes", N("\xf8\x88\x80\x80\x80"), false},
    {"ff", N("\xff"), false},
    {"a continuation alone", N("\x80"), false},
    {"a continuation too many", N("\xc2\x80\x80"), false},
    {"cut after 1 of 2", N("\xc2"), false},
    {"cut after 2 of 3", N("\xe2\x82"), false},
    {"cut after 3 of 4", N("\xf0\x9f\x98"), false},
    {"cut by ASCII", N("\xe2\x82x"), false},
    {"overlong slash in 2", N("\xc0\xaf"), false},
    {"overlong in 2, the largest", N("\xc1\xbf"), false},
    {"overlong in 3", N("\xe0\x9f\xbf"), false},
    {"overlong in 4", N("\xf0\x8f\xbf\xbf"), false},
    {"the first surrogate", N("\xed\xa0\x80"), false},
    {"the last surrogate", N("\xed\xbf\xbf"), false},
    {"bad after good", N("abc\xc3\xa4\xff"), false},
};

static void test_utf8(void **state)
{
	const struct utf8_case *t = *state;
	char *copy = exact(t->text, t->n);

	assert_int_equal(text_utf8(copy, t->n), t->ok);
	free(copy);
}

/* --- names ---------------------------------------------------------------- */

struct name_case {
	const char *text;
	size_t n;
	bool name, room;
};

static const struct name_case names[] = {
    {N("a"), true, true},
    {N("Z"), true, true},
    {N("7"), true, true},
    {N("alice"), true, true},
    {N("Al.ice_-9"), true, true},
    {N("a."), true, true},
    {N("servers"), true, true},
    {N("my-server"), true, true},
    {N(X24("a")), true, true},
    {N(X24("a") "b"), false, true},
    {N(X32("a")), false, true},
    {N(X32("a") "b"), false, false},
    {N(""), false, false},
    {N(".a"), false, false},
    {N("_a"), false, false},
    {N("-a"), false, false},
    {N("-"), false, false},
    {N("a b"), false, false},
    {N(" a"), false, false},
    {N("a "), false, false},
    {N("a\n"), false, false},
    {N("a\0"), false, false},
    {N("a\0b"), false, false},
    {N("a/b"), false, false},
    {N("a@b"), false, false},
    {N("a#b"), false, false},
    {N("a:b"), false, false},
    {N("\xc3\xa4"), false, false},
    {N("a\xc3\xa4"), false, false},
    {N("a\xff"), false, false},
    {N("\xef\xbd\x81"), false, false}, /* a, but full width */
    {N("server"), false, false},
    {N("SERVER"), false, false},
    {N("SerVer"), false, false},
    {N("system"), false, false},
    {N("System"), false, false},
    {N("*"), false, false},
};

static void test_name(void **state)
{
	const struct name_case *t = *state;
	char *copy = exact(t->text, t->n);

	assert_int_equal(text_name(copy, t->n), t->name);
	assert_int_equal(text_room(copy, t->n), t->room);
	free(copy);
}

/* Each byte, first and inside a name: exactly the permitted ones are
 * accepted. */
static void test_name_bytes(void **state)
{
	char s[2];
	int c;
	bool alnum, within;

	(void)state;
	for (c = 0; c < 256; c++) {
		alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9');
		within = alnum || c == '.' || c == '_' || c == '-';
		s[0] = (char)c;
		assert_int_equal(text_name(s, 1), alnum);
		s[0] = 'a';
		s[1] = (char)c;
		assert_int_equal(text_name(s, 2), within);
		assert_int_equal(text_room(s, 2), within);
	}
}

static void test_same_name(void **state)
{
	(void)state;
	assert_true(text_same_name("alice", "alice"));
	assert_true(text_same_name("alice", "ALICE"));
	assert_true(text_same_name("aLiCe-9", "AlIcE-9"));
	assert_true(text_same_name("", ""));
	assert_false(text_same_name("alice", "alic"));
	assert_false(text_same_name("alic", "alice"));
	assert_false(text_same_name("alice", "alicf"));
	assert_false(text_same_name("a.b", "a_b"));
	assert_false(text_same_name("a@", "a`")); /* differ in the case bit */
	assert_false(text_same_name("a[", "a{"));
}

/* --- passwords ------------------------------------------------------------ */

struct password_case {
	const char *name, *text;
	size_t n;
	const char *want; /* NULL: ERR_USAGE */
};

static const struct password_case passwords[] = {
    {"ASCII", N("correct horse"), "correct horse"},
    {"one byte", N("x"), "x"},
    {"spaces only", N("  "), "  "},
    {"composed", N("caf\xc3\xa9"), "caf\xc3\xa9"},
    {"decomposed", N("cafe\xcc\x81"), "caf\xc3\xa9"},
    {"two marks in the other order", N("a\xcc\x81\xcc\xa3"),
	"\xe1\xba\xa1\xcc\x81"},
    {"two marks in order", N("a\xcc\xa3\xcc\x81"), "\xe1\xba\xa1\xcc\x81"},
    {"Angstrom sign", N("\xe2\x84\xab"), "\xc3\x85"},
    {"Hangul jamo", N("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), "\xed\x95\x9c"},
    {"Hangul block", N("\xed\x95\x9c"), "\xed\x95\x9c"},
    {"a composition exclusion", N("\xe0\xa5\x98"), "\xe0\xa4\x95\xe0\xa4\xbc"},
    {"no compatibility form", N("\xef\xac\x81"), "\xef\xac\x81"},
    {"case is kept", N("A\xc3\x84"), "A\xc3\x84"},
    {"no-break space is kept", N("a\xc2\xa0"), "a\xc2\xa0"},
    {"emoji", N("\xf0\x9f\x94\x91"), "\xf0\x9f\x94\x91"},
    {"a soft hyphen is kept", N("a\xc2\xad"), "a\xc2\xad"},
    {"empty", N(""), NULL},
    {"a newline", N("abc\n"), NULL},
    {"a tab", N("a\tb"), NULL},
    {"a zero byte", N("a\0b"), NULL},
    {"escape", N("\x1b"), NULL},
    {"DEL", N("a\x7f"), NULL},
    {"C1", N("a\xc2\x85"), NULL},
    {"not UTF-8", N("\xff"), NULL},
    {"cut UTF-8", N("a\xc3"), NULL},
    {"a surrogate", N("\xed\xa0\x80"), NULL},
    {"overlong", N("\xc0\xaf"), NULL},
};

static void test_password(void **state)
{
	const struct password_case *t = *state;
	char *copy = exact(t->text, t->n);
	struct buf b;

	buf_init_secret(&b, 2 * WIRE_PASSWORD_MAX);
	if (t->want == NULL) {
		assert_int_equal(text_password(&b, copy, t->n), ERR_USAGE);
		assert_int_equal(b.len, 0);
	} else {
		assert_int_equal(text_password(&b, copy, t->n), 0);
		assert_int_equal(b.len, strlen(t->want));
		assert_memory_equal(b.p, t->want, b.len);
	}
	buf_free(&b);
	free(copy);
}

/* Returns the NFC length of `unit` repeated `count` times, or 0 if it is
 * refused. */
static size_t password_length(const char *unit, size_t count)
{
	const size_t n = strlen(unit);
	char *s = malloc(n * count + 1);
	struct buf b;
	size_t i, len = 0;
	int r;

	assert_non_null(s);
	for (i = 0; i < count; i++)
		memcpy(s + n * i, unit, n);
	buf_init_secret(&b, 1 << 20);
	r = text_password(&b, s, n * count);
	if (r == 0)
		len = b.len;
	else
		assert_int_equal(r, ERR_USAGE);
	buf_free(&b);
	free(s);
	return len;
}

/* The limit is 1024 bytes after NFC, whatever the length before. */
static void test_password_limits(void **state)
{
	(void)state;
	assert_int_equal(password_length("a", 1024), 1024);
	assert_int_equal(password_length("a", 1025), 0);
	assert_int_equal(password_length("a", 100000), 0);
	assert_int_equal(password_length("\xc3\xa9", 512), 1024);
	assert_int_equal(password_length("\xc3\xa9", 513), 0);
	assert_int_equal(password_length("e\xcc\x81", 512), 1024);
	assert_int_equal(password_length("e\xcc\x81", 513), 0);
	/* U+1FEF shrinks from three bytes to one, U+0390 to two from six. */
	assert_int_equal(password_length("\xe1\xbf\xaf", 1024), 1024);
	assert_int_equal(password_length("\xe1\xbf\xaf", 1025), 0);
	assert_int_equal(
	    password_length("\xce\xb9\xcc\x88\xcc\x81", 512), 1024);
	/* U+0958 grows from three bytes to six. */
	assert_int_equal(password_length("\xe0\xa5\x98", 170), 1020);
	assert_int_equal(password_length("\xe0\xa5\x98", 171), 0);
}

static void test_password_full(void **state)
{
	struct buf b;

	(void)state;
	buf_init_secret(&b, 3);
	assert_int_equal(text_password(&b, N("abcd")), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	for (i = 0; i < ARRAY_LEN(utf8_cases); i++)
		check_add(&g, test_utf8, (void *)(uintptr_t)&utf8_cases[i],
		    "UTF-8: %s", utf8_cases[i].name);
	for (i = 0; i < ARRAY_LEN(names); i++)
		check_add(&g, test_name, (void *)(uintptr_t)&names[i],
		    "name %zu: %s", i, names[i].name ? "good" : "bad");
	check_add(&g, test_name_bytes, NULL, "names: every byte");
	check_add(&g, test_same_name, NULL, "names: compared");
	for (i = 0; i < ARRAY_LEN(passwords); i++)
		check_add(&g, test_password, (void *)(uintptr_t)&passwords[i],
		    "password: %s", passwords[i].name);
	check_add(&g, test_password_limits, NULL, "password: limits");
	check_add(&g, test_password_full, NULL, "password: no room for it");
	return check_run("text", &g);
}
