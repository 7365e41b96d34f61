/* memberships.h - the rooms that one connection is in. */
#ifndef CONCLAVED_ROOM_MEMBERSHIPS_H
#define CONCLAVED_ROOM_MEMBERSHIPS_H

#include "server/room/room.h"

enum { MEMBERSHIPS_MAX = WIRE_ROOMS }; /* rooms of one connection */

/* Embedded in the connection's owner; all zeros: no room. */
struct memberships {
	struct member *first; /* a reference, like all; most are in one room */
	struct member **more; /* owned */
	size_t n_more;
	struct member *last; /* that memberships_in found; borrowed, or NULL */
};
/* A member for room_enter, which stays here until another takes its place after
 * it has left, or until memberships_free. NULL: MEMBERSHIPS_MAX have entered,
 * or no memory. */
struct member *memberships_new(struct memberships *ms);
/* The one in that room, also while it waits to be let in; NULL: none. */
struct member *memberships_in(struct memberships *ms, uint32_t room);
/* True if it is a member of any room. */
bool memberships_any(const struct memberships *ms);
/* True if it must not be read now: one of its rooms is backlogged
 * (room_backlogged), or keeps what is said in it (room_keeps), and the store
 * (NULL: none) is full. */
bool memberships_hold(const struct memberships *ms, const struct store *store);
/* True if a queue in one of its rooms is full (room_full). */
bool memberships_full(const struct memberships *ms);
/* This client's queue was full, and is no longer. */
void memberships_taken_up(struct memberships *ms);
/* Its client is about to leave on purpose: its name is not kept. */
void memberships_quit(struct memberships *ms);
/* Leaves all rooms. */
void memberships_leave(struct memberships *ms);
void memberships_free(struct memberships *ms); /* after memberships_leave */

/* Iterates over those taken: for (i = 0; (s = memberships_next(ms, &i)) !=
 * NULL;) */
struct member *memberships_next(const struct memberships *ms, size_t *i);
/* The same over those that are `logged`, also if they have left meanwhile. */
struct member *memberships_logged(const struct memberships *ms, size_t *i);

#endif
