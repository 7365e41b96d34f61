/* The database by itself: what it refuses to open and what it says then, that
 * every torn page is found at the start, that what is destroyed leaves no byte
 * behind, and what a retention leaves. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/db.h"
#include "server/store/keeper_key.h"
#include "server/store/schema.h"
#include "tests/unit/folder.h"

enum { PAGE = 4096, BODY = 700, DAY = 86400000 };
static const uint64_t START = 1700000000000;

/* A database, and one room's log as the relay has it. */
static struct db *db;
static struct crypto *crypto;
static uint8_t key[WIRE_KEY];
static struct log_head head;
static uint64_t ticket;
static uint8_t runs;
static char path[512];

static int open_db(struct errmsg *why)
{
	struct db_opts o = {
	    .path = path, .key = key, .sync_full = false, .check_max = 1 << 30};

	return db_open(&db, &o, why);
}

static void begin_run(void)
{
	uint8_t session[WIRE_NONCE];
	struct errmsg why;
	uint32_t run;

	assert_int_equal(open_db(&why), 0);
	memset(session, ++runs, sizeof(session));
	assert_int_equal(db_run(db, session, &run, &ticket), 0);
}

static int begin(void **state)
{
	static const uint8_t log[WIRE_LOG];

	if (folder_make(state) != 0 || (crypto = crypto_new()) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s", folder_path(state, DB_NAME));
	memset(key, 7, sizeof(key));
	runs = 0;
	return log_head_start(crypto, &head, log);
}

static int end(void **state)
{
	db_close(db);
	db = NULL;
	crypto_free(crypto);
	return folder_remove(state);
}

static void put_room(uint32_t days, uint32_t count)
{
	static const uint8_t log[WIRE_LOG];
	struct store_room r = {
	    .id = 1, .name = "room", .topic = "topic", .log = log};

	r.settings.history = HISTORY_MEMBERS;
	r.settings.keep_days = days;
	r.settings.keep_count = count;
	assert_int_equal(db_put_room(db, &r), 0);
}

static void put_epoch(uint32_t epoch, const char *base)
{
	uint8_t roster[WIRE_HASH] = {0};
	const struct store_epoch e = {1, epoch, (const uint8_t *)base, roster};

	assert_int_equal(strlen(base), WIRE_KEY);
	assert_int_equal(db_put_epoch(db, &e, START), 0);
}

static void put_person(uint32_t member)
{
	char json[200];
	struct store_person p = {.member = member, .json = json};

	memset(json, 'j', sizeof(json));
	p.len = sizeof(json);
	assert_int_equal(db_put_person(db, &p), 0);
}

static void put_entry(uint32_t epoch, uint64_t ts, const char *text)
{
	uint8_t bytes[BODY], d[WIRE_HASH];
	struct store_entry e = {
	    .room = 1, .ts_ms = ts, .bytes = bytes, .len = sizeof(bytes)};
	struct group_head h = {.room = 1, .epoch = epoch, .sender = 5};
	size_t i, n = strlen(text);

	memset(bytes, 0, WIRE_GROUP_HEAD);
	put_u32(bytes + 8, 1);
	put_u32(bytes + 12, epoch);
	put_u32(bytes + 16, 5);
	for (i = WIRE_GROUP_HEAD; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)text[i % n];
	memcpy(e.before, head.chain, WIRE_HASH);
	assert_int_equal(crypto_hash1(crypto, d, bytes + WIRE_OFFSET,
			     sizeof(bytes) - WIRE_OFFSET),
	    0);
	assert_int_equal(log_head_add(crypto, &head, d), 0);
	e.head = head;
	assert_int_equal(db_put_entry(db, &e, &h), 0);
}

#define BASE_1 "a-base-of-the-first-epoch-32byte"
#define BASE_2 "another-base-of-the-second-epoch"

/* Twelve entries: six of each of two epochs, a day apart. */
static void fill(uint32_t days, uint32_t count)
{
	uint64_t i;

	assert_int_equal(db_begin(db), 0);
	put_room(days, count);
	put_epoch(1, BASE_1);
	put_person(5);
	for (i = 0; i < 6; i++)
		put_entry(1, START + i * DAY, "first words ");
	put_epoch(2, BASE_2);
	for (; i < 12; i++)
		put_entry(2, START + i * DAY, "second words ");
	assert_int_equal(db_commit(db, ++ticket), 0);
}

static void close_db(void)
{
	db_close(db);
	db = NULL;
}

/* --- what does not open ------------------------------------------------------------ */

static void does_not_open(const char *word)
{
	struct errmsg why;

	assert_int_not_equal(open_db(&why), 0);
	assert_null(db);
	if (strstr(why.text, word) == NULL)
		assert_string_equal(why.text, word);
}

static void run_sql(const char *sql)
{
	sqlite3 *raw;

	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
}

static void test_newer(void **state)
{
	(void)state;
	begin_run();
	close_db();
	run_sql("PRAGMA user_version = 2");
	does_not_open("written by a newer conclaved");
	/* It is left as it was. */
	run_sql("PRAGMA user_version = 1");
	begin_run();
}

static void test_another_program(void **state)
{
	(void)state;
	run_sql("CREATE TABLE t (a)");
	does_not_open("no database of conclaved");
}

static void test_no_database(void **state)
{
	(void)state;
	folder_write(path,
	    "this is a text, and no database at all, but it is "
	    "longer than the head of one, which has 100 bytes",
	    0600);
	does_not_open("no database");
}

static void test_another_key(void **state)
{
	(void)state;
	begin_run();
	fill(0, 0);
	close_db();
	key[0] ^= 1;
	does_not_open("is not the key of this database");
	key[0] ^= 1;
	begin_run();
}

static void test_lost_key(void **state)
{
	struct errmsg why;
	uint8_t a[WIRE_KEY], b[WIRE_KEY];

	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(keeper_key_read(a, *state, &why), 0);
	assert_int_equal(keeper_key_read(b, *state, &why), 0);
	assert_memory_equal(a, b, WIRE_KEY);
	begin_run();
	close_db();
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

/* A database of each version that ever was becomes one of this version: today
 * there is one, and an empty file, which is version 0. */
static void test_upgrade(void **state)
{
	sqlite3 *raw;
	sqlite3_stmt *s;

	(void)state;
	folder_write(path, "", 0600);
	begin_run();
	fill(0, 0);
	close_db();
	begin_run();
	close_db();
	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(raw, "PRAGMA user_version", -1, &s, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), SCHEMA_VERSION);
	sqlite3_finalize(s);
	sqlite3_close(raw);
}

/* --- torn pages ----------------------------------------------------------------------- */

static uint8_t *read_file(const char *name, size_t *n)
{
	struct stat st;
	int fd = open(name, O_RDONLY);
	uint8_t *p;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*n = (size_t)st.st_size;
	p = malloc(*n + 1);
	assert_non_null(p);
	assert_int_equal(read(fd, p, *n), *n);
	close(fd);
	return p;
}

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

	snprintf(name, sizeof(name), "%s-wal", path);
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
		memset(torn + page * PAGE + PAGE / 2, 0, PAGE / 2);
	else
		memcpy(torn + page * PAGE + PAGE / 2,
		    whole + (page == 0 ? 1 : page - 1) * PAGE + PAGE / 2,
		    PAGE / 2);
	opens = memcmp(torn, whole, n) != 0;
	if (opens) {
		write_file(path, torn, n);
		opens = open_db(&why) == 0;
		if (!opens && strstr(why.text, "damaged") == NULL)
			assert_string_equal(why.text, "damaged");
		close_db();
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
		assert_int_equal(db_put_right(db, &r), 0);
	}
}

