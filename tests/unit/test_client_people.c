/* Unit tests for known_people: a name is pinned by its first message, and a
 * changed one stays pinned to the old identity until the user accepts the new
 * one, in this run and the next. */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/pins.h"

/* Who has not spoken is in no file, but another key is noticed in this run. */
static void test_first_sight(void **state)
{
	const char *path = folder_path(state, "sub/people");
	struct people *p = pins_open(path);
	struct pinned known;

	assert_int_equal(
	    people_meet(p, pins_fp(1), "Alice", pins_fp(2)), TRUST_NEW);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "alice", pins_fp(2)), TRUST_NEW);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "ALICE", pins_fp(3)), TRUST_CHANGED);
	assert_true(people_disputed(p, pins_fp(1), "alice"));
	assert_int_equal(
	    people_meet(p, pins_fp(2), "alice", pins_fp(3)), TRUST_NEW);
	assert_false(people_pinned(p, pins_fp(1), "alice", 0, &known));
	pins_flush(p);
	assert_int_equal(access(path, F_OK), -1);
	/* A changed one is not pinned by speaking. */
	people_spoke(p, pins_fp(1), "alice", pins_fp(3));
	assert_false(people_pinned(p, pins_fp(1), "alice", 0, &known));
	people_free(p);
}

static void test_first_message(void **state)
{
	const char *path = folder_path(state, "sub/people");
	struct people *p = pins_open(path);
	struct stat st;
	char *text, *end;

	assert_int_equal(
	    pins_hear(p, pins_fp(1), "Alice", pins_fp(2)), TRUST_NEW);
	assert_int_equal(
	    pins_hear(p, pins_fp(1), "alice", pins_fp(2)), TRUST_SEEN);
	assert_int_equal(
	    pins_hear(p, pins_fp(1), "ALICE", pins_fp(3)), TRUST_CHANGED);
	/* Pins are separate for each server. */
	assert_int_equal(
	    pins_hear(p, pins_fp(2), "alice", pins_fp(3)), TRUST_NEW);
	assert_int_equal(access(path, F_OK), -1);
	pins_flush(p);
	people_free(p);
	text = folder_read(path);
	assert_non_null(text);
	assert_memory_equal(
	    text, FP1 " Alice " FP2 " known 2", strlen(FP1) * 2 + 15);
	end = strchr(text, '\n');
	assert_memory_equal(end + 1, FP2 " alice " FP3 " known 2", 2 * 43 + 15);
	free(text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_next_run(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = pins_open(path);
	struct pinned known;
	char today[RECORDS_DATE];

	records_date(today);
	assert_false(people_pinned(p, pins_fp(1), "bob", 0, &known));
	pins_hear(p, pins_fp(1), "bob", pins_fp(2));
	pins_flush(p);
	people_free(p);
	p = pins_open(path);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "Bob", pins_fp(2)), TRUST_SEEN);
	assert_true(people_pinned(p, pins_fp(1), "BOB", 0, &known));
	assert_memory_equal(known.identity, pins_fp(2), WIRE_HASH);
	assert_false(known.verified);
	assert_string_equal(known.since, today);
	people_free(p);
}

static void test_trust(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = pins_open(path);
	struct errmsg why;
	char *text;

	pins_hear(p, pins_fp(1), "bob", pins_fp(2));
	pins_hear(p, pins_fp(1), "eve", pins_fp(2));
	pins_flush(p);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_trust(p, pins_fp(1), "bob", pins_fp(3), TRUST_SEEN, &why),
	    0);
	/* Beside the first, in memory and in the file. */
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_SEEN);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(2)), TRUST_SEEN);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(1)), TRUST_CHANGED);
	assert_int_equal(people_trust(p, pins_fp(1), "bob", pins_fp(3),
			     TRUST_VERIFIED, &why),
	    0);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(2)), TRUST_SEEN);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_VERIFIED);
	people_free(p);
	p = pins_open(path);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_VERIFIED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "eve", pins_fp(2)), TRUST_SEEN);
	/* A verified name with another identity is reported as changed. */
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(1)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(2)), TRUST_SEEN);
	people_free(p);
	text = folder_read(path);
	assert_non_null(strstr(text, " bob " FP2 " known "));
	assert_null(strstr(text, " bob " FP3 " known "));
	assert_non_null(strstr(text, " bob " FP3 " verified "));
	free(text);
	assert_int_equal(folder_count(state), 1);
}

/* A person with several devices: each of the keys has its own mark and date, the
 * oldest comes first, and a flush rewrites only the line of its own key. */
