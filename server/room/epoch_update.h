/* epoch_update.h - the frames that a rekey sends to the room: built once,
 * never changed, and shared by the room's shards. Inner header of
 * server/room. */
#ifndef CONCLAVED_ROOM_EPOCH_UPDATE_H
#define CONCLAVED_ROOM_EPOCH_UPDATE_H

#include "server/room/member.h"

struct epoch_update {
	atomic_uint refs;
	uint32_t epoch;
	struct frame
	    *rekey; /* the fresh secret for members who stay, or NULL */
	struct frame **notice;
	size_t n_notices;
	struct frame *page; /* the first of the list, for newcomers */
	size_t n_new;
	struct {
		struct member *member; /* a reference */
		struct frame *welcome;
	} newcomer[];
};

/* Allocates space for that many newcomers and notices. NULL: no memory. */
struct epoch_update *epoch_update_new(size_t n_new, size_t n_notices);
struct epoch_update *epoch_update_ref(struct epoch_update *u);
void epoch_update_unref(struct epoch_update *u); /* NULL is a no-op */

#endif
