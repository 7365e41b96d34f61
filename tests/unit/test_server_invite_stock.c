/* Unit tests for the thread that makes invites: each is given once, nobody makes
 * one who asks for it, and those who wait get theirs in their order. */
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "server/room/invite_stock.h"
#include "tests/unit/check.h"

/* Makes invites with ids that are numbers, once it may. */
struct maker {
	sem_t may;
	pthread_mutex_t lock;
	unsigned made, failing; /* so many of the next fail */
	pthread_t by;	        /* the last one's thread */
	unsigned served;
};

static int make(void *arg, struct invite_made *v)
{
	struct maker *m = arg;
	bool fails;

	while (sem_wait(&m->may) != 0)
		;
	pthread_mutex_lock(&m->lock);
	fails = m->failing > 0;
	m->failing -= fails;
	snprintf(v->id, sizeof(v->id), "%07u", m->made);
	m->made += !fails;
	m->by = pthread_self();
	pthread_mutex_unlock(&m->lock);
	return fails ? ERR_NOMEM : 0;
}

/* It makes no records. */
static void drop(struct account_record *r)
{
	assert_null(r);
}

static unsigned made(struct maker *m)
{
	unsigned n;

	pthread_mutex_lock(&m->lock);
	n = m->made;
	pthread_mutex_unlock(&m->lock);
	return n;
}

static void let(struct maker *m, unsigned n)
{
	while (n-- > 0)
		sem_post(&m->may);
}

static void pause_ms(long ms)
{
	const struct timespec t = {.tv_nsec = ms * 1000000};

	nanosleep(&t, NULL);
}

/* Waits until the thread has made them, at most for 10 s. */
static void wait_for(struct maker *m, unsigned n)
{
	int i;

	for (i = 0; made(m) < n && i < 10000; i++)
		pause_ms(1);
	pause_ms(20); /* it is put there after that */
	assert_int_equal(made(m), n);
}

static int setup(void **state)
{
	struct maker *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	assert_int_equal(sem_init(&m->may, 0, 0), 0);
	assert_int_equal(pthread_mutex_init(&m->lock, NULL), 0);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct maker *m = *state;

	sem_destroy(&m->may);
	pthread_mutex_destroy(&m->lock);
	free(m);
	return 0;
}

static bool ours(struct maker *m)
{
	bool is;

	pthread_mutex_lock(&m->lock);
	is = pthread_equal(m->by, pthread_self());
	pthread_mutex_unlock(&m->lock);
	return is;
}

/* Somebody who asks. */
struct waiter {
	struct invite_wait w;
	struct maker *m;
	unsigned n; /* of those served: its place */
};

static void served(struct invite_wait *w)
{
	struct waiter *x = (struct waiter *)(void *)w;

	assert_true(w->served);
	pthread_mutex_lock(&x->m->lock);
	x->n = ++x->m->served;
	pthread_mutex_unlock(&x->m->lock);
}

static struct waiter waiter(struct maker *m)
{
	return (struct waiter){.w = {.fn = served}, .m = m};
}

static void wait_served(struct maker *m, unsigned n)
{
	unsigned have;
	int i;

	for (i = 0; i < 10000; i++) {
		pthread_mutex_lock(&m->lock);
		have = m->served;
		pthread_mutex_unlock(&m->lock);
		if (have >= n)
			break;
		pause_ms(1);
	}
	assert_int_equal(have, n);
}

static void without_a_thread(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);
	struct invite_made v = {.record = NULL};

	assert_non_null(s);
	let(m, 3);
	assert_int_equal(invite_stock_take(s, &v, NULL), 0);
	assert_string_equal(v.id, "0000000");
	m->failing = 1;
	assert_int_equal(invite_stock_take(s, &v, NULL), ERR_NOMEM);
	assert_int_equal(invite_stock_take(s, &v, NULL), 0);
	assert_string_equal(v.id, "0000001");
	invite_stock_stop(s);
	invite_stock_free(s);
}

static void nothing_before_the_first(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);

	let(m, 1);
	invite_stock_start(s);
	pause_ms(20);
	assert_int_equal(made(m), 0);
	invite_stock_free(s);
	invite_stock_free(NULL);
}

/* The first, which is waited for, then those of the stock; and no more are made
 * than fit. */
static void each_once(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);
	struct invite_made v = {.record = NULL};
	struct waiter x = waiter(m);
	bool seen[INVITE_STOCK + 1] = {false};
	unsigned i, n;

	invite_stock_start(s);
	assert_int_equal(invite_stock_take(s, &v, &x.w), ERR_AGAIN);
	let(m, INVITE_STOCK + 1);
	wait_for(m, INVITE_STOCK + 1);
	wait_served(m, 1);
	assert_int_equal(invite_stock_take(s, &v, &x.w), 0);
	for (i = 0;; i++) {
		n = (unsigned)strtoul(v.id, NULL, 10);
		assert_in_range(n, 0, INVITE_STOCK);
		assert_false(seen[n]);
		seen[n] = true;
		if (i == INVITE_STOCK)
			break;
		/* None can be made now: it is there. */
		assert_int_equal(invite_stock_take(s, &v, NULL), 0);
	}
	assert_int_equal(invite_stock_take(s, &v, NULL), ERR_AGAIN);
	let(m, 2 * INVITE_STOCK);
	invite_stock_free(s);
}

