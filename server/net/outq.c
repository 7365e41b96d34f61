/* outq.c - the output queue of one reader. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"
#include "server/net/outq.h"

/* The rest of a partly written record, in one allocation: bytes of the
 * scratch memory are copied, large frames are references. */
struct outq_rest {
	size_t n, first, len; /* len: bytes not yet written */
	size_t size;	      /* of this allocation */
	uint8_t *scratch;     /* inside this allocation */
	struct outq_piece piece[];
};

/* --- the ready list ------------------------------------------------------ */

void outq_ready_init(struct outq_ready *r)
{
	TAILQ_INIT(r);
}

void outq_ready_take(struct outq_ready *r, struct outq_ready *all)
{
	TAILQ_INIT(all);
	TAILQ_CONCAT(all, r, entry);
}

struct outq *outq_ready_next(struct outq_ready *r)
{
	struct outq *q = TAILQ_FIRST(r);

	if (q == NULL)
		return NULL;
	TAILQ_REMOVE(r, q, entry);
	q->on = NULL;
	return q;
}

void outq_ready_defer(struct outq_ready *later, struct outq *q)
{
	q->on = later;
	TAILQ_INSERT_TAIL(later, q, entry);
}

void outq_touch(struct outq *q)
{
	if (q->on == NULL)
		outq_ready_defer(q->ready, q);
}

static void outq_unlist(struct outq *q)
{
	if (q->on == NULL)
		return;
	TAILQ_REMOVE(q->on, q, entry);
	q->on = NULL;
}

/* --- the queue ----------------------------------------------------------- */

void outq_init(struct outq *q, struct outq_ready *ready)
{
	memset(q, 0, sizeof(*q));
	q->ready = ready;
	q->ring = q->few;
	q->cap = OUTQ_FEW;
}

static size_t outq_cost(const struct frame *p)
{
	return frame_wire_len(p) + OUTQ_OVERHEAD;
}

static struct frame *outq_first(const struct outq *q)
{
	return q->ring[q->head];
}

static void outq_ring_free(struct outq *q)
{
	if (q->ring != q->few) {
		quota_sub(q->cap * sizeof(*q->ring));
		free(q->ring);
	}
	q->ring = q->few;
	q->cap = OUTQ_FEW;
}

/* Moves the reference to the caller. */
static struct frame *outq_pop(struct outq *q)
{
	struct frame *p = outq_first(q);

	q->head = (q->head + 1) & (q->cap - 1);
	q->count--;
	q->bytes -= outq_cost(p);
	if (q->count == 0) {
		q->head = 0;
		if (q->cap > OUTQ_KEEP)
			outq_ring_free(q);
	}
	return p;
}

static void outq_discard(struct outq *q)
{
	while (q->count > 0)
		frame_unref(outq_pop(q));
}

static void rest_free(struct outq_rest *r)
{
	if (r == NULL)
		return;
	for (; r->first < r->n; r->first++)
		frame_unref(r->piece[r->first].frame);
	quota_sub(r->size);
	free(r);
}

void outq_free(struct outq *q)
{
	outq_unlist(q);
	outq_discard(q);
	outq_ring_free(q);
	rest_free(q->rest);
	q->rest = NULL;
	q->state = OUTQ_ENDED;
}

static int outq_grow(struct outq *q)
{
	struct frame **ring;
	uint32_t cap = 2 * q->cap, i;

	/* OUTQ_MAX and OUTQ_OVERHEAD keep count far from 2^31. */
	if ((ring = malloc(cap * sizeof(*ring))) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < q->count; i++)
		ring[i] = q->ring[(q->head + i) & (q->cap - 1)];
	outq_ring_free(q);
	q->ring = ring;
	q->head = 0;
	q->cap = cap;
	quota_add(cap * sizeof(*ring));
	return 0;
}

void outq_fail(struct outq *q, int why)
{
	if (q->state != OUTQ_OPEN)
		return;
	outq_discard(q);
	q->state = OUTQ_FAILED;
	q->why = why;
	outq_touch(q);
}

