/* throttle_sim.h - a throttle with a simulated clock, and attempts at it by
 * number. One file of each test program includes this header. */
#ifndef CONCLAVE_TESTS_THROTTLE_SIM_H
#define CONCLAVE_TESTS_THROTTLE_SIM_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include "server/auth/throttle_int.h"
#include "tests/unit/check.h"

enum { ATTEMPTS = 64, MINUTE = 60000 };
#define START UINT64_C(1000000)

struct sim {
	struct throttle *g;
	uint64_t now;
	struct throttle_attempt t[ATTEMPTS];
};

/* Failures of the attempt's address within the window. 0 if the attempt is
 * over. */
static inline unsigned failures_of(
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

static inline struct sim *sim_new(
    uint32_t exchanges_max, uint32_t addresses_max)
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

static inline void sim_free(struct sim *s)
{
	throttle_free(s->g);
	free(s);
}

static inline socklen_t parse(struct sockaddr_storage *ss, const char *text)
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

static inline void enter_sa(
    struct sim *s, int i, const struct sockaddr *sa, unsigned uid)
{
	const struct throttle_key k = throttle_key_of(sa, uid);

	assert_int_equal(throttle_enter(s->g, &s->t[i], &k, s->now), 0);
}

/* Enters attempt i from an address. Returns the evicted attempt. */
static inline struct throttle_attempt *enter(
    struct sim *s, int i, const char *from)
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

static inline enum throttle_answer share(struct sim *s, int i)
{
	return throttle_share(s->g, &s->t[i], s->now);
}

/* Enters, sends a share, and returns the answer. */
static inline enum throttle_answer come(struct sim *s, int i, const char *from)
{
	assert_null(enter(s, i, from));
	return share(s, i);
}

static inline void leave(struct sim *s, int i)
{
	throttle_leave(s->g, &s->t[i], s->now);
}

static inline void proved(struct sim *s, int i)
{
	throttle_clear(s->g, &s->t[i]);
}

/* Index of the next attempt that throttle_ready returns, or -1. */
static inline int ready(struct sim *s, enum throttle_answer *answer)
{
	struct throttle_attempt *t = throttle_ready(s->g, 0, s->now, answer);

	return t == NULL ? -1 : (int)(t - s->t);
}

/* One wrong guess, without a pause. */
static inline void guess_wrong(struct sim *s, const char *from)
{
	assert_int_equal(come(s, ATTEMPTS - 1, from), THROTTLE_GO);
	leave(s, ATTEMPTS - 1);
}

/* n wrong guesses, with the pauses they cost. */
static inline void guess_wrong_times(struct sim *s, int n, const char *from)
{
	static const uint64_t pauses[] = {
	    0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60};
	int i;

	for (i = 0; i < n; i++) {
		s->now += 1000 * pauses[i];
		guess_wrong(s, from);
	}
}

#endif
