/* room_parts.h - the modules that a room consists of, made and freed together.
 * Each has its own state; chatroom.c, which owns them, says what they do. */
#ifndef CONCLAVE_SESSION_ROOM_PARTS_H
#define CONCLAVE_SESSION_ROOM_PARTS_H

#include "client/session/inbox.h"
#include "client/session/listing.h"
#include "client/session/reads.h"
#include "client/session/rights.h"
#include "client/session/session_status.h"
#include "client/session/speech.h"

struct room_parts_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	struct events *events;
	struct outgoing *out;
	const struct chatroom *room; /* for events */
	const char *name;	     /* changes with the room's key */
	const struct person *self;   /* the same */
	enum held_policy held;
	int (*told)(void *arg, const struct content *c); /* as in inbox_opts */
	void *arg;
};

struct room_parts {
	struct room_events events;
	struct events *hold; /* of `events` */

	/* These persist across connections. */
	struct roster *roster;
	struct posts *posts;
	struct purges *purges;
	struct rights *rights;
	struct speech *speech;
	struct seals *seals;
	struct holders holders; /* of its secret */
	struct topics *topics;

	/* These are per connection; inbox, the log and the views have
	 * persistent parts too. */
	struct roomlog *roomlog;
	struct views *views;
	struct asides *asides;
	struct record *record;
	struct epochs *epochs;
	struct inbox *inbox;
	struct catchup *catchup;
	struct reads reads; /* of the parts; owns `older` */
	uint8_t log[WIRE_LOG];
	struct group_place
	    place; /* refers to `log`, the name and the parties */
	struct listing listing;
};

/* Makes them in *p, which stays where it is. ERR_NOMEM: free them all the
 * same. */
int room_parts_make(
    struct room_parts *p, const struct room_parts_opts *o) MUST_CHECK;
void room_parts_free(struct room_parts *p);

/* When they have to be looked at, `at` at the latest. say: our program may tell the
 * others something by itself. */
uint64_t room_parts_deadline(
    const struct room_parts *p, uint64_t at, bool joined, bool say);
/* The log has another entry, which was handled; `joined`: the list of people is
 * complete. */
int room_parts_logged(struct room_parts *p, bool joined) MUST_CHECK;
/* What these parts know of the room's status; `me` is our own entry in the roster
 * or NULL. */
void room_parts_status(const struct room_parts *p, const struct person *me,
    struct session_room_status *out);
/* Drops what belongs to one stay in the room. */
void room_parts_leave(struct room_parts *p);

#endif
