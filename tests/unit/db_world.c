/* A database in a folder of a test's own; see db_world.h. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "server/store/segment.h"
#include "tests/unit/db_world.h"

enum { BODY = 700 };

struct db_world dbw;

int dbw_open(struct errmsg *why)
{
	struct db_opts o = {.path = dbw.path,
	    .key = dbw.key,
	    .sync_full = false,
	    .check_max = 1 << 30};

	return db_open(&dbw.db, &o, why);
}

void dbw_run(void)
{
	uint8_t session[WIRE_NONCE];
	struct errmsg why;
	uint32_t run;

	assert_int_equal(dbw_open(&why), 0);
	memset(session, ++dbw.runs, sizeof(session));
	assert_int_equal(db_run(dbw.db, session, &run, &dbw.ticket), 0);
}

int dbw_up(void **state)
{
	static const uint8_t log[WIRE_LOG];

	if (folder_make(state) != 0 || (dbw.crypto = crypto_new()) == NULL)
		return -1;
	snprintf(dbw.path, sizeof(dbw.path), "%s", folder_path(state, DB_NAME));
	memset(dbw.key, 7, sizeof(dbw.key));
	dbw.runs = 0;
	return log_head_start(dbw.crypto, &dbw.head, log);
}

int dbw_down(void **state)
{
	db_close(dbw.db);
	dbw.db = NULL;
	crypto_free(dbw.crypto);
	return folder_remove(state);
}

void dbw_close(void)
{
	db_close(dbw.db);
	dbw.db = NULL;
}

void dbw_refused(const char *word)
{
	struct errmsg why;

	assert_int_not_equal(dbw_open(&why), 0);
	assert_null(dbw.db);
	if (strstr(why.text, word) == NULL)
		assert_string_equal(why.text, word);
}

void dbw_room(uint32_t days, uint32_t count)
{
	static const uint8_t log[WIRE_LOG];
	struct store_room r = {
	    .id = 1, .name = "room", .topic = "topic", .log = log};

	r.settings.history = HISTORY_MEMBERS;
	r.settings.keep_days = days;
	r.settings.keep_count = count;
	assert_int_equal(db_put_room(dbw.db, &r), 0);
}

void dbw_epoch(uint32_t epoch, const char *base)
{
	uint8_t roster[WIRE_HASH] = {0};
	const struct store_epoch e = {1, epoch, (const uint8_t *)base, roster};

	assert_int_equal(strlen(base), WIRE_KEY);
	assert_int_equal(db_put_epoch(dbw.db, &e, DBW_START), 0);
}

void dbw_person(uint32_t member)
{
	char json[200];
	struct store_person p = {.member = member, .json = json};

	memset(json, 'j', sizeof(json));
	p.len = sizeof(json);
	assert_int_equal(db_put_person(dbw.db, &p), 0);
}

int dbw_put(struct log_head *head, uint32_t room, uint32_t epoch, uint64_t ts,
    const char *text, size_t len)
{
	uint8_t *bytes = calloc(1, len), d[WIRE_HASH];
	struct store_entry e = {
	    .room = room, .ts_ms = ts, .bytes = bytes, .len = len};
	struct log_head next = *head;
	size_t i, n = strlen(text);
	int r;

	assert_non_null(bytes);
	put_u32(bytes + 8, room);
	put_u32(bytes + 12, epoch);
	put_u32(bytes + 16, 5);
	for (i = WIRE_GROUP_HEAD; i < len; i++)
		bytes[i] = (uint8_t)text[i % n];
	memcpy(e.before, next.chain, WIRE_HASH);
	assert_int_equal(crypto_hash1(dbw.crypto, d, bytes + WIRE_OFFSET,
			     len - WIRE_OFFSET),
	    0);
	assert_int_equal(log_head_add(dbw.crypto, &next, d), 0);
	e.head = next;
	if ((r = db_put_entry(dbw.db, &e)) == 0)
		*head = next;
	free(bytes); /* the database has copied it */
	return r;
}

void dbw_entry(uint32_t epoch, uint64_t ts, const char *text)
{
	assert_int_equal(
	    dbw_put(&dbw.head, 1, epoch, ts, text, BODY), 0);
}

void dbw_fill(uint32_t days, uint32_t count)
{
	uint64_t i;

	assert_int_equal(db_begin(dbw.db), 0);
	dbw_room(days, count);
	dbw_epoch(1, DBW_BASE_1);
	dbw_person(5);
	for (i = 0; i < 6; i++)
		dbw_entry(1, DBW_START + i * DBW_DAY, "first words ");
	dbw_epoch(2, DBW_BASE_2);
	for (; i < 12; i++)
		dbw_entry(2, DBW_START + i * DBW_DAY, "second words ");
	assert_int_equal(db_commit(dbw.db, ++dbw.ticket), 0);
}

