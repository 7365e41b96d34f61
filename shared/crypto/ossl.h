/* ossl.h - libcrypto's headers, for the .c files of this folder and of tls/ only.
 * Include it first: libcrypto has a type ERR_STATE, also one of our error
 * codes, and this header renames it before err.h is read. */
#ifndef SHARED_CRYPTO_OSSL_H
#define SHARED_CRYPTO_OSSL_H

#define ERR_STATE ossl_err_state
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#undef ERR_STATE

#include "shared/base/err.h"
#include "shared/base/oom.h"

/* Call this after libcrypto has failed. Empties libcrypto's error queue,
 * which outlives the call and would be mistaken for the cause of a later
 * failure. Returns peer_error, or ERR_NOMEM if an allocation failed; call
 * oom_forget first. */
static inline int ossl_refused(int peer_error)
{
	ERR_clear_error();
	return oom_seen() ? ERR_NOMEM : peer_error;
}

static inline int ossl_failed(void)
{
	return ossl_refused(ERR_CRYPTO);
}

struct crypto;
/* Defined in crypto.c, for keys.c: the library context of a struct crypto,
 * borrowed, and an Ed25519 public key made in it, which the caller frees.
 * NULL on failure. */
OSSL_LIB_CTX *crypto_lib(const struct crypto *c);
EVP_PKEY *crypto_ed25519(struct crypto *c, const uint8_t pub[32]);

#endif
