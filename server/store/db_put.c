/* db_put.c - what the relay has written, each within a transaction. */
#include <string.h>

#include "server/store/db_int.h"

int db_put_room(struct db *db, const struct store_room *r)
{
	const struct room_settings *s = &r->settings;

	db_bind(db, DB_ROOM_PUT, 1, r->id);
	db_bind_text(db, DB_ROOM_PUT, 2, r->name);
	db_bind_text(db, DB_ROOM_PUT, 3, r->topic);
	db_bind(db, DB_ROOM_PUT, 4, s->listed);
	db_bind(db, DB_ROOM_PUT, 5, s->invited);
	db_bind(db, DB_ROOM_PUT, 6, (uint64_t)s->history);
	db_bind(db, DB_ROOM_PUT, 7, s->keep_days);
	db_bind(db, DB_ROOM_PUT, 8, s->keep_count);
	db_bind(db, DB_ROOM_PUT, 9, s->operators_only);
	db_bind(db, DB_ROOM_PUT, 10, s->sealed);
	if (r->maker != NULL)
		db_bind_bytes(db, DB_ROOM_PUT, 11, r->maker, WIRE_ED25519);
	else
		db_bind_null(db, DB_ROOM_PUT, 11);
	db_bind_bytes(db, DB_ROOM_PUT, 12, r->log, WIRE_LOG);
	db_bind(db, DB_ROOM_PUT, 13, r->entered);
	return db_do(db, DB_ROOM_PUT, NULL);
}

int db_put_right(struct db *db, const struct store_right *r)
{
	const enum db_stmt s = DB_RIGHT_PUT;

	if (!r->has_role && !r->invited && !r->banned && !r->muted &&
	    !r->member) {
		db_bind(db, DB_RIGHT_FORGET, 1, r->room);
		db_bind_bytes(
		    db, DB_RIGHT_FORGET, 2, r->identity, WIRE_ED25519);
		return db_do(db, DB_RIGHT_FORGET, NULL);
	}
	db_bind(db, s, 1, r->room);
	db_bind_bytes(db, s, 2, r->identity, WIRE_ED25519);
	db_bind_text(db, s, 3, r->name);
	if (r->has_role)
		db_bind(db, s, 4, (uint64_t)(r->role - ROLE_GUEST));
	else
		db_bind_null(db, s, 4);
	db_bind(db, s, 5, r->invited);
	db_bind(db, s, 6, r->banned);
	db_bind(db, s, 7, r->muted);
	db_bind(db, s, 8, r->member);
	db_bind(db, s, 9, r->ban_until);
	db_bind(db, s, 10, r->mute_until);
	db_bind(db, s, 11, r->since);
	db_bind(db, s, 12, r->since_run);
	db_bind(db, s, 13, r->since_epoch);
	return db_do(db, s, NULL);
}

int db_put_epoch(struct db *db, const struct store_epoch *e, uint64_t now_ms)
{
	const struct db_place at = {e->room, db->run, e->epoch};
	uint8_t sealed[DB_SEALED];
	int r;

	if ((r = db_seal(db, sealed, &at, e->base)) != 0)
		return r == ERR_NOMEM ? r : db_damaged(db, err_str(r));
	db_bind(db, DB_EPOCH_PUT, 1, e->room);
	db_bind(db, DB_EPOCH_PUT, 2, db->run);
	db_bind(db, DB_EPOCH_PUT, 3, e->epoch);
	db_bind(db, DB_EPOCH_PUT, 4, now_ms);
	db_bind_bytes(db, DB_EPOCH_PUT, 5, sealed, sizeof(sealed));
	db_bind_bytes(db, DB_EPOCH_PUT, 6, e->roster, WIRE_HASH);
	return db_do(db, DB_EPOCH_PUT, NULL);
}

int db_put_person(struct db *db, const struct store_person *p)
{
	uint8_t sum[WIRE_HASH];
	int r;

	if ((r = crypto_hash1(db->crypto, sum, p->json, p->len)) != 0)
		return r == ERR_NOMEM ? r : db_damaged(db, err_str(r));
	db_bind(db, DB_PERSON_PUT, 1, db->run);
	db_bind(db, DB_PERSON_PUT, 2, p->member);
	db_bind_bytes(db, DB_PERSON_PUT, 3, p->json, p->len);
	db_bind_bytes(db, DB_PERSON_PUT, 4, sum, sizeof(sum));
	return db_do(db, DB_PERSON_PUT, NULL);
}

