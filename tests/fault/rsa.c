/* rsa.c - preloaded under the client, so that its RSA pair of 2048 bits comes from
 * a file. Making one takes a third of a second of CPU time, for each client of
 * each end-to-end test, and twenty seconds under valgrind. The unit tests, the
 * tests of other sizes, and those that start the client as a user does still
 * make theirs.
 *
 * CONCLAVE_RSA_2048 names the file. It is read before main, so that the sandbox
 * has no say in it. */
#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char pem[8192];
static size_t pem_len;

__attribute__((constructor)) static void read_pair(void)
{
	const char *path = getenv("CONCLAVE_RSA_2048");
	const char *preloaded = getenv("LD_PRELOAD");
	FILE *f = path != NULL ? fopen(path, "re") : NULL;

	if (f == NULL)
		return;
	pem_len = fread(pem, 1, sizeof(pem), f);
	fclose(f);
	/* The client's sentences about a failed connection tell of it. */
	if (preloaded != NULL && strchr(preloaded, ':') == NULL)
		unsetenv("LD_PRELOAD");
}

/* Our programs use it only for RSA pairs: EVP_RSA_gen. */
EVP_PKEY *EVP_PKEY_Q_keygen(
    OSSL_LIB_CTX *ctx, const char *properties, const char *type, ...)
{
	EVP_PKEY *(*real)(OSSL_LIB_CTX *, const char *, const char *, ...);
	EVP_PKEY *k = NULL;
	size_t bits;
	va_list ap;
	BIO *in;

	if (strcmp(type, "RSA") != 0)
		abort();
	va_start(ap, type);
	bits = va_arg(ap, size_t);
	va_end(ap);
	if (bits == 2048 && pem_len > 0 &&
	    (in = BIO_new_mem_buf(pem, (int)pem_len)) != NULL) {
		k = PEM_read_bio_PrivateKey_ex(
		    in, NULL, NULL, NULL, ctx, properties);
		BIO_free(in);
	}
	if (k != NULL)
		return k;
	*(void **)&real = dlsym(RTLD_NEXT, "EVP_PKEY_Q_keygen");
	if (real == NULL)
		abort();
	return real(ctx, properties, type, bits);
}
