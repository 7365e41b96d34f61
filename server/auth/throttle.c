/* throttle.c - decides who may log in, and when. */
#include "server/auth/throttle.h"

#include <stdlib.h>
#include <sys/random.h>

#include "server/auth/throttle_int.h"

static struct throttle_bucket *bucket(
    const struct throttle *g, const struct throttle_key *k)
{
	return &g->table[throttle_key_hash(k, g->seed) & g->table_mask];
}

/* --- ranks: addresses by their early attempts ---------------------------- */

/* Exchanges a with the address that has the place `to`. */
static void rank_swap(
    struct throttle *g, struct throttle_address *a, uint32_t to)
{
	struct throttle_address *b = g->ranked[to];

	g->ranked[a->rank] = b;
	b->rank = a->rank;
	g->ranked[to] = a;
	a->rank = to;
}

static void early_add(struct throttle *g, struct throttle_attempt *t)
{
	struct throttle_address *a = t->address;
	uint32_t c = ++a->n_early;

	TAILQ_INSERT_TAIL(&a->early, t, early);
	if (c == 1) { /* behind the last one */
		a->rank = g->n_ranked[1];
		g->ranked[a->rank] = a;
	} else { /* the first of those with c - 1 */
		rank_swap(g, a, g->n_ranked[c]);
	}
	g->n_ranked[c]++;
	if (c > g->early_max)
		g->early_max = c;
}

static void early_remove(struct throttle *g, struct throttle_attempt *t)
{
	struct throttle_address *a = t->address;
	uint32_t c = a->n_early--;

	TAILQ_REMOVE(&a->early, t, early);
	/* The last of those with c; with c = 1 that place is then empty. */
	rank_swap(g, a, --g->n_ranked[c]);
	while (g->early_max > 0 && g->n_ranked[g->early_max] == 0)
		g->early_max--;
}

/* splitmix64, from a seed that nobody outside knows. */
static uint64_t random_next(struct throttle *g)
{
	uint64_t z = (g->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* --- lists of addresses -------------------------------------------------- */

static void set_count(
    struct throttle *g, struct throttle_address *a, uint32_t count)
{
	if (a->n_attempts == 0)
		TAILQ_REMOVE(&g->idle, a, idle);
	a->n_attempts = count;
	if (count == 0)
		TAILQ_INSERT_TAIL(&g->idle, a, idle);
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
	TAILQ_REMOVE(&g->idle, a, idle);
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
	if (throttle_key_same(&a->key, k))
		return a;
	/* At least one is idle: there are more addresses than attempts. */
	if (g->n_addresses >= g->limits.addresses_max && !TAILQ_EMPTY(&g->idle))
		forget(g, TAILQ_FIRST(&g->idle));
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->key = *k;
	TAILQ_INIT(&a->early);
	TAILQ_INIT(&a->waiting);
	LIST_INSERT_HEAD(b, a, bucket);
	TAILQ_INSERT_TAIL(&g->idle, a, idle);
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
	g->ranked =
	    calloc((size_t)g->limits.exchanges_max + 1, sizeof(*g->ranked));
	g->n_ranked =
	    calloc((size_t)g->limits.exchanges_max + 2, sizeof(*g->n_ranked));
	if (g->table == NULL || g->ranked == NULL || g->n_ranked == NULL)
		return ERR_NOMEM;
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
	    getrandom(g->seed, sizeof(g->seed), 0) != sizeof(g->seed) ||
	    getrandom(&g->random, sizeof(g->random), 0) != sizeof(g->random) ||
	    (g->budget = budget_new(&l->guesses, g->seed)) == NULL) {
		throttle_free(g);
		return NULL;
	}
	return g;
}

void throttle_guesses(struct throttle *g, uint32_t pause_max_ms,
    const struct budget_limits *guesses)
{
	(void)pthread_mutex_lock(&g->lock);
	g->limits.pause_max_ms = pause_max_ms;
	g->limits.guesses = *guesses;
	budget_limit(g->budget, guesses);
	(void)pthread_mutex_unlock(&g->lock);
}

void throttle_count(struct throttle *g, struct throttle_counts *out)
{
	(void)pthread_mutex_lock(&g->lock);
	*out = (struct throttle_counts){.attempts = g->n_attempts,
	    .addresses = g->n_addresses,
	    .nets = budget_nets(g->budget),
	    .is_short = g->is_short};
	(void)pthread_mutex_unlock(&g->lock);
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
	free(g->ranked);
	free(g->n_ranked);
	budget_free(g->budget);
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}

/* --- attempts ------------------------------------------------------------ */

/* The answer to a share from this address if it were the next one. */
static enum throttle_answer answer_of(
    const struct throttle *g, const struct throttle_address *a, uint64_t now_ms)
{
	uint32_t f = failures(a, now_ms);
	uint64_t pause_ms;

	if (f < THROTTLE_FREE || g->limits.pause_max_ms == 0)
		return a->n_open < THROTTLE_OPEN_MAX ? THROTTLE_GO
						     : THROTTLE_WAIT;
	pause_ms = UINT64_C(1000) << (f - THROTTLE_FREE);
	if (pause_ms > g->limits.pause_max_ms)
		pause_ms = g->limits.pause_max_ms;
	if (now_ms - last_failure(a) < pause_ms)
		return THROTTLE_LATER;
	return a->n_open == 0 ? THROTTLE_GO : THROTTLE_WAIT;
}

static void wait_remove(struct throttle_attempt *t)
{
	TAILQ_REMOVE(&t->address->waiting, t, waiting);
	t->state = ATTEMPT_IN;
}

static void go(struct throttle *g, struct throttle_attempt *t)
{
	early_remove(g, t);
	t->state = ATTEMPT_OPEN;
	t->address->n_open++;
}

static struct budget_guess guess_of(const struct throttle_attempt *t)
{
	return (struct budget_guess){t->address->key, t->name};
}

/* Pays for the guess if the address may make it. */
static enum throttle_answer pay(
    struct throttle *g, const struct throttle_attempt *t, uint64_t now_ms)
{
	const struct budget_guess guess = guess_of(t);
	enum throttle_answer answer = answer_of(g, t->address, now_ms);

	if (answer != THROTTLE_GO)
		return answer;
	switch (budget_pay(g->budget, &guess, now_ms)) {
	case BUDGET_PAID:
		return THROTTLE_GO;
	case BUDGET_NET:
		return THROTTLE_NET;
	case BUDGET_NAME:
		return THROTTLE_NAME;
	default:
		g->is_short = true;
		return THROTTLE_WAIT;
	}
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
		if (answer_of(g, a, now_ms) == THROTTLE_WAIT)
			continue;
		if ((answer = pay(g, t, now_ms)) == THROTTLE_WAIT) {
			/* All networks' budget is used up: whoever waits
			 * longest goes first when it fills again. */
			a->is_ready = true;
			TAILQ_INSERT_HEAD(&g->ready, a, ready);
			return;
		}
		wait_remove(t);
		if (answer == THROTTLE_GO)
			go(g, t);
		post_append(g, t, answer);
		if (t->home != home)
			g->limits.wake(g->limits.arg, t->home);
		ready_append(g, a); /* behind the other addresses */
	}
	g->is_short = false;
}