/* --- entries --------------------------------------------------------------- */

/* The segment with one of its entries destroyed. */
static int without(struct db *db, const struct segment *s, uint64_t offset,
    struct buf *heads, struct buf *bodies)
{
	struct segment at = *s;
	struct segment_entry e;
	uint8_t digest[WIRE_HASH];
	int r;

	while ((r = segment_next(&at, &e)) == 0) {
		if (e.offset == offset) {
			if ((r = segment_digest(db->crypto, &e, digest)) != 0)
				return r;
			e.bytes = NULL;
			e.len = 0;
			e.gone = digest;
		}
		if ((r = segment_put(heads, bodies, &e)) != 0)
			return r;
	}
	return r == ERR_AGAIN ? 0 : r;
}

/* Ends DB_SEGMENT_AT, whose row it is. */
static int purge(struct db *db, const struct segment *s, uint64_t offset)
{
	const uint64_t id = s->id, first = s->first;
	const uint32_t n = s->n;
	struct segment_entry e;
	struct segment at, next;
	struct buf heads, bodies;
	int r;

	buf_init(&heads, SEGMENT_ENTRIES * SEGMENT_HEAD);
	buf_init(&bodies, s->bodies.left + WIRE_HASH);
	if ((r = segment_find(s, offset, &at)) == 0) {
		next = at;
		r = segment_next(&next, &e);
	}
	if (r == 0 && e.bytes != NULL &&
	    (r = without(db, s, offset, &heads, &bodies)) == 0)
		r = db_uses_drop(db, &at, 1);
	if (r != 0)
		r = db_segment_failed(db, r);
	db_reset(db, DB_SEGMENT_AT);
	if (r == 0 && heads.len > 0)
		r = db_segment_set(db, id, first, n, &heads, &bodies);
	buf_free(&heads);
	buf_free(&bodies);
	return r;
}

int db_purge(struct db *db, uint32_t room, uint64_t offset)
{
	struct segment s;
	int r;

	if ((r = db_batch_write(db)) != 0)
		return r;
	if ((r = db_segment_at(db, room, offset, &s)) != 0)
		return r == ERR_AGAIN ? 0 : r;
	return purge(db, &s, offset);
}

/* Of the people of these entries, only those of older runs go, with the next
 * sweep; what they said is gone now. */
static int release_people(struct db *db, uint32_t room)
{
	const enum db_stmt s = DB_SEGMENTS_FROM;
	struct segment row;
	int r;

	db_bind(db, s, 1, room);
	db_bind(db, s, 2, 0);
	while ((r = db_step(db, s)) == 0)
		if ((r = db_segment_row(db, s, &row)) != 0 ||
		    (r = db_uses_drop(db, &row, row.n)) != 0)
			break;
	db_reset(db, s);
	return r == ERR_AGAIN ? 0 : r;
}

int db_forget_entries(struct db *db, uint32_t room)
{
	int r;

	if ((r = db_batch_write(db)) != 0 ||
	    (r = release_people(db, room)) != 0)
		return r;
	db_batch_forget(db, room);
	db_bind(db, DB_SEGMENTS_FORGET, 1, room);
	if ((r = db_do(db, DB_SEGMENTS_FORGET, NULL)) != 0)
		return r;
	db_bind(db, DB_EPOCHS_FORGET, 1, room);
	if ((r = db_do(db, DB_EPOCHS_FORGET, NULL)) != 0)
		return r;
	db_bind(db, DB_ROOM_BEFORE_SET, 1, room);
	db_bind_null(db, DB_ROOM_BEFORE_SET, 2);
	return db_do(db, DB_ROOM_BEFORE_SET, NULL);
}

int db_forget_room(struct db *db, uint32_t room)
{
	int r = db_forget_entries(db, room);

	if (r != 0)
		return r;
	db_bind(db, DB_RIGHTS_FORGET, 1, room);
	if ((r = db_do(db, DB_RIGHTS_FORGET, NULL)) != 0)
		return r;
	db_bind(db, DB_ROOM_FORGET, 1, room);
	return db_do(db, DB_ROOM_FORGET, NULL);
}
