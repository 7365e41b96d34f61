/* schema_segments.c - from version 2 to 3: entries become segments. What they are
 * worth is checked later, as always (db_check.c). */
#include <string.h>

#include "server/store/schema.h"
#include "server/store/segment.h"

struct joining {
	sqlite3_stmt *in, *out;
	sqlite3_int64 id, room, first, run, n;
	uint8_t chain[WIRE_HASH];
	struct buf heads, bodies;
};

static int bind_blob(sqlite3_stmt *s, int place, const struct buf *b)
{
	return sqlite3_bind_blob64(s, place, b->p, b->len, SQLITE_STATIC);
}

static int write_one(struct joining *j)
{
	int r;

	if (j->n == 0)
		return SQLITE_OK;
	if ((r = sqlite3_bind_int64(j->out, 1, ++j->id)) != SQLITE_OK ||
	    (r = sqlite3_bind_int64(j->out, 2, j->room)) != SQLITE_OK ||
	    (r = sqlite3_bind_int64(j->out, 3, j->first)) != SQLITE_OK ||
	    (r = sqlite3_bind_int64(j->out, 4, j->n)) != SQLITE_OK ||
	    (r = sqlite3_bind_int64(j->out, 5, j->run)) != SQLITE_OK ||
	    (r = sqlite3_bind_blob64(j->out, 6, j->chain, sizeof(j->chain),
		 SQLITE_STATIC)) != SQLITE_OK ||
	    (r = bind_blob(j->out, 7, &j->heads)) != SQLITE_OK ||
	    (r = bind_blob(j->out, 8, &j->bodies)) != SQLITE_OK)
		return r;
	r = sqlite3_step(j->out);
	(void)sqlite3_reset(j->out);
	j->n = 0;
	buf_clear(&j->heads);
	buf_clear(&j->bodies);
	return r == SQLITE_DONE ? SQLITE_OK : r;
}

/* Whether the row of `in` may be one more of this segment. */
static bool belongs(const struct joining *j, size_t len)
{
	return j->n > 0 && j->n < SEGMENT_ENTRIES &&
	       sqlite3_column_int64(j->in, 0) == j->room &&
	       sqlite3_column_int64(j->in, 1) == j->first + j->n &&
	       sqlite3_column_int64(j->in, 3) == j->run &&
	       j->bodies.len < SEGMENT_BYTES &&
	       len <= SEGMENT_BYTES - j->bodies.len;
}

static int take_row(struct joining *j)
{
	const uint8_t *chain = sqlite3_column_blob(j->in, 4);
	struct segment_entry e = {
	    .ts_ms = (uint64_t)sqlite3_column_int64(j->in, 2),
	    .gone = sqlite3_column_blob(j->in, 5),
	    .bytes = sqlite3_column_blob(j->in, 6)};
	int r;

	if (chain == NULL || sqlite3_column_bytes(j->in, 4) != WIRE_HASH ||
	    (e.bytes == NULL && (e.gone == NULL ||
		sqlite3_column_bytes(j->in, 5) != WIRE_HASH)))
		return SQLITE_CORRUPT;
	if (e.bytes != NULL)
		e.len = (size_t)sqlite3_column_bytes(j->in, 6);
	if (!belongs(j, e.bytes != NULL ? e.len : WIRE_HASH)) {
		if ((r = write_one(j)) != SQLITE_OK)
			return r;
		j->room = sqlite3_column_int64(j->in, 0);
		j->first = sqlite3_column_int64(j->in, 1);
		j->run = sqlite3_column_int64(j->in, 3);
	}
	j->n++;
	memcpy(j->chain, chain, sizeof(j->chain));
	r = segment_put(&j->heads, &j->bodies, &e);
	return r == 0 ? SQLITE_OK : SQLITE_NOMEM;
}

int schema_segments(sqlite3 *db)
{
	struct joining j = {.id = 0};
	int r;

	buf_init(&j.heads, SEGMENT_ENTRIES * SEGMENT_HEAD);
	buf_init(&j.bodies, SIZE_MAX / 2);
	if ((r = sqlite3_prepare_v2(db,
		 "SELECT room, offset, ts, run, chain, digest, body FROM entry "
		 "ORDER BY room, offset",
		 -1, &j.in, NULL)) == SQLITE_OK)
		r = sqlite3_prepare_v2(db,
		    "INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		    -1, &j.out, NULL);
	while (r == SQLITE_OK && (r = sqlite3_step(j.in)) == SQLITE_ROW)
		r = take_row(&j);
	if (r == SQLITE_DONE)
		r = write_one(&j);
	sqlite3_finalize(j.in);
	sqlite3_finalize(j.out);
	buf_free(&j.heads);
	buf_free(&j.bodies);
	return r;
}