static void attempt_out(struct throttle *g, struct throttle_attempt *t)
{
	struct throttle_address *a = t->address;

	post_remove(g, t);
	if (t->state == ATTEMPT_WAITING)
		wait_remove(t);
	if (t->state == ATTEMPT_OPEN)
		a->n_open--;
	else
		early_remove(g, t);
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
	struct budget_guess guess;

	if (t->state == ATTEMPT_OPEN) {
		guess = guess_of(t);
		failed(t->address, now_ms);
		budget_wrong(g->budget, &guess, now_ms);
	}
	attempt_out(g, t);
}

/* There is an early attempt: the newcomer. */
static void evict(struct throttle *g, const struct throttle_attempt *newcomer)
{
	uint64_t dice = random_next(g);
	/* A number below n_ranked: the bias is below 2^-32. */
	uint32_t at =
	    (uint32_t)((dice >> 32) * g->n_ranked[g->early_max] >> 32);
	struct throttle_address *most = g->ranked[at];
	struct throttle_attempt *t =
	    (dice & 1) != 0 ? TAILQ_FIRST(&most->early)
			    : TAILQ_LAST(&most->early, throttle_attempts);

	attempt_out(g, t);
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
	g->n_attempts++;
	set_count(g, a, a->n_attempts + 1);
	early_add(g, t);
	if (g->n_attempts > g->limits.exchanges_max)
		evict(g, t);
	return 0;
}

static enum throttle_answer share(
    struct throttle *g, struct throttle_attempt *t, uint64_t now_ms)
{
	enum throttle_answer answer;

	if (t->state == ATTEMPT_WAITING)
		return THROTTLE_WAIT;
	if (t->state == ATTEMPT_OUT && t->is_posted) {
		/* Evicted, and its home has not been told yet. */
		post_remove(g, t);
		return THROTTLE_EVICTED;
	}
	if (t->state != ATTEMPT_IN)
		return THROTTLE_LATER; /* a login has one share */
	/* No attempt overtakes waiting ones: of its address or, while all
	 * networks' budget is short, of any. */
	answer = answer_of(g, t->address, now_ms);
	if (answer == THROTTLE_GO && TAILQ_EMPTY(&t->address->waiting) &&
	    !g->is_short)
		answer = pay(g, t, now_ms);
	else if (answer == THROTTLE_GO)
		answer = THROTTLE_WAIT;
	if (answer == THROTTLE_GO) {
		go(g, t);
	} else if (answer == THROTTLE_WAIT) {
		TAILQ_INSERT_TAIL(&t->address->waiting, t, waiting);
		t->state = ATTEMPT_WAITING;
		if (answer_of(g, t->address, now_ms) == THROTTLE_GO)
			ready_append(g, t->address);
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
    const struct throttle_key *k, uint64_t now_ms)
{
	int err;

	lock(g);
	t->state = ATTEMPT_OUT;
	t->is_posted = false;
	err = enter(g, t, k, latest(g, now_ms));
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
	post_remove(g, t);
	if (t->state == ATTEMPT_OPEN)
		budget_right(g->budget);
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
