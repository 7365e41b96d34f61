/* delivery.c - takes frames from a device's queue to its client. */
#include "server/room/delivery.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"
#include "server/room/directs.h"
#include "server/room/reading.h"
#include "server/room/registry.h"
#include "server/room/room_thread.h"
#include "shared/os/clock.h"

enum { AT_ONCE = 256 }; /* frames of a piece */

struct delivery {
	struct directs_reader reader;
	atomic_uint posted; /* news is on its way; apart from what one thread has */
	struct later_item news, read, wait;
	struct presence *of; /* NULL: it is gone */
	struct room_thread *in;
	struct directs *t;
	bool asked, waits;
	uint64_t sent; /* the newest number */
	uint64_t from; /* what was asked for begins with this number */
	/* Whom the client takes the next frame to be from. */
	bool told;
	uint8_t sender[WIRE_ED25519];
	/* What was read: for each frame the sender's identity and name, its
	 * number is in its body. In the store's thread while it is asked. */
	struct buf got;
	int err;
};

static struct delivery *of_item(struct later_item *l, size_t offset)
{
	return (struct delivery *)(void *)((char *)l - offset);
}

/* Nobody else has it any more. */
static void free_unless_used(struct delivery *d)
{
	if (d->of != NULL || d->asked || atomic_load(&d->posted) != 0)
		return;
	buf_free(&d->got);
	free(d);
}

void delivery_drop(struct presence *p)
{
	struct delivery *d = p->delivery;

	if (d == NULL)
		return;
	p->delivery = NULL;
	directs_stop(d->t, &d->reader);
	if (d->waits)
		laters_remove(room_thread_laters(d->in), &d->wait);
	d->of = NULL;
	free_unless_used(d);
}

/* --- what is read ------------------------------------------------------------ */

/* u8 length of the name, the name, identity, u32 length, body. */
static int keep(struct buf *b, const struct store_direct *s)
{
	const size_t n = strlen(s->name), start = b->len;
	int r;

	if ((r = buf_u8(b, (uint8_t)n)) != 0 ||
	    (r = buf_put(b, s->name, n)) != 0 ||
	    (r = buf_put(b, s->sender, WIRE_ED25519)) != 0 ||
	    (r = buf_u32(b, (uint32_t)s->len)) != 0 ||
	    (r = buf_put(b, s->bytes, s->len)) != 0) {
		buf_truncate(b, start);
		return r;
	}
	put_u64(b->p + b->len - s->len, s->number);
	return 0;
}

static void got_range(void *arg, const struct store_range *r)
{
	struct delivery *d = arg;
	size_t i;

	d->err = r->err;
	for (i = 0; i < r->n_direct && d->err == 0; i++)
		d->err = keep(&d->got, &r->direct[i]);
	if (d->got.len > 0)
		d->err = 0; /* the rest comes the next time */
	laters_post(room_thread_laters(d->in), &d->read);
}

static bool got_one(void *arg, const struct store_direct *s)
{
	struct delivery *d = arg;

	if (d->got.len > 0 && d->got.len + s->len > READING_PIECE)
		return false;
	d->err = keep(&d->got, s);
	return d->err == 0;
}

/* --- giving ------------------------------------------------------------------- */

static struct frame *frame_of(struct buf *json, int err)
{
	struct frame *f = err == 0 ? frame_control(json->p, json->len) : NULL;

	buf_free(json);
	return f;
}

static void tell_sender(
    struct delivery *d, const uint8_t *name, size_t n, const uint8_t *identity)
{
	struct direct_sender *s;
	struct frame *f = NULL;
	struct buf json;

	if (d->told && memcmp(d->sender, identity, WIRE_ED25519) == 0)
		return;
	buf_init(&json, WIRE_JSON_MAX);
	if ((s = calloc(1, sizeof(*s))) != NULL) {
		memcpy(s->name, name, n);
		memcpy(s->identity, identity, WIRE_ED25519);
		s->certificate_len =
		    directs_certificate(d->t, identity, s->certificate);
		f = frame_of(&json, direct_sender_encode(&json, s));
	}
	free(s);
	outq_give(d->of->out, f);
	memcpy(d->sender, identity, WIRE_ED25519);
	d->told = true;
}

static void give(struct delivery *d)
{
	const uint8_t *name, *identity, *body;
	struct rd r = {d->got.p, d->got.len};
	uint32_t len;
	uint8_t n;

	while (rd_u8(&r, &n) == 0 && rd_bytes(&r, &name, n) == 0 &&
	       rd_bytes(&r, &identity, WIRE_ED25519) == 0 &&
	       rd_u32(&r, &len) == 0 && rd_bytes(&r, &body, len) == 0) {
		tell_sender(d, name, n, identity);
		outq_give(d->of->out, frame_direct(body, len));
		d->sent = get_u64(body);
	}
	buf_clear(&d->got);
}