/* The place in the queue where the newest stay in the room begins. */
static uint32_t outq_stay(const struct outq *q, uint32_t room)
{
	const struct frame *p;
	uint32_t i = q->count;

	while (i-- > 0) {
		p = q->ring[(q->head + i) & (q->cap - 1)];
		if (p->room == room && p->part == FRAME_KEY)
			return i;
	}
	return 0;
}

struct outq_dropped outq_drop(struct outq *q, uint32_t room)
{
	uint32_t n = q->count, from = outq_stay(q, room), i;
	struct outq_dropped d = {.key = false};
	struct frame *p;

	for (i = 0; i < n; i++) {
		p = outq_pop(q);
		if (p->room == room && i >= from) {
			d.key |= p->part == FRAME_KEY;
			if (p->part == FRAME_ENTERED)
				d.request = p->request;
			frame_unref(p);
			continue;
		}
		/* There is space: it has just been taken out. */
		q->ring[(q->head + q->count++) & (q->cap - 1)] = p;
		q->bytes += outq_cost(p);
	}
	return d;
}

static void outq_push(struct outq *q, struct frame *p)
{
	q->ring[(q->head + q->count++) & (q->cap - 1)] = p;
	q->bytes += outq_cost(p);
	if (!q->blocked)
		outq_touch(q);
}

int outq_put(struct outq *q, struct frame *p)
{
	size_t used = outq_held(q);

	if (q->state == OUTQ_FAILED)
		return q->why;
	if (q->state == OUTQ_ENDED)
		return 0;
	if (used > OUTQ_MAX || outq_cost(p) > OUTQ_MAX - used)
		outq_fail(q, ERR_SLOW);
	else if (q->count == q->cap && outq_grow(q) != 0)
		outq_fail(q, ERR_NOMEM);
	if (q->state == OUTQ_FAILED)
		return q->why;
	outq_push(q, frame_ref(p));
	if (!q->full && used + outq_cost(p) > OUTQ_FULL) {
		q->full = true;
		outq_touch(q);
	}
	return 0;
}

void outq_give(struct outq *q, struct frame *p)
{
	if (p == NULL || outq_put(q, p) != 0)
		outq_fail(q, ERR_NOMEM); /* a no-op if it has already failed */
	frame_unref(p);
}

void outq_finish(struct outq *q, struct frame *last)
{
	if (q->state == OUTQ_ENDED) {
		frame_unref(last);
		return;
	}
	q->state = OUTQ_ENDED;
	/* A queue just emptied always has space for one frame. */
	if (last != NULL && (q->count < q->cap || outq_grow(q) == 0))
		outq_push(q, last);
	else
		frame_unref(last);
	if (!q->blocked)
		outq_touch(q);
}

void outq_end(struct outq *q, struct frame *last)
{
	outq_discard(q);
	outq_finish(q, last);
}

size_t outq_held(const struct outq *q)
{
	return q->bytes + (q->rest == NULL ? 0 : q->rest->len);
}

bool outq_empty(const struct outq *q)
{
	return q->count == 0 && q->rest == NULL;
}

/* --- records ------------------------------------------------------------- */

int outq_work_init(struct outq_work *w, struct crypto *c)
{
	memset(w, 0, sizeof(*w));
	w->crypto = c;
	buf_init(&w->scratch, WIRE_LENGTH + WIRE_RECORD_MAX);
	/* Reserve all of it now, so that it never moves under an iovec. */
	return buf_reserve(&w->scratch, WIRE_LENGTH + WIRE_RECORD_MAX);
}

static void work_clear(struct outq_work *w)
{
	size_t i;

	for (i = 0; i < w->n_pieces; i++)
		frame_unref(w->piece[i].frame);
	w->n_pieces = 0;
	buf_clear(&w->scratch);
}

void outq_work_free(struct outq_work *w)
{
	work_clear(w);
	buf_free(&w->scratch);
}

