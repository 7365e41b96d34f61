/* The rules for password guesses of section 2, with a simulated clock. */
#include "tests/unit/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "server/auth/throttle_int.h"
#include "shared/wire/bytes.h"

enum { ATTEMPTS = 64, MINUTE = 60000 };
#define START UINT64_C(1000000)

struct sim {
	struct throttle *g;
	uint64_t now;
	struct throttle_attempt t[ATTEMPTS];
};

/* Failures of the attempt's address within the window. 0 if the attempt is
 * over. */
static unsigned failures_of(
    const struct throttle *g, const struct throttle_attempt *t, uint64_t now)
{
	unsigned n = 0;
	uint32_t i;

	if (t->state == ATTEMPT_OUT)
		return 0;
	for (i = 0; i < t->address->n_failed; i++)
		n += (now > g->now_ms ? now : g->now_ms) -
			 t->address->failed_ms[i] <
		     THROTTLE_WINDOW_MS;
	return n;
}

static struct sim *sim_new(uint32_t exchanges_max, uint32_t addresses_max)
{
	struct throttle_limits l = {.exchanges_max = exchanges_max,
	    .addresses_max = addresses_max,
	    .pause_max_ms = MINUTE};
	struct sim *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->g = throttle_new(&l);
	assert_non_null(s->g);
	s->now = START;
	return s;
}

static void sim_free(struct sim *s)
{
	throttle_free(s->g);
	free(s);
}

static socklen_t parse(struct sockaddr_storage *ss, const char *text)
{
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (strchr(text, ':') != NULL) {
		in6->sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, text, &in->sin_addr), 1);
	return sizeof(*in);
}

static void enter_sa(
    struct sim *s, int i, const struct sockaddr *sa, unsigned uid)
{
	const struct throttle_key k = throttle_key_of(sa, uid);

	assert_int_equal(throttle_enter(s->g, &s->t[i], &k, s->now), 0);
}

/* Enters attempt i from an address. Returns the evicted attempt. */
static struct throttle_attempt *enter(struct sim *s, int i, const char *from)
{
	struct sockaddr_storage ss;
	enum throttle_answer a;
	int k;

	parse(&ss, from);
	enter_sa(s, i, (const void *)&ss, 0);
	for (k = 0; k < ATTEMPTS; k++) {
		if (!s->t[k].is_posted || s->t[k].answer != THROTTLE_EVICTED)
			continue;
		assert_ptr_equal(throttle_ready(s->g, 0, s->now, &a), &s->t[k]);
		assert_int_equal(a, THROTTLE_EVICTED);
		return &s->t[k];
	}
	return NULL;
}

static enum throttle_answer share(struct sim *s, int i)
{
	return throttle_share(s->g, &s->t[i], s->now);
}

/* Enters, sends a share, and returns the answer. */
static enum throttle_answer come(struct sim *s, int i, const char *from)
{
	assert_null(enter(s, i, from));
	return share(s, i);
}

static void leave(struct sim *s, int i)
{
	throttle_leave(s->g, &s->t[i], s->now);
}

static void proved(struct sim *s, int i)
{
	throttle_clear(s->g, &s->t[i]);
}

/* Index of the next attempt that throttle_ready returns, or -1. */
static int ready(struct sim *s, enum throttle_answer *answer)
{
	struct throttle_attempt *t = throttle_ready(s->g, 0, s->now, answer);

	return t == NULL ? -1 : (int)(t - s->t);
}

/* One wrong guess, without a pause. */
static void guess_wrong(struct sim *s, const char *from)
{
	assert_int_equal(come(s, ATTEMPTS - 1, from), THROTTLE_GO);
	leave(s, ATTEMPTS - 1);
}

/* n wrong guesses, with the pauses they cost. */
static void guess_wrong_times(struct sim *s, int n, const char *from)
{
	static const uint64_t pauses[] = {
	    0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60};
	int i;

	for (i = 0; i < n; i++) {
		s->now += 1000 * pauses[i];
		guess_wrong(s, from);
	}
}

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

/* --- bounds ------------------------------------------------------------ */

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

/* --- budgets of networks -------------------------------------------------- */

