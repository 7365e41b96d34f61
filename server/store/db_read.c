/* db_read.c - what is restored at the start, and ranges of a room's log, as
 * frames for the relay. */
#include <stdlib.h>
#include <string.h>

#include "server/store/db_int.h"
#include "shared/base/secret.h"

/* An answer's frames but the entries: a mark, an epoch, a person. */
enum { ENTRY_COST = 128 };

/* --- rooms and rights --------------------------------------------------------- */

static int room_frame(struct db *db, struct buf *b, uint32_t *id)
{
	struct store_room r = {.id = (uint32_t)db_number(db, DB_ROOMS, 0),
	    .name = db_text(db, DB_ROOMS, 1),
	    .topic = db_text(db, DB_ROOMS, 2),
	    .settings = {.listed = db_number(db, DB_ROOMS, 3) != 0,
		.invited = db_number(db, DB_ROOMS, 4) != 0,
		.history = (enum room_history)(db_number(db, DB_ROOMS, 5) & 3),
		.keep_days = (uint32_t)db_number(db, DB_ROOMS, 6),
		.keep_count = (uint32_t)db_number(db, DB_ROOMS, 7),
		.operators_only = db_number(db, DB_ROOMS, 8) != 0,
		.sealed = db_number(db, DB_ROOMS, 9) != 0},
	    .maker = db_fixed(db, DB_ROOMS, 10, WIRE_ED25519),
	    .log = db_fixed(db, DB_ROOMS, 11, WIRE_LOG),
	    .entered = db_number(db, DB_ROOMS, 12) != 0};

	*id = r.id;
	return r.log != NULL ? store_room_put(b, &r)
			     : db_damaged(db, "the log of a room");
}

typedef int each_fn(void *arg, const struct buf *frame);

static int load_rooms(struct db *db, struct buf *b, each_fn *each, void *arg)
{
	struct log_head head;
	uint32_t id;
	size_t at;
	int r, found;

	while ((r = db_step(db, DB_ROOMS)) == 0) {
		buf_clear(b);
		if ((r = store_frame_begin(b, STORE_ROOM, &at)) != 0 ||
		    (r = room_frame(db, b, &id)) != 0)
			break;
		memset(&head, 0, sizeof(head));
		found = db_newest(db, id, &head);
		if (found != 0 && found != ERR_AGAIN) {
			r = found;
			break;
		}
		if ((r = store_head_put(b, &head)) != 0 ||
		    (r = store_frame_end(b, at, 0)) != 0 ||
		    (r = each(arg, b)) != 0)
			break;
	}
	db_reset(db, DB_ROOMS);
	return r == ERR_AGAIN ? 0 : r;
}

static int right_frame(struct db *db, struct buf *b)
{
	const enum db_stmt s = DB_RIGHTS;
	struct store_right r = {.room = (uint32_t)db_number(db, s, 0),
	    .identity = db_fixed(db, s, 1, WIRE_ED25519),
	    .name = db_text(db, s, 2),
	    .has_role = sqlite3_column_type(db->stmt[s], 3) != SQLITE_NULL,
	    .role = (enum role)((int)(db_number(db, s, 3) & 3) + ROLE_GUEST),
	    .invited = db_number(db, s, 4) != 0,
	    .banned = db_number(db, s, 5) != 0,
	    .muted = db_number(db, s, 6) != 0,
	    .member = db_number(db, s, 7) != 0,
	    .ban_until = db_number(db, s, 8),
	    .mute_until = db_number(db, s, 9),
	    .since = db_number(db, s, 10),
	    .since_run = (uint32_t)db_number(db, s, 11),
	    .since_epoch = (uint32_t)db_number(db, s, 12)};

	if (!r.has_role)
		r.role = ROLE_MEMBER;
	return r.identity != NULL ? store_right_put(b, &r)
				  : db_damaged(db, "an identity");
}

static int load_rights(struct db *db, struct buf *b, each_fn *each, void *arg)
{
	size_t at;
	int r;

	while ((r = db_step(db, DB_RIGHTS)) == 0) {
		buf_clear(b);
		if ((r = store_frame_begin(b, STORE_RIGHT, &at)) != 0 ||
		    (r = right_frame(db, b)) != 0 ||
		    (r = store_frame_end(b, at, 0)) != 0 ||
		    (r = each(arg, b)) != 0)
			break;
	}
	db_reset(db, DB_RIGHTS);
	return r == ERR_AGAIN ? 0 : r;
}

