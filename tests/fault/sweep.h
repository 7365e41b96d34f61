/* sweep.h - one scenario again and again, each time with another allocation
 * that fails: the n-th alone, then all from the n-th to the end of the call
 * that meets it, for n = 1.. until the scenario has no n-th one.
 *
 * FAULTY(call) is where the failing happens. Everything outside of it - making
 * the scenario, checking what is left, what a peer does - has memory. */
#ifndef CONCLAVE_TESTS_SWEEP_H
#define CONCLAVE_TESTS_SWEEP_H

#include "tests/fault/fail_alloc.h"
#include "tests/unit/check.h"

#define FAULTY(call)                                                           \
	(__extension__({                                                       \
		sweep_arm();                                                   \
		__typeof__(call) faulty_result = (call);                       \
		sweep_disarm();                                                \
		faulty_result;                                                 \
	}))
#define FAULTY_VOID(call)                                                      \
	do {                                                                   \
		sweep_arm();                                                   \
		call;                                                          \
		sweep_disarm();                                                \
	} while (0)

void sweep_arm(void);
void sweep_disarm(void);
/* Nothing fails any more in this run. */
void sweep_over(void);
/* True once an allocation of this run has failed. */
bool sweep_failed(void);
/* An error of this run: 0, or one of ours, and only after a failure. Returns
 * true when it is 0. */
bool sweep_ok(int err);

/* Runs scenario(arg), which makes what it needs and frees it, for every n up
 * to 2,000; what it allocates and does not free fails the test. */
void sweep(const char *name, void (*scenario)(void *arg), void *arg);
/* One that is slow: every `stride`-th n only, all with FAULT_ALL=1. */
void sweep_some(
    const char *name, void (*scenario)(void *arg), void *arg, uint64_t stride);

#endif
