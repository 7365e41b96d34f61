/* kem_rsa_int.h - functions of kem_rsa.c for tests of published vectors
 * only. */
#ifndef SHARED_CRYPTO_KEM_RSA_INT_H
#define SHARED_CRYPTO_KEM_RSA_INT_H

#include "shared/crypto/keys.h"

/* A key pair from its PKCS#8 DER. NULL: not an RSA key of a size that
 * kem_rsa_new accepts, or out of memory. */
struct kem_rsa *kem_rsa_from_pkcs8(const void *der, size_t n);
/* kem_rsa_open for a plaintext of any length, *out_len bytes. */
int kem_rsa_open_any(const struct kem_rsa *w, uint8_t out[WIRE_RSA_MAX],
    size_t *out_len, const void *label, size_t label_len, const void *in,
    size_t in_len) MUST_CHECK;

#endif
