/* held.h - what was typed for the people who were in a room is not sealed for
 * somebody else.
 *
 * A message that is not sealed yet, or has to be sealed again after a fence or
 * a reconnect, is held while somebody is in the room who was not there when it
 * was said, until the user sends it (held_send), drops it (held_drop), or those
 * people have left. What was said after it waits behind it. */
#ifndef CONCLAVE_SESSION_HELD_H
#define CONCLAVE_SESSION_HELD_H

#include "client/session/audience.h"
#include "client/session/events.h"
#include "client/session/held_policy.h"
#include "client/session/outbox.h"
#include "client/session/posts.h"
#include "client/session/rights.h"
#include "client/session/roster.h"

struct held;
/* All borrowed; `events` is copied. */
struct held *held_new(const struct room_events *events, struct outbox *outbox,
    const struct roster *roster, const struct rights *rights,
    struct posts *posts, enum held_policy policy);
void held_free(struct held *h); /* NULL is a no-op */

/* The list of people is complete: call it while that is so, before a message is
 * put into the outbox (at held_moment) and before the list is lost. */
int held_look(struct held *h) MUST_CHECK;
/* Notes who is no longer a member. */
void held_leaving(struct held *h, const struct notice *n);
uint64_t held_moment(const struct held *h);

/* Whether held_judge has to run before the next message is sealed, and whether
 * that message is held. held_judge reports what it finds as EVENT_HELD. */
bool held_stale(const struct held *h);
int held_judge(struct held *h) MUST_CHECK;
bool held_active(const struct held *h);

/* The user's answer. ERR_STATE: nothing is held. */
int held_send(struct held *h) MUST_CHECK;
int held_drop(struct held *h) MUST_CHECK;
/* The outbox was cleared. */
void held_clear(struct held *h);

/* How many messages are held, 0 unless held_active; and whether the i-th
 * unacknowledged one is. */
size_t held_count(const struct held *h);
bool held_is(const struct held *h, size_t i);

#endif
