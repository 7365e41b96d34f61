/* conn.h - one connection: its socket, its buffers, its life. What is said on
 * it is login.c's until the handshake is done and talk.c's from then on. */
#ifndef CONCLAVED_NET_CONN_H
#define CONCLAVED_NET_CONN_H

#include <sys/socket.h>

#include "server/auth/throttle.h"
#include "server/net/outq.h"
#include "server/net/ratelimit.h"
#include "server/room/room.h"
#include "server/auth/detect.h"
#include "server/net/timer.h"

struct worker;

/* What epoll's pointer points to begins with one of these. */
enum conn_source {
	SOURCE_LISTENER,
	SOURCE_SIGNAL,
	SOURCE_WAKE,
	SOURCE_LOGINS, /* somebody in worker->login_fd has something */
	SOURCE_CONN,
};

enum conn_state {
	CONN_LOGIN, /* handshake */
	CONN_LINKED,  /* the link is up: waits for the room or is in it */
	CONN_CLOSING,  /* our last words leave; what comes is thrown away */
	CONN_DEAD,     /* closed; freed at the end of the turn */
};

struct conn {
	enum conn_source source; /* first */
	enum conn_state state;
	int fd;
	uint32_t watched;	     /* what epoll watches; 0: nothing */
	int watched_by;		     /* which epoll that is */
	struct worker *worker;	     /* borrowed */
	struct handshake *handshake; /* NULL once done */
	struct link *link;	     /* NULL before */
	/* What a delivery touches ends here: of a thousand readers none is in
	 * the cache when its turn comes. */
	struct outq out;
	struct membership membership; /* in the room */

	bool paused;   /* not read until tokens are back */
	bool broken;   /* it cannot be written to any more */
	bool shut;     /* all said, and the end as well */
	struct buf in; /* what came and is not yet used */
	size_t in_held; /* of it, what memory.h knows of */
	uint64_t heard_ms;

	/* talking */
	struct ratelimit rate;
	size_t record_len;	      /* a record that is open: its size, */
	size_t frame_at, frames_left; /* and where its next frame is */

	/* greeting */
	bool in_throttle, waits; /* attempt in use; share not answered */
	bool proved;
	struct throttle_attempt attempt;
	uint8_t first[DETECT_BYTES];
	size_t n_first;

	struct conn *next, *prev;     /* of the worker's list */
	char peer[64];		      /* address, for the log */
	char name[WIRE_NAME_MAX + 1]; /* "" before it is validated */
	struct timer life;	      /* handshake, silence, closing */
	struct timer pause;	      /* tokens */
};

/* What one costs, with its link or its handshake, when nothing waits. */
enum { CONN_COST = sizeof(struct conn) + 1024 };

/* Takes over the socket, which worker->n_conns counts already. NULL: no memory;
 * the socket is closed. */
struct conn *conn_new(struct worker *w, int fd, const struct sockaddr *sa);
void conn_free(struct conn *c); /* only from the worker's dead list */

/* What epoll said. */
void conn_event(struct conn *c, uint32_t events);
/* Goes on with what has been read, after a pause or a wait. */
void conn_resume(struct conn *c);
/* Writes what is ready; the connection was on the ready list. */
void conn_flush(struct conn *c);
struct conn *conn_of(struct outq *q);
struct conn *conn_of_membership(struct membership *s);
/* Bytes that the server holds because of it. */
size_t conn_held(const struct conn *c);
/* Tells epoll what is wanted now. */
void conn_watch(struct conn *c);

/* The connection is done, from the gentlest to the hardest. Each may be called
 * in any state; a member has left the room after it. */
/* All that is queued is sent, then a bye with this code. */
void conn_finish(struct conn *c, enum wire_code code);
/* A bye with this code and nothing else but a record already begun. */
void conn_end(struct conn *c, enum wire_code code);
/* Greeting: an error message with this code. */
void conn_refuse(struct conn *c, enum wire_code code, const char *text);
/* What is queued is written within a moment, then it is closed. */
void conn_linger(struct conn *c);
void conn_close(struct conn *c);

#endif
