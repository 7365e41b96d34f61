/* sweep.h - repeats a scenario and fails another allocation each time: first
 * the n-th alone, then all from the n-th to the end of the call that contains
 * it, for n = 1, 2, ... until the scenario has no n-th allocation.
 *
 * Allocations fail only inside FAULTY(call). Code outside of it (setup, final
 * checks, peers) has memory. */
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
/* Stops failing allocations for the rest of this run. */
void sweep_over(void);
/* True once an allocation of this run has failed. */
bool sweep_failed(void);
/* Checks an error code of this run: 0, or a local error, and then only after a
 * failed allocation. Returns true for 0. */
bool sweep_ok(int err);

/* Runs scenario(arg) for every n up to 2,000. The scenario creates what it
 * needs and frees it; a leak fails the test. */
void sweep(const char *name, void (*scenario)(void *arg), void *arg);
/* For slow scenarios: only every `stride`-th n, or all with FAULT_ALL=1. */
void sweep_some(
    const char *name, void (*scenario)(void *arg), void *arg, uint64_t stride);

#endif
