/* shortage.h - tells our own want of memory from a peer's breach.
 *
 * libcrypto and jansson answer both with the same "no": a signature that does
 * not verify, a text that does not parse. So both are given this allocator,
 * which remembers that it had nothing to give, for each thread by itself. */
#ifndef SHARED_CRYPTO_OOM_H
#define SHARED_CRYPTO_OOM_H

#include <stdbool.h>
#include <stddef.h>

/* Once, before libcrypto is used; json_setup does it for jansson. False: there
 * is no memory for libcrypto to begin with, and it must not be used. Without
 * this call a shortage may only be called by another name. */
bool oom_setup(void);

/* Like malloc(3). */
void *oom_malloc(size_t n);

/* An allocation has failed on this thread since the last time one of the two
 * was called. oom_forget goes before a call that is to be judged. */
bool oom_seen(void);
void oom_forget(void);

#endif
