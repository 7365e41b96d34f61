/* inbox.h - the input of one room: opens members' frames and the server's
 * notices, checks their order, shows messages, and keeps the room's people and
 * epochs up to date. Frames that arrive before the complete list of people are
 * kept until then. */
#ifndef CONCLAVE_SESSION_INBOX_H
#define CONCLAVE_SESSION_INBOX_H

#include "client/session/epochs.h"
#include "client/session/events.h"
#include "client/session/parties.h"
#include "client/session/roster.h"

struct inbox_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	struct epochs *epochs;
	struct roster *roster;
	struct room_events events;
	/* Somebody joined; called after EVENT_JOIN, once the list is
	 * complete. */
	int (*joined)(void *arg, const struct person *p);
	void *arg;
};

struct inbox;
struct inbox *inbox_new(const struct inbox_opts *o);
void inbox_free(struct inbox *i); /* NULL is a no-op */

/* The first page of the list: `member` is our number, `seq` the server's last
 * notice. Members' frames are kept from now on. */
void inbox_begin(struct inbox *i, uint32_t member, uint64_t seq);
/* The list is complete: warns of changed identities, then processes the pending
 * frames. */
int inbox_listed(struct inbox *i) MUST_CHECK;
/* The connection is lost. */
void inbox_clear(struct inbox *i);

/* Handles a group frame of this room, after inbox_begin. A member's bad frame
 * is dropped with an event; an error is the server's fault, or ours. */
int inbox_frame(struct inbox *i, const struct group_head *h,
    const uint8_t *body, size_t n) MUST_CHECK;

#endif
