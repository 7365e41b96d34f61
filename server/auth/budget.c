/* budget.c - how many wrong guesses networks may make, and how many may be made at
 * a name: leaky buckets, one for each network and name, and one for all. */
#include "server/auth/budget.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/queue.h>

/* A guess in a bucket. N guesses a minute leak N a millisecond. */
enum { GUESS = 60000 };

struct bucket {
	uint64_t used, at_ms; /* filled to `used` at that time */
};

struct net { /* or name */
	struct throttle_key key;
	struct bucket bucket;
	LIST_ENTRY(net) chain;
	TAILQ_ENTRY(net) by_age;
};

struct budget {
	struct budget_limits limits;
	uint64_t seed[2];
	struct bucket all;
	LIST_HEAD(, net) table[BUDGET_NETS];
	TAILQ_HEAD(, net) by_age; /* the one that paid longest ago first */
	size_t n;
};

/* The networks that an address is in, and a name: the kind of the key that names
 * the network, how many bits of the address are cut off, and whose limit it has. */
enum { KIND_NAME = 3, KIND_4 = 4, KIND_6 = 6 }; /* as throttle_key.c makes them */
static const struct level {
	uint64_t of, kind;
	unsigned shift;
	size_t limit; /* offset in struct budget_limits */
} levels[] = {
    {KIND_NAME, KIND_NAME, 0, offsetof(struct budget_limits, name)},
    {KIND_4, 24, 8, offsetof(struct budget_limits, net)},
    /* The value of an IPv6 key is a /64. */
    {KIND_6, 56, 8, offsetof(struct budget_limits, site)},
    {KIND_6, 48, 16, offsetof(struct budget_limits, net)},
};
enum { LEVELS = sizeof(levels) / sizeof(levels[0]) };

struct budget *budget_new(const struct budget_limits *l, const uint64_t seed[2])
{
	struct budget *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->limits = *l;
	b->seed[0] = seed[0];
	b->seed[1] = seed[1];
	TAILQ_INIT(&b->by_age);
	return b;
}

void budget_limit(struct budget *b, const struct budget_limits *l)
{
	b->limits = *l;
}

static void net_free(struct budget *b, struct net *n)
{
	LIST_REMOVE(n, chain);
	TAILQ_REMOVE(&b->by_age, n, by_age);
	b->n--;
	free(n);
}

void budget_free(struct budget *b)
{
	struct net *n;

	if (b == NULL)
		return;
	while ((n = TAILQ_FIRST(&b->by_age)) != NULL)
		net_free(b, n);
	free(b);
}

static struct throttle_key net_key(
    const struct level *level, const struct throttle_key *k)
{
	return (struct throttle_key){.kind = level->kind,
	    .value = k->value >> level->shift,
	    .more = k->more};
}

static struct net *net_find(struct budget *b, const struct throttle_key *k)
{
	struct net *n;

	LIST_FOREACH(
	    n, &b->table[throttle_key_hash(k, b->seed) % BUDGET_NETS], chain)
	if (throttle_key_same(&n->key, k))
		return n;
	return NULL;
}

/* A network without an entry has used nothing. NULL: no memory. */
static struct net *net_get(struct budget *b, const struct throttle_key *k)
{
	struct net *n = net_find(b, k);

	if (n != NULL) {
		TAILQ_REMOVE(&b->by_age, n, by_age);
		TAILQ_INSERT_TAIL(&b->by_age, n, by_age);
		return n;
	}
	if (b->n >= BUDGET_NETS)
		net_free(b, TAILQ_FIRST(&b->by_age));
	if ((n = calloc(1, sizeof(*n))) == NULL)
		return NULL;
	n->key = *k;
	LIST_INSERT_HEAD(
	    &b->table[throttle_key_hash(k, b->seed) % BUDGET_NETS], n, chain);
	TAILQ_INSERT_TAIL(&b->by_age, n, by_age);
	b->n++;
	return n;
}

/* 0: no limit. */
static uint32_t net_rate(const struct budget *b, const struct level *level)
{
	return *(const uint32_t *)(const void *)((const char *)&b->limits +
						 level->limit);
}

/* The address is in a network of that kind, which has a limit. */
static bool is_in(const struct budget *b, const struct level *level,
    const struct throttle_key *k)
{
	return level->of == k->kind && net_rate(b, level) > 0;
}

/* Lets a bucket leak, and says whether one more guess fits. It may hold more
 * than fits: guesses that were open together and all failed. */
static bool has_room(
    struct bucket *u, uint64_t rate, unsigned minutes, uint64_t now_ms)
{
	uint64_t max = rate * minutes * GUESS, ms = now_ms - u->at_ms;

	if (ms > u->used / rate) /* no product below overflows */
		u->used = 0;
	else
		u->used -= ms * rate;
	u->at_ms = now_ms;
	return u->used <= max - GUESS;
}

static bool is_full(
    struct budget *b, const struct throttle_key *k, uint64_t now_ms)
{
	struct throttle_key of;
	struct net *net;
	size_t i;

	for (i = 0; i < LEVELS; i++) {
		if (!is_in(b, &levels[i], k))
			continue;
		of = net_key(&levels[i], k);
		if ((net = net_find(b, &of)) != NULL &&
		    !has_room(&net->bucket, net_rate(b, &levels[i]),
			BUDGET_BURST_NET, now_ms))
			return true;
	}
	return false;
}

enum budget_answer budget_pay(
    struct budget *b, const struct budget_guess *g, uint64_t now_ms)
{
	if (is_full(b, &g->from, now_ms))
		return BUDGET_NET;
	if (is_full(b, &g->name, now_ms))
		return BUDGET_NAME;
	if (b->limits.all == 0)
		return BUDGET_PAID;
	if (!has_room(&b->all, b->limits.all, BUDGET_BURST_ALL, now_ms))
		return BUDGET_ALL;
	b->all.used += GUESS;
	return BUDGET_PAID;
}

size_t budget_nets(const struct budget *b)
{
	return b->n;
}

void budget_right(struct budget *b)
{
	b->all.used -= b->all.used < GUESS ? b->all.used : GUESS;
}

static void charge(
    struct budget *b, const struct throttle_key *k, uint64_t now_ms)
{
	struct throttle_key of;
	struct net *net;
	size_t i;

	for (i = 0; i < LEVELS; i++) {
		if (!is_in(b, &levels[i], k))
			continue;
		of = net_key(&levels[i], k);
		if ((net = net_get(b, &of)) == NULL)
			continue; /* no memory: the budget of all has it */
		(void)has_room(&net->bucket, net_rate(b, &levels[i]),
		    BUDGET_BURST_NET, now_ms);
		net->bucket.used += GUESS;
	}
}

void budget_wrong(
    struct budget *b, const struct budget_guess *g, uint64_t now_ms)
{
	charge(b, &g->from, now_ms);
	charge(b, &g->name, now_ms);
}
