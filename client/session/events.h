/* events.h - a session's queue of events for the user interface, in order. An
 * event is copied with everything it points to except the room, so a person or
 * a text may change before the event is shown. */
#ifndef CONCLAVE_SESSION_EVENTS_H
#define CONCLAVE_SESSION_EVENTS_H

#include "client/session/event.h"
#include "shared/base/err.h"

/* A driver takes events after every call, and one call makes few. This limits a
 * driver that does not. */
enum { EVENTS_MAX = 1 << 17 };

struct events;
struct events *events_new(void);
void events_free(struct events *q);

/* ERR_LIMIT, ERR_NOMEM: nothing was queued. CLOSED and RECONNECT cannot fail: a
 * driver waits for them, so memory for one is reserved at the start. */
int events_push(struct events *q, const struct event *e) MUST_CHECK;
/* Takes back the newest event. */
void events_unpush(struct events *q);
/* The queue as one room sees it: pushes an event that names the room. */
struct room_events {
	struct events *queue;	     /* borrowed, like the others */
	const struct chatroom *room; /* only for its address */
	const char *name;
	struct events *hold; /* NULL, or where its events wait (events_hold) */
};
int events_push_room(
    const struct room_events *q, const struct event *e) MUST_CHECK;
/* The room's events wait in its `hold` from now on, until they are released to
 * the queue, in order. */
void events_hold(const struct room_events *q);
void events_stop_holding(const struct room_events *q); /* those there stay */
void events_release(const struct room_events *q);
/* How many have ever waited there; releases the first `upto` of them, while the
 * others go on waiting. */
uint64_t events_held(const struct room_events *q);
void events_release_some(const struct room_events *q, uint64_t upto);
/* Releases those up to the last that is of an entry before this offset. */
void events_release_before(const struct room_events *q, uint64_t offset);

/* Returns the oldest event or NULL, and frees the previous one. */
const struct event *events_next(struct events *q);

#endif
