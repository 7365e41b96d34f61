/* Unit tests for invites that are made before somebody asks: each is given once, and
 * who asks makes one only where there is none. */
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

/* Waits until the thread has made them, at most for 10 s. */
static void wait_for(struct maker *m, unsigned n)
{
	const struct timespec ms = {.tv_nsec = 1000000};
	int i;

	for (i = 0; made(m) < n && i < 10000; i++)
		nanosleep(&ms, NULL);
	/* It is put there after that. */
	for (i = 0; i < 20; i++)
		nanosleep(&ms, NULL);
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

static void without_a_thread(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);
	struct invite_made v = {.record = NULL};

	assert_non_null(s);
	let(m, 3);
	assert_int_equal(invite_stock_take(s, &v), 0);
	assert_string_equal(v.id, "0000000");
	m->failing = 1;
	assert_int_equal(invite_stock_take(s, &v), ERR_NOMEM);
	assert_int_equal(invite_stock_take(s, &v), 0);
	assert_string_equal(v.id, "0000001");
	invite_stock_free(s);
}

static void nothing_before_the_first(void **state)
{
	const struct timespec while_ms = {.tv_nsec = 20000000};
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);

	let(m, 1);
	invite_stock_start(s);
	nanosleep(&while_ms, NULL);
	assert_int_equal(made(m), 0);
	invite_stock_free(s);
	invite_stock_free(NULL);
}

static bool ours(struct maker *m)
{
	bool is;

	pthread_mutex_lock(&m->lock);
	is = pthread_equal(m->by, pthread_self());
	pthread_mutex_unlock(&m->lock);
	return is;
}

/* The first, then those of the stock; and no more are made than fit. */
static void each_once(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);
	struct invite_made v = {.record = NULL};
	bool seen[INVITE_STOCK + 1] = {false};
	unsigned i, n;

	invite_stock_start(s);
	let(m, INVITE_STOCK + 1);
	assert_int_equal(invite_stock_take(s, &v), 0);
	wait_for(m, INVITE_STOCK + 1);
	for (i = 0;; i++) {
		n = (unsigned)strtoul(v.id, NULL, 10);
		assert_in_range(n, 0, INVITE_STOCK);
		assert_false(seen[n]);
		seen[n] = true;
		if (i == INVITE_STOCK)
			break;
		/* None can be made now: it is there. */
		assert_int_equal(invite_stock_take(s, &v), 0);
	}
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
	assert_int_equal(invite_stock_take(s, &v), 0);
	wait_for(m, INVITE_STOCK + 1);
	invite_stock_free(s);
}

/* A burst has no stock left: who asks makes the next one. */
static void a_burst(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);
	struct invite_made v = {.record = NULL};
	unsigned i, own = 0;

	invite_stock_start(s);
	let(m, 20 * INVITE_STOCK);
	for (i = 0; i < 10 * INVITE_STOCK; i++) {
		assert_int_equal(invite_stock_take(s, &v), 0);
		own += ours(m);
	}
	assert_true(own > 0);
	invite_stock_free(s);
}

static void after_a_failure(void **state)
{
	struct maker *m = *state;
	struct invite_stock *s = invite_stock_new(make, drop, m);
	struct invite_made v = {.record = NULL};

	invite_stock_start(s);
	m->failing = 3;
	let(m, 3 + INVITE_STOCK + 2);
	/* The thread has at most one of the failures for each time it is woken. */
	assert_int_equal(invite_stock_take(s, &v), ERR_NOMEM);
	while (invite_stock_take(s, &v) != 0)
		assert_int_equal(made(m), 0);
	/* After its failures it goes on with the next that is taken. */
	assert_int_equal(invite_stock_take(s, &v), 0);
	wait_for(m, INVITE_STOCK + 2);
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
	};

	return cmocka_run_group_tests_name("invite_stock", tests, NULL, NULL);
}
