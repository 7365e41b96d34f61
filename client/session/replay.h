/* replay.h - shows the entries of a room's history as the events that they would
 * have been, each once, and what was done since to a message that is read late. What
 * they say of the log is compared with it as if they were live.
 * Nothing of it changes who is in the room, or what it is set to. */
#ifndef CONCLAVE_SESSION_REPLAY_H
#define CONCLAVE_SESSION_REPLAY_H

#include "client/session/inbox.h"
#include "client/session/past.h"
#include "client/session/roomlog.h"
#include "client/session/views.h"

struct replay {
	const struct parties *parties; /* borrowed, like all pointers here */
	struct inbox *inbox;
	struct posts *posts;
	const struct roomlog *roomlog;
	const struct holders *holders;
	const struct seals *seals;
	struct topics *topics;
	struct views *views; /* what people and the server said of the log then */
};

/* An entry, as events of `to`. req: of the user's request, or 0: it is what was
 * missed, and is shown only if it never was. *shown: it is a message, and was
 * shown. */
int replay_entry(const struct replay *r, const struct room_events *to,
    const struct past_entry *e, uint32_t req, bool *shown) MUST_CHECK;

#endif
