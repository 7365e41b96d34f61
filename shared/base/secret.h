/* secret.h - memory for keys: wiped, locked, and compared in constant time.
 * Only this file uses the system primitives for it. */
#ifndef SHARED_BASE_SECRET_H
#define SHARED_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/base/err.h"

/* Call once, before any key exists. Raises the soft limit on locked memory
 * to the hard limit and gives libcrypto a locked heap, kept out of core
 * dumps, for private RSA keys, scalars and its generator's state. The heap
 * has room for `exchanges` SPAKE2+ exchanges at once; one more would fail.
 * It belongs to the process, because libcrypto has only one. Returns 0;
 * ERR_AGAIN if the limit is too low to lock the heap, so keys may be swapped
 * out but all else works; or ERR_NOMEM. */
int secret_setup(size_t exchanges) MUST_CHECK;
/* The bytes of that heap. */
size_t secret_heap(size_t exchanges);

/* Zeroes n bytes; the compiler cannot optimise it away. */
/*@ requires \valid((char *)p + (0 .. n - 1));
    assigns ((char *)p)[0 .. n - 1];
    exits \false; */
void secret_wipe(void *p, size_t n);

/* Zeroed memory on its own pages, locked if the limit on locked memory
 * allows it, and kept out of core dumps. NULL: out of memory. It takes whole
 * pages and about 5 us, so use it for long-lived keys, not for each message. */
/*@ assigns \nothing;
    ensures \result == \null || \valid((char *)\result + (0 .. n - 1)); */
void *secret_alloc(size_t n) __attribute__((malloc));
/* Wipes, then frees; n is the size requested. NULL is a no-op. */
/*@ assigns \nothing; */
void secret_free(void *p, size_t n);

/* A pool for short-lived secrets in blocks of one size: it keeps up to
 * SECRET_POOL_KEPT returned blocks, wiped and locked, for reuse. An all-zero
 * pool is empty. A pool serves one thread. Return every block before
 * secret_pool_free. */
enum { SECRET_POOL_KEPT = 64 };
struct secret_pool {
	size_t size; /* of a block: the first size requested */
	size_t n;
	void *kept[SECRET_POOL_KEPT];
};
void *secret_pool_get(struct secret_pool *pool, size_t n)
    __attribute__((malloc));
void secret_pool_put(struct secret_pool *pool, void *p, size_t n);
void secret_pool_free(struct secret_pool *pool);

/* True if the n bytes are equal; the time depends on n only. */
/*@ requires \valid_read((char *)a + (0 .. n - 1));
    requires \valid_read((char *)b + (0 .. n - 1));
    assigns \nothing; */
bool secret_equal(const void *a, const void *b, size_t n);

#endif
