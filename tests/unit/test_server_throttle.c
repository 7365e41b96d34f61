/* The rules for password guesses of section 2, with a simulated clock. */
#include <sys/un.h>

#include "shared/wire/bytes.h"
#include "tests/unit/throttle_sim.h"

/* --- rules ------------------------------------------------------------- */

/* Five confirms are open and the sixth attempt waits. Each one that ends starts
 * a waiting one. */
static void test_five_open(void **state)
{
	struct sim *s = sim_new(100, 100);
	enum throttle_answer a;
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(come(s, i, "192.0.2.1"), THROTTLE_GO);
	for (i = 5; i < 8; i++)
		assert_int_equal(come(s, i, "192.0.2.1"), THROTTLE_WAIT);
	assert_int_equal(ready(s, &a), -1);
	/* another address is not delayed */
	assert_int_equal(come(s, 8, "192.0.2.2"), THROTTLE_GO);

	proved(s, 2);
	assert_int_equal(ready(s, &a), 5);
	assert_int_equal(a, THROTTLE_GO);
	assert_int_equal(ready(s, &a), -1);
	/* attempts are served in order */
	assert_int_equal(come(s, 9, "192.0.2.1"), THROTTLE_WAIT);
	leave(s, 0); /* counts as a failure */
	assert_int_equal(ready(s, &a), 6);
	assert_int_equal(a, THROTTLE_GO);
	assert_int_equal(ready(s, &a), -1);
	/* a waiting attempt ends */
	leave(s, 7);
	assert_int_equal(ready(s, &a), -1);
	proved(s, 1);
	assert_int_equal(ready(s, &a), 9);
	assert_int_equal(a, THROTTLE_GO);
	assert_int_equal(ready(s, &a), -1);
	assert_int_equal(failures_of(s->g, &s->t[9], s->now), 1);
	sim_free(s);
}

/* A newcomer's share does not overtake an attempt that still waits. */
static void test_no_overtaking(void **state)
{
	struct sim *s = sim_new(100, 100);
	enum throttle_answer a;
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(come(s, i, "192.0.2.1"), THROTTLE_GO);
	assert_int_equal(come(s, 5, "192.0.2.1"), THROTTLE_WAIT);
	proved(s, 0);
	assert_int_equal(come(s, 6, "192.0.2.1"), THROTTLE_WAIT);
	assert_int_equal(ready(s, &a), 5);
	assert_int_equal(ready(s, &a), -1);
	sim_free(s);
}

/* The pause after the n-th failure, to the millisecond. */
struct pause {
	int failures;
	uint64_t ms; /* 0: none */
};
static const struct pause pauses[] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0},
    {5, 1000}, {6, 2000}, {7, 4000}, {8, 8000}, {9, 16000}, {10, 32000},
    {11, 60000}, {12, 60000}, {13, 60000}};

static void test_pause(void **state)
{
	const struct pause *p = *state;
	struct sim *s = sim_new(100, 100);
	const char *from = "192.0.2.1";

	guess_wrong_times(s, p->failures, from);
	if (p->ms > 0) {
		assert_int_equal(come(s, 0, from), THROTTLE_LATER);
		leave(s, 0); /* does not count as a failure */
		s->now += p->ms - 1;
		assert_int_equal(come(s, 0, from), THROTTLE_LATER);
		leave(s, 0);
		s->now += 1;
	}
	assert_int_equal(come(s, 0, from), THROTTLE_GO);
	/* from here on one at a time */
	assert_int_equal(
	    come(s, 1, from), p->ms > 0 ? THROTTLE_WAIT : THROTTLE_GO);
	sim_free(s);
}

/* The longest pause is a setting: so many guesses a minute in the long run, or
 * no pauses at all. */
static void test_longest_pause(void **state)
{
	static const uint32_t longest_ms[] = {15000, 100, 0};
	struct throttle_limits l = {.exchanges_max = 8, .addresses_max = 9};
	struct sim *s = sim_new(8, 9);
	const char *from = "192.0.2.1";
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		throttle_free(s->g);
		l.pause_max_ms = longest_ms[i];
		s->g = throttle_new(&l);
		assert_non_null(s->g);
		guess_wrong_times(s, 14, from);
		if (longest_ms[i] > 0) {
			s->now += longest_ms[i] - 1;
			assert_int_equal(come(s, 0, from), THROTTLE_LATER);
			leave(s, 0);
			s->now += 1;
		}
		assert_int_equal(come(s, 0, from), THROTTLE_GO);
		leave(s, 0);
	}
	sim_free(s);
}

