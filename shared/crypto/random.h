/* random.h - where random bytes come from. The source is an argument, so that the
 * protocol has no ambient randomness and tests can repeat a run. */
#ifndef SHARED_RANDOM_H
#define SHARED_RANDOM_H

#include <stddef.h>

#include "shared/base/err.h"

/* fill returns 0 or ERR_CRYPTO. */
struct rng {
	int (*fill)(void *arg, void *out, size_t n);
	void *arg;
};
/* libcrypto's generator, with fresh bytes of the kernel in each call: libcrypto
 * notices a fork, but not that a snapshot of a virtual machine is started
 * twice. For any thread. */
struct rng random_system(void);

/* Mixes fresh bytes of the kernel into the generator that libcrypto uses by
 * itself in this thread, as for the seed of OAEP. ERR_CRYPTO, ERR_NOMEM. */
int random_stir(void) MUST_CHECK;

#endif
