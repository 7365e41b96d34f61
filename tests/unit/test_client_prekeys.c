/* The file of the user's own prekeys: what is written is read again with the same
 * identity and no other, a key that is erased is in neither file, which messages
 * were shown is known as long as the key that opened them, and nothing but the
 * program that holds the lock has it. */
#include <sys/stat.h>
#include <unistd.h>

#include "client/trust/direct_ids.h"
#include "client/trust/prekeys.h"
#include "shared/os/file.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

static struct identity *who(uint8_t seed)
{
	uint8_t bytes[32];
	struct identity *id;

	memset(bytes, seed, sizeof(bytes));
	assert_non_null(id = identity_from_seed(bytes));
	return id;
}

static struct prekeys *opened(const char *path, uint8_t seed, int want)
{
	struct identity *id = who(seed);
	struct errmsg why = {0};
	struct prekeys *p;

	assert_int_equal(prekeys_open(&p, path, id, &why), want);
	assert_true((p != NULL) == (want == 0));
	assert_true(want == 0 || why.text[0] != '\0');
	identity_free(id);
	return p;
}

static struct prekey_pair pair(uint8_t k, bool once)
{
	struct prekey_pair p = {.made_s = 1000u + k, .once = once};

	memset(p.key, k, sizeof(p.key));
	memset(p.private_key, 0x80 ^ k, sizeof(p.private_key));
	return p;
}

static void add(struct prekeys *p, uint8_t k, bool once, int want)
{
	const struct direct_ops ops = prekeys_ops(p);
	const struct prekey_pair one = pair(k, once);
	struct errmsg why;

	assert_int_equal(
	    ops.change(ops.arg, &(struct direct_change){.add = &one, .n_add = 1}),
	    want);
	assert_true(prekeys_failed(p, &why) == (want != 0));
	assert_false(prekeys_failed(p, &why));
}

static void erase(struct prekeys *p, uint8_t k)
{
	const struct direct_ops ops = prekeys_ops(p);
	const struct prekey_pair one = pair(k, false);
	const struct direct_change c = {
	    .erase = (const uint8_t(*)[WIRE_X25519])one.key, .n_erase = 1};

	assert_int_equal(ops.change(ops.arg, &c), 0);
}

static struct direct_seen message(uint32_t n, uint8_t key)
{
	struct direct_seen s = {{0}, {0}, {0}};

	memset(s.from, 'a', sizeof(s.from));
	memcpy(s.id, &n, sizeof(n));
	memset(s.key, key, sizeof(s.key));
	return s;
}

static void show(struct prekeys *p, uint32_t n, uint8_t key)
{
	const struct direct_ops ops = prekeys_ops(p);
	const struct direct_seen s = message(n, key);

	assert_int_equal(
	    ops.change(ops.arg, &(struct direct_change){.seen = &s, .n_seen = 1}),
	    0);
}

static bool seen(struct prekeys *p, uint32_t n)
{
	const struct direct_ops ops = prekeys_ops(p);
	const struct direct_seen s = message(n, 0);

	return ops.seen(ops.arg, s.from, s.id);
}

static size_t count(struct prekeys *p)
{
	const struct direct_ops ops = prekeys_ops(p);
	size_t n = 0;

	while (ops.pair(ops.arg, n) != NULL)
		n++;
	return n;
}

