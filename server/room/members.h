/* members.h - who is in a room, and who waits to be. Inner header of
 * server/room. Everything is under the room's lock, except members_count. */
#ifndef CONCLAVED_ROOM_MEMBERS_H
#define CONCLAVED_ROOM_MEMBERS_H

#include "server/room/member.h"
#include "shared/proto/control.h"

struct members {
	struct member_list in; /* sorted by number; includes those who have left */
	struct member_list waiting; /* in the order of their arrival */
	size_t n_left;	       /* of `in` */
	atomic_size_t count;   /* who has not left, including those who wait */
};
void members_free(struct members *ms);
size_t members_count(const struct members *ms);
/* Members that stay; without those who wait. */
size_t members_staying(const struct members *ms);

/* Room for one more, here and later as a member: a rekey cannot run out of
 * memory for its lists. */
int members_reserve(struct members *ms) MUST_CHECK;
void members_wait(struct members *ms, struct member *m); /* adds a reference */
/* Leaves: gives its name back. Members stay in the list until members_forget. */
void members_leave(struct members *ms, struct directory *d, struct member *m);
/* The newcomers who have their welcome become members. m->arrival goes. */
void members_admit(struct members *ms, struct member **who, size_t n);
void members_forget(struct members *ms); /* those who have left */

/* Fills a page, from the member with this index on. */
void members_page(const struct members *ms, size_t first, struct user_list *l);

#endif
