/* keeper_put.c - decodes what is to be written, and writes it. */
#include "server/store/keeper_put.h"

#include "shared/os/clock.h"

static int put_room(struct db *db, struct rd *r)
{
	struct store_room room;
	int e = store_room_get(r, &room);

	if (e != 0)
		return e;
	return r->left == 0 ? db_put_room(db, &room) : ERR_RANGE;
}

static int put_right(struct db *db, struct rd *r)
{
	struct store_right right;
	int e = store_right_get(r, &right);

	return e != 0 ? e : db_put_right(db, &right);
}

static int put_epoch(struct db *db, struct rd *r)
{
	struct store_epoch epoch;
	int e = store_epoch_get(r, &epoch);

	return e != 0 ? e : db_put_epoch(db, &epoch, clock_real_ms());
}

static int put_person(struct db *db, struct rd *r)
{
	struct store_person person;
	int e = store_person_get(r, &person);

	return e != 0 ? e : db_put_person(db, &person);
}

static int put_entry(struct db *db, struct rd *r)
{
	struct store_entry entry;
	struct group_head head;
	int e = store_entry_get(r, &entry, &head);

	return e != 0 ? e : db_put_entry(db, &entry);
}

static int purge(struct db *db, struct rd *r)
{
	uint32_t room;
	uint64_t offset;
	int e;

	if ((e = rd_u32(r, &room)) != 0 || (e = rd_u64(r, &offset)) != 0)
		return e;
	if (r->left != 0 || offset > INT64_MAX)
		return ERR_RANGE;
	return db_purge(db, room, offset);
}

static int forget_room(struct db *db, struct rd *r)
{
	uint32_t room;
	int e = rd_u32(r, &room);

	if (e != 0)
		return e;
	return r->left == 0 ? db_forget_room(db, room) : ERR_RANGE;
}

static int forget_entries(struct db *db, struct rd *r)
{
	uint32_t room;
	int e = rd_u32(r, &room);

	if (e != 0)
		return e;
	return r->left == 0 ? db_forget_entries(db, room) : ERR_RANGE;
}

static int change(struct db *db, struct rd *r)
{
	struct store_change_space s;
	int e = store_change_get(r, &s);

	return e != 0 ? e : db_change(db, &s.change);
}

static int direct(struct db *db, struct rd *r)
{
	struct store_direct d;
	int e = store_direct_get(r, &d);

	return e != 0 ? e : db_direct(db, &d);
}

static const struct put {
	int (*fn)(struct db *db, struct rd *r);
	bool destroys; /* something, which may be in the WAL */
} puts_of[] = {
    [STORE_PUT_ROOM] = {put_room, false},
    [STORE_PUT_RIGHT] = {put_right, false},
    [STORE_PUT_EPOCH] = {put_epoch, false},
    [STORE_PUT_PERSON] = {put_person, false},
    [STORE_PUT_ENTRY] = {put_entry, false},
    [STORE_PURGE] = {purge, true},
    [STORE_FORGET_ROOM] = {forget_room, true},
    [STORE_FORGET_ENTRIES] = {forget_entries, true},
    [STORE_CHANGE] = {change, true}, /* perhaps a password */
    [STORE_DIRECT] = {direct, false}, /* public keys, and what nobody here opens */
};

int keeper_put(struct db *db, uint8_t kind, struct rd body, bool *destroyed)
{
	*destroyed |= puts_of[kind].destroys;
	return puts_of[kind].fn(db, &body);
}
