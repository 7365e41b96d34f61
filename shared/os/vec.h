/* vec.h - growing an array, overflow-checked. */
#ifndef SHARED_OS_VEC_H
#define SHARED_OS_VEC_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/err.h"

/* Makes room for at least `n` elements of `size` bytes in the array that `array`
 * points to (the address of a pointer); *cap is its capacity in elements, 0 for a
 * NULL array. The capacity at least doubles when it grows, so that adding one
 * element costs O(1) on average. ERR_NOMEM: nothing has changed. */
static inline int vec_reserve(void *array, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap > SIZE_MAX / 2 ? SIZE_MAX : 2 * *cap;
	void *p;

	if (n <= *cap)
		return 0;
	if (want < n)
		want = n < 16 ? 16 : n;
	memcpy(&p, array, sizeof(p));
	if ((p = reallocarray(p, want, size)) == NULL)
		return ERR_NOMEM;
	memcpy(array, &p, sizeof(p));
	*cap = want;
	return 0;
}

#endif
