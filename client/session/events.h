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
void events_release(const struct room_events *q);
/* Releases what waits up to the last thing said, or the last entry, before this
 * offset. */
void events_release_before(const struct room_events *q, uint64_t offset);
/* What people said and waits is not shown: each is told, then freed. Entries are
 * freed as well. */
void events_drop_said(const struct room_events *q,
    void (*each)(void *arg, const struct event *e), void *arg);

/* Returns the oldest event or NULL, and frees the previous one. */
const struct event *events_next(struct events *q);

#endif