/* Adds the scratch memory from `off` on as a piece to write. */
static void work_scratch(struct outq_work *w, size_t off)
{
	size_t len = w->scratch.len - off, n = w->n_pieces;

	if (n > 0 && w->piece[n - 1].frame == NULL)
		w->piece[n - 1].len += len;
	else
		w->piece[w->n_pieces++] = (struct outq_piece){NULL, off, len};
}

static int work_sealed(
    struct outq_work *w, struct link *l, const struct frame *p)
{
	uint8_t head[WIRE_FRAME_HEAD], digest[WIRE_HASH];
	size_t off = w->scratch.len, body = off + sizeof(head);
	int r;

	link_frame_head(head, p->kind, p->len + WIRE_TAG);
	if ((r = buf_put(&w->scratch, head, sizeof(head))) != 0)
		return r;
	r = p->kind == KIND_CONTROL
		? link_control_seal(l, &w->scratch, p->bytes, p->len, p->step)
		: link_direct_seal(l, &w->scratch, p->bytes, p->len);
	if (r != 0 ||
	    (r = crypto_hash1(w->crypto, digest, w->scratch.p + body,
		 w->scratch.len - body)) != 0 ||
	    (r = link_record_frame(l, p->kind, digest)) != 0)
		return r;
	work_scratch(w, off);
	return 0;
}

/* Takes over the reference. */
static int work_frame(struct outq_work *w, struct link *l, struct frame *p)
{
	size_t off = w->scratch.len;
	int r;

	if (frame_is_sealed(p))
		r = work_sealed(w, l, p);
	else if (p->kind != KIND_GROUP)
		r = link_record_frame(l, p->kind, p->entries + 1);
	else if ((r = link_record_frames(l, p->entries, p->n_frames)) == 0)
		w->frames += p->n_frames;
	if (r != 0 || frame_is_sealed(p)) {
		;
	} else if (p->len > OUTQ_SMALL) {
		w->piece[w->n_pieces++] = (struct outq_piece){p, 0, p->len};
		p = NULL;
	} else if ((r = buf_put(&w->scratch, p->bytes, p->len)) == 0) {
		work_scratch(w, off);
	}
	frame_unref(p);
	return r;
}

/* Builds one record of as many frames as fit, at least one. */
static int work_record(struct outq_work *w, struct link *l, struct outq *q)
{
	uint8_t head[WIRE_RECORD_HEAD] = {0}, mac[WIRE_RECORD_MAC];
	size_t len = 0, off, n;
	int r;

	if ((r = buf_put(&w->scratch, head, sizeof(head))) != 0)
		return r;
	work_scratch(w, 0);
	if ((r = link_record_begin(l)) != 0)
		return r;
	while (q->count > 0) {
		n = frame_wire_len(outq_first(q));
		/* Three pieces: a large frame, one after it, the MAC. */
		if (n > LINK_FRAMES_MAX - len || w->n_pieces > OUTQ_PIECES - 3)
			break;
		len += n;
		if ((r = work_frame(w, l, outq_pop(q))) != 0)
			return r;
	}
	if ((r = link_record_end(l, len, head, mac)) != 0)
		return r;
	memcpy(w->scratch.p, head, sizeof(head));
	off = w->scratch.len;
	if ((r = buf_put(&w->scratch, mac, sizeof(mac))) != 0)
		return r;
	work_scratch(w, off);
	return 0;
}

/* --- writing ------------------------------------------------------------- */

/* Writes pieces first..n with one writev. *wrote is the number of bytes
 * written; ERR_AGAIN if none. */
static int pieces_write(struct outq_work *w, const struct outq_piece *piece,
    size_t first, size_t n, uint8_t *scratch, const struct outq_io *io,
    size_t *wrote)
{
	size_t i;
	ssize_t got;

	for (i = first; i < n; i++) {
		w->iov[i - first].iov_base =
		    piece[i].off +
		    (piece[i].frame ? piece[i].frame->bytes : scratch);
		w->iov[i - first].iov_len = piece[i].len;
	}
	do {
		got = io->writev(io->arg, w->iov, (int)(n - first));
	} while (got < 0 && errno == EINTR);
	*wrote = got < 0 ? 0 : (size_t)got;
	if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		return ERR_IO;
	return *wrote == 0 ? ERR_AGAIN : 0;
}

