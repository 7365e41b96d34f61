/* conn.h - one connection: its transport, its buffers, when it is read and
 * written, and how it ends. It knows nothing of what is said on it: its owner
 * embeds it and gives it a table of callbacks.
 *
 * A connection is NEW until its owner trusts it (conn_trust): the loop watches
 * new ones with an epoll of their own, so that a crowd of strangers costs
 * a step no more than one, and reads little from each. Then it is OPEN. It is
 * CLOSING while its last words leave, and what still arrives is thrown away.
 * Once DEAD it is freed at the end of the step.
 *
 * Everything here belongs to the thread of its conn_loop. */
#ifndef CONCLAVED_NET_CONN_H
#define CONCLAVED_NET_CONN_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "server/net/counters.h"
#include "server/net/outq.h"
#include "server/net/sched.h"
#include "server/net/source.h"
#include "server/net/timer.h"
#include "server/net/transport.h"

struct conn;

/* The owner's part. None may free the connection. */
struct conn_ops {
	/* Bytes have arrived, after those left over from last time. Returns how
	 * many were used; the rest is kept and offered again. */
	size_t (*input)(struct conn *c, const uint8_t *in, size_t n);
	/* Writes whatever is ready: like outq_flush, which it normally is. */
	MUST_CHECK int (*output)(struct conn *c, const struct outq_io *io);
	/* OPEN, before each read: true if it must not be read now. It is then
	 * read again once conn_loop_unhold finds this false. */
	bool (*hold)(struct conn *c);
	/* The timer set with conn_expire_at has run out. NEW or OPEN. */
	void (*expired)(struct conn *c);
	/* The connection will be closed because of the peer, the network, or
	 * an error of our own. NEW or OPEN. */
	void (*lost)(struct conn *c, const char *why, bool ours);
	/* Its queue was full (outq.h), and is no longer. OPEN. */
	void (*taken)(struct conn *c);
	/* Called once, when it begins to close or is closed: leave all rooms
	 * and lists. */
	void (*leaving)(struct conn *c);
	/* Frees the owner, and the connection in it. */
	void (*free)(struct conn *c);
};

enum conn_state { CONN_NEW, CONN_OPEN, CONN_CLOSING, CONN_DEAD };

/* Reasons not to read, a bit mask. */
enum {
	CONN_STOP_RATE = 1, /* until its pause is over */
	CONN_STOP_HOLD = 2, /* until the pressure passes; see ops->hold */
	CONN_STOP_OWNER = 4 /* until its owner calls conn_go */
};

struct conn {
	struct source source;
	const struct conn_ops *ops;
	struct conn_loop *loop; /* borrowed */
	enum conn_state state;	/* others only read it */
	unsigned stopped;	/* CONN_STOP_* */
	struct transport transport;
	uint32_t watched; /* events that epoll watches */
	int watched_by;	  /* the epoll that does, if any */
	/* Delivering and flushing use nothing below `out`: with a thousand
	 * readers, no connection is in the cache when its write is due. */
	struct outq out;

	bool broken;	   /* a write has failed */
	bool shut;	   /* our side of the stream has ended */
	struct buf in;	   /* read and not yet used */
	size_t in_held;	   /* bytes of it that quota.h counts */
	uint64_t bytes_ms; /* when bytes last arrived, or could have */
	uint64_t heard_ms; /* conn_heard, or when we did not read */
	struct timer life; /* expiry, or the end of CLOSING */
	struct timer pause;
	struct timer slow;	/* runs while its queue is full */
	LIST_ENTRY(conn) all;	/* of conn_loop, until DEAD */
	SLIST_ENTRY(conn) dead; /* of conn_loop */
	TAILQ_ENTRY(conn) held; /* of conn_loop, with CONN_STOP_HOLD */
};

/* Shared by the connections of one thread. */
struct conn_loop {
	int epoll_fd, new_fd; /* owned; new_fd is watched by epoll_fd */
	uint64_t now_ms;      /* monotonic; set once in each step */
	unsigned new_reads;   /* NEW connections still to read */
	size_t taken;	      /* bytes read in this step from OPEN ones */
	struct timers timers;
	struct sched sched;
	struct outq_work work;
	uint8_t *input; /* LIMIT_READ bytes */
	struct tls_work tls;
	LIST_HEAD(, conn) all;
	SLIST_HEAD(, conn) dead;
	TAILQ_HEAD(conn_held, conn) held;
	size_t n_open, n_closing;
	size_t closing_max;
	struct counters counters;
	/* Connections here or in transit to here, from any thread. Count a
	 * connection before sending it here. */
	atomic_size_t n_conns;
};

/* Zeroed memory becomes a loop without descriptors (conn_loop_open). ERR_NOMEM.
 * conn_loop_free also undoes a conn_loop_init that failed. */
int conn_loop_init(struct conn_loop *l, struct crypto *crypto,
    size_t closing_max, uint64_t now_ms) MUST_CHECK;
int conn_loop_open(struct conn_loop *l) MUST_CHECK; /* ERR_IO */
void conn_loop_free(struct conn_loop *l);	    /* after its connections */
/* Writes to connections that are due; all: to every one with output. */
void conn_loop_flush(struct conn_loop *l, bool all);
/* Resumes reading all connections whose ops->hold is now false. */
void conn_loop_unhold(struct conn_loop *l);
void conn_loop_reap(struct conn_loop *l);  /* frees the dead */
void conn_loop_close(struct conn_loop *l); /* closes and frees all */

/* Takes over fd, which loop->n_conns already counts. ERR_NOMEM: fd is closed
 * and no longer counted. Otherwise ops->free will be called in the end. */
int conn_init(struct conn *c, struct conn_loop *l, const struct conn_ops *ops,
    int fd) MUST_CHECK;
/* Closes a counted socket for which no connection can be made. */
void conn_refused(struct conn_loop *l, int fd);
/* Begins TLS on it, which sees `rest` first: bytes that were read before. NEW.
 * ERR_NOMEM. */
int conn_tls(struct conn *c, struct tls_door *d, const void *rest, size_t n)
    MUST_CHECK;
struct conn *conn_of(struct outq *q);
/* Bytes that the server holds for it. */
size_t conn_held(const struct conn *c);

void conn_trust(struct conn *c); /* NEW becomes OPEN */
/* The peer is alive: something from it was authenticated. Bytes alone do not
 * show that: anybody on the path can send those. */
void conn_heard(struct conn *c);
void conn_expire_at(struct conn *c, uint64_t at_ms);
/* Does not read until then, and does not count that as silence. */
void conn_pause_until(struct conn *c, uint64_t at_ms);
/* Stops and resumes reading, for the owner's own reasons. */
void conn_stop(struct conn *c);
void conn_go(struct conn *c);
/* Offers the leftover input again, and updates the epoll events. */
void conn_resume(struct conn *c);
void conn_flush(struct conn *c);
/* Writes a few bytes at once, or none. */
void conn_write(struct conn *c, const void *p, size_t n);

/* Sends what is queued within LIMIT_CLOSING_MS, then closes. */
void conn_linger(struct conn *c);
void conn_close(struct conn *c);

#endif