static void wait_for(struct delivery *d, uint64_t ticket)
{
	d->waits = true;
	d->wait.ticket = ticket;
	laters_add(room_thread_laters(d->in), &d->wait);
}

static void ask(struct delivery *d, struct store *store, uint64_t number)
{
	struct store_question q = {.of_device = true,
	    .count = AT_ONCE,
	    .first = number,
	    .bytes = READING_PIECE,
	    .got = got_range,
	    .arg = d};

	memcpy(q.device, d->reader.identity, sizeof(q.device));
	d->from = number;
	d->asked = true;
	if (store_read(store, &q) != 0) {
		d->asked = false;
		outq_fail(d->of->out, ERR_NOMEM);
	}
}

static void tell_low(struct delivery *d, uint32_t left)
{
	struct buf json;

	buf_init(&json, WIRE_JSON_MAX);
	outq_give(d->of->out,
	    frame_of(&json, prekeys_low_encode(&json, left)));
}

static void go(struct delivery *d)
{
	struct store *store = d->of->o->registry->room.store;
	uint64_t number, ticket;
	uint32_t low;

	if (!directs_reads(d->t, &d->reader, &low))
		return;
	if (low != UINT32_MAX)
		tell_low(d, low);
	if (d->asked || d->waits || d->of->out->state != OUTQ_OPEN ||
	    outq_held(d->of->out) > READING_PIECE ||
	    !directs_next(d->t, &d->reader, d->sent, &number, &ticket))
		return;
	if (!laters_over(room_thread_laters(d->in), ticket)) {
		wait_for(d, ticket);
	} else if (store != NULL) {
		ask(d, store, number);
	} else {
		d->err = 0;
		directs_each(d->t, &d->reader, number, got_one, d);
		if (d->err != 0 && d->got.len == 0)
			outq_fail(d->of->out, d->err);
		give(d);
	}
}

static void on_news(struct later_item *l)
{
	struct delivery *d = of_item(l, offsetof(struct delivery, news));

	atomic_store(&d->posted, 0);
	if (d->of != NULL)
		go(d);
	else
		free_unless_used(d);
}

static void on_wait(struct later_item *l)
{
	struct delivery *d = of_item(l, offsetof(struct delivery, wait));

	d->waits = false;
	go(d);
}

static void on_read(struct later_item *l)
{
	struct delivery *d = of_item(l, offsetof(struct delivery, read));
	const size_t held = d->got.len;

	d->asked = false;
	if (d->of == NULL) {
		free_unless_used(d);
		return;
	}
	/* It cannot be read now: again when something else could be written. */
	if (d->err != 0 && !d->waits)
		wait_for(d, store_committed(d->of->o->registry->room.store) + 1);
	if (held > 0) {
		give(d);
		outq_touch(d->of->out); /* then the next piece */
	} else if (d->err == 0) {
		d->sent = d->from; /* they are gone meanwhile */
		go(d);
	}
}

/* In any thread, with the lock of the directs. */
static void news(struct directs_reader *r)
{
	struct delivery *d = (struct delivery *)(void *)r;

	if (atomic_exchange(&d->posted, 1) == 0)
		laters_post(room_thread_laters(d->in), &d->news);
}

int delivery_begin(struct presence *p)
{
	struct delivery *d = p->delivery;

	if (d == NULL) {
		if ((d = calloc(1, sizeof(*d))) == NULL)
			return ERR_NOMEM;
		d->of = p;
		d->in = p->o->rooms;
		d->t = accounts_directs(p->o->registry->accounts);
		d->reader.news = news;
		d->reader.came_ms = p->came_ms;
		d->news.fn = on_news;
		d->read.fn = on_read;
		d->wait.fn = on_wait;
		buf_init(&d->got, 2 * READING_PIECE + WIRE_JSON_MAX);
		p->delivery = d;
	}
	if (directs_read(d->t, &d->reader, p->who->identity,
		clock_real_ms() / 1000, true))
		go(d);
	return 0;
}

void delivery_published(struct presence *p)
{
	struct delivery *d = p->delivery;

	if (d != NULL && directs_read(d->t, &d->reader, p->who->identity,
			     clock_real_ms() / 1000, false))
		go(d);
}

void delivery_go_on(struct presence *p)
{
	if (p->delivery != NULL)
		go(p->delivery);
}

int delivery_ack(struct presence *p, uint64_t upto)
{
	struct delivery *d = p->delivery;

	if (d == NULL || upto > d->sent)
		return ERR_RANGE;
	return directs_ack(d->t, &d->reader, upto);
}
