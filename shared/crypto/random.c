/* random.c - libcrypto's generators, fed with fresh bytes of the kernel. */
#include "shared/crypto/ossl.h"

#include "shared/crypto/random.h"

#include <sys/random.h>

#include "shared/base/secret.h"

/* The kernel's bytes for each use, and what one use may generate: libcrypto
 * takes at most 2^16 bytes at once. */
enum { FRESH = 32, GENERATE_MAX = 1 << 15 };

/* Generates n bytes, with bytes of the kernel as additional input (NIST SP
 * 800-90A): the result is as good as the better of the two. */
static int rng_generate(EVP_RAND_CTX *g, void *out, size_t n)
{
	uint8_t fresh[FRESH];
	int ok;

	ok = g != NULL &&
	     getrandom(fresh, sizeof(fresh), 0) == (ssize_t)sizeof(fresh) &&
	     EVP_RAND_generate(g, out, n, 0, 0, fresh, sizeof(fresh)) == 1;
	secret_wipe(fresh, sizeof(fresh));
	return ok ? 0 : ossl_failed();
}

static int rng_fill(void *arg, void *out, size_t n)
{
	uint8_t *p = out;
	size_t part;
	int e = 0;

	(void)arg;
	for (; n > 0 && e == 0; p += part, n -= part) {
		part = n < GENERATE_MAX ? n : GENERATE_MAX;
		e = rng_generate(RAND_get0_private(NULL), p, part);
	}
	return e;
}

int random_stir(void)
{
	uint8_t unused;

	return rng_generate(RAND_get0_public(NULL), &unused, sizeof(unused));
}

struct rng random_system(void)
{
	return (struct rng){.fill = rng_fill};
}
