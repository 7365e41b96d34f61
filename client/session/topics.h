/* topics.h - the topic of a sealed room: a content under the seal, which the server
 * does not see (PROTOCOL.md section 5f). The newest one of the log counts, by whom
 * this client knows as an operator. It is kept for later runs. */
#ifndef CONCLAVE_SESSION_TOPICS_H
#define CONCLAVE_SESSION_TOPICS_H

#include "client/session/events.h"
#include "client/session/holders.h"
#include "client/session/roster.h"
#include "client/session/seals.h"
#include "client/session/topics_ops.h"
#include "shared/proto/content.h"

/* Own ones whose place in the log is not known yet. Past it the oldest is
 * forgotten: the room's history may tell it. */
enum { TOPICS_OWN = 8 };

struct topics_opts {
	const struct topics_ops *ops; /* borrowed, like all pointers here */
	const struct holders *holders;
	const struct seals *seals;
	const struct roster *roster;
};

struct topics;
struct topics *topics_new(const struct topics_opts *o);
void topics_free(struct topics *t); /* wipes; NULL is a no-op */

/* The text. "": there is none, or the room is not sealed. Borrowed until the next
 * call. */
const char *topics_text(struct topics *t);

/* One that `who` has set. number: of the secret that opened it. It counts if it is
 * newer than the one there is, by its place in the log, and under no older secret:
 * EVENT_TOPIC, with what *e has. Else nothing happens. `to` NULL: it is not told. */
struct topics_entry {
	const struct person *who;
	uint64_t offset, ts_ms;
	uint32_t number;
	bool past;
};
int topics_take(struct topics *t, const struct room_events *to,
    const struct topics_entry *e, const struct content_topic *c) MUST_CHECK;

/* The user sets one, which counts once the log has it; it has: there. */
void topics_own(struct topics *t, const struct content_topic *c);
void topics_sent(struct topics *t, const uint8_t id[WIRE_ID], const char *name,
    uint64_t offset);

#endif
