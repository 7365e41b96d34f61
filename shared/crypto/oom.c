#include <stdlib.h>

#include <openssl/crypto.h>

#include "shared/crypto/oom.h"

/* The hooks have no argument of ours to keep it in. */
static _Thread_local bool shortage;

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

/* --- libcrypto's hooks: as its own functions, but for the remembering --- */

static void *ossl_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n == 0 ? NULL : oom_malloc(n);
}

static void *ossl_realloc(void *p, size_t n, const char *file, int line)
{
	void *q;

	(void)file;
	(void)line;
	if (n == 0) {
		free(p);
		return NULL;
	}
	if ((q = realloc(p, n)) == NULL)
		shortage = true;
	return q;
}

static void ossl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

bool oom_setup(void)
{
	/* Refused once libcrypto has allocated: then nothing is remembered. */
	(void)CRYPTO_set_mem_functions(ossl_malloc, ossl_realloc, ossl_free);
	/* libcrypto 3.0 uses its default context also when it could not be
	 * made, and then takes a lock at NULL. */
	return OSSL_LIB_CTX_get0_global_default() != NULL;
}
