/* kem_mlkem.c - ML-KEM-768 on libcrypto. It uses only the EVP interface of
 * OpenSSL 3.0 and looks the algorithm up by name, so one build serves machines with and
 * without it. */
#include "shared/crypto/ossl.h"

#include "shared/crypto/kem_mlkem_int.h"

#include <stdlib.h>

#include "shared/base/secret.h"

static const char name[] = "ML-KEM-768";

/* Names of parameters that the headers of OpenSSL 3.0 do not have. */
static const char param_seed[] = "seed"; /* of a key: d || z */
static const char param_m[] = "ikme";	 /* of an encapsulation */

struct kem_mlkem {
	OSSL_LIB_CTX *lib; /* borrowed from the struct crypto */
	EVP_PKEY *key;
};

/* A context that imports keys. NULL where libcrypto lacks the algorithm. */
static EVP_PKEY_CTX *import_new(const struct crypto *c)
{
	EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_from_name(crypto_lib(c), name, NULL);

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

/* Imports the key that one parameter describes. NULL: it is not valid, or there
 * is no memory; libcrypto's error queue is left for the caller to empty. */
static EVP_PKEY *import(const struct crypto *c, int selection,
    const char *param, const uint8_t *p, size_t n)
{
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(param, (void *)(uintptr_t)p, n),
	    OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = import_new(c);
	EVP_PKEY *key = NULL;

	/* libcrypto only reads the parameters. */
	if (ctx != NULL && EVP_PKEY_fromdata(ctx, &key, selection,
			       (OSSL_PARAM *)(uintptr_t)params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

int kem_mlkem_find(const struct crypto *c, bool *there)
{
	EVP_PKEY_CTX *ctx;
	EVP_KEM *kem;
	int e = 0;

	oom_forget();
	kem = EVP_KEM_fetch(crypto_lib(c), name, NULL);
	ctx = import_new(c);
	*there = kem != NULL && ctx != NULL;
	if (!*there)
		e = ossl_refused(0);
	EVP_PKEY_CTX_free(ctx);
	EVP_KEM_free(kem);
	return e;
}

/* --- the key pair --- */

static struct kem_mlkem *pair_of(const struct crypto *c, EVP_PKEY *key)
{
	struct kem_mlkem *k = key != NULL ? calloc(1, sizeof(*k)) : NULL;

	ERR_clear_error();
	if (k == NULL) {
		EVP_PKEY_free(key);
		return NULL;
	}
	k->lib = crypto_lib(c);
	k->key = key;
	return k;
}

struct kem_mlkem *kem_mlkem_new(
    struct crypto *c, const uint8_t seed[WIRE_MLKEM_SEED])
{
	return pair_of(
	    c, import(c, EVP_PKEY_KEYPAIR, param_seed, seed, WIRE_MLKEM_SEED));
}

struct kem_mlkem *kem_mlkem_from_private(
    struct crypto *c, const void *dk, size_t n)
{
	return pair_of(
	    c, import(c, EVP_PKEY_KEYPAIR, OSSL_PKEY_PARAM_PRIV_KEY, dk, n));
}

void kem_mlkem_free(struct kem_mlkem *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key); /* libcrypto wipes the seed and the key */
	free(k);
}

int kem_mlkem_public(const struct kem_mlkem *k, uint8_t out[WIRE_MLKEM_PUBLIC])
{
	size_t n = 0;

	oom_forget();
	if (EVP_PKEY_get_octet_string_param(k->key, OSSL_PKEY_PARAM_PUB_KEY,
		out, WIRE_MLKEM_PUBLIC, &n) != 1 ||
	    n != WIRE_MLKEM_PUBLIC)
		return ossl_failed();
	return 0;
}

int kem_mlkem_open(const struct kem_mlkem *k, uint8_t secret[WIRE_MLKEM_SECRET],
    const uint8_t sealed[WIRE_MLKEM_SEALED])
{
	EVP_PKEY_CTX *ctx;
	size_t n = WIRE_MLKEM_SECRET;
	int e = 0;

	oom_forget();
	ctx = EVP_PKEY_CTX_new_from_pkey(k->lib, k->key, NULL);
	if (ctx == NULL || EVP_PKEY_decapsulate_init(ctx, NULL) != 1 ||
	    EVP_PKEY_decapsulate(ctx, secret, &n, sealed, WIRE_MLKEM_SEALED) !=
		1 ||
	    n != WIRE_MLKEM_SECRET) {
		e = ossl_failed();
		secret_wipe(secret, WIRE_MLKEM_SECRET);
	}
	EVP_PKEY_CTX_free(ctx);
	return e;
}

/* --- a peer's public key --- */

static int encapsulate(OSSL_LIB_CTX *lib, EVP_PKEY *key,
    uint8_t sealed[WIRE_MLKEM_SEALED], uint8_t secret[WIRE_MLKEM_SECRET],
    const uint8_t m[WIRE_MLKEM_M])
{
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(
		param_m, (void *)(uintptr_t)m, WIRE_MLKEM_M),
	    OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
	size_t n_sealed = WIRE_MLKEM_SEALED, n_secret = WIRE_MLKEM_SECRET;
	int e = 0;

	if (ctx == NULL || EVP_PKEY_encapsulate_init(ctx, params) != 1 ||
	    EVP_PKEY_encapsulate(ctx, sealed, &n_sealed, secret, &n_secret) !=
		1 ||
	    n_sealed != WIRE_MLKEM_SEALED || n_secret != WIRE_MLKEM_SECRET)
		e = ossl_failed();
	EVP_PKEY_CTX_free(ctx);
	return e;
}

int kem_mlkem_seal(struct crypto *c, uint8_t sealed[WIRE_MLKEM_SEALED],
    uint8_t secret[WIRE_MLKEM_SECRET],
    const uint8_t public_key[WIRE_MLKEM_PUBLIC], const uint8_t m[WIRE_MLKEM_M])
{
	EVP_PKEY *key;
	int e;

	oom_forget();
	key = import(c, EVP_PKEY_PUBLIC_KEY, OSSL_PKEY_PARAM_PUB_KEY,
	    public_key, WIRE_MLKEM_PUBLIC);
	e = key == NULL ? ossl_refused(ERR_KEY)
			: encapsulate(crypto_lib(c), key, sealed, secret, m);
	EVP_PKEY_free(key);
	if (e != 0) {
		secret_wipe(sealed, WIRE_MLKEM_SEALED);
		secret_wipe(secret, WIRE_MLKEM_SECRET);
	}
	return e;
}
