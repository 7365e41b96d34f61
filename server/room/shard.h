/* shard.h - a thread's share of a room: the memberships of its connections, and what
 * the room has posted for them. Only room_post reaches into a shard from other
 * threads, under the room's lock. */
#ifndef CONCLAVED_ROOM_SHARD_H
#define CONCLAVED_ROOM_SHARD_H

#include "server/room/room.h"

enum {
	SHARDS_MAX = 64,
	/* Wrapped keys in a loop turn: each is RSA, and people talk
	 * meanwhile. */
	SHARD_WRAPS = 1,
};

struct shard_opts {
	struct room *room;     /* borrowed, like all pointers here */
	struct crypto *crypto; /* the thread's own */
	/* Something is posted, or is to be looked at. From any thread, with
	 * the room locked: it must not call back. */
	void (*wake)(void *arg);
	/* A membership's member was put out by the room (CODE_REPLACED). It has left;
	 * what had been accepted before is queued. In shard_deliver. */
	void (*ended)(void *arg, struct membership *s, enum wire_code code);
	void *arg;
};
/* NULL: no memory, or more than SHARDS_MAX. The first one's thread runs the
 * rekeys. */
struct shard *shard_new(const struct shard_opts *o);
void shard_free(struct shard *l); /* no membership of it is taken */

/* Queues what was posted, and then one ack to each member of whom something
 * was accepted: at the end of each loop turn. */
void shard_deliver(struct shard *l);

/* Some of the work for newcomers of this shard, in each loop turn. True: there
 * is more. */
bool shard_work(struct shard *l);

#endif
