/* directs_queue.c - the frames that wait in the boxes, and who reads them. */
#include "server/room/directs_int.h"

#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"

/* What quota.h counts: nothing with a store, where its bytes are on the disk. */
static size_t held(const struct direct_queued *q)
{
	return q->body != NULL ? sizeof(*q) + q->len : 0;
}

static void queued_free(struct direct_queued *q)
{
	if (q == NULL)
		return;
	quota_sub(held(q));
	free(q->body);
	free(q);
}

void direct_queued_free(
    struct directs *t, struct direct_box *b, struct direct_queued *q)
{
	TAILQ_REMOVE(&b->queue, q, next);
	b->n--;
	b->bytes -= q->len;
	t->frames--;
	t->bytes -= q->len;
	q->from->bytes -= q->len;
	direct_person_done(q->from);
	queued_free(q);
}

/* --- taking frames ------------------------------------------------------------ */

static bool fits(struct directs *t, const struct direct_box *b,
    const struct direct_person *from, size_t len)
{
	const uint64_t most =
	    t->store != NULL ? DIRECTS_IN_STORE : DIRECTS_IN_MEMORY;
	const struct direct_queued *q;
	size_t n = 0;

	TAILQ_FOREACH (q, &b->queue, next)
		n += q->from == from;
	return b->n < DIRECTS_FRAMES && b->bytes + len <= DIRECTS_BYTES &&
	       n < DIRECTS_OF_SENDER && from->bytes + len <= DIRECTS_SENT &&
	       t->bytes + len <= most &&
	       (t->store != NULL || quota_fits(sizeof(*q) + len));
}

/* Without a store its bytes are kept here. */
static struct direct_queued *queued_new(
    const struct directs *t, const struct directs_letter *l)
{
	struct direct_queued *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->len = l->len;
	if (t->store == NULL) {
		if ((q->body = malloc(l->len)) == NULL) {
			free(q);
			return NULL;
		}
		memcpy(q->body, l->body, l->len);
		memcpy(q->sender, l->identity, WIRE_ED25519);
		memcpy(q->name, l->name, strnlen(l->name, WIRE_NAME_MAX));
	}
	quota_add(held(q));
	return q;
}

static int append(struct directs *t, struct direct_box *b,
    struct direct_person *from, const struct directs_letter *l,
    uint64_t *ticket)
{
	const struct store_direct put = {.what = STORE_DIRECT_FRAME,
	    .identity = b->identity,
	    .account = l->account,
	    .sender = l->identity,
	    .name = l->name,
	    .number = b->number + 1,
	    .ts_s = l->now_s,
	    .bytes = l->body,
	    .len = l->len};
	struct direct_queued *q = queued_new(t, l);

	if (q == NULL || direct_store(t, &put, ticket) != 0) {
		queued_free(q);
		return ERR_NOMEM;
	}
	b->number++;
	q->number = b->number;
	q->ticket = *ticket;
	q->ts_s = l->now_s;
	q->from = from;
	from->bytes += l->len;
	TAILQ_INSERT_TAIL(&b->queue, q, next);
	b->n++;
	b->bytes += l->len;
	t->frames++;
	t->bytes += l->len;
	if (b->reader != NULL)
		b->reader->news(b->reader);
	return 0;
}

static int put(struct directs *t, struct direct_box *b,
    const struct directs_letter *l, enum wire_code *refused, uint64_t *ticket)
{
	struct direct_person *from = direct_person(t, l->account, true);
	int err = 0;

	if (from == NULL)
		return ERR_NOMEM;
	if (!fits(t, b, from, l->len))
		*refused = CODE_QUOTA;
	else
		err = append(t, b, from, l, ticket);
	direct_person_done(from);
	return err;
}

int directs_put(struct directs *t, const struct directs_letter *l,
    enum wire_code *refused, uint64_t *ticket)
{
	struct direct_box *b;
	int err = 0;

	*refused = CODE_NONE;
	*ticket = 0;
	direct_lock(t);
	direct_sweep(t, NULL, l->now_s);
	if ((b = direct_box_at(t, l->to)) == NULL) {
		*refused = CODE_NO_ACCOUNT;
	} else if (direct_is_blocked(t, b->account, l->account)) {
		*refused = CODE_BLOCKED;
	} else {
		direct_sweep(t, b, l->now_s);
		err = put(t, b, l, refused, ticket);
	}
	direct_unlock(t);
	return err;
}

/* --- the end of frames ----------------------------------------------------------- */

