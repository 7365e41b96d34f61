/* db_int.h - what the files of the database share: the connection, its
 * statements, and steps that map SQLite's result codes to ours. */
#ifndef CONCLAVED_STORE_DB_INT_H
#define CONCLAVED_STORE_DB_INT_H

#include <sqlite3.h>

#include "server/store/db.h"
#include "server/store/segment.h"
#include "shared/crypto/crypto.h"

/* Every statement, prepared once. */
enum db_stmt {
	DB_BEGIN,
	DB_COMMIT,
	DB_ROLLBACK,
	DB_META_MAKE,
	DB_META_GET,
	DB_META_RUN,
	DB_META_TICKET,
	DB_META_COUNTED,
	DB_RUN_ADD,
	DB_RUN_FIND,
	DB_RUN_GET,
	DB_ROOM_PUT,
	DB_ROOM_GET,
	DB_ROOM_BEFORE,
	DB_ROOM_BEFORE_SET,
	DB_ROOM_FORGET,
	DB_ROOMS,
	DB_RIGHT_PUT,
	DB_RIGHT_FORGET,
	DB_RIGHTS_FORGET,
	DB_RIGHTS,
	DB_EPOCH_PUT,
	DB_EPOCH_GET,
	DB_EPOCH_USE,
	DB_EPOCHS_FORGET,
	DB_EPOCHS_UNUSED,
	DB_PERSON_PUT,
	DB_PERSON_GET,
	DB_PERSON_USE,
	DB_PEOPLE_UNUSED,
	DB_RUNS_UNUSED,
	DB_SEGMENT_PUT,
	DB_SEGMENT_AT,
	DB_SEGMENTS_FROM,
	DB_SEGMENTS_ALL,
	DB_SEGMENTS_UNCOUNTED,
	DB_SEGMENTS_BEFORE,
	DB_SEGMENT_BEFORE,
	DB_SEGMENT_OLDEST,
	DB_SEGMENT_LAST_ID,
	DB_SEGMENT_SET,
	DB_SEGMENT_FORGET,
	DB_SEGMENTS_FORGET,
	DB_EPOCHS_ALL,
	DB_PEOPLE_ALL,
	DB_ACCOUNT_PUT,
	DB_ACCOUNT_FORGET,
	DB_ACCOUNTS,
	DB_DEVICE_PUT,
	DB_DEVICE_FORGET,
	DB_DEVICES_FORGET,
	DB_DEVICES,
	DB_INVITE_PUT,
	DB_INVITE_FORGET,
	DB_INVITES_OF_FORGET,
	DB_INVITES,
	DB_RIGHTS_OF_FORGET,
	DB_DIRECT_KEYS,
	DB_DIRECT_ONCE,
	DB_DIRECT_GIVEN,
	DB_DIRECT_ONCE_FORGET,
	DB_DIRECT_NUMBER,
	DB_DIRECT_FRAME,
	DB_DIRECT_GONE,
	DB_DIRECT_FORGET,
	DB_DIRECT_DEVICES,
	DB_DIRECT_ONCES,
	DB_DIRECT_HEADS,
	DB_DIRECT_FRAMES,
	DB_BLOCK,
	DB_UNBLOCK,
	DB_UNBLOCK_ALL,
	DB_BLOCKS,
	DB_STATEMENTS
};

extern const char *const db_sql[DB_STATEMENTS]; /* db_sql.c */

/* Where a check is. */
struct db_check_place {
	uint32_t room;
	uint64_t offset;
	uint8_t chain[WIRE_HASH];
};
/* Where a sweep is. */
struct db_sweep_place {
	uint32_t room;
	bool over; /* there is no other room */
	bool destroyed;
};
struct db_copy_place {
	bool on;
	int64_t at, size;
};

struct db {
	sqlite3 *sql;
	sqlite3_stmt *stmt[DB_STATEMENTS];
	struct crypto *crypto;
	const uint8_t *key; /* borrowed */
	uint32_t run;	    /* 0: none yet */
	uint64_t ticket;
	char why[128];
	struct db_check_place check;
	struct db_sweep_place sweep;
	struct db_copy_place copy;
	int wal_pages; /* in the WAL, after the newest commit */
	bool scrub_due; /* something was destroyed, and may be in the WAL */
	struct db_batch *batch;
	uint64_t last_segment; /* the newest id that was ever given */
	/* Segments up to this id are counted (db_uses.c); and what of that is
	 * committed. */
	uint64_t counted, counted_before;
};

/* Binds, from place 1 on. */
void db_bind(struct db *db, enum db_stmt s, int place, uint64_t n);
void db_bind_bytes(
    struct db *db, enum db_stmt s, int place, const void *p, size_t n);
void db_bind_text(struct db *db, enum db_stmt s, int place, const char *t);
void db_bind_null(struct db *db, enum db_stmt s, int place);

/* 0: there is a row. ERR_AGAIN: none (any more). ERR_IO, ERR_NOMEM. A bind that
 * failed is seen here. */
int db_step(struct db *db, enum db_stmt s) MUST_CHECK;
/* Ends a statement that had rows. */
void db_reset(struct db *db, enum db_stmt s);
/* Runs one without rows; *changes, if not NULL, gets how many rows it
 * changed. */
int db_do(struct db *db, enum db_stmt s, int *changes) MUST_CHECK;

