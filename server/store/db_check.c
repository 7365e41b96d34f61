/* db_check.c - looks whether what is kept is what was written: entries against
 * the chain, epochs against their seal, people against their digest. It reads
 * every page of the tables, so that a torn one is found. */
#include <string.h>

#include "server/store/db_int.h"
#include "shared/base/secret.h"

enum { CHECK_PIECE = 500 };

/* --- epochs, people ------------------------------------------------------------ */

static int check_epochs(struct db *db)
{
	const enum db_stmt s = DB_EPOCHS_ALL;
	const uint8_t *sealed;
	uint8_t base[WIRE_KEY];
	struct db_place at;
	int r;

	while ((r = db_step(db, s)) == 0) {
		at = (struct db_place){(uint32_t)db_number(db, s, 0),
		    (uint32_t)db_number(db, s, 1),
		    (uint32_t)db_number(db, s, 2)};
		sealed = db_fixed(db, s, 3, DB_SEALED);
		if (sealed == NULL || db_fixed(db, s, 4, WIRE_HASH) == NULL ||
		    db_unseal(db, base, &at, sealed) != 0) {
			r = db_damaged(db, "an epoch does not open");
			break;
		}
	}
	secret_wipe(base, sizeof(base));
	db_reset(db, s);
	return r == ERR_AGAIN ? 0 : r;
}

static int check_people(struct db *db)
{
	const enum db_stmt s = DB_PEOPLE_ALL;
	const uint8_t *json, *sum;
	uint8_t now[WIRE_HASH];
	size_t n;
	int r;

	while ((r = db_step(db, s)) == 0) {
		json = db_bytes(db, s, 0, &n);
		sum = db_fixed(db, s, 1, WIRE_HASH);
		if (json == NULL || sum == NULL ||
		    crypto_hash1(db->crypto, now, json, n) != 0 ||
		    memcmp(now, sum, WIRE_HASH) != 0) {
			r = db_damaged(db, "a person is not as written");
			break;
		}
	}
	db_reset(db, s);
	return r == ERR_AGAIN ? 0 : r;
}

int db_check_small(struct db *db)
{
	int r;

	if ((r = check_epochs(db)) != 0 || (r = check_people(db)) != 0)
		return r;
	return db_load_people(db, NULL, NULL);
}

/* --- entries ---------------------------------------------------------------------- */

/* Begins with a room's oldest entry. */
static int begin_room(struct db *db, uint32_t room, uint64_t offset)
{
	const uint8_t *before;
	int r;

	db_bind(db, DB_ROOM_BEFORE, 1, room);
	if ((r = db_step(db, DB_ROOM_BEFORE)) != 0)
		return r == ERR_AGAIN ? db_damaged(db, "a room is missing") : r;
	before = db_fixed(db, DB_ROOM_BEFORE, 0, WIRE_HASH);
	if (before != NULL)
		memcpy(db->check.chain, before, WIRE_HASH);
	db_reset(db, DB_ROOM_BEFORE);
	if (before == NULL)
		return db_damaged(db, "a chain value");
	db->check.room = room;
	db->check.offset = offset - 1;
	return 0;
}

static int check_entry(struct db *db)
{
	const enum db_stmt s = DB_ENTRIES_ALL;
	struct db_check_place *at = &db->check;
	uint32_t room = (uint32_t)db_number(db, s, 0);
	struct log_head h = {.offset = db_number(db, s, 1)};
	const uint8_t *chain = db_fixed(db, s, 2, WIRE_HASH), *body;
	uint8_t d[WIRE_HASH];
	size_t n;
	int r;

	if (room != at->room && (r = begin_room(db, room, h.offset)) != 0)
		return r;
	body = db_bytes(db, s, 4, &n);
	if (body == NULL && db_fixed(db, s, 3, WIRE_HASH) != NULL)
		memcpy(d, db_fixed(db, s, 3, WIRE_HASH), WIRE_HASH);
	else if (body == NULL || n < WIRE_OFFSET ||
		 crypto_hash1(
		     db->crypto, d, body + WIRE_OFFSET, n - WIRE_OFFSET) != 0)
		return db_damaged(db, "an entry");
	if (h.offset != at->offset + 1)
		return db_damaged(db, "an entry is missing");
	h.offset = at->offset;
	memcpy(h.chain, at->chain, WIRE_HASH);
	if (chain == NULL || log_head_add(db->crypto, &h, d) != 0 ||
	    memcmp(h.chain, chain, WIRE_HASH) != 0)
		return db_damaged(db, "an entry is not as written");
	at->offset = h.offset;
	memcpy(at->chain, h.chain, WIRE_HASH);
	return 0;
}

/* Whether the entry at which the check stands is still the one that it saw. */
static int still_there(struct db *db, bool *same)
{
	const enum db_stmt s = DB_ENTRY_GET;
	struct db_check_place *at = &db->check;
	const uint8_t *chain;
	int r;

	*same = false;
	db_bind(db, s, 1, at->room);
	db_bind(db, s, 2, at->offset);
	if ((r = db_step(db, s)) != 0)
		return r == ERR_AGAIN ? 0 : r;
	chain = db_fixed(db, s, 1, WIRE_HASH);
	*same = chain != NULL && memcmp(chain, at->chain, WIRE_HASH) == 0;
	db_reset(db, s);
	return 0;
}

/* Between two pieces, the room may have been swept past the place, or forgotten
 * and begun again: then it is checked from its oldest entry on. */
static int find_place(struct db *db)
{
	struct db_check_place *at = &db->check;
	uint64_t oldest;
	bool same;
	int r;

	if (at->room == 0)
		return 0;
	if ((r = still_there(db, &same)) != 0 || same)
		return r;
	r = db_oldest(db, at->room, &oldest);
	if (r == 0)
		return begin_room(db, at->room, oldest);
	return r == ERR_AGAIN ? 0 : r;
}

int db_check(struct db *db, bool *more, struct errmsg *why)
{
	const enum db_stmt s = DB_ENTRIES_ALL;
	struct db_check_place *at = &db->check;
	int r, rows = 0;

	if ((r = find_place(db)) == 0) {
		db_bind(db, s, 1, at->room);
		db_bind(db, s, 2, at->offset);
		db_bind(db, s, 3, CHECK_PIECE);
		while ((r = db_step(db, s)) == 0) {
			if ((r = check_entry(db)) != 0)
				break;
			rows++;
		}
		db_reset(db, s);
	}
	*more = rows == CHECK_PIECE;
	if (r == 0 || r == ERR_AGAIN) {
		if (!*more)
			memset(at, 0, sizeof(*at));
		return 0;
	}
	*more = false;
	if (strncmp(db->why, "damaged", 7) != 0)
		return r;
	return errmsg_set(why, ERR_LOG,
	    "the database is damaged (%s, room %u, after offset %llu): stop "
	    "conclaved, move " DB_NAME " and its -wal file away, and put a "
	    "backup of \"conclavectl backup\" in its place",
	    db->why, (unsigned)at->room, (unsigned long long)at->offset);
}
