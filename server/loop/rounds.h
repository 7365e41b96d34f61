/* rounds.h - visits the workers one after the other, each in its own thread, and
 * comes back: how the first worker's thread reads or changes what belongs to the
 * others, without a lock. Everything here but a visit is in the first worker's
 * thread. */
#ifndef CONCLAVED_LOOP_ROUNDS_H
#define CONCLAVED_LOOP_ROUNDS_H

#include "server/loop/worker.h"

/* Embedded in its owner, who keeps it until `done`. */
struct round {
	unsigned at, end; /* workers at .. end - 1 are still to be visited */
	void (*visit)(struct round *r, struct worker *w, unsigned index);
	void (*done)(struct round *r); /* it may begin another one */
	STAILQ_ENTRY(round) next;
};

struct rounds {
	struct worker *const *workers; /* borrowed */
	struct source source;
	int fd;			      /* an eventfd: a visit has ended */
	STAILQ_HEAD(, round) waiting; /* the first one is under way */
	bool going;		      /* rounds_go is on the stack */
};
/* Watches a descriptor in the first worker. ERR_IO. rounds_free also undoes a
 * failed rounds_init, and a struct with fd -1. */
int rounds_init(struct rounds *rs, struct worker *const *workers) MUST_CHECK;
/* Those under way never end. */
void rounds_free(struct rounds *rs);
void rounds_begin(struct rounds *rs, struct round *r);

#endif
