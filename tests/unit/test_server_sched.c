/* Which connections a loop step writes to: those with little queued at once,
 * large backlogs later, and none waits forever. */
#include "server/net/sched.h"
#include "tests/unit/check.h"

enum { READERS = 64, PAGE = 40000 };

struct hall {
	struct crypto *crypto;
	struct sched sched;
	struct outq q[READERS];
};

static void hall_up(struct hall *h)
{
	size_t i;

	h->crypto = crypto_new();
	assert_non_null(h->crypto);
	sched_init(&h->sched);
	for (i = 0; i < READERS; i++)
		outq_init(&h->q[i], &h->sched.ready);
}

static void hall_down(struct hall *h)
{
	size_t i;

	for (i = 0; i < READERS; i++)
		outq_free(&h->q[i]);
	assert_true(sched_empty(&h->sched));
	crypto_free(h->crypto);
}

static void say(struct hall *h, size_t first, size_t n, size_t bytes)
{
	static const uint8_t text[PAGE];
	struct frame *p = frame_group(h->crypto, text, bytes, NULL);
	size_t i;

	assert_non_null(p);
	for (i = first; i < first + n; i++)
		assert_int_equal(outq_put(&h->q[i], p), 0);
	frame_unref(p);
}

/* Simulates a write: empties the queue. */
static size_t written(struct hall *h, struct outq *q)
{
	size_t i = (size_t)(q - h->q);

	outq_free(q);
	outq_init(q, &h->sched.ready);
	return i;
}

/* Number of pages that fit into this many bytes of a step. */
static size_t share(size_t bytes)
{
	const size_t each = SCHED_EACH + WIRE_FRAME_HEAD + PAGE + OUTQ_OVERHEAD;

	return (bytes + each - 1) / each;
}

static void test_little_first(void **state)
{
	struct hall h;
	struct outq *q;
	size_t i;

	(void)state;
	hall_up(&h);
	assert_true(sched_empty(&h.sched));
	say(&h, 0, 4, PAGE);
	say(&h, 4, 4, 100);
	sched_begin(&h.sched);
	for (i = 0; i < 8; i++) {
		assert_false(sched_empty(&h.sched));
		assert_non_null(q = sched_next(&h.sched, 5));
		assert_int_equal(written(&h, q), (i + 4) % 8);
	}
	assert_null(sched_next(&h.sched, 5));
	hall_down(&h);
}

/* A page is queued for every member. Members that already have it get a new
 * message at once; the others get it with their page. */
static void test_a_page_for_all(void **state)
{
	struct hall h;
	struct outq *q;
	size_t first, i, n;

	(void)state;
	hall_up(&h);
	say(&h, 0, READERS, PAGE);
	sched_begin(&h.sched);
	for (first = 0; (q = sched_next(&h.sched, 1)) != NULL; first++)
		assert_int_equal(written(&h, q), first);
	/* Exactly as many readers as the step's byte limit allows. */
	assert_int_equal(first, share(SCHED_BULK));
	assert_true(first < READERS / 2);
	assert_false(sched_empty(&h.sched));
	assert_true(sched_behind(&h.sched));

	say(&h, 0, READERS, 100);
	sched_begin(&h.sched);
	for (i = 0; i < first; i++) {
		assert_non_null(q = sched_next(&h.sched, 2));
		assert_int_equal(written(&h, q), i);
	}
	for (n = first; n < READERS; sched_begin(&h.sched))
		while ((q = sched_next(&h.sched, 2)) != NULL) {
			assert_int_equal(q->count, 2);
			assert_int_equal(written(&h, q), n++);
		}
	assert_false(sched_behind(&h.sched));
	hall_down(&h);
}

/* Runs a step in which all members but the first `n` have a little queued.
 * Returns the number of large backlogs written. */
static size_t busy_turn(struct hall *h, size_t n, uint64_t now_ms)
{
	struct outq *q;
	size_t bulk = 0;

	say(h, n, READERS - n, 100);
	sched_begin(&h->sched);
	while ((q = sched_next(&h->sched, now_ms)) != NULL)
		bulk += written(h, q) < n;
	return bulk;
}

/* Backlogs that have waited long get as much of a step as small queues. */
static void test_nobody_waits_for_ever(void **state)
{
	const size_t n = READERS - 24;
	size_t more = share(24 * (SCHED_EACH + 100)), all = 0, rekeys;
	struct hall h;

	(void)state;
	hall_up(&h);
	say(&h, 0, n, PAGE);
	assert_int_equal(busy_turn(&h, n, 100), share(SCHED_BULK));
	all += share(SCHED_BULK);
	assert_int_equal(
	    busy_turn(&h, n, 100 + SCHED_WAIT_MS - 1), share(SCHED_BULK));
	all += share(SCHED_BULK);
	assert_true(more > 0);
	assert_true(all + share(SCHED_BULK) + more < n);
	assert_int_equal(
	    busy_turn(&h, n, 100 + SCHED_WAIT_MS), share(SCHED_BULK) + more);
	all += share(SCHED_BULK) + more;
	for (rekeys = 0; all < n && rekeys < 2; rekeys++)
		all += busy_turn(&h, n, 100 + 2 * SCHED_WAIT_MS);
	assert_int_equal(all, n);
	/* Without small queues, backlogs get only their share, so that a new
	 * message still fits. */
	say(&h, 0, n, PAGE);
	assert_int_equal(busy_turn(&h, READERS, 200), share(SCHED_BULK));
	assert_int_equal(busy_turn(&h, READERS, 300), share(SCHED_BULK));
	hall_down(&h);
}

/* A queue that is filled during a step waits for the next one. Freeing a
 * waiting queue does not move the others. */
static void test_coming_and_going(void **state)
{
	struct hall h;
	struct outq *q;
	size_t last = 0, i;

	(void)state;
	hall_up(&h);
	say(&h, 0, 1, 100);
	sched_begin(&h.sched);
	q = sched_next(&h.sched, 0);
	assert_ptr_equal(q, &h.q[0]);
	(void)written(&h, q);
	say(&h, 0, 1, 100);
	assert_null(sched_next(&h.sched, 0));
	assert_false(sched_empty(&h.sched));

	say(&h, 1, 40, PAGE);
	sched_begin(&h.sched);
	while ((q = sched_next(&h.sched, 0)) != NULL)
		(void)written(&h, q);
	(void)written(&h, &h.q[30]);
	(void)written(&h, &h.q[40]); /* the last one in the waiting list */
	say(&h, 40, 1, PAGE);
	sched_begin(&h.sched);
	for (i = 0; i < 40 && !sched_empty(&h.sched); i++) {
		while ((q = sched_next(&h.sched, 1)) != NULL) {
			last = written(&h, q);
			assert_int_not_equal(last, 30);
		}
		sched_begin(&h.sched);
	}
	assert_int_equal(last, 40); /* it was queued again */
	assert_true(sched_empty(&h.sched));
	hall_down(&h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_little_first),
	    cmocka_unit_test(test_a_page_for_all),
	    cmocka_unit_test(test_nobody_waits_for_ever),
	    cmocka_unit_test(test_coming_and_going),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
