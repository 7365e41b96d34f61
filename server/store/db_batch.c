/* db_batch.c - takes the entries of a transaction, and writes those of each room
 * as few segments: a row costs more than the bytes of an entry. */
#include <stdlib.h>
#include <string.h>

#include "server/store/db_int.h"

enum {
	BATCH = 1024, /* entries; more are written in between */
	SLOTS = 2 * BATCH,
	HEADS = 1024, /* rooms whose newest entry is remembered */
	NONE = UINT16_MAX,
};

struct taken {
	uint64_t ts_ms;
	size_t at, len; /* in `bytes` */
	uint16_t next;	/* of its room */
	uint8_t chain[WIRE_HASH];
};
struct open_room {
	uint32_t room;
	uint16_t first, last; /* in `taken` */
	uint64_t offset;      /* of the first */
	struct log_head newest;
};
struct db_batch {
	struct taken taken[BATCH];
	struct open_room open[BATCH];
	uint16_t slot[SLOTS]; /* in `open`, by the room's number; or NONE */
	size_t n, n_open;
	struct buf bytes; /* of all entries, as they came */
	struct buf heads, bodies;
	struct {
		uint32_t room; /* 0: none */
		struct log_head newest;
	} head[HEADS];
};

static void clear(struct db_batch *b)
{
	memset(b->slot, 0xff, sizeof(b->slot));
	b->n = b->n_open = 0;
	buf_clear(&b->bytes);
}

struct db_batch *db_batch_new(void)
{
	struct db_batch *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	buf_init(&b->bytes, SIZE_MAX / 2);
	buf_init(&b->heads, SEGMENT_ENTRIES * SEGMENT_HEAD);
	buf_init(&b->bodies, SEGMENT_BYTES);
	clear(b);
	return b;
}

void db_batch_free(struct db_batch *b)
{
	if (b == NULL)
		return;
	buf_free(&b->bytes);
	buf_free(&b->heads);
	buf_free(&b->bodies);
	free(b);
}

/* The heads may be of what is rolled back. */
void db_batch_drop(struct db *db)
{
	clear(db->batch);
	memset(db->batch->head, 0, sizeof(db->batch->head));
}

void db_batch_forget(struct db *db, uint32_t room)
{
	if (db->batch->head[room % HEADS].room == room)
		db->batch->head[room % HEADS].room = 0;
}

/* --- rooms ------------------------------------------------------------------- */

/* Its slot: that of the room, or a free one. At most half of them are taken. */
static uint16_t *slot_of(struct db_batch *b, uint32_t room)
{
	size_t i = room % SLOTS;

	while (b->slot[i] != NONE && b->open[b->slot[i]].room != room)
		i = (i + 1) % SLOTS;
	return &b->slot[i];
}

/* The newest entry of a room, whether it is written or only taken. */
static int newest(struct db *db, uint32_t room, struct log_head *out)
{
	struct db_batch *b = db->batch;
	const uint16_t open = *slot_of(b, room);
	int r;

	if (open != NONE) {
		*out = b->open[open].newest;
		return 0;
	}
	if (b->head[room % HEADS].room == room) {
		*out = b->head[room % HEADS].newest;
		return 0;
	}
	if ((r = db_newest(db, room, out)) == 0) {
		b->head[room % HEADS].room = room;
		b->head[room % HEADS].newest = *out;
	}
	return r;
}

static int take(struct db *db, const struct store_entry *e)
{
	struct db_batch *b = db->batch;
	struct taken *t = &b->taken[b->n];
	struct open_room *o;
	uint16_t *slot;
	int r;

	*t = (struct taken){
	    .ts_ms = e->ts_ms, .at = b->bytes.len, .len = e->len, .next = NONE};
	memcpy(t->chain, e->head.chain, WIRE_HASH);
	if ((r = buf_put(&b->bytes, e->bytes, e->len)) != 0)
		return r;
	slot = slot_of(b, e->room);
	if (*slot == NONE) {
		*slot = (uint16_t)b->n_open++;
		b->open[*slot] = (struct open_room){.room = e->room,
		    .first = (uint16_t)b->n,
		    .offset = e->head.offset};
	} else {
		b->taken[b->open[*slot].last].next = (uint16_t)b->n;
	}
	o = &b->open[*slot];
	o->last = (uint16_t)b->n++;
	o->newest = e->head;
	return 0;
}

/* --- writing ----------------------------------------------------------------- */

/* Entries of a room that become one segment. */
struct run_of {
	uint16_t first, last, next;
	uint32_t n;
	size_t len;
	bool together; /* their bytes are in one piece */
};

