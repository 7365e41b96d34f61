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

int db_newest(struct db *db, uint32_t room, struct log_head *out)
{
	const uint8_t *chain;
	int r;

	db_bind(db, DB_ENTRY_NEWEST, 1, room);
	if ((r = db_step(db, DB_ENTRY_NEWEST)) != 0)
		return r;
	out->offset = db_number(db, DB_ENTRY_NEWEST, 0);
	chain = db_fixed(db, DB_ENTRY_NEWEST, 1, WIRE_HASH);
	if (chain != NULL)
		memcpy(out->chain, chain, WIRE_HASH);
	db_reset(db, DB_ENTRY_NEWEST);
	return chain != NULL ? 0 : db_damaged(db, "a chain value");
}

int db_oldest(struct db *db, uint32_t room, uint64_t *out)
{
	int r;

	db_bind(db, DB_ENTRY_OLDEST, 1, room);
	if ((r = db_step(db, DB_ENTRY_OLDEST)) != 0)
		return r;
	*out = db_number(db, DB_ENTRY_OLDEST, 0);
	db_reset(db, DB_ENTRY_OLDEST);
	return 0;
}

static void bind_by(struct db *db, enum db_stmt s, int place, int by)
{
	(void)!sqlite3_bind_int(db->stmt[s], place, by);
}

/* An epoch or person that was never put is no fault here: nobody can open the
 * entry, that is all. The server's own frames (sender 0) need no person. */
int db_use(struct db *db, uint32_t room, uint32_t run,
    const struct group_head *head, int by)
{
	int r;

	db_bind(db, DB_EPOCH_USE, 1, room);
	db_bind(db, DB_EPOCH_USE, 2, run);
	db_bind(db, DB_EPOCH_USE, 3, head->epoch);
	bind_by(db, DB_EPOCH_USE, 4, by);
	if ((r = db_do(db, DB_EPOCH_USE, NULL)) != 0 || head->sender == 0)
		return r;
	db_bind(db, DB_PERSON_USE, 1, run);
	db_bind(db, DB_PERSON_USE, 2, head->sender);
	bind_by(db, DB_PERSON_USE, 3, by);
	return db_do(db, DB_PERSON_USE, NULL);
}

/* The entry is there already, or was: 0 if it may be this one. An entry that
 * was forgotten in the meantime leaves nothing to compare with. */
static int again(struct db *db, const struct store_entry *e)
{
	const uint8_t *chain;
	bool same;
	int r;

	db_bind(db, DB_ENTRY_GET, 1, e->room);
	db_bind(db, DB_ENTRY_GET, 2, e->head.offset);
	if ((r = db_step(db, DB_ENTRY_GET)) != 0)
		return r == ERR_AGAIN ? 0 : r;
	chain = db_fixed(db, DB_ENTRY_GET, 1, WIRE_HASH);
	same = chain != NULL && memcmp(chain, e->head.chain, WIRE_HASH) == 0;
	db_reset(db, DB_ENTRY_GET);
	return same ? 0 : ERR_LOG;
}

/* Whether the chain at this entry is made of these bytes. */
static int check_chain(struct db *db, const struct store_entry *e)
{
	struct log_head h = {.offset = e->head.offset - 1};
	uint8_t d[WIRE_HASH];
	int r;

	memcpy(h.chain, e->before, WIRE_HASH);
	if ((r = crypto_hash1(db->crypto, d, e->bytes + WIRE_OFFSET,
		 e->len - WIRE_OFFSET)) != 0 ||
	    (r = log_head_add(db->crypto, &h, d)) != 0)
		return r == ERR_NOMEM ? r : ERR_LOG;
	return memcmp(h.chain, e->head.chain, WIRE_HASH) == 0 ? 0 : ERR_LOG;
}

/* The first entry of a room that has none. */
static int first_entry(struct db *db, const struct store_entry *e)
{
	int changes, r;

	db_bind(db, DB_ROOM_BEFORE_SET, 1, e->room);
	db_bind_bytes(db, DB_ROOM_BEFORE_SET, 2, e->before, WIRE_HASH);
	if ((r = db_do(db, DB_ROOM_BEFORE_SET, &changes)) != 0)
		return r;
	return changes == 1 ? 0 : ERR_STATE;
}

