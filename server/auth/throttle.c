#include "server/auth/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "server/auth/throttle_key.h"

enum {
	OPEN_MAX_FREE = 5, /* open at once while there are few failures */
	FAILURES_FREE = 5, /* from here on: a pause, then one at a time */
	/* 2^(f - 5) seconds reach the longest pause, 60, at the 11th. */
	FAILURES_KEPT = 11,
	PAUSE_MAX_MS = 60000,
	WINDOW_MS = 10 * 60 * 1000,
};

struct throttle_address {
	struct throttle_key key;
	struct throttle_address *chain; /* in its bucket of the table */
	/* Every address is in one list: those with n attempts in by_count[n],
	 * the others in idle. */
	struct throttle_address *next, *prev;
	struct throttle_address *ready_next, *ready_prev;
	bool is_ready;			  /* in the list of these */
	struct throttle_attempt *first, *last; /* attempts, oldest first */
	struct throttle_attempt *wait_first, *wait_last;
	uint32_t count, open;
	uint32_t n_failed;		   /* kept in failed_ms */
	uint64_t failed_ms[FAILURES_KEPT]; /* a ring, */
	uint32_t failed_at;		   /* where the next goes */
};

struct list {
	struct throttle_address *first, *last;
};

/* Tickets that have an answer, for the thread that they belong to. */
struct post {
	struct throttle_attempt *first, *last;
};

struct throttle {
	pthread_mutex_t lock;
	uint64_t now_ms; /* the latest time that anybody has named */
	struct post post[THROTTLE_WORKERS];
	struct throttle_limits limits;
	uint64_t seed[2];
	struct throttle_address **table;
	size_t table_mask;
	size_t n_addresses, n_tickets;
	struct list idle;      /* no attempts, but failures; longest first */
	struct list *by_count; /* [1..exchanges_max + 1] */
	uint32_t count_max;    /* the highest that has an address */
	/* Addresses with waiting attempts at which something has changed. */
	struct throttle_address *ready_first, *ready_last;
};

/* --- the table --------------------------------------------------------- */

static size_t bucket(const struct throttle *g, const struct throttle_key *k)
{
	return (size_t)throttle_key_hash(k, g->seed) & g->table_mask;
}

/* --- lists of addresses ------------------------------------------------ */

static void list_append(struct list *l, struct throttle_address *a)
{
	a->next = NULL;
	a->prev = l->last;
	*(l->last != NULL ? &l->last->next : &l->first) = a;
	l->last = a;
}

static void list_remove(struct list *l, struct throttle_address *a)
{
	*(a->prev != NULL ? &a->prev->next : &l->first) = a->next;
	*(a->next != NULL ? &a->next->prev : &l->last) = a->prev;
	a->next = a->prev = NULL;
}

static struct list *list_of(struct throttle *g, const struct throttle_address *a)
{
	return a->count > 0 ? &g->by_count[a->count] : &g->idle;
}

/* Counts change by one, so that the highest is found without a search. */
static void set_count(struct throttle *g, struct throttle_address *a, uint32_t count)
{
	list_remove(list_of(g, a), a);
	a->count = count;
	list_append(list_of(g, a), a);
	if (count > g->count_max)
		g->count_max = count;
	else if (g->count_max > 0 && g->by_count[g->count_max].first == NULL)
		g->count_max--;
}

static void ready_append(struct throttle *g, struct throttle_address *a)
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

static void ready_remove(struct throttle *g, struct throttle_address *a)
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

static void failed(struct throttle_address *a, uint64_t now_ms)
{
	a->failed_ms[a->failed_at] = now_ms;
	a->failed_at = (a->failed_at + 1) % FAILURES_KEPT;
	if (a->n_failed < FAILURES_KEPT)
		a->n_failed++;
}

static uint64_t last_failure(const struct throttle_address *a)
{
	return a->failed_ms[(a->failed_at + FAILURES_KEPT - 1) % FAILURES_KEPT];
}

/* How many there were within the window, up to FAILURES_KEPT. */
static uint32_t failures(const struct throttle_address *a, uint64_t now_ms)
{
	uint32_t n = 0, i;

	for (i = 0; i < a->n_failed; i++)
		if (now_ms - a->failed_ms[i] < WINDOW_MS)
			n++;
	return n;
}

