/* Unit tests for known_people: a name is pinned at first sight, and a changed
 * one stays pinned to the old identity until the user accepts the new one, in
 * this run and the next. */
#include <sys/stat.h>
#include <unistd.h>

#include "client/trust/people.h"
#include "tests/unit/folder.h"

/* base64url of 32 bytes of 1, 2, 3 */
#define FP1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
#define FP2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"
#define FP3 "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"

static const uint8_t *fp(int c)
{
	static uint8_t fps[4][WIRE_HASH];

	memset(fps[c], c, WIRE_HASH);
	return fps[c];
}

static struct people *open_people(const char *path)
{
	struct people *p = NULL;
	struct errmsg why;

	assert_int_equal(people_open(&p, path, NULL, &why), 0);
	return p;
}

static void flush(struct people *p)
{
	struct errmsg why;

	assert_int_equal(people_flush(p, &why), 0);
}

static void test_first_sight(void **state)
{
	const char *path = folder_path(state, "sub/people");
	struct people *p = open_people(path);
	struct stat st;
	char *text, *end;

	assert_int_equal(people_meet(p, fp(1), "Alice", fp(2)), TRUST_SEEN);
	assert_int_equal(people_meet(p, fp(1), "alice", fp(2)), TRUST_SEEN);
	assert_int_equal(people_meet(p, fp(1), "ALICE", fp(3)), TRUST_CHANGED);
	/* Pins are separate for each server. */
	assert_int_equal(people_meet(p, fp(2), "alice", fp(3)), TRUST_SEEN);
	assert_int_equal(access(path, F_OK), -1);
	flush(p);
	people_free(p);
	text = folder_read(path);
	assert_non_null(text);
	assert_memory_equal(
	    text, FP1 " Alice " FP2 " seen 2", strlen(FP1) * 2 + 14);
	end = strchr(text, '\n');
	assert_memory_equal(end + 1, FP2 " alice " FP3 " seen 2", 2 * 43 + 14);
	free(text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_next_run(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	struct pinned known;
	char today[RECORDS_DATE];

	records_date(today);
	assert_false(people_pinned(p, fp(1), "bob", &known));
	people_meet(p, fp(1), "bob", fp(2));
	flush(p);
	people_free(p);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "Bob", fp(2)), TRUST_SEEN);
	assert_true(people_pinned(p, fp(1), "BOB", &known));
	assert_memory_equal(known.identity, fp(2), WIRE_HASH);
	assert_false(known.verified);
	assert_string_equal(known.since, today);
	people_free(p);
}

static void test_trust(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	struct errmsg why;
	char *text;

	people_meet(p, fp(1), "bob", fp(2));
	people_meet(p, fp(1), "eve", fp(2));
	flush(p);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(3), TRUST_SEEN, &why), 0);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_SEEN);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_CHANGED);
	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(3), TRUST_VERIFIED, &why), 0);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_VERIFIED);
	people_free(p);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_VERIFIED);
	assert_int_equal(people_meet(p, fp(1), "eve", fp(2)), TRUST_SEEN);
	/* A verified name with another identity is reported as changed. */
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_CHANGED);
	people_free(p);
	text = folder_read(path);
	assert_null(strstr(text, " bob " FP2));
	assert_non_null(strstr(text, " bob " FP3 " verified "));
	free(text);
	assert_int_equal(folder_count(state), 1);
}

/* Verifying a person never met before pins and verifies them in one step. */
static void test_trust_unknown(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	struct errmsg why;

	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(2), TRUST_VERIFIED, &why), 0);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_VERIFIED);
	people_free(p);
}

struct said {
	char text[4096];
};

static void on_complaint(void *arg, const char *sentence)
{
	struct said *s = arg;

	strncat(s->text, sentence, sizeof(s->text) - strlen(s->text) - 1);
}

static void test_broken_lines(void **state)
{
	const char *path = folder_path(state, "people");
	struct said said = {""};
	struct complain c = {on_complaint, &said};
	struct people *p = NULL;
	struct errmsg why;
	char *text;

	folder_write(path,
	    "# people\n"
	    "x bob " FP2 " seen 2026-01-01\n"		  /* 2 */
	    FP1 " b!b " FP2 " seen 2026-01-01\n"	  /* 3 */
	    FP1 " server " FP2 " seen\n"		  /* 4 */
	    FP1 " bob xx seen 2026-01-01\n"		  /* 5 */
	    FP1 " bob " FP2 " maybe 2026-01-01\n"	  /* 6 */
	    FP1 " bob " FP2 "\n"			  /* 7 */
	    FP1 " bob " FP2 " verified 2026-01-01 note\n" /* 8: good */
	    FP1 " BOB " FP3 " verified 2026-01-01\n"	  /* 9: again */
	    FP1 " abcdefghijklmnopqrstuvwxy " FP2
	    " seen x" /* 10: 25 letters */,
	    0600);
	assert_int_equal(people_open(&p, path, &c, &why), 0);
	assert_non_null(strstr(said.text, " line 2: the server"));
	assert_non_null(strstr(said.text, " line 3: that is not a name"));
	assert_non_null(strstr(said.text, " line 4: that is not a name"));
	assert_non_null(strstr(said.text, " line 5: the identity"));
	assert_non_null(strstr(said.text, " line 6: neither"));
	assert_non_null(strstr(said.text, " line 7: neither"));
	assert_null(strstr(said.text, " line 8: "));
	assert_non_null(strstr(said.text, " line 9: a line above"));
	assert_non_null(strstr(said.text, " line 10: that is not a name"));
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_VERIFIED);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	/* Neither way of writing loses a line that it cannot parse. */
	people_meet(p, fp(1), "zoe", fp(2));
	flush(p);
	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(3), TRUST_SEEN, &why), 0);
	people_free(p);
	text = folder_read(path);
	assert_non_null(strstr(text, FP1 " bob " FP2 " maybe 2026-01-01\n"));
	assert_non_null(strstr(text, "seen x\n" FP1 " zoe "));
	assert_non_null(strstr(text, "# people\n"));
	assert_null(strstr(text, FP1 " BOB "));
	free(text);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_SEEN);
	people_free(p);
}

