/* Unit tests for client/ui/fold.h and url.h: who came and went as one sentence;
 * addresses in a text. */
#include "tests/unit/check.h"

#include "client/ui/fold.h"
#include "client/ui/url.h"

static void says(const struct fold *f, const char *want)
{
	char text[FOLD_MAX];

	assert_int_equal(fold_text(f, text), strlen(want));
	assert_string_equal(text, want);
}

static void test_grows(void **state)
{
	static struct fold f;
	char name[16];
	int i;

	(void)state;
	fold_begin(&f);
	fold_person(&f, "ben", true);
	says(&f, "ben joined");
	f.key = 18;
	fold_person(&f, "carol", true);
	says(&f, "ben and carol joined (key 18)");
	fold_person(&f, "dave", true);
	says(&f, "ben, carol and dave joined (key 18)");
	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		fold_person(&f, name, true);
	}
	f.key = 19;
	says(&f, "ben, carol and 6 others joined (key 19)");
	fold_person(&f, "erin", false);
	says(&f, "ben, carol and 6 others joined; erin left (key 19)");
	fold_person(&f, "BEN", false);
	fold_person(&f, "erin", true);
	says(&f,
	    "carol, dave and 5 others joined; ben joined and left; erin left "
	    "and came back (key 19)");
}

/* Beyond those that are named, people are counted. */
static void test_crowd(void **state)
{
	static struct fold f;
	char name[16];
	int i;

	(void)state;
	fold_begin(&f);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		fold_person(&f, name, true);
	}
	says(&f, "n0, n1 and 998 others joined");
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		fold_person(&f, name, false);
	}
	says(&f, "936 others joined; 936 others left; n0, n1 and 62 others "
		 "joined and left");
}

static void test_longest(void **state)
{
	static struct fold f;
	char name[WIRE_NAME_MAX + 1], text[FOLD_MAX];
	int i;

	(void)state;
	fold_begin(&f);
	f.key = UINT32_MAX;
	for (i = 0; i < 16; i++) {
		memset(name, 'a' + i, WIRE_NAME_MAX);
		name[WIRE_NAME_MAX] = '\0';
		fold_person(&f, name, i / 4 < 2);
		fold_person(&f, name, i / 4 % 2 == 0);
	}
	assert_in_range(fold_text(&f, text), 400, FOLD_MAX - 1);
	assert_non_null(strstr(text, " (key 4294967295)"));
}

static void test_key_alone(void **state)
{
	static struct fold f;

	(void)state;
	fold_begin(&f);
	f.key = 7;
	says(&f, "new group key 7");
	f.why = "it is changed regularly";
	says(&f, "new group key 7: it is changed regularly");
}

static void test_modes(void **state)
{
	char text[FOLD_MAX];
	enum fold_mode m;

	(void)state;
	for (m = 0; m < FOLD_MODES; m++)
		assert_int_equal(
		    fold_of(fold_word(m), strlen(fold_word(m))), m);
	assert_int_equal(fold_of("al", 2), FOLD_MODES);
	assert_int_equal(fold_of("alls", 4), FOLD_MODES);
	assert_int_equal(fold_of("", 0), FOLD_MODES);
	m = FOLD_ALL;
	assert_true(fold_choose(&m, "", 0, text));
	assert_string_equal(
	    text, "comings, goings and group keys: all: a line for each");
	assert_true(fold_choose(&m, "none", 4, text));
	assert_int_equal(m, FOLD_NONE);
	assert_false(fold_choose(&m, "some", 4, text));
	assert_int_equal(m, FOLD_NONE);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *url;
	} t[] = {
	    {"https://a.example", "https://a.example"},
	    {"see http://a.example/x, or so", "http://a.example/x"},
	    {"(https://a.example/b)", "https://a.example/b"},
	    {"conclave://h:1/lobby#abc.", "conclave://h:1/lobby#abc"},
	    {"x\nhttps://a\ny", "https://a"},
	    {"https:// nothing", NULL},
	    {"https://.", NULL},
	    {"ftp://a.example", NULL},
	    {"", NULL},
	};
	size_t i, at, n, from;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		n = strlen(t[i].text);
		if (t[i].url == NULL) {
			assert_false(url_next(t[i].text, n, 0, &at, &n));
			continue;
		}
		/* From any byte before its end. */
		for (from = 0;
		     url_next(t[i].text, strlen(t[i].text), from, &at, &n);
		     from++) {
			assert_int_equal(n, strlen(t[i].url));
			assert_memory_equal(t[i].text + at, t[i].url, n);
		}
		assert_int_equal(from, at + n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grows),
	    cmocka_unit_test(test_crowd),
	    cmocka_unit_test(test_longest),
	    cmocka_unit_test(test_key_alone),
	    cmocka_unit_test(test_modes),
	    cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