static void test_torn_pages(void **state)
{
	uint8_t *whole;
	size_t n, i;
	int round;

	(void)state;
	begin_run();
	for (round = 0; round < 4; round++)
		fill(0, 0);
	assert_int_equal(db_begin(db), 0);
	put_rights(300);
	assert_int_equal(db_commit(db, ++ticket), 0);
	close_db();
	whole = read_file(path, &n);
	assert_true(n > 20 * PAGE);
	for (i = 0; i < n / PAGE; i++) {
		if (torn_opens(whole, n, i, true) ||
		    torn_opens(whole, n, i, false))
			fail_msg("page %zu of %zu, type %u", i + 1, n / PAGE, whole[i * PAGE]);
	}
	write_file(path, whole, n);
	begin_run();
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
	begin_run();
	for (i = 0; i < 50; i++)
		fill(0, 0);
	assert_int_equal(db_check(db, &more, &why), 0);
	assert_true(more);
	assert_int_equal(log_head_start(crypto, &head, log), 0);
	assert_int_equal(db_begin(db), 0);
	assert_int_equal(db_forget_entries(db, 1), 0);
	for (i = 0; i < 600; i++)
		put_entry(1, START, "other words ");
	assert_int_equal(db_commit(db, ++ticket), 0);
	while (more)
		assert_int_equal(db_check(db, &more, &why), 0);
}

/* --- nothing is left --------------------------------------------------------------------- */

/* How often the bytes are in the database and its WAL. */
static int found(const char *text)
{
	char wal[600];
	const char *names[] = {path, wal};
	uint8_t *p;
	size_t n, i, len = strlen(text);
	int k, times = 0;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	for (k = 0; k < 2; k++) {
		if (access(names[k], F_OK) != 0)
			continue;
		p = read_file(names[k], &n);
		for (i = 0; i + len <= n; i++)
			times += memcmp(p + i, text, len) == 0;
		free(p);
	}
	return times;
}

