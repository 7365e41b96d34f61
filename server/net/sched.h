/* sched.h - which connections one loop step writes to, and in which order.
 *
 * Connections with little queued are flushed first, all of them, in each
 * step. Large backlogs go on a second list, of which a step flushes some
 * within a byte budget, oldest first. So a message reaches everyone at once
 * even while each of a thousand members is sent a page of newcomers, which
 * takes many milliseconds; and whatever comes for a waiting connection goes
 * out with the rest, in one record.
 *
 * Once the oldest has waited SCHED_WAIT_MS, the second list gets as many
 * bytes as the small ones have just used. */
#ifndef CONCLAVED_NET_SCHED_H
#define CONCLAVED_NET_SCHED_H

#include "server/net/outq.h"

enum {
	SCHED_LIGHT = 2 << 10,	/* bytes; with more queued a connection waits */
	SCHED_BULK = 512 << 10, /* bytes of the second list in a step */
	SCHED_EACH = 8 << 10,	/* what a write costs, beside its bytes */
	SCHED_WAIT_MS = 10,
};

struct sched {
	struct outq_ready ready; /* for outq_init */
	struct outq_ready now;	 /* of this step, not yet looked at */
	struct outq_ready bulk;
	/* Bytes in this step: written to small ones; left for the others. */
	size_t light, left;
};

void sched_init(struct sched *o);
/* Begins a step with all connections on the ready list. Those added
 * meanwhile wait for the next step. */
void sched_begin(struct sched *o);
/* The next connection to write to. NULL: enough for this step. */
struct outq *sched_next(struct sched *o, uint64_t now_ms);
/* True if the second list is not empty. */
bool sched_behind(const struct sched *o);
/* True if nothing is queued for any connection. */
bool sched_empty(const struct sched *o);

#endif
