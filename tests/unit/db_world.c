/* A database in a folder of a test's own; see db_world.h. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

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

void dbw_entry(uint32_t epoch, uint64_t ts, const char *text)
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
	memcpy(e.before, dbw.head.chain, WIRE_HASH);
	assert_int_equal(crypto_hash1(dbw.crypto, d, bytes + WIRE_OFFSET,
			     sizeof(bytes) - WIRE_OFFSET),
	    0);
	assert_int_equal(log_head_add(dbw.crypto, &dbw.head, d), 0);
	e.head = dbw.head;
	assert_int_equal(db_put_entry(dbw.db, &e, &h), 0);
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
