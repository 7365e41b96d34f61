/* db_uses.c - counts how many entries need an epoch or a person, so that those
 * that none needs can go.
 *
 * Counting each entry when it is written would change two more rows for it. The
 * segments up to meta.counted are counted; a sweep counts the rest, a row once
 * for many entries, and deletes nothing before it has. What is destroyed without
 * having been counted was never needed. */
#include <stdlib.h>

#include "server/store/db_int.h"

enum { COUNT_PIECE = 4096 };

struct use {
	uint32_t room, run, key; /* an epoch; room 0: a member */
};
struct tally {
	struct use *use;
	size_t n;
};

static int tally_init(struct tally *t, size_t entries)
{
	t->n = 0;
	t->use = malloc(2 * entries * sizeof(t->use[0]));
	return t->use != NULL ? 0 : ERR_NOMEM;
}

static int tally_add(struct tally *t, struct segment at, uint32_t n)
{
	struct segment_entry e;
	int r = 0;

	for (; n > 0 && (r = segment_next(&at, &e)) == 0; n--) {
		if (e.bytes == NULL)
			continue;
		t->use[t->n++] = (struct use){at.room, at.run, e.head.epoch};
		/* The server's own need nobody. */
		if (e.head.sender != 0)
			t->use[t->n++] =
			    (struct use){0, at.run, e.head.sender};
	}
	return r;
}

static int by_row(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->room != y->room)
		return x->room < y->room ? -1 : 1;
	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

/* An epoch or person that was never put is no fault here: nobody can open the
 * entry, that is all. */
static int use(struct db *db, const struct use *u, int by)
{
	const enum db_stmt s = u->room != 0 ? DB_EPOCH_USE : DB_PERSON_USE;
	int place = 1;

	if (u->room != 0)
		db_bind(db, s, place++, u->room);
	db_bind(db, s, place++, u->run);
	db_bind(db, s, place++, u->key);
	(void)!sqlite3_bind_int(db->stmt[s], place, by);
	return db_do(db, s, NULL);
}

static int tally_apply(struct db *db, struct tally *t, int sign)
{
	size_t i, end;
	int r = 0;

	if (t->n > 0)
		qsort(t->use, t->n, sizeof(t->use[0]), by_row);
	for (i = 0; i < t->n && r == 0; i = end) {
		for (end = i + 1; end < t->n; end++)
			if (by_row(&t->use[i], &t->use[end]) != 0)
				break;
		r = use(db, &t->use[i], sign * (int)(end - i));
	}
	return r;
}

/* At least one segment, if there is one. */
static int count_some(
    struct db *db, struct tally *t, uint64_t *upto, bool *more)
{
	const enum db_stmt s = DB_SEGMENTS_UNCOUNTED;
	size_t entries = 0;
	struct segment row;
	int r;

	*more = false;
	db_bind(db, s, 1, db->counted);
	while ((r = db_step(db, s)) == 0) {
		if ((r = db_segment_row(db, s, &row)) != 0)
			break;
		if ((*more = entries + row.n > COUNT_PIECE))
			break;
		entries += row.n;
		*upto = row.id;
		if ((r = tally_add(t, row, row.n)) != 0) {
			r = db_segment_failed(db, r);
			break;
		}
	}
	db_reset(db, s);
	return r == ERR_AGAIN ? 0 : r;
}

int db_uses_count(struct db *db, bool *more)
{
	uint64_t upto = db->counted;
	struct tally t;
	int r;

	if ((r = tally_init(&t, COUNT_PIECE)) != 0)
		return r;
	if ((r = count_some(db, &t, &upto, more)) == 0 && upto != db->counted) {
		db_bind(db, DB_META_COUNTED, 1, upto);
		if ((r = tally_apply(db, &t, 1)) == 0 &&
		    (r = db_do(db, DB_META_COUNTED, NULL)) == 0)
			db->counted = upto;
	}
	free(t.use);
	return r;
}

int db_uses_drop(struct db *db, const struct segment *at, uint32_t n)
{
	struct tally t;
	int r;

	if (at->id > db->counted)
		return 0;
	if ((r = tally_init(&t, n)) != 0)
		return r;
	if ((r = tally_add(&t, *at, n)) == 0)
		r = tally_apply(db, &t, -1);
	else
		r = db_segment_failed(db, r);
	free(t.use);
	return r;
}

/* An id is never given twice: it says whether a segment is counted. */
int db_uses_begin(struct db *db)
{
	int r;

	if ((r = db_step(db, DB_META_GET)) != 0)
		return r == ERR_AGAIN ? db_damaged(db, "meta is empty") : r;
	db->counted = db->counted_before = db_number(db, DB_META_GET, 3);
	db_reset(db, DB_META_GET);
	if ((r = db_step(db, DB_SEGMENT_LAST_ID)) != 0)
		return r == ERR_AGAIN ? db_damaged(db, "no answer") : r;
	db->last_segment = db_number(db, DB_SEGMENT_LAST_ID, 0);
	db_reset(db, DB_SEGMENT_LAST_ID);
	if (db->last_segment < db->counted)
		db->last_segment = db->counted;
	return 0;
}
