/* relay.h - the server's state at run time, for server.c, worker.c, conn.c,
 * login.c and talk.c. The others know nothing of it.
 *
 * Each worker is a thread with its own loop, connections, timers and libcrypto
 * contexts. What they share is the room and the gate, which lock themselves,
 * and the few things marked so below. The first worker also accepts, has the
 * signals, and runs the room's rekeys. */
#ifndef CONCLAVED_LOOP_INT_H
#define CONCLAVED_LOOP_INT_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "server/net/conn.h"
#include "server/net/sched.h"
#include "server/loop/server.h"
#include "server/room/rekey.h"

enum {
	LOOP_READ = 64 << 10,	 /* bytes taken from one connection a turn */
	/* The same while others still wait for what came before: a remark gets
	 * through, and a flood does not push what is being written out of the
	 * cache. */
	LOOP_READ_BEHIND = 4 << 10,
	LOOP_LOGIN_STEPS = 1,	 /* handshake steps a turn: each is some
				  * elliptic curve work, and people talk
				  * meanwhile; a turn costs next to nothing */
	LOOP_CLOSING_MAX = 256, /* connections that we wait for to hear us, of
				  * all workers together */
	LOOP_INBOX = 128,	 /* accepted, not yet seen by their worker */
	LOOP_LINES = 50,	 /* a second of the log, about strangers */
};

_Static_assert((int)WORKERS_MAX <= (int)SHARDS_MAX &&
		   (int)WORKERS_MAX <= (int)THROTTLE_WORKERS,
    "a lane and a home for each worker");

struct inbox {
	pthread_mutex_t lock;
	size_t n;
	struct {
		int fd;
		struct sockaddr_storage sa;
	} accepted[LOOP_INBOX];
};

struct worker {
	struct server *server;
	unsigned index;
	pthread_t thread; /* not of the first */
	bool started;
	int failed; /* why its loop ended early, or 0 */

	/* Reached from other threads. */
	int event_fd;		/* written to wake it */
	atomic_bool woken;	/* event_fd has been written since it looked */
	atomic_bool throttle_moved; /* throttle_ready may have someone */
	atomic_size_t n_conns;	/* open, and on their way in the inbox */
	struct inbox inbox;

	struct crypto *crypto;
	struct shard *shard;
	struct accounts_view accounts;
	uint64_t now_ms; /* monotonic; read once a turn */
	int epoll_fd;
	/* Of those whose handshake is not done, itself watched by epoll_fd: a
	 * crowd of them costs a turn no more than one. */
	int login_fd;
	struct timers timers;
	size_t throttle_waiting;
	struct timer throttle_timer;
	bool login_ready;	    /* login_fd has something */
	unsigned login_steps; /* left of LOOP_LOGIN_STEPS in this turn */
	struct ratelimit lines;  /* of the log, about strangers */
	uint64_t unsaid;    /* of them, since the last that was written */

	struct conn *conns; /* all that are open */
	struct conn *dead;  /* freed at the end of the turn */
	size_t n_open, n_closing;

	struct sched sched; /* who has something to be sent */
	struct outq_work work;
	uint8_t *input;	 /* LOOP_READ bytes */
	struct buf json; /* a control frame, opened; secret */
	bool working;	 /* newcomers' keys are left to wrap */
	uint64_t pressed_said_ms; /* 0: not yet */
	uint64_t full_ms; /* since when memory is at its limit; 0: not now */
	bool stopping;
	uint64_t until_ms; /* when to end at the latest */
};

struct server {
	struct server_opts o;
	uint8_t session[WIRE_NONCE];
	struct throttle *throttle;
	struct room *room;
	struct worker *worker; /* n_workers of them */
	unsigned n_workers;
	atomic_uint stop; /* signals to stop so far */

	/* The first worker's. */
	int signal_fd;
	/* Listeners: off while there are no descriptors left. */
	enum conn_source *listener; /* one tag each, for epoll */
	bool accepting;
	struct timer accept_timer;
	uint64_t accept_said_ms; /* 0: not yet */
};

/* worker.c. worker_free undoes worker_init, also one that failed, when none of
 * the workers is running any more and all have been closed. */
int worker_init(struct worker *w, struct server *s, unsigned index) MUST_CHECK;
void worker_close(struct worker *w); /* all its connections */
void worker_free(struct worker *w);
/* Its loop, until the server stops. */
int worker_run(struct worker *w) MUST_CHECK;
/* Nobody is read who has something to say: the shards have to catch up, or the
 * memory that the options allow is in use. */
bool worker_paused(const struct worker *w);
/* From any thread. */
void worker_wake(struct worker *w);
/* Hands over a socket; false: its inbox is full. From the first worker. */
bool worker_take(
    struct worker *w, int fd, const struct sockaddr_storage *sa) MUST_CHECK;

/* server.c: the first worker's part of a turn. */
void server_accept(struct server *s, size_t listener);
void server_signal(struct server *s);
void server_room(struct server *s);
void server_accepting(struct server *s, bool on);

#endif