static void test_again(void **state)
{
	const char *path = folder_path(state, "keys");
	struct prekeys *p = opened(path, 1, 0);
	struct prekey_pair want = pair(7, true);
	const struct prekey_pair *got;
	struct direct_ops ops;
	struct stat st;

	assert_int_equal(count(p), 0);
	add(p, 3, false, 0);
	add(p, 7, true, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	prekeys_free(p);

	p = opened(path, 1, 0);
	ops = prekeys_ops(p);
	assert_int_equal(count(p), 2);
	got = ops.pair(ops.arg, 1);
	assert_memory_equal(got->key, want.key, WIRE_X25519);
	assert_memory_equal(got->private_key, want.private_key, WIRE_X25519);
	assert_true(got->once && got->made_s == want.made_s && got->ends_s == 0);
	assert_false(ops.pair(ops.arg, 0)->once);
	prekeys_free(p);
	prekeys_free(NULL);
	ops = prekeys_ops(NULL);
	assert_null(ops.change);
}

/* Every bit and every length but the right one is refused, and so is every other
 * identity; nothing private is readable. */
static void test_sealed(void **state)
{
	const char *path = folder_path(state, "keys");
	struct prekeys *p = opened(path, 1, 0);
	struct prekey_pair one = pair(7, true);
	struct errmsg why;
	struct buf file;
	size_t i;

	add(p, 7, true, 0);
	prekeys_free(p);
	(void)opened(path, 2, ERR_USAGE);
	buf_init(&file, FILE_MAX);
	assert_int_equal(file_read(path, FILE_PRIVATE, &file, &why), 0);
	assert_null(memmem(file.p, file.len, one.private_key, 8));
	assert_null(memmem(file.p, file.len, one.key, 8));
	for (i = 0; i < 8 * file.len; i += 7) {
		file.p[i / 8] ^= (uint8_t)(1u << (i % 8));
		assert_int_equal(file_write(path, file.p, file.len,
				     FILE_REPLACE, &why),
		    0);
		(void)opened(path, 1, ERR_USAGE);
		file.p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	for (i = 0; i < file.len; i += 3) {
		assert_int_equal(
		    file_write(path, file.p, i, FILE_REPLACE, &why), 0);
		(void)opened(path, 1, ERR_USAGE);
	}
	buf_free(&file);
}

/* A new salt each time: the file of a restored copy and the one that it replaces
 * share no key. */
static void test_salt(void **state)
{
	const char *path = folder_path(state, "keys");
	struct prekeys *p = opened(path, 1, 0);
	struct buf a, b;
	struct errmsg why;

	buf_init(&a, FILE_MAX);
	buf_init(&b, FILE_MAX);
	add(p, 7, true, 0);
	assert_int_equal(file_read(path, FILE_PRIVATE, &a, &why), 0);
	add(p, 7, true, 0);
	assert_int_equal(file_read(path, FILE_PRIVATE, &b, &why), 0);
	assert_int_equal(a.len, b.len);
	assert_memory_not_equal(a.p + 19, b.p + 19, 32);
	assert_memory_not_equal(a.p + 51, b.p + 51, a.len - 51);
	buf_free(&a);
	buf_free(&b);
	prekeys_free(p);
}

static void test_erased(void **state)
{
	const char *path = folder_path(state, "keys");
	struct prekeys *p = opened(path, 1, 0);
	struct direct_ops ops;

	add(p, 3, false, 0);
	add(p, 7, true, 0);
	erase(p, 7);
	erase(p, 9); /* never had */
	prekeys_free(p);
	p = opened(path, 1, 0);
	ops = prekeys_ops(p);
	assert_int_equal(count(p), 1);
	assert_int_equal(ops.pair(ops.arg, 0)->key[0], 3);
	prekeys_free(p);
}

/* Past the limit the oldest one for one message goes, never the lasting one. */
static void test_limit(void **state)
{
	struct prekeys *p = opened(folder_path(state, "keys"), 1, 0);
	const struct direct_ops ops = prekeys_ops(p);
	struct prekey_pair many[PREKEYS_MAX + 10];
	size_t i;

	for (i = 0; i < PREKEYS_MAX + 10; i++) {
		many[i] = pair(1, i != 0);
		memcpy(many[i].key, &i, sizeof(i));
	}
	assert_int_equal(ops.change(ops.arg,
			     &(struct direct_change){.add = many,
				 .n_add = PREKEYS_MAX + 10}),
	    0);
	assert_int_equal(count(p), PREKEYS_MAX);
	assert_false(ops.pair(ops.arg, 0)->once);
	assert_memory_equal(
	    ops.pair(ops.arg, 1)->key, many[11].key, WIRE_X25519);
	prekeys_free(p);
}

static void test_shown(void **state)
{
	const char *path = folder_path(state, "keys");
	struct prekeys *p = opened(path, 1, 0);

	add(p, 3, false, 0);
	add(p, 7, true, 0);
	show(p, 1, 3);
	show(p, 2, 7);
	erase(p, 7); /* the lasting key keeps what the other one opened */
	prekeys_free(p);
	p = opened(path, 1, 0);
	assert_true(seen(p, 1));
	assert_true(seen(p, 2));
	assert_false(seen(p, 3));
	add(p, 4, false, 0);
	show(p, 3, 4);
	erase(p, 3);
	prekeys_free(p);
	p = opened(path, 1, 0);
	assert_false(seen(p, 1)); /* nothing could open it again */
	assert_true(seen(p, 3));
	prekeys_free(p);
}

/* What a power cut leaves at the end of the file costs what it damaged only. */
static void test_torn(void **state)
{
	const char *path = folder_path(state, "keys"), *ids;
	struct prekeys *p = opened(path, 1, 0);
	char *text;

	add(p, 3, false, 0);
	show(p, 1, 3);
	show(p, 2, 3);
	prekeys_free(p);
	ids = folder_path(state, "keys.seen");
	assert_non_null(text = folder_read(ids));
	assert_int_equal(strlen(text), 2 * 44);
	text[60] = '\0';
	folder_write(ids, text, 0600);
	free(text);
	p = opened(path, 1, 0);
	assert_true(seen(p, 1));
	assert_false(seen(p, 2));
	show(p, 2, 3);
	prekeys_free(p);
	assert_non_null(text = folder_read(ids));
	assert_int_equal(strlen(text), 2 * 44);
	free(text);
	folder_write(ids, "not\n\n a line of base64 at all \xff\n", 0600);
	p = opened(path, 1, 0);
	assert_false(seen(p, 1));
	show(p, 1, 3);
	assert_true(seen(p, 1));
	prekeys_free(p);
	folder_write(ids, "", 0644); /* readable by others */
	(void)opened(path, 1, ERR_IO);
}

/* The set has a limit: then keys go, and what they opened with them. */
static void test_many(void **state)
{
	const char *path = folder_path(state, "keys");
	struct prekeys *p = opened(path, 1, 0);
	const struct direct_ops ops = prekeys_ops(p);
	struct direct_seen *s = calloc(DIRECT_IDS_MAX, sizeof(*s));
	const struct direct_change all = {.seen = s, .n_seen = DIRECT_IDS_MAX};
	struct prekey_pair old = pair(3, false);
	uint32_t i;

	assert_non_null(s);
	old.ends_s = 5;
	assert_int_equal(
	    ops.change(ops.arg, &(struct direct_change){.add = &old, .n_add = 1}),
	    0);
	add(p, 4, false, 0);
	for (i = 0; i < DIRECT_IDS_MAX; i++)
		s[i] = message(i, i < 1000 ? 4 : 3);
	assert_int_equal(ops.change(ops.arg, &all), 0);
	assert_true(seen(p, 0) && seen(p, DIRECT_IDS_MAX - 1));
	show(p, DIRECT_IDS_MAX, 4); /* one too many: the old key goes */
	assert_int_equal(count(p), 1);
	assert_true(seen(p, 0) && seen(p, DIRECT_IDS_MAX));
	assert_false(seen(p, 1000));
	prekeys_free(p);
	p = opened(path, 1, 0);
	assert_true(seen(p, 0) && seen(p, DIRECT_IDS_MAX));
	free(s);
	prekeys_free(p);
}

static void test_lock(void **state)
{
	const char *path = folder_path(state, "keys");
	struct prekeys *p = opened(path, 1, 0);

	(void)opened(path, 1, ERR_STATE);
	prekeys_free(p);
	prekeys_free(opened(path, 1, 0));
}

/* A disk that is full, or a folder that is gone: said once, and it goes on. */
static void test_not_written(void **state)
{
	const char *path = folder_path(state, "keys");
	struct prekeys *p = opened(path, 1, 0);
	const struct prekey_pair one = pair(4, false);
	const struct direct_ops ops = prekeys_ops(p);
	struct errmsg why;

	add(p, 3, false, 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	add(p, 4, false, ERR_IO);
	/* The same again, which the session does at each step. */
	assert_int_equal(
	    ops.change(ops.arg, &(struct direct_change){.add = &one, .n_add = 1}),
	    ERR_IO);
	assert_false(prekeys_failed(p, &why));
	assert_int_equal(rmdir(path), 0);
	add(p, 5, false, 0);
	/* Another time is told again. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	add(p, 6, false, ERR_IO);
	assert_int_equal(rmdir(path), 0);
	add(p, 7, false, 0);
	prekeys_free(p);
	p = opened(path, 1, 0);
	assert_int_equal(count(p), 5);
	prekeys_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)
	    T(test_again),
	    T(test_sealed),
	    T(test_salt),
	    T(test_erased),
	    T(test_limit),
	    T(test_shown),
	    T(test_torn),
	    T(test_many),
	    T(test_lock),
	    T(test_not_written),
	};

	return cmocka_run_group_tests_name("client_prekeys", tests, NULL, NULL);
}