/* After the pause, one attempt at a time: a proof starts the next one, a
 * failure rejects all waiting attempts. */
static void test_one_at_a_time(void **state)
{
	struct sim *s = sim_new(100, 100);
	const char *from = "192.0.2.1";
	enum throttle_answer a;

	(void)state;
	guess_wrong_times(s, 5, from);
	s->now += 1000;
	assert_int_equal(come(s, 0, from), THROTTLE_GO);
	assert_int_equal(come(s, 1, from), THROTTLE_WAIT);
	assert_int_equal(come(s, 2, from), THROTTLE_WAIT);
	assert_int_equal(come(s, 3, from), THROTTLE_WAIT);
	assert_int_equal(ready(s, &a), -1);
	proved(s, 0);
	assert_int_equal(ready(s, &a), 1);
	assert_int_equal(a, THROTTLE_GO);
	assert_int_equal(ready(s, &a), -1);
	/* a success does not clear the failures */
	assert_int_equal(failures_of(s->g, &s->t[1], s->now), 5);
	leave(s, 1);
	assert_int_equal(ready(s, &a), 2);
	assert_int_equal(a, THROTTLE_LATER);
	assert_int_equal(ready(s, &a), 3);
	assert_int_equal(a, THROTTLE_LATER);
	assert_int_equal(ready(s, &a), -1);
	assert_int_equal(failures_of(s->g, &s->t[2], s->now), 6);
	leave(s, 2);
	leave(s, 3);
	/* the pause of the sixth failure is two seconds, counted from that
	 * failure */
	s->now += 1999;
	assert_int_equal(come(s, 4, from), THROTTLE_LATER);
	assert_int_equal(failures_of(s->g, &s->t[4], s->now), 6);
	sim_free(s);
}

/* Failures count for ten minutes, each on its own. */
static void test_window(void **state)
{
	struct sim *s = sim_new(100, 100);
	const char *from = "192.0.2.1";
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		guess_wrong(s, from);
		s->now += MINUTE;
	}
	/* the first failure was at START, the last one four minutes later */
	s->now = START + 10 * MINUTE - 1;
	assert_null(enter(s, 0, from));
	assert_int_equal(failures_of(s->g, &s->t[0], s->now), 5);
	s->now++;
	assert_int_equal(failures_of(s->g, &s->t[0], s->now), 4);
	/* five at once again */
	assert_int_equal(share(s, 0), THROTTLE_GO);
	assert_int_equal(come(s, 1, from), THROTTLE_GO);
	s->now = START + 14 * MINUTE - 1;
	assert_int_equal(failures_of(s->g, &s->t[0], s->now), 1);
	s->now++;
	assert_int_equal(failures_of(s->g, &s->t[0], s->now), 0);
	sim_free(s);
}

/* Only an open confirm can count as a failure. */
static void test_what_fails(void **state)
{
	struct sim *s = sim_new(100, 100);
	const char *from = "192.0.2.1";
	enum throttle_answer a;
	int i;

	(void)state;
	assert_null(enter(s, 0, from)); /* keeps the address in memory */
	assert_null(enter(s, 1, from)); /* before any share */
	leave(s, 1);
	assert_int_equal(failures_of(s->g, &s->t[0], s->now), 0);
	assert_int_equal(come(s, 1, from), THROTTLE_GO);
	proved(s, 1);
	leave(s, 1); /* after the proof */
	assert_int_equal(failures_of(s->g, &s->t[0], s->now), 0);
	for (i = 1; i < 6; i++)
		assert_int_equal(come(s, i, from), THROTTLE_GO);
	assert_int_equal(come(s, 6, from), THROTTLE_WAIT);
	leave(s, 6); /* while waiting */
	assert_int_equal(failures_of(s->g, &s->t[0], s->now), 0);
	leave(s, 1);
	leave(s, 1); /* counts once */
	assert_int_equal(failures_of(s->g, &s->t[0], s->now), 1);
	assert_int_equal(ready(s, &a), -1);
	leave(s, 7); /* never entered */
	assert_int_equal(s->g->n_attempts, 5);
	sim_free(s);
}

/* Each thread reads the clock once per loop step. A failure that another thread
 * has counted since must not look very old to a thread whose clock is
 * behind. */