/* As many from `first` on as a segment may have. */
static struct run_of run_from(const struct db_batch *b, uint16_t first)
{
	struct run_of u = {.first = first, .next = first, .together = true};
	const struct taken *t;

	while (u.next != NONE && u.n < SEGMENT_ENTRIES) {
		t = &b->taken[u.next];
		if (u.n > 0 && t->len > SEGMENT_BYTES - u.len)
			break;
		if (t->at != b->taken[first].at + u.len)
			u.together = false;
		u.last = u.next;
		u.next = t->next;
		u.len += t->len;
		u.n++;
		if (u.len >= SEGMENT_BYTES)
			break;
	}
	return u;
}

static int gather(struct db_batch *b, const struct run_of *u)
{
	const struct taken *t;
	uint16_t i;
	int r;

	buf_clear(&b->heads);
	buf_clear(&b->bodies);
	for (i = u->first; i != u->next; i = t->next) {
		t = &b->taken[i];
		if ((r = buf_u64(&b->heads, t->ts_ms)) != 0 ||
		    (r = buf_u32(&b->heads, (uint32_t)t->len)) != 0 ||
		    (!u->together && (r = buf_put(&b->bodies,
					  b->bytes.p + t->at, t->len)) != 0))
			return r;
	}
	return 0;
}

static int write_run(struct db *db, uint32_t room, uint64_t first,
    const struct run_of *u)
{
	const enum db_stmt s = DB_SEGMENT_PUT;
	struct db_batch *b = db->batch;
	int r;

	if ((r = gather(b, u)) != 0)
		return r;
	db_bind(db, s, 1, ++db->last_segment);
	db_bind(db, s, 2, room);
	db_bind(db, s, 3, first);
	db_bind(db, s, 4, u->n);
	db_bind(db, s, 5, db->run);
	db_bind_bytes(db, s, 6, b->taken[u->last].chain, WIRE_HASH);
	db_bind_bytes(db, s, 7, b->heads.p, b->heads.len);
	db_bind_bytes(db, s, 8,
	    u->together ? b->bytes.p + b->taken[u->first].at : b->bodies.p,
	    u->len);
	return db_do(db, s, NULL);
}

static int write_room(struct db *db, const struct open_room *o)
{
	struct db_batch *b = db->batch;
	uint64_t offset = o->offset;
	struct run_of u;
	uint16_t i;
	int r = 0;

	for (i = o->first; i != NONE && r == 0; i = u.next) {
		u = run_from(b, i);
		r = write_run(db, o->room, offset, &u);
		offset += u.n;
	}
	if (r == 0) {
		b->head[o->room % HEADS].room = o->room;
		b->head[o->room % HEADS].newest = o->newest;
	}
	return r;
}

int db_batch_write(struct db *db)
{
	struct db_batch *b = db->batch;
	size_t i;
	int r = 0;

	if (b->n == 0)
		return 0;
	for (i = 0; i < b->n_open && r == 0; i++)
		r = write_room(db, &b->open[i]);
	if (r == 0)
		clear(b);
	return r;
}

/* --- putting ------------------------------------------------------------------ */

/* The entry is there already, or was: 0 if it may be this one. An entry that
 * was forgotten in the meantime leaves nothing to compare with. */
static int again(struct db *db, const struct store_entry *e)
{
	struct log_head h;
	struct segment s;
	int r;

	if ((r = db_batch_write(db)) != 0 ||
	    (r = db_segment_at(db, e->room, e->head.offset, &s)) != 0)
		return r == ERR_AGAIN ? 0 : r;
	if ((r = db_before_segment(db, e->room, s.first, &h)) == 0 &&
	    (r = segment_fold(db->crypto, &s, e->head.offset, &h)) != 0)
		r = db_segment_failed(db, r);
	db_reset(db, DB_SEGMENT_AT);
	if (r != 0)
		return r;
	return memcmp(h.chain, e->head.chain, WIRE_HASH) == 0 ? 0 : ERR_LOG;
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

int db_put_entry(struct db *db, const struct store_entry *e)
{
	struct log_head last;
	int r, found = newest(db, e->room, &last);

	if (found != 0 && found != ERR_AGAIN)
		return found;
	if (found == 0 && e->head.offset <= last.offset)
		return again(db, e);
	if (found == 0 && e->head.offset != last.offset + 1)
		return ERR_STATE;
	if (found == 0 && memcmp(last.chain, e->before, WIRE_HASH) != 0)
		return ERR_LOG;
	if ((r = check_chain(db, e)) != 0)
		return r;
	if (found == ERR_AGAIN && (r = first_entry(db, e)) != 0)
		return r;
	if (db->batch->n == BATCH && (r = db_batch_write(db)) != 0)
		return r;
	return take(db, e);
}
