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
#include "shared/proto/content.h"
#include "shared/proto/handshake.h"

struct membership;
struct mailbox;
struct shards;

/* The data needed to wrap a newcomer's key; freed once it is a member. */
struct arrival {
	uint8_t th5[WIRE_HASH];
	uint8_t wrap[WIRE_RSA_SPKI_MAX];
	size_t wrap_len;
	bool wanted;	       /* by the current rekey */
	struct frame *welcome; /* its key_exchange; owned; NULL: not yet made */
};

struct member {
	atomic_uint refs;
	struct room *room;	       /* borrowed; never changes */
	struct shards *thread;	       /* borrowed; never changes */
	struct membership *membership; /* its thread's; NULL once it has left */
	STAILQ_ENTRY(member) wrap;     /* its thread's ... */
	bool wrapping;		       /* ... it is on the list of wraps */
	struct mailbox *mailbox;       /* its shard's; NULL once it has left */
	bool left, quit;	       /* quit: on purpose */
	struct directory_place place;
	struct user user; /* member 0: it has no number yet */
	uint32_t first_epoch;
	uint64_t seq;		 /* of the last frame that was accepted */
	struct arrival *arrival; /* owned; NULL once it is a member */
	uint8_t *card;		 /* owned; NULL once it has left */
	size_t card_len;
	size_t held; /* bytes that quota.h counts for it */
	uint8_t signature[WIRE_SIGNATURE];
};

/* One reference, which the caller owns; NULL: no memory. The result is
 * copied. */
struct member *member_new(const struct hs_result *res);
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
