/* inbox.h - the input of one room: opens members' frames and the server's
 * notices, checks their order, shows what is said, and keeps the room's people and
 * epochs up to date. Frames that arrive before the complete list of people are
 * kept until then. */
#ifndef CONCLAVE_SESSION_INBOX_H
#define CONCLAVE_SESSION_INBOX_H

#include "client/session/asides.h"
#include "client/session/epochs.h"
#include "client/session/events.h"
#include "client/session/parties.h"
#include "client/session/posts.h"
#include "client/session/record.h"
#include "client/session/roster.h"
#include "client/session/seals.h"
#include "client/session/topics.h"
#include "shared/proto/content.h"

struct inbox_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	const struct group_place *place;
	struct epochs *epochs;
	const struct seals *seals;
	const struct holders *holders;
	struct topics *topics;
	struct roster *roster;
	struct posts *posts;
	struct room_events events;
	struct asides *asides;
	struct record *record;
	/* A notice, before the people change. */
	int (*told)(void *arg, const struct content *c);
	void *arg;
};

struct inbox;
struct inbox *inbox_new(const struct inbox_opts *o);
void inbox_free(struct inbox *i); /* NULL is a no-op */

/* The first page of the list: `member` is our number, `seq` the server's last
 * notice. Members' frames are kept from now on. */
void inbox_begin(struct inbox *i, uint32_t member, uint64_t seq);
/* The last page has come. ERR_ROSTER: the list does not give the roster that
 * the server announced for the newest epoch. */
int inbox_complete(struct inbox *i) MUST_CHECK;
/* After inbox_complete: warns of changed identities, then processes the pending
 * frames. ERR_ROSTER: one is of an older epoch with another roster. */
int inbox_listed(struct inbox *i) MUST_CHECK;
/* Whether the list gives the announced roster of the newest epoch. It does not
 * between a fresh key and the notice of those who left; nothing may be sealed
 * then. False before inbox_listed. */
bool inbox_agrees(struct inbox *i);
/* The newest epoch is about to end: ERR_ROSTER if it never agreed. */
int inbox_epoch_ends(struct inbox *i) MUST_CHECK;
/* The connection is lost. */
void inbox_clear(struct inbox *i);

/* Handles a group frame of this room, after inbox_begin. A member's bad frame
 * is dropped with an event; an error is the server's fault, or ours. */
int inbox_frame(struct inbox *i, const struct group_head *h,
    const uint8_t *body, size_t n) MUST_CHECK;

/* The entry that the notice names was destroyed: EVENT_PURGE, with what *e has
 * already. */
int inbox_purged(struct posts *posts, const struct room_events *to,
    const struct notice *n, struct event *e) MUST_CHECK;
/* Whether something was shown already; from now on it was. */
int inbox_again(struct inbox *i, const uint8_t identity[WIRE_ED25519],
    const uint8_t id[WIRE_ID], bool *again) MUST_CHECK;
/* The user has said this: it is not shown again from the history. */
int inbox_said(struct inbox *i, const uint8_t id[WIRE_ID]) MUST_CHECK;

/* This was not shown after all: the history may show it. */
void inbox_unshow(struct inbox *i, const struct event *e);

#endif
