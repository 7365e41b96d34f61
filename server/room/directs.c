/* directs.c - the boxes of devices: prekeys, blocks, and what is left out. */
#include "server/room/directs_int.h"

#include <stdlib.h>
#include <string.h>

/* --- tables ----------------------------------------------------------------- */

/* Keys and fingerprints look random, but their owners choose them: mixed with a
 * seed of this run. b may be NULL. */
uint32_t direct_hash(const struct directs *t, const uint8_t *a, const uint8_t *b)
{
	uint64_t h = t->seed;
	size_t i;

	for (i = 0; i < WIRE_HASH; i++) {
		h = (h ^ a[i] ^ (b != NULL ? (uint64_t)b[i] << 8 : 0)) *
		    UINT64_C(0x100000001b3);
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 20);
}

struct direct_box *direct_box_at(
    struct directs *t, const uint8_t print[WIRE_HASH])
{
	struct direct_box *b;

	LIST_FOREACH (b, &t->box[direct_hash(t, print, NULL) % DIRECT_BUCKETS],
	    next)
		if (memcmp(b->print, print, WIRE_HASH) == 0)
			return b;
	return NULL;
}

static struct direct_boxes *boxes_of(
    struct directs *t, const uint8_t identity[WIRE_ED25519])
{
	return &t->by_identity[direct_hash(t, identity, NULL) % DIRECT_BUCKETS];
}

struct direct_box *direct_box_of(
    struct directs *t, const uint8_t identity[WIRE_ED25519])
{
	struct direct_box *b;

	LIST_FOREACH (b, boxes_of(t, identity), by_identity)
		if (memcmp(b->identity, identity, WIRE_ED25519) == 0)
			return b;
	return NULL;
}

struct direct_box *direct_box_new(struct directs *t,
    const uint8_t identity[WIRE_ED25519], const uint8_t account[WIRE_KEY])
{
	struct direct_box *b = calloc(1, sizeof(*b));

	if (b == NULL ||
	    ed25519_fingerprint(t->crypto, b->print, identity) != 0) {
		free(b);
		return NULL;
	}
	memcpy(b->identity, identity, WIRE_ED25519);
	memcpy(b->account, account, WIRE_KEY);
	TAILQ_INIT(&b->queue);
	LIST_INSERT_HEAD(
	    &t->box[direct_hash(t, b->print, NULL) % DIRECT_BUCKETS], b, next);
	LIST_INSERT_HEAD(boxes_of(t, identity), b, by_identity);
	t->devices++;
	return b;
}

void direct_box_free(struct directs *t, struct direct_box *b)
{
	struct direct_queued *q;

	while ((q = TAILQ_FIRST(&b->queue)) != NULL)
		direct_queued_free(t, b, q);
	LIST_REMOVE(b, next);
	LIST_REMOVE(b, by_identity);
	t->devices--;
	free(b->once);
	free(b->certificate);
	free(b);
}

struct direct_person *direct_person(
    struct directs *t, const uint8_t key[WIRE_KEY], bool make)
{
	struct direct_people *l =
	    &t->person[direct_hash(t, key, NULL) % DIRECT_BUCKETS];
	struct direct_person *p;

