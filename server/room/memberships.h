/* memberships.h - the rooms that one connection is in. */
#ifndef CONCLAVED_ROOM_MEMBERSHIPS_H
#define CONCLAVED_ROOM_MEMBERSHIPS_H

#include "server/room/room.h"

enum { MEMBERSHIPS_MAX = WIRE_ROOMS }; /* rooms of one connection */

/* Embedded in the connection's owner; all zeros: no room. A membership does not
 * move while it is taken. */
struct memberships {
	struct membership_slot {
		struct membership membership;
		struct memberships *of;
	} first;		       /* most are in one room: no allocation */
	struct membership_slot **more; /* owned, also what it points to */
	size_t n_more;
};
/* Whose membership this is; it came from memberships_free_one. */
struct memberships *memberships_of(struct membership *s);

/* A membership that is not taken, for room_enter. NULL: MEMBERSHIPS_MAX are
 * taken, or no memory. */
struct membership *memberships_free_one(struct memberships *m);
/* The one in that room, also while it waits to be let in; NULL: none. */
struct membership *memberships_in(struct memberships *m, uint32_t room);
/* True if it is a member of any room. */
bool memberships_any(const struct memberships *m);
/* True if one of its rooms is backlogged (room_backlogged). */
bool memberships_backlogged(const struct memberships *m);
/* True if a queue in one of its rooms is full (room_full). */
bool memberships_full(const struct memberships *m);
/* This client's queue was full, and is no longer. */
void memberships_taken_up(struct memberships *m);
/* Its client is about to leave on purpose: its name is not kept. */
void memberships_quit(struct memberships *m);
/* Leaves all rooms. */
void memberships_leave(struct memberships *m);
void memberships_free(struct memberships *m); /* after memberships_leave */

/* Iterates over those taken: for (i = 0; (s = memberships_next(m, &i)) !=
 * NULL;) */
struct membership *memberships_next(const struct memberships *m, size_t *i);
/* The same over those that are `logged`, also if they have left meanwhile. */
struct membership *memberships_logged(const struct memberships *m, size_t *i);

#endif
