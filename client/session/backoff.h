/* backoff.h - decides whether and when to reconnect. Pure except for the random
 * part of a pause. */
#ifndef CONCLAVE_SESSION_BACKOFF_H
#define CONCLAVE_SESSION_BACKOFF_H

#include <stdint.h>

#include "client/session/ending.h"
#include "shared/crypto/crypto.h"
#include "shared/crypto/random.h"

/* Only backoff.c writes the fields. */
struct backoff {
	uint32_t attempt;   /* attempts since the last stable connection */
	uint64_t pause_ms;  /* the next pause */
	uint64_t joined_ms; /* when this connection joined a room; 0: not yet */
	bool joined_once;   /* on any connection */
};

struct backoff backoff_start(void);
uint32_t backoff_dial(struct backoff *b); /* the number of this attempt */
void backoff_joined(struct backoff *b, uint64_t now_ms);
/* A connection has ended: after a stable one, attempts and pauses restart. */
void backoff_ended(struct backoff *b, const struct ending *e, uint64_t now_ms);
bool backoff_worth_it(const struct backoff *b, const struct ending *e);
/* The pause to make now: 1, 2, 4 .. 20 s, +-25% at random, so that the clients
 * of a crashed server do not all reconnect at once. */
uint64_t backoff_pause_ms(struct backoff *b, const struct rng *rng);

#endif