int db_load(struct db *db, each_fn *each, void *arg)
{
	struct buf b;
	int r;

	if ((r = db_batch_write(db)) != 0)
		return r;
	buf_init(&b, STORE_FRAME_MAX + STORE_FRAME_HEAD);
	if ((r = load_rooms(db, &b, each, arg)) == 0)
		r = load_rights(db, &b, each, arg);
	buf_free(&b);
	if (r == 0)
		r = db_load_people(db, each, arg);
	if (r == 0)
		r = db_load_direct(db, each, arg);
	return r;
}

/* --- ranges --------------------------------------------------------------------- */

/* What the entries of an answer need. At most one of each for an entry. */
struct needs {
	struct need {
		uint32_t run, key; /* an epoch, or a member */
	} epoch[STORE_COUNT_MAX], person[STORE_COUNT_MAX];
	uint32_t run[STORE_COUNT_MAX];
	size_t n_epochs, n_people, n_runs;
};

static void need(struct need *list, size_t *n, uint32_t run, uint32_t key)
{
	size_t i;

	for (i = *n; i > 0; i--) /* the newest is the likeliest */
		if (list[i - 1].run == run && list[i - 1].key == key)
			return;
	list[*n] = (struct need){run, key};
	++*n;
}

static void need_run(struct needs *all, uint32_t run)
{
	size_t i;

	for (i = all->n_runs; i > 0; i--)
		if (all->run[i - 1] == run)
			return;
	all->run[all->n_runs++] = run;
}

static int entry_frame(struct db *db, uint32_t run,
    const struct segment_entry *e, struct buf *out, struct needs *all)
{
	struct store_kept_entry k = {.offset = e->offset,
	    .run = run,
	    .bytes = e->bytes,
	    .len = e->len};
	uint8_t digest[WIRE_HASH];
	size_t at;
	int r;

	if (segment_digest(db->crypto, e, digest) != 0)
		return db_damaged(db, "an entry");
	k.digest = digest;
	if (e->bytes != NULL) {
		need(all->epoch, &all->n_epochs, run, e->head.epoch);
		if (e->head.sender != 0)
			need(all->person, &all->n_people, run, e->head.sender);
		need_run(all, run);
	}
	if ((r = store_frame_begin(out, STORE_KEPT, &at)) != 0 ||
	    (r = store_kept_put(out, &k)) != 0)
		return r;
	return store_frame_end(out, at, 0);
}

/* A run is forgotten when it has neither epochs nor people: nobody can open
 * what is left of it, and its session is zeros. */
static int run_frame(struct db *db, uint32_t run, struct buf *out)
{
	static const uint8_t forgotten[WIRE_NONCE];
	struct store_kept_session k = {run, forgotten};
	size_t at;
	int r, found;

	db_bind(db, DB_RUN_GET, 1, run);
	found = db_step(db, DB_RUN_GET);
	if (found != 0 && found != ERR_AGAIN)
		return found;
	if (found == 0)
		k.session = db_fixed(db, DB_RUN_GET, 0, WIRE_NONCE);
	if (k.session == NULL)
		r = db_damaged(db, "a session");
	else if ((r = store_frame_begin(out, STORE_KEPT_RUN, &at)) == 0 &&
		 (r = store_kept_run_put(out, &k)) == 0)
		r = store_frame_end(out, at, 0);
	if (found == 0)
		db_reset(db, DB_RUN_GET);
	return r;
}

static int run_frames(struct db *db, const struct needs *all, struct buf *out)
{
	size_t i;
	int r = 0;

	for (i = 0; i < all->n_runs && r == 0; i++)
		r = run_frame(db, all->run[i], out);
	return r;
}

static int epoch_frame(
    struct db *db, uint32_t room, const struct need *n, struct buf *out)
{
	const struct db_place place = {room, n->run, n->key};
	struct store_epoch e = {.room = room, .epoch = n->key};
	uint8_t base[WIRE_KEY];
	const uint8_t *sealed = db_fixed(db, DB_EPOCH_GET, 0, DB_SEALED);
	size_t at;
	int r;

	e.base = base;
	e.roster = db_fixed(db, DB_EPOCH_GET, 1, WIRE_HASH);
	if (sealed == NULL || e.roster == NULL ||
	    db_unseal(db, base, &place, sealed) != 0)
		return db_damaged(db, "an epoch");
	if ((r = store_frame_begin(out, STORE_KEPT_EPOCH, &at)) == 0 &&
	    (r = buf_u32(out, n->run)) == 0 &&
	    (r = store_epoch_put(out, &e)) == 0)
		r = store_frame_end(out, at, 0);
	secret_wipe(base, sizeof(base));
	return r;
}

