/* pings.h - when a ping is due, and the round trip that its answer measures.
 * Pure. */
#ifndef CONCLAVE_SESSION_PINGS_H
#define CONCLAVE_SESSION_PINGS_H

#include <stdbool.h>
#include <stdint.h>

struct pings {
	uint64_t sent_ms, due_ms;
	int64_t id;	 /* of the last ping */
	bool out;	 /* it has no answer yet */
	uint32_t rtt_ms; /* UINT32_MAX: not measured */
};

/* No link; a link begins. */
void pings_forget(struct pings *p);
void pings_start(struct pings *p, uint64_t now_ms);
/* Measures a round trip soon. */
void pings_soon(struct pings *p, uint64_t now_ms);
/* When the next one is due; rx_ms: the last record came. */
uint64_t pings_at(const struct pings *p, uint64_t rx_ms);
/* A ping is sent: its id. */
int64_t pings_sent(struct pings *p, uint64_t now_ms);
/* An answer: whether it measures the round trip. */
bool pings_answer(struct pings *p, int64_t id, uint64_t now_ms);

#endif
