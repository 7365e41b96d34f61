/* db_world.h - a database in a folder of a test's own, and one room's log as the
 * relay has it: for tests of server/store/db. */
#ifndef CONCLAVE_TEST_DB_WORLD_H
#define CONCLAVE_TEST_DB_WORLD_H

#include "server/store/db.h"
#include "tests/unit/folder.h"

enum { DBW_PAGE = 4096, DBW_DAY = 86400000 };
#define DBW_START  UINT64_C(1700000000000) /* when its log begins, ms */
#define DBW_BASE_1 "a-base-of-the-first-epoch-32byte"
#define DBW_BASE_2 "another-base-of-the-second-epoch"

struct db_world {
	struct db *db; /* NULL while it is closed */
	struct crypto *crypto;
	uint8_t key[WIRE_KEY];
	struct log_head head;
	uint64_t ticket;
	uint8_t runs;
	char path[512];
};
extern struct db_world dbw;

/* cmocka's setup and teardown: *state is the folder's path. The database is not
 * opened yet. */
int dbw_up(void **state);
int dbw_down(void **state);

/* Opens it, as a start of the server does; dbw_run expects that it opens, and
 * begins a new run. */
int dbw_open(struct errmsg *why);
void dbw_run(void);
void dbw_close(void);
/* It does not open, and what is said has these words. */
void dbw_refused(const char *words);

/* One row each; the caller has begun a transaction. */
void dbw_room(uint32_t days, uint32_t count);
void dbw_epoch(uint32_t epoch, const char *base);
void dbw_person(uint32_t member);
void dbw_entry(uint32_t epoch, uint64_t ts, const char *text);
/* Puts an entry of this length, the next one of its log, and says what came of
 * it; with 0 it becomes the newest. */
int dbw_put(struct log_head *head, uint32_t room, uint32_t epoch,
    uint64_t ts, const char *text, size_t len);
/* A room with this retention and twelve entries: six of each of two epochs, a
 * day apart, "first words" and "second words". */
void dbw_fill(uint32_t days, uint32_t count);

/* What a reader of the room's whole history gets. */
struct dbw_kept {
	uint64_t oldest, first, last;
	int entries, marks, epochs, people, runs;
	uint8_t before[WIRE_HASH];
};
struct dbw_kept dbw_kept(void);

/* Past the program: statements on the closed database, and the bytes of a file,
 * owned by the caller. */
void dbw_sql(const char *sql);
/* Makes it one of an earlier version, as that would have written it. */
void dbw_version_2(void);
void dbw_version_3(void);
uint8_t *dbw_read_file(const char *name, size_t *n);

#endif
