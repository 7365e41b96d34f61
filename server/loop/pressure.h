/* pressure.h - a worker's response to memory pressure: it evicts the client
 * that holds the most, and at the limit it does not read its clients
 * (client.c's hold). A frame is held until its last reader has it, so slow
 * readers are what fills memory. */
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
	uint64_t said_ms; /* last log line about it; 0: never */
	uint64_t full_ms; /* when the limit was reached; 0: it is not */
	struct timer look;
};
void pressure_init(struct pressure *p, const struct pressure_opts *o);
/* Evicts one client if seven eighths of the limit are used. Called in each
 * step. */
void pressure_run(struct pressure *p);

#endif
