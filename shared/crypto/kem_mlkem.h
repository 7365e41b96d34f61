/* kem_mlkem.h - ML-KEM-768 (FIPS 203), the post-quantum part of a handshake.
 *
 * libcrypto has it from OpenSSL 3.5 on. The same build of ours runs with an
 * older one too: the algorithm is looked up by its name at run time, so ask
 * kem_mlkem_find once, at the start. Where there is none, every other call fails.
 *
 * Randomness is an argument, as everywhere below the drivers: 64 random bytes
 * make a key pair (d || z), and 32 make a ciphertext (m). Each must be fresh and
 * secret; the caller wipes them. */
#ifndef SHARED_CRYPTO_KEM_MLKEM_H
#define SHARED_CRYPTO_KEM_MLKEM_H

#include "shared/crypto/crypto.h"

/* *there: libcrypto has ML-KEM-768. ERR_NOMEM: not known. */
int kem_mlkem_find(const struct crypto *c, bool *there) MUST_CHECK;

/* A key pair, or NULL (no ML-KEM, or no memory). Freeing it wipes it. */
struct kem_mlkem;
struct kem_mlkem *kem_mlkem_new(
    struct crypto *c, const uint8_t seed[WIRE_MLKEM_SEED]);
void kem_mlkem_free(struct kem_mlkem *k); /* NULL is a no-op */
int kem_mlkem_public(
    const struct kem_mlkem *k, uint8_t out[WIRE_MLKEM_PUBLIC]) MUST_CHECK;

/* Takes the secret out of a ciphertext. One that was not made for this key, or
 * was changed, gives a secret that nobody else has, and no error: FIPS 203
 * rejects implicitly. What follows must prove that both sides have the same. */
int kem_mlkem_open(const struct kem_mlkem *k, uint8_t secret[WIRE_MLKEM_SECRET],
    const uint8_t sealed[WIRE_MLKEM_SEALED]) MUST_CHECK;

/* Makes a secret, and the ciphertext that carries it to the owner of a public
 * key. ERR_KEY: the key has a coefficient that is not below 3329 (FIPS 203,
 * section 7.2). On failure both outputs are wiped. */
int kem_mlkem_seal(struct crypto *c, uint8_t sealed[WIRE_MLKEM_SEALED],
    uint8_t secret[WIRE_MLKEM_SECRET],
    const uint8_t public_key[WIRE_MLKEM_PUBLIC],
    const uint8_t m[WIRE_MLKEM_M]) MUST_CHECK;

#endif
