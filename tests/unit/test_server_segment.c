/* Segments: the parts of one, cut and changed in every way; and how the entries of
 * a transaction become segments, are counted, cut and destroyed. */
#include <sqlite3.h>

#include "server/store/segment.h"
#include "tests/unit/db_world.h"

enum { BODY = 200, MANY = 2500 };

/* --- the parts of one ----------------------------------------------------- */

struct made {
	struct segment s;
	struct buf heads, bodies;
	uint8_t body[BODY], digest[WIRE_HASH];
};

/* An entry, one that was destroyed, and another. */
static void make_one(struct made *m)
{
	struct segment_entry e = {.ts_ms = 7, .bytes = m->body, .len = BODY};
	struct segment_entry gone = {.ts_ms = 8, .gone = m->digest};

	memset(m, 0, sizeof(*m));
	memset(m->digest, 0xd1, sizeof(m->digest));
	put_u32(m->body + 8, 3);
	buf_init(&m->heads, 1000);
	buf_init(&m->bodies, 1000);
	assert_int_equal(segment_put(&m->heads, &m->bodies, &e), 0);
	assert_int_equal(segment_put(&m->heads, &m->bodies, &gone), 0);
	e.ts_ms = 9;
	assert_int_equal(segment_put(&m->heads, &m->bodies, &e), 0);
	m->s = (struct segment){.id = 1,
	    .room = 3,
	    .run = 1,
	    .n = 3,
	    .first = 10,
	    .chain = m->digest,
	    .heads = {m->heads.p, m->heads.len},
	    .bodies = {m->bodies.p, m->bodies.len}};
}

static void free_one(struct made *m)
{
	buf_free(&m->heads);
	buf_free(&m->bodies);
}

static void test_parts(void **state)
{
	struct segment_entry e;
	struct segment at;
	struct made m;

	(void)state;
	make_one(&m);
	assert_int_equal(segment_check(&m.s), 0);
	assert_int_equal(segment_last(&m.s), 12);
	at = m.s;
	assert_int_equal(segment_next(&at, &e), 0);
	assert_int_equal(e.offset, 10);
	assert_int_equal(e.ts_ms, 7);
	assert_int_equal(e.len, BODY);
	assert_int_equal(e.head.room, 3);
	assert_int_equal(segment_next(&at, &e), 0);
	assert_int_equal(e.offset, 11);
	assert_null(e.bytes);
	assert_memory_equal(e.gone, m.digest, WIRE_HASH);
	assert_int_equal(segment_next(&at, &e), 0);
	assert_int_equal(e.ts_ms, 9);
	assert_int_equal(segment_next(&at, &e), ERR_AGAIN);
	assert_int_equal(segment_find(&m.s, 12, &at), 0);
	assert_int_equal(at.first, 12);
	assert_int_equal(at.n, 1);
	assert_int_equal(segment_find(&m.s, 14, &at), ERR_RANGE);
	free_one(&m);
}

/* A part that is shorter or longer than the others say. */
static void test_cut_parts(void **state)
{
	struct segment s;
	struct made m;
	size_t i;

	(void)state;
	make_one(&m);
	for (i = 0; i < m.heads.len; i++) {
		s = m.s;
		s.heads.left = i;
		assert_int_equal(segment_check(&s), ERR_RANGE);
	}
	for (i = 0; i < m.bodies.len; i++) {
		s = m.s;
		s.bodies.left = i;
		assert_int_equal(segment_check(&s), ERR_RANGE);
	}
	s = m.s;
	s.n = 2;
	assert_int_equal(segment_check(&s), ERR_RANGE);
	s.n = 0;
	assert_int_equal(segment_check(&s), ERR_RANGE);
	s = m.s;
	s.first = 0;
	assert_int_equal(segment_check(&s), ERR_RANGE);
	s.first = INT64_MAX;
	assert_int_equal(segment_check(&s), ERR_RANGE);
	s = m.s;
	s.room = 0;
	assert_int_equal(segment_check(&s), ERR_RANGE);
	free_one(&m);
}

