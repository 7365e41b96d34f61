/* throttle.c - decides who may log in, and when. */
#include "server/auth/throttle.h"

#include <stdlib.h>
#include <sys/random.h>

#include "server/auth/throttle_int.h"

/* --- lists of addresses -------------------------------------------------- */

static struct throttle_bucket *bucket(
    const struct throttle *g, const struct throttle_key *k)
{
	return &g->table[throttle_key_hash(k, g->seed) & g->table_mask];
}

static struct throttle_addresses *list_of(
    struct throttle *g, const struct throttle_address *a)
{
	return a->n_attempts > 0 ? &g->by_count[a->n_attempts] : &g->idle;
}

/* A count changes by one at a time, so finding the highest needs no search. */
static void set_count(
    struct throttle *g, struct throttle_address *a, uint32_t count)
{
	TAILQ_REMOVE(list_of(g, a), a, by_count);
	a->n_attempts = count;
	TAILQ_INSERT_TAIL(list_of(g, a), a, by_count);
	if (count > g->count_max)
		g->count_max = count;
	else if (g->count_max > 0 && TAILQ_EMPTY(&g->by_count[g->count_max]))
		g->count_max--;
}

static void ready_append(struct throttle *g, struct throttle_address *a)
{
	if (a->is_ready || TAILQ_EMPTY(&a->waiting))
		return;
	a->is_ready = true;
	TAILQ_INSERT_TAIL(&g->ready, a, ready);
}

static void ready_remove(struct throttle *g, struct throttle_address *a)
{
	if (!a->is_ready)
		return;
	TAILQ_REMOVE(&g->ready, a, ready);
	a->is_ready = false;
}

/* --- addresses ----------------------------------------------------------- */

static void failed(struct throttle_address *a, uint64_t now_ms)
{
	a->failed_ms[a->failed_at] = now_ms;
	a->failed_at = (a->failed_at + 1) % THROTTLE_KEPT;
	if (a->n_failed < THROTTLE_KEPT)
		a->n_failed++;
}

static uint64_t last_failure(const struct throttle_address *a)
{
	return a->failed_ms[(a->failed_at + THROTTLE_KEPT - 1) % THROTTLE_KEPT];
}

/* Failures within the window, counted up to THROTTLE_KEPT. */
static uint32_t failures(const struct throttle_address *a, uint64_t now_ms)
{
	uint32_t n = 0, i;

	for (i = 0; i < a->n_failed; i++)
		if (now_ms - a->failed_ms[i] < THROTTLE_WINDOW_MS)
			n++;
	return n;
}

static void forget(struct throttle *g, struct throttle_address *a)
{
	LIST_REMOVE(a, bucket);
	ready_remove(g, a);
	TAILQ_REMOVE(list_of(g, a), a, by_count);
	g->n_addresses--;
	free(a);
}

/* Forgets at most two, so each operation stays short but still forgets more
 * than can be added. The list is ordered by when addresses became idle,
 * which is never before their last failure. */
static void forget_old(struct throttle *g, uint64_t now_ms)
{
	struct throttle_address *a;
	int i;

	for (i = 0; i < 2 && (a = TAILQ_FIRST(&g->idle)) != NULL; i++) {
		if (failures(a, now_ms) > 0)
			break;
		forget(g, a);
	}
}

static struct throttle_address *address_get(
    struct throttle *g, const struct throttle_key *k)
{
	struct throttle_bucket *b = bucket(g, k);
	struct throttle_address *a;

	LIST_FOREACH(a, b, bucket)
	if (a->key.kind == k->kind && a->key.value == k->value)
		return a;
	/* At least one is idle: there are more addresses than attempts. */
	if (g->n_addresses >= g->limits.addresses_max && !TAILQ_EMPTY(&g->idle))
		forget(g, TAILQ_FIRST(&g->idle));
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->key = *k;
	TAILQ_INIT(&a->attempts);
	TAILQ_INIT(&a->waiting);
	LIST_INSERT_HEAD(b, a, bucket);
	TAILQ_INSERT_TAIL(&g->idle, a, by_count);
	g->n_addresses++;
	return a;
}