static struct sim *sim_with(uint32_t site, uint32_t net, uint32_t all)
{
	const struct throttle_limits l = {.exchanges_max = 100,
	    .addresses_max = 100000,
	    .pause_max_ms = MINUTE,
	    .guesses = {site, net, all}};
	struct sim *s = sim_new(1, 1);

	throttle_free(s->g);
	s->g = throttle_new(&l);
	assert_non_null(s->g);
	return s;
}

enum kind { NET_48, NET_56, NET_24 };

/* The i-th address of a network: each in another /56, /64 or address. */
static void address_in(char out[64], enum kind kind, int net, int i)
{
	if (kind == NET_24)
		snprintf(out, 64, "198.51.%d.%d", net, i % 256);
	else if (kind == NET_56)
		snprintf(out, 64, "2001:db8:%x:77%02x::1", net, i % 256);
	else
		snprintf(
		    out, 64, "2001:db8:%x:%02x%02x::1", net, i % 256, i / 256);
}

/* How many of n wrong guesses are let go. */
static unsigned guesses_of(struct sim *s, enum kind kind, int net, int n)
{
	unsigned went = 0;
	char from[64];
	int i;

	for (i = 0; i < n; i++) {
		address_in(from, kind, net, i);
		assert_null(enter(s, ATTEMPTS - 1, from));
		went += share(s, ATTEMPTS - 1) == THROTTLE_GO;
		leave(s, ATTEMPTS - 1);
	}
	return went;
}

struct network {
	const char *name;
	enum kind kind;
	unsigned at_once, a_minute;
};
static const struct network networks[] = {
    {"/48", NET_48, 80, 16},
    {"/56", NET_56, 20, 4},
    {"IPv4 /24", NET_24, 80, 16},
};

static void test_network(void **state)
{
	const struct network *n = *state;
	struct sim *s = sim_with(4, 16, 0);

	assert_int_equal(guesses_of(s, n->kind, 1, 256), n->at_once);
	s->now += MINUTE;
	assert_int_equal(guesses_of(s, n->kind, 1, 256), n->a_minute);
	/* another network is not affected */
	assert_int_equal(come(s, 0, "2001:db8:2::1"), THROTTLE_GO);
	s->now += 10 * MINUTE;
	assert_int_equal(guesses_of(s, n->kind, 1, 256), n->at_once);
	sim_free(s);
}

/* Each kind of network has a limit of its own, or none. */
static void test_network_limits(void **state)
{
	struct sim *s = sim_with(2, 0, 0);

	(void)state;
	assert_int_equal(guesses_of(s, NET_56, 1, 256), 10);
	assert_int_equal(guesses_of(s, NET_24, 1, 256), 256);
	assert_int_equal(guesses_of(s, NET_48, 2, 256), 256);
	sim_free(s);
	s = sim_with(0, 8, 0);
	assert_int_equal(guesses_of(s, NET_56, 1, 256), 40);
	assert_int_equal(guesses_of(s, NET_24, 1, 256), 40);
	sim_free(s);
}

/* A herd of honest people from one network: none is told that there were wrong
 * passwords, however many are open at once. Guesses that are open together and
 * all fail leave a debt. */
static void test_network_at_once(void **state)
{
	struct sim *s = sim_with(0, 4, 0);
	char from[64];
	unsigned went = 0;
	int i;

	(void)state;
	for (i = 0; i < 60; i++) {
		address_in(from, NET_24, 1, i);
		assert_int_equal(come(s, i, from), THROTTLE_GO);
	}
	for (i = 0; i < 30; i++)
		proved(s, i);
	for (; i < 60; i++)
		leave(s, i); /* 30 wrong ones; 20 may come at once */
	s->now += 2 * MINUTE;
	assert_int_equal(guesses_of(s, NET_24, 1, 64), 0);
	s->now += MINUTE; /* 30 - 12 = 18 are left */
	went = guesses_of(s, NET_24, 1, 250) + guesses_of(s, NET_24, 1, 250);
	assert_int_equal(went, 2);
	sim_free(s);
}

/* A right password costs nothing, however many come. */
static void test_network_of_honest(void **state)
{
	struct sim *s = sim_with(4, 16, 600);
	char from[64];
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		snprintf(from, sizeof(from), "198.51.100.%d", i % 256);
		assert_int_equal(come(s, 0, from), THROTTLE_GO);
		proved(s, 0);
	}
	sim_free(s);
}

