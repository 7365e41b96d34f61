/* timer.h - one-shot timers in a binary heap. Finding the next one is O(1),
 * setting one is O(log n), and idle connections cost a step nothing. Times are
 * monotonic milliseconds, and arguments. */
#ifndef CONCLAVED_NET_TIMER_H
#define CONCLAVED_NET_TIMER_H

#include <stddef.h>
#include <stdint.h>

#include "shared/base/err.h"

#define TIMER_NEVER UINT64_MAX

/* Embedded in its owner. Zeroed memory with fn set is a stopped timer. */
struct timer {
	void (*fn)(struct timer *t);
	uint64_t at_ms;
	size_t place; /* in the heap, from 1; 0: stopped */
};

struct timers {
	struct timer **heap; /* owned; the timers are borrowed */
	size_t n, cap;
};

void timers_init(struct timers *h);
void timers_free(struct timers *h);
/* Reserves space for n timers in total, so that timer_set cannot fail.
 * ERR_NOMEM. */
int timers_reserve(struct timers *h, size_t n) MUST_CHECK;

/* Sets it, or moves one that is set. The caller must not set more timers
 * than timers_reserve has made space for. */
void timer_set(struct timers *h, struct timer *t, uint64_t at_ms);
void timer_stop(struct timers *h, struct timer *t); /* stopped: a no-op */

uint64_t timers_next(const struct timers *h); /* or TIMER_NEVER */
/* Stops all timers that are due and calls their functions. These may set and
 * stop any timer; one set for now runs in the next call. */
void timers_run(struct timers *h, uint64_t now_ms);

#endif
