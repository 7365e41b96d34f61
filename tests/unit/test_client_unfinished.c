/* Unit tests for the records of files that are on their way. */
#include <sys/stat.h>
#include <unistd.h>

#include "client/trust/unfinished.h"
#include "shared/wire/json.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

static struct file_record record(uint8_t first, bool own)
{
	struct file_record r = {.own = own, .stamp = 0x123456789abcdef0};

	snprintf(r.room, sizeof(r.room), "lobby");
	snprintf(r.from, sizeof(r.from), "carol");
	snprintf(r.place, sizeof(r.place), "/home/m\xff/a \"file\"\n%u", first);
	snprintf(r.offer.name, sizeof(r.offer.name), "a file");
	memset(r.offer.id, first, WIRE_ID);
	memset(r.offer.blob, 2, WIRE_BLOB);
	memset(r.offer.key.key, 3, WIRE_KEY);
	memset(r.offer.hash, 4, WIRE_HASH);
	r.offer.key.file = 123456789;
	return r;
}

static struct unfinished *open_it(void **state)
{
	struct unfinished *u = NULL;
	struct errmsg why;

	assert_int_equal(
	    unfinished_open(&u, folder_path(state, "server"), &why), 0);
	return u;
}

static size_t count(struct unfinished *u)
{
	struct file_record got;
	size_t n = 0;

	while (unfinished_next(u, &got))
		n++;
	return n;
}

static void test_kept(void **state)
{
	struct file_record a = record(1, true), b = record(1, false), got;
	struct unfinished *u = open_it(state), *other;
	struct errmsg why;
	char path[512];
	struct stat st;

	assert_int_equal(count(u), 0);
	assert_int_equal(unfinished_keep(u, &a, &why), 0);
	assert_int_equal(unfinished_keep(u, &b, &why), 0);
	assert_int_equal(unfinished_keep(u, &b, &why), 0);
	assert_int_equal(folder_count(state), 2);
	snprintf(path, sizeof(path), "%s",
	    folder_path(state, "server-s01010101010101010101010101010101"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* Another client of the user works on neither. */
	other = open_it(state);
	assert_int_equal(count(other), 0);
	unfinished_free(other);
	unfinished_free(u);
	/* A later run has both, as they were. */
	u = open_it(state);
	assert_true(unfinished_next(u, &got));
	assert_memory_equal(
	    &got.offer, got.own ? &a.offer : &b.offer, sizeof(got.offer));
	assert_string_equal(got.place, a.place);
	assert_string_equal(got.room, "lobby");
	assert_string_equal(got.from, "carol");
	assert_int_equal(got.stamp, a.stamp);
	assert_int_equal(count(u), 1);
	unfinished_forget(u, true, a.offer.id);
	unfinished_forget(u, true, a.offer.id);
	unfinished_free(u);
	u = open_it(state);
	assert_true(unfinished_next(u, &got));
	assert_false(got.own);
	unfinished_forget(u, false, a.offer.id);
	unfinished_free(u);
	assert_int_equal(folder_count(state), 0);
}

/* Files that are no records, or somebody else's: left alone, and nothing is
 * taken from them. */
static void test_others(void **state)
{
	static const char name[] = "server-g01010101010101010101010101010101";
	struct file_record b = record(1, false);
	struct unfinished *u = open_it(state);
	struct errmsg why;
	char *text, path[512];
	size_t n, i;

	snprintf(path, sizeof(path), "%s", folder_path(state, name));
	assert_int_equal(unfinished_keep(u, &b, &why), 0);
	unfinished_free(u);
	text = folder_read(path);
	n = strlen(text);
	/* Every truncation. */
	for (i = 0; i < n; i++) {
		char *cut = strndup(text, i);

		folder_write(path, cut, 0600);
		free(cut);
		u = open_it(state);
		assert_int_equal(count(u), 0);
		unfinished_free(u);
	}
	folder_write(path, text, 0644);
	(void)chmod(path, 0644);
	u = open_it(state);
	assert_int_equal(count(u), 0);
	unfinished_free(u);
	(void)chmod(path, 0600);
	/* Under the name of another. */
	assert_int_equal(
	    rename(path,
		folder_path(state, "server-s01010101010101010101010101010101")),
	    0);
	folder_write(folder_path(state, "other-g0101"), text, 0600);
	u = open_it(state);
	assert_int_equal(count(u), 0);
	unfinished_free(u);
	free(text);
	assert_int_equal(folder_count(state), 2);
}

/* Nothing can be kept: a file is moved in one run. */
static void test_nowhere(void **state)
{
	struct file_record a = record(1, true);
	struct unfinished *u = NULL;
	struct errmsg why;

	(void)state;
	assert_int_equal(unfinished_open(&u, NULL, &why), 0);
	assert_int_equal(count(u), 0);
	assert_int_equal(unfinished_keep(u, &a, &why), 0);
	unfinished_forget(u, true, a.offer.id);
	unfinished_free(u);
	unfinished_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_kept, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		test_others, folder_make, folder_remove),
	    cmocka_unit_test(test_nowhere),
	};

	json_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
