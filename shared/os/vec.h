/* vec.h - grows arrays with overflow checks. */
#ifndef SHARED_OS_VEC_H
#define SHARED_OS_VEC_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/err.h"
#include "shared/base/secret.h"

/* Grows the array to at least `n` elements of `size` bytes. `array` is the
 * address of the array pointer; *cap is its capacity in elements, 0 for a NULL
 * array. The capacity at least doubles, so that appending an element costs
 * amortized O(1). On ERR_NOMEM nothing has changed. */
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

/* The same for an array of secret_alloc, whose owner calls secret_free with *cap
 * times size. What it leaves is wiped. */
static inline int vec_reserve_secret(
    void *array, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap > SIZE_MAX / 2 ? SIZE_MAX : 2 * *cap;
	void *old, *p;

	if (n <= *cap)
		return 0;
	if (want < n)
		want = n < 16 ? 16 : n;
	memcpy(&old, array, sizeof(old));
	if (want > SIZE_MAX / size || (p = secret_alloc(want * size)) == NULL)
		return ERR_NOMEM;
	if (*cap > 0)
		memcpy(p, old, *cap * size);
	secret_free(old, *cap * size);
	memcpy(array, &p, sizeof(p));
	*cap = want;
	return 0;
}

#endif
