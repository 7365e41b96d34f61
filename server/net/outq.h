/* outq.h - what waits to be sent to one reader, and how it becomes records.
 *
 * A queue holds references to frames. At the end of a loop step outq_flush
 * puts all of them into one record (more if they do not fit) and gives it to
 * one writev: small frames are copied into the loop's scratch memory, large
 * ones stay where they are. The part that a socket did not take is kept and
 * finished before anything else, since half a record cannot be taken back.
 *
 * A queue with more than OUTQ_FULL is full, and on the ready list: its owner
 * sees to it that who fills it sends no more, until its reader has taken what
 * is above OUTQ_TAKEN.
 *
 * A queue is bounded. One that would grow past OUTQ_MAX, or cannot grow, has
 * failed: it drops everything that is not yet in a record and takes nothing
 * more, and its owner finds it on the ready list. An empty queue holds a
 * small ring at most. */
#ifndef CONCLAVED_NET_OUTQ_H
#define CONCLAVED_NET_OUTQ_H

#include <sys/queue.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "server/net/frame.h"
#include "server/net/limits.h"

enum {
	OUTQ_MAX = LIMIT_QUEUE,
	OUTQ_FULL = LIMIT_QUEUE_FULL,	   /* above this: full ... */
	OUTQ_TAKEN = LIMIT_QUEUE_FULL / 2, /* ... until it is below this */
	OUTQ_OVERHEAD = 16,   /* cost of a queued frame besides its bytes */
	OUTQ_SMALL = 1 << 10, /* frames up to this are copied */
	OUTQ_STEP = LIMIT_WRITE,
	OUTQ_FEW = 4,	   /* frames held without an allocation */
	OUTQ_KEEP = 32,	   /* a ring up to this is kept when empty */
	OUTQ_PIECES = 512, /* of a record: LINK_FRAMES_MAX / OUTQ_SMALL
			       * large frames, scratch between them */
};

struct outq;
/* Queues that have something to send, oldest first. */
TAILQ_HEAD(outq_ready, outq);
void outq_ready_init(struct outq_ready *r);
/* Moves the whole list to *all, which need not be initialised. Queues that
 * get frames meanwhile return to the ready list. */
void outq_ready_take(struct outq_ready *r, struct outq_ready *all);
/* Removes and returns the first one, or NULL. */
struct outq *outq_ready_next(struct outq_ready *r);
/* Appends a queue just taken off to another list. While there, it does not
 * return to the ready list. */
void outq_ready_defer(struct outq_ready *later, struct outq *q);

struct outq_piece {
	struct frame *frame; /* a reference, or NULL: in the scratch */
	size_t off, len;
};

/* One per loop, since a loop builds one record at a time. */
struct outq_work {
	struct crypto *crypto; /* borrowed */
	struct buf scratch;    /* heads, small frames, MAC; never moves */
	struct outq_piece piece[OUTQ_PIECES];
	size_t n_pieces;
	struct iovec iov[OUTQ_PIECES];
	uint64_t frames; /* group frames put into records so far */
};
int outq_work_init(struct outq_work *w, struct crypto *c) MUST_CHECK;
void outq_work_free(struct outq_work *w);

struct outq_rest;
struct outq {
	struct frame **ring; /* `few` or the heap; cap is a power of two */
	struct frame *few[OUTQ_FEW];
	uint32_t cap, head, count;
	size_t bytes;		/* waiting, with overhead */
	struct outq_rest *rest; /* of a partly written record; NULL: none */
	enum { OUTQ_OPEN, OUTQ_FAILED, OUTQ_ENDED } state;
	int why; /* OUTQ_FAILED: ERR_SLOW or what went wrong */
	bool blocked;
	bool full; /* from OUTQ_FULL on, until below OUTQ_TAKEN */
	struct outq_ready *ready; /* borrowed */
	struct outq_ready *on;	  /* the list it is on; NULL: none */
	TAILQ_ENTRY(outq) entry;
	size_t aside;	   /* bytes that its owner puts later; its own */
	uint64_t since_ms; /* sched.h's */
};

void outq_init(struct outq *q, struct outq_ready *ready);
void outq_free(struct outq *q); /* also removes it from its list */

/* Adds its own reference. ERR_SLOW or ERR_NOMEM: the queue has failed, now
 * or earlier. An ended queue takes nothing and returns 0. */
int outq_put(struct outq *q, struct frame *p) MUST_CHECK;
/* Always takes over the frame's reference. If the frame is NULL (out of
 * memory) or does not fit, the queue fails, which its owner will notice. */
void outq_give(struct outq *q, struct frame *p);
/* Drops what is queued of this room and not yet in a record, from the newest
 * FRAME_KEY on: what is before that is of an earlier stay. */
struct outq_dropped {
	bool key;	  /* with that key */
	uint32_t request; /* with the answer to this room_join; 0: without */
};
struct outq_dropped outq_drop(struct outq *q, uint32_t room);
/* Fails the queue for a reason of its owner. */
void outq_fail(struct outq *q, int why);
/* Puts it on the ready list even if empty: its owner has work to do. */
void outq_touch(struct outq *q);

/* Ends the queue with this last frame (a bye; takes over its reference;
 * NULL: none). outq_end drops everything not yet in a record; outq_finish
 * sends it first. */
void outq_end(struct outq *q, struct frame *last);
void outq_finish(struct outq *q, struct frame *last);

struct outq_io {
	/* Like writev(2); -1 and errno. */
	ssize_t (*writev)(void *arg, const struct iovec *iov, int n);
	void *arg;
};
/* Writes what is ready. 0: everything. ERR_AGAIN: the socket is full, and the
 * queue stays off the ready list until a flush has made progress. ERR_LIMIT:
 * enough for this step, and it is on the ready list again. ERR_IO, ERR_NOMEM,
 * ERR_CRYPTO: the connection is no longer usable. */
int outq_flush(struct outq *q, struct link *l, struct outq_work *w,
    const struct outq_io *io) MUST_CHECK;
bool outq_empty(const struct outq *q);
/* Bytes queued for this reader, including frames shared with others. */
size_t outq_held(const struct outq *q);

#endif