static int epoch_frames(
    struct db *db, uint32_t room, const struct needs *all, struct buf *out)
{
	size_t i;
	int r;

	for (i = 0; i < all->n_epochs; i++) {
		db_bind(db, DB_EPOCH_GET, 1, room);
		db_bind(db, DB_EPOCH_GET, 2, all->epoch[i].run);
		db_bind(db, DB_EPOCH_GET, 3, all->epoch[i].key);
		r = db_step(db, DB_EPOCH_GET);
		if (r == ERR_AGAIN)
			continue; /* it never came */
		if (r == 0) {
			r = epoch_frame(db, room, &all->epoch[i], out);
			db_reset(db, DB_EPOCH_GET);
		}
		if (r != 0)
			return r;
	}
	return 0;
}

static int person_frames(
    struct db *db, const struct needs *all, struct buf *out)
{
	struct store_person p;
	size_t i, at;
	int r;

	for (i = 0; i < all->n_people; i++) {
		db_bind(db, DB_PERSON_GET, 1, all->person[i].run);
		db_bind(db, DB_PERSON_GET, 2, all->person[i].key);
		r = db_step(db, DB_PERSON_GET);
		if (r == ERR_AGAIN)
			continue;
		if (r != 0)
			return r;
		p = (struct store_person){.member = all->person[i].key};
		p.json = (const char *)db_bytes(db, DB_PERSON_GET, 0, &p.len);
		if (p.json == NULL)
			r = db_damaged(db, "a person");
		else if ((r = store_frame_begin(out, STORE_KEPT_PERSON, &at)) ==
			     0 &&
			 (r = buf_u32(out, all->person[i].run)) == 0 &&
			 (r = store_person_put(out, &p)) == 0)
			r = store_frame_end(out, at, 0);
		db_reset(db, DB_PERSON_GET);
		if (r != 0)
			return r;
	}
	return 0;
}

/* What is left of an answer. */
struct left {
	uint32_t count;
	size_t bytes;
	bool some; /* there is an entry in it */
};

/* Whether an entry of so many bytes still belongs to it. */
static bool take(struct left *l, size_t bytes)
{
	const size_t n = bytes + ENTRY_COST;

	if (l->count == 0 || (n > l->bytes && l->some))
		return false;
	l->bytes -= n < l->bytes ? n : l->bytes;
	l->count--;
	l->some = true;
	return true;
}

/* Moves *first back over the entries of the row of DB_SEGMENTS_BEFORE. ERR_AGAIN:
 * the answer is full. */
static int take_back(struct db *db, struct left *l, uint64_t *first)
{
	const enum db_stmt s = DB_SEGMENTS_BEFORE;
	const uint64_t begin = db_number(db, s, 0), n = db_number(db, s, 1);
	const uint8_t *heads;
	uint32_t length;
	uint64_t i;

	if (n < 1 || n > SEGMENT_ENTRIES ||
	    (heads = db_fixed(db, s, 2, (size_t)n * SEGMENT_HEAD)) == NULL)
		return db_damaged(db, "a segment");
	for (i = begin + n < *first ? begin + n : *first; i > begin; i--) {
		length =
		    get_u32(heads + (size_t)(i - 1 - begin) * SEGMENT_HEAD + 8);
		if (!take(l, (length & SEGMENT_GONE) != 0 ? 0 : length))
			return ERR_AGAIN;
		*first = i - 1;
	}
	return 0;
}

/* The first offset of an answer that ends before q->first. */
static int first_before(struct db *db, const struct store_question *q,
    uint64_t *first, uint32_t *count)
{
	const enum db_stmt s = DB_SEGMENTS_BEFORE;
	struct left l = {q->count, q->bytes, false};
	int r;

	db_bind(db, s, 1, q->room);
	db_bind(db, s, 2, q->first);
	while ((r = db_step(db, s)) == 0)
		if ((r = take_back(db, &l, first)) != 0)
			break;
	db_reset(db, s);
	*count = q->count - l.count;
	return r == ERR_AGAIN ? 0 : r;
}

/* The entries of one segment. ERR_AGAIN: the answer is full. */
static int segment_frames(struct db *db, const struct segment *s,
    struct left *l, struct needs *all, struct buf *out)
{
	struct segment at = *s;
	struct segment_entry e;
	int r;

