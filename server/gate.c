#include "server/gate.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
	OPEN_MAX_FREE = 5, /* open at once while there are few failures */
	FAILURES_FREE = 5, /* from here on: a pause, then one at a time */
	/* 2^(f - 5) seconds reach the longest pause, 60, at the 11th. */
	FAILURES_KEPT = 11,
	PAUSE_MAX_MS = 60000,
	WINDOW_MS = 10 * 60 * 1000,
};

/* Who is one guesser: an IPv4 address, an IPv6 /64, a local user. */
struct key {
	uint64_t kind, value;
};

struct gate_address {
	struct key key;
	struct gate_address *chain; /* in its bucket of the table */
	/* Every address is in one list: those with n tickets in by_count[n],
	 * the others in idle. */
	struct gate_address *next, *prev;
	struct gate_address *ready_next, *ready_prev;
	bool is_ready;			  /* in the list of these */
	struct gate_ticket *first, *last; /* tickets, oldest first */
	struct gate_ticket *wait_first, *wait_last;
	uint32_t count, open;
	uint32_t n_failed;		   /* kept in failed_ms */
	uint64_t failed_ms[FAILURES_KEPT]; /* a ring, */
	uint32_t failed_at;		   /* where the next goes */
};

struct list {
	struct gate_address *first, *last;
};

struct gate {
	struct gate_limits limits;
	uint64_t seed[2];
	struct gate_address **table;
	size_t table_mask;
	size_t n_addresses, n_tickets;
	struct list idle;      /* no tickets, but failures; longest first */
	struct list *by_count; /* [1..exchanges_max + 1] */
	uint32_t count_max;    /* the highest that has an address */
	/* Addresses with waiting tickets at which something has changed. */
	struct gate_address *ready_first, *ready_last;
};

/* --- the table --------------------------------------------------------- */

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

/* SipHash-1-3 of the 16 bytes: who can choose addresses (a /48 has 65536 of
 * our keys) cannot choose ones that meet in one bucket. */
static size_t bucket(const struct gate *g, const struct key *k)
{
	const uint64_t words[] = {k->kind, k->value, UINT64_C(16) << 56};
	uint64_t v[4] = {
	    g->seed[0] ^ UINT64_C(0x736f6d6570736575),
	    g->seed[1] ^ UINT64_C(0x646f72616e646f6d),
	    g->seed[0] ^ UINT64_C(0x6c7967656e657261),
	    g->seed[1] ^ UINT64_C(0x7465646279746573),
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		v[3] ^= words[i];
		sip_round(v);
		v[0] ^= words[i];
	}
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		sip_round(v);
	return (size_t)(v[0] ^ v[1] ^ v[2] ^ v[3]) & g->table_mask;
}

static uint64_t read_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* An IPv4 address is the same one when it comes through an IPv6 socket. */
static struct key key_of(const struct sockaddr *sa, unsigned uid)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;
	struct key k = {0, 0}; /* all of an unknown family are one */

	switch (sa->sa_family) {
	case AF_INET:
		k.kind = 4;
		k.value = ntohl(in->sin_addr.s_addr);
		break;
	case AF_INET6:
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			k.kind = 4;
			k.value = read_be(in6->sin6_addr.s6_addr + 12, 4);
		} else {
			k.kind = 6;
			k.value = read_be(in6->sin6_addr.s6_addr, 8);
		}
		break;
	case AF_UNIX:
		k.kind = 1;
		k.value = uid;
		break;
	default:
		break;
	}
	return k;
}

/* --- lists of addresses ------------------------------------------------ */

static void list_append(struct list *l, struct gate_address *a)
{
	a->next = NULL;
	a->prev = l->last;
	*(l->last != NULL ? &l->last->next : &l->first) = a;
	l->last = a;
}

static void list_remove(struct list *l, struct gate_address *a)
{
	*(a->prev != NULL ? &a->prev->next : &l->first) = a->next;
	*(a->next != NULL ? &a->next->prev : &l->last) = a->prev;
	a->next = a->prev = NULL;
}

static struct list *list_of(struct gate *g, const struct gate_address *a)
{
	return a->count > 0 ? &g->by_count[a->count] : &g->idle;
}

/* Counts change by one, so that the highest is found without a search. */
static void set_count(struct gate *g, struct gate_address *a, uint32_t count)
{
	list_remove(list_of(g, a), a);
	a->count = count;
	list_append(list_of(g, a), a);
	if (count > g->count_max)
		g->count_max = count;
	else if (g->count_max > 0 && g->by_count[g->count_max].first == NULL)
		g->count_max--;
}

static void ready_append(struct gate *g, struct gate_address *a)
{
	if (a->is_ready || a->wait_first == NULL)
		return;
	a->is_ready = true;
	a->ready_next = NULL;
	a->ready_prev = g->ready_last;
	*(g->ready_last != NULL ? &g->ready_last->ready_next
				: &g->ready_first) = a;
	g->ready_last = a;
}

