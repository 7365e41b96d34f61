/* member.h - a member of a room, or a newcomer waiting to become one. Inner
 * header of server/room.
 *
 * A member is shared: by the lists of its room, by its membership, and by the
 * events that name it. Everything here is under the room's lock, except where
 * it says otherwise. */
#ifndef CONCLAVED_ROOM_MEMBER_H
#define CONCLAVED_ROOM_MEMBER_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "server/net/frame.h"
#include "server/room/directory.h"
#include "server/room/entrant.h"
#include "shared/proto/content.h"

struct membership;
struct mailbox;
struct shards;

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
	uint32_t number;	       /* 0: it has none yet */
	struct room *room;	       /* borrowed; never changes */
	struct shards *thread;	       /* borrowed; never changes */
	struct membership *membership; /* its thread's; NULL once it has left */
	STAILQ_ENTRY(member) wrap;     /* its thread's ... */
	bool wrapping;		       /* ... it is on the list of wraps */
	bool left;
	bool silent;   /* it may not speak */
	uint8_t cause; /* enum leave_cause */
	int8_t role;   /* enum role, in this room */
	uint32_t first_epoch;
	/* Its frames up to this epoch are dropped, uncounted: it was told
	 * meanwhile that it may not speak, or that it may again. */
	uint32_t silent_epoch;
	struct mailbox *mailbox; /* its shard's; NULL once it has left */
	struct directory_place place;
	struct entrant *person;	 /* a reference */
	uint64_t seq, offset;	 /* of the last frame that was accepted */
	struct arrival *arrival; /* owned; NULL once it is a member */
};

/* One reference, which the caller owns; NULL: no memory. Adds a reference to
 * the person. */
struct member *member_new(struct entrant *p);
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
