/* Unit tests for the file known_people: the lines that it takes and refuses, and
 * what happens when it breaks, is shared, or cannot be written. */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/pins.h"

static void test_good_lines(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p;
	struct errmsg why;
	char *text;

	folder_write(path,
	    "\xef\xbb\xbf" FP1 " bob " FP2 " verified 2026-01-01 # note\r\n"
	    "# people\n\n \t\r\n" FP1 " BOB " FP2
	    " verified\n"	       /* the same again */
	    FP1 " kim " FP3 " seen -", /* no end */
	    0600);
	p = pins_open(path);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(2)), TRUST_VERIFIED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "kim", pins_fp(3)), TRUST_SEEN);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "kim", pins_fp(2)), TRUST_CHANGED);
	/* Neither way of writing loses a line. */
	pins_hear(p, pins_fp(1), "zoe", pins_fp(2));
	pins_flush(p);
	assert_int_equal(
	    people_trust(p, pins_fp(1), "bob", pins_fp(2), TRUST_SEEN, &why),
	    0);
	people_free(p);
	text = folder_read(path);
	assert_non_null(strstr(text, "seen -\n" FP1 " zoe "));
	assert_non_null(strstr(text, "# people\n"));
	assert_null(strstr(text, FP1 " BOB "));
	free(text);
	p = pins_open(path);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(2)), TRUST_SEEN);
	people_free(p);
}

/* A line that is not understood might be somebody's pin. */
static void test_broken_lines(void **state)
{
	static const struct {
		const char *text, *line, *what;
	} rows[] = {
	    {"x bob " FP2 " seen 2026-01-01\n", " line 1: ", "the server"},
	    {"#\n" FP1 " b!b " FP2 " seen\n", " line 2: ", "not a name"},
	    {FP1 " server " FP2 " seen\n", " line 1: ", "not a name"},
	    {FP1 "\n", " line 1: ", "not a name"},
	    {FP1 " bob xx seen 2026-01-01\n", " line 1: ", "the identity"},
	    {FP1 " bob " FP2 " maybe\n", " line 1: ", "none of"},
	    {FP1 " bob " FP2 "\n", " line 1: ", "none of"},
	    {FP1 " bob " FP2 " Verified\n", " line 1: ", "none of"},
	    {FP1 " bob " FP2 " seen today\n", " line 1: ", "date"},
	    {FP1 " bob " FP2 " seen 2026-01-01 verified\n",
		" line 1: ", "more than"},
	    {FP1 " bob " FP2 " seen\n" FP1 " BOB " FP3 " seen\n" FP1 " BOB " FP2
		 " known\n",
		" line 3: ", "mark"},
	    {FP1 " bob " FP2 " seen\n" FP1 " bob " FP2 " verified\n",
		" line 2: ", "mark"},
	    {FP1 " abcdefghijklmnopqrstuvwxy " FP2 " seen x",
		" line 1: ", "not a name"},
	    {"# old\r" FP1 " bob " FP2 " seen\r",
		" line 1: ", "carriage return"},
	    {"\xfe\xff", "", "UTF-16"},
	};
	const char *path = folder_path(state, "people");
	struct people *p = NULL;
	struct errmsg why;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		folder_write(path, rows[i].text, 0600);
		assert_int_equal(people_open(&p, path, &why), ERR_USAGE);
		assert_null(p);
		if (strstr(why.text, path) == NULL ||
		    strstr(why.text, rows[i].line) == NULL ||
		    strstr(why.text, rows[i].what) == NULL)
			fail_msg("row %zu: %s", i, why.text);
	}
}

/* A file that breaks while the client runs takes no pin away, and nothing is
 * written to it. */
static void test_broken_meanwhile(void **state)
{
	const char *path = folder_path(state, "people");
	const char *broken = FP1 " kim " FP2 " seen\nbroken\n";
	struct people *p;
	struct errmsg why;
	char *text;

	folder_write(path, FP1 " bob " FP2 " verified\n", 0600);
	p = pins_open(path);
	folder_write(path, broken, 0600);
	pins_hear(p, pins_fp(1), "zoe", pins_fp(2)); /* reads the file again */
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(2)), TRUST_VERIFIED);
	assert_int_equal(people_flush(p, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, " line 2: "));
	assert_int_equal(
	    people_trust(p, pins_fp(1), "bob", pins_fp(3), TRUST_SEEN, &why),
	    ERR_USAGE);
	assert_non_null(strstr(why.text, " line 2: "));
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	text = folder_read(path);
	assert_string_equal(text, broken);
	free(text);
	/* Once it is mended, what was learnt meanwhile is written. */
	folder_write(path, FP1 " kim " FP2 " seen\n", 0600);
	pins_hear(p, pins_fp(1), "ann", pins_fp(2));
	pins_flush(p);
	people_free(p);
	text = folder_read(path);
	assert_non_null(strstr(text, FP1 " zoe "));
	free(text);
}