/* Two clients of one user share their pins. */
static void test_two_clients(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *a = open_people(path), *b = open_people(path);
	char *text;

	people_meet(a, fp(1), "bob", fp(2));
	flush(a);
	assert_int_equal(people_meet(b, fp(1), "bob", fp(3)), TRUST_CHANGED);
	/* Both at once: the first writer wins, and the other learns of it. */
	assert_int_equal(people_meet(a, fp(1), "eve", fp(2)), TRUST_SEEN);
	assert_int_equal(people_meet(b, fp(1), "eve", fp(3)), TRUST_SEEN);
	flush(b);
	flush(a);
	assert_int_equal(people_meet(a, fp(1), "eve", fp(2)), TRUST_CHANGED);
	assert_int_equal(people_meet(a, fp(1), "eve", fp(3)), TRUST_SEEN);
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
	struct people *p = open_people(path);
	struct errmsg why;

	assert_int_equal(mkdir(path, 0700), 0);
	people_meet(p, fp(1), "bob", fp(2));
	assert_int_equal(people_flush(p, &why), ERR_IO);
	assert_non_null(strstr(why.text, path));
	flush(p);
	people_meet(p, fp(1), "eve", fp(2));
	flush(p); /* already reported */
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(3), TRUST_SEEN, &why), ERR_IO);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	/* Once the disk is writable, everything is written. */
	assert_int_equal(rmdir(path), 0);
	people_meet(p, fp(1), "kim", fp(2));
	flush(p);
	people_free(p);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "eve", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "kim", fp(3)), TRUST_CHANGED);
	people_free(p);
}

static void test_many(void **state)
{
	enum { MANY = 20000 };
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	char name[16];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(
		    people_meet(p, fp(1), name, fp(2)), TRUST_SEEN);
	}
	flush(p);
	people_free(p);
	p = open_people(path);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "N%d", i);
		assert_int_equal(
		    people_meet(p, fp(1), name, fp(3)), TRUST_CHANGED);
	}
	people_free(p);
}

/* A name that two identities have used stays disputed, whatever the file says
 * later. */
static void test_disputed(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path), *other;
	char name[16];
	int i;

	people_meet(p, fp(1), "bob", fp(2));
	people_meet(p, fp(1), "bob", fp(2));
	assert_false(people_disputed(p, fp(1), "bob"));
	assert_int_equal(people_meet(p, fp(1), "Bob", fp(3)), TRUST_CHANGED);
	assert_true(people_disputed(p, fp(1), "bob"));
	assert_false(people_disputed(p, fp(2), "bob"));
	flush(p);
	other = open_people(path);
	people_meet(other, fp(1), "eve", fp(2));
	flush(other);
	people_free(other);
	people_meet(p, fp(1), "zoe", fp(2)); /* reads the file again */
	assert_int_equal(people_meet(p, fp(1), "eve", fp(2)), TRUST_SEEN);
	assert_true(people_disputed(p, fp(1), "bob"));
	assert_false(people_disputed(p, fp(1), "eve"));
	/* Past the limit of remembered names, every name counts as disputed. */
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		people_meet(p, fp(1), name, fp(2));
		assert_int_equal(
		    people_meet(p, fp(1), name, fp(3)), TRUST_CHANGED);
		assert_true(people_disputed(p, fp(1), name));
	}
	assert_true(people_disputed(p, fp(1), "eve"));
	people_free(p);
}

static void test_ops(void **state)
{
	struct people *p = open_people(folder_path(state, "people"));
	struct people_ops ops = people_ops(p);

	assert_int_equal(ops.meet(ops.arg, fp(1), "bob", fp(2)), TRUST_SEEN);
	assert_int_equal(ops.meet(ops.arg, fp(1), "bob", fp(3)), TRUST_CHANGED);
	people_free(p);
	people_free(NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_first_sight),
	    T(test_next_run),
	    T(test_trust),
	    T(test_trust_unknown),
	    T(test_broken_lines),
	    T(test_two_clients),
	    T(test_cannot_write),
	    T(test_many),
	    T(test_disputed),
	    T(test_ops),
	};

	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