	LIST_FOREACH (p, l, next)
		if (memcmp(p->key, key, WIRE_KEY) == 0)
			return p;
	if (!make || (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	memcpy(p->key, key, WIRE_KEY);
	LIST_INSERT_HEAD(l, p, next);
	return p;
}

void direct_person_done(struct direct_person *p)
{
	if (p->n_blocked > 0 || p->bytes > 0)
		return;
	LIST_REMOVE(p, next);
	free(p->blocked);
	free(p);
}

int direct_store(
    struct directs *t, const struct store_direct *d, uint64_t *ticket)
{
	*ticket = 0;
	return t->store == NULL ? 0 : store_put_direct(t->store, d, ticket);
}

struct directs *directs_new(void)
{
	struct directs *t = calloc(1, sizeof(*t));
	struct rng rng = random_system();

	if (t == NULL)
		return NULL;
	if ((t->crypto = crypto_new()) == NULL ||
	    rng.fill(rng.arg, &t->seed, sizeof(t->seed)) != 0 ||
	    pthread_mutex_init(&t->lock, NULL) != 0) {
		crypto_free(t->crypto);
		free(t);
		return NULL;
	}
	return t;
}

void directs_free(struct directs *t)
{
	struct direct_person *p;
	struct direct_box *b;
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < DIRECT_BUCKETS; i++)
		while ((b = LIST_FIRST(&t->box[i])) != NULL)
			direct_box_free(t, b);
	for (i = 0; i < DIRECT_BUCKETS; i++)
		while ((p = LIST_FIRST(&t->person[i])) != NULL) {
			p->n_blocked = 0;
			direct_person_done(p);
		}
	crypto_free(t->crypto);
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

void directs_keep(struct directs *t, struct store *s)
{
	t->store = s;
}

void directs_counts(struct directs *t, struct directs_counts *out)
{
	direct_lock(t);
	*out = (struct directs_counts){t->devices, t->frames, t->bytes};
	direct_unlock(t);
}

/* --- blocks ------------------------------------------------------------------- */

static size_t block_at(
    const struct direct_person *p, const uint8_t other[WIRE_KEY])
{
	size_t i = 0;

	while (i < p->n_blocked &&
	       memcmp(p->blocked[i], other, WIRE_KEY) != 0)
		i++;
	return i;
}

bool direct_is_blocked(struct directs *t, const uint8_t account[WIRE_KEY],
    const uint8_t other[WIRE_KEY])
{
	const struct direct_person *p = direct_person(t, account, false);

	return p != NULL && block_at(p, other) < p->n_blocked;
}

static int add_block(struct directs *t, const uint8_t account[WIRE_KEY],
    const uint8_t other[WIRE_KEY])
{
	struct direct_person *p = direct_person(t, account, true);

	if (p == NULL)
		return ERR_NOMEM;
	if (block_at(p, other) < p->n_blocked)
		return 0;
	if (p->n_blocked >= WIRE_BLOCKS)
		return ERR_LIMIT;
	if (p->blocked == NULL &&
	    (p->blocked = calloc(WIRE_BLOCKS, sizeof(*p->blocked))) == NULL) {
		direct_person_done(p);
		return ERR_NOMEM;
	}
	memcpy(p->blocked[p->n_blocked++], other, WIRE_KEY);
	return 0;
}

static void take_block(struct direct_person *p, const uint8_t other[WIRE_KEY])
{
	size_t i = block_at(p, other);

	if (i == p->n_blocked)
		return;
	p->n_blocked--;
	memmove(p->blocked[i], p->blocked[i + 1],
	    (p->n_blocked - i) * sizeof(*p->blocked));
	direct_person_done(p);
}

static void unblock(struct directs *t, const uint8_t account[WIRE_KEY],
    const uint8_t other[WIRE_KEY])
{
	struct direct_person *p = direct_person(t, account, false);

	if (p != NULL)
		take_block(p, other);
}

int directs_block(struct directs *t, const uint8_t account[WIRE_KEY],
    const uint8_t other[WIRE_KEY], bool on, uint64_t *ticket)
{
	const struct store_direct put = {
	    .what = on ? STORE_DIRECT_BLOCK : STORE_DIRECT_UNBLOCK,
	    .account = account,
	    .other = other};
	int err = 0;

	direct_lock(t);
	if (on)
		err = add_block(t, account, other);
	else
		unblock(t, account, other);
	if (err == 0)
		err = direct_store(t, &put, ticket);
	direct_unlock(t);
	return err;
}

bool directs_blocks(struct directs *t, const uint8_t account[WIRE_KEY],
    const uint8_t other[WIRE_KEY])
{
	bool is;

	direct_lock(t);
	is = direct_is_blocked(t, account, other);
	direct_unlock(t);
	return is;
}

size_t directs_blocked(struct directs *t, const uint8_t account[WIRE_KEY],
    uint8_t out[WIRE_BLOCKS][WIRE_KEY])
{
	const struct direct_person *p;
	size_t n = 0;

	direct_lock(t);
	if ((p = direct_person(t, account, false)) != NULL) {
		n = p->n_blocked;
		if (n > 0)
			memcpy(out, p->blocked, n * sizeof(*p->blocked));
	}
	direct_unlock(t);
	return n;
}

/* --- the end -------------------------------------------------------------------- */

/* Without memory for the put, the store drops it at the next start
 * (directs_filter). */
static void forget_box(struct directs *t, struct direct_box *b)
{
	const struct store_direct put = {
	    .what = STORE_DIRECT_FORGET, .identity = b->identity};
	uint64_t ticket;

	(void)!direct_store(t, &put, &ticket);
	direct_box_free(t, b);
}

void directs_forget_device(struct directs *t,
    const uint8_t identity[WIRE_ED25519], const uint8_t account[WIRE_KEY])
{
	struct direct_box *b;

	direct_lock(t);
	b = direct_box_of(t, identity);
	if (b != NULL && memcmp(b->account, account, WIRE_KEY) == 0)
		forget_box(t, b);
	direct_unlock(t);
}

static void forget_blocks(struct directs *t, const uint8_t account[WIRE_KEY])
{
	const struct store_direct put = {
	    .what = STORE_DIRECT_UNBLOCK_ALL, .account = account};
	struct direct_person *p, *next;
	uint64_t ticket;
	size_t i;

	for (i = 0; i < DIRECT_BUCKETS; i++)
		for (p = LIST_FIRST(&t->person[i]); p != NULL; p = next) {
			next = LIST_NEXT(p, next);
			if (memcmp(p->key, account, WIRE_KEY) != 0) {
				take_block(p, account);
				continue;
			}
			p->n_blocked = 0;
			direct_person_done(p);
		}
	(void)!direct_store(t, &put, &ticket);
}

static bool is_not(void *arg, const uint8_t identity[WIRE_ED25519],
    const uint8_t account[WIRE_KEY])
{
	(void)identity;
	return memcmp(arg, account, WIRE_KEY) != 0;
}

static void filter(struct directs *t,
    bool (*is)(void *arg, const uint8_t *identity, const uint8_t *account),
    void *arg)
{
	struct direct_box *b, *next;
	size_t i;

	for (i = 0; i < DIRECT_BUCKETS; i++)
		for (b = LIST_FIRST(&t->box[i]); b != NULL; b = next) {
			next = LIST_NEXT(b, next);
			if (!is(arg, b->identity, b->account))
				forget_box(t, b);
		}
}

void directs_forget(struct directs *t, const uint8_t account[WIRE_KEY])
{
	uint8_t key[WIRE_KEY];

	memcpy(key, account, sizeof(key));
	direct_lock(t);
	filter(t, is_not, key);
	forget_blocks(t, key);
	direct_unlock(t);
}

void directs_filter(struct directs *t,
    bool (*is)(void *arg, const uint8_t identity[WIRE_ED25519],
	const uint8_t account[WIRE_KEY]),
    void *arg)
{
	direct_lock(t);
	filter(t, is, arg);
	direct_unlock(t);
}

/* --- restoring ------------------------------------------------------------------ */

static int restore_keys(struct directs *t, const struct store_direct *d)
{
	struct direct_box *b = direct_box_new(t, d->identity, d->account);
	int err;

	if (b == NULL)
		return ERR_NOMEM;
	b->number = d->number;
	if ((err = direct_set_keys(b, d)) != 0)
		direct_box_free(t, b);
	return err;
}

static int restore_frame(struct directs *t, const struct store_direct *d)
{
	struct direct_box *b = direct_box_of(t, d->identity);
	struct direct_queued *q;

	if (b == NULL)
		return ERR_LIMIT;
	if ((q = calloc(1, sizeof(*q))) == NULL ||
	    (q->from = direct_person(t, d->account, true)) == NULL) {
		free(q);
		return ERR_NOMEM;
	}
	q->number = d->number;
	q->ts_s = d->ts_s;
	q->len = d->len;
	q->from->bytes += q->len;
	TAILQ_INSERT_TAIL(&b->queue, q, next);
	b->n++;
	b->bytes += q->len;
	t->frames++;
	t->bytes += q->len;
	return 0;
}

int directs_restore(struct directs *t, const struct store_direct *d)
{
	switch (d->what) {
	case STORE_DIRECT_KEYS:
		return restore_keys(t, d);
	case STORE_DIRECT_FRAME:
		return restore_frame(t, d);
	case STORE_DIRECT_BLOCK:
		return add_block(t, d->account, d->other);
	default:
		return 0;
	}
}
