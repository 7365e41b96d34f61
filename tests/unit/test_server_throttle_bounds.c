/* The bounds of the throttle: which attempt is evicted when too many come, and a
 * long random run against a model of all rules. */
#include "tests/unit/throttle_sim.h"

static unsigned early_of(const struct sim *s, int i)
{
	return s->t[i].address->n_early;
}

/* At the limit, an early attempt of an address with the most is evicted. Never
 * one whose confirm is out, and never as a failure. */
static void test_eviction(void **state)
{
	struct sim *s = sim_new(6, 100);
	struct throttle_attempt *t;

	(void)state;
	assert_null(enter(s, 0, "192.0.2.1"));
	assert_null(enter(s, 1, "192.0.2.2"));
	assert_null(enter(s, 2, "192.0.2.2"));
	assert_null(enter(s, 3, "192.0.2.2"));
	assert_null(enter(s, 4, "192.0.2.3"));
	assert_null(enter(s, 5, "192.0.2.3"));
	assert_int_equal(share(s, 1), THROTTLE_GO);
	assert_int_equal(early_of(s, 2), 2);
	/* .2 and .3 have two early ones each */
	t = enter(s, 6, "192.0.2.4");
	assert_true(t >= &s->t[2] && t <= &s->t[5]);
	assert_int_equal(t->state, ATTEMPT_OUT);
	t = enter(s, 7, "192.0.2.5");
	assert_true(t >= &s->t[2] && t <= &s->t[5]);
	assert_int_equal(s->g->n_attempts, 6);
	/* Now all have one; still not the open one. */
	for (int i = 8; i < 60; i++) {
		t = enter(s, i, "192.0.2.9");
		assert_ptr_not_equal(t, &s->t[1]);
		assert_int_equal(s->g->n_attempts, 6);
	}
	assert_int_equal(s->t[1].state, ATTEMPT_OPEN);
	assert_int_equal(failures_of(s->g, &s->t[1], s->now), 0);
	leave(s, (int)(t - s->t)); /* it was already evicted */
	assert_int_equal(s->g->n_attempts, 6);
	sim_free(s);
}

/* With every place taken by open guesses a newcomer evicts itself. */
static void test_eviction_all_open(void **state)
{
	struct sim *s = sim_new(3, 100);
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(come(s, i, "192.0.2.1"), THROTTLE_GO);
	for (i = 3; i < 20; i++)
		assert_ptr_equal(enter(s, i, "192.0.2.2"), &s->t[i]);
	assert_int_equal(s->g->n_attempts, 3);
	sim_free(s);
}

/* One address cannot keep others out: it evicts its own attempts, the oldest
 * or the newest. */
static void test_eviction_own(void **state)
{
	struct sim *s = sim_new(4, 100);
	unsigned oldest = 0, newest = 0;
	struct throttle_attempt *t;
	int i;

	(void)state;
	assert_null(enter(s, 60, "192.0.2.9"));
	for (i = 0; i < 3; i++)
		assert_null(enter(s, i, "192.0.2.1"));
	for (i = 3; i < 50; i++) {
		t = enter(s, i, "192.0.2.1");
		oldest += t < &s->t[i];
		newest += t == &s->t[i];
		assert_true(t < &s->t[i] || t == &s->t[i]);
	}
	/* Chance of a false alarm: 2^-46. */
	assert_true(oldest > 0 && newest > 0);
	assert_int_equal(s->t[60].state, ATTEMPT_IN);
	assert_int_equal(s->g->n_attempts, 4);
	sim_free(s);
}

/* Every address with the most has its turn. */
static void test_eviction_by_chance(void **state)
{
	struct sim *s = sim_new(8, 100);
	unsigned evicted[8] = {0};
	struct throttle_attempt *t;
	char from[32];
	int i, k;

	(void)state;
	for (i = 0; i < 8; i++) {
		snprintf(from, sizeof(from), "192.0.2.%d", i);
		assert_null(enter(s, i, from));
	}
	for (i = 0; i < 2000; i++) {
		t = enter(s, 20, "192.0.2.77");
		k = (int)(t - s->t);
		if (k == 20)
			continue;
		evicted[k]++;
		leave(s, 20);
		snprintf(from, sizeof(from), "192.0.2.%d", k);
		assert_null(enter(s, k, from));
	}
	for (i = 0; i < 8; i++) /* 222 each; 100 is 8 deviations away */
		assert_in_range(evicted[i], 100, 400);
	sim_free(s);
}

static void test_eviction_of_one(void **state)
{
	struct sim *s = sim_new(1, 1);
	int i;

	(void)state;
	assert_null(enter(s, 0, "192.0.2.1"));
	for (i = 1; i < 9; i++)
		assert_non_null(enter(s, i, "192.0.2.2"));
	assert_int_equal(s->g->n_attempts, 1);
	sim_free(s);
}

