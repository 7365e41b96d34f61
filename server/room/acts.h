/* acts.h - what people with a role do to others: kick, ban, mute, give a role,
 * invite, and the opposites. One function for clients and for the server's
 * owner. PROTOCOL.md section 5a says who may do what. */
#ifndef CONCLAVED_ROOM_ACTS_H
#define CONCLAVED_ROOM_ACTS_H

#include "server/room/registry.h"

/* REQUEST_ACT, from any thread. What it does is done when it returns: whoever is
 * kicked is sent nothing more that is accepted from now on. Notices and new keys
 * follow from the rooms' threads. ERR_NOMEM: perhaps it was done in some of the
 * rooms. */
int acts_do(const struct registry *g, const struct registry_by *by,
    const struct request *q, struct registry_answer *a) MUST_CHECK;

#endif
