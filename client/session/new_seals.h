/* new_seals.h - the secrets of sealed rooms that the user has asked the server to
 * make: they are kept for the room once it is made, since another room may have
 * the name. */
#ifndef CONCLAVE_SESSION_NEW_SEALS_H
#define CONCLAVE_SESSION_NEW_SEALS_H

#include "client/session/parties.h"

/* Of these, as many may wait for an answer. */
enum { NEW_SEALS_MAX = 8 };

struct new_seals;
struct new_seals *new_seals_new(const struct parties *parties); /* borrowed */
void new_seals_free(struct new_seals *n); /* wipes; NULL is a no-op */

/* Makes the secret of the room of that name, for the request with that number.
 * ERR_LIMIT: too many wait; ERR_CRYPTO. */
int new_seals_add(
    struct new_seals *n, const char *room, uint32_t number) MUST_CHECK;
/* The server has answered that request, perhaps one of ours; or the connection is
 * lost, and with it all answers. */
void new_seals_answered(struct new_seals *n, uint32_t number, bool done);
void new_seals_lost(struct new_seals *n);

#endif
