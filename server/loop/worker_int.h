/* worker_int.h - the inside of a worker, for worker.c and for tests that drive
 * its loop themselves. */
#ifndef CONCLAVED_LOOP_WORKER_INT_H
#define CONCLAVED_LOOP_WORKER_INT_H

#include "server/loop/handoff.h"
#include "server/loop/pressure.h"
#include "server/loop/worker.h"

struct worker {
	struct worker_opts o; /* never changes */

	/* Reached from other threads. */
	struct handoff handoff;
	int event_fd;	   /* written to wake it; never read */
	atomic_bool woken; /* event_fd was written since the last step began */
	atomic_uint stop;  /* worker_stop's; 0: go on */

	/* The thread's own. */
	struct crypto *crypto;
	struct conn_loop loop;
	struct clients clients;
	struct room_thread *rooms;
	struct pressure pressure;
	struct source wake_source, login_source;
	bool login_ready;  /* loop.new_fd has something */
	bool working;	   /* keys are left to wrap for newcomers */
	bool stopping;	   /* everyone has been told */
	uint64_t until_ms; /* when to end at the latest */
};

#endif
