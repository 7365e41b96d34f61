/* pool.h - does one thing to many items, on all processors. Each thread has a
 * struct crypto of its own. */
#ifndef CONCLAVE_VERIFY_POOL_H
#define CONCLAVE_VERIFY_POOL_H

#include "shared/crypto/crypto.h"

struct pool;
/* As many threads as there are processors, but at most `max`. NULL: no memory, or
 * no thread. */
struct pool *pool_new(size_t max);
void pool_free(struct pool *p); /* NULL is a no-op */

/* Calls fn once for each of the items 0 to n - 1, in any order, and returns when
 * all are done. */
void pool_each(struct pool *p, size_t n,
    void (*fn)(void *arg, struct crypto *c, size_t i), void *arg);

#endif
