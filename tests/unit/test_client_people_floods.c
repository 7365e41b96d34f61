/* Unit tests for floods of names in known_people: none of them pushes a pin
 * out. */
#include <sys/stat.h>

#include "tests/unit/pins.h"

enum { FLOOD = 40000 };

static void nth_name(char out[16], int i)
{
	snprintf(out, 16, "flood%d", i);
}

static size_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

/* 40,000 names that join and say nothing take no room in the file. */
static void test_silent_flood(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = pins_open(path);
	char name[16];
	int i;

	pins_hear(p, pins_fp(1), "bob", pins_fp(2));
	for (i = 0; i < FLOOD; i++) {
		nth_name(name, i);
		assert_int_equal(
		    people_meet(p, pins_fp(1), name, pins_fp(3)), TRUST_NEW);
		if (i % 4000 == 0)
			pins_flush(p);
	}
	pins_hear(p, pins_fp(1), "carol", pins_fp(2));
	pins_flush(p);
	people_free(p);
	assert_true(size_of(path) < 400);
	p = pins_open(path);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "carol", pins_fp(3)), TRUST_CHANGED);
	people_free(p);
}

/* 40,000 names speak. Once it is said whose key is the first that is not kept. */
static void speak_all(struct people *p, const char *path, char first[16])
{
	struct errmsg why;
	char name[16], *said;
	int i, told = 0;

	for (i = 0; i < FLOOD; i++) {
		nth_name(name, i);
		pins_hear(p, pins_fp(1), name, pins_fp(3));
		if (i % 2000 != 1999)
			continue;
		if (people_flush(p, &why) == 0)
			continue;
		told++;
		assert_non_null(strstr(why.text, path));
		said = strstr(why.text, "the key of flood");
		assert_non_null(said);
		assert_int_equal(
		    sscanf(said, "the key of %15[a-z0-9]", first), 1);
	}
	assert_int_equal(told, 1);
}

/* 40,000 names that all speak: a friend's other key is told after a restart,
 * whoever could not be kept is said once, and other servers have room. */
static void test_speaking_flood(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = pins_open(path);
	struct errmsg why;
	char name[16], first[16] = "";
	int i, kept = 0;

	pins_hear(p, pins_fp(1), "bob", pins_fp(2));
	pins_flush(p);
	speak_all(p, path, first);
	/* The friend who comes too late is the user's to keep. */
	pins_hear(p, pins_fp(1), "late", pins_fp(2));
	pins_flush(p);
	assert_int_equal(people_trust(p, pins_fp(1), "kim", pins_fp(2),
			     TRUST_VERIFIED, &why),
	    0);
	people_free(p);
	p = pins_open(path); /* a client of another server */
	assert_int_equal(
	    pins_hear(p, pins_fp(2), "eve", pins_fp(2)), TRUST_NEW);
	pins_flush(p);
	people_free(p);
	assert_true(size_of(path) < FILE_MAX);

	p = pins_open(path);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "kim", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "kim", pins_fp(2)), TRUST_VERIFIED);
	assert_int_equal(
	    people_meet(p, pins_fp(2), "eve", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "late", pins_fp(3)), TRUST_NEW);
	/* In order of arrival: the one who was named, and nobody before. */
	for (i = 0; i < FLOOD; i++) {
		nth_name(name, i);
		if (people_meet(p, pins_fp(1), name, pins_fp(2)) !=
		    TRUST_CHANGED)
			break;
		kept++;
	}
	assert_true(kept > 20000);
	assert_string_equal(name, first);
	people_free(p);
}

/* Three people, and 35,000 whom nobody has heard. */
static void write_old_flood(const char *path)
{
	enum { OLD = 35000 };
	struct buf b;
	char line[160];
	int i;

	buf_init(&b, FILE_MAX);
	assert_int_equal(
	    buf_str(&b, FP1 " bob " FP2 " seen 2026-01-01\n" FP1 " kim " FP2
			    " verified 2026-01-01\n" FP2 " ann " FP2
			    " seen 2026-01-01\n"),
	    0);
	for (i = 0; i < OLD; i++) {
		snprintf(line, sizeof(line),
		    FP1 " flood%05d " FP3 " seen 2026-01-01\n", i);
		assert_int_equal(buf_str(&b, line), 0);
	}
	assert_true(b.len > (size_t)FILE_MAX / 8 * 7);
	assert_int_equal(buf_u8(&b, 0), 0);
	folder_write(path, (const char *)b.p, 0600);
	buf_free(&b);
}

/* A file that a flood filled before pins had to be earned makes room: who never
 * spoke goes, who was compared or speaks stays. */
static void test_old_flood(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p;
	struct errmsg why;
	struct buf b;
	char name[16];
	const char *text;
	int i;

	write_old_flood(path);
	p = pins_open(path);
	/* bob speaks, and so is heard under this version. */
	assert_int_equal(
	    pins_hear(p, pins_fp(1), "bob", pins_fp(2)), TRUST_SEEN);
	pins_flush(p);
	for (i = 0; i < 2000; i++) {
		nth_name(name, i);
		assert_int_equal(
		    pins_hear(p, pins_fp(3), name, pins_fp(2)), TRUST_NEW);
		if (i % 500 == 499)
			assert_int_equal(people_flush(p, &why), 0);
	}
	people_free(p);
	buf_init(&b, FILE_MAX + 1);
	assert_int_equal(file_read(path, FILE_OWN, &b, &why), 0);
	assert_int_equal(buf_u8(&b, 0), 0);
	text = (const char *)b.p;
	assert_non_null(strstr(text, FP1 " bob " FP2 " known 2026-01-01\n"));
	assert_non_null(strstr(text, FP1 " kim " FP2 " verified 2026-01-01\n"));
	/* The oldest silent ones have gone, and only as many as needed. */
	assert_null(strstr(text, "flood00000 "));
	assert_non_null(strstr(text, "flood34999 "));
	buf_free(&b);
	p = pins_open(path);
	for (i = 0; i < 2000; i++) {
		nth_name(name, i);
		assert_int_equal(people_meet(p, pins_fp(3), name, pins_fp(3)),
		    TRUST_CHANGED);
	}
	assert_int_equal(
	    people_meet(p, pins_fp(1), "bob", pins_fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_meet(p, pins_fp(1), "kim", pins_fp(3)), TRUST_CHANGED);
	people_free(p);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_silent_flood),
	    T(test_speaking_flood),
	    T(test_old_flood),
	};

	return cmocka_run_group_tests_name("people floods", tests, NULL, NULL);
}