static void test_behind(void **state)
{
	const char *from = "192.0.2.1";
	struct sim *s = sim_new(100, 100);
	uint64_t i;

	(void)state;
	guess_wrong_times(s, 7, from);
	for (i = 1; i < 50; i++) {
		s->now -= i; /* this thread's step started i ms ago */
		assert_int_equal(come(s, 0, from), THROTTLE_LATER);
		assert_int_equal(failures_of(s->g, &s->t[0], s->now), 7);
		leave(s, 0);
		s->now += i;
	}
	/* The pause counts from the failure and did not get longer. */
	s->now += 3999;
	assert_int_equal(come(s, 0, from), THROTTLE_LATER);
	leave(s, 0);
	s->now++;
	assert_int_equal(come(s, 0, from), THROTTLE_GO);
	sim_free(s);
}

/* An address without other failures is not forgotten either. */
static void test_behind_is_not_forgotten(void **state)
{
	struct sim *s = sim_new(100, 100);

	(void)state;
	guess_wrong_times(s, 5, "192.0.2.1");
	s->now--;
	assert_null(enter(s, 0, "192.0.2.2"));
	assert_int_equal(come(s, 1, "192.0.2.1"), THROTTLE_LATER);
	assert_int_equal(failures_of(s->g, &s->t[1], s->now), 5);
	sim_free(s);
}

/* --- what counts as one address ----------------------------------------- */

