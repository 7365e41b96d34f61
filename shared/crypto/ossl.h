/* ossl.h - libcrypto's headers, for crypto.c, keys.c, pake.c, secret.c and
 * wrap.c alone. It has a type called ERR_STATE, which is the name of a code of
 * ours: here its own gets another name, before err.h is read. Include this
 * first. */
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
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#undef ERR_STATE

#include "shared/wire/err.h"
#include "shared/crypto/oom.h"

/* The library failed: it says why in a queue that outlives the call, and that
 * somebody else would take for the reason of a failure of his. What it calls a
 * peer's error is one only when it had the memory to find out: oom_forget
 * before, and this after. */
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
/* Of crypto.c, for keys.c: the library context of a struct crypto, and with it
 * somebody's Ed25519 key, which is the caller's; NULL on failure. */
OSSL_LIB_CTX *crypto_lib(const struct crypto *c);
EVP_PKEY *crypto_ed25519(struct crypto *c, const uint8_t pub[32]);

#endif
