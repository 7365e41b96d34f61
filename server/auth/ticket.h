/* ticket.h - the tickets by which people who were in come back through a crowd:
 * PROTOCOL.md section 2. A ticket says which device was let in, and proves
 * nothing: it opens a door with places and failures of its own.
 *
 *   0  iv(12)       random; also the ticket's number
 *  12  AEAD(ticket key, iv, aad = "conclave/1 ticket"·,
 *           u32 2 || u64 expiry, unix seconds || identity(32) || account(32))
 *
 * Any thread may call any function. */
#ifndef CONCLAVED_AUTH_TICKET_H
#define CONCLAVED_AUTH_TICKET_H

#include "shared/crypto/crypto.h"
#include "shared/crypto/random.h"

enum {
	TICKET_SECONDS = 30 * 24 * 3600,
	/* A connection that lasts gets a new ticket this often. */
	TICKET_RENEW_MS = 24 * 3600 * 1000,
	/* Tickets that are remembered as used, 3 MB at most. The one used
	 * longest ago is forgotten first, and may then be used once more. */
	TICKET_USED = 1 << 15,
};

struct tickets;
/* key: WIRE_KEY bytes, copied. NULL: no memory. */
struct tickets *tickets_new(const uint8_t *key);
void tickets_free(struct tickets *k); /* wipes; NULL is a no-op */

/* Whose ticket it is: a device, and the account in which it was let in. */
struct ticket_of {
	uint8_t identity[WIRE_ED25519], account[WIRE_KEY];
};
/* now_s: unix time. */
int ticket_make(struct crypto *c, const struct tickets *k,
    const struct rng *rng, uint8_t out[WIRE_TICKET],
    const struct ticket_of *of, uint64_t now_s) MUST_CHECK;
/* Opens a ticket, and takes it: a second call with the same ticket fails. An
 * error: not ours, expired, or taken; *of is then not set. */
int ticket_take(struct crypto *c, struct tickets *k,
    const uint8_t ticket[WIRE_TICKET], struct ticket_of *of,
    uint64_t now_s) MUST_CHECK;
/* Nothing came of it: it can be taken again. */
void ticket_return(struct tickets *k, const uint8_t ticket[WIRE_TICKET]);

#endif