static void test_devices(void **state)
{
	const char *path = folder_path(state, "people");
	const char *const file =
	    FP1 " bob " FP2 " seen 2026-01-01\n" FP1 " Bob " FP3
		" verified 2026-02-02\n" FP2 " bob " FP1 " known 2026-03-03\n";
	struct people *p;
	struct pinned pin;
	char *text;

	folder_write(path, file, 0600);
	p = pins_open(path);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "BOB", pins_fp(2)), TRUST_SEEN);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_VERIFIED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(1)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(2), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_true(people_pinned(p, pins_fp(1), "bob", 0, &pin));
	assert_memory_equal(pin.identity, pins_fp(2), WIRE_HASH);
	assert_false(pin.verified);
	assert_string_equal(pin.since, "2026-01-01");
	assert_true(people_pinned(p, pins_fp(1), "bob", 1, &pin));
	assert_memory_equal(pin.identity, pins_fp(3), WIRE_HASH);
	assert_true(pin.verified);
	assert_false(people_pinned(p, pins_fp(1), "bob", 2, &pin));
	/* The "seen" key speaks: its line becomes "known". */
	pins_hear(p, pins_fp(1), "bob", pins_fp(2));
	pins_flush(p);
	people_free(p);
	text = folder_read(path);
	assert_non_null(strstr(text, " bob " FP2 " known "));
	assert_null(strstr(text, " seen "));
	assert_non_null(strstr(text, " Bob " FP3 " verified 2026-02-02\n"));
	assert_non_null(strstr(text, FP2 " bob " FP1 " known 2026-03-03\n"));
	free(text);
	p = pins_open(path);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(2)), TRUST_SEEN);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_VERIFIED);
	people_free(p);
}

/* Verifying a person never met before pins and verifies them in one step. */
static void test_trust_unknown(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = pins_open(path);
	struct errmsg why;

	assert_int_equal(people_trust(p, pins_fp(1), "bob", pins_fp(2),
			     TRUST_VERIFIED, &why),
	    0);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(2)), TRUST_VERIFIED);
	people_free(p);
}

/* A name that two identities have used stays disputed, whatever the file says
 * later. */
static void test_disputed(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = pins_open(path), *other;
	char name[16];
	int i;

	pins_hear(p, pins_fp(1), "bob", pins_fp(2));
	pins_hear(p, pins_fp(1), "bob", pins_fp(2));
	assert_false(people_disputed(p, pins_fp(1), "bob"));
	assert_int_equal(
	    people_meet(p, pins_fp(1), "Bob", pins_fp(3)), TRUST_CHANGED);
	assert_true(people_disputed(p, pins_fp(1), "bob"));
	assert_false(people_disputed(p, pins_fp(2), "bob"));
	pins_flush(p);
	other = pins_open(path);
	pins_hear(other, pins_fp(1), "eve", pins_fp(2));
	pins_flush(other);
	people_free(other);
	pins_hear(p, pins_fp(1), "zoe", pins_fp(2)); /* reads the file again */
	assert_int_equal(
	    people_meet(p, pins_fp(1), "eve", pins_fp(2)), TRUST_SEEN);
	assert_true(people_disputed(p, pins_fp(1), "bob"));
	assert_false(people_disputed(p, pins_fp(1), "eve"));
	/* Past the limit of remembered names, every name counts as disputed. */
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		pins_hear(p, pins_fp(1), name, pins_fp(2));
		assert_int_equal(people_meet(p, pins_fp(1), name, pins_fp(3)),
		    TRUST_CHANGED);
		assert_true(people_disputed(p, pins_fp(1), name));
	}
	assert_true(people_disputed(p, pins_fp(1), "eve"));
	people_free(p);
}

static void test_ops(void **state)
{
	struct people *p = pins_open(folder_path(state, "people"));
	struct people_ops ops = people_ops(p);

	assert_int_equal(
	    ops.meet(ops.arg, pins_fp(1), "bob", pins_fp(2)), TRUST_NEW);
	ops.spoke(ops.arg, pins_fp(1), "bob", pins_fp(2));
	assert_int_equal(
	    ops.meet(ops.arg, pins_fp(1), "bob", pins_fp(2)), TRUST_SEEN);
	assert_int_equal(
	    ops.meet(ops.arg, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	people_free(p);
	people_free(NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_first_sight),
	    T(test_first_message),
	    T(test_next_run),
	    T(test_trust),
	    T(test_devices),
	    T(test_trust_unknown),
	    T(test_disputed),
	    T(test_ops),
	};

	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
