/* pressure.h - what a worker does when memory runs short: it evicts the client
 * that holds the most, and at the limit its clients are not read (client.c's
 * hold). A frame is held until its last reader has it, so slow readers are what
 * fills memory. */
#ifndef CONCLAVED_LOOP_PRESSURE_H
#define CONCLAVED_LOOP_PRESSURE_H

#include "server/logger.h"
#include "server/net/conn.h"

struct pressure_opts {
	struct conn_loop *loop; /* borrowed, like all pointers here */
	const struct logger *log;
	size_t limit; /* --max-memory, bytes */
	void (*evict)(struct conn *c);
};
struct pressure {
	struct pressure_opts o;
	uint64_t said_ms; /* when the log last said so; 0: never */
	uint64_t full_ms; /* since when the limit is reached; 0: it is not */
	struct timer look;
};
void pressure_init(struct pressure *p, const struct pressure_opts *o);
/* In each step: from seven eighths of the limit on evicts one client. */
void pressure_run(struct pressure *p);

#endif
