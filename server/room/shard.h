/* shard.h - the members of one room that sit on one thread. It exists while
 * there are any. Inner header of server/room; everything here is the thread's
 * own. */
#ifndef CONCLAVED_ROOM_SHARD_H
#define CONCLAVED_ROOM_SHARD_H

#include "server/room/room_int.h"

/* Frames on their way to a shard's members: all who did not speak are sent the
 * same bytes, so they get them as one frame. */
enum { BATCH_FRAMES = 256, BATCH_BYTES = 128 << 10 };
struct batch {
	struct frame *p[BATCH_FRAMES]; /* references */
	uint32_t from[BATCH_FRAMES], epoch[BATCH_FRAMES];
	size_t n, bytes;
	uint32_t epoch_min;
};

/* What a thread needs once, whatever its number of rooms. */
struct room_thread {
	struct room_thread_opts o;
	struct mailboxes mail;
	struct rekeys rekeys;
	struct room_events events; /* those of the shard that is delivered */
	struct batch batch;
	STAILQ_HEAD(, member) wraps; /* newcomers, a reference each */
	struct room_keys *wrap_keys; /* owned; zeros between wraps */
	struct buf json;	     /* scratch for what is not secret */
};

struct shard {
	struct mailbox mail;		/* under the room's lock */
	struct room *room;		/* borrowed */
	struct room_thread *thread;	/* borrowed */
	struct membership **membership; /* owned, but not what it points to;
					 * NULL where one has left */
	size_t n, cap, holes;
	LIST_HEAD(, membership) acks; /* who is owed one */
};

/* The thread's shard of the room, with room for one more membership; made if there
 * is none. The room is locked. NULL: no memory. A shard that stays empty goes
 * in the next shard_deliver. */
struct shard *shard_get(struct room_thread *t, struct room *r);
void shard_add(struct shard *l, struct membership *s, struct member *m);
/* Delivers what was posted; frees the shard if nobody is left in it. It has just
 * been taken off its thread's list. */
void shard_deliver(struct shard *l);
void shard_free(struct shard *l); /* with its room's mailbox */

/* The member leaves. */
void shard_leave(struct membership *s);
/* Queues a frame. False: the queue has failed, and the member has left. */
bool shard_put(struct membership *s, struct frame *p);
/* The connection cannot go on; the member has left. */
void shard_fail(struct membership *s, int why);

#endif
