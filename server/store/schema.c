/* schema.c - the tables of the database, and the steps from version to
 * version. A step is never changed once it was released: add another. */
#include "server/store/schema.h"

#include <stdio.h>

/* Version 1. Numbers are at most 2^63-1, times unix ms.
 *
 * entry: `digest` is there instead of `body` once that was destroyed. The
 * newest entry of a room stays, with its digest, when all others have gone: it
 * remembers the head of the log.
 * room.before: the chain before the oldest entry that is kept.
 * epoch.base: sealed under state.key (seal.h).
 * uses: how many bodies in `entry` need this row. An index over the entries
 * would say it too, but has to be written for each.
 *
 * auto_vacuum stays NONE: with a retention, as many pages become free as are
 * needed again, and moving pages would copy the log for ever. */
static const char version_1[] =
    "CREATE TABLE meta ("
    " one INTEGER PRIMARY KEY CHECK (one = 1),"
    " run INTEGER NOT NULL,"	/* the newest */
    " ticket INTEGER NOT NULL," /* the newest written of that run */
    " key_check BLOB NOT NULL"	/* of state.key */
    ") STRICT;"
    "CREATE TABLE room ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL,"
    " topic TEXT NOT NULL,"
    " listed INTEGER NOT NULL,"
    " invited INTEGER NOT NULL,"
    " history INTEGER NOT NULL,"
    " keep_days INTEGER NOT NULL,"
    " keep_count INTEGER NOT NULL,"
    " operators_only INTEGER NOT NULL,"
    " sealed INTEGER NOT NULL,"
    " maker BLOB,"
    " log BLOB NOT NULL,"
    " entered INTEGER NOT NULL,"
    " before BLOB"
    ") STRICT;"
    "CREATE TABLE rights ("
    " room INTEGER NOT NULL," /* 0: of the server */
    " identity BLOB NOT NULL,"
    " name TEXT NOT NULL,"
    " role INTEGER,"
    " invited INTEGER NOT NULL,"
    " banned INTEGER NOT NULL,"
    " muted INTEGER NOT NULL,"
    " member INTEGER NOT NULL,"
    " ban_until INTEGER NOT NULL,"
    " mute_until INTEGER NOT NULL,"
    " since INTEGER NOT NULL,"
    " since_run INTEGER NOT NULL,"
    " since_epoch INTEGER NOT NULL,"
    " PRIMARY KEY (room, identity)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE run ("
    " id INTEGER PRIMARY KEY,"
    " session BLOB NOT NULL UNIQUE"
    ") STRICT;"
    "CREATE TABLE person ("
    " run INTEGER NOT NULL,"
    " member INTEGER NOT NULL,"
    " uses INTEGER NOT NULL,"
    " json BLOB NOT NULL,"
    " sum BLOB NOT NULL," /* SHA-256 of json */
    " PRIMARY KEY (run, member)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE epoch ("
    " room INTEGER NOT NULL,"
    " run INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL,"
    " uses INTEGER NOT NULL,"
    " made INTEGER NOT NULL,"
    " base BLOB NOT NULL,"
    " roster BLOB NOT NULL,"
    " PRIMARY KEY (room, run, epoch)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE entry ("
    " id INTEGER PRIMARY KEY,"
    " room INTEGER NOT NULL,"
    " offset INTEGER NOT NULL,"
    " ts INTEGER NOT NULL,"
    " run INTEGER NOT NULL,"
    " chain BLOB NOT NULL,"
    " digest BLOB,"
    " body BLOB"
    ") STRICT;"
    "CREATE UNIQUE INDEX entry_place ON entry (room, offset);";

/* Version 2: accounts. Until then a person was an identity: each that had
 * rights becomes an account, whose key is that identity, with one device. Of
 * two with one name the newer member keeps it, and the others get a free one:
 * the name, cut, and some of their key in hex. rights.identity holds the account's key.
 *
 * account.password, invite.secret: sealed under state.key. */
