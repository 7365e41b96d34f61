/* chatroom_int.h - the parts of a room (chatroom.h): for chatroom.c and
 * chatroom_stay.c. */
#ifndef CONCLAVE_SESSION_CHATROOM_INT_H
#define CONCLAVE_SESSION_CHATROOM_INT_H

#include "client/session/catchup.h"
#include "client/session/chatroom.h"
#include "client/session/inbox.h"
#include "client/session/listing.h"
#include "client/session/rights.h"
#include "client/session/roomlog.h"

struct chatroom {
	struct chatroom_opts o;
	struct room_events events;
	struct events *hold; /* owned; of `events` */
	enum chatroom_phase phase;
	uint64_t step_ms;      /* while joining: time of the last step;
			     UINT64_MAX: we have not asked the server on this
			     connection */
	bool wanted;	       /* by the user */
	uint64_t disagreed_ms; /* since when the list of people is not that of
				  the epoch; UINT64_MAX: it is */

	/* These persist across connections. */
	char sought[WIRE_ROOM_MAX + 1];
	char name[WIRE_ROOM_MAX + 1]; /* "" before the first key */
	uint32_t number;
	bool joined_once;
	struct person self;
	bool had_epoch; /* in this run of the server; if so: */
	uint32_t last_epoch;
	struct roster *roster;
	struct posts *posts;
	struct rights *rights;
	struct speech *speech;

	/* These are per connection; inbox, the log and the views have
	 * persistent parts too. */
	bool asked, leave_asked;
	bool entered; /* the key came since we asked */
	struct roomlog *roomlog;
	struct views *views;
	struct epochs *epochs;
	struct inbox *inbox;
	struct catchup *catchup;
	uint64_t since; /* what may be read begins after it; UINT64_MAX: nothing */
	uint8_t log[WIRE_LOG];
	struct group_place place; /* refers to `log`, `name` and the parties */
	struct listing listing;
};

/* Assigns the phase and its start time; nothing else does. */
void chatroom_enter(
    struct chatroom *r, enum chatroom_phase phase, uint64_t now_ms);

#endif
