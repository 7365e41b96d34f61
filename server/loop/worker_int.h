/* worker_int.h - a worker's internals, for worker.c and for tests that run
 * its loop themselves. */
#ifndef CONCLAVED_LOOP_WORKER_INT_H
#define CONCLAVED_LOOP_WORKER_INT_H

#include "server/loop/handoff.h"
#include "server/loop/pressure.h"
#include "server/loop/worker.h"
#include "shared/os/clock.h"

struct worker {
	struct worker_opts o; /* never changes */
	struct proxies proxies; /* who may name a client's address */

	/* Used by other threads. */
	struct handoff handoff;
	int event_fd;	   /* written to wake it; never read */
	atomic_bool woken; /* event_fd was written since the last step began */
	atomic_uint stop;  /* worker_stop's; 0: go on */
	void (*asked)(struct worker *w, void *arg); /* worker_ask's, ... */
	void *asked_arg;
	atomic_bool is_asked; /* ... which these belong to while it is true */

	/* Used by its own thread only. */
	struct crypto *crypto;
	struct conn_loop loop;
	struct clients clients;
	struct room_thread *rooms;
	struct pressure pressure;
	struct clock_watch clocks;
	struct source wake_source, login_source;
	bool login_ready;  /* loop.new_fd is readable */
	bool working;	   /* keys are left to wrap for newcomers */
	bool signing;	   /* it stops: the logs of the rooms are being signed */
	uint64_t signing_ms; /* and that takes no longer than to here */
	uint64_t look_ms;    /* when to see whether they are */
	bool stopping;	   /* a bye was sent to all */
	uint64_t until_ms; /* latest time to end */
};

#endif
