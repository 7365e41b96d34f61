/* shard.h - the members of one room on one thread. It exists while there are
 * any. Inner header of server/room; only the thread uses it. */
#ifndef CONCLAVED_ROOM_SHARD_H
#define CONCLAVED_ROOM_SHARD_H

#include "server/room/room_state.h"

/* Frames for a shard's members: all members that sent none of them get the
 * same bytes, so they get them as one frame. */
enum { BATCH_FRAMES = 256, BATCH_BYTES = 128 << 10 };
struct batch {
	struct frame *p[BATCH_FRAMES]; /* references */
	uint32_t from[BATCH_FRAMES], epoch[BATCH_FRAMES];
	uint64_t seq[BATCH_FRAMES];
	size_t n, bytes;
	uint32_t epoch_min;
};

/* A newcomer whose key is to be wrapped. */
struct shard_wrap {
	STAILQ_ENTRY(shard_wrap) next;
	struct member *member; /* a reference */
};

/* What the shards of one thread share. */
struct shards {
	struct mailboxes mail;
	struct room_events events; /* those of the shard that is delivered */
	struct batch batch;
	STAILQ_HEAD(, shard_wrap) wraps; /* owned */
	struct buf json;		 /* scratch for what is not secret */
	struct crypto *crypto;		 /* borrowed; the thread's own */
	/* As in room_thread_opts. */
	void (*ended)(void *arg, struct member *s, enum wire_code code);
	void (*left)(void *arg, struct member *s, const struct room_out *out);
	void (*admitted)(void *arg, struct member *s);
	bool (*answered)(void *arg, struct member *s, uint32_t number);
	void *arg;
};

struct shard {
	struct mailbox mail;	/* under the room's lock */
	struct room *room;	/* borrowed */
	struct shards *thread;	/* borrowed */
	struct member **member; /* owned, but not what it points to; NULL
				 * where one has left */
	size_t n, cap, holes;
};

/* The thread's shard of the room, with space for one more member; made
 * if there is none. The room is locked. NULL: no memory. The next
 * shard_deliver frees a shard that stays empty. */
struct shard *shard_get(struct shards *t, struct room *r);
/* The member enters; its connection keeps it until it has left. Adds a reference
 * to the room (member_forget). */
void shard_add(struct shard *l, struct member *m);
/* Delivers the posted events; frees the shard if it has no member left. The
 * shard must just have been taken off its thread's list. */
void shard_deliver(struct shard *l);
/* Puts shards on the thread's list whose events the store has committed. */
void shards_committed(struct shards *t, const struct store *s);
void shard_free(struct shard *l); /* also frees its mailbox; takes the lock */

/* The member leaves. */
void shard_leave(struct member *m);
/* Acknowledges what its room has accepted from it and not delivered yet. */
void shard_settle(struct member *m);
/* Queues a frame. False: the queue has failed, and the member has left. */
bool shard_put(struct member *m, struct frame *p);
/* Its queue may no longer be full. */
void shard_taken(struct member *m);
/* The connection cannot go on; the member has left. */
void shard_fail(struct member *m, int why);

/* The thread's scratch for what is not secret. */
struct buf *shard_json(const struct member *m);
struct crypto *shard_crypto(const struct member *m); /* the thread's own */
/* The next newcomer whose key is to be wrapped, in their order: a reference.
 * NULL: there is none. */
struct member *shard_next_wrap(struct shards *t);

#endif
