/* The lines of files that say whom to trust: each that says something is read, and
 * the first that is not understood is named. */
#include "client/trust/records.h"
#include "tests/unit/check.h"

#define OK(call) assert_int_equal((call), 0)

struct seen {
	char text[256];
	const char *wrong; /* NULL: none */
	int fails; /* at a line "stop" */
};

static int see(void *arg, const char *line, size_t n, const char **wrong)
{
	struct seen *s = arg;
	const char *word;
	size_t len;

	assert_true(records_word(&line, &n, &word, &len));
	*wrong = s->wrong;
	if (len == 4 && memcmp(word, "stop", 4) == 0)
		return s->fails;
	strncat(s->text, word, len);
	strcat(s->text, ";");
	return 0;
}

/* Of exact size, so that memory checkers see what is read past it. */
static int each(struct seen *s, const void *text, size_t n, struct errmsg *why)
{
	void *copy = malloc(n + (n == 0));
	int r;

	assert_non_null(copy);
	memcpy(copy, text, n);
	s->text[0] = why->text[0] = '\0';
	r = records_each("FILE", copy, n, see, s, why);
	free(copy);
	return r;
}

static void test_each_line(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
				   "one 1\r\n\n# two\n  three # 3\n\t \nfour";
	struct seen s = {.fails = 0};
	struct errmsg why;

	(void)state;
	OK(each(&s, "", 0, &why));
	assert_string_equal(s.text, "");
	OK(each(&s, text, sizeof(text) - 1, &why));
	assert_string_equal(s.text, "one;three;four;");
}

static void test_what_is_wrong(void **state)
{
	static const char text[] = "one\n#\nstop it\nlast\n";
	struct seen s = {.fails = ERR_USAGE, .wrong = "it stops"};
	struct errmsg why;

	(void)state;
	assert_int_equal(each(&s, text, sizeof(text) - 1, &why), ERR_USAGE);
	assert_string_equal(s.text, "one;");
	assert_non_null(strstr(why.text, "FILE line 3: it stops"));
	s.fails = ERR_NOMEM;
	assert_int_equal(each(&s, text, sizeof(text) - 1, &why), ERR_NOMEM);
	assert_non_null(strstr(why.text, "FILE"));
	assert_null(strstr(why.text, "it stops"));
	/* lines that no reader is asked about */
	assert_int_equal(each(&s, "one\n\0two\n", 9, &why), ERR_USAGE);
	assert_string_equal(s.text, "one;");
	assert_non_null(strstr(why.text, "line 2: there is a zero byte"));
	assert_int_equal(each(&s, "one\rtwo\n", 8, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, "line 1: there is a carriage return"));
	assert_int_equal(each(&s, "\xff\xfeo\0", 4, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, "UTF-16"));
}

static void test_numbers(void **state)
{
	static const struct {
		const char *word;
		uint64_t max;
		bool good;
		uint64_t want;
	} each_of[] = {
	    {"0", 0, true, 0},
	    {"1", 0, false, 0},
	    {"3", 3, true, 3},
	    {"4", 3, false, 0},
	    {"13", 3, false, 0},
	    {"1000000000", 1000000000, true, 1000000000},
	    {"9223372036854775807", INT64_MAX, true, INT64_MAX},
	    {"9223372036854775808", INT64_MAX, false, 0},
	    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
	    {"18446744073709551616", UINT64_MAX, false, 0},
	    {"99999999999999999999999", UINT64_MAX, false, 0},
	    {"", 9, false, 0},
	    {"00", 9, false, 0},
	    {"01", 9, false, 0},
	    {"-1", 9, false, 0},
	    {"+1", 9, false, 0},
	    {"1x", 99, false, 0},
	    {" 1", 9, false, 0},
	};
	uint64_t got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(each_of) / sizeof(each_of[0]); i++) {
		got = 77;
		assert_int_equal(records_number(each_of[i].word,
				     strlen(each_of[i].word), each_of[i].max,
				     &got),
		    each_of[i].good);
		assert_int_equal(got, each_of[i].good ? each_of[i].want : 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_line),
	    cmocka_unit_test(test_what_is_wrong),
	    cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests_name(
	    "client_records", tests, NULL, NULL);
}
