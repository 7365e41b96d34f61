/* Whom a turn writes to: who has little comes at once, who has much waits, and
 * nobody is held up for ever. */
#include "server/order.h"
#include "tests/unit/check.h"

enum { READERS = 64, PAGE = 40000 };

struct hall {
	struct order order;
	struct outq q[READERS];
};

static void hall_up(struct hall *h)
{
	size_t i;

	order_init(&h->order);
	for (i = 0; i < READERS; i++)
		outq_init(&h->q[i], &h->order.ready);
}

static void hall_down(struct hall *h)
{
	size_t i;

	for (i = 0; i < READERS; i++)
		outq_free(&h->q[i]);
	assert_true(order_empty(&h->order));
}

static void say(struct hall *h, size_t first, size_t n, size_t bytes)
{
	static const uint8_t text[PAGE];
	struct packet *p = packet_group(text, bytes);
	size_t i;

	assert_non_null(p);
	for (i = first; i < first + n; i++)
		assert_int_equal(outq_put(&h->q[i], p), 0);
	packet_unref(p);
}

/* As if it had been written: what was queued is let go of. */
static size_t written(struct hall *h, struct outq *q)
{
	size_t i = (size_t)(q - h->q);

	outq_free(q);
	outq_init(q, &h->order.ready);
	return i;
}

static void test_little_first(void **state)
{
	struct hall h;
	struct outq *q;
	size_t i;

	(void)state;
	hall_up(&h);
	assert_true(order_empty(&h.order));
	say(&h, 0, 4, PAGE);
	say(&h, 4, 4, 100);
	order_begin(&h.order);
	for (i = 0; i < 8; i++) {
		assert_false(order_empty(&h.order));
		assert_non_null(q = order_next(&h.order, 5));
		assert_int_equal(written(&h, q), (i + 4) % 8);
	}
	assert_null(order_next(&h.order, 5));
	hall_down(&h);
}

/* A page for everybody is under way: who has had it hears what is said at once,
 * and the others with their page. */
static void test_a_page_for_all(void **state)
{
	struct hall h;
	struct outq *q;
	size_t first, i, n;

	(void)state;
	hall_up(&h);
	say(&h, 0, READERS, PAGE);
	order_begin(&h.order);
	for (first = 0; (q = order_next(&h.order, 1)) != NULL; first++)
		assert_int_equal(written(&h, q), first);
	/* As much as a turn has, and not a reader more. */
	assert_int_equal(first,
	    (ORDER_BULK + PAGE + WIRE_FRAME_HEAD) / (PAGE + WIRE_FRAME_HEAD));
	assert_true(first < READERS / 2);
	assert_false(order_empty(&h.order));
	assert_true(order_behind(&h.order));

	say(&h, 0, READERS, 100);
	order_begin(&h.order);
	for (i = 0; i < first; i++) {
		assert_non_null(q = order_next(&h.order, 2));
		assert_int_equal(written(&h, q), i);
	}
	for (n = first; n < READERS; order_begin(&h.order))
		while ((q = order_next(&h.order, 2)) != NULL) {
			assert_int_equal(q->count, 2);
			assert_int_equal(written(&h, q), n++);
		}
	assert_false(order_behind(&h.order));
	hall_down(&h);
}

/* Even where those who have little would fill every turn. */
static void test_nobody_waits_for_ever(void **state)
{
	struct hall h;
	struct outq *q;
	size_t n = 0;

	(void)state;
	hall_up(&h);
	say(&h, 0, READERS, PAGE);
	order_begin(&h.order);
	while ((q = order_next(&h.order, 100)) != NULL)
		n += written(&h, q) < READERS;
	order_begin(&h.order);
	while ((q = order_next(&h.order, 100 + ORDER_WAIT_MS - 1)) != NULL)
		n += written(&h, q) < READERS;
	assert_true(n < READERS);
	order_begin(&h.order);
	while ((q = order_next(&h.order, 100 + ORDER_WAIT_MS)) != NULL)
		n += written(&h, q) < READERS;
	assert_int_equal(n, READERS);
	hall_down(&h);
}

/* What comes while a turn goes on is the next one's; who goes while it waits
 * leaves the others where they were. */
static void test_coming_and_going(void **state)
{
	struct hall h;
	struct outq *q;

	(void)state;
	hall_up(&h);
	say(&h, 0, 1, 100);
	order_begin(&h.order);
	q = order_next(&h.order, 0);
	assert_ptr_equal(q, &h.q[0]);
	(void)written(&h, q);
	say(&h, 0, 1, 100);
	assert_null(order_next(&h.order, 0));
	assert_false(order_empty(&h.order));

	say(&h, 1, 40, PAGE);
	order_begin(&h.order);
	while ((q = order_next(&h.order, 0)) != NULL)
		(void)written(&h, q);
	(void)written(&h, &h.q[30]);
	(void)written(&h, &h.q[40]); /* the last of those who wait */
	say(&h, 40, 1, PAGE);
	order_begin(&h.order);
	while ((q = order_next(&h.order, ORDER_WAIT_MS)) != NULL)
		assert_int_not_equal(written(&h, q), 30);
	order_begin(&h.order);
	q = order_next(&h.order, ORDER_WAIT_MS);
	assert_ptr_equal(q, &h.q[40]); /* it has come anew */
	(void)written(&h, q);
	assert_true(order_empty(&h.order));
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