struct pair {
	const char *a, *b;
	bool same;
};
static const struct pair pairs[] = {
    {"192.0.2.1", "192.0.2.1", true},
    {"192.0.2.1", "192.0.2.2", false},
    {"192.0.2.1", "::ffff:192.0.2.1", true},
    {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
    {"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
    {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
    {"::1", "127.0.0.1", false},
    {"::1", "::2", true},
    {"::192.0.2.1", "192.0.2.1", false},
};

static void test_pair(void **state)
{
	const struct pair *p = *state;
	struct sim *s = sim_new(100, 100);

	guess_wrong_times(s, 5, p->a);
	assert_int_equal(
	    come(s, 0, p->b), p->same ? THROTTLE_LATER : THROTTLE_GO);
	sim_free(s);
}

static void test_unix_users(void **state)
{
	struct sim *s = sim_new(100, 100);
	const struct sockaddr_un sun = {.sun_family = AF_UNIX};
	static const unsigned uids[] = {1000, 1001, 1000};
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		enter_sa(s, i, (const void *)&sun, uids[i]);
	assert_ptr_equal(s->t[0].address, s->t[2].address);
	assert_ptr_not_equal(s->t[0].address, s->t[1].address);
	sim_free(s);
}

/* Addresses take turns, however many attempts wait at one. */
static void test_turns(void **state)
{
	struct sim *s = sim_new(100, 100);
	static const int sched[] = {5, 25, 6, 7, 8, 9};
	enum throttle_answer a;
	size_t k;
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		come(s, i, "192.0.2.1");
	for (i = 20; i < 26; i++)
		come(s, i, "192.0.2.2");
	for (i = 0; i < 5; i++)
		proved(s, i);
	proved(s, 20);
	for (k = 0; k < sizeof(sched) / sizeof(sched[0]); k++) {
		assert_int_equal(ready(s, &a), sched[k]);
		assert_int_equal(a, THROTTLE_GO);
	}
	assert_int_equal(ready(s, &a), -1);
	sim_free(s);
}

/* An answer goes to the thread of the attempt, and wakes it. */
static unsigned woken[THROTTLE_WORKERS];

static void wake(void *arg, unsigned home)
{
	assert_ptr_equal(arg, woken);
	woken[home]++;
}

static void test_homes(void **state)
{
	const struct throttle_limits l = {.exchanges_max = 7,
	    .addresses_max = 10,
	    .wake = wake,
	    .arg = woken};
	struct sim *s = sim_new(1, 1);
	struct sockaddr_storage ss;
	enum throttle_answer a;
	int i;

	(void)state;
	throttle_free(s->g);
	s->g = throttle_new(&l);
	assert_non_null(s->g);
	parse(&ss, "192.0.2.1");
	for (i = 0; i < 7; i++) {
		s->t[i].home = (unsigned)i % 2;
		enter_sa(s, i, (const void *)&ss, 0);
		assert_int_equal(
		    share(s, i), i < 5 ? THROTTLE_GO : THROTTLE_WAIT);
	}
	proved(s, 0);
	assert_ptr_equal(throttle_ready(s->g, 1, s->now, &a), &s->t[5]);
	assert_int_equal(woken[0] + woken[1], 0); /* its own attempt */
	proved(s, 1);
	assert_null(throttle_ready(s->g, 1, s->now, &a));
	assert_int_equal(woken[0], 1);
	assert_ptr_equal(throttle_ready(s->g, 0, s->now, &a), &s->t[6]);
	/* Two more fit; the third exceeds the limit, and evicts itself or the
	 * oldest early one, which belongs to thread 1. */
	for (i = 7; i < 9; i++) {
		s->t[i].home = 1;
		enter_sa(s, i, (const void *)&ss, 0);
	}
	for (i = 9; s->t[7].state != ATTEMPT_OUT && i < ATTEMPTS; i++) {
		assert_int_equal(woken[1], 0);
		enter_sa(s, i, (const void *)&ss, 0);
		if (s->t[7].state != ATTEMPT_OUT)
			assert_ptr_equal(
			    throttle_ready(s->g, 0, s->now, &a), &s->t[i]);
	}
	assert_int_equal(woken[1], 1);
	assert_null(throttle_ready(s->g, 0, s->now, &a));
	assert_ptr_equal(throttle_ready(s->g, 1, s->now, &a), &s->t[7]);
	assert_int_equal(a, THROTTLE_EVICTED);
	/* An attempt that leaves before it is called gets no answer. */
	for (; s->t[8].state != ATTEMPT_OUT && i < ATTEMPTS; i++) {
		enter_sa(s, i, (const void *)&ss, 0);
		leave(s, i);
	}
	assert_int_equal(woken[1], 2);
	leave(s, 8);
	assert_null(throttle_ready(s->g, 1, s->now, &a));
	throttle_free(s->g);
	free(s);
}

/* An attempt that waited, became ready and left is not called. Its address is
 * not touched after it has been forgotten. */
static void test_ready_then_gone(void **state)
{
	struct sim *s = sim_new(100, 100);
	enum throttle_answer a;
	int i;

	(void)state;
	for (i = 0; i < 6; i++)
		come(s, i, "192.0.2.1");
	for (i = 0; i < 5; i++)
		proved(s, i);
	leave(s, 5);
	assert_int_equal(s->g->n_addresses, 0);
	assert_int_equal(ready(s, &a), -1);
	sim_free(s);
}

/* An address without failures is forgotten when its last attempt ends. Failures
 * are kept for ten minutes, and the table never exceeds its limit. */
static void test_forgetting(void **state)
{
	struct sim *s = sim_new(4, 8);
	char from[32];
	int i;

	(void)state;
	assert_int_equal(come(s, 0, "192.0.2.1"), THROTTLE_GO);
	assert_int_equal(s->g->n_addresses, 1);
	proved(s, 0);
	assert_int_equal(s->g->n_addresses, 0);
	for (i = 0; i < 50; i++) {
		snprintf(from, sizeof(from), "10.0.0.%d", i);
		guess_wrong(s, from);
		assert_in_range(s->g->n_addresses, 1, 8);
	}
	/* the newest eight remain; the longest idle ones were forgotten */
	assert_null(enter(s, 0, "10.0.0.49"));
	assert_int_equal(failures_of(s->g, &s->t[0], s->now), 1);
	assert_null(enter(s, 1, "10.0.0.0"));
	assert_int_equal(failures_of(s->g, &s->t[1], s->now), 0);
	leave(s, 0);
	leave(s, 1);
	s->now += 10 * MINUTE;
	for (i = 0; i < 8; i++) {
		assert_null(enter(s, 0, "192.0.2.1"));
		leave(s, 0);
	}
	assert_int_equal(s->g->n_addresses, 0);
	sim_free(s);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	check_add(&g, test_five_open, NULL, "five open, others wait");
	check_add(&g, test_no_overtaking, NULL, "no overtaking");
	for (i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++)
		check_add(&g, test_pause, (void *)(uintptr_t)&pauses[i],
		    "pause after %d failures", pauses[i].failures);
	check_add(&g, test_one_at_a_time, NULL, "one at a time");
	check_add(&g, test_window, NULL, "ten minutes");
	check_add(&g, test_what_fails, NULL, "what is a failure");
	check_add(&g, test_behind, NULL, "a clock that is behind");
	check_add(&g, test_behind_is_not_forgotten, NULL,
	    "a clock that is behind, and who is forgotten");
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		check_add(&g, test_pair, (void *)(uintptr_t)&pairs[i],
		    "%s and %s", pairs[i].a, pairs[i].b);
	check_add(&g, test_unix_users, NULL, "users of a Unix socket");
	check_add(&g, test_longest_pause, NULL, "the longest pause");
	check_add(&g, test_turns, NULL, "addresses take turns");
	check_add(&g, test_ready_then_gone, NULL, "ready, then gone");
	check_add(&g, test_homes, NULL, "answers go home");
	check_add(&g, test_forgetting, NULL, "forgetting");
	return check_run("gate", &g);
}
