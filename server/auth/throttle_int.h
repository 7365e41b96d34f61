/* throttle_int.h - the throttle's internals, for throttle.c and its tests. */
#ifndef CONCLAVED_AUTH_THROTTLE_INT_H
#define CONCLAVED_AUTH_THROTTLE_INT_H

#include <pthread.h>

#include "server/auth/throttle.h"
#include "server/auth/throttle_key.h"

enum {
	THROTTLE_OPEN_MAX = 5, /* open guesses while there are few failures */
	/* From this many failures on: a pause, then one guess at a time. */
	THROTTLE_FREE = 5,
	/* 2^(f - 5) seconds: more than 60 s at the 11th failure. */
	THROTTLE_KEPT = 11,
	THROTTLE_WINDOW_MS = 10 * 60 * 1000,
};

TAILQ_HEAD(throttle_attempts, throttle_attempt);
TAILQ_HEAD(throttle_addresses, throttle_address);

struct throttle_address {
	struct throttle_key key;
	LIST_ENTRY(throttle_address) bucket; /* of the table */
	TAILQ_ENTRY(throttle_address) idle;  /* while it has no attempts */
	TAILQ_ENTRY(throttle_address) ready;
	bool is_ready;			  /* on the `ready` list */
	struct throttle_attempts early;	  /* oldest first */
	struct throttle_attempts waiting; /* first come, first served */
	uint32_t n_attempts, n_early, n_open;
	uint32_t rank;	   /* its place in `ranked`, while n_early > 0 */
	uint32_t n_failed; /* kept in failed_ms */
	uint64_t failed_ms[THROTTLE_KEPT]; /* a ring, */
	uint32_t failed_at;		   /* where the next one goes */
};

struct throttle {
	pthread_mutex_t lock; /* for everything below */
	struct throttle_limits limits;
	uint64_t seed[2];
	uint64_t now_ms; /* the latest that any thread has given */
	LIST_HEAD(throttle_bucket, throttle_address) * table;
	size_t table_mask;
	size_t n_addresses, n_attempts;
	/* Addresses with early attempts, those with most first, and how many of
	 * them have at least so many: ranked[n_ranked[c + 1]] to
	 * ranked[n_ranked[c] - 1] have c. */
	struct throttle_address **ranked;
	uint32_t *n_ranked; /* [0] is not used */
	uint32_t early_max; /* of the address with the most */
	uint64_t random;    /* the state of its generator */
	struct budget *budget;
	bool is_short; /* some wait for the budget of all networks */
	struct throttle_addresses idle; /* idle for longest first */
	/* Addresses whose first waiting attempt may be due. */
	struct throttle_addresses ready;
	/* Attempts that have an answer, by home. */
	struct throttle_attempts post[THROTTLE_WORKERS];
};

#endif