/* Drops `wrote` bytes from the front. Returns the index of the first
 * remaining piece. */
static size_t pieces_advance(
    struct outq_piece *piece, size_t first, size_t n, size_t wrote)
{
	for (; first < n && wrote >= piece[first].len; first++) {
		wrote -= piece[first].len;
		frame_unref(piece[first].frame);
		piece[first].frame = NULL;
	}
	if (first < n) {
		piece[first].off += wrote;
		piece[first].len -= wrote;
	}
	return first;
}

/* Keeps the work's pieces from `first` on, and moves their references. */
static int rest_keep(struct outq *q, struct outq_work *w, size_t first)
{
	size_t n = w->n_pieces - first, own = 0, i;
	struct outq_rest *rest;

	for (i = first; i < w->n_pieces; i++)
		if (w->piece[i].frame == NULL)
			own += w->piece[i].len;
	rest = malloc(sizeof(*rest) + n * sizeof(rest->piece[0]) + own);
	if (rest == NULL)
		return ERR_NOMEM;
	*rest = (struct outq_rest){
	    .n = n, .size = sizeof(*rest) + n * sizeof(rest->piece[0]) + own};
	quota_add(rest->size);
	rest->scratch = (uint8_t *)&rest->piece[n];
	own = 0;
	for (i = 0; i < n; i++) {
		struct outq_piece *from = &w->piece[first + i];

		rest->piece[i] = *from;
		rest->len += from->len;
		if (from->frame == NULL) {
			memcpy(rest->scratch + own, w->scratch.p + from->off,
			    from->len);
			rest->piece[i].off = own;
			own += from->len;
		}
		from->frame = NULL;
	}
	q->rest = rest;
	return 0;
}

static int rest_write(struct outq *q, struct outq_work *w,
    const struct outq_io *io, size_t *wrote)
{
	struct outq_rest *rest = q->rest;
	int r;

	r = pieces_write(
	    w, rest->piece, rest->first, rest->n, rest->scratch, io, wrote);
	if (r != 0)
		return r;
	rest->len -= *wrote;
	rest->first = pieces_advance(rest->piece, rest->first, rest->n, *wrote);
	if (rest->first < rest->n)
		return ERR_AGAIN;
	rest_free(rest);
	q->rest = NULL;
	return 0;
}

static int record_write(struct outq *q, struct link *l, struct outq_work *w,
    const struct outq_io *io, size_t *wrote)
{
	size_t first;
	int r, kept;

	*wrote = 0;
	if ((r = work_record(w, l, q)) != 0)
		goto out;
	r = pieces_write(w, w->piece, 0, w->n_pieces, w->scratch.p, io, wrote);
	if (r != 0 && r != ERR_AGAIN)
		goto out;
	first = pieces_advance(w->piece, 0, w->n_pieces, *wrote);
	if (first < w->n_pieces) {
		kept = rest_keep(q, w, first);
		r = kept != 0 ? kept : ERR_AGAIN;
	}
out:
	work_clear(w);
	return r;
}

static int outq_write(struct outq *q, struct link *l, struct outq_work *w,
    const struct outq_io *io)
{
	size_t wrote, all = 0;
	int r = 0;

	q->blocked = false;
	while (r == 0 && !outq_empty(q)) {
		if (all >= OUTQ_STEP) {
			outq_touch(q);
			return ERR_LIMIT;
		}
		r = q->rest != NULL ? rest_write(q, w, io, &wrote)
				    : record_write(q, l, w, io, &wrote);
		all += wrote;
	}
	q->blocked = r == ERR_AGAIN;
	return r;
}

int outq_flush(struct outq *q, struct link *l, struct outq_work *w,
    const struct outq_io *io)
{
	int r = outq_write(q, l, w, io);

	if (q->full && outq_held(q) < OUTQ_TAKEN)
		q->full = false;
	return r;
}