/* A share that comes before its thread has heard of the eviction is answered
 * with it, once, and not as a wrong password. */
static void test_eviction_before_share(void **state)
{
	struct sim *s = sim_new(1, 1);
	struct sockaddr_storage ss;
	enum throttle_answer a;
	int gone;

	(void)state;
	parse(&ss, "192.0.2.1");
	enter_sa(s, 0, (const void *)&ss, 0);
	enter_sa(s, 1, (const void *)&ss, 0);
	gone = s->t[0].state == ATTEMPT_OUT ? 0 : 1;
	assert_int_equal(share(s, gone), THROTTLE_EVICTED);
	assert_null(throttle_ready(s->g, 0, s->now, &a));
	assert_int_equal(share(s, !gone), THROTTLE_GO);
	sim_free(s);
}

/* A long random run compared with a simple model of the rules: counts,
 * evictions, answers. */
struct model {
	int address;
	enum { M_OUT, M_IN, M_WAIT, M_OPEN } state;
};
enum { ADDRESSES = 7 };

static int model_open(const struct model *m, int address)
{
	int i, n = 0;

	for (i = 0; i < ATTEMPTS; i++)
		n += m[i].state == M_OPEN && m[i].address == address;
	return n;
}

static int model_early(const struct model *m, int address)
{
	int i, n = 0;

	for (i = 0; i < ATTEMPTS; i++)
		n += (m[i].state == M_IN || m[i].state == M_WAIT) &&
		     m[i].address == address;
	return n;
}

static void model_ready(struct sim *s, struct model *m)
{
	enum throttle_answer a;
	int i;

	while ((i = ready(s, &a)) >= 0) {
		assert_int_equal(m[i].state, M_WAIT);
		m[i].state = a == THROTTLE_GO ? M_OPEN : M_IN;
		assert_in_range(model_open(m, m[i].address), 0, 5);
	}
	/* an attempt still waits only behind an open one */
	for (i = 0; i < ATTEMPTS; i++)
		if (m[i].state == M_WAIT)
			assert_in_range(model_open(m, m[i].address), 1, 5);
}

static void model_enter(struct sim *s, struct model *m, int i, int address)
{
	struct throttle_attempt *evicted;
	char from[32];
	int k, n = 0;

	snprintf(from, sizeof(from), "2001:db8:0:%d::%d", address, i);
	evicted = enter(s, i, from);
	m[i].address = address;
	m[i].state = M_IN;
	if (evicted != NULL) {
		k = (int)(evicted - s->t);
		assert_true(m[k].state == M_IN || m[k].state == M_WAIT);
		for (n = 0; n < ADDRESSES; n++)
			assert_true(
			    model_early(m, n) <= model_early(m, m[k].address));
		n = 0;
		m[k].state = M_OUT;
		model_ready(s, m);
	}
	for (k = 0; k < ATTEMPTS; k++)
		n += m[k].state != M_OUT;
	assert_int_equal(s->g->n_attempts, n);
	assert_in_range(n, 1, 40);
	assert_in_range(s->g->n_addresses, 1, ADDRESSES);
}

static void test_random(void **state)
{
	struct sim *s = sim_new(40, 41);
	struct model m[ATTEMPTS] = {{0}};
	uint64_t seed = 0x2528, step, n;
	int i;

	(void)state;
	for (step = 0; step < 200000; step++) {
		i = (int)(check_random(&seed) % ATTEMPTS);
		n = check_random(&seed);
		s->now += n % 50;
		if (m[i].state == M_OUT) {
			model_enter(s, m, i, (int)(n / 64 % ADDRESSES));
		} else if (m[i].state == M_IN && n % 3 != 0) {
			static const int states[] = {M_OPEN, M_WAIT, M_IN};

			m[i].state = (unsigned)states[share(s, i)];
			assert_in_range(model_open(m, m[i].address), 0, 5);
		} else if (m[i].state == M_OPEN && n % 4 != 0) {
			proved(s, i);
			m[i].state = M_OUT;
			model_ready(s, m);
		} else {
			leave(s, i);
			m[i].state = M_OUT;
			model_ready(s, m);
		}
	}
	sim_free(s);
}

int main(void)
{
	struct check_group g = {0};

	check_add(&g, test_eviction, NULL, "eviction");
	check_add(&g, test_eviction_own, NULL, "eviction: one address");
	check_add(&g, test_eviction_of_one, NULL, "eviction: room for one");
	check_add(&g, test_eviction_all_open, NULL, "eviction: all are open");
	check_add(&g, test_eviction_before_share, NULL,
	    "eviction: before the share");
	check_add(&g, test_eviction_by_chance, NULL, "eviction: by chance");
	check_add(&g, test_random, NULL, "random run");
	return check_run("bounds", &g);
}