static void forget(struct throttle *g, struct throttle_address *a)
{
	struct throttle_address **p = &g->table[bucket(g, &a->key)];

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
static void forget_old(struct throttle *g, uint64_t now_ms)
{
	int i;

	for (i = 0; i < 2 && g->idle.first != NULL; i++) {
		if (failures(g->idle.first, now_ms) > 0)
			break;
		forget(g, g->idle.first);
	}
}

static struct throttle_address *address_get(
    struct throttle *g, const struct throttle_key *k)
{
	size_t b = bucket(g, k);
	struct throttle_address *a;

	for (a = g->table[b]; a != NULL; a = a->chain)
		if (a->key.kind == k->kind && a->key.value == k->value)
			return a;
	/* Not all can have attempts: there are more addresses than attempts. */
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

struct throttle *throttle_new(const struct throttle_limits *l)
{
	struct throttle *g = calloc(1, sizeof(*g));
	size_t size = 16;

	if (g == NULL)
		return NULL;
	if (pthread_mutex_init(&g->lock, NULL) != 0) {
		free(g);
		return NULL;
	}
	g->limits = *l;
	if (g->limits.exchanges_max < 1)
		g->limits.exchanges_max = 1;
	if (g->limits.addresses_max <= g->limits.exchanges_max)
		g->limits.addresses_max = g->limits.exchanges_max + 1;
	while (size < g->limits.addresses_max)
		size *= 2;
	g->table_mask = size - 1;
	g->table = calloc(size, sizeof(struct throttle_address *));
	/* One more than the limit: throttle_enter counts the newcomer first. */
	g->by_count =
	    calloc((size_t)g->limits.exchanges_max + 2, sizeof(struct list));
	if (g->table == NULL || g->by_count == NULL ||
	    getrandom(g->seed, sizeof(g->seed), 0) != sizeof(g->seed)) {
		throttle_free(g);
		return NULL;
	}
	return g;
}

void throttle_free(struct throttle *g)
{
	struct throttle_address *a, *next;
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
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}

static void wait_append(struct throttle_attempt *t)
{
	struct throttle_address *a = t->address;

	t->wait_next = NULL;
	t->wait_prev = a->wait_last;
	*(a->wait_last != NULL ? &a->wait_last->wait_next : &a->wait_first) = t;
	a->wait_last = t;
	t->state = ATTEMPT_WAITING;
}

static void wait_remove(struct throttle_attempt *t)
{
	struct throttle_address *a = t->address;

	*(t->wait_prev != NULL ? &t->wait_prev->wait_next : &a->wait_first) =
	    t->wait_next;
	*(t->wait_next != NULL ? &t->wait_next->wait_prev : &a->wait_last) =
	    t->wait_prev;
	t->wait_next = t->wait_prev = NULL;
	t->state = ATTEMPT_IN;
}

/* What a share from this address is to be answered, were it the next. */
static enum throttle_answer answer_of(const struct throttle_address *a, uint64_t now_ms)
{
	uint32_t f = failures(a, now_ms);
	uint64_t pause_ms;

	if (f < FAILURES_FREE)
		return a->open < OPEN_MAX_FREE ? THROTTLE_GO : THROTTLE_WAIT;
	pause_ms = UINT64_C(1000) << (f - FAILURES_FREE);
	if (pause_ms > PAUSE_MAX_MS)
		pause_ms = PAUSE_MAX_MS;
	if (now_ms - last_failure(a) < pause_ms)
		return THROTTLE_LATER;
	return a->open == 0 ? THROTTLE_GO : THROTTLE_WAIT;
}

static void go(struct throttle_attempt *t)
{
	t->state = ATTEMPT_OPEN;
	t->address->open++;
}

/* --- answers ----------------------------------------------------------- */

static void post_append(
    struct throttle *g, struct throttle_attempt *t, enum throttle_answer answer)
{
	struct post *p = &g->post[t->home];

	t->answer = (int)answer;
	t->mailed = true;
	t->mail_next = NULL;
	t->mail_prev = p->last;
	*(p->last != NULL ? &p->last->mail_next : &p->first) = t;
	p->last = t;
}

static void post_remove(struct throttle *g, struct throttle_attempt *t)
{
	struct post *p = &g->post[t->home];

	if (!t->mailed)
		return;
	*(t->mail_prev != NULL ? &t->mail_prev->mail_next : &p->first) =
	    t->mail_next;
	*(t->mail_next != NULL ? &t->mail_next->mail_prev : &p->last) =
	    t->mail_prev;
	t->mail_next = t->mail_prev = NULL;
	t->mailed = false;
}

/* Everybody whose turn has come, however many homes they have. */
static void post_ready(struct throttle *g, unsigned home, uint64_t now_ms)
{
	enum throttle_answer answer;
	struct throttle_address *a;
	struct throttle_attempt *t;

	while ((a = g->ready_first) != NULL) {
		ready_remove(g, a);
		if ((t = a->wait_first) == NULL)
			continue;
		if ((answer = answer_of(a, now_ms)) == THROTTLE_WAIT)
			continue;
		wait_remove(t);
		if (answer == THROTTLE_GO)
			go(t);
		post_append(g, t, answer);
		if (t->home != home)
			g->limits.wake(g->limits.arg, t->home);
		ready_append(g, a); /* behind the other addresses */
	}
}

static void attempt_out(struct throttle *g, struct throttle_attempt *t)
{
	struct throttle_address *a = t->address;

	post_remove(g, t);
	if (t->state == ATTEMPT_WAITING)
		wait_remove(t);
	if (t->state == ATTEMPT_OPEN)
		a->open--;
	*(t->prev != NULL ? &t->prev->next : &a->first) = t->next;
	*(t->next != NULL ? &t->next->prev : &a->last) = t->prev;
	t->next = t->prev = NULL;
	t->address = NULL;
	t->state = ATTEMPT_OUT;
	g->n_tickets--;
	set_count(g, a, a->count - 1);
	ready_append(g, a);
	if (a->count == 0 && a->n_failed == 0)
		forget(g, a);
}

static void leave(struct throttle *g, struct throttle_attempt *t, uint64_t now_ms)
{
	if (t->state == ATTEMPT_OPEN)
		failed(t->address, now_ms);
	attempt_out(g, t);
}

static int enter(struct throttle *g, struct throttle_attempt *t,
    const struct throttle_key *k, uint64_t now_ms)
{
	struct throttle_attempt *evicted;
	struct throttle_address *a;

	forget_old(g, now_ms);
	if ((a = address_get(g, k)) == NULL)
		return ERR_NOMEM;
	t->address = a;
	t->since_ms = now_ms;
	t->wait_next = t->wait_prev = NULL;
	t->next = NULL;
	t->prev = a->last;
	*(a->last != NULL ? &a->last->next : &a->first) = t;
	a->last = t;
	t->state = ATTEMPT_IN;
	g->n_tickets++;
	set_count(g, a, a->count + 1);
	if (g->n_tickets <= g->limits.exchanges_max)
		return 0;
	/* Of addresses that have as many, the one that has had them for the
	 * longest. It is never the newcomer itself: that is its address's
	 * newest, and its address the last in its list. */
	evicted = g->by_count[g->count_max].first->first;
	leave(g, evicted, now_ms);
	post_append(g, evicted, THROTTLE_EVICTED);
	if (evicted->home != t->home)
		g->limits.wake(g->limits.arg, evicted->home);
	return 0;
}

static enum throttle_answer share(
    struct throttle *g, struct throttle_attempt *t, uint64_t now_ms)
{
	enum throttle_answer answer;

	if (t->state == ATTEMPT_WAITING)
		return THROTTLE_WAIT;
	if (t->state != ATTEMPT_IN)
		return THROTTLE_LATER; /* an exchange has one share */
	answer = answer_of(t->address, now_ms);
	/* Nobody overtakes who waits. */
	if (answer == THROTTLE_GO && t->address->wait_first != NULL) {
		answer = THROTTLE_WAIT;
		ready_append(g, t->address);
	}
	if (answer == THROTTLE_GO)
		go(t);
	else if (answer == THROTTLE_WAIT)
		wait_append(t);
	return answer;
}

/* --- for any thread ------------------------------------------------------ */

static void lock(struct throttle *g)
{
	(void)pthread_mutex_lock(&g->lock);
}

static void unlock(struct throttle *g)
{
	(void)pthread_mutex_unlock(&g->lock);
}

/* Each thread reads the clock once in a loop turn. For one that is behind, a
 * failure that another has counted since would lie ahead: it is not to be taken
 * for one of long ago, which costs no pause. */
static uint64_t latest(struct throttle *g, uint64_t now_ms)
{
	if (now_ms > g->now_ms)
		g->now_ms = now_ms;
	return g->now_ms;
}

int throttle_enter(struct throttle *g, struct throttle_attempt *t, const struct sockaddr *sa,
    unsigned uid, uint64_t now_ms)
{
	struct throttle_key k = throttle_key_of(sa, uid);
	int r;

	lock(g);
	t->state = ATTEMPT_OUT;
	t->mailed = false;
	r = enter(g, t, &k, latest(g, now_ms));
	unlock(g);
	return r;
}

enum throttle_answer throttle_share(
    struct throttle *g, struct throttle_attempt *t, uint64_t now_ms)
{
	enum throttle_answer answer;

	lock(g);
	answer = share(g, t, latest(g, now_ms));
	unlock(g);
	return answer;
}

struct throttle_attempt *throttle_ready(
    struct throttle *g, unsigned home, uint64_t now_ms, enum throttle_answer *answer)
{
	struct throttle_attempt *t;

	lock(g);
	post_ready(g, home, latest(g, now_ms));
	if ((t = g->post[home].first) != NULL) {
		*answer = (enum throttle_answer)t->answer;
		post_remove(g, t);
	}
	unlock(g);
	return t;
}

void throttle_clear(struct throttle *g, struct throttle_attempt *t)
{
	lock(g);
	if (t->state != ATTEMPT_OUT)
		attempt_out(g, t);
	unlock(g);
}

void throttle_leave(struct throttle *g, struct throttle_attempt *t, uint64_t now_ms)
{
	lock(g);
	post_remove(g, t); /* it may have been evicted */
	if (t->state != ATTEMPT_OUT)
		leave(g, t, latest(g, now_ms));
	unlock(g);
}

size_t throttle_exchanges(struct throttle *g)
{
	size_t n;

	lock(g);
	n = g->n_tickets;
	unlock(g);
	return n;
}

size_t throttle_addresses(struct throttle *g)
{
	size_t n;

	lock(g);
	n = g->n_addresses;
	unlock(g);
	return n;
}

unsigned throttle_failures(
    struct throttle *g, const struct throttle_attempt *t, uint64_t now_ms)
{
	unsigned n;

	lock(g);
	n = t->state != ATTEMPT_OUT ? failures(t->address, latest(g, now_ms))
				   : 0;
	unlock(g);
	return n;
}