static void ready_remove(struct gate *g, struct gate_address *a)
{
	if (!a->is_ready)
		return;
	*(a->ready_prev != NULL ? &a->ready_prev->ready_next
				: &g->ready_first) = a->ready_next;
	*(a->ready_next != NULL ? &a->ready_next->ready_prev : &g->ready_last) =
	    a->ready_prev;
	a->ready_next = a->ready_prev = NULL;
	a->is_ready = false;
}

/* --- addresses --------------------------------------------------------- */

static void failed(struct gate_address *a, uint64_t now_ms)
{
	a->failed_ms[a->failed_at] = now_ms;
	a->failed_at = (a->failed_at + 1) % FAILURES_KEPT;
	if (a->n_failed < FAILURES_KEPT)
		a->n_failed++;
}

static uint64_t last_failure(const struct gate_address *a)
{
	return a->failed_ms[(a->failed_at + FAILURES_KEPT - 1) % FAILURES_KEPT];
}

/* How many there were within the window, up to FAILURES_KEPT. */
static uint32_t failures(const struct gate_address *a, uint64_t now_ms)
{
	uint32_t n = 0, i;

	for (i = 0; i < a->n_failed; i++)
		if (now_ms - a->failed_ms[i] < WINDOW_MS)
			n++;
	return n;
}

static void forget(struct gate *g, struct gate_address *a)
{
	struct gate_address **p = &g->table[bucket(g, &a->key)];

	while (*p != a)
		p = &(*p)->chain;
	*p = a->chain;
	ready_remove(g, a);
	list_remove(list_of(g, a), a);
	g->n_addresses--;
	free(a);
}

/* At most two, so that each operation is short and yet more are forgotten
 * than can be added. The list is in the order in which they became idle, which
 * is not before their last failure. */
static void forget_old(struct gate *g, uint64_t now_ms)
{
	int i;

	for (i = 0; i < 2 && g->idle.first != NULL; i++) {
		if (failures(g->idle.first, now_ms) > 0)
			break;
		forget(g, g->idle.first);
	}
}

static struct gate_address *address_get(struct gate *g, const struct key *k)
{
	size_t b = bucket(g, k);
	struct gate_address *a;

	for (a = g->table[b]; a != NULL; a = a->chain)
		if (a->key.kind == k->kind && a->key.value == k->value)
			return a;
	/* Not all can have tickets: there are more addresses than tickets. */
	if (g->n_addresses >= g->limits.addresses_max && g->idle.first != NULL)
		forget(g, g->idle.first);
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->key = *k;
	a->chain = g->table[b];
	g->table[b] = a;
	list_append(&g->idle, a);
	g->n_addresses++;
	return a;
}

/* --- the gate ---------------------------------------------------------- */

struct gate *gate_new(const struct gate_limits *l)
{
	struct gate *g = calloc(1, sizeof(*g));
	size_t size = 16;

	if (g == NULL)
		return NULL;
	g->limits = *l;
	if (g->limits.exchanges_max < 1)
		g->limits.exchanges_max = 1;
	if (g->limits.addresses_max <= g->limits.exchanges_max)
		g->limits.addresses_max = g->limits.exchanges_max + 1;
	while (size < g->limits.addresses_max)
		size *= 2;
	g->table_mask = size - 1;
	g->table = calloc(size, sizeof(struct gate_address *));
	/* One more than the limit: gate_enter counts the newcomer first. */
	g->by_count =
	    calloc((size_t)g->limits.exchanges_max + 2, sizeof(struct list));
	if (g->table == NULL || g->by_count == NULL ||
	    getrandom(g->seed, sizeof(g->seed), 0) != sizeof(g->seed)) {
		gate_free(g);
		return NULL;
	}
	return g;
}

void gate_free(struct gate *g)
{
	struct gate_address *a, *next;
	size_t i;

	if (g == NULL)
		return;
	for (i = 0; g->table != NULL && i <= g->table_mask; i++) {
		for (a = g->table[i]; a != NULL; a = next) {
			next = a->chain;
			free(a);
		}
	}
	free(g->table);
	free(g->by_count);
	free(g);
}

int gate_enter(struct gate *g, struct gate_ticket *t, const struct sockaddr *sa,
    unsigned uid, uint64_t now_ms, struct gate_ticket **evicted)
{
	struct key k = key_of(sa, uid);
	struct gate_address *a;

	*evicted = NULL;
	t->state = TICKET_OUT;
	forget_old(g, now_ms);
	if ((a = address_get(g, &k)) == NULL)
		return ERR_NOMEM;
	t->address = a;
	t->since_ms = now_ms;
	t->wait_next = t->wait_prev = NULL;
	t->next = NULL;
	t->prev = a->last;
	*(a->last != NULL ? &a->last->next : &a->first) = t;
	a->last = t;
	t->state = TICKET_IN;
	g->n_tickets++;
	set_count(g, a, a->count + 1);
	if (g->n_tickets > g->limits.exchanges_max) {
		/* Of addresses that have as many, the one that has had them
		 * for the longest. It is never the newcomer itself: that is
		 * its address's newest, and its address the last in its list.
		 */
		*evicted = g->by_count[g->count_max].first->first;
		gate_leave(g, *evicted, now_ms);
	}
	return 0;
}

