/* db_sweep.c - retention: what is older, or more, than a room keeps is
 * destroyed, in pieces. */
#include <string.h>

#include "server/store/db_int.h"

#define DAY_MS UINT64_C(86400000)

/* A frame of an epoch that is over may still come for this long. */
enum { EPOCH_LATE_MS = 60000 };

struct limits {
	uint32_t room;
	uint64_t older; /* than this time, in ms; 0: no limit */
	uint64_t upto;	/* offsets up to this; 0: no limit */
	uint64_t newest;
};

/* The next room from db->sweep.room on; ERR_AGAIN: none. */
static int next_room(struct db *db, uint64_t now_ms, struct limits *l)
{
	const enum db_stmt s = DB_ROOM_GET;
	uint64_t history, days, count;
	struct log_head head;
	int r;

	memset(l, 0, sizeof(*l));
	db_bind(db, s, 1, db->sweep.room);
	if ((r = db_step(db, s)) != 0)
		return r;
	l->room = (uint32_t)db_number(db, s, 0);
	history = db_number(db, s, 1);
	days = db_number(db, s, 2);
	count = db_number(db, s, 3);
	db_reset(db, s);
	r = db_newest(db, l->room, &head);
	if (r == ERR_AGAIN)
		return 0; /* it has no entries: no limits */
	if (r != 0)
		return r;
	l->newest = head.offset;
	if (history == HISTORY_NONE)
		return 0;
	if (days > 0 && days * DAY_MS < now_ms)
		l->older = now_ms - days * DAY_MS;
	if (count > 0 && count < head.offset)
		l->upto = head.offset - count;
	return 0;
}

/* Whether the row of DB_ENTRIES_FROM goes. */
static bool goes(struct db *db, const struct limits *l)
{
	return db_number(db, DB_ENTRIES_FROM, 0) <= l->upto ||
	       (l->older > 0 && db_number(db, DB_ENTRIES_FROM, 1) < l->older);
}

/* Destroys one entry and keeps the chain at it as the one before the next. */
static int drop(struct db *db, uint32_t room, uint64_t offset,
    const uint8_t chain[WIRE_HASH])
{
	int r;

	if ((r = db_purge(db, room, offset)) != 0)
		return r;
	db_bind(db, DB_ENTRY_FORGET, 1, room);
	db_bind(db, DB_ENTRY_FORGET, 2, offset);
	if ((r = db_do(db, DB_ENTRY_FORGET, NULL)) != 0)
		return r;
	db_bind(db, DB_ROOM_BEFORE_SET, 1, room);
	db_bind_bytes(db, DB_ROOM_BEFORE_SET, 2, chain, WIRE_HASH);
	return db_do(db, DB_ROOM_BEFORE_SET, NULL);
}

/* The oldest entry, if it goes. ERR_AGAIN: it stays. */
static int drop_oldest(struct db *db, const struct limits *l)
{
	const enum db_stmt s = DB_ENTRIES_FROM;
	uint8_t chain[WIRE_HASH];
	const uint8_t *p;
	uint64_t offset;
	bool gone;
	size_t n;
	int r;

	db_bind(db, s, 1, l->room);
	db_bind(db, s, 2, 0);
	db_bind(db, s, 3, 1);
	if ((r = db_step(db, s)) != 0)
		return r;
	offset = db_number(db, s, 0);
	gone = db_bytes(db, s, 5, &n) == NULL;
	p = db_fixed(db, s, 3, WIRE_HASH);
	if (p == NULL)
		r = db_damaged(db, "a chain value");
	else if (!goes(db, l) || (offset == l->newest && gone))
		r = ERR_AGAIN;
	else
		memcpy(chain, p, WIRE_HASH);
	db_reset(db, s);
	if (r != 0)
		return r;
	db->sweep.destroyed = true;
	return offset == l->newest ? db_purge(db, l->room, offset)
				   : drop(db, l->room, offset, chain);
}

/* At the end of a round. */
static int drop_unused(struct db *db, uint64_t now_ms)
{
	int r, n, m;

	db_bind(db, DB_EPOCHS_UNUSED, 1, db->run);
	db_bind(db, DB_EPOCHS_UNUSED, 2,
	    now_ms > EPOCH_LATE_MS ? now_ms - EPOCH_LATE_MS : 0);
	if ((r = db_do(db, DB_EPOCHS_UNUSED, &n)) != 0)
		return r;
	db_bind(db, DB_PEOPLE_UNUSED, 1, db->run);
	if ((r = db_do(db, DB_PEOPLE_UNUSED, &m)) != 0)
		return r;
	if (n + m > 0)
		db->sweep.destroyed = true;
	db_bind(db, DB_RUNS_UNUSED, 1, db->run);
	return db_do(db, DB_RUNS_UNUSED, NULL);
}

static int piece(struct db *db, uint64_t now_ms, bool *more)
{
	struct limits l;
	int r, i, n = 0;

	for (i = 0; i < DB_SWEEP && n < DB_SWEEP; i++) {
		if ((r = next_room(db, now_ms, &l)) == ERR_AGAIN) {
			*more = false;
			return drop_unused(db, now_ms);
		}
		if (r != 0)
			return r;
		db->sweep.room = l.room;
		while (n < DB_SWEEP && (r = drop_oldest(db, &l)) == 0)
			n++;
		if (r != 0 && r != ERR_AGAIN)
			return r;
		if (r == ERR_AGAIN && l.room == UINT32_MAX) {
			*more = false;
			return drop_unused(db, now_ms);
		}
		if (r == ERR_AGAIN)
			db->sweep.room = l.room + 1;
	}
	return 0;
}

int db_sweep(struct db *db, uint64_t now_ms, bool *more)
{
	bool destroyed;
	int r;

	*more = true;
	if ((r = db_begin(db)) != 0)
		return r;
	if ((r = piece(db, now_ms, more)) != 0 || (r = db_commit(db, 0)) != 0) {
		db_rollback(db);
		return r;
	}
	if (*more)
		return 0;
	destroyed = db->sweep.destroyed;
	memset(&db->sweep, 0, sizeof(db->sweep));
	return destroyed || db->scrub_due ? db_scrub(db) : 0;
}
