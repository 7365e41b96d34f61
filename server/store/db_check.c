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
	r = db_load_people(db, NULL, NULL);
	return r != 0 ? r : db_load_direct(db, NULL, NULL);
}

/* --- entries ---------------------------------------------------------------------- */

/* Begins with a room's oldest entry. */
static int begin_room(struct db *db, uint32_t room, uint64_t first)
{
	struct log_head h;
	int r;

	if ((r = db_before_segment(db, room, first, &h)) != 0)
		return r;
	memcpy(db->check.chain, h.chain, WIRE_HASH);
	db->check.room = room;
	db->check.offset = first - 1;
	return 0;
}

static int check_segment(struct db *db, const struct segment *s)
{
	struct db_check_place *at = &db->check;
	struct log_head h = {.offset = s->first - 1};
	int r;

	if (s->room != at->room &&
	    (r = begin_room(db, s->room, s->first)) != 0)
		return r;
	if (at->offset != h.offset)
		return db_damaged(db, "an entry is missing");
	memcpy(h.chain, at->chain, WIRE_HASH);
	if ((r = segment_fold(db->crypto, s, segment_last(s), &h)) != 0)
		return db_segment_failed(db, r);
	if (memcmp(h.chain, s->chain, WIRE_HASH) != 0)
		return db_damaged(db, "an entry is not as written");
	at->offset = h.offset;
	memcpy(at->chain, h.chain, WIRE_HASH);
	return 0;
}

/* Whether the segment at which the check stands is still the one that it saw. */
static int still_there(struct db *db, bool *same)
{
	struct db_check_place *at = &db->check;
	struct segment s;
	int r;

	*same = false;
	if ((r = db_segment_at(db, at->room, at->offset, &s)) != 0)
		return r == ERR_AGAIN ? 0 : r;
	*same = segment_last(&s) == at->offset &&
		memcmp(s.chain, at->chain, WIRE_HASH) == 0;
	db_reset(db, DB_SEGMENT_AT);
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

/* At least one segment, if there is one. */
static int check_some(struct db *db, bool *more)
{
	const enum db_stmt s = DB_SEGMENTS_ALL;
	uint32_t entries = 0;
	struct segment row;
	int r;

	*more = false;
	db_bind(db, s, 1, db->check.room);
	db_bind(db, s, 2, db->check.offset);
	while (!*more && (r = db_step(db, s)) == 0) {
		if ((r = db_segment_row(db, s, &row)) != 0 ||
		    (r = check_segment(db, &row)) != 0)
			break;
		entries += row.n;
		*more = entries >= CHECK_PIECE;
	}
	db_reset(db, s);
	return r == ERR_AGAIN ? 0 : r;
}

int db_check(struct db *db, bool *more, struct errmsg *why)
{
	struct db_check_place *at = &db->check;
	int r;

	if ((r = db_batch_write(db)) == 0 && (r = find_place(db)) == 0)
		r = check_some(db, more);
	if (r == 0) {
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
