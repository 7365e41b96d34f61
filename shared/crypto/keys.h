/* keys.h - the three kinds of key and the one use that each has:
 *   identity  Ed25519, lasts, only signs
 *   wrap      RSA, made afresh each time the client starts, only unwraps
 *   agree     X25519, made afresh each time the client starts, only agrees
 *
 * A stranger's public key is read by spki.h; every refusal of a peer's key is
 * ERR_KEY. */
#ifndef SHARED_CRYPTO_KEYS_H
#define SHARED_CRYPTO_KEYS_H

#include "shared/crypto/crypto.h"
#include "shared/crypto/spki.h"

/* --- identity: an Ed25519 pair --- */

struct identity;
struct identity *identity_new(const struct rng *rng);
struct identity *identity_from_seed(const uint8_t seed[32]);
void identity_free(struct identity *id);

/* PKCS#8 PEM, in a secret buffer; encrypted (scrypt or PBKDF2 and
 * AES-256-CBC) when passphrase is not NULL. */
int identity_to_pem(const struct identity *id, struct buf *out,
    const char *passphrase) MUST_CHECK;
/* Our own file's text. ERR_PASSPHRASE: it is encrypted and the passphrase is
 * NULL or wrong. ERR_KEY: it is no Ed25519 private key in PKCS#8 PEM. */
int identity_from_pem(struct identity **out, const void *pem, size_t n,
    const char *passphrase) MUST_CHECK;

const uint8_t *identity_public(const struct identity *id); /* 32; borrowed */
/* Ed25519 (RFC 8032) over the parts one after another. */
/*@ requires \valid(out + (0 .. WIRE_SIGNATURE - 1)) && parts_ok(parts, n_parts);
    assigns out[0 .. WIRE_SIGNATURE - 1];
    ensures \result <= 0; */
int identity_sign(const struct identity *id, uint8_t out[WIRE_SIGNATURE],
    const struct part *parts, size_t n_parts) MUST_CHECK;

/* 0 or ERR_SIGNATURE; S below the order, cofactorless. pub has passed
 * ed25519_from_spki or is our own. */
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

/* --- wrap: an RSA pair --- */

struct kem_rsa;	 /* the pair */
struct kem_rsa_pub; /* somebody's public half */

/* bits: 2048, 3072 or 4096. Takes up to seconds: run it on a thread. */
struct kem_rsa *kem_rsa_new(unsigned bits);
void kem_rsa_free(struct kem_rsa *w);
int kem_rsa_spki(const struct kem_rsa *w, struct buf *out) MUST_CHECK;
/* RSA-OAEP (RFC 8017; SHA-256, MGF1-SHA-256) of 32 bytes. Whatever is wrong,
 * ERR_OPEN is all that is said (Manger), but for a shortage of ours. */
int kem_rsa_open(const struct kem_rsa *w, uint8_t out[WIRE_KEY], const void *label,
    size_t label_len, const void *in, size_t in_len) MUST_CHECK;

/* What kem_rsa_spki_check takes. */
int kem_rsa_pub_from_spki(struct kem_rsa_pub **out, const void *spki, size_t n)
    MUST_CHECK;
void kem_rsa_pub_free(struct kem_rsa_pub *w);
/* Appends as many bytes as the modulus has. */
int kem_rsa_seal(const struct kem_rsa_pub *w, struct buf *out, const void *label,
    size_t label_len, const uint8_t secret[WIRE_KEY]) MUST_CHECK;

/* --- agree: an X25519 pair --- */

struct dh;
struct dh *dh_new(const struct rng *rng);
void dh_free(struct dh *a);
const uint8_t *dh_public(const struct dh *a); /* 32; borrowed */

#endif