/* The sealed base of an epoch, as it is in the row. */
static void sealed_base(int epoch, uint8_t raw_base[60])
{
	char sql[100];
	sqlite3 *raw;
	sqlite3_stmt *s;

	close_db();
	snprintf(
	    sql, sizeof(sql), "SELECT base FROM epoch WHERE epoch = %d", epoch);
	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_bytes(s, 0), 60);
	memcpy(raw_base, sqlite3_column_blob(s, 0), 60);
	sqlite3_finalize(s);
	sqlite3_close(raw);
	begin_run();
}

static bool has_bytes(const uint8_t *what, size_t len)
{
	uint8_t *p;
	size_t n, i;
	bool has = false;

	p = read_file(path, &n);
	for (i = 0; i + len <= n && !has; i++)
		has = memcmp(p + i, what, len) == 0;
	free(p);
	return has;
}

static void sweep_all(uint64_t now)
{
	bool more = true;
	int i;

	for (i = 0; more && i < 1000; i++)
		if (db_sweep(db, now, &more) != 0)
			fail_msg("%s", db_why(db));
	assert_false(more);
}

static void test_purged_bytes(void **state)
{
	(void)state;
	begin_run();
	fill(0, 0);
	assert_int_equal(db_begin(db), 0);
	put_entry(2, START, "a very particular word ");
	assert_int_equal(db_commit(db, ++ticket), 0);
	assert_true(found("particular") > 0);
	assert_int_equal(db_begin(db), 0);
	assert_int_equal(db_purge(db, 1, head.offset), 0);
	assert_int_equal(db_commit(db, ++ticket), 0);
	assert_int_equal(db_scrub(db), 0);
	assert_int_equal(found("particular"), 0);
	assert_true(found("second words") > 0);
	close_db();
	assert_int_equal(found("particular"), 0);
	begin_run(); /* and it is whole */
}

static void test_bases_are_sealed(void **state)
{
	uint64_t i;
	uint8_t raw[60];

	(void)state;
	begin_run();
	fill(0, 0);
	assert_int_equal(found(BASE_1), 0);
	sealed_base(1, raw);
	assert_true(has_bytes(raw, sizeof(raw)));
	/* Without its last entry, an epoch goes, its secret with it. */
	assert_int_equal(db_begin(db), 0);
	for (i = 1; i <= 6; i++)
		assert_int_equal(db_purge(db, 1, i), 0);
	assert_int_equal(db_commit(db, ++ticket), 0);
	sweep_all(START + 12 * (uint64_t)DAY);
	assert_false(has_bytes(raw, sizeof(raw)));
	assert_int_equal(found("first words"), 0);
	sealed_base(2, raw); /* still there */
}

/* A row that was moved to another place does not open. */
static void test_moved_base(void **state)
{
	(void)state;
	begin_run();
	fill(0, 0);
	close_db();
	run_sql(
	    "UPDATE epoch SET base = (SELECT base FROM epoch WHERE epoch = 1)"
	    " WHERE epoch = 2");
	does_not_open("an epoch does not open");
}

/* --- retention ------------------------------------------------------------------------------ */

struct kept {
	uint64_t oldest, first, last;
	int entries, marks, epochs, people, runs;
	uint8_t before[WIRE_HASH];
};

static struct kept kept(void)
{
	const struct store_question q = {
	    .room = 1, .count = 500, .first = 1, .bytes = 1 << 20};
	struct store_range_head h;
	struct store_kept_entry e;
	struct store_frame f;
	struct kept k = {.oldest = 0};
	struct buf b;
	size_t at = 0;

	buf_init(&b, 4 << 20);
	assert_int_equal(db_read(db, 1, &q, &b), 0);
	while (store_frame_next(&f, b.p + at, b.len - at) == 0) {
		struct rd r = f.body;

		at += f.size;
		if (f.kind == STORE_RANGE) {
			assert_int_equal(store_range_get(&r, &h), 0);
			k.oldest = h.oldest;
			memcpy(k.before, h.before, WIRE_HASH);
		} else if (f.kind == STORE_KEPT) {
			assert_int_equal(store_kept_get(&r, &e), 0);
			k.first = k.first == 0 ? e.offset : k.first;
			k.last = e.offset;
			k.entries++;
			k.marks += e.bytes == NULL;
		}
		k.epochs += f.kind == STORE_KEPT_EPOCH;
		k.people += f.kind == STORE_KEPT_PERSON;
		k.runs += f.kind == STORE_KEPT_RUN;
	}
	assert_int_equal(at, b.len);
	buf_free(&b);
	return k;
}

