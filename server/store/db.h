/* db.h - the database of the state directory: SQLite, one connection.
 *
 * One, and no more: SQLite before 3.51.3 has a bug by which a database in WAL
 * mode can be damaged when two connections write and checkpoint at the same
 * time (the WAL-reset bug; Debian 12 has 3.40.1). The connection locks the file
 * for itself for as long as it is open (locking_mode=EXCLUSIVE): a second
 * opening is refused, and the index of the WAL is in our own memory, not in a
 * file that others could write to.
 *
 * Functions return 0 or
 *   ERR_IO     the disk or the database failed: db_why; try again later
 *   ERR_NOMEM
 *   ERR_STATE, ERR_RANGE, ERR_LOG   what the relay asks for cannot be: nothing
 *              was changed by this call. */
#ifndef CONCLAVED_STORE_DB_H
#define CONCLAVED_STORE_DB_H

#include "server/store/store_wire.h"
#include "shared/os/errmsg.h"

#define DB_NAME "conclave.db"

struct db;

struct db_opts {
	const char *path;
	const uint8_t *key; /* WIRE_KEY bytes, borrowed: state.key */
	bool sync_full;	    /* a commit is on the disk when it returns */
	uint32_t wait_ms;   /* for another process that has it open */
	uint64_t check_max; /* up to this size it is checked before it opens */
};
/* Opens, creates or upgrades it, and checks it: ERR_IO, ERR_NOMEM, with a
 * sentence that says what to do. */
int db_open(
    struct db **out, const struct db_opts *o, struct errmsg *why) MUST_CHECK;
void db_close(struct db *db); /* NULL is a no-op */
/* What failed last, as a few words for a log: "database or disk is full". */
const char *db_why(const struct db *db);

/* Begins the run with this session, or goes on with it: *ticket is then the
 * newest that is committed. */
int db_run(struct db *db, const uint8_t session[WIRE_NONCE], uint32_t *run,
    uint64_t *ticket) MUST_CHECK;

/* --- writing: between db_begin and db_commit or db_rollback -------------- */

int db_begin(struct db *db) MUST_CHECK;
int db_commit(struct db *db, uint64_t ticket) MUST_CHECK;
void db_rollback(struct db *db);

int db_put_room(struct db *db, const struct store_room *r) MUST_CHECK;
int db_put_right(struct db *db, const struct store_right *r) MUST_CHECK;
int db_change(struct db *db, const struct store_change *c) MUST_CHECK;
int db_direct(struct db *db, const struct store_direct *d) MUST_CHECK;
int db_put_epoch(
    struct db *db, const struct store_epoch *e, uint64_t now_ms) MUST_CHECK;
int db_put_person(struct db *db, const struct store_person *p) MUST_CHECK;
/* ERR_STATE: no such room, or a gap. ERR_LOG: another entry is there, or the
 * chain is not the one of these bytes. The same entry again changes nothing. */
int db_put_entry(struct db *db, const struct store_entry *e) MUST_CHECK;
/* After the commit of one that destroyed something, db_scrub. */
int db_purge(struct db *db, uint32_t room, uint64_t offset) MUST_CHECK;
int db_forget_room(struct db *db, uint32_t room) MUST_CHECK;
int db_forget_entries(struct db *db, uint32_t room) MUST_CHECK;

/* Moves the WAL into the database and empties it, so that no byte that was
 * destroyed is left in it. */
int db_scrub(struct db *db) MUST_CHECK;
/* Copies what is committed from the WAL into the database, if it is much: to be
 * called when nobody waits for a commit, which SQLite would do it in. If it fails,
 * the WAL grows, and the next call tries again. Not while db_copy is under way. */
void db_checkpoint(struct db *db);

/* --- retention ------------------------------------------------------------ */

/* One piece of a sweep, in a transaction of its own: at most DB_SWEEP entries
 * that are older or more than their room keeps. *more: call it again, for the
 * rest; at the end epochs, people and runs that nothing needs are gone, and the
 * WAL is empty. */
enum { DB_SWEEP = 100 };
int db_sweep(struct db *db, uint64_t now_ms, bool *more) MUST_CHECK;

/* --- checking -------------------------------------------------------------- */

/* The next piece of a check of every entry: its bytes against the chain. *more:
 * it is not done. ERR_LOG: it is damaged, with a sentence. */
int db_check(struct db *db, bool *more, struct errmsg *why) MUST_CHECK;

/* --- reading: answers as frames (store_wire.h) ----------------------------- */

int db_load(struct db *db, int (*each)(void *arg, const struct buf *frame),
    void *arg) MUST_CHECK;
/* Appends the whole answer. */
int db_read(struct db *db, uint64_t id, const struct store_question *q,
    struct buf *out) MUST_CHECK;

/* A consistent copy into a file: begin, then pieces until not *more. Others may
 * be written meanwhile. */
int db_copy_begin(struct db *db) MUST_CHECK;
int db_copy(struct db *db, int fd, bool *more) MUST_CHECK;
void db_copy_end(struct db *db);

#endif
