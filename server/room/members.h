/* members.h - the members of a room and its waiting newcomers. Inner header
 * of server/room. Everything is under the room's lock, except members_count. */
#ifndef CONCLAVED_ROOM_MEMBERS_H
#define CONCLAVED_ROOM_MEMBERS_H

#include "server/room/member.h"
#include "shared/proto/control.h"

struct members {
	struct member_list in; /* sorted by number; also those that left */
	struct member_list waiting; /* in the order of their arrival */
	size_t n_left;	       /* left, but still in `in` */
	atomic_size_t count;   /* members and newcomers that have not left */
};
void members_free(struct members *ms);
size_t members_count(const struct members *ms);
/* Members that stay, without newcomers. */
size_t members_staying(const struct members *ms);

/* Reserves space for one more, both here and later as a member, so that a
 * rekey cannot run out of memory for its lists. */
int members_reserve(struct members *ms) MUST_CHECK;
void members_wait(struct members *ms, struct member *m); /* adds a reference */
/* Leaves and frees its name. Members stay in the list until members_forget. */
void members_leave(struct members *ms, struct directory *d, struct member *m);
/* Turns newcomers that have their welcome into members. Frees m->arrival. */
void members_admit(struct members *ms, struct member **who, size_t n);
void members_forget(struct members *ms); /* removes members that have left */

/* Fills a page, from the member with this index on. */
void members_page(const struct members *ms, size_t first, struct user_list *l);

#endif
