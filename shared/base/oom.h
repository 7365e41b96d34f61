/* oom.h - distinguishes running out of memory from a peer's error.
 *
 * libcrypto reports both the same way, for example as a signature that does
 * not verify. So it uses this allocator, which records a failed allocation in
 * a thread-local variable; oom.c also has a static reserve for libcrypto's
 * start. Both are global because libcrypto's hooks take no argument that could
 * carry them. */
#ifndef SHARED_BASE_OOM_H
#define SHARED_BASE_OOM_H

#include <stdbool.h>
#include <stddef.h>

/* Installs the allocator in libcrypto for the whole process. Call it once,
 * before libcrypto is used. False: libcrypto could not allocate its first
 * object and must not be used. Without this call, running out of memory may be
 * reported as a peer's error. */
bool oom_setup(void);

/* Like malloc(3). */
void *oom_malloc(size_t n);

/* oom_seen: has an allocation failed on this thread since the last call of
 * either function? Call oom_forget before the library call to be checked. */
bool oom_seen(void);
void oom_forget(void);

#endif
