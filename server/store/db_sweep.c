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

static bool goes(const struct segment_entry *e, const struct limits *l)
{
	return e->offset <= l->upto ||
	       (l->older > 0 && e->ts_ms < l->older);
}

/* What becomes of a segment. */
struct cut {
	uint32_t n;   /* of its first entries go */
	bool mark;    /* the next one, the newest of the room, stays as one */
	struct log_head before; /* what is left of the log */
	struct buf heads, bodies; /* what is left of the segment */
};

/* How much of the room's oldest segment goes. ERR_AGAIN: nothing. */
static int plan(const struct segment *s, const struct limits *l, struct cut *c)
{
	struct segment at = *s;
	struct segment_entry e = {.bytes = NULL};
	int r;

	while ((r = segment_next(&at, &e)) == 0 && goes(&e, l))
		c->n++;
	if (r != 0 && r != ERR_AGAIN)
		return r;
	if (r == ERR_AGAIN && segment_last(s) == l->newest) {
		/* Everything: e is no longer its last entry. */
		at = *s;
		if ((r = segment_find(s, l->newest, &at)) != 0 ||
		    (r = segment_next(&at, &e)) != 0)
			return r;
		c->n--;
		c->mark = e.bytes != NULL;
	}
	return c->n > 0 || c->mark ? 0 : ERR_AGAIN;
}

static int rest(struct db *db, const struct segment *s, struct cut *c)
{
	struct segment at;
	struct segment_entry e;
	uint8_t digest[WIRE_HASH];
	int r = segment_find(s, s->first + c->n, &at);

	while (r == 0 && (r = segment_next(&at, &e)) == 0) {
		if (c->mark) {
			r = segment_digest(db->crypto, &e, digest);
			e.bytes = NULL;
			e.len = 0;
			e.gone = digest;
		}
		if (r == 0)
			r = segment_put(&c->heads, &c->bodies, &e);
	}
	return r == ERR_AGAIN ? 0 : r;
}

/* All that reads the row of DB_SEGMENTS_FROM. */
static int prepare(struct db *db, const struct segment *s,
    const struct limits *l, struct cut *c)
{
	int r;

	if ((r = plan(s, l, c)) == ERR_AGAIN)
		return r;
	if (r == 0 &&
	    (r = db_before_segment(db, l->room, s->first, &c->before)) == 0 &&
	    (r = segment_fold(
		 db->crypto, s, s->first + c->n - 1, &c->before)) == 0 &&
	    (r = rest(db, s, c)) == 0)
		r = db_uses_drop(db, s, c->n + c->mark);
	return r == 0 ? 0 : db_segment_failed(db, r);
}

static int cut(struct db *db, uint32_t room, const struct segment *s,
    const struct cut *c)
{
	int r;

	if (c->n < s->n) {
		r = db_segment_set(db, s->id, s->first + c->n, s->n - c->n,
		    &c->heads, &c->bodies);
	} else {
		db_bind(db, DB_SEGMENT_FORGET, 1, s->id);
		r = db_do(db, DB_SEGMENT_FORGET, NULL);
	}
	return r != 0 || c->n == 0 ? r
				   : db_set_before(db, room, c->before.chain);
}

/* Destroys what goes of the oldest segment; *n entries more. ERR_AGAIN: all of
 * it stays. */
static int drop_oldest(struct db *db, const struct limits *l, uint32_t *n)
{
	const enum db_stmt s = DB_SEGMENTS_FROM;
	struct cut c = {.n = 0};
	struct segment row;
	int r;

	db_bind(db, s, 1, l->room);
	db_bind(db, s, 2, 0);
	if ((r = db_step(db, s)) != 0)
		return r;
	buf_init(&c.heads, SEGMENT_ENTRIES * SEGMENT_HEAD);
	buf_init(&c.bodies, SIZE_MAX / 2);
	if ((r = db_segment_row(db, s, &row)) == 0)
		r = prepare(db, &row, l, &c);
	db_reset(db, s);
	if (r == 0) {
		db->sweep.destroyed = true;
		*n += c.n + c.mark;
		r = cut(db, l->room, &row, &c);
	}
	buf_free(&c.heads);
	buf_free(&c.bodies);
	return r;
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

/* The end of a round; before it, what was written meanwhile is counted. */
static int finish(struct db *db, uint64_t now_ms, bool *more)
{
	int r = db_uses_count(db, more);

	return r != 0 || *more ? r : drop_unused(db, now_ms);
}

static int piece(struct db *db, uint64_t now_ms, bool *more)
{
	struct limits l;
	uint32_t n = 0;
	int r, i;

	for (i = 0; i < DB_SWEEP && n < DB_SWEEP; i++) {
		if (db->sweep.over ||
		    (r = next_room(db, now_ms, &l)) == ERR_AGAIN) {
			db->sweep.over = true;
			return finish(db, now_ms, more);
		}
		if (r != 0)
			return r;
		db->sweep.room = l.room;
		while (n < DB_SWEEP && (r = drop_oldest(db, &l, &n)) == 0)
			;
		if (r != 0 && r != ERR_AGAIN)
			return r;
		if (r == ERR_AGAIN && l.room == UINT32_MAX)
			db->sweep.over = true;
		else if (r == ERR_AGAIN)
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
