/* parallel_ops.h - how a session has many like computations done at once. It has no
 * threads itself: the driver gives it this (client/parallel.h). */
#ifndef CONCLAVE_SESSION_PARALLEL_OPS_H
#define CONCLAVE_SESSION_PARALLEL_OPS_H

#include <stddef.h>

struct crypto;

struct parallel_ops {
	/* Calls fn once for each of the n items, which have this size, in any
	 * order and several at a time, each time with the crypto of the thread
	 * that calls; returns after all calls have returned. fn writes to
	 * nothing but its item. NULL: there are no other threads. */
	void (*run)(void *arg, void (*fn)(struct crypto *c, void *item),
	    void *items, size_t size, size_t n);
	void *arg;
};

#endif
