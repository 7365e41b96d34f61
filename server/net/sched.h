/* order.h - whom a loop turn writes to, and in which order.
 *
 * Who has little to be sent comes first, all of them in each turn; who has much
 * waits on a list of its own, of which a turn takes some, the longest waiting
 * first. So what is said reaches everybody at once also while each of a thousand
 * members is sent a page of newcomers, which takes many milliseconds; and what
 * comes for somebody who waits goes out with the rest, in one record.
 *
 * Who has waited for SCHED_WAIT_MS gets as much of a turn as those before him. */
#ifndef CONCLAVED_NET_SCHED_H
#define CONCLAVED_NET_SCHED_H

#include "server/net/outq.h"

enum {
	SCHED_LIGHT = 2 << 10,	/* bytes: who has more waits */
	SCHED_BULK = 512 << 10, /* bytes of those who waited, in a turn */
	SCHED_EACH = 8 << 10,	/* what a write costs, beside its bytes */
	SCHED_WAIT_MS = 10,
};

struct sched {
	struct outq_ready ready; /* what outq_init is given */
	struct outq_ready now;	 /* of this turn, not yet looked at */
	struct outq_ready bulk;
	/* Of this turn: written to those who have little; left for others. */
	size_t light, left;
};

void sched_init(struct sched *o);
/* A turn begins: of all that are on the ready list now. Who comes onto it
 * meanwhile waits for the next turn. */
void sched_begin(struct sched *o);
/* The next to be written to, or NULL: enough for this turn. */
struct outq *sched_next(struct sched *o, uint64_t now_ms);
/* Some wait who have much to be sent. */
bool sched_behind(const struct sched *o);
/* Nobody has anything to say. */
bool sched_empty(const struct sched *o);

#endif
