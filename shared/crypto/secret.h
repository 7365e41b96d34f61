/* secret.h - memory for keys: wiped, locked, compared in constant time.
 * Only this file touches the primitives for it. */
#ifndef SHARED_CRYPTO_SECRET_H
#define SHARED_CRYPTO_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/wire/err.h"

/* Once, before any key: takes as much of the limit on locked memory as there
 * is, and gives libcrypto a locked heap outside the ordinary one, that stays
 * out of core dumps, for what it calls secure: private RSA keys, scalars, the
 * state of its generator. It has room for so many exchanges of SPAKE2+ at once;
 * a further one would fail. 0; ERR_AGAIN: the limit is too low to lock it, so
 * that keys may reach the swap space, and all else works; ERR_NOMEM. */
int secret_setup(size_t exchanges) MUST_CHECK;

/* Zeroes n bytes in a way that the compiler keeps. */
/*@ requires \valid((char *)p + (0 .. n - 1));
    assigns ((char *)p)[0 .. n - 1];
    exits \false; */
void secret_wipe(void *p, size_t n);

/* Zeroed memory outside the ordinary heap pages: locked where the limit on
 * locked memory allows it, and kept out of core dumps. NULL if there is none.
 * It takes whole pages and some 5 us: for keys that stay, not for every
 * message. */
/*@ assigns \nothing;
    ensures \result == \null || \valid((char *)\result + (0 .. n - 1)); */
void *secret_alloc(size_t n) __attribute__((malloc));
/* Wipes, then frees; n is what was asked for. NULL is a no-op. */
/*@ assigns \nothing; */
void secret_free(void *p, size_t n);

/* The same for what comes and goes, in blocks of one size: a few that were given
 * back are kept, wiped and locked, for whoever is next. All zeros is an empty
 * one. One thread's; every block is given back before secret_pool_free. */
enum { SECRET_POOL_KEPT = 64 };
struct secret_pool {
	size_t size; /* of a block; that of the first one asked for */
	size_t n;
	void *kept[SECRET_POOL_KEPT];
};
void *secret_pool_get(struct secret_pool *pool, size_t n)
    __attribute__((malloc));
void secret_pool_put(struct secret_pool *pool, void *p, size_t n);
void secret_pool_free(struct secret_pool *pool);

/* True when the n bytes are equal; time depends on n only. */
/*@ requires \valid_read((char *)a + (0 .. n - 1));
    requires \valid_read((char *)b + (0 .. n - 1));
    assigns \nothing; */
bool secret_equal(const void *a, const void *b, size_t n);

#endif
