/* Pauses between connection attempts. */
#include "client/session/backoff.h"

enum {
	PAUSE_MS = 1000, /* the first one; each later one doubles */
	PAUSE_MAX_MS = 20000,
	/* After this long in a room the pauses start again; longer for a client
	 * that the server kicked or refused. */
	STABLE_MS = 2000,
	STABLE_SENT_MS = 60000,
	SLOW_TRIES = 3, /* handshakes too slow for the server */
};

struct backoff backoff_start(void)
{
	return (struct backoff){.pause_ms = PAUSE_MS};
}

uint32_t backoff_dial(struct backoff *b)
{
	return ++b->attempt;
}

void backoff_joined(struct backoff *b, uint64_t now_ms)
{
	b->joined_once = true;
	b->attempt = 0;
	if (b->joined_ms == 0)
		b->joined_ms = now_ms;
}

/* If the server dies soon after each start, we retry after the shortest pause;
 * if it sends us away, we do not. */
static uint64_t stable_ms(const struct ending *e)
{
	return e->told && e->code != CODE_SHUTDOWN ? STABLE_SENT_MS : STABLE_MS;
}

void backoff_ended(struct backoff *b, const struct ending *e, uint64_t now_ms)
{
	if (b->joined_ms != 0 && now_ms - b->joined_ms >= stable_ms(e)) {
		b->pause_ms = PAUSE_MS;
		b->attempt = 0;
	}
	b->joined_ms = 0;
}

/* Before the first join a failure ends the program, so that the user sees it.
 * Two failures are retried even then: the server asks us to come back later; or
 * it found the handshake too slow, most likely because a small machine took
 * long to make our RSA pair, which is ready the next time. */
bool backoff_worth_it(const struct backoff *b, const struct ending *e)
{
	/* Nobody without the server's key decides that we stay away. */
	if (e->hint && b->joined_once)
		return true;
	/* Our place or our name is taken while we were away: that passes. */
	if (ending_may_pass(e) && b->joined_once)
		return true;
	return e->again && (b->joined_once || e->code == CODE_TRY_LATER ||
			       (e->code == CODE_TIMEOUT && e->told &&
				   b->attempt <= SLOW_TRIES));
}

uint64_t backoff_pause_ms(struct backoff *b, const struct rng *rng)
{
	uint64_t pause = b->pause_ms;
	uint32_t dice = 0;

	b->pause_ms = 2 * pause < PAUSE_MAX_MS ? 2 * pause : PAUSE_MAX_MS;
	/* Without random bytes the pause is exact. */
	if (rng->fill(rng->arg, &dice, sizeof(dice)) != 0)
		return pause;
	return pause - pause / 4 + dice % (pause / 2 + 1);
}
