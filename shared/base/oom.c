/* oom.c - the allocator that records failed allocations. */
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "shared/base/oom.h"

/* A thread-local variable, because libcrypto's hooks take no argument of
 * ours. */
static _Thread_local bool shortage;

/* Memory for libcrypto's start when malloc fails. Its base initialisation
 * must not see a failure: OpenSSL 3.5 reports a failed allocation with
 * ERR_new, which runs the same initialisation again, and pthread_once then
 * waits for itself forever. */
static struct {
	alignas(max_align_t) uint8_t bytes[16 << 10];
	size_t used;
	bool open; /* while there is only one thread */
} reserve;

static void *reserve_take(size_t n)
{
	void *p = reserve.bytes + reserve.used;
	size_t left = sizeof(reserve.bytes) - reserve.used;

	if (!reserve.open || n > left)
		return NULL;
	n += -n % alignof(max_align_t);
	reserve.used += n;
	return p;
}

static bool reserve_owns(const void *p)
{
	return (uintptr_t)p - (uintptr_t)reserve.bytes < sizeof(reserve.bytes);
}

void *oom_malloc(size_t n)
{
	void *p = malloc(n);

	if (p == NULL)
		shortage = true;
	return p;
}

bool oom_seen(void)
{
	bool seen = shortage;

	shortage = false;
	return seen;
}

void oom_forget(void)
{
	shortage = false;
}

/* --- libcrypto's hooks: like its own functions, but record failures --- */

static void *ossl_malloc(size_t n, const char *file, int line)
{
	void *p;

	(void)file;
	(void)line;
	if (n == 0)
		return NULL;
	return (p = oom_malloc(n)) != NULL ? p : reserve_take(n);
}

static void ossl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	if (!reserve_owns(p))
		free(p);
}

static void *ossl_realloc(void *p, size_t n, const char *file, int line)
{
	void *q;

	(void)file;
	(void)line;
	if (n == 0) {
		ossl_free(p, file, line);
		return NULL;
	}
	if (p == NULL)
		return ossl_malloc(n, file, line);
	/* A reserve block does not store its size, and the process exits
	 * before the block would have to grow. */
	q = reserve_owns(p) ? NULL : realloc(p, n);
	if (q == NULL)
		shortage = true;
	return q;
}

bool oom_setup(void)
{
	bool done;

	/* Refused once libcrypto has allocated; failures are then not
	 * recorded. */
	if (CRYPTO_set_mem_functions(ossl_malloc, ossl_realloc, ossl_free) ==
	    1) {
		/* Without any option this call does nothing. ASYNC adds only
		 * two thread-local keys to the base initialisation. */
		reserve.open = true;
		done = OPENSSL_init_crypto(OPENSSL_INIT_ASYNC, NULL) == 1;
		reserve.open = false;
		if (!done || reserve.used > 0)
			return false;
	}
	/* libcrypto 3.0 uses its default context even if creating it failed,
	 * and then takes a lock at NULL. */
	return OSSL_LIB_CTX_get0_global_default() != NULL;
}
