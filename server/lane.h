/* lane.h - a thread's share of a room: the seats of its connections, and what
 * the room has posted for them. Only room_post reaches into a lane from other
 * threads, under the room's lock. */
#ifndef CONCLAVED_LANE_H
#define CONCLAVED_LANE_H

#include "server/room.h"

enum {
	LANES_MAX = 64,
	/* Wrapped keys in a loop turn: each is RSA, and people talk
	 * meanwhile. */
	LANE_WRAPS = 1,
};

struct lane_opts {
	struct room *room;     /* borrowed, like all pointers here */
	struct crypto *crypto; /* the thread's own */
	/* Something is posted, or is to be looked at. From any thread, with
	 * the room locked: it must not call back. */
	void (*wake)(void *arg);
	/* A seat's member was put out by the room (CODE_REPLACED). It has left;
	 * what had been accepted before is queued. In lane_deliver. */
	void (*ended)(void *arg, struct seat *s, enum wire_code code);
	void *arg;
};
/* NULL: no memory, or more than LANES_MAX. The first one's thread runs the
 * turns. */
struct lane *lane_new(const struct lane_opts *o);
void lane_free(struct lane *l); /* no seat of it is taken */

/* Queues what was posted, and then one ack to each member of whom something
 * was accepted: at the end of each loop turn. */
void lane_deliver(struct lane *l);

/* Some of the work for newcomers of this lane, in each loop turn. True: there
 * is more. */
bool lane_work(struct lane *l);

#endif