static void wait_append(struct gate_ticket *t)
{
	struct gate_address *a = t->address;

	t->wait_next = NULL;
	t->wait_prev = a->wait_last;
	*(a->wait_last != NULL ? &a->wait_last->wait_next : &a->wait_first) = t;
	a->wait_last = t;
	t->state = TICKET_WAITING;
}

static void wait_remove(struct gate_ticket *t)
{
	struct gate_address *a = t->address;

	*(t->wait_prev != NULL ? &t->wait_prev->wait_next : &a->wait_first) =
	    t->wait_next;
	*(t->wait_next != NULL ? &t->wait_next->wait_prev : &a->wait_last) =
	    t->wait_prev;
	t->wait_next = t->wait_prev = NULL;
	t->state = TICKET_IN;
}

/* What a share from this address is to be answered, were it the next. */
static enum gate_answer answer_of(const struct gate_address *a, uint64_t now_ms)
{
	uint32_t f = failures(a, now_ms);
	uint64_t pause_ms;

	if (f < FAILURES_FREE)
		return a->open < OPEN_MAX_FREE ? GATE_GO : GATE_WAIT;
	pause_ms = UINT64_C(1000) << (f - FAILURES_FREE);
	if (pause_ms > PAUSE_MAX_MS)
		pause_ms = PAUSE_MAX_MS;
	if (now_ms - last_failure(a) < pause_ms)
		return GATE_LATER;
	return a->open == 0 ? GATE_GO : GATE_WAIT;
}

static void go(struct gate_ticket *t)
{
	t->state = TICKET_OPEN;
	t->address->open++;
}

enum gate_answer gate_share(
    struct gate *g, struct gate_ticket *t, uint64_t now_ms)
{
	enum gate_answer answer;

	if (t->state == TICKET_WAITING)
		return GATE_WAIT;
	if (t->state != TICKET_IN)
		return GATE_LATER; /* an exchange has one share */
	answer = answer_of(t->address, now_ms);
	/* Nobody overtakes who waits. */
	if (answer == GATE_GO && t->address->wait_first != NULL) {
		answer = GATE_WAIT;
		ready_append(g, t->address);
	}
	if (answer == GATE_GO)
		go(t);
	else if (answer == GATE_WAIT)
		wait_append(t);
	return answer;
}

struct gate_ticket *gate_ready(
    struct gate *g, uint64_t now_ms, enum gate_answer *answer)
{
	struct gate_address *a;
	struct gate_ticket *t;

	while ((a = g->ready_first) != NULL) {
		ready_remove(g, a);
		if ((t = a->wait_first) == NULL)
			continue;
		if ((*answer = answer_of(a, now_ms)) == GATE_WAIT)
			continue;
		wait_remove(t);
		if (*answer == GATE_GO)
			go(t);
		ready_append(g, a); /* behind the other addresses */
		return t;
	}
	return NULL;
}

static void ticket_out(struct gate *g, struct gate_ticket *t)
{
	struct gate_address *a = t->address;

	if (t->state == TICKET_WAITING)
		wait_remove(t);
	if (t->state == TICKET_OPEN)
		a->open--;
	*(t->prev != NULL ? &t->prev->next : &a->first) = t->next;
	*(t->next != NULL ? &t->next->prev : &a->last) = t->prev;
	t->next = t->prev = NULL;
	t->address = NULL;
	t->state = TICKET_OUT;
	g->n_tickets--;
	set_count(g, a, a->count - 1);
	ready_append(g, a);
	if (a->count == 0 && a->n_failed == 0)
		forget(g, a);
}

void gate_proved(struct gate *g, struct gate_ticket *t)
{
	if (t->state != TICKET_OUT)
		ticket_out(g, t);
}

void gate_leave(struct gate *g, struct gate_ticket *t, uint64_t now_ms)
{
	if (t->state == TICKET_OUT)
		return;
	if (t->state == TICKET_OPEN)
		failed(t->address, now_ms);
	ticket_out(g, t);
}

size_t gate_exchanges(const struct gate *g)
{
	return g->n_tickets;
}

size_t gate_addresses(const struct gate *g)
{
	return g->n_addresses;
}

unsigned gate_failures(
    const struct gate *g, const struct gate_ticket *t, uint64_t now_ms)
{
	(void)g;
	return t->state != TICKET_OUT ? failures(t->address, now_ms) : 0;
}