/* --- beginning and end --------------------------------------------------- */

static int lists_new(struct throttle *g, size_t table_size)
{
	uint32_t i;

	g->table_mask = table_size - 1;
	g->table = calloc(table_size, sizeof(struct throttle_bucket));
	/* One more than the limit: throttle_enter counts the newcomer first. */
	g->by_count = calloc((size_t)g->limits.exchanges_max + 2,
	    sizeof(struct throttle_addresses));
	if (g->table == NULL || g->by_count == NULL)
		return ERR_NOMEM;
	for (i = 0; i < g->limits.exchanges_max + 2; i++)
		TAILQ_INIT(&g->by_count[i]);
	for (i = 0; i < THROTTLE_WORKERS; i++)
		TAILQ_INIT(&g->post[i]);
	TAILQ_INIT(&g->idle);
	TAILQ_INIT(&g->ready);
	return 0;
}

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
	if (lists_new(g, size) != 0 ||
	    getrandom(g->seed, sizeof(g->seed), 0) != sizeof(g->seed)) {
		throttle_free(g);
		return NULL;
	}
	return g;
}

void throttle_free(struct throttle *g)
{
	struct throttle_address *a;
	size_t i;

	if (g == NULL)
		return;
	for (i = 0; g->table != NULL && i <= g->table_mask; i++)
		while ((a = LIST_FIRST(&g->table[i])) != NULL) {
			LIST_REMOVE(a, bucket);
			free(a);
		}
	free(g->table);
	free(g->by_count);
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}

/* --- attempts ------------------------------------------------------------ */

/* The answer to a share from this address if it were the next one. */
static enum throttle_answer answer_of(
    const struct throttle_address *a, uint64_t now_ms)
{
	uint32_t f = failures(a, now_ms);
	uint64_t pause_ms;

	if (f < THROTTLE_FREE)
		return a->n_open < THROTTLE_OPEN_MAX ? THROTTLE_GO
						     : THROTTLE_WAIT;
	pause_ms = UINT64_C(1000) << (f - THROTTLE_FREE);
	if (pause_ms > THROTTLE_PAUSE_MAX_MS)
		pause_ms = THROTTLE_PAUSE_MAX_MS;
	if (now_ms - last_failure(a) < pause_ms)
		return THROTTLE_LATER;
	return a->n_open == 0 ? THROTTLE_GO : THROTTLE_WAIT;
}

static void wait_remove(struct throttle_attempt *t)
{
	TAILQ_REMOVE(&t->address->waiting, t, waiting);
	t->state = ATTEMPT_IN;
}

static void go(struct throttle_attempt *t)
{
	t->state = ATTEMPT_OPEN;
	t->address->n_open++;
}

static void post_append(
    struct throttle *g, struct throttle_attempt *t, enum throttle_answer answer)
{
	t->answer = (int)answer;
	t->is_posted = true;
	TAILQ_INSERT_TAIL(&g->post[t->home], t, posted);
}

static void post_remove(struct throttle *g, struct throttle_attempt *t)
{
	if (!t->is_posted)
		return;
	TAILQ_REMOVE(&g->post[t->home], t, posted);
	t->is_posted = false;
}