/* A /48 with all its 65,536 networks, then 100 /48s: the budget of all. Whoever
 * waits goes in turn when it fills, and a ticket's door has no budgets. */
static void test_all(void **state)
{
	struct sim *s = sim_with(4, 16, 600);
	unsigned went = 0;
	enum throttle_answer a;
	int i;

	(void)state;
	assert_int_equal(guesses_of(s, NET_48, 1, 65536), 80);
	for (i = 2; i < 100; i++)
		went += guesses_of(s, NET_48, i, 256);
	assert_int_equal(80 + went, 600);
	assert_int_equal(come(s, 0, "192.0.2.1"), THROTTLE_WAIT);
	assert_int_equal(come(s, 1, "192.0.2.1"), THROTTLE_WAIT);
	assert_int_equal(come(s, 2, "192.0.2.2"), THROTTLE_WAIT);
	assert_int_equal(ready(s, &a), -1);
	s->now += 100; /* one more guess fits */
	assert_int_equal(ready(s, &a), 0);
	assert_int_equal(a, THROTTLE_GO);
	assert_int_equal(ready(s, &a), -1);
	proved(s, 0); /* and is given back */
	assert_int_equal(ready(s, &a), 2);
	assert_int_equal(ready(s, &a), -1);
	/* no newcomer overtakes */
	assert_int_equal(come(s, 3, "192.0.2.3"), THROTTLE_WAIT);
	s->now += 200;
	assert_int_equal(ready(s, &a), 1);
	assert_int_equal(ready(s, &a), 3);
	sim_free(s);
}

/* More networks than are remembered: memory does not grow. */
static void test_many_networks(void **state)
{
	struct sim *s = sim_with(4, 16, 0);
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	uint32_t i;

	(void)state;
	in6.sin6_addr.s6_addr[0] = 0x20;
	for (i = 0; i < 3 * BUDGET_NETS; i++) {
		put_u32(in6.sin6_addr.s6_addr + 2, i);
		enter_sa(s, 0, (const void *)&in6, 0);
		assert_int_equal(share(s, 0), THROTTLE_GO);
		leave(s, 0);
		s->now++;
	}
	assert_int_equal(budget_nets(s->g->budget), BUDGET_NETS);
	sim_free(s);
}

/* An identity is a key of its own, whatever address it comes from. */
static void test_identities(void **state)
{
	struct sim *s = sim_new(100, 100);
	const uint8_t a[32] = {1, [15] = 1}, b[32] = {1, [15] = 2};
	const struct throttle_key ka = throttle_key_of_identity(a),
				  kb = throttle_key_of_identity(b);

	(void)state;
	assert_int_equal(throttle_enter(s->g, &s->t[0], &ka, s->now), 0);
	assert_int_equal(throttle_enter(s->g, &s->t[1], &kb, s->now), 0);
	assert_int_equal(throttle_enter(s->g, &s->t[2], &ka, s->now), 0);
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
	check_add(&g, test_eviction, NULL, "eviction");
	check_add(&g, test_eviction_own, NULL, "eviction: one address");
	check_add(&g, test_eviction_of_one, NULL, "eviction: room for one");
	check_add(&g, test_eviction_all_open, NULL, "eviction: all are open");
	check_add(&g, test_eviction_by_chance, NULL, "eviction: by chance");
	for (i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
		check_add(&g, test_network, (void *)(uintptr_t)&networks[i],
		    "guesses of one %s", networks[i].name);
	check_add(&g, test_network_at_once, NULL, "a network at once");
	check_add(&g, test_network_of_honest, NULL, "right passwords are free");
	check_add(&g, test_network_limits, NULL, "limits of networks");
	check_add(&g, test_longest_pause, NULL, "the longest pause");
	check_add(&g, test_all, NULL, "guesses from everywhere");
	check_add(&g, test_many_networks, NULL, "many networks");
	check_add(&g, test_identities, NULL, "identities");
	check_add(&g, test_turns, NULL, "addresses take turns");
	check_add(&g, test_ready_then_gone, NULL, "ready, then gone");
	check_add(&g, test_homes, NULL, "answers go home");
	check_add(&g, test_forgetting, NULL, "forgetting");
	check_add(&g, test_random, NULL, "random run");
	return check_run("gate", &g);
}
