/* rsa.c - preloaded under the client in memcheck runs, so that its RSA pair
 * comes from a file. libcrypto's key generation takes twenty seconds under
 * valgrind, for each client of each test; the unit tests still generate pairs.
 * CONCLAVE_RSA_2048 names the file, for pairs of that size; other sizes are
 * generated. */
#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Our programs use it only for RSA pairs: EVP_RSA_gen. */
EVP_PKEY *EVP_PKEY_Q_keygen(
    OSSL_LIB_CTX *ctx, const char *properties, const char *type, ...)
{
	EVP_PKEY *(*real)(OSSL_LIB_CTX *, const char *, const char *, ...);
	const char *path = getenv("CONCLAVE_RSA_2048");
	EVP_PKEY *k = NULL;
	size_t bits;
	va_list ap;
	FILE *f;

	if (strcmp(type, "RSA") != 0 || path == NULL)
		abort();
	va_start(ap, type);
	bits = va_arg(ap, size_t);
	va_end(ap);
	if (bits == 2048 && (f = fopen(path, "re")) != NULL) {
		k = PEM_read_PrivateKey(f, NULL, NULL, NULL);
		fclose(f);
	}
	if (k != NULL)
		return k;
	*(void **)&real = dlsym(RTLD_NEXT, "EVP_PKEY_Q_keygen");
	if (real == NULL)
		abort();
	return real(ctx, properties, type, bits);
}
