/* acceptor.h - takes new connections from the listeners and spreads them over
 * the workers. Runs in the first worker's thread. */
#ifndef CONCLAVED_LOOP_ACCEPTOR_H
#define CONCLAVED_LOOP_ACCEPTOR_H

#include "server/loop/worker.h"
#include "server/net/listener.h"

/* All pointers are borrowed. */
struct acceptor_opts {
	const struct logger *log;
	const struct listener *listeners;
	size_t n_listeners;
	struct worker *const *workers; /* the first one accepts */
	unsigned n_workers;
	struct directory *directory; /* for its number of people */
	uint32_t handshakes_max;
	uint64_t memory_max; /* bytes */
};
struct acceptor {
	struct acceptor_opts o;
	struct acceptor_door {
		struct source source;
		struct acceptor *acceptor;
		int fd;
		bool tls;
	} * door;
	bool open; /* false: newcomers wait in the kernel's queue */
	bool stopped;
	struct timer again;
	uint64_t said_ms; /* last log line about not accepting; 0: never */
};

/* ERR_NOMEM, ERR_IO. acceptor_free also undoes a failed acceptor_init. */
int acceptor_init(struct acceptor *a, const struct acceptor_opts *o) MUST_CHECK;
void acceptor_free(struct acceptor *a);
void acceptor_limit(struct acceptor *a, uint64_t memory_max);
void acceptor_stop(struct acceptor *a);		 /* permanently */
size_t acceptor_conns(const struct acceptor *a); /* of all workers */

#endif
