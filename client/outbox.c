#include <stdlib.h>
#include <string.h>

#include "client/outbox.h"
#include "shared/secret.h"

struct content {
	uint8_t *p;
	size_t n;
};

/* A ring of cap (a power of two) contents, the oldest at `head`. */
struct outbox {
	struct content *ring;
	size_t head, count, cap;
	size_t bytes;
	size_t sealed;	/* of `count`, from the oldest, under this fence */
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

static void content_drop(struct outbox *o)
{
	struct content *c = at(o, 0);

	secret_wipe(c->p, c->n);
	free(c->p);
	o->bytes -= c->n;
	*c = (struct content){0};
	o->head = (o->head + 1) & (o->cap - 1);
	o->count--;
	if (o->sealed > 0)
		o->sealed--;
}

void outbox_clear(struct outbox *o)
{
	while (o->count > 0)
		content_drop(o);
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

int outbox_put(struct outbox *o, const void *content, size_t n)
{
	uint8_t *p;
	int r;

	if (o->count >= OUTBOX_MESSAGES || n > OUTBOX_BYTES - o->bytes)
		return ERR_LIMIT;
	if (o->count == o->cap && (r = grow(o)) != 0)
		return r;
	if ((p = malloc(n)) == NULL)
		return ERR_NOMEM;
	memcpy(p, content, n);
	*at(o, o->count) = (struct content){p, n};
	o->count++;
	o->bytes += n;
	return 0;
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
		o->sealed++;
}

void outbox_fence(struct outbox *o)
{
	o->sealed = 0;
}

void outbox_restart(struct outbox *o)
{
	o->sealed = 0;
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
	while (o->acked < seq) {
		content_drop(o);
		o->acked++;
	}
	return 0;
}

uint64_t outbox_acked(const struct outbox *o)
{
	return o->acked;
}

uint64_t outbox_last(const struct outbox *o)
{
	return o->acked + o->count;
}
