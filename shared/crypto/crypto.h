/* crypto.h - digest, MAC, HKDF, AEAD and scrypt, on libcrypto.
 *
 * crypto_new() fetches the algorithms once, and contexts are reused. A struct
 * crypto serves one thread. It has a library context of its own (0.2 MB, 1 ms),
 * so that threads share no lock and no reference count. No EVP type is visible
 * above this file, keys.h and pake.h. A failure inside the library is
 * ERR_CRYPTO and leaves its error queue empty. */
#ifndef SHARED_CRYPTO_H
#define SHARED_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/wire/bytes.h"
#include "shared/base/err.h"
#include "shared/wire/wire.h"

struct crypto;
struct crypto *crypto_new(void); /* NULL: libcrypto lacks something */
void crypto_free(struct crypto *c);

/* Zeroed memory for short-lived secrets of this thread (secret.h). All
 * blocks have one size and must be returned to the same crypto. */
void *crypto_secret_get(struct crypto *c, size_t n) __attribute__((malloc));
void crypto_secret_put(struct crypto *c, void *p, size_t n);

/* SHA-256 of the concatenated parts. */
int crypto_hash_parts(struct crypto *c, uint8_t out[WIRE_HASH],
    const struct part *parts, size_t n_parts) MUST_CHECK;
/*@ requires \valid(out + (0 .. WIRE_HASH - 1));
    requires \valid_read((uint8_t *)p + (0 .. n - 1));
    assigns out[0 .. WIRE_HASH - 1];
    ensures \result <= 0; */
int crypto_hash1(struct crypto *c, uint8_t out[WIRE_HASH], const void *p,
    size_t n) MUST_CHECK;

/* A running SHA-256, for the transcript. hash_peek returns the digest of all
 * bytes added so far; more can be added afterwards. */
struct hash;
struct hash *hash_new(struct crypto *c);
void hash_free(struct hash *h);
int hash_add(struct hash *h, const void *p, size_t n) MUST_CHECK;
int hash_peek(const struct hash *h, uint8_t out[WIRE_HASH]) MUST_CHECK;

/* HMAC-SHA256 with a key of any length. */
int crypto_hmac(struct crypto *c, uint8_t out[WIRE_HASH], const void *key,
    size_t key_len, const struct part *parts, size_t n_parts) MUST_CHECK;

/* HMAC-SHA256 with one key, many times. mac_new stores little more than the
 * key; mac_new_ready takes 0.4 KB and half the time. The crypto is borrowed
 * and holds the running state, so only one mac per crypto can run at a time.
 * Call begin, add..., end; any other order, or another begin in between, is
 * ERR_CRYPTO. */
struct mac;
/*@ requires \valid_read(key + (0 .. WIRE_KEY - 1));
    assigns \nothing; */
struct mac *mac_new(struct crypto *c, const uint8_t key[WIRE_KEY]);
/*@ requires \valid_read(key + (0 .. WIRE_KEY - 1));
    assigns \nothing; */
struct mac *mac_new_ready(struct crypto *c, const uint8_t key[WIRE_KEY]);
/*@ assigns \nothing; */
void mac_free(struct mac *m);
/*@ assigns \nothing;
    ensures \result <= 0; */
int mac_begin(struct mac *m) MUST_CHECK;
/*@ requires \valid_read((uint8_t *)p + (0 .. n - 1));
    assigns \nothing;
    ensures \result <= 0; */
int mac_add(struct mac *m, const void *p, size_t n) MUST_CHECK;
/*@ requires \valid(out + (0 .. WIRE_HASH - 1));
    assigns out[0 .. WIRE_HASH - 1];
    ensures \result <= 0; */
int mac_end(struct mac *m, uint8_t out[WIRE_HASH]) MUST_CHECK;

/* HKDF-SHA256, RFC 5869. out_len <= 255 * 32. */
/*@ requires \valid(prk + (0 .. WIRE_HASH - 1));
    requires \valid_read((uint8_t *)salt + (0 .. salt_len - 1));
    requires \valid_read((uint8_t *)ikm + (0 .. ikm_len - 1));
    assigns prk[0 .. WIRE_HASH - 1];
    ensures \result <= 0; */
int crypto_extract(struct crypto *c, uint8_t prk[WIRE_HASH], const void *salt,
    size_t salt_len, const void *ikm, size_t ikm_len) MUST_CHECK;
/*@ requires \valid((uint8_t *)out + (0 .. out_len - 1));
    requires \valid_read(prk + (0 .. WIRE_HASH - 1));
    requires out_len <= 255 * WIRE_HASH && parts_ok(info, n_info);
    assigns ((uint8_t *)out)[0 .. out_len - 1];
    ensures \result <= 0; */
int crypto_expand(struct crypto *c, void *out, size_t out_len,
    const uint8_t prk[WIRE_HASH], const struct part *info, size_t n_info)
    MUST_CHECK;

/* AES-256-GCM with a 96-bit nonce and the full 128-bit tag. Sealing writes
 * in_len + WIRE_TAG bytes, ciphertext then tag; out may equal in. Opening
 * takes ciphertext || tag and writes in_len - WIRE_TAG bytes; on ERR_OPEN it
 * wipes its output. For the nonce see crypto_nonce. */
/*@ requires \valid(out + (0 .. in_len + WIRE_TAG - 1));
    requires \valid_read(key + (0 .. WIRE_KEY - 1));
    requires \valid_read(nonce + (0 .. WIRE_IV - 1));
    requires \valid_read((uint8_t *)aad + (0 .. aad_len - 1));
    requires \valid_read((uint8_t *)in + (0 .. in_len - 1));
    assigns out[0 .. in_len + WIRE_TAG - 1];
    ensures \result <= 0; */
int crypto_seal(struct crypto *c, uint8_t *out, const uint8_t key[WIRE_KEY],
    const uint8_t nonce[WIRE_IV], const void *aad, size_t aad_len,
    const void *in, size_t in_len) MUST_CHECK;
/*@ requires \valid(out + (0 .. in_len - WIRE_TAG - 1));
    requires \valid_read(key + (0 .. WIRE_KEY - 1));
    requires \valid_read(nonce + (0 .. WIRE_IV - 1));
    requires \valid_read((uint8_t *)aad + (0 .. aad_len - 1));
    requires \valid_read((uint8_t *)in + (0 .. in_len - 1));
    assigns out[0 .. in_len - WIRE_TAG - 1];
    ensures \result <= 0; */
int crypto_open(struct crypto *c, uint8_t *out, const uint8_t key[WIRE_KEY],
    const uint8_t nonce[WIRE_IV], const void *aad, size_t aad_len,
    const void *in, size_t in_len) MUST_CHECK;

/* iv XOR n, with n left-padded to 12 bytes. */
/*@ requires \valid(out + (0 .. WIRE_IV - 1));
    requires \valid_read(iv + (0 .. WIRE_IV - 1));
    assigns out[0 .. WIRE_IV - 1]; */
void crypto_nonce(uint8_t out[WIRE_IV], const uint8_t iv[WIRE_IV], uint64_t n);

/* scrypt, RFC 7914. ERR_KDF if the parameters are outside the protocol's
 * bounds (crypto_kdf_check), ERR_NOMEM if memory is short. */
struct kdf {
	uint64_t n;
	uint32_t r, p;
};
int crypto_kdf_check(const struct kdf *k) MUST_CHECK;
int crypto_scrypt(void *out, size_t out_len, const void *pw, size_t pw_len,
    const void *salt, size_t salt_len, const struct kdf *k) MUST_CHECK;

#endif