static void test_keep_days(void **state)
{
	struct kept k;

	(void)state;
	begin_run();
	fill(7, 0);
	sweep_all(START); /* all of it is young */
	assert_int_equal(kept().entries, 12);
	sweep_all(
	    START + 9 * (uint64_t)DAY + 1); /* two are older than 7 days */
	k = kept();
	assert_int_equal(k.oldest, 4);
	assert_int_equal(k.entries, 9);
	sweep_all(START + 14 * (uint64_t)DAY);
	k = kept();
	assert_int_equal(k.oldest, 8);
	assert_int_equal(k.epochs, 1);
	close_db();
	begin_run(); /* the chain still leads from one to the next */
	/* In the end its newest place remains, as a mark. */
	sweep_all(START + 100 * (uint64_t)DAY);
	k = kept();
	assert_int_equal(k.entries, 1);
	assert_int_equal(k.marks, 1);
	assert_int_equal(k.oldest, 12);
	assert_int_equal(k.epochs, 0);
	assert_int_equal(found("words"), 0);
	close_db();
	begin_run();
	/* And the log goes on from there. */
	assert_int_equal(db_begin(db), 0);
	put_epoch(1, BASE_1);
	put_person(5);
	put_entry(1, START + 100 * (uint64_t)DAY, "third words ");
	assert_int_equal(db_commit(db, ++ticket), 0);
	sweep_all(START + 100 * (uint64_t)DAY);
	k = kept();
	assert_int_equal(k.first, 13);
	assert_int_equal(k.last, 13);
	assert_int_equal(k.people, 1);
	close_db();
	begin_run();
}

static void test_keep_count(void **state)
{
	struct kept k;

	(void)state;
	begin_run();
	fill(0, 5);
	sweep_all(START + 100 * (uint64_t)DAY);
	k = kept();
	assert_int_equal(k.oldest, 8);
	assert_int_equal(k.entries, 5);
	assert_int_equal(k.marks, 0);
	close_db();
	begin_run();
	fill(0, 5);
	sweep_all(START);
	assert_int_equal(kept().oldest, 20);
	assert_int_equal(kept().runs, 1); /* the older run has gone */
}

/* The people of runs that are over go with what they said. */
static void test_unused(void **state)
{
	sqlite3 *raw;
	sqlite3_stmt *s;

	(void)state;
	begin_run();
	fill(7, 0);
	close_db();
	begin_run();
	sweep_all(START + 100 * (uint64_t)DAY);
	close_db();
	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(raw,
			     "SELECT (SELECT count(*) FROM person) + (SELECT "
			     "count(*) FROM epoch), (SELECT count(*) FROM run)",
			     -1, &s, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), 0);
	/* This one; the newest place was of the other. */
	assert_int_equal(sqlite3_column_int(s, 1), 1);
	sqlite3_finalize(s);
	sqlite3_close(raw);
}

/* --- a copy ------------------------------------------------------------------------------------ */

static void test_copy(void **state)
{
	char copy[512];
	bool more = true;
	int fd;

	snprintf(copy, sizeof(copy), "%s", folder_path(state, "copy.db"));
	begin_run();
	fill(0, 0);
	fd = open(copy, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(db_copy_begin(db), 0);
	assert_int_equal(db_copy_begin(db), ERR_STATE); /* one at a time */
	/* What is written, and destroyed, meanwhile is not in it. */
	assert_int_equal(db_begin(db), 0);
	put_entry(2, START, "later words ");
	assert_int_equal(db_purge(db, 1, 1), 0);
	assert_int_equal(db_commit(db, ++ticket), 0);
	assert_int_equal(db_scrub(db), 0);
	while (more)
		assert_int_equal(db_copy(db, fd, &more), 0);
	db_copy_end(db);
	close(fd);
	assert_int_equal(kept().marks, 1);
	assert_int_equal(kept().entries, 13);
	close_db();
	snprintf(path, sizeof(path), "%s", copy);
	begin_run();
	assert_int_equal(kept().marks, 0);
	assert_int_equal(kept().entries, 12);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	struct CMUnitTest tests[] = {
	    TEST(test_newer),
	    TEST(test_another_program),
	    TEST(test_no_database),
	    TEST(test_another_key),
	    TEST(test_lost_key),
	    TEST(test_upgrade),
	    TEST(test_torn_pages),
	    TEST(test_check_goes_on),
	    TEST(test_purged_bytes),
	    TEST(test_bases_are_sealed),
	    TEST(test_moved_base),
	    TEST(test_keep_days),
	    TEST(test_keep_count),
	    TEST(test_unused),
	    TEST(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