static int gone(struct directs *t, struct direct_box *b, uint64_t upto)
{
	const struct store_direct d = {.what = STORE_DIRECT_GONE,
	    .identity = b->identity,
	    .number = upto};
	struct direct_queued *q = TAILQ_FIRST(&b->queue);
	uint64_t ticket;
	int err;

	if (q == NULL || q->number > upto)
		return 0;
	if ((err = direct_store(t, &d, &ticket)) != 0)
		return err;
	while ((q = TAILQ_FIRST(&b->queue)) != NULL && q->number <= upto)
		direct_queued_free(t, b, q);
	return 0;
}

/* They are in the order of time, but for a clock that was set back. */
static void sweep_box(struct directs *t, struct direct_box *b, uint64_t now_s)
{
	const struct direct_queued *q;
	uint64_t upto = 0;

	TAILQ_FOREACH (q, &b->queue, next) {
		if (q->ts_s >= now_s || now_s - q->ts_s <= WIRE_DIRECT_KEEP_S)
			break;
		upto = q->number;
	}
	if (upto > 0)
		(void)!gone(t, b, upto); /* or the next time */
}

void direct_sweep(struct directs *t, struct direct_box *b, uint64_t now_s)
{
	size_t i;

	if (b != NULL) {
		sweep_box(t, b, now_s);
		return;
	}
	if (now_s >= t->swept_s && now_s - t->swept_s < DIRECTS_SWEEP_S)
		return;
	t->swept_s = now_s;
	for (i = 0; i < DIRECT_BUCKETS; i++)
		LIST_FOREACH (b, &t->box[i], next)
			sweep_box(t, b, now_s);
}

/* --- reading --------------------------------------------------------------------- */

/* Its box, if it still reads it. */
static struct direct_box *box_of(
    struct directs *t, const struct directs_reader *r)
{
	struct direct_box *b = direct_box_of(t, r->identity);

	return b != NULL && b->reader == r ? b : NULL;
}

bool directs_read(struct directs *t, struct directs_reader *r,
    const uint8_t identity[WIRE_ED25519], uint64_t now_s, bool take)
{
	struct direct_box *b;
	bool reads = false;

	direct_lock(t);
	direct_sweep(t, NULL, now_s);
	if ((b = direct_box_of(t, identity)) != NULL &&
	    (b->reader == NULL ||
		(take && r->came_ms >= b->reader->came_ms))) {
		direct_sweep(t, b, now_s);
		memcpy(r->identity, identity, WIRE_ED25519);
		r->low = false;
		b->reader = r;
		reads = true;
	}
	direct_unlock(t);
	return reads;
}

void directs_stop(struct directs *t, struct directs_reader *r)
{
	struct direct_box *b;

	direct_lock(t);
	if ((b = box_of(t, r)) != NULL)
		b->reader = NULL;
	direct_unlock(t);
}

bool directs_reads(struct directs *t, struct directs_reader *r, uint32_t *low)
{
	bool reads;

	direct_lock(t);
	reads = box_of(t, r) != NULL;
	*low = r->low ? r->left : UINT32_MAX;
	r->low = false;
	direct_unlock(t);
	return reads;
}

bool directs_next(struct directs *t, struct directs_reader *r, uint64_t after,
    uint64_t *number, uint64_t *ticket)
{
	const struct direct_queued *q = NULL;
	struct direct_box *b;

	direct_lock(t);
	if ((b = box_of(t, r)) != NULL)
		for (q = TAILQ_FIRST(&b->queue);
		     q != NULL && q->number <= after;
		     q = TAILQ_NEXT(q, next))
			;
	if (q != NULL) {
		*number = q->number;
		*ticket = q->ticket;
	}
	direct_unlock(t);
	return q != NULL;
}

void directs_each(struct directs *t, struct directs_reader *r, uint64_t from,
    bool (*each)(void *arg, const struct store_direct *d), void *arg)
{
	const struct direct_queued *q;
	struct direct_box *b;
	bool more = true;

	direct_lock(t);
	if ((b = box_of(t, r)) != NULL)
		for (q = TAILQ_FIRST(&b->queue); q != NULL && more;
		     q = TAILQ_NEXT(q, next)) {
			const struct store_direct d = {
			    .what = STORE_DIRECT_FRAME,
			    .identity = b->identity,
			    .account = q->from->key,
			    .sender = q->sender,
			    .name = q->name,
			    .number = q->number,
			    .ts_s = q->ts_s,
			    .bytes = q->body,
			    .len = q->len};

			if (q->number >= from)
				more = each(arg, &d);
		}
	direct_unlock(t);
}

int directs_ack(struct directs *t, struct directs_reader *r, uint64_t upto)
{
	struct direct_box *b;
	int err = 0;

	direct_lock(t);
	if ((b = box_of(t, r)) != NULL)
		err = gone(t, b, upto);
	direct_unlock(t);
	return err;
}