/* Every bit of a length: it is refused, at once or, for a digest that is said to
 * be an entry, when it is read. */
static void test_flipped_lengths(void **state)
{
	struct segment_entry e;
	struct segment at;
	struct made m;
	size_t i, bit;
	int r;

	(void)state;
	make_one(&m);
	for (i = 0; i < m.heads.len; i++)
		for (bit = 0; bit < 8; bit++) {
			if (i % SEGMENT_HEAD < 8)
				continue; /* a time may be any */
			m.heads.p[i] ^= (uint8_t)(1 << bit);
			r = segment_check(&m.s);
			at = m.s;
			while (r == 0)
				r = segment_next(&at, &e);
			assert_int_equal(r, ERR_RANGE);
			m.heads.p[i] ^= (uint8_t)(1 << bit);
		}
	free_one(&m);
}

/* --- in the database ------------------------------------------------------ */

static int number(const char *sql)
{
	sqlite3 *raw;
	sqlite3_stmt *s;
	int n;

	dbw_close();
	assert_int_equal(sqlite3_open(dbw.path, &raw), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(raw, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(raw);
	dbw_run(); /* checks every chain */
	return n;
}

static void make_room(uint32_t id)
{
	static const uint8_t log[WIRE_LOG];
	const char name[] = {(char)('a' + id), 0};
	struct store_room r = {
	    .id = id, .name = name, .topic = "", .log = log};

	r.settings.history = HISTORY_MEMBERS;
	assert_int_equal(db_put_room(dbw.db, &r), 0);
}

/* More than one batch, of three rooms in turn, some of them long. */
static void test_many_rooms(void **state)
{
	static const uint8_t log[WIRE_LOG];
	struct log_head head[4];
	uint32_t i, room;

	(void)state;
	dbw_run();
	assert_int_equal(db_begin(dbw.db), 0);
	for (room = 1; room <= 3; room++) {
		make_room(room);
		assert_int_equal(
		    log_head_start(dbw.crypto, &head[room], log), 0);
	}
	for (i = 0; i < MANY; i++)
		assert_int_equal(dbw_put(&head[1 + i % 3], 1 + i % 3, 1,
				     DBW_START, "some words ",
				     i % 500 == 0 ? 65000 : 200 + i % 7),
		    0);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_int_equal(head[1].offset, 834);
	assert_int_equal(number("SELECT sum(n) FROM segment"), MANY);
	assert_in_range(number("SELECT count(*) FROM segment"), 20, 60);
	assert_in_range(number("SELECT max(n) FROM segment"), 100, 128);
	assert_in_range(
	    number("SELECT max(length(bodies)) FROM segment"), 60000, 65536);
	assert_int_equal(dbw_kept().entries, 500); /* as many as it asks for */
}

/* An entry that is there already, in the same transaction or an older one, and
 * another in its place. */
static void test_again(void **state)
{
	struct log_head old;

	(void)state;
	dbw_run();
	assert_int_equal(db_begin(dbw.db), 0);
	dbw_room(0, 0);
	dbw_entry(1, DBW_START, "one ");
	old = dbw.head;
	dbw_entry(1, DBW_START, "two ");
	assert_int_equal(dbw_put(&old, 1, 1, DBW_START, "two ", 700), 0);
	dbw_entry(1, DBW_START, "three ");
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_int_equal(db_begin(dbw.db), 0);
	assert_int_equal(dbw_put(&old, 1, 1, DBW_START, "three ", 700), 0);
	old.offset--;
	assert_int_equal(
	    dbw_put(&old, 1, 1, DBW_START, "else ", 700), ERR_LOG);
	dbw_entry(1, DBW_START, "four ");
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_int_equal(dbw_kept().entries, 4);
	assert_int_equal(number("SELECT sum(n) FROM segment"), 4);
}

/* What a transaction took is gone with it, and the log goes on where it was. */
static void test_rollback(void **state)
{
	struct log_head old;

	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	old = dbw.head;
	assert_int_equal(db_begin(dbw.db), 0);
	dbw_entry(2, DBW_START, "lost ");
	dbw_entry(2, DBW_START, "lost too ");
	db_rollback(dbw.db);
	dbw.head = old;
	assert_int_equal(db_begin(dbw.db), 0);
	dbw_entry(2, DBW_START, "kept ");
	assert_int_equal(dbw_kept().entries, 13); /* read amid it */
	assert_int_equal(db_purge(dbw.db, 1, 13), 0);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_int_equal(dbw_kept().entries, 13);
	assert_int_equal(dbw_kept().marks, 1);
}

static void sweep(uint64_t now)
{
	bool more = true;

	while (more)
		assert_int_equal(db_sweep(dbw.db, now, &more), 0);
}

/* Epochs and people of another run stay as long as an entry needs them, whether
 * it was counted or the keeper died before that. */
static void test_counted(void **state)
{
	int i;

	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	assert_int_equal(number("SELECT counted FROM meta"), 0);
	assert_int_equal(number("SELECT max(uses) FROM epoch"), 0);
	sweep(DBW_START);
	assert_int_equal(number("SELECT counted FROM meta"), 1);
	assert_int_equal(number("SELECT sum(uses) FROM epoch"), 12);
	assert_int_equal(number("SELECT uses FROM person"), 12);
	/* Three are not counted: of those nothing is taken back. */
	assert_int_equal(db_begin(dbw.db), 0);
	for (i = 0; i < 3; i++)
		dbw_entry(2, DBW_START, "more words ");
	assert_int_equal(db_purge(dbw.db, 1, 14), 0);
	assert_int_equal(db_purge(dbw.db, 1, 12), 0);
	assert_int_equal(db_purge(dbw.db, 1, 12), 0); /* again: nothing */
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_int_equal(
	    number("SELECT uses FROM epoch WHERE epoch = 2"), 5);
	sweep(DBW_START);
	/* The new run's people are none of the old. */
	assert_int_equal(number("SELECT sum(uses) FROM epoch"), 11);
	assert_int_equal(dbw_kept().epochs, 2);
	assert_int_equal(dbw_kept().marks, 2);
}

/* Ids begin anew when the newest segments were destroyed; one that was counted
 * is never given again. */
static void test_ids(void **state)
{
	static const uint8_t log[WIRE_LOG];

	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	sweep(DBW_START);
	assert_int_equal(db_begin(dbw.db), 0);
	assert_int_equal(db_forget_entries(dbw.db, 1), 0);
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
	assert_int_equal(number("SELECT count(*) FROM segment"), 0);
	assert_int_equal(log_head_start(dbw.crypto, &dbw.head, log), 0);
	dbw_fill(0, 0);
	assert_int_equal(number("SELECT id FROM segment"), 2);
	sweep(DBW_START);
	assert_int_equal(number("SELECT sum(uses) FROM epoch"), 12);
}

/* A limit amid a segment: what is over it goes, and no more. */
static void test_cut_amid(void **state)
{
	uint64_t i;

	(void)state;
	dbw_run();
	dbw_fill(0, 0);
	for (i = 11; i > 0; i--) {
		assert_int_equal(db_begin(dbw.db), 0);
		dbw_room(0, (uint32_t)i);
		assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
		sweep(DBW_START);
		assert_int_equal(dbw_kept().entries, i);
		assert_int_equal(dbw_kept().oldest, 13 - i);
		assert_int_equal(dbw_kept().marks, 0);
		assert_int_equal(number("SELECT sum(uses) FROM epoch"), i);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, dbw_up, dbw_down)
	struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_cut_parts),
	    cmocka_unit_test(test_flipped_lengths),
	    TEST(test_many_rooms),
	    TEST(test_again),
	    TEST(test_rollback),
	    TEST(test_counted),
	    TEST(test_ids),
	    TEST(test_cut_amid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
