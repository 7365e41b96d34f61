/* record.h - the entries of a room's log for a transcript, while the user wants
 * one: EVENT_ENTRY for each, in the order of the log, with the frame and the
 * sender's key where it opened and verified. Of the user's own frames, which come
 * back as marks, it keeps copies until then.
 *
 * Before the list of people is complete, members' frames cannot be opened:
 * entries wait here until record_flush. */
#ifndef CONCLAVE_SESSION_RECORD_H
#define CONCLAVE_SESSION_RECORD_H

#include "client/session/events.h"
#include "client/session/parties.h"
#include "client/session/past.h"
#include "client/session/roomlog.h"
#include "shared/proto/group.h"

struct record_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	const uint8_t *log;
	const struct roomlog *roomlog;
	struct room_events events;
};

struct record;
struct record *record_new(const struct record_opts *o);
void record_free(struct record *r); /* wipes; NULL is a no-op */
/* Begins, or stops and forgets what waits. At first it is off, and all of the
 * following does nothing. */
void record_set(struct record *r, bool on);
bool record_is(const struct record *r);
/* The user is out of the room, or the connection is lost. */
void record_leave(struct record *r);

/* The room's newest entry, which the room's log has just taken: a frame, or a
 * mark. */
int record_frame(struct record *r, uint64_t offset, const uint8_t *body,
    size_t n) MUST_CHECK;
int record_mark(struct record *r, const struct log_mark *m) MUST_CHECK;
/* A frame that record_frame has taken has opened, and its signature holds. */
int record_opened(struct record *r, uint64_t offset,
    const struct group_context *g, const uint8_t *body, size_t n) MUST_CHECK;
/* EVENT_ENTRY for all of them. */
int record_flush(struct record *r) MUST_CHECK;

/* We have sealed our frame `seq`; a fresh secret: those after `acked` will be
 * sealed again. */
int record_sealed(struct record *r, uint64_t seq, const struct group_context *g,
    const uint8_t *body, size_t n) MUST_CHECK;
void record_fence(struct record *r, uint64_t acked);

/* An entry of the history: EVENT_ENTRY goes to `to`. */
int record_past(struct record *r, const struct room_events *to,
    const struct past_entry *e) MUST_CHECK;

#endif
