/* keys.h - the three kinds of key, with one use each:
 *   identity  Ed25519, long-lived, only signs
 *   wrap      RSA, made at each start of the client, only unwraps
 *   agree     X25519, only agrees: the card's, made at each start of the client,
 *             prekeys, and one for each direct frame
 *
 * spki.h reads a peer's public key. Every refused peer key is ERR_KEY. */
#ifndef SHARED_CRYPTO_KEYS_H
#define SHARED_CRYPTO_KEYS_H

#include "shared/crypto/crypto.h"
#include "shared/crypto/random.h"
#include "shared/crypto/spki.h"

/* --- identity: an Ed25519 key pair --- */

struct identity;
struct identity *identity_new(const struct rng *rng);
struct identity *identity_from_seed(const uint8_t seed[32]);
void identity_free(struct identity *id);

/* PKCS#8 PEM in a secret buffer, encrypted (scrypt or PBKDF2 and
 * AES-256-CBC) if passphrase is not NULL. */
int identity_to_pem(const struct identity *id, struct buf *out,
    const char *passphrase) MUST_CHECK;
/* Parses our own key file. ERR_PASSPHRASE: it is encrypted and the
 * passphrase is NULL or wrong. ERR_KEY: not an Ed25519 private key in PKCS#8
 * PEM, or encrypted with a cipher that libcrypto does not have; pem_wrong says
 * which. ERR_LIMIT: to stretch the passphrase takes more memory than libcrypto
 * allows. ERR_NOMEM, ERR_CRYPTO: nothing is known about the file. */
int identity_from_pem(struct identity **out, const void *pem, size_t n,
    const char *passphrase) MUST_CHECK;

const uint8_t *identity_public(const struct identity *id); /* 32; borrowed */
/* Ed25519 signature (RFC 8032) over the concatenated parts. */
/*@ requires \valid(out + (0 .. WIRE_SIGNATURE - 1)) && parts_ok(parts, n_parts);
    assigns out[0 .. WIRE_SIGNATURE - 1];
    ensures \result <= 0; */
int identity_sign(const struct identity *id, uint8_t out[WIRE_SIGNATURE],
    const struct part *parts, size_t n_parts) MUST_CHECK;

/* Returns 0 or ERR_SIGNATURE. Requires S below the order; cofactorless. pub
 * must come from ed25519_from_spki or be our own. */
/*@ requires \valid_read(pub + (0 .. WIRE_ED25519 - 1));
    requires \valid_read(sig + (0 .. WIRE_SIGNATURE - 1));
    requires parts_ok(parts, n_parts);
    assigns \nothing;
    ensures \result <= 0; */
int ed25519_verify(struct crypto *c, const uint8_t pub[WIRE_ED25519],
    const uint8_t sig[WIRE_SIGNATURE], const struct part *parts,
    size_t n_parts) MUST_CHECK;
/* fingerprint = SHA-256 of the SPKI DER. */
int ed25519_fingerprint(struct crypto *c, uint8_t out[WIRE_HASH],
    const uint8_t pub[WIRE_ED25519]) MUST_CHECK;

/* --- wrap: an RSA key pair --- */

struct kem_rsa;	 /* a key pair */
struct kem_rsa_pub; /* a peer's public key */

/* bits: 2048, 3072 or 4096. Takes up to several seconds: run it on a thread. */
struct kem_rsa *kem_rsa_new(unsigned bits);
void kem_rsa_free(struct kem_rsa *w);
int kem_rsa_spki(const struct kem_rsa *w, struct buf *out) MUST_CHECK;
/* Decrypts RSA-OAEP (RFC 8017; SHA-256, MGF1-SHA-256) of 32 bytes. Every
 * failure is ERR_OPEN (Manger's attack), except for running out of memory
 * here. */
int kem_rsa_open(const struct kem_rsa *w, uint8_t out[WIRE_KEY], const void *label,
    size_t label_len, const void *in, size_t in_len) MUST_CHECK;

/* Accepts the keys that kem_rsa_spki_check accepts. */
int kem_rsa_pub_from_spki(struct kem_rsa_pub **out, const void *spki, size_t n)
    MUST_CHECK;
void kem_rsa_pub_free(struct kem_rsa_pub *w);
/* Appends as many bytes as the modulus has. */
int kem_rsa_seal(const struct kem_rsa_pub *w, struct buf *out, const void *label,
    size_t label_len, const uint8_t secret[WIRE_KEY]) MUST_CHECK;

/* --- agree: an X25519 key pair --- */

struct dh;
struct dh *dh_new(const struct rng *rng);
void dh_free(struct dh *a);
const uint8_t *dh_public(const struct dh *a); /* 32; borrowed */
/* The pair of a private key, which dh_private copies. NULL: no memory. */
struct dh *dh_from_private(const uint8_t key[WIRE_X25519]);
int dh_private(const struct dh *a, uint8_t out[WIRE_X25519]) MUST_CHECK;
/* X25519 (RFC 7748). The result is secret. ERR_KEY: it is all zeros. */
int dh_agree(struct crypto *c, uint8_t out[WIRE_X25519], const struct dh *own,
    const uint8_t peer[WIRE_X25519]) MUST_CHECK;

#endif