/* Answers every waiting attempt that is due, whatever its home. */
static void post_ready(struct throttle *g, unsigned home, uint64_t now_ms)
{
	enum throttle_answer answer;
	struct throttle_address *a;
	struct throttle_attempt *t;

	while ((a = TAILQ_FIRST(&g->ready)) != NULL) {
		ready_remove(g, a);
		if ((t = TAILQ_FIRST(&a->waiting)) == NULL)
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
		a->n_open--;
	TAILQ_REMOVE(&a->attempts, t, of_address);
	t->address = NULL;
	t->state = ATTEMPT_OUT;
	g->n_attempts--;
	set_count(g, a, a->n_attempts - 1);
	ready_append(g, a);
	if (a->n_attempts == 0 && a->n_failed == 0)
		forget(g, a);
}

static void leave(
    struct throttle *g, struct throttle_attempt *t, uint64_t now_ms)
{
	if (t->state == ATTEMPT_OPEN)
		failed(t->address, now_ms);
	attempt_out(g, t);
}

static void evict(struct throttle *g, const struct throttle_attempt *newcomer,
    uint64_t now_ms)
{
	struct throttle_address *most = TAILQ_FIRST(&g->by_count[g->count_max]);
	struct throttle_attempt *t = TAILQ_FIRST(&most->attempts);

	/* Among addresses with equal counts, evict from the one that has had
	 * that count for longest. It never evicts the newcomer: that is the
	 * newest attempt of its address, and its address is the last on its
	 * list. */
	leave(g, t, now_ms);
	post_append(g, t, THROTTLE_EVICTED);
	if (t->home != newcomer->home)
		g->limits.wake(g->limits.arg, t->home);
}

static int enter(struct throttle *g, struct throttle_attempt *t,
    const struct throttle_key *k, uint64_t now_ms)
{
	struct throttle_address *a;

	forget_old(g, now_ms);
	if ((a = address_get(g, k)) == NULL)
		return ERR_NOMEM;
	t->address = a;
	t->state = ATTEMPT_IN;
	TAILQ_INSERT_TAIL(&a->attempts, t, of_address);
	g->n_attempts++;
	set_count(g, a, a->n_attempts + 1);
	if (g->n_attempts > g->limits.exchanges_max)
		evict(g, t, now_ms);
	return 0;
}

static enum throttle_answer share(
    struct throttle *g, struct throttle_attempt *t, uint64_t now_ms)
{
	enum throttle_answer answer;

	if (t->state == ATTEMPT_WAITING)
		return THROTTLE_WAIT;
	if (t->state != ATTEMPT_IN)
		return THROTTLE_LATER; /* a login has one share */
	answer = answer_of(t->address, now_ms);
	/* No attempt overtakes waiting ones. */
	if (answer == THROTTLE_GO && !TAILQ_EMPTY(&t->address->waiting)) {
		answer = THROTTLE_WAIT;
		ready_append(g, t->address);
	}
	if (answer == THROTTLE_GO) {
		go(t);
	} else if (answer == THROTTLE_WAIT) {
		TAILQ_INSERT_TAIL(&t->address->waiting, t, waiting);
		t->state = ATTEMPT_WAITING;
	}
	return answer;
}

/* --- callable from any thread -------------------------------------------- */

static void lock(struct throttle *g)
{
	(void)pthread_mutex_lock(&g->lock);
}

static void unlock(struct throttle *g)
{
	(void)pthread_mutex_unlock(&g->lock);
}

/* Each thread reads the clock once in a loop step. For a thread that is
 * behind, a failure counted by another thread would lie in the future and
 * look like one of long ago, which costs no pause. */
static uint64_t latest(struct throttle *g, uint64_t now_ms)
{
	if (now_ms > g->now_ms)
		g->now_ms = now_ms;
	return g->now_ms;
}

int throttle_enter(struct throttle *g, struct throttle_attempt *t,
    const struct sockaddr *sa, unsigned uid, uint64_t now_ms)
{
	struct throttle_key k = throttle_key_of(sa, uid);
	int err;

	lock(g);
	t->state = ATTEMPT_OUT;
	t->is_posted = false;
	err = enter(g, t, &k, latest(g, now_ms));
	unlock(g);
	return err;
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

struct throttle_attempt *throttle_ready(struct throttle *g, unsigned home,
    uint64_t now_ms, enum throttle_answer *answer)
{
	struct throttle_attempt *t;

	lock(g);
	post_ready(g, home, latest(g, now_ms));
	if ((t = TAILQ_FIRST(&g->post[home])) != NULL) {
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

void throttle_leave(
    struct throttle *g, struct throttle_attempt *t, uint64_t now_ms)
{
	lock(g);
	post_remove(g, t); /* it may have been evicted */
	if (t->state != ATTEMPT_OUT)
		leave(g, t, latest(g, now_ms));
	unlock(g);
}