static const char version_2[] =
    "CREATE TABLE account ("
    " key BLOB PRIMARY KEY,"
    " name TEXT NOT NULL COLLATE NOCASE UNIQUE," /* as first written */
    " made INTEGER NOT NULL," /* unix seconds, as all in these tables */
    " salt BLOB,"
    " password BLOB"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE device ("
    " account BLOB NOT NULL,"
    " identity BLOB NOT NULL,"
    " first INTEGER NOT NULL,"
    " last INTEGER NOT NULL,"
    " PRIMARY KEY (account, identity)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE invite ("
    " id TEXT PRIMARY KEY,"
    " uses INTEGER NOT NULL,"
    " left INTEGER NOT NULL,"
    " until INTEGER NOT NULL,"
    " role INTEGER NOT NULL,"
    " room INTEGER NOT NULL,"
    " by BLOB," /* an account; NULL: the server's owner */
    " whose BLOB,"
    " salt BLOB NOT NULL,"
    " secret BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "INSERT OR IGNORE INTO account "
    "SELECT identity, name, 0, NULL, NULL FROM rights "
    "GROUP BY identity ORDER BY max(since_run) DESC, count(*) DESC;"
    "INSERT OR IGNORE INTO account "
    "SELECT DISTINCT identity, substr(name, 1, 15) || '-' || "
    "lower(substr(hex(identity), 1, 8)), 0, NULL, NULL FROM rights "
    "WHERE identity NOT IN (SELECT key FROM account) GROUP BY identity;"
    "INSERT INTO device SELECT key, key, 0, 0 FROM account;";

/* Version 3: the entries of a room that were committed together are one row
 * (segment.h), instead of one each in `entry`.
 *
 * segment.id: never given twice. run: of all its entries.
 * meta.counted: epoch.uses and person.uses have counted the segments up to this
 * id (db_uses.c). */
static const char version_3[] =
    "CREATE TABLE segment ("
    " id INTEGER PRIMARY KEY,"
    " room INTEGER NOT NULL,"
    " first INTEGER NOT NULL," /* the offset of its first entry */
    " n INTEGER NOT NULL,"
    " run INTEGER NOT NULL,"
    " chain BLOB NOT NULL," /* at its last entry */
    " heads BLOB NOT NULL,"
    " bodies BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX segment_place ON segment (room, first);"
    "ALTER TABLE meta ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;";
static const char version_3_end[] =
    "DROP TABLE entry;"
    "UPDATE meta SET counted = (SELECT coalesce(max(id), 0) FROM segment);";

/* Version 4: direct messages. `account` of a device is whose it was when it
 * published its keys, of a frame the sender's; `number` is the newest of the
 * device's queue, and is never given again. A key is its public half, when it was
 * made, and its signature. Times are unix seconds. */
static const char version_4[] =
    "CREATE TABLE direct_device ("
    " identity BLOB PRIMARY KEY,"
    " account BLOB NOT NULL,"
    " number INTEGER NOT NULL,"
    " lasting BLOB NOT NULL,"
    " certificate BLOB"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE direct_once ("
    " id INTEGER PRIMARY KEY,"
    " identity BLOB NOT NULL,"
    " key BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX direct_once_of ON direct_once (identity);"
    "CREATE TABLE direct_frame ("
    " id INTEGER PRIMARY KEY,"
    " identity BLOB NOT NULL,"
    " number INTEGER NOT NULL,"
    " ts INTEGER NOT NULL,"
    " account BLOB NOT NULL,"
    " sender BLOB NOT NULL,"
    " name TEXT NOT NULL,"
    " body BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX direct_frame_place ON direct_frame (identity, number);"
    "CREATE TABLE block ("
    " account BLOB NOT NULL,"
    " other BLOB NOT NULL,"
    " PRIMARY KEY (account, other)"
    ") STRICT, WITHOUT ROWID;";

/* From version i to i + 1. */
static const struct step {
	const char *sql;
	int (*fn)(sqlite3 *db); /* then; NULL: nothing */
	const char *end;	/* then; NULL: nothing */
} steps[SCHEMA_VERSION] = {
    {version_1, NULL, NULL},
    {version_2, NULL, NULL},
    {version_3, schema_segments, version_3_end},
    {version_4, NULL, NULL},
};

static int number(sqlite3 *db, const char *pragma, int *out)
{
	sqlite3_stmt *s = NULL;
	int r = sqlite3_prepare_v2(db, pragma, -1, &s, NULL);

	if (r == SQLITE_OK && (r = sqlite3_step(s)) == SQLITE_ROW) {
		*out = sqlite3_column_int(s, 0);
		r = SQLITE_OK;
	}
	sqlite3_finalize(s);
	return r;
}

static int take_step(sqlite3 *db, int from)
{
	const struct step *s = &steps[from];
	char end[128];
	int r;

	snprintf(end, sizeof(end),
	    "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
	    SCHEMA_APPLICATION, from + 1);
	if ((r = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL)) ==
		SQLITE_OK &&
	    (r = sqlite3_exec(db, s->sql, NULL, NULL, NULL)) == SQLITE_OK &&
	    (s->fn == NULL || (r = s->fn(db)) == SQLITE_OK) &&
	    (s->end == NULL || (r = sqlite3_exec(db, s->end, NULL, NULL,
				    NULL)) == SQLITE_OK))
		r = sqlite3_exec(db, end, NULL, NULL, NULL);
	if (r != SQLITE_OK)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

int schema_upgrade(sqlite3 *db)
{
	int application = 0, version = 0, tables = 0, r;

	if ((r = number(db, "PRAGMA application_id", &application)) !=
		SQLITE_OK ||
	    (r = number(db, "PRAGMA user_version", &version)) != SQLITE_OK ||
	    (r = number(db, "SELECT count(*) FROM sqlite_schema", &tables)) !=
		SQLITE_OK)
		return r;
	if (application != SCHEMA_APPLICATION &&
	    (application != 0 || version != 0 || tables != 0))
		return SQLITE_NOTADB;
	if (version > SCHEMA_VERSION || version < 0)
		return SQLITE_SCHEMA;
	for (; version < SCHEMA_VERSION && r == SQLITE_OK; version++)
		r = take_step(db, version);
	return r;
}
