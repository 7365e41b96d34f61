/* member.h - a member of a room, or a newcomer waiting to become one: all that
 * a connection costs in a room that it is in.
 *
 * A member is shared: by the lists of its room, by its connection, and by the
 * events that name it. Its thread is the one of its connection. Outside of
 * server/room a member is a handle: the functions in room.h take it, and `quit`
 * and `logged` are its owner's. */
#ifndef CONCLAVED_ROOM_MEMBER_H
#define CONCLAVED_ROOM_MEMBER_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "server/net/frame.h"
#include "server/room/directory.h"
#include "server/room/entrant.h"
#include "shared/proto/content.h"

struct mailbox;
struct outq;
struct room;

/* Of a newcomer; freed once it is a member. */
struct arrival {
	bool wanted;	       /* by the current rekey */
	struct frame *welcome; /* its key_exchange; owned; NULL: not yet made */
};

/* Why a member has left; each is a notice of its own. */
enum leave_cause {
	LEAVE_LOST, /* its connection */
	LEAVE_QUIT, /* on purpose: its membership has ended */
	LEAVE_KICK, /* somebody has put it out */
};
enum { LEAVE_CAUSES = LEAVE_KICK + 1 };

struct member {
	atomic_uint refs;
	uint32_t number; /* 0: none yet; then it never changes */

	/* Its thread's. */
	struct outq *out;     /* borrowed */
	uint32_t at;	      /* in its shard */
	uint8_t taken : 1;    /* it has entered, and has not left */
	uint8_t is_in : 1;    /* it has its number and its first key */
	uint8_t spoke : 1;    /* sent a frame of the current batch */
	uint8_t full : 1;     /* counted in room->full */
	uint8_t acked : 1;    /* of the current events */
	uint8_t wrapping : 1; /* on its thread's list of wraps */
	uint8_t quit : 1;     /* its client leaves on purpose */
	uint8_t logged : 1;   /* its owner's: the join, but not the leave */

	/* The room's, under its lock. */
	int8_t role;   /* enum role, in this room */
	uint8_t cause; /* enum leave_cause */
	uint8_t left : 1;
	uint8_t silent : 1;   /* it may not speak */
	uint32_t first_epoch; /* that it has the key of; for its thread, too,
			       * once it is in */
	/* Its frames up to this epoch are dropped, uncounted: it was told
	 * meanwhile that it may not speak, or that it may again. */
	uint32_t silent_epoch;
	struct mailbox
	    *mailbox; /* its shard's, until it has left; never changes */
	struct directory_place place; /* in the room */
	struct entrant *person;	      /* a reference */
	uint64_t seq;		      /* of the last frame that was accepted */
	struct arrival *arrival;      /* owned; NULL once it is a member */
};
static inline struct room *member_room(const struct member *m)
{
	return m->place.room;
}
/* True for a member or a waiting newcomer. In its thread, like the next. */
static inline bool member_taken(const struct member *m)
{
	return m->taken;
}
static inline bool member_is_in(const struct member *m)
{
	return m->taken && m->is_in;
}

/* How it was put out of its room. */
struct room_out {
	enum wire_code code;
	bool unseen; /* its key was never sent, so it was not told */
	/* The room_join whose `done` was dropped before it was sent; 0: none. */
	uint32_t unanswered;
};

/* One reference, which the caller owns, of one that has not entered. NULL: no
 * memory. */
struct member *member_new(void);
/* Its entry in a list. */
void member_user(const struct member *m, struct user *out);
struct member *member_ref(struct member *m);
void member_unref(struct member *m); /* NULL is a no-op */
void member_arrival_free(struct member *m);

/* A list of members, one reference each. */
struct member_list {
	struct member **p; /* owned */
	size_t n, cap;
};
int member_list_reserve(struct member_list *l, size_t n) MUST_CHECK;
void member_list_free(struct member_list *l);
/* The index of the first member whose number is above `after`, in a list that
 * is sorted by number. */
size_t member_list_above(const struct member_list *l, uint32_t after);
/* The member with this number, or NULL. */
struct member *member_list_find(const struct member_list *l, uint32_t number);
/* Adds a member to a sorted list that has room for it. */
void member_list_insert(struct member_list *l, struct member *m);
/* Removes a member that is in the list, and its reference. */
void member_list_remove(struct member_list *l, struct member *m);

#endif
