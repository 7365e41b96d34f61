/* What is destroyed in a database leaves no byte behind, and what the retention
 * of a room leaves. */
#include <unistd.h>

#include <sqlite3.h>

#include "tests/unit/db_world.h"

/* --- nothing is left ------------------------------------------------------ */

/* How often the bytes are in the database and its WAL. */
static int found(const char *text)
{
	char wal[600];
	const char *names[] = {dbw.path, wal};
	uint8_t *p;
	size_t n, i, len = strlen(text);
	int k, times = 0;

	snprintf(wal, sizeof(wal), "%s-wal", dbw.path);
	for (k = 0; k < 2; k++) {
		if (access(names[k], F_OK) != 0)
			continue;
		p = dbw_read_file(names[k], &n);
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

	dbw_close();
	snprintf(
	    sql, sizeof(sql), "SELECT base FROM epoch WHERE epoch = %d", epoch);
	assert_int_equal(sqlite3_open(dbw.path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_bytes(s, 0), 60);
	memcpy(raw_base, sqlite3_column_blob(s, 0), 60);
	sqlite3_finalize(s);
	sqlite3_close(raw);
	dbw_run();
}

static bool has_bytes(const uint8_t *what, size_t len)
{
	uint8_t *p;
	size_t n, i;
	bool has = false;

	p = dbw_read_file(dbw.path, &n);
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
		if (db_sweep(dbw.db, now, &more) != 0)
			fail_msg("%s", db_why(dbw.db));
	assert_false(more);
}

static void test_purged_bytes(void **state)
{
	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	assert_int_equal(db_begin(dbw.db), 0);
	dbw_entry(2, DBW_START, "a very particular word ");
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_true(found("particular") > 0);
	assert_int_equal(db_begin(dbw.db), 0);
	assert_int_equal(db_purge(dbw.db, 1, dbw.head.offset), 0);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_int_equal(db_scrub(dbw.db), 0);
	assert_int_equal(found("particular"), 0);
	assert_true(found("second words") > 0);
	dbw_close();
	assert_int_equal(found("particular"), 0);
	dbw_run(); /* and it is whole */
}

static int found_word(int i)
{
	char word[32];

	snprintf(word, sizeof(word), "word-%03d-of-many ", i);
	return found(word);
}

/* Many that are kept together, in pages of their own: of what goes nothing is
 * left anywhere, of what stays all. */
static void test_bytes_amid_a_segment(void **state)
{
	char word[32];
	int i;

	(void)state;
	dbw_run();
	assert_int_equal(db_begin(dbw.db), 0);
	dbw_room(0, 0);
	for (i = 1; i <= 150; i++) {
		snprintf(word, sizeof(word), "word-%03d-of-many ", i);
		dbw_entry(1, DBW_START, word);
	}
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_int_equal(db_begin(dbw.db), 0);
	assert_int_equal(db_purge(dbw.db, 1, 50), 0);
	assert_int_equal(db_purge(dbw.db, 1, 140), 0);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_int_equal(db_scrub(dbw.db), 0);
	for (i = 1; i <= 150; i++)
		assert_int_equal(found_word(i) > 0, i != 50 && i != 140);
	assert_int_equal(db_begin(dbw.db), 0);
	dbw_room(0, 30);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	sweep_all(DBW_START);
	for (i = 1; i <= 150; i++)
		assert_int_equal(found_word(i) > 0, i > 120 && i != 140);
	dbw_close();
	dbw_run(); /* and it is whole */
	assert_int_equal(dbw_kept().entries, 30);
}

static void test_bases_are_sealed(void **state)
{
	uint64_t i;
	uint8_t raw[60];

	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	assert_int_equal(found(DBW_BASE_1), 0);
	sealed_base(1, raw);
	assert_true(has_bytes(raw, sizeof(raw)));
	/* Without its last entry, an epoch goes, its secret with it. */
	assert_int_equal(db_begin(dbw.db), 0);
	for (i = 1; i <= 6; i++)
		assert_int_equal(db_purge(dbw.db, 1, i), 0);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	sweep_all(DBW_START + 12 * (uint64_t)DBW_DAY);
	assert_false(has_bytes(raw, sizeof(raw)));
	assert_int_equal(found("first words"), 0);
	sealed_base(2, raw); /* still there */
}

/* A row that was moved to another place does not open. */
static void test_moved_base(void **state)
{
	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	dbw_close();
	dbw_sql(
	    "UPDATE epoch SET base = (SELECT base FROM epoch WHERE epoch = 1)"
	    " WHERE epoch = 2");
	dbw_refused("an epoch does not open");
}

/* --- retention ------------------------------------------------------------ */

static void test_keep_days(void **state)
{
	struct dbw_kept k;

	(void)state;
	dbw_run();
	dbw_fill(7, 0);
	sweep_all(DBW_START); /* all of it is young */
	assert_int_equal(dbw_kept().entries, 12);
	sweep_all(DBW_START + 9 * (uint64_t)DBW_DAY +
		  1); /* two are older than 7 days */
	k = dbw_kept();
	assert_int_equal(k.oldest, 4);
	assert_int_equal(k.entries, 9);
	sweep_all(DBW_START + 14 * (uint64_t)DBW_DAY);
	k = dbw_kept();
	assert_int_equal(k.oldest, 8);
	assert_int_equal(k.epochs, 1);
	dbw_close();
	dbw_run(); /* the chain still leads from one to the next */
	/* In the end its newest place remains, as a mark. */
	sweep_all(DBW_START + 100 * (uint64_t)DBW_DAY);
	k = dbw_kept();
	assert_int_equal(k.entries, 1);
	assert_int_equal(k.marks, 1);
	assert_int_equal(k.oldest, 12);
	assert_int_equal(k.epochs, 0);
	assert_int_equal(found("words"), 0);
	dbw_close();
	dbw_run();
	/* And the log goes on from there. */
	assert_int_equal(db_begin(dbw.db), 0);
	dbw_epoch(1, DBW_BASE_1);
	dbw_person(5);
	dbw_entry(1, DBW_START + 100 * (uint64_t)DBW_DAY, "third words ");
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	sweep_all(DBW_START + 100 * (uint64_t)DBW_DAY);
	k = dbw_kept();
	assert_int_equal(k.first, 13);
	assert_int_equal(k.last, 13);
	assert_int_equal(k.people, 1);
	dbw_close();
	dbw_run();
}

static void test_keep_count(void **state)
{
	struct dbw_kept k;

	(void)state;
	dbw_run();
	dbw_fill(0, 5);
	sweep_all(DBW_START + 100 * (uint64_t)DBW_DAY);
	k = dbw_kept();
	assert_int_equal(k.oldest, 8);
	assert_int_equal(k.entries, 5);
	assert_int_equal(k.marks, 0);
	dbw_close();
	dbw_run();
	dbw_fill(0, 5);
	sweep_all(DBW_START);
	assert_int_equal(dbw_kept().oldest, 20);
	assert_int_equal(dbw_kept().runs, 1); /* the older run has gone */
}

/* The people of dbw.runs that are over go with what they said. */
static void test_unused(void **state)
{
	sqlite3 *raw;
	sqlite3_stmt *s;

	(void)state;
	dbw_run();
	dbw_fill(7, 0);
	dbw_close();
	dbw_run();
	sweep_all(DBW_START + 100 * (uint64_t)DBW_DAY);
	dbw_close();
	assert_int_equal(sqlite3_open(dbw.path, &raw), SQLITE_OK);
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

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, dbw_up, dbw_down)
	struct CMUnitTest tests[] = {
	    TEST(test_purged_bytes),
	    TEST(test_bytes_amid_a_segment),
	    TEST(test_bases_are_sealed),
	    TEST(test_moved_base),
	    TEST(test_keep_days),
	    TEST(test_keep_count),
	    TEST(test_unused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