/* Two clients of one user share their pins. */
static void test_two_clients(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *a = pins_open(path), *b = pins_open(path);
	char *text;

	pins_hear(a, pins_fp(1), "bob", pins_fp(2));
	pins_flush(a);
	assert_int_equal(
	    people_meet(b, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	/* Both at once: the first writer wins, and the other learns of it. */
	assert_int_equal(
	    pins_hear(a, pins_fp(1), "eve", pins_fp(2)), TRUST_NEW);
	assert_int_equal(
	    pins_hear(b, pins_fp(1), "eve", pins_fp(3)), TRUST_NEW);
	pins_flush(b);
	pins_flush(a);
	assert_int_equal(
	    people_meet(a, pins_fp(1), "eve", pins_fp(2)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(a, pins_fp(1), "eve", pins_fp(3)), TRUST_SEEN);
	people_free(a);
	people_free(b);
	text = folder_read(path);
	assert_null(strstr(text, " eve " FP2));
	free(text);
}

/* A write error is reported once; the pins stay in memory. */
static void test_cannot_write(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = pins_open(path);
	struct errmsg why;

	assert_int_equal(mkdir(path, 0700), 0);
	pins_hear(p, pins_fp(1), "bob", pins_fp(2));
	assert_int_equal(people_flush(p, &why), ERR_IO);
	assert_non_null(strstr(why.text, path));
	pins_flush(p);
	pins_hear(p, pins_fp(1), "eve", pins_fp(2));
	pins_flush(p); /* already reported */
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_trust(p, pins_fp(1), "bob", pins_fp(3), TRUST_SEEN, &why),
	    ERR_IO);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	/* Once the disk is writable, everything is written. */
	assert_int_equal(rmdir(path), 0);
	pins_hear(p, pins_fp(1), "kim", pins_fp(2));
	pins_flush(p);
	people_free(p);
	p = pins_open(path);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "eve", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "kim", pins_fp(3)), TRUST_CHANGED);
	people_free(p);
}

/* Nobody new speaks after the disk was full: the pins are written all the same. */
static void test_written_later(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = pins_open(path);
	struct errmsg why;
	char *text;

	people_again(p, 500); /* nothing has failed */
	assert_int_equal(mkdir(path, 0700), 0);
	pins_hear(p, pins_fp(1), "bob", pins_fp(2));
	assert_int_equal(people_flush(p, &why), ERR_IO);
	people_again(p, 1000);
	pins_flush(p); /* already reported */
	assert_int_equal(rmdir(path), 0);
	people_again(p, 1000 + PEOPLE_AGAIN_MS - 1);
	pins_flush(p);
	assert_int_equal(access(path, F_OK), -1);
	people_again(p, 1000 + PEOPLE_AGAIN_MS);
	pins_flush(p);
	text = folder_read(path);
	assert_non_null(strstr(text, " bob "));
	free(text);
	people_free(p);
}

static void test_many(void **state)
{
	enum { MANY = 20000 };
	const char *path = folder_path(state, "people");
	struct people *p = pins_open(path);
	char name[16];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(
		    pins_hear(p, pins_fp(1), name, pins_fp(2)), TRUST_NEW);
		if (i % 4000 == 3999)
			pins_flush(p);
	}
	people_free(p);
	p = pins_open(path);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "N%d", i);
		assert_int_equal(people_meet(p, pins_fp(1), name, pins_fp(3)),
		    TRUST_CHANGED);
	}
	people_free(p);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_good_lines),
	    T(test_broken_lines),
	    T(test_broken_meanwhile),
	    T(test_two_clients),
	    T(test_cannot_write),
	    T(test_written_later),
	    T(test_many),
	};

	return cmocka_run_group_tests_name("people file", tests, NULL, NULL);
}
