/* Sources of the server password, and the places where it must not show up. */
#include "tests/unit/options_run.h"

#include <sys/stat.h>

#include "server/option_table.h"

/* An error message does not repeat a refused password. */
static void test_password_not_shown(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--password", "hunter2\t");
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_USAGE);
	assert_null(strstr(r.err, "hunter2"));
	run_free(&r);
	run_write("conf", "password = \"hunter2\t\"\n", 22);
	RUN(&r, "--config", "@conf");
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_USAGE);
	assert_null(strstr(r.err, "hunter2"));
	run_free(&r);
}

static void check_password(struct run *r, const char *want)
{
	assert_string_equal(r->err, "");
	assert_int_equal(r->result, OPTION_SOURCES_RUN);
	assert_int_equal(r->o.password.len, strlen(want));
	assert_memory_equal(r->o.password.p, want, strlen(want));
	run_free(r);
	unsetenv("CONCLAVE_PASSWORD");
}

static void test_password_sources(void **state)
{
	static const char conf[] = "password = from-config\n";
	struct run r;
	size_t i;

	(void)state;
	run_write("conf", conf, strlen(conf));
	run_write("pw", "from-file\n", 10);
	RUN(&r, "--config", "@conf");
	check_password(&r, "from-config");
	setenv("CONCLAVE_PASSWORD", "from-env", 1);
	RUN(&r, "--config", "@conf");
	check_password(&r, "from-env");
	setenv("CONCLAVE_PASSWORD", "from-env", 1);
	RUN(&r, "--config", "@conf", "--password-file", "@pw");
	check_password(&r, "from-file");
	setenv("CONCLAVE_PASSWORD", "from-env", 1);
	RUN(&r, "--config", "@conf", "-p", "from-argv");
	/* the process list does not show it */
	for (i = 0; i < strlen("from-argv"); i++)
		assert_int_equal(r.argv[4][i], '\0');
	/* neither does the environment */
	assert_null(getenv("CONCLAVE_PASSWORD"));
	check_password(&r, "from-argv");
	/* an empty variable counts as unset */
	setenv("CONCLAVE_PASSWORD", "", 1);
	RUN(&r, "--config", "@conf");
	check_password(&r, "from-config");
	setenv("CONCLAVE_PASSWORD", "a\nb", 1);
	RUN(&r, "--config", "@conf");
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_USAGE);
	assert_non_null(strstr(r.err, "$CONCLAVE_PASSWORD"));
	run_free(&r);
	unsetenv("CONCLAVE_PASSWORD");
}

static void test_password_file(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *password; /* NULL: refused */
		const char *said;     /* NULL: nothing */
	} cases[] = {
	    {"pw\n", 3, "pw", NULL},
	    {"pw\r\n", 4, "pw", NULL},
	    {"pw", 2, "pw", NULL},
	    {" pw", 3, " pw", NULL},
	    {" pw ", 4, " pw ", "ends in a blank"},
	    {"# pw\n", 5, "# pw", NULL},
	    {"\xef\xbb\xbfpw\r\n", 7, "pw", NULL},
	    {"pw\r", 3, "pw", NULL},
	    {"", 0, NULL, "it is empty"},
	    {"\n", 1, NULL, "it is empty"},
	    {"\xef\xbb\xbf\n", 4, NULL, "it is empty"},
	    {"pw\n\n", 4, NULL, "more than one line"},
	    {"pw\nother\n", 9, NULL, "more than one line"},
	    {"p\0w\n", 4, NULL, "zero byte"},
	    {"pw\t\n", 4, NULL, "tab"},
	    {"p\033w\n", 4, NULL, "control character"},
	    {"\xff\n", 2, NULL, "not UTF-8"},
	    {"\xff\xfep\0w\0\n\0", 8, NULL, "UTF-16"},
	    {"p\0w\0\n\0", 6, NULL, "UTF-16"},
	};
	char big[5000];
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_write("pw", cases[i].text, cases[i].n);
		RUN(&r, "--password-file", "@pw");
		if (cases[i].said != NULL &&
		    strstr(r.err, cases[i].said) == NULL)
			fail_msg("case %zu: %s", i, r.err);
		if (cases[i].password != NULL) {
			if (cases[i].said != NULL)
				r.err[0] = '\0';
			check_password(&r, cases[i].password);
			continue;
		}
		assert_int_equal(r.result, OPTION_SOURCES_EXIT_USAGE);
		assert_non_null(strstr(r.err, "on one line"));
		run_free(&r);
	}
	memset(big, 'x', sizeof(big));
	run_write("pw", big, sizeof(big));
	RUN(&r, "--password-file", "@pw");
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_USAGE);
	assert_non_null(strstr(r.err, "too long"));
	run_free(&r);
	run_write("pw", big, 1024);
	RUN(&r, "--password-file", "@pw");
	assert_int_equal(r.o.password.len, 1024);
	run_free(&r);
}

static void test_others_read(void **state)
{
	static const char conf[] = "password = x\n";
	char path[128];
	struct run r;

	(void)state;
	run_write("pw", "pw\n", 3);
	run_path(path, sizeof(path), "pw");
	assert_int_equal(chmod(path, 0644), 0);
	RUN(&r, "--password-file", "@pw");
	assert_int_equal(r.result, OPTION_SOURCES_RUN);
	assert_non_null(strstr(r.err, "warning"));
	assert_non_null(strstr(r.err, "chmod 600"));
	run_free(&r);
	run_write("conf", conf, strlen(conf));
	run_path(path, sizeof(path), "conf");
	assert_int_equal(chmod(path, 0644), 0);
	RUN(&r, "--config", "@conf");
	assert_int_equal(r.result, OPTION_SOURCES_RUN);
	assert_non_null(strstr(r.err, "warning"));
	run_free(&r);
}

static int fill_count(void *arg, void *out, size_t n)
{
	uint8_t *p = out;
	uint8_t *next = arg;

	while (n-- > 0)
		*p++ = (*next)++;
	return 0;
}

static int fill_fails(void *arg, void *out, size_t n)
{
	(void)arg, (void)out, (void)n;
	return ERR_CRYPTO;
}

static void test_made_password(void **state)
{
	struct server_options_values v;
	uint8_t next = 0xf8; /* 24, 25, ... 31, 0, 1, ... of the alphabet */
	struct rng rng = {fill_count, &next};

	(void)state;
	server_options_defaults(&v);
	assert_int_equal(server_options_make_password(&v.o, &rng), 0);
	assert_true(v.o.password_made);
	assert_true(v.o.password.secret);
	assert_int_equal(v.o.password.len, 29);
	assert_memory_equal(
	    v.o.password.p, "2345-6789-abcd-efgh-ijkm-npqr", 29);
	rng.fill = fill_fails;
	assert_int_equal(server_options_make_password(&v.o, &rng), ERR_CRYPTO);
	assert_int_equal(v.o.password.len, 0);
	server_options_values_free(&v);
}

int main(void)
{
	struct check_group g = {0};
	int r;

	run_setup();
	check_add(&g, test_password_not_shown, NULL, "not shown");
	check_add(&g, test_password_sources, NULL, "sources");
	check_add(&g, test_password_file, NULL, "file");
	check_add(&g, test_others_read, NULL, "others read it");
	check_add(&g, test_made_password, NULL, "made");
	r = check_run("password", &g);
	run_cleanup();
	return r;
}
