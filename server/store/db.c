/* db.c - opens the database, its statements, transactions and runs. */
#include "server/store/db_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/store/schema.h"
#include "server/store/vfs_coalesce.h"
#include "shared/base/secret.h"

/* --- statements ----------------------------------------------------------- */

static int failed(struct db *db, int rc)
{
	snprintf(db->why, sizeof(db->why), "%s", sqlite3_errstr(rc));
	return (rc & 0xff) == SQLITE_NOMEM ? ERR_NOMEM : ERR_IO;
}

const char *db_why(const struct db *db)
{
	return db->why;
}

int db_damaged(struct db *db, const char *what)
{
	snprintf(db->why, sizeof(db->why), "damaged: %.100s", what);
	return ERR_IO;
}

/* A bind fails for want of memory; then the parameter is NULL, and a column
 * that may not be NULL refuses it. Those that may be are checked by db_bind. */
void db_bind(struct db *db, enum db_stmt s, int place, uint64_t n)
{
	(void)!sqlite3_bind_int64(db->stmt[s], place, (sqlite3_int64)n);
}

void db_bind_bytes(
    struct db *db, enum db_stmt s, int place, const void *p, size_t n)
{
	(void)!sqlite3_bind_blob64(db->stmt[s], place, p, n, SQLITE_STATIC);
}

void db_bind_text(struct db *db, enum db_stmt s, int place, const char *t)
{
	(void)!sqlite3_bind_text(db->stmt[s], place, t, -1, SQLITE_STATIC);
}

void db_bind_null(struct db *db, enum db_stmt s, int place)
{
	(void)!sqlite3_bind_null(db->stmt[s], place);
}

int db_step(struct db *db, enum db_stmt s)
{
	int rc = sqlite3_step(db->stmt[s]);

	if (rc == SQLITE_ROW)
		return 0;
	(void)sqlite3_reset(db->stmt[s]);
	(void)sqlite3_clear_bindings(db->stmt[s]);
	return rc == SQLITE_DONE ? ERR_AGAIN : failed(db, rc);
}

void db_reset(struct db *db, enum db_stmt s)
{
	(void)sqlite3_reset(db->stmt[s]);
	(void)sqlite3_clear_bindings(db->stmt[s]);
}

int db_do(struct db *db, enum db_stmt s, int *changes)
{
	int r = db_step(db, s);

	if (r == 0)
		db_reset(db, s);
	if (r != 0 && r != ERR_AGAIN)
		return r;
	if (changes != NULL)
		*changes = sqlite3_changes(db->sql);
	return 0;
}

uint64_t db_number(struct db *db, enum db_stmt s, int column)
{
	sqlite3_int64 n = sqlite3_column_int64(db->stmt[s], column);

	return n < 0 ? 0 : (uint64_t)n;
}

const uint8_t *db_bytes(struct db *db, enum db_stmt s, int column, size_t *n)
{
	const uint8_t *p = sqlite3_column_blob(db->stmt[s], column);

	*n = p != NULL ? (size_t)sqlite3_column_bytes(db->stmt[s], column) : 0;
	return p;
}

const uint8_t *db_fixed(struct db *db, enum db_stmt s, int column, size_t n)
{
	size_t have;
	const uint8_t *p = db_bytes(db, s, column, &have);

	return have == n ? p : NULL;
}

const char *db_text(struct db *db, enum db_stmt s, int column)
{
	const char *t = (const char *)sqlite3_column_text(db->stmt[s], column);

	return t != NULL ? t : "";
}

/* --- the WAL ------------------------------------------------------------------ */

enum { WAL_PAGES = 1000 /* then db_checkpoint has something to do */ };

static int committed(void *arg, sqlite3 *sql, const char *name, int pages)
{
	struct db *db = arg;

	(void)sql, (void)name;
	db->wal_pages = pages;
	return SQLITE_OK;
}

void db_checkpoint(struct db *db)
{
	if (db->wal_pages >= WAL_PAGES && !db->copy.on &&
	    sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE,
		NULL, NULL) == SQLITE_OK)
		db->wal_pages = 0;
}

/* --- opening --------------------------------------------------------------- */

