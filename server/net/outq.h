/* outq.h - what waits to be sent to one reader, and how it becomes records.
 *
 * A queue holds references to packets. At the end of a loop turn outq_flush
 * puts all that is there into one record (more when it does not fit) and gives
 * it to one writev: small frames copied into the loop's own scratch memory,
 * large ones where they are. What a socket did not take is kept and finished
 * before anything else, since half a record cannot be taken back.
 *
 * A queue is bounded. One that would grow past OUTQ_MAX, or cannot grow, has
 * failed: it lets go of all that is not yet in a record, takes nothing more,
 * and its owner finds it on the ready list. An empty queue holds at most a
 * small ring. */
#ifndef CONCLAVED_NET_OUTQ_H
#define CONCLAVED_NET_OUTQ_H

#include <sys/types.h>
#include <sys/uio.h>

#include "server/net/frame.h"
#include "server/net/limits.h"

enum {
	OUTQ_MAX = LIMIT_QUEUE,
	OUTQ_OVERHEAD = 16,   /* what a waiting packet counts beside itself */
	OUTQ_SMALL = 1 << 10, /* frames up to this are copied */
	OUTQ_STEP = LIMIT_WRITE,
	OUTQ_FEW = 4,	      /* packets held without an allocation */
	OUTQ_KEEP = 32,	      /* a ring up to this is kept when empty */
	OUTQ_PIECES = 512,    /* of a record: LINK_FRAMES_MAX / OUTQ_SMALL
			       * large frames, scratch between them */
};

struct outq;
/* Those with something to say, in the order in which they came to have it. */
struct outq_ready {
	struct outq *first, **end;
};
void outq_ready_init(struct outq_ready *r);
/* Moves the whole list to *all, which need not be initialised: who has more to
 * say meanwhile comes onto the list again. */
void outq_ready_take(struct outq_ready *r, struct outq_ready *all);
/* Takes the first one off, or NULL. */
struct outq *outq_ready_next(struct outq_ready *r);
/* One that was just taken off goes to the end of another list: while it is
 * there it does not come onto the ready list. */
void outq_ready_defer(struct outq_ready *later, struct outq *q);

struct outq_piece {
	struct frame *frame; /* a reference, or NULL: in the scratch */
	size_t off, len;
};

/* The loop's own: one record at a time is made here. */
struct outq_work {
	struct crypto *crypto; /* borrowed */
	struct buf scratch;    /* heads, small frames, MAC; never moves */
	struct outq_piece piece[OUTQ_PIECES];
	size_t n_pieces;
	struct iovec iov[OUTQ_PIECES];
};
int outq_work_init(struct outq_work *w, struct crypto *c) MUST_CHECK;
void outq_work_free(struct outq_work *w);

struct outq_rest;
struct outq {
	struct frame **ring; /* `few` or the heap; cap is a power of two */
	struct frame *few[OUTQ_FEW];
	uint32_t cap, head, count;
	size_t bytes;		/* that wait, overhead included */
	struct outq_rest *rest; /* of a record begun; NULL: none */
	enum { OUTQ_OPEN, OUTQ_FAILED, OUTQ_ENDED } state;
	int why; /* OUTQ_FAILED: ERR_SLOW or what went wrong */
	bool blocked;
	struct outq_ready *ready; /* borrowed */
	struct outq_ready *on;	  /* the list that it is on; NULL: none */
	struct outq *next;
	uint64_t since_ms; /* order.h's */
};

void outq_init(struct outq *q, struct outq_ready *ready);
void outq_free(struct outq *q); /* and off the ready list */

/* Adds a reference of its own. ERR_SLOW or ERR_NOMEM: the queue has failed,
 * now or before. Once ended it takes nothing and says 0. */
int outq_put(struct outq *q, struct frame *p) MUST_CHECK;
/* A packet just made, whose reference the queue takes over in every case. No
 * packet (NULL) or no room: the queue has failed, as the owner will find. */
void outq_give(struct outq *q, struct frame *p);
/* Something that only the owner knows went wrong: as if it had overflowed. */
void outq_fail(struct outq *q, int why);
/* On the ready list though nothing is queued: the owner has work. */
void outq_touch(struct outq *q);

/* The last packet (a bye; NULL: none; its reference is taken over) and nothing
 * after it. outq_end lets go of all that is not yet in a record, outq_finish
 * sends it before. */
void outq_end(struct outq *q, struct frame *last);
void outq_finish(struct outq *q, struct frame *last);

struct outq_io {
	/* Like writev(2); -1 and errno. */
	ssize_t (*writev)(void *arg, const struct iovec *iov, int n);
	void *arg;
};
/* Writes what is ready. 0: all of it. ERR_AGAIN: the socket is full; the queue
 * stays off the ready list until a flush gets on. ERR_LIMIT: enough for this
 * turn; it is on the ready list again. ERR_IO, ERR_NOMEM, ERR_CRYPTO: the
 * connection cannot be used any more. */
int outq_flush(struct outq *q, struct link *l, struct outq_work *w,
    const struct outq_io *io) MUST_CHECK;
bool outq_empty(const struct outq *q);
/* Bytes that wait for the reader, those that others wait for as well included. */
size_t outq_held(const struct outq *q);

#endif
