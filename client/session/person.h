/* person.h - makes a struct person of a user that the server lists or
 * announces, and rates how well the identity is known. */
#ifndef CONCLAVE_SESSION_PERSON_H
#define CONCLAVE_SESSION_PERSON_H

#include "client/session/events.h"
#include "client/session/parties.h"
#include "shared/proto/users.h"

/* `member` is the user's own number in that room. ERR_MEMBER: the entry with
 * this number does not describe us. */
int person_make(struct person *out, const struct parties *p,
    const struct user *u, uint32_t member) MUST_CHECK;
/* Asks people_ops, except about the user's own name and identity. */
enum trust person_trust(const struct parties *p, const struct person *who);
/* Queues EVENT_CHANGED if the identity differs from the pinned one. */
int person_warn(
    const struct room_events *q, const struct person *who) MUST_CHECK;

#endif
