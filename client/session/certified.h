/* certified.h - asks the server for the cards of members who have a certificate,
 * and has them checked. The server says who has one, and could say too little;
 * what it shows has to be the card of the roster, signed by its identity. */
#ifndef CONCLAVE_SESSION_CERTIFIED_H
#define CONCLAVE_SESSION_CERTIFIED_H

#include "client/session/outgoing.h"
#include "client/session/parties.h"
#include "shared/proto/control.h"

enum { CERTIFIED_OPEN = 16 }; /* questions at once: talk goes first */

struct chatroom;

/* Zeroed memory, but for the first two. */
struct certified {
	const struct parties *parties; /* borrowed */
	struct outgoing *out;	       /* borrowed */
	uint32_t open[CERTIFIED_OPEN]; /* members */
	size_t n_open;
};

/* Asks about those who are wanted in these rooms, as far as there is place. */
int certified_ask(
    struct certified *c, struct chatroom *const *rooms, size_t n) MUST_CHECK;
/* An answer (CONTROL_IDENTITY): EVENT_CERTIFIED in each of the rooms where the
 * member is. One that was not asked for is ignored. ERR_CARD and other peer errors:
 * the card is not the member's, or has no certificate. */
int certified_answer(struct certified *c, struct chatroom *const *rooms,
    size_t n, const struct control *answer) MUST_CHECK;
/* The member is gone: whether that answers a question. */
bool certified_gone(struct certified *c, uint32_t member);
void certified_lost(struct certified *c); /* the connection */

#endif
