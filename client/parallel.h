/* parallel.h - does many like computations at once, on all processors. The threads
 * are started at the first use, so a client that needs none has none. */
#ifndef CONCLAVE_PARALLEL_H
#define CONCLAVE_PARALLEL_H

#include "client/session/parallel_ops.h"
#include "shared/crypto/crypto.h"

/* Threads that compute at once, the calling one included. */
enum { PARALLEL_MAX = 4 };

struct parallel;
/* threads: how many compute; 0: as many as this process has processors. The crypto
 * is that of the thread that will call run, and borrowed. NULL: out of memory. */
struct parallel *parallel_new(struct crypto *c, size_t threads);
void parallel_free(struct parallel *p); /* ends the threads; NULL is a no-op */

/* The calls go to this thread and the others. A thread that cannot be started is
 * done without. */
struct parallel_ops parallel_ops(struct parallel *p);

#endif
