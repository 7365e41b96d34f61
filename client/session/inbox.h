/* inbox.h - what arrives in one room: opens members' frames and the server's
 * notices, checks their order, shows messages, and keeps the room's people and
 * epochs up to date. Frames that come before the whole list of people wait. */
#ifndef CONCLAVE_SESSION_INBOX_H
#define CONCLAVE_SESSION_INBOX_H

#include "client/session/epochs.h"
#include "client/session/person.h"
#include "client/session/roster.h"

struct inbox_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	struct epochs *epochs;
	struct roster *roster;
	struct room_events events;
	/* Somebody joined, after EVENT_JOIN; not before the list is whole. */
	int (*joined)(void *arg, const struct person *p);
	void *arg;
};

struct inbox;
struct inbox *inbox_new(const struct inbox_opts *o);
void inbox_free(struct inbox *i); /* NULL is a no-op */

/* The first page of the list: `member` are we, `seq` is the server's last
 * notice. From now on members' frames wait. */
void inbox_begin(struct inbox *i, uint32_t member, uint64_t seq);
/* The list is whole: warns of changed identities, then takes what waited. */
int inbox_listed(struct inbox *i) MUST_CHECK;
/* The connection is gone. */
void inbox_clear(struct inbox *i);

/* A group frame of this room, after inbox_begin. A member's frame that is
 * wrong is dropped with an event; an error is a fault of the server, or ours. */
int inbox_frame(struct inbox *i, const struct group_head *h,
    const uint8_t *body, size_t n) MUST_CHECK;

#endif