static int prepare(struct db *db)
{
	int i, rc;

	for (i = 0; i < DB_STATEMENTS; i++) {
		rc = sqlite3_prepare_v3(db->sql, db_sql[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &db->stmt[i], NULL);
		if (rc != SQLITE_OK)
			return failed(db, rc);
	}
	return 0;
}

/* The first word that a statement answers. */
static int ask(struct db *db, const char *text, char *out, size_t size)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db->sql, text, -1, &s, NULL);

	out[0] = '\0';
	if (rc == SQLITE_OK) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW && sqlite3_column_text(s, 0) != NULL)
			snprintf(out, size, "%s",
			    (const char *)sqlite3_column_text(s, 0));
	}
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int set_up(struct db *db, const struct db_opts *o)
{
	static const char before[] = "PRAGMA locking_mode=EXCLUSIVE;"
				     "PRAGMA secure_delete=ON;"
				     "PRAGMA temp_store=MEMORY;"
				     "PRAGMA mmap_size=0;"
				     "PRAGMA cell_size_check=ON;"
				     "PRAGMA trusted_schema=OFF;";
	char word[32];
	int rc;

	(void)sqlite3_extended_result_codes(db->sql, 1);
	sqlite3_busy_timeout(db->sql, (int)o->wait_ms);
	(void)sqlite3_wal_hook(db->sql, committed, db);
	(void)sqlite3_db_config(
	    db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	(void)sqlite3_db_config(
	    db->sql, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
	if ((rc = sqlite3_exec(db->sql, before, NULL, NULL, NULL)) !=
		SQLITE_OK ||
	    (rc = ask(db, "PRAGMA journal_mode=WAL", word, sizeof(word))) !=
		SQLITE_OK)
		return rc;
	if (strcmp(word, "wal") != 0)
		return SQLITE_CANTOPEN;
	rc = sqlite3_exec(db->sql,
	    o->sync_full ? "PRAGMA synchronous=FULL"
			 : "PRAGMA synchronous=NORMAL",
	    NULL, NULL, NULL);
	/* Takes the lock, which a read alone would only take shared. */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(
		    db->sql, "BEGIN EXCLUSIVE; COMMIT", NULL, NULL, NULL);
	return rc;
}

/* Makes the one row of a new database, or compares the key with its own. */
static int meet_key(struct db *db, struct errmsg *why)
{
	uint8_t check[DB_KEY_CHECK];
	const uint8_t *have;
	bool same;
	int r;

	if ((r = db_key_check(db, check)) != 0)
		return r;
	r = db_step(db, DB_META_GET);
	if (r == ERR_AGAIN) {
		db_bind_bytes(db, DB_META_MAKE, 1, check, sizeof(check));
		return db_do(db, DB_META_MAKE, NULL);
	}
	if (r != 0)
		return r;
	have = db_fixed(db, DB_META_GET, 2, DB_KEY_CHECK);
	same = have != NULL && secret_equal(have, check, sizeof(check));
	db_reset(db, DB_META_GET);
	if (same)
		return 0;
	return errmsg_set(why, ERR_KEY,
	    "state.key is not the key of this database: put the right one "
	    "back from a copy, or move " DB_NAME " away, and what it kept is "
	    "gone");
}

/* The full form: the quick one does not see that the rows of a page are in the
 * order of another. */
static int check_pages(struct db *db, const char *pragma)
{
	char word[128];
	int rc = ask(db, pragma, word, sizeof(word));

	if (rc != SQLITE_OK)
		return failed(db, rc);
	return strcmp(word, "ok") == 0 ? 0 : db_damaged(db, word);
}

static uint64_t size_of(struct db *db)
{
	char pages[32], size[32];

	if (ask(db, "PRAGMA page_count", pages, sizeof(pages)) != SQLITE_OK ||
	    ask(db, "PRAGMA page_size", size, sizeof(size)) != SQLITE_OK)
		return 0;
	return strtoull(pages, NULL, 10) * strtoull(size, NULL, 10);
}

/* A large database is checked by db_check while it serves: it has to start
 * within a second. Structure first: nothing else is read before. */
static int check_all_pages(struct db *db, bool large)
{
	static const char *const small[] = {"PRAGMA integrity_check('meta')",
	    "PRAGMA integrity_check('room')",
	    "PRAGMA integrity_check('rights')", "PRAGMA integrity_check('run')",
	    "PRAGMA integrity_check('person')",
	    "PRAGMA integrity_check('epoch')",
	    "PRAGMA integrity_check('account')",
	    "PRAGMA integrity_check('device')",
	    "PRAGMA integrity_check('invite')",
	    "PRAGMA integrity_check('direct_device')",
	    "PRAGMA integrity_check('direct_once')",
	    "PRAGMA integrity_check('block')"};
	size_t i;
	int r = 0;

	if (!large)
		return check_pages(db, "PRAGMA integrity_check(1)");
	for (i = 0; i < sizeof(small) / sizeof(small[0]) && r == 0; i++)
		r = check_pages(db, small[i]);
	return r;
}

static int check(struct db *db, uint64_t max, struct errmsg *why)
{
	bool large = size_of(db) > max, more = !large;
	int r;

	if ((r = check_all_pages(db, large)) != 0 ||
	    (r = meet_key(db, why)) != 0 || (r = db_check_small(db)) != 0)
		return r;
	while (more && r == 0)
		r = db_check(db, &more, why);
	memset(&db->check, 0, sizeof(db->check));
	return r;
}

static int open_sentence(const struct db *db, const struct db_opts *o, int rc,
    int r, struct errmsg *why)
{
	if (r == ERR_KEY || r == ERR_LOG || r == ERR_NOMEM)
		return r; /* said already, or nothing to say */
	if (rc == SQLITE_SCHEMA)
		return errmsg_set(why, ERR_IO,
		    "%s was written by a newer conclaved: start that one, or "
		    "restore a backup that this one has made",
		    o->path);
	if ((rc & 0xff) == SQLITE_BUSY)
		return errmsg_set(why, ERR_IO,
		    "another process has %s open: only one conclaved can use "
		    "it, and nothing else may",
		    o->path);
	if (rc == SQLITE_NOTADB && db->why[0] == '\0')
		return errmsg_set(why, ERR_IO,
		    "%s is no database of conclaved: move it away", o->path);
	if ((rc & 0xff) == SQLITE_CORRUPT || rc == SQLITE_NOTADB ||
	    strncmp(db->why, "damaged", 7) == 0)
		return errmsg_set(why, ERR_IO,
		    "%s is damaged (%s): move it and its -wal file away, and "
		    "put a backup of \"conclavectl backup\" in its place",
		    o->path, db->why[0] != '\0' ? db->why : sqlite3_errstr(rc));
	return errmsg_set(why, ERR_IO, "cannot use %s: %s", o->path,
	    db->why[0] != '\0' ? db->why : sqlite3_errstr(rc));
}

int db_open(struct db **out, const struct db_opts *o, struct errmsg *why)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
			  SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
	const char *vfs = o->sync_full ? vfs_coalesce() : NULL;
	struct db *db = calloc(1, sizeof(*db));
	int rc = SQLITE_OK, r = ERR_NOMEM;

	*out = NULL;
	errmsg_set(why, 0, "%s", err_str(ERR_NOMEM));
	if (db == NULL || (o->sync_full && vfs == NULL)) {
		free(db);
		return ERR_NOMEM;
	}
	db->key = o->key;
	if ((db->crypto = crypto_new()) == NULL ||
	    (db->batch = db_batch_new()) == NULL)
		goto out;
	rc = sqlite3_open_v2(o->path, &db->sql, flags, vfs);
	if (db->sql != NULL)
		rc = rc != SQLITE_OK ? sqlite3_extended_errcode(db->sql) : rc;
	r = 0;
	if (rc == SQLITE_OK && (rc = set_up(db, o)) == SQLITE_OK)
		rc = schema_upgrade(db->sql);
	if (rc != SQLITE_OK)
		r = (rc & 0xff) == SQLITE_NOMEM ? ERR_NOMEM : ERR_IO;
	else if ((r = prepare(db)) == 0 &&
		 (r = check(db, o->check_max, why)) == 0)
		r = db_uses_begin(db);
	if (r != 0)
		r = open_sentence(db, o, rc, r, why);
out:
	if (r != 0)
		db_close(db);
	else
		*out = db;
	return r;
}

void db_close(struct db *db)
{
	int i;

	if (db == NULL)
		return;
	for (i = 0; i < DB_STATEMENTS; i++)
		sqlite3_finalize(db->stmt[i]);
	sqlite3_close(db->sql);
	crypto_free(db->crypto);
	db_batch_free(db->batch);
	free(db);
}

/* --- runs and transactions -------------------------------------------------- */

int db_begin(struct db *db)
{
	return db_do(db, DB_BEGIN, NULL);
}

void db_rollback(struct db *db)
{
	db_batch_drop(db);
	db->counted = db->counted_before;
	/* SQLite may have rolled back by itself. */
	if (sqlite3_get_autocommit(db->sql) == 0)
		(void)!db_do(db, DB_ROLLBACK, NULL);
}

int db_commit(struct db *db, uint64_t ticket)
{
	int r = db_batch_write(db);

	if (r != 0)
		return r;
	if (ticket != 0) {
		db_bind(db, DB_META_TICKET, 1, ticket);
		if ((r = db_do(db, DB_META_TICKET, NULL)) != 0)
			return r;
	}
	if ((r = db_do(db, DB_COMMIT, NULL)) != 0)
		return r;
	db->counted_before = db->counted;
	if (ticket != 0)
		db->ticket = ticket;
	return 0;
}

static int new_run(
    struct db *db, const uint8_t session[WIRE_NONCE], uint32_t newest)
{
	int r;

	if (newest == UINT32_MAX)
		return db_damaged(db, "there is no number for another run");
	db_bind(db, DB_RUN_ADD, 1, newest + 1);
	db_bind_bytes(db, DB_RUN_ADD, 2, session, WIRE_NONCE);
	if ((r = db_do(db, DB_RUN_ADD, NULL)) != 0)
		return r;
	db_bind(db, DB_META_RUN, 1, newest + 1);
	if ((r = db_do(db, DB_META_RUN, NULL)) != 0)
		return r;
	db->run = newest + 1;
	db->ticket = 0;
	return 0;
}

/* Syncs all that is committed, and empties the log of writes. */
static int checkpoint(struct db *db)
{
	char word[32];
	int rc = ask(db, "PRAGMA wal_checkpoint(TRUNCATE)", word, sizeof(word));

	if (rc != SQLITE_OK)
		return failed(db, rc);
	db->wal_pages = 0;
	return 0;
}

int db_run(struct db *db, const uint8_t session[WIRE_NONCE], uint32_t *run,
    uint64_t *ticket)
{
	uint32_t newest, found = 0;
	int r;

	if ((r = db_begin(db)) != 0)
		return r;
	if ((r = db_step(db, DB_META_GET)) != 0)
		goto out;
	newest = (uint32_t)db_number(db, DB_META_GET, 0);
	db->ticket = db_number(db, DB_META_GET, 1);
	db_reset(db, DB_META_GET);
	db_bind_bytes(db, DB_RUN_FIND, 1, session, WIRE_NONCE);
	if ((r = db_step(db, DB_RUN_FIND)) == 0) {
		found = (uint32_t)db_number(db, DB_RUN_FIND, 0);
		db_reset(db, DB_RUN_FIND);
	} else if (r != ERR_AGAIN) {
		goto out;
	}
	db->run = found;
	if (found == 0)
		r = new_run(db, session, newest);
	else
		r = found == newest ? 0 : ERR_STATE; /* an older one is over */
	if (r == 0)
		r = db_commit(db, 0);
	/* What a killed keeper had written, but not synced, is in the files and
	 * looks committed; a loss of power could still take it back. */
	if (r == 0 && found != 0)
		r = checkpoint(db);
out:
	if (r != 0) {
		db_rollback(db);
		db->run = 0;
		return r == ERR_AGAIN ? db_damaged(db, "meta is empty") : r;
	}
	*run = db->run;
	*ticket = db->ticket;
	return 0;
}

int db_scrub(struct db *db)
{
	int r;

	db->scrub_due = true;
	if (db->copy.on)
		return 0; /* at its end */
	if ((r = checkpoint(db)) == 0)
		db->scrub_due = false;
	return r;
}
