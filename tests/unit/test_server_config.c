/* The format of the config file: quotes, comments, bounds, and any bytes. */
#include "tests/unit/options_run.h"

#include "server/config.h"

/* Quotes and escapes of the file's format. */
static void test_config_quotes(void **state)
{
	static const char text[] = "a = \"x # \\\"\\\\ y\" # c\n"
				   "b = ' \\ \" '\n"
				   "c =  two words  # c\n"
				   "d=\n"
				   "e = #\n"
				   "f = x#y";
	static const char *const want[][2] = {{"a", "x # \"\\ y"},
	    {"b", " \\ \" "}, {"c", "two words"}, {"d", ""}, {"e", ""},
	    {"f", "x#y"}};
	struct config_entry e;
	struct config c;
	char path[128];
	size_t i;

	(void)state;
	run_write("conf", text, strlen(text));
	run_path(path, sizeof(path), "conf");
	assert_int_equal(config_open(&c, path), 0);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(config_next(&c, &e), 0);
		assert_int_equal(c.line, i + 1);
		assert_string_equal(e.key, want[i][0]);
		assert_string_equal(e.value, want[i][1]);
	}
	assert_int_equal(config_next(&c, &e), ERR_AGAIN);
	config_close(&c);
}

/* Random bytes: whatever they are, an end is reached. */
static void test_config_random(void **state)
{
	static const char alphabet[] = "a=\"'#\\ \n\t\r\0\xc3\xa9";
	uint64_t seed = 0x2528;
	struct config_entry e;
	struct config c;
	char path[128], text[64];
	size_t i, n;
	int round, steps, r;

	(void)state;
	run_path(path, sizeof(path), "conf");
	for (round = 0; round < 500; round++) {
		n = check_random(&seed) % sizeof(text);
		for (i = 0; i < n; i++)
			text[i] = alphabet[check_random(&seed) %
					   (sizeof(alphabet) - 1)];
		run_write("conf", text, n);
		assert_int_equal(config_open(&c, path), 0);
		for (steps = 0; steps < 100; steps++) {
			if ((r = config_next(&c, &e)) == ERR_AGAIN)
				break;
			assert_true(r == 0 || r == ERR_USAGE);
			assert_true(r == 0 || c.problem != NULL);
			assert_true(r != 0 || strlen(e.key) > 0);
			assert_true(r != 0 || strlen(e.value) < n);
		}
		assert_true(steps < 100);
		config_close(&c);
	}
}

static void test_config_bounds(void **state)
{
	static char big[CONFIG_FILE_MAX + 1];
	struct config c;
	char path[128];

	(void)state;
	run_path(path, sizeof(path), "conf");
	memset(big, '#', sizeof(big));
	run_write("conf", big, sizeof(big));
	assert_int_equal(config_open(&c, path), ERR_LIMIT);
	config_close(&c);
	run_write("conf", big, 0);
	assert_int_equal(config_open(&c, path), 0);
	config_close(&c);
}

int main(void)
{
	struct check_group g = {0};
	int r;

	run_setup();
	check_add(&g, test_config_quotes, NULL, "quotes");
	check_add(&g, test_config_random, NULL, "random bytes");
	check_add(&g, test_config_bounds, NULL, "bounds");
	r = check_run("config", &g);
	run_cleanup();
	return r;
}
