/* parallel_ops.h - how a session has many like computations done at once. It has no
 * threads itself: the driver gives it this (client/parallel.h). */
#ifndef CONCLAVE_SESSION_PARALLEL_OPS_H
#define CONCLAVE_SESSION_PARALLEL_OPS_H

#include <stddef.h>

struct crypto;

struct parallel_ops {
	/* Other threads begin to call fn once for each of the n items, which have
	 * this size, in any order, each with the crypto of its thread. fn writes
	 * to nothing but its item. NULL: there are no other threads. */
	void (*begin)(void *arg, void (*fn)(struct crypto *c, void *item),
	    void *items, size_t size, size_t n);
	/* Calls fn for those that are left, and returns after all calls have
	 * returned. After each begin, once; until then the items are not the
	 * caller's. */
	void (*finish)(void *arg);
	void *arg;
};

#endif
