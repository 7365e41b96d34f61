/* order.h - whom a loop turn writes to, and in which order.
 *
 * Who has little to be sent comes first, all of them in each turn; who has much
 * waits on a list of its own, of which a turn takes some, the longest waiting
 * first. So what is said reaches everybody at once also while each of a thousand
 * members is sent a page of newcomers, which takes many milliseconds; and what
 * comes for somebody who waits goes out with the rest, in one record.
 *
 * Who has waited for ORDER_WAIT_MS gets as much of a turn as those before him. */
#ifndef CONCLAVED_ORDER_H
#define CONCLAVED_ORDER_H

#include "server/outq.h"

enum {
	ORDER_LIGHT = 2 << 10,	/* bytes: who has more waits */
	ORDER_BULK = 512 << 10, /* bytes of those who waited, in a turn */
	ORDER_EACH = 8 << 10,	/* what a write costs, beside its bytes */
	ORDER_WAIT_MS = 10,
};

struct order {
	struct outq_ready ready; /* what outq_init is given */
	struct outq_ready now;	 /* of this turn, not yet looked at */
	struct outq_ready bulk;
	/* Of this turn: written to those who have little; left for others. */
	size_t light, left;
};

void order_init(struct order *o);
/* A turn begins: of all that are on the ready list now. Who comes onto it
 * meanwhile waits for the next turn. */
void order_begin(struct order *o);
/* The next to be written to, or NULL: enough for this turn. */
struct outq *order_next(struct order *o, uint64_t now_ms);
/* Some wait who have much to be sent. */
bool order_behind(const struct order *o);
/* Nobody has anything to say. */
bool order_empty(const struct order *o);

#endif
