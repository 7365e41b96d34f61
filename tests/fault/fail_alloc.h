/* fail_alloc.h - an allocator that fails chosen allocations.
 *
 * It works the same in three setups: linked into a test program, where it
 * replaces malloc for all of the program's libraries; linked with ld's --wrap
 * where AddressSanitizer owns malloc (libcrypto then uses it through its own
 * hook, and allocations of other libraries are not seen); and preloaded under
 * the real programs (FAIL_ALLOC names a file of at least 4096 zero bytes that
 * holds the struct below; a test maps it to arm the failures and to count).
 *
 * While armed, allocations are numbered from 1; `len` of them, starting at
 * number `from`, return NULL with errno ENOMEM. An anonymous mmap counts as an
 * allocation, because secrets have their own pages. */
#ifndef CONCLAVE_FAIL_ALLOC_H
#define CONCLAVE_FAIL_ALLOC_H

#include <stdatomic.h>
#include <stdint.h>

struct fail_alloc {
	_Atomic uint64_t armed;	 /* 0: does not count and never fails */
	_Atomic uint64_t main;	 /* 1: only in the main thread */
	_Atomic uint64_t count;	 /* allocations while armed */
	_Atomic uint64_t from;	 /* the first to fail; 0: none */
	_Atomic uint64_t len;	 /* how many fail from there */
	_Atomic uint64_t failed; /* how many have failed */
	_Atomic int64_t live;	 /* blocks now allocated */
	_Atomic uint64_t size;	 /* bytes of the last failed one */
};
extern struct fail_alloc *fail_alloc;

/* Called for each allocation that fails: a place for a breakpoint, and a hook
 * for tests. */
void fail_alloc_here(void);
extern void (*fail_alloc_hook)(void); /* or NULL */

#endif
