/* fail_alloc.h - an allocator of which chosen allocations fail.
 *
 * In three ways the same: linked into a test program, where it takes the place
 * of malloc for all of the program's libraries; linked with ld's --wrap where
 * AddressSanitizer owns malloc (then libcrypto is asked by its own hook, and
 * what other libraries allocate is not seen); and as a library to preload
 * under the real programs (FAIL_ALLOC names a file of 4096 zero bytes or more,
 * which is the struct below: whoever maps it arms and counts).
 *
 * While armed each allocation has a number, from 1; those from `from` on, `len`
 * of them, are NULL with errno ENOMEM. Anonymous mmap counts as one: secrets
 * have pages of their own. */
#ifndef CONCLAVE_FAIL_ALLOC_H
#define CONCLAVE_FAIL_ALLOC_H

#include <stdatomic.h>
#include <stdint.h>

struct fail_alloc {
	_Atomic uint64_t armed;	 /* 0: nothing is counted and nothing fails */
	_Atomic uint64_t main;	 /* 1: only of the main thread */
	_Atomic uint64_t count;	 /* allocations while armed */
	_Atomic uint64_t from;	 /* the first to fail; 0: none */
	_Atomic uint64_t len;	 /* how many fail from there */
	_Atomic uint64_t failed; /* how many did */
	_Atomic int64_t live;	 /* blocks that are allocated now */
	_Atomic uint64_t size;	 /* of the last that failed, bytes */
};
extern struct fail_alloc *fail_alloc;

/* Called for each allocation that fails: where a debugger stops, and what a
 * test wants to know of it. */
void fail_alloc_here(void);
extern void (*fail_alloc_hook)(void); /* or NULL */

#endif
