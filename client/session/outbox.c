/* A ring of messages, sealed and not sealed yet. */
#include <stdlib.h>
#include <string.h>

#include "client/session/outbox.h"
#include "shared/base/secret.h"

struct content {
	uint8_t *p;
	size_t n;
	uint8_t id[WIRE_ID];
	struct outbox_for people;
	bool fixed; /* sealed before: its bytes never change */
};

/* A ring of cap (a power of two) contents, the oldest at `head`. */
struct outbox {
	struct content *ring;
	size_t head, count, cap;
	size_t bytes;
	size_t sealed;	/* of these, the first, under this fence */
	bool view;	/* the first of them is a view, and sealed */
	uint64_t acked; /* last acknowledged seq of this connection */
};

struct outbox *outbox_new(void)
{
	return calloc(1, sizeof(struct outbox));
}

static struct content *at(const struct outbox *o, size_t i)
{
	return &o->ring[(o->head + i) & (o->cap - 1)];
}

static void content_wipe(struct outbox *o, struct content *c)
{
	secret_wipe(c->p, c->n);
	free(c->p);
	o->bytes -= c->n;
	*c = (struct content){0};
}

/* Drops the oldest one. */
static void content_drop(struct outbox *o)
{
	content_wipe(o, at(o, 0));
	o->head = (o->head + 1) & (o->cap - 1);
	o->count--;
}

void outbox_clear(struct outbox *o)
{
	while (o->count > 0)
		content_drop(o);
	o->sealed = 0;
	o->view = false;
}

void outbox_free(struct outbox *o)
{
	if (o == NULL)
		return;
	outbox_clear(o);
	free(o->ring);
	free(o);
}

static int grow(struct outbox *o)
{
	size_t cap = o->cap == 0 ? 16 : 2 * o->cap, i;
	struct content *ring = calloc(cap, sizeof(*ring));

	if (ring == NULL)
		return ERR_NOMEM;
	for (i = 0; i < o->count; i++)
		ring[i] = *at(o, i);
	free(o->ring);
	o->ring = ring;
	o->cap = cap;
	o->head = 0;
	return 0;
}

int outbox_put(struct outbox *o, const uint8_t id[WIRE_ID], const void *content,
    size_t n, uint64_t moment)
{
	struct content c = {.n = n, .people = {moment, moment}};
	int r;

	if (o->count >= OUTBOX_MESSAGES || n > OUTBOX_BYTES - o->bytes)
		return ERR_LIMIT;
	if (o->count == o->cap && (r = grow(o)) != 0)
		return r;
	if ((c.p = malloc(n)) == NULL)
		return ERR_NOMEM;
	memcpy(c.p, content, n);
	memcpy(c.id, id, WIRE_ID);
	*at(o, o->count) = c;
	o->count++;
	o->bytes += n;
	return 0;
}

int outbox_put_view(struct outbox *o, const void *content, size_t n)
{
	static const uint8_t no_id[WIRE_ID]; /* nobody asks for it */
	int r;

	if (o->count > 0)
		return ERR_STATE;
	if ((r = outbox_put(o, no_id, content, n, 0)) == 0)
		o->view = true;
	return r;
}

bool outbox_is_view(const struct outbox *o)
{
	return o->view;
}

static void view_drop(struct outbox *o)
{
	if (o->view)
		outbox_drop(o, 0);
	o->view = false;
}

uint8_t *outbox_unfixed(struct outbox *o, size_t *n)
{
	struct content *c;

	if (o->sealed == o->count)
		return NULL;
	c = at(o, o->sealed);
	*n = c->n;
	return c->fixed ? NULL : c->p;
}

size_t outbox_count(const struct outbox *o)
{
	return o->count;
}

bool outbox_next(const struct outbox *o, struct part *content, uint64_t *seq)
{
	const struct content *c;

	if (o->sealed == o->count)
		return false;
	c = at(o, o->sealed);
	*content = (struct part){c->p, c->n};
	*seq = o->acked + o->sealed + 1;
	return true;
}

void outbox_sealed(struct outbox *o)
{
	if (o->sealed < o->count)
		at(o, o->sealed++)->fixed = true;
}

void outbox_fence(struct outbox *o)
{
	view_drop(o);
	o->sealed = 0;
}

void outbox_restart(struct outbox *o)
{
	outbox_fence(o);
	o->acked = 0;
}

int outbox_ack_check(const struct outbox *o, uint64_t seq)
{
	return seq < o->acked || seq - o->acked > o->sealed ? ERR_STATE : 0;
}

int outbox_ack(struct outbox *o, uint64_t seq)
{
	int r = outbox_ack_check(o, seq);

	if (r != 0)
		return r;
	for (; o->acked < seq; o->acked++) {
		content_drop(o);
		o->view = false;
		o->sealed--;
	}
	return 0;
}

size_t outbox_in_flight(const struct outbox *o)
{
	return o->sealed;
}

bool outbox_resends(const struct outbox *o)
{
	return o->sealed < o->count && at(o, o->sealed)->fixed;
}

size_t outbox_find(const struct outbox *o, const uint8_t id[WIRE_ID])
{
	size_t i;

	for (i = 0; i < outbox_count(o); i++)
		if (memcmp(at(o, i)->id, id, WIRE_ID) == 0)
			return i;
	return SIZE_MAX;
}

const uint8_t *outbox_id(const struct outbox *o, size_t i)
{
	return at(o, i)->id;
}

const struct outbox_for *outbox_for(const struct outbox *o, size_t i)
{
	return &at(o, i)->people;
}

void outbox_agree(struct outbox *o, size_t i, uint64_t moment)
{
	at(o, i)->people.agreed = moment;
}

void outbox_drop(struct outbox *o, size_t i)
{
	content_wipe(o, at(o, i));
	for (; i + 1 < o->count; i++)
		*at(o, i) = *at(o, i + 1);
	*at(o, i) = (struct content){0};
	o->count--;
}

uint64_t outbox_earliest(const struct outbox *o)
{
	return o->count > 0 ? at(o, 0)->people.said : UINT64_MAX;
}

uint64_t outbox_acked(const struct outbox *o)
{
	return o->acked;
}

uint64_t outbox_last(const struct outbox *o)
{
	return o->acked + o->count;
}