	while ((r = segment_next(&at, &e)) == 0) {
		if (!take(l, e.len))
			return ERR_AGAIN;
		if ((r = entry_frame(db, s->run, &e, out, all)) != 0)
			return r;
	}
	return r == ERR_AGAIN ? 0 : db_damaged(db, "an entry");
}

/* The segment that has the first of them; *next: the offset after it. */
static int first_frames(struct db *db, uint32_t room, uint64_t first,
    uint64_t *next, struct left *l, struct needs *all, struct buf *out)
{
	struct segment s, at;
	int r;

	if ((r = db_segment_at(db, room, first, &s)) != 0)
		return r;
	*next = segment_last(&s) + 1;
	if (segment_find(&s, first, &at) != 0)
		r = db_damaged(db, "an entry");
	else
		r = segment_frames(db, &at, l, all, out);
	db_reset(db, DB_SEGMENT_AT);
	return r;
}

static int entry_frames(struct db *db, const struct store_question *q,
    uint64_t first, uint32_t count, struct needs *all, struct buf *out)
{
	const enum db_stmt s = DB_SEGMENTS_FROM;
	struct left l = {count, q->bytes, false};
	struct segment row;
	uint64_t next;
	int r;

	r = first_frames(db, q->room, first, &next, &l, all, out);
	if (r != 0 || l.count == 0)
		return r == ERR_AGAIN ? 0 : r;
	db_bind(db, s, 1, q->room);
	db_bind(db, s, 2, next);
	while ((r = db_step(db, s)) == 0)
		if ((r = db_segment_row(db, s, &row)) != 0 ||
		    (r = segment_frames(db, &row, &l, all, out)) != 0)
			break;
	db_reset(db, s);
	return r == ERR_AGAIN ? 0 : r;
}

static int range_frame(struct buf *out, const struct store_range_head *h)
{
	size_t at;
	int r;

	if ((r = store_frame_begin(out, STORE_RANGE, &at)) != 0 ||
	    (r = store_range_put(out, h)) != 0)
		return r;
	return store_frame_end(out, at, 0);
}

/* All frames after the first. */
static int range_rest(struct db *db, const struct store_question *q,
    uint64_t first, uint32_t count, struct buf *out)
{
	struct needs *all = calloc(1, sizeof(*all));
	int r = ERR_NOMEM;

	if (all == NULL)
		return r;
	if ((r = entry_frames(db, q, first, count, all, out)) == 0 &&
	    (r = run_frames(db, all, out)) == 0 &&
	    (r = epoch_frames(db, q->room, all, out)) == 0)
		r = person_frames(db, all, out);
	free(all);
	return r;
}

/* Where an answer begins, and how many entries it has at most. */
static int place(struct db *db, const struct store_question *q,
    struct store_range_head *h, uint64_t *first, uint32_t *count)
{
	struct log_head before, newest;
	int r = db_oldest(db, q->room, &h->oldest);

	*first = q->first;
	*count = 0;
	if (r != 0)
		return r == ERR_AGAIN ? 0 : r;
	if (q->before) {
		r = first_before(db, q, first, count);
	} else if ((r = db_newest(db, q->room, &newest)) == 0) {
		if (*first < h->oldest)
			*first = h->oldest;
		if (*first <= newest.offset)
			*count = q->count;
	}
	if (r != 0 || *count == 0)
		return r == ERR_AGAIN ? db_damaged(db, "a segment") : r;
	if ((r = db_before_entry(db, q->room, *first, &before)) == 0)
		memcpy(h->before, before.chain, sizeof(h->before));
	return r;
}

int db_read(
    struct db *db, uint64_t id, const struct store_question *q, struct buf *out)
{
	struct store_range_head h = {.id = id};
	uint64_t first = 0;
	uint32_t count = 0;
	size_t at;
	int r;

	if ((r = db_batch_write(db)) != 0 ||
	    (!q->of_device && (r = place(db, q, &h, &first, &count)) != 0) ||
	    (r = range_frame(out, &h)) != 0 ||
	    (q->of_device && (r = db_read_direct(db, q, out)) != 0) ||
	    (count > 0 && (r = range_rest(db, q, first, count, out)) != 0) ||
	    (r = store_frame_begin(out, STORE_RANGE_END, &at)) != 0)
		return r;
	return store_frame_end(out, at, 0);
}
