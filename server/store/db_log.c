/* db_log.c - finds segments and places in the logs of rooms. */
#include <string.h>

#include "server/store/db_int.h"

int db_segment_failed(struct db *db, int r)
{
	return r == ERR_NOMEM || r == ERR_IO ? r : db_damaged(db, "an entry");
}

static struct rd blob(struct db *db, enum db_stmt s, int column)
{
	struct rd r;

	r.p = db_bytes(db, s, column, &r.left);
	return r;
}

int db_segment_row(struct db *db, enum db_stmt s, struct segment *out)
{
	const uint64_t room = db_number(db, s, 1), n = db_number(db, s, 3),
		       run = db_number(db, s, 4);

	if (room > UINT32_MAX || n > SEGMENT_ENTRIES || run > UINT32_MAX)
		return db_damaged(db, "the head of a segment");
	*out = (struct segment){.id = db_number(db, s, 0),
	    .room = (uint32_t)room,
	    .first = db_number(db, s, 2),
	    .n = (uint32_t)n,
	    .run = (uint32_t)run,
	    .chain = db_fixed(db, s, 5, WIRE_HASH),
	    .heads = blob(db, s, 6),
	    .bodies = blob(db, s, 7)};
	if (out->chain == NULL)
		return db_damaged(db, "a chain value");
	return segment_check(out) == 0 ? 0 : db_damaged(db, "a segment");
}

int db_segment_at(
    struct db *db, uint32_t room, uint64_t offset, struct segment *out)
{
	const enum db_stmt s = DB_SEGMENT_AT;
	int r;

	db_bind(db, s, 1, room);
	db_bind(db, s, 2, offset);
	if ((r = db_step(db, s)) != 0)
		return r;
	if ((r = db_segment_row(db, s, out)) == 0 && offset > segment_last(out))
		r = ERR_AGAIN;
	if (r != 0)
		db_reset(db, s);
	return r;
}

/* The last entry of the newest segment that begins before this offset. */
static int end_before(
    struct db *db, uint32_t room, uint64_t first, struct log_head *out)
{
	const enum db_stmt s = DB_SEGMENT_BEFORE;
	const uint8_t *chain;
	uint64_t n;
	int r;

	db_bind(db, s, 1, room);
	db_bind(db, s, 2, first);
	if ((r = db_step(db, s)) != 0)
		return r;
	n = db_number(db, s, 1);
	out->offset = db_number(db, s, 0) + n - 1;
	chain = db_fixed(db, s, 2, WIRE_HASH);
	if (chain == NULL || n < 1 || n > SEGMENT_ENTRIES)
		r = db_damaged(db, "a chain value");
	else
		memcpy(out->chain, chain, WIRE_HASH);
	db_reset(db, s);
	return r;
}

int db_newest(struct db *db, uint32_t room, struct log_head *out)
{
	return end_before(db, room, INT64_MAX, out);
}

int db_oldest(struct db *db, uint32_t room, uint64_t *out)
{
	int r;

	db_bind(db, DB_SEGMENT_OLDEST, 1, room);
	if ((r = db_step(db, DB_SEGMENT_OLDEST)) != 0)
		return r;
	*out = db_number(db, DB_SEGMENT_OLDEST, 0);
	db_reset(db, DB_SEGMENT_OLDEST);
	return 0;
}

/* The chain before the oldest entry of a room. */
static int before_room(struct db *db, uint32_t room, struct log_head *out)
{
	const uint8_t *chain;
	int r;

	db_bind(db, DB_ROOM_BEFORE, 1, room);
	if ((r = db_step(db, DB_ROOM_BEFORE)) != 0)
		return r == ERR_AGAIN ? db_damaged(db, "a room is missing") : r;
	chain = db_fixed(db, DB_ROOM_BEFORE, 0, WIRE_HASH);
	if (chain != NULL)
		memcpy(out->chain, chain, WIRE_HASH);
	db_reset(db, DB_ROOM_BEFORE);
	return chain != NULL ? 0 : db_damaged(db, "a chain value");
}

int db_before_segment(
    struct db *db, uint32_t room, uint64_t first, struct log_head *out)
{
	int r = end_before(db, room, first, out);

	if (r == ERR_AGAIN) {
		out->offset = first - 1;
		return before_room(db, room, out);
	}
	if (r == 0 && out->offset != first - 1)
		return db_damaged(db, "an entry is missing");
	return r;
}

int db_before_entry(
    struct db *db, uint32_t room, uint64_t first, struct log_head *out)
{
	struct segment s;
	int r;

	if ((r = db_segment_at(db, room, first, &s)) != 0)
		return r == ERR_AGAIN ? db_damaged(db, "an entry is missing")
				      : r;
	if ((r = db_before_segment(db, room, s.first, out)) == 0 &&
	    (r = segment_fold(db->crypto, &s, first - 1, out)) != 0)
		r = db_segment_failed(db, r);
	db_reset(db, DB_SEGMENT_AT);
	return r;
}

int db_set_before(struct db *db, uint32_t room, const uint8_t chain[WIRE_HASH])
{
	db_bind(db, DB_ROOM_BEFORE_SET, 1, room);
	db_bind_bytes(db, DB_ROOM_BEFORE_SET, 2, chain, WIRE_HASH);
	return db_do(db, DB_ROOM_BEFORE_SET, NULL);
}

int db_segment_set(struct db *db, uint64_t id, uint64_t first, uint32_t n,
    const struct buf *heads, const struct buf *bodies)
{
	const enum db_stmt s = DB_SEGMENT_SET;

	db_bind(db, s, 1, id);
	db_bind(db, s, 2, first);
	db_bind(db, s, 3, n);
	db_bind_bytes(db, s, 4, heads->p, heads->len);
	db_bind_bytes(db, s, 5, bodies->p, bodies->len);
	return db_do(db, s, NULL);
}
