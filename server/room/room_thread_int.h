/* room_thread_int.h - what a room thread consists of. Inner header of
 * server/room. */
#ifndef CONCLAVED_ROOM_ROOM_THREAD_INT_H
#define CONCLAVED_ROOM_ROOM_THREAD_INT_H

#include "server/room/later.h"
#include "server/room/room_thread.h"
#include "server/room/shard.h"

/* Needed once per thread, whatever its number of rooms. */
struct room_thread {
	struct room_thread_opts o;
	struct shards shards;
	struct directory_inbox inbox;
	struct laters laters;
	struct rekeys rekeys;
	struct room_keys *wrap_keys; /* owned; zeros between wraps */
	bool is_signed; /* rooms_signed's */
};

#endif