struct dbw_kept dbw_kept(void)
{
	const struct store_question q = {
	    .room = 1, .count = 500, .first = 1, .bytes = 1 << 20};
	struct store_range_head h;
	struct store_kept_entry e;
	struct store_frame f;
	struct dbw_kept k = {.oldest = 0};
	struct buf b;
	size_t at = 0;

	buf_init(&b, 4 << 20);
	assert_int_equal(db_read(dbw.db, 1, &q, &b), 0);
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

void dbw_sql(const char *sql)
{
	sqlite3 *raw;

	assert_int_equal(sqlite3_open(dbw.path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
}

static void old_rows(sqlite3 *raw, const struct segment *seg)
{
	struct segment at = *seg;
	struct segment_entry e;
	struct log_head h = {.offset = seg->first - 1};
	uint8_t d[WIRE_HASH];
	sqlite3_stmt *s;

	assert_int_equal(
	    sqlite3_prepare_v2(raw,
		"INSERT INTO entry (room, offset, ts, run, chain, digest, body) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		-1, &s, NULL),
	    SQLITE_OK);
	memcpy(h.chain, seg->chain, WIRE_HASH); /* the one before it */
	while (segment_next(&at, &e) == 0) {
		assert_int_equal(segment_digest(dbw.crypto, &e, d), 0);
		assert_int_equal(log_head_add(dbw.crypto, &h, d), 0);
		sqlite3_bind_int64(s, 1, seg->room);
		sqlite3_bind_int64(s, 2, (sqlite3_int64)e.offset);
		sqlite3_bind_int64(s, 3, (sqlite3_int64)e.ts_ms);
		sqlite3_bind_int64(s, 4, seg->run);
		sqlite3_bind_blob(s, 5, h.chain, WIRE_HASH, SQLITE_STATIC);
		sqlite3_bind_blob(s, 6, e.gone, e.gone != NULL ? WIRE_HASH : 0,
		    SQLITE_STATIC);
		sqlite3_bind_blob(s, 7, e.bytes, (int)e.len, SQLITE_STATIC);
		assert_int_equal(sqlite3_step(s), SQLITE_DONE);
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
}

static const char version_2[] =
    "CREATE TABLE entry (id INTEGER PRIMARY KEY, room INTEGER NOT NULL,"
    " offset INTEGER NOT NULL, ts INTEGER NOT NULL, run INTEGER NOT NULL,"
    " chain BLOB NOT NULL, digest BLOB, body BLOB) STRICT;"
    "CREATE UNIQUE INDEX entry_place ON entry (room, offset);"
    /* That version counted each when it was written: as many as the test of it
     * has. */
    "UPDATE person SET uses = 178; UPDATE epoch SET uses = 89;";

void dbw_version_2(void)
{
	sqlite3 *raw;
	sqlite3_stmt *s;
	struct segment seg;

	dbw_sql(version_2);
	assert_int_equal(sqlite3_open(dbw.path, &raw), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(raw,
		"SELECT s.room, first, n, run, heads, bodies, coalesce("
		"(SELECT chain FROM segment p WHERE p.room = s.room AND "
		"p.first < s.first ORDER BY p.first DESC LIMIT 1), before) "
		"FROM segment s JOIN room r ON s.room = r.id",
		-1, &s, NULL),
	    SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		seg = (struct segment){
		    .room = (uint32_t)sqlite3_column_int64(s, 0),
		    .first = (uint64_t)sqlite3_column_int64(s, 1),
		    .n = (uint32_t)sqlite3_column_int64(s, 2),
		    .run = (uint32_t)sqlite3_column_int64(s, 3),
		    .heads = {sqlite3_column_blob(s, 4),
			(size_t)sqlite3_column_bytes(s, 4)},
		    .bodies = {sqlite3_column_blob(s, 5),
			(size_t)sqlite3_column_bytes(s, 5)},
		    .chain = sqlite3_column_blob(s, 6)};
		old_rows(raw, &seg);
	}
	sqlite3_finalize(s);
	sqlite3_close(raw);
	dbw_sql("DROP TABLE segment; ALTER TABLE meta DROP COLUMN counted;");
	dbw_version_3();
	dbw_sql("PRAGMA user_version = 2");
}

void dbw_version_3(void)
{
	dbw_sql("DROP TABLE direct_device; DROP TABLE direct_once;"
		"DROP TABLE direct_frame; DROP TABLE block;"
		"PRAGMA user_version = 3");
}

uint8_t *dbw_read_file(const char *name, size_t *n)
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
