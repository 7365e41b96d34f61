/* The database by itself: what it refuses to open and what it says then, that
 * every torn page is found at the start, and what a copy has. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/keeper_key.h"
#include "server/store/schema.h"
#include "tests/unit/db_world.h"

/* --- what does not open --------------------------------------------------- */

static void test_newer(void **state)
{
	(void)state;
	dbw_run();
	dbw_close();
	dbw_sql("PRAGMA user_version = 99");
	dbw_refused("written by a newer conclaved");
	/* It is left as it was. */
	dbw_sql("PRAGMA user_version = 4");
	dbw_run();
}

static void test_another_program(void **state)
{
	(void)state;
	dbw_sql("CREATE TABLE t (a)");
	dbw_refused("no database of conclaved");
}

static void test_no_database(void **state)
{
	(void)state;
	folder_write(dbw.path,
	    "this is a text, and no database at all, but it is "
	    "longer than the head of one, which has 100 bytes",
	    0600);
	dbw_refused("no database");
}

static void test_another_key(void **state)
{
	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	dbw_close();
	dbw.key[0] ^= 1;
	dbw_refused("is not the key of this database");
	dbw.key[0] ^= 1;
	dbw_run();
}

static void test_lost_key(void **state)
{
	struct errmsg why;
	uint8_t a[WIRE_KEY], b[WIRE_KEY];

	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(keeper_key_read(a, *state, &why), 0);
	assert_int_equal(keeper_key_read(b, *state, &why), 0);
	assert_memory_equal(a, b, WIRE_KEY);
	dbw_run();
	dbw_close();
	assert_int_equal(unlink(folder_path(state, KEEPER_KEY_NAME)), 0);
	assert_int_equal(keeper_key_read(b, *state, &why), ERR_KEY);
	assert_non_null(strstr(why.text, "is missing"));
	/* A credential comes first. */
	assert_int_equal(mkdir(folder_path(state, "creds"), 0700), 0);
	folder_write(folder_path(state, "creds/" KEEPER_KEY_NAME),
	    "0123456789abcdef0123456789abcdef", 0400);
	setenv("CREDENTIALS_DIRECTORY", folder_path(state, "creds"), 1);
	assert_int_equal(keeper_key_read(b, *state, &why), 0);
	assert_memory_equal(b, "0123456789abcdef", 16);
	folder_write(
	    folder_path(state, "creds/" KEEPER_KEY_NAME), "short", 0400);
	assert_int_equal(keeper_key_read(b, *state, &why), ERR_KEY);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static int number(const char *sql)
{
	sqlite3 *raw;
	sqlite3_stmt *s;
	int v;

	assert_int_equal(sqlite3_open(dbw.path, &raw), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(raw, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	v = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(raw);
	return v;
}

static int version(void)
{
	return number("PRAGMA user_version");
}

/* A database of each version that ever was becomes one of this version. An empty
 * file is version 0. */
static void test_upgrade(void **state)
{
	(void)state;
	folder_write(dbw.path, "", 0600);
	dbw_run();
	dbw_fill(0, 0);
	dbw_close();
	dbw_run();
	dbw_close();
	assert_int_equal(version(), SCHEMA_VERSION);
}

static void same_kept(const struct dbw_kept *a, const struct dbw_kept *b)
{
	assert_int_equal(a->oldest, b->oldest);
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->last, b->last);
	assert_int_equal(a->entries, b->entries);
	assert_int_equal(a->marks, b->marks);
	assert_int_equal(a->epochs, b->epochs);
	assert_int_equal(a->people, b->people);
	assert_int_equal(a->runs, b->runs);
	assert_memory_equal(a->before, b->before, WIRE_HASH);
}

/* Version 2 had a row for each entry: what is read is the same, and what nothing
 * needs goes as it did, no sooner. */
static void test_segments_from_version_2(void **state)
{
	struct dbw_kept before, after;
	bool more = true;
	int i;

	(void)state;
	dbw_run();
	for (i = 0; i < 15; i++)
		dbw_fill(7, 0); /* more than one segment has */
	assert_int_equal(db_begin(dbw.db), 0);
	assert_int_equal(db_purge(dbw.db, 1, 3), 0);
	assert_int_equal(db_purge(dbw.db, 1, 180), 0);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	before = dbw_kept();
	assert_int_equal(before.entries, 180);
	assert_int_equal(before.marks, 2);
	dbw_close();
	dbw_version_2();
	assert_int_equal(version(), 2);
	dbw_run(); /* it is checked, too */
	after = dbw_kept();
	same_kept(&before, &after);
	while (more)
		assert_int_equal(db_sweep(dbw.db, DBW_START, &more), 0);
	after = dbw_kept();
	same_kept(&before, &after);
	dbw_close();
	assert_int_equal(version(), SCHEMA_VERSION);
	dbw_run();
	more = true;
	while (more)
		assert_int_equal(db_sweep(dbw.db,
				     DBW_START + 100 * (uint64_t)DBW_DAY,
				     &more),
		    0);
	after = dbw_kept();
	assert_int_equal(after.entries, 1);
	dbw_close();
	assert_int_equal(number("SELECT count(*) FROM epoch"), 0);
	assert_int_equal(number("SELECT count(*) FROM person"), 0);
}

/* What is in no segment: the step fails, and the file stays as it is. */
static void test_damaged_version_2(void **state)
{
	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	dbw_close();
	dbw_version_2();
	dbw_sql("UPDATE entry SET chain = x'00' WHERE offset = 5");
	dbw_refused("is damaged");
	assert_int_equal(version(), 2);
}

static int find_people(void *arg, const struct buf *frame)
{
	struct store_change_space s;
	struct store_frame f;
	struct rd body;
	char *found = arg;

	assert_int_equal(store_frame_next(&f, frame->p, frame->len), 0);
	if (f.kind != STORE_PEOPLE)
		return 0;
	body = f.body;
	assert_int_equal(store_change_get(&body, &s), 0);
	if (s.change.account != NULL) {
		strcat(found, s.account.name);
		strcat(found, " ");
		assert_null(s.account.password);
	}
	if (s.change.device != NULL)
		strcat(found, "+");
	return 0;
}

/* A database of version 1, which differs only in that it has no accounts: each
 * identity with rights becomes one, and of two with one name the newer member
 * keeps it. */
static void test_accounts_from_version_1(void **state)
{
	uint8_t old[WIRE_ED25519] = {0xab, 0xcd}, new[WIRE_ED25519] = {3};
	struct store_right r = {.room = 1,
	    .identity = old,
	    .name = "Alice",
	    .member = true,
	    .since_run = 1};
	char found[128] = "";

	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	assert_int_equal(db_begin(dbw.db), 0);
	assert_int_equal(db_put_right(dbw.db, &r), 0);
	r.room = 0;
	r.member = false;
	r.has_role = true;
	assert_int_equal(db_put_right(dbw.db, &r), 0);
	r.room = 1;
	r.identity = new;
	r.name = "alice";
	r.since_run = 2;
	assert_int_equal(db_put_right(dbw.db, &r), 0);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	dbw_close();
	dbw_version_2();
	dbw_sql("DROP TABLE account; DROP TABLE device; DROP TABLE invite;"
		"PRAGMA user_version = 1");
	dbw_run();
	assert_int_equal(db_load(dbw.db, find_people, found), 0);
	assert_true(strcmp(found, "alice Alice-abcd0000 ++") == 0 ||
		    strcmp(found, "Alice-abcd0000 alice ++") == 0);
}

/* --- torn pages ----------------------------------------------------------- */

static void write_file(const char *name, const uint8_t *p, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

static void drop_wal(void)
{
	char name[600];

	snprintf(name, sizeof(name), "%s-wal", dbw.path);
	(void)unlink(name);
}

/* The second half of a page is of another time: zeros, or what the page before
 * it has there. */
static bool torn_opens(const uint8_t *whole, size_t n, size_t page, bool zeros)
{
	uint8_t *torn = malloc(n);
	struct errmsg why;
	bool opens;

	assert_non_null(torn);
	memcpy(torn, whole, n);
	if (zeros)
		memset(torn + page * DBW_PAGE + DBW_PAGE / 2, 0, DBW_PAGE / 2);
	else
		memcpy(torn + page * DBW_PAGE + DBW_PAGE / 2,
		    whole + (page == 0 ? 1 : page - 1) * DBW_PAGE +
			DBW_PAGE / 2,
		    DBW_PAGE / 2);
	opens = memcmp(torn, whole, n) != 0;
	if (opens) {
		write_file(dbw.path, torn, n);
		opens = dbw_open(&why) == 0;
		if (!opens && strstr(why.text, "damaged") == NULL)
			assert_string_equal(why.text, "damaged");
		dbw_close();
		drop_wal();
	}
	free(torn);
	return opens;
}

static void put_rights(int n)
{
	uint8_t identity[WIRE_ED25519] = {0};
	struct store_right r = {.room = 1,
	    .identity = identity,
	    .name = "somebody",
	    .has_role = true,
	    .role = ROLE_OPERATOR,
	    .member = true};

	for (; n > 0; n--) {
		put_u32(identity, (uint32_t)n);
		assert_int_equal(db_put_right(dbw.db, &r), 0);
	}
}

/* Accounts with a password, a device and an invite each. */
static void put_people(unsigned n)
{
	static const uint8_t salt[WIRE_NONCE] = {1}, w0[WIRE_SCALAR] = {2},
			     l[WIRE_SHARE] = {4};
	const struct store_secret secret = {salt, w0, l};
	char name[16], id[WIRE_INVITE_ID + 1];
	uint8_t key[WIRE_KEY] = {7};
	unsigned i;

	for (i = 0; i < n; i++) {
		const struct store_account a = {key, name, 5, &secret};
		const struct store_device d = {key, key, 5, 6};
		const struct store_invite v = {.id = id,
		    .uses = 3,
		    .left = 2,
		    .by = key,
		    .secret = &secret};
		const struct store_change c = {
		    .account = &a, .device = &d, .invite = &v};

		put_u32(key, i + 1);
		snprintf(name, sizeof(name), "n%u", i);
		snprintf(id, sizeof(id), "aaaa%c%c%c%c", 'a' + i / 16 % 16,
		    'a' + i % 16, 'a' + i / 256 % 16, 'a');
		assert_int_equal(db_change(dbw.db, &c), 0);
	}
}

/* Something in every page of these tables. */
static void put_direct(void)
{
	static uint8_t key[4][STORE_PREKEY], body[216];
	static const uint8_t device[WIRE_ED25519] = {1}, account[WIRE_KEY];
	struct store_direct d = {.what = STORE_DIRECT_KEYS,
	    .identity = device,
	    .account = account,
	    .other = account,
	    .lasting = key[0],
	    .once = key[0],
	    .n_once = 4,
	    .sender = device,
	    .name = "n1",
	    .number = 1,
	    .bytes = body,
	    .len = sizeof(body)};

	assert_int_equal(db_direct(dbw.db, &d), 0);
	d.what = STORE_DIRECT_FRAME;
	assert_int_equal(db_direct(dbw.db, &d), 0);
	d.what = STORE_DIRECT_BLOCK;
	assert_int_equal(db_direct(dbw.db, &d), 0);
}

static void test_torn_pages(void **state)
{
	uint8_t *whole;
	size_t n, i;
	int round;

	(void)state;
	dbw_run();
	for (round = 0; round < 4; round++)
		dbw_fill(0, 0);
	assert_int_equal(db_begin(dbw.db), 0);
	put_rights(300);
	put_people(60);
	put_direct();
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	dbw_close();
	whole = dbw_read_file(dbw.path, &n);
	assert_true(n > 20 * DBW_PAGE);
	for (i = 0; i < n / DBW_PAGE; i++) {
		if (torn_opens(whole, n, i, true) ||
		    torn_opens(whole, n, i, false))
			fail_msg("page %zu of %zu, type %u", i + 1,
			    n / DBW_PAGE, whole[i * DBW_PAGE]);
	}
	write_file(dbw.path, whole, n);
	dbw_run();
	free(whole);
}

/* Between two pieces of a check, the log is forgotten and begun again: the place
 * is another one, and that is no damage. */
static void test_check_goes_on(void **state)
{
	static const uint8_t log[WIRE_LOG];
	struct errmsg why;
	bool more = false;
	int i;

	(void)state;
	dbw_run();
	for (i = 0; i < 50; i++)
		dbw_fill(0, 0);
	assert_int_equal(db_check(dbw.db, &more, &why), 0);
	assert_true(more);
	assert_int_equal(log_head_start(dbw.crypto, &dbw.head, log), 0);
	assert_int_equal(db_begin(dbw.db), 0);
	assert_int_equal(db_forget_entries(dbw.db, 1), 0);
	for (i = 0; i < 600; i++)
		dbw_entry(1, DBW_START, "other words ");
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	while (more)
		assert_int_equal(db_check(dbw.db, &more, &why), 0);
}

/* --- a copy --------------------------------------------------------------- */

static void test_copy(void **state)
{
	char copy[512];
	bool more = true;
	int fd;

	snprintf(copy, sizeof(copy), "%s", folder_path(state, "copy.db"));
	dbw_run();
	dbw_fill(0, 0);
	fd = open(copy, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(db_copy_begin(dbw.db), 0);
	assert_int_equal(db_copy_begin(dbw.db), ERR_STATE); /* one at a time */
	/* What is written, and destroyed, meanwhile is not in it. */
	assert_int_equal(db_begin(dbw.db), 0);
	dbw_entry(2, DBW_START, "later words ");
	assert_int_equal(db_purge(dbw.db, 1, 1), 0);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_int_equal(db_scrub(dbw.db), 0);
	while (more)
		assert_int_equal(db_copy(dbw.db, fd, &more), 0);
	db_copy_end(dbw.db);
	close(fd);
	assert_int_equal(dbw_kept().marks, 1);
	assert_int_equal(dbw_kept().entries, 13);
	dbw_close();
	snprintf(dbw.path, sizeof(dbw.path), "%s", copy);
	dbw_run();
	assert_int_equal(dbw_kept().marks, 0);
	assert_int_equal(dbw_kept().entries, 12);
}

/* A keeper that was killed may have left what was never synced: the next one
 * syncs it before it says that it is written. A checkpoint does that, and leaves
 * an empty log of writes. */
static void test_another_keeper_of_the_run(void **state)
{
	char wal[600];
	uint8_t *whole, *writes;
	size_t n_whole, n_writes;
	struct stat st;
	uint64_t ticket;

	(void)state;
	snprintf(wal, sizeof(wal), "%s-wal", dbw.path);
	dbw_run();
	dbw_fill(0, 0);
	ticket = dbw.ticket;
	whole = dbw_read_file(dbw.path, &n_whole);
	writes = dbw_read_file(wal, &n_writes);
	assert_true(n_writes > 0);
	dbw_close();
	write_file(dbw.path, whole, n_whole);
	write_file(wal, writes, n_writes);
	dbw.runs--; /* the same run */
	dbw_run();
	assert_true(dbw.ticket >= ticket);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
	free(whole);
	free(writes);
}

static off_t size_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_size;
}

/* Of about this many bytes. */
static void one_commit(size_t bytes)
{
	size_t n;

	assert_int_equal(db_begin(dbw.db), 0);
	for (n = 0; n < bytes; n += 8000)
		assert_int_equal(
		    dbw_put(&dbw.head, 1, 1, DBW_START, "words ", 8000), 0);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
}

/* A commit writes into the WAL alone, however much is there. */
static void test_checkpoints(void **state)
{
	char wal[600];
	off_t whole;
	int i;

	(void)state;
	snprintf(wal, sizeof(wal), "%s-wal", dbw.path);
	dbw_run();
	dbw_fill(0, 0);
	one_commit(1 << 20);
	whole = size_of(dbw.path);
	db_checkpoint(dbw.db); /* it is little */
	assert_int_equal(size_of(dbw.path), whole);
	for (i = 0; i < 8; i++)
		one_commit(1 << 20);
	assert_int_equal(size_of(dbw.path), whole);
	assert_true(size_of(wal) > 9 << 20);
	/* Nor does a checkpoint while the file is copied. */
	assert_int_equal(db_copy_begin(dbw.db), 0);
	whole = size_of(dbw.path);
	assert_true(whole > 9 << 20);
	for (i = 0; i < 8; i++) {
		one_commit(1 << 20);
		db_checkpoint(dbw.db);
	}
	assert_int_equal(size_of(dbw.path), whole);
	db_copy_end(dbw.db);
	/* Otherwise the WAL is begun anew when it has 1,000 pages. */
	for (i = 0; i < 30; i++) {
		one_commit(1 << 20);
		db_checkpoint(dbw.db);
	}
	assert_true(size_of(dbw.path) > 40 << 20);
	assert_in_range(size_of(wal), 4 << 20, 6 << 20);
	dbw_close();
	assert_int_equal(
	    number("SELECT sum(n) FROM segment"), 12 + 47 * 132);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, dbw_up, dbw_down)
	struct CMUnitTest tests[] = {
	    TEST(test_newer),
	    TEST(test_another_program),
	    TEST(test_no_database),
	    TEST(test_another_key),
	    TEST(test_lost_key),
	    TEST(test_upgrade),
	    TEST(test_accounts_from_version_1),
	    TEST(test_segments_from_version_2),
	    TEST(test_damaged_version_2),
	    TEST(test_torn_pages),
	    TEST(test_check_goes_on),
	    TEST(test_another_keeper_of_the_run),
	    TEST(test_copy),
	    TEST(test_checkpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