static int insert_entry(struct db *db, const struct store_entry *e)
{
	db_bind(db, DB_ENTRY_PUT, 1, e->room);
	db_bind(db, DB_ENTRY_PUT, 2, e->head.offset);
	db_bind(db, DB_ENTRY_PUT, 3, e->ts_ms);
	db_bind(db, DB_ENTRY_PUT, 4, db->run);
	db_bind_bytes(db, DB_ENTRY_PUT, 5, e->head.chain, WIRE_HASH);
	db_bind_bytes(db, DB_ENTRY_PUT, 6, e->bytes, e->len);
	return db_do(db, DB_ENTRY_PUT, NULL);
}

int db_put_entry(
    struct db *db, const struct store_entry *e, const struct group_head *head)
{
	struct log_head newest;
	int r, found = db_newest(db, e->room, &newest);

	if (found != 0 && found != ERR_AGAIN)
		return found;
	if (found == 0 && e->head.offset <= newest.offset)
		return again(db, e);
	if (found == 0 && e->head.offset != newest.offset + 1)
		return ERR_STATE;
	if (found == 0 && memcmp(newest.chain, e->before, WIRE_HASH) != 0)
		return ERR_LOG;
	if ((r = check_chain(db, e)) != 0)
		return r;
	if (found == ERR_AGAIN && (r = first_entry(db, e)) != 0)
		return r;
	if ((r = insert_entry(db, e)) != 0)
		return r;
	return db_use(db, e->room, db->run, head, 1);
}

int db_purge(struct db *db, uint32_t room, uint64_t offset)
{
	struct group_head head;
	uint8_t digest[WIRE_HASH];
	const uint8_t *body;
	uint32_t run;
	size_t n;
	int r;

	db_bind(db, DB_ENTRY_GET, 1, room);
	db_bind(db, DB_ENTRY_GET, 2, offset);
	if ((r = db_step(db, DB_ENTRY_GET)) != 0)
		return r == ERR_AGAIN ? 0 : r;
	run = (uint32_t)db_number(db, DB_ENTRY_GET, 0);
	body = db_bytes(db, DB_ENTRY_GET, 3, &n);
	if (body != NULL && (group_head_decode(&head, body, n) != 0 ||
				crypto_hash1(db->crypto, digest,
				    body + WIRE_OFFSET, n - WIRE_OFFSET) != 0))
		r = db_damaged(db, "an entry");
	db_reset(db, DB_ENTRY_GET);
	if (r != 0 || body == NULL)
		return r;
	db_bind(db, DB_ENTRY_PURGE, 1, room);
	db_bind(db, DB_ENTRY_PURGE, 2, offset);
	db_bind_bytes(db, DB_ENTRY_PURGE, 3, digest, sizeof(digest));
	if ((r = db_do(db, DB_ENTRY_PURGE, NULL)) != 0)
		return r;
	return db_use(db, room, run, &head, -1);
}

/* Of the people of these entries, only those of older runs go, with the next
 * sweep; what they said is gone now. */
static int release_people(struct db *db, uint32_t room)
{
	struct group_head head;
	const uint8_t *body;
	size_t n;
	uint64_t at = 0;
	uint32_t run;
	int r;

	for (;;) {
		db_bind(db, DB_ENTRIES_FROM, 1, room);
		db_bind(db, DB_ENTRIES_FROM, 2, at);
		db_bind(db, DB_ENTRIES_FROM, 3, 1);
		if ((r = db_step(db, DB_ENTRIES_FROM)) != 0)
			return r == ERR_AGAIN ? 0 : r;
		at = db_number(db, DB_ENTRIES_FROM, 0) + 1;
		run = (uint32_t)db_number(db, DB_ENTRIES_FROM, 2);
		body = db_bytes(db, DB_ENTRIES_FROM, 5, &n);
		if (body != NULL && group_head_decode(&head, body, n) != 0)
			body = NULL;
		db_reset(db, DB_ENTRIES_FROM);
		if (body != NULL && (r = db_use(db, room, run, &head, -1)) != 0)
			return r;
	}
}

int db_forget_entries(struct db *db, uint32_t room)
{
	int r;

	if ((r = release_people(db, room)) != 0)
		return r;
	db_bind(db, DB_ENTRIES_FORGET, 1, room);
	if ((r = db_do(db, DB_ENTRIES_FORGET, NULL)) != 0)
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
