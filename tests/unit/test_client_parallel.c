/* Unit tests for the threads that compute many like things at once: each item once,
 * by all threads, each with a crypto of its own. */
#include <pthread.h>

#include "client/parallel.h"
#include "shared/crypto/keys.h"
#include "shared/crypto/library.h"
#include "tests/unit/check.h"

enum { ITEMS = 300 };

struct item {
	struct crypto *by;
	unsigned times, number;
	uint8_t hash[WIRE_HASH];
	pthread_barrier_t *all; /* borrowed; or NULL */
};

static void compute(struct crypto *c, void *arg)
{
	struct item *i = arg;

	i->by = c;
	i->times++;
	if (crypto_hash1(c, i->hash, &i->number, sizeof(i->number)) != 0)
		i->times = 1000;
	if (i->all != NULL)
		pthread_barrier_wait(i->all);
}

static void each_once(struct parallel_ops ops, struct crypto *c, size_t n)
{
	static struct item items[ITEMS];
	uint8_t hash[WIRE_HASH];
	size_t i;

	memset(items, 0, sizeof(items));
	for (i = 0; i < n; i++)
		items[i].number = (unsigned)(7 * i);
	ops.begin(ops.arg, compute, items, sizeof(items[0]), n);
	ops.finish(ops.arg);
	for (i = 0; i < n; i++) {
		assert_int_equal(items[i].times, 1);
		assert_int_equal(crypto_hash1(c, hash, &items[i].number,
				     sizeof(items[i].number)),
		    0);
		assert_memory_equal(hash, items[i].hash, WIRE_HASH);
	}
	for (; i < ITEMS; i++)
		assert_int_equal(items[i].times, 0);
}

static void test_each_once(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 3, 64, ITEMS, 5, 0, ITEMS};
	struct crypto *c = crypto_new();
	struct parallel *p;
	size_t threads, i;

	(void)state;
	for (threads = 0; threads <= PARALLEL_MAX + 1; threads++) {
		assert_non_null(p = parallel_new(c, threads));
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			each_once(parallel_ops(p), c, sizes[i]);
		parallel_free(p);
	}
	crypto_free(c);
}

/* Each waits until all are being computed, each with another crypto. */
static void test_at_once(void **state)
{
	struct item items[PARALLEL_MAX] = {{.times = 0}};
	struct crypto *c = crypto_new();
	struct parallel *p = parallel_new(c, PARALLEL_MAX);
	struct parallel_ops ops = parallel_ops(p);
	pthread_barrier_t all;
	size_t i, k, ours = 0;

	(void)state;
	assert_int_equal(pthread_barrier_init(&all, NULL, PARALLEL_MAX), 0);
	for (i = 0; i < PARALLEL_MAX; i++)
		items[i].all = &all;
	ops.begin(ops.arg, compute, items, sizeof(items[0]), PARALLEL_MAX);
	ops.finish(ops.arg);
	for (i = 0; i < PARALLEL_MAX; i++) {
		assert_int_equal(items[i].times, 1);
		ours += items[i].by == c;
		for (k = 0; k < i; k++)
			assert_ptr_not_equal(items[i].by, items[k].by);
	}
	assert_int_equal(ours, 1);
	parallel_free(p);
	pthread_barrier_destroy(&all);
	crypto_free(c);
}

static void test_unused(void **state)
{
	struct crypto *c = crypto_new();

	(void)state;
	parallel_free(parallel_new(c, 0));
	parallel_free(NULL);
	crypto_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_once),
	    cmocka_unit_test(test_at_once),
	    cmocka_unit_test(test_unused),
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
