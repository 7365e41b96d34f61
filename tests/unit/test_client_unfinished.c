/* Unit tests for the records of files that are on their way: sealed under the
 * identity, also those that an earlier version wrote in clear. */
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

static struct unfinished *open_as(void **state, uint8_t seed)
{
	struct unfinished *u = NULL;
	uint8_t bytes[32];
	struct identity *id;
	struct errmsg why;

	memset(bytes, seed, sizeof(bytes));
	assert_non_null(id = identity_from_seed(bytes));
	assert_int_equal(
	    unfinished_open(&u, folder_path(state, "server"), id, &why), 0);
	identity_free(id);
	return u;
}

static struct unfinished *open_it(void **state)
{
	return open_as(state, 7);
}

enum { ENOUGH = 16 << 10 };

/* With zeros behind it. */
static size_t read_bytes(const char *path, uint8_t out[ENOUGH])
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	memset(out, 0, ENOUGH);
	n = fread(out, 1, ENOUGH, f);
	fclose(f);
	return n;
}

static void write_bytes(const char *path, const uint8_t *p, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static bool has(
    const uint8_t *p, size_t n, const void *what, size_t what_n)
{
	return memmem(p, n, what, what_n) != NULL;
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
	uint8_t was[ENOUGH];
	char path[512];
	struct stat st;
	size_t n;

	assert_int_equal(count(u), 0);
	assert_int_equal(unfinished_keep(u, &a, &why), 0);
	assert_int_equal(unfinished_keep(u, &b, &why), 0);
	assert_int_equal(unfinished_keep(u, &b, &why), 0);
	assert_int_equal(folder_count(state), 2);
	snprintf(path, sizeof(path), "%s",
	    folder_path(state, "server-s01010101010101010101010101010101"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	n = read_bytes(path, was);
	assert_false(has(was, n, "AwMDAwMDAwMD", 12)); /* the key */
	assert_false(has(was, n, "a file", 6));
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
	uint8_t was[ENOUGH], cut[ENOUGH];
	char path[512];
	size_t n, i;

	snprintf(path, sizeof(path), "%s", folder_path(state, name));
	assert_int_equal(unfinished_keep(u, &b, &why), 0);
	unfinished_free(u);
	n = read_bytes(path, was);
	/* Every truncation, and every flipped bit. */
	for (i = 0; i < n; i++) {
		write_bytes(path, was, i);
		u = open_it(state);
		assert_int_equal(count(u), 0);
		unfinished_free(u);
	}
	for (i = 0; i < 8 * n; i++) {
		memcpy(cut, was, n);
		cut[i / 8] ^= (uint8_t)(1 << i % 8);
		write_bytes(path, cut, n);
		u = open_it(state);
		assert_int_equal(count(u), 0);
		unfinished_free(u);
	}
	write_bytes(path, was, n);
	(void)chmod(path, 0644);
	u = open_it(state);
	assert_int_equal(count(u), 0);
	unfinished_free(u);
	(void)chmod(path, 0600);
	u = open_as(state, 8); /* with another identity */
	assert_int_equal(count(u), 0);
	unfinished_free(u);
	/* Under the name of another. */
	assert_int_equal(
	    rename(path,
		folder_path(state, "server-s01010101010101010101010101010101")),
	    0);
	write_bytes(folder_path(state, "other-g0101"), was, n);
	u = open_it(state);
	assert_int_equal(count(u), 0);
	unfinished_free(u);
	assert_int_equal(folder_count(state), 2);
}

/* What an earlier version wrote is read, and sealed at once. */
static void test_clear(void **state)
{
	static const char name[] = "server-g01010101010101010101010101010101",
			  of_another[] =
			      "server-g02020202020202020202020202020202";
	struct file_record b = record(1, false), got;
	struct unfinished *u, *other;
	uint8_t was[ENOUGH];
	struct buf json;
	struct json_w w;
	char path[512];
	size_t n;

	buf_init(&json, ENOUGH);
	json_begin(&w, &json);
	json_put_bool(&w, "own", b.own);
	json_put_str(&w, "room", b.room);
	json_put_str(&w, "with", b.with);
	json_put_str(&w, "from", b.from);
	json_put_b64(&w, "place", b.place, strlen(b.place));
	json_put_b64(&w, "stamp", &b.stamp, sizeof(b.stamp));
	blob_offer_put(&w, &b.offer);
	assert_int_equal(json_end(&w), 0);
	snprintf(path, sizeof(path), "%s", folder_path(state, of_another));
	folder_write(path, "{", 0600);
	write_bytes(path, json.p, json.len); /* left alone: not its name */
	snprintf(path, sizeof(path), "%s", folder_path(state, name));
	folder_write(path, "{", 0600);
	write_bytes(path, json.p, json.len);
	n = read_bytes(path, was);
	assert_true(has(was, n, "AwMDAwMDAwMD", 12)); /* the key, in clear */
	u = open_it(state);
	assert_true(unfinished_next(u, &got));
	assert_memory_equal(&got.offer, &b.offer, sizeof(got.offer));
	assert_int_equal(count(u), 0);
	n = read_bytes(path, was);
	assert_false(has(was, n, "AwMDAwMDAwMD", 12));
	assert_false(has(was, n, "a file", 6));
	assert_false(has(was, n, "\"own\"", 5));
	/* It is locked as others are. */
	other = open_it(state);
	assert_int_equal(count(other), 0);
	unfinished_free(other);
	unfinished_free(u);
	u = open_it(state);
	assert_true(unfinished_next(u, &got));
	assert_string_equal(got.place, b.place);
	unfinished_forget(u, false, b.offer.id);
	unfinished_free(u);
	read_bytes(folder_path(state, of_another), was);
	assert_int_equal(was[0], '{');
	buf_free(&json);
	assert_int_equal(folder_count(state), 1);
}

/* Nothing can be kept: a file is moved in one run. */
static void test_nowhere(void **state)
{
	struct file_record a = record(1, true);
	struct unfinished *u = NULL;
	struct errmsg why;

	(void)state;
	assert_int_equal(unfinished_open(&u, NULL, NULL, &why), 0);
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
	    cmocka_unit_test_setup_teardown(
		test_clear, folder_make, folder_remove),
	    cmocka_unit_test(test_nowhere),
	};

	json_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