uint64_t db_number(struct db *db, enum db_stmt s, int column);
/* Borrowed until the next step; NULL for NULL. */
const uint8_t *db_bytes(struct db *db, enum db_stmt s, int column, size_t *n);
/* The same of exactly n bytes; NULL: another length, so it is damaged. */
const uint8_t *db_fixed(struct db *db, enum db_stmt s, int column, size_t n);
const char *db_text(struct db *db, enum db_stmt s, int column);
/* ERR_IO, with the words "damaged: WHAT". */
int db_damaged(struct db *db, const char *what) MUST_CHECK;

/* --- segments (db_log.c) ---------------------------------------------------- */

/* The row of a statement that begins with SEGMENT; borrowed until the next step.
 * ERR_IO: damaged. */
int db_segment_row(struct db *db, enum db_stmt s, struct segment *out) MUST_CHECK;
/* The segment that has this entry, of the statement DB_SEGMENT_AT, which the
 * caller resets. ERR_AGAIN: none. */
int db_segment_at(struct db *db, uint32_t room, uint64_t offset,
    struct segment *out) MUST_CHECK;
/* ERR_RANGE, ERR_CRYPTO and so on of segment.h: what was read is damaged. */
int db_segment_failed(struct db *db, int r) MUST_CHECK;
/* The newest entry of a room: 0, or ERR_AGAIN for none. */
int db_newest(struct db *db, uint32_t room, struct log_head *out) MUST_CHECK;
int db_oldest(struct db *db, uint32_t room, uint64_t *out) MUST_CHECK;
/* The head of the log before the segment or the entry that begins with `first`,
 * which is kept. */
int db_before_segment(struct db *db, uint32_t room, uint64_t first,
    struct log_head *out) MUST_CHECK;
int db_before_entry(struct db *db, uint32_t room, uint64_t first,
    struct log_head *out) MUST_CHECK;
int db_set_before(
    struct db *db, uint32_t room, const uint8_t chain[WIRE_HASH]) MUST_CHECK;
/* Writes a segment that was changed anew, under its id. */
int db_segment_set(struct db *db, uint64_t id, uint64_t first, uint32_t n,
    const struct buf *heads, const struct buf *bodies) MUST_CHECK;

/* --- the entries of a transaction (db_batch.c) ------------------------------ */

struct db_batch *db_batch_new(void);
void db_batch_free(struct db_batch *b); /* NULL is a no-op */
/* Writes the entries that db_put_entry has taken, as segments: before anything
 * else looks at the entries of a room. */
int db_batch_write(struct db *db) MUST_CHECK;
/* The transaction is rolled back. */
void db_batch_drop(struct db *db);
/* The room's entries are gone. */
void db_batch_forget(struct db *db, uint32_t room);

/* --- what needs epochs and people (db_uses.c) ------------------------------- */

/* When the database was opened. */
int db_uses_begin(struct db *db) MUST_CHECK;
/* Counts some segments that were not yet; *more: there are others. */
int db_uses_count(struct db *db, bool *more) MUST_CHECK;
/* n entries of this segment are being destroyed, from `at` on: what they needed
 * is needed less. */
int db_uses_drop(struct db *db, const struct segment *at, uint32_t n) MUST_CHECK;

/* Whether everything that was kept opens and adds up, but entries. */
int db_check_small(struct db *db) MUST_CHECK;

/* --- sealed columns (db_seal.c) -------------------------------------------- */

enum { DB_SEALED = WIRE_IV + WIRE_KEY + WIRE_TAG, DB_KEY_CHECK = 16 };
struct db_place {
	uint32_t room, run, epoch;
};
/* AES-256-GCM under state.key with a random nonce; the place is authenticated
 * with it, so that no row can be moved. */
int db_seal(struct db *db, uint8_t out[DB_SEALED], const struct db_place *at,
    const uint8_t base[WIRE_KEY]) MUST_CHECK;
/* ERR_OPEN: it was changed, or sealed under another key. */
int db_unseal(struct db *db, uint8_t base[WIRE_KEY], const struct db_place *at,
    const uint8_t in[DB_SEALED]) MUST_CHECK;
/* Any bytes, for the row with this label and id; out has WIRE_IV + n +
 * WIRE_TAG. A password's record has DB_SECRET. */
enum { DB_SECRET = WIRE_IV + WIRE_SCALAR + WIRE_SHARE + WIRE_TAG, DB_ID = 32 };
int db_seal_bytes(struct db *db, uint8_t *out, const char *label,
    const void *id, size_t id_len, const void *in, size_t n) MUST_CHECK;
int db_unseal_bytes(struct db *db, uint8_t *out, const char *label,
    const void *id, size_t id_len, const uint8_t *in, size_t n) MUST_CHECK;
/* Accounts, devices and invites as frames; each NULL: only checks them. */
int db_load_people(struct db *db,
    int (*each)(void *arg, const struct buf *frame), void *arg) MUST_CHECK;
/* What direct messages need, likewise; and a part of a device's queue. */
int db_load_direct(struct db *db,
    int (*each)(void *arg, const struct buf *frame), void *arg) MUST_CHECK;
int db_read_direct(struct db *db, const struct store_question *q,
    struct buf *out) MUST_CHECK;
/* Says of a key whether it is the one of this database, and nothing else. */
int db_key_check(struct db *db, uint8_t out[DB_KEY_CHECK]) MUST_CHECK;

#endif
