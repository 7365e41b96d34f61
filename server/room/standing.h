/* standing.h - who is who on the server and in its rooms: roles, bans, mutes
 * and invitations, and the people that were seen lately. One table for the
 * server (room 0) and all its rooms. With a store (standing_keep) they outlast
 * the server.
 *
 * An account has these, not a name; a ban is for both. A ban or mute ends by
 * itself: the time is an argument. Everything is bounded: at most
 * STANDING_RIGHTS pairs of a room and an account, and STANDING_SEEN pairs of
 * a name and an account, of which those without any right are forgotten
 * first, and the oldest of them before others.
 *
 * A room has at most STANDING_IN_ROOM of the pairs. All rooms together have at
 * most half of all, but for the first STANDING_SURE of each, which it may have
 * in any case. So nobody's rooms keep another room from having an operator, or
 * the server from banning somebody. Pairs of which nothing is left, because the
 * ban or mute has ended, make room for others.
 *
 * Any thread may call any function; its lock is the innermost. */
#ifndef CONCLAVED_ROOM_STANDING_H
#define CONCLAVED_ROOM_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/crypto/random.h"
#include "shared/proto/room_info.h"

struct store;
struct store_right;

enum {
	STANDING_SEEN = 1 << 16,
	STANDING_RIGHTS = 1 << 18,
	STANDING_IN_ROOM = 2048,
	STANDING_SURE = 8, /* of each of 10,000 rooms */
};

struct standing;
/* newcomer: the role of an account that nobody has given one. NULL: no
 * memory, or no random bytes. */
struct standing *standing_new(const struct rng *rng, enum role newcomer);
void standing_free(struct standing *t);

/* --- people -------------------------------------------------------------- */

/* Somebody: `account`, here and below, is the account's key. Everything is
 * borrowed. */
struct standing_who {
	const uint8_t *account; /* WIRE_KEY bytes */
	const char *name;
};
/* Remembers them, as the newest. Without memory it does not. */
void standing_see(struct standing *t, const struct standing_who *who);
/* The account that was last seen with this name, whatever its case; *name is
 * how it was written. One that has a right by that name is found even if it was
 * forgotten otherwise. False: nobody. */
bool standing_seen(struct standing *t, const char *name,
    uint8_t account[WIRE_KEY], char seen_name[WIRE_NAME_MAX + 1]);

/* --- rights -------------------------------------------------------------- */

struct standing_rights {
	enum role role; /* what counts there: see PROTOCOL.md section 5 */
	bool known;	/* has a role in that room, or is invited */
	bool banned, muted;
	uint64_t ban_until, mute_until; /* unix ms; 0: without an end */
};
/* room 0: the server. In a room a mute of the server counts as well; a ban of
 * the server is asked for with room 0. */
void standing_rights(struct standing *t, uint32_t room,
    const struct standing_who *who, uint64_t wall_ms,
    struct standing_rights *out);

struct standing_change {
	enum act act; /* any but ACT_KICK */
	enum role role;
	uint64_t until_ms;
	uint64_t wall_ms; /* now */
};
/* ERR_NOMEM, ERR_LIMIT (the room or the server has no place for another):
 * nothing has changed. */
int standing_change(struct standing *t, uint32_t room,
    const struct standing_who *who, const struct standing_change *c) MUST_CHECK;

/* What a new account has from its first moment: a role on the server, and an
 * invitation to a room (or 0). `put` writes both with the account, as one change;
 * NULL: there is none, or the role is what all newcomers have. Errors as
 * standing_change, and put's: nothing has changed. */
struct standing_newcomer {
	enum role role;
	uint32_t room;
	uint64_t wall_ms;
	int (*put)(void *arg, const struct store_right *role,
	    const struct store_right *invited);
	void *arg;
};
int standing_newcomer(struct standing *t, const struct standing_who *who,
    const struct standing_newcomer *n) MUST_CHECK;

/* --- members ------------------------------------------------------------- */

/* Where a membership began: of the room's log, its member may read what comes
 * after `offset`, and of the run and epoch in which it began and later ones. */
struct standing_since {
	uint64_t offset;
	uint32_t run, epoch;
};
/* From now on, unless it is a member already. Errors as standing_change. */
int standing_join(struct standing *t, uint32_t room,
    const struct standing_who *who, const struct standing_since *since)
    MUST_CHECK;
/* Its membership ends. A no-op for one that is no member. ERR_NOMEM: it goes
 * on. */
int standing_part(struct standing *t, uint32_t room,
    const struct standing_who *who) MUST_CHECK;
/* False: it is no member. */
bool standing_member(struct standing *t, uint32_t room,
    const uint8_t account[WIRE_KEY], struct standing_since *since);

/* --- lasting ------------------------------------------------------------- */

/* Each change is put there from now on; borrowed. */
void standing_keep(struct standing *t, struct store *s);
/* The ticket of the newest change; 0: none was put. */
uint64_t standing_ticket(struct standing *t);
/* As it was stored, before standing_keep. Errors as standing_change; the table
 * holds what fits. */
int standing_restore(
    struct standing *t, const struct store_right *r) MUST_CHECK;

/* --- rooms --------------------------------------------------------------- */

/* The account is gone. Puts nothing. */
void standing_drop(struct standing *t, const uint8_t account[WIRE_KEY]);
/* The room is gone. Puts nothing. */
void standing_forget(struct standing *t, uint32_t room);
/* The rooms in which this account is known, ascending: their number, and an
 * array that the caller frees. ERR_NOMEM. */
int standing_rooms(struct standing *t, const uint8_t account[WIRE_KEY],
    uint32_t **rooms, size_t *n) MUST_CHECK;

#endif
