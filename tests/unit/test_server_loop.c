/* Small parts of the loop: timers, the rate limit, and the detection of other
 * protocols. */
#include "server/net/ratelimit.h"
#include "server/auth/detect.h"
#include "server/net/timer.h"
#include "tests/unit/check.h"

enum { TIMERS = 500, BURST_S = 5 };

struct alarm {
	struct timer t; /* must be the first member */
	struct timers *h;
	unsigned fired;
	uint64_t again_ms;
};

static void alarm_ring(struct timer *t)
{
	struct alarm *a = (struct alarm *)t;

	a->fired++;
	if (a->again_ms != 0)
		timer_set(a->h, t, a->again_ms);
}

static void test_timers_in_order(void **state)
{
	static struct alarm a[TIMERS];
	struct timers h;
	uint64_t seed = 88172645463325252u, now, at;
	size_t i, due;

	(void)state;
	timers_init(&h);
	assert_int_equal(timers_reserve(&h, TIMERS), 0);
	assert_int_equal(timers_next(&h), TIMER_NEVER);
	for (i = 0; i < TIMERS; i++) {
		a[i] = (struct alarm){.t.fn = alarm_ring, .h = &h};
		timer_set(&h, &a[i].t, check_random(&seed) % 1000);
	}
	for (i = 0; i < TIMERS; i += 3) /* some are moved, some stopped */
		timer_set(&h, &a[i].t, check_random(&seed) % 1000);
	for (i = 0; i < TIMERS; i += 7) {
		timer_stop(&h, &a[i].t);
		timer_stop(&h, &a[i].t);
	}
	for (now = 0; now <= 1000; now += 10) {
		at = timers_next(&h);
		assert_true(at == TIMER_NEVER || now < 10 || at > now - 10);
		timers_run(&h, now);
		for (i = 0; i < TIMERS; i++) {
			due = i % 7 != 0 && a[i].t.at_ms <= now;
			assert_int_equal(a[i].fired, due);
			assert_int_equal(a[i].t.place != 0, i % 7 != 0 && !due);
		}
	}
	assert_int_equal(h.n, 0);
	timers_free(&h);
}

static void test_timer_that_sets_itself(void **state)
{
	struct timers h;
	struct alarm a = {.t.fn = alarm_ring, .h = &h, .again_ms = 5};

	(void)state;
	timers_init(&h);
	assert_int_equal(timers_reserve(&h, 1), 0);
	timer_set(&h, &a.t, 1);
	timers_run(&h, 10); /* a past timer waits for the next run */
	assert_int_equal(a.fired, 1);
	assert_int_equal(timers_next(&h), 5);
	timers_free(&h);
}

static void test_rate(void **state)
{
	struct ratelimit r;
	uint64_t now = 1000;
	unsigned n = 0;

	(void)state;
	ratelimit_init(&r, 3, 3 * BURST_S, now);
	while (ratelimit_take(&r, 1, now))
		n++;
	assert_int_equal(n, 3 * BURST_S);
	assert_int_equal(ratelimit_next(&r, 1, now), now + 334);
	assert_false(ratelimit_take(&r, 1, now + 333));
	now = ratelimit_next(&r, 1, now + 333);
	assert_true(ratelimit_take(&r, 1, now));
	assert_false(ratelimit_take(&r, 1, now));
	/* The long-run rate is exact, however often the caller asks. */
	for (n = 0; now < 1334 + 100000; now++)
		n += ratelimit_take(&r, 1, now);
	assert_in_range(n, 299, 301);
	/* A long pause fills the bucket to the burst, not beyond. */
	now += UINT64_C(1) << 50;
	for (n = 0; ratelimit_take(&r, 1, now); n++)
		;
	assert_int_equal(n, 3 * BURST_S);
}

static void test_rate_extremes(void **state)
{
	struct ratelimit r;
	unsigned i;

	(void)state;
	ratelimit_init(&r, 0, 0, 0);
	for (i = 0; i < 1000; i++)
		assert_true(ratelimit_take(&r, 1, 0));
	assert_int_equal(ratelimit_next(&r, 1, 7), 7);
	ratelimit_init(&r, UINT32_MAX, UINT64_C(1) << 53, 0);
	for (i = 0; i < 1000; i++)
		assert_true(ratelimit_take(&r, 1, i % 2 ? UINT64_MAX : 0));
	ratelimit_init(&r, 1, BURST_S, 0);
	for (i = 0; i < BURST_S; i++)
		assert_true(ratelimit_take(&r, 1, 0));
	assert_int_equal(ratelimit_next(&r, 1, 0), 1000);
}

static void test_sniff(void **state)
{
	static const struct {
		const char *first, *name;
	} known[] = {{"\x16\x03\x01\x02", "TLS"}, {"GET /", "HTTP"},
	    {"HEAD /", "HTTP"}, {"POST /", "HTTP"}, {"PUT /", "HTTP"},
	    {"OPTIONS", "HTTP"}, {"PRI * HTTP/2.0", "HTTP/2"},
	    {"SSH-2.0-x", "SSH"}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const uint8_t *p = (const uint8_t *)known[i].first;
		const struct detect *is = detect_first(p, DETECT_BYTES);

		assert_non_null(is);
		assert_string_equal(is->name, known[i].name);
		assert_null(detect_first(p, 1));
	}
	assert_null(detect_first((const uint8_t *)"\0\0\0\x42", 4));
	assert_null(detect_first((const uint8_t *)"get ", 4));
	assert_null(detect_first(NULL, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_timers_in_order),
	    cmocka_unit_test(test_timer_that_sets_itself),
	    cmocka_unit_test(test_rate),
	    cmocka_unit_test(test_rate_extremes),
	    cmocka_unit_test(test_sniff),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