static void a_full_stock_is_freed(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);
	struct invite_made v = {.record = NULL};

	invite_stock_start(s);
	let(m, INVITE_STOCK + 10);
	assert_int_equal(invite_stock_take(s, &v, NULL), ERR_AGAIN);
	wait_for(m, INVITE_STOCK);
	invite_stock_free(s);
}

/* A burst: nobody who asks makes one, each gets one in its turn, and one too many
 * is refused at once. */
static void a_burst(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);
	struct invite_made v = {.record = NULL};
	struct waiter x[INVITE_WAITING], more = waiter(m);
	unsigned i;

	invite_stock_start(s);
	for (i = 0; i < INVITE_WAITING; i++) {
		x[i] = waiter(m);
		assert_int_equal(invite_stock_take(s, &v, &x[i].w), ERR_AGAIN);
	}
	assert_int_equal(invite_stock_take(s, &v, &more.w), ERR_LIMIT);
	assert_false(more.w.served);
	assert_int_equal(made(m), 0);
	let(m, INVITE_WAITING);
	wait_served(m, INVITE_WAITING);
	assert_false(ours(m));
	for (i = 0; i < INVITE_WAITING; i++) {
		assert_int_equal(x[i].n, i + 1);
		assert_int_equal(invite_stock_take(s, &v, &x[i].w), 0);
		assert_int_equal(strtoul(v.id, NULL, 10), i);
	}
	let(m, 2 * INVITE_STOCK);
	invite_stock_free(s);
}

static void after_a_failure(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);
	struct invite_made v = {.record = NULL};
	struct waiter x[3] = {waiter(m), waiter(m), waiter(m)};
	int i, r;

	invite_stock_start(s);
	m->failing = 3; /* it waits for let */
	for (i = 0; i < 3; i++)
		assert_int_equal(invite_stock_take(s, &v, &x[i].w), ERR_AGAIN);
	let(m, 2);
	wait_served(m, 2);
	assert_int_equal(invite_stock_take(s, &v, &x[0].w), ERR_NOMEM);
	assert_int_equal(invite_stock_take(s, &v, &x[1].w), ERR_NOMEM);
	let(m, 1);
	wait_served(m, 3);
	assert_int_equal(invite_stock_take(s, &v, &x[2].w), ERR_NOMEM);
	/* Who does not wait is told as well, once. */
	m->failing = 1;
	let(m, 1);
	for (i = 0, r = ERR_AGAIN; r == ERR_AGAIN && i < 10000; i++) {
		r = invite_stock_take(s, &v, NULL);
		pause_ms(1);
	}
	assert_int_equal(r, ERR_NOMEM);
	let(m, 3 * INVITE_STOCK);
	for (i = 0; r != 0 && i < 10000; i++) {
		r = invite_stock_take(s, &v, NULL);
		assert_true(r == 0 || r == ERR_AGAIN);
		pause_ms(1);
	}
	assert_int_equal(r, 0);
	invite_stock_free(s);
}

static void *let_one_later(void *arg)
{
	pause_ms(100);
	let(arg, 1);
	return NULL;
}

/* Those who still wait are told so, and nothing is made in a thread any more. */
static void stopped(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);
	struct invite_made v = {.record = NULL};
	struct waiter x[2] = {waiter(m), waiter(m)};
	pthread_t later;

	invite_stock_start(s);
	assert_int_equal(invite_stock_take(s, &v, &x[0].w), ERR_AGAIN);
	assert_int_equal(invite_stock_take(s, &v, &x[1].w), ERR_AGAIN);
	pause_ms(20); /* it is at the first */
	assert_int_equal(pthread_create(&later, NULL, let_one_later, m), 0);
	invite_stock_stop(s);
	pthread_join(later, NULL);
	wait_served(m, 2);
	assert_int_equal(invite_stock_take(s, &v, &x[0].w), 0);
	assert_int_equal(invite_stock_take(s, &v, &x[1].w), ERR_LIMIT);
	let(m, 1);
	assert_int_equal(invite_stock_take(s, &v, NULL), 0);
	assert_true(ours(m));
	invite_stock_stop(s);
	invite_stock_free(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(without_a_thread),
	    TEST(nothing_before_the_first),
	    TEST(each_once),
	    TEST(a_full_stock_is_freed),
	    TEST(a_burst),
	    TEST(after_a_failure),
	    TEST(stopped),
	};

	return cmocka_run_group_tests_name("invite_stock", tests, NULL, NULL);
}
