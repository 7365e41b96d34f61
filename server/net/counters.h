/* counters.h - what one thread has counted since the start. They are plain
 * words: only that thread adds and reads. Somebody who wants the sum of all
 * threads asks each of them (loop/rounds.h). */
#ifndef CONCLAVED_NET_COUNTERS_H
#define CONCLAVED_NET_COUNTERS_H

#include <stdint.h>

#include "shared/wire/wire.h"

enum counter {
	COUNT_ACCEPTED, /* connections */
	COUNT_BYTES_IN, /* of all connections, handshakes included */
	COUNT_BYTES_OUT,
	COUNT_HANDSHAKES, /* begun: a hello was read */
	COUNT_LOGINS,	  /* the password was proved */
	COUNT_WRONG,	  /* guesses of the password that were wrong */
	COUNT_TICKETS,	  /* logins through the door for tickets */
	COUNT_FOREIGN,	  /* TLS, HTTP, SSH */
	COUNT_BROKEN,	  /* handshakes that ended with an error of the peer */
	COUNT_FRAMES_IN,  /* group frames of members */
	COUNT_GROUP_BYTES_IN,
	COUNT_FRAMES_OUT,     /* to all readers */
	COUNT_EVICTED_MEMORY, /* clients, because of --max-memory */
	COUNT_EVICTED_SLOW,   /* clients, because their queue was full */
	COUNT_REKEYS,
	COUNT_REKEYS_FAILED,
	COUNTERS
};

/* Bounds of the loop step's histogram, in microseconds; the last bucket has
 * none. */
#define COUNTERS_STEPS_US                                                      \
	{                                                                      \
		50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000,      \
		    100000, 250000                                             \
	}
enum { COUNTERS_STEPS = 13 };

struct counters {
	uint64_t n[COUNTERS];
	uint64_t refused[CODE_UNKNOWN + 1]; /* by code, at any time */
	uint64_t step[COUNTERS_STEPS], step_us;
};

/* c may be NULL: nobody counts. */
static inline void counters_add(
    struct counters *c, enum counter which, uint64_t by)
{
	if (c != NULL)
		c->n[which] += by;
}

static inline void counters_refused(struct counters *c, enum wire_code code)
{
	c->refused[code]++;
}

void counters_step(struct counters *c, uint64_t us);
/* Adds what `from` has counted so far. */
void counters_sum(struct counters *to, const struct counters *from);

#endif
