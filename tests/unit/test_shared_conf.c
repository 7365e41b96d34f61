/* The grammar of configuration files: quotes, comments, bounds, any bytes. */
#include "tests/unit/check.h"

#include "shared/os/conf.h"

struct seen {
	const char *const (*want)[2];
	size_t n;
	bool doubtful;
};

static int compare(void *arg, const struct conf_entry *e, struct errmsg *why)
{
	struct seen *s = arg;

	(void)why;
	assert_string_equal(e->name, s->want[s->n][0]);
	assert_string_equal(e->value, s->want[s->n][1]);
	s->doubtful = e->doubtful;
	s->n++;
	assert_int_equal(e->line, s->n);
	return 0;
}

static int parse(
    const void *text, size_t n, conf_fn *fn, void *arg, struct errmsg *why)
{
	struct buf b;
	int r;

	buf_init(&b, CONF_FILE_MAX);
	assert_int_equal(buf_put(&b, text, n), 0);
	why->text[0] = '\0';
	r = conf_parse("conf", &b, fn, arg, why);
	buf_free(&b);
	return r;
}

static void test_values(void **state)
{
	static const char text[] = "a = \"x # \\\"\\\\ y\" # c\n"
				   "b = ' \\ \" ' ; c\n"
				   "c =  two words  # c\n"
				   " \td=\r\n"
				   "e = # c\n"
				   "f = x#y;z\n"
				   "g = two words ; c\n"
				   "h = \"x\" ;c\n"
				   "i = x=y";
	static const char *const want[][2] = {{"a", "x # \"\\ y"},
	    {"b", " \\ \" "}, {"c", "two words"}, {"d", ""}, {"e", ""},
	    {"f", "x#y;z"}, {"g", "two words"}, {"h", "x"}, {"i", "x=y"}};
	struct seen s = {.want = want};
	struct errmsg why;

	(void)state;
	assert_int_equal(parse(text, sizeof(text) - 1, compare, &s, &why), 0);
	assert_int_equal(s.n, sizeof(want) / sizeof(want[0]));
}

static int count(void *arg, const struct conf_entry *e, struct errmsg *why)
{
	struct seen *s = arg;

	(void)why;
	assert_true(e->name[0] != '\0');
	s->doubtful = e->doubtful;
	s->n++;
	return 0;
}

/* Detects values that may have lost a part to a comment. */
static void test_doubtful(void **state)
{
	static const struct {
		const char *text;
		bool doubtful;
	} rows[] = {
	    {"a = x", false},
	    {"a = x#y", true},
	    {"a = x # y", true},
	    {"a = x ; y", true},
	    {"a = \"x # y\"", false},
	    {"a = 'x' ; y", false},
	};
	struct errmsg why;
	struct seen s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s = (struct seen){.n = 0};
		assert_int_equal(
		    parse(rows[i].text, strlen(rows[i].text), count, &s, &why),
		    0);
		assert_int_equal(s.n, 1);
		assert_int_equal(s.doubtful, rows[i].doubtful);
	}
}

static void test_comments(void **state)
{
	static const char text[] = "# a = b\n; a = b\n\n \t\n  # x\n  ; y\n";
	struct seen s = {.n = 0};
	struct errmsg why;
	char big[1000];

	(void)state;
	assert_int_equal(parse(text, sizeof(text) - 1, count, &s, &why), 0);
	assert_int_equal(parse("", 0, count, &s, &why), 0);
	memset(big, '#', sizeof(big));
	assert_int_equal(parse(big, sizeof(big), count, &s, &why), 0);
	assert_int_equal(s.n, 0);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
	    {"a = b\nplain\n", "conf:2: a line has to be: name = value"},
	    {"= x\n", "conf:1: a line has to be: name = value"},
	    {"a = 1\n  b\n", "conf:2: a line has to be: name = value"},
	    {"[net]\na = b\n", "conf:2: there are no [sections]"},
	    {"a = \"x\n", "conf:1: the quote is not closed"},
	    {"a = 'x\" # '\n", NULL},
	    {"a = \"x ; y\"\n", "a blank and a ; in it"},
	    {"a = 'x' y\n", "conf:1: only a comment may follow"},
	    {"a = \xff\n", "conf:1: this line is not UTF-8 text"},
	};
	struct seen s = {.n = 0};
	struct errmsg why;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = parse(rows[i].text, strlen(rows[i].text), count, &s, &why);
		if (rows[i].says == NULL) {
			assert_int_equal(r, 0);
			continue;
		}
		assert_int_equal(r, ERR_USAGE);
		if (strstr(why.text, rows[i].says) == NULL)
			assert_string_equal(why.text, rows[i].says);
	}
	assert_int_equal(parse("a = x\0y\n", 8, count, &s, &why), ERR_USAGE);
}

static int refuse(void *arg, const struct conf_entry *e, struct errmsg *why)
{
	(void)arg;
	return errmsg_set(why, ERR_LIMIT, "line %u", e->line);
}

/* An error of the caller's callback ends the reading and is returned
 * unchanged. */
static void test_failure(void **state)
{
	struct errmsg why;

	(void)state;
	assert_int_equal(
	    parse("a = 1\nb = 2\nc\n", 14, refuse, NULL, &why), ERR_LIMIT);
	assert_string_equal(why.text, "line 1");
}

static void test_bounds(void **state)
{
	char text[CONF_LINE_MAX + 2];
	struct seen s = {.n = 0};
	struct errmsg why;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "a = ", 4);
	assert_int_equal(parse(text, CONF_LINE_MAX, count, &s, &why), 0);
	assert_int_equal(s.n, 1);
	assert_int_equal(
	    parse(text, CONF_LINE_MAX + 1, count, &s, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, "conf:1: this line is too long"));
}

static void test_can_hold(void **state)
{
	(void)state;
	assert_false(conf_can_hold("a", " x"));
	assert_false(conf_can_hold("a", "x ;y"));
	assert_false(conf_can_hold("a", "x #y"));
	assert_false(conf_can_hold("a", "x\ny"));
	assert_false(conf_can_hold("a", "\"x"));
	assert_true(conf_can_hold("a", "x;y#z = [w]"));
}

/* Random bytes never make the parser loop. */
static void test_random(void **state)
{
	static const char alphabet[] = "a=\"'#;\\ \n\t\r\0[]:\xc3\xa9";
	uint64_t seed = 0x2528;
	struct errmsg why;
	struct seen s;
	char text[64];
	size_t i, n;
	int round, r;

	(void)state;
	for (round = 0; round < 2000; round++) {
		n = check_random(&seed) % sizeof(text);
		for (i = 0; i < n; i++)
			text[i] = alphabet[check_random(&seed) %
					   (sizeof(alphabet) - 1)];
		s = (struct seen){.n = 0};
		r = parse(text, n, count, &s, &why);
		assert_true(r == 0 || r == ERR_USAGE);
		assert_true((r == 0) == (why.text[0] == '\0'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_doubtful),
	    cmocka_unit_test(test_comments),
	    cmocka_unit_test(test_mistakes),
	    cmocka_unit_test(test_failure),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_can_hold),
	    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
