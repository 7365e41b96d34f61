/* patience.h - how long a server may take to let us into a room, and to say who
 * left it. It may be slow with many newcomers, but one that only answers pings
 * would leave us waiting for ever. Pure. */
#ifndef CONCLAVE_SESSION_PATIENCE_H
#define CONCLAVE_SESSION_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Fields are for patience.c only. */
struct patience {
	uint64_t step_ms; /* of the last step on the way in; UINT64_MAX: none */
	/* Since when the list of people is not that of the epoch; UINT64_MAX:
	 * it is. */
	uint64_t disagreed_ms;
};

/* A step on the way in; UINT64_MAX: we are not on the way. */
void patience_step(struct patience *p, uint64_t now_ms);
/* Whether patience_note has to be told that the list agrees no longer, or
 * again. */
bool patience_turned(const struct patience *p, bool agrees);
void patience_note(struct patience *p, uint64_t now_ms);
/* When the server is late: with the next step or, if we are in, with the list. */
uint64_t patience_ends(const struct patience *p, bool in);

#endif
