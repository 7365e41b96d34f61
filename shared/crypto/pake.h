/* pake.h - SPAKE2+ (RFC 9383), P256-SHA256-HKDF-SHA256-HMAC-SHA256, in the
 * RFC's terms: the prover is the client, the verifier the server. Points on
 * the wire are 65 bytes beginning with 04. Scalars are 32 bytes, big-endian.
 * ERR_SHARE refuses a share that is not on the curve, is the identity, is
 * compressed or hybrid, or is the identity after unmasking. */
#ifndef SHARED_CRYPTO_PAKE_H
#define SHARED_CRYPTO_PAKE_H

#include "shared/crypto/crypto.h"

enum { PAKE_SCALAR = 32, PAKE_STRETCHED = 80 };

/* Stretches a password, which the caller has normalised (NFC): scrypt over
 * the RFC's length-prefixed password, idProver and idVerifier gives w0s ||
 * w1s. Slow by design: run it on a thread. ERR_KDF, ERR_NOMEM. */
int pake_stretch(uint8_t out[PAKE_STRETCHED], const void *pw, size_t pw_len,
    const char *id_prover, const char *id_verifier,
    const uint8_t salt[WIRE_NONCE], const struct kdf *k) MUST_CHECK;
/* Reduces each 40-byte half, big-endian, modulo the group order. */
int pake_scalars(uint8_t w0[PAKE_SCALAR], uint8_t w1[PAKE_SCALAR],
    const uint8_t stretched[PAKE_STRETCHED]) MUST_CHECK;

/* The verifier's record of a password: w0, L, and w0*M and w0*N, which are
 * the same in every exchange. */
struct pake_record;
struct pake_record *pake_record_new(const uint8_t w0[PAKE_SCALAR],
    const uint8_t w1[PAKE_SCALAR]); /* w1 is used for L and not kept */
/* The same from w0 and L. NULL also if w0 is 0 or not below the order, or L is
 * not on the curve, or is the identity. */
struct pake_record *pake_record_from_l(const uint8_t w0[PAKE_SCALAR],
    const uint8_t l[WIRE_SHARE]);
/* L, WIRE_SHARE bytes, borrowed. */
const uint8_t *pake_record_l(const struct pake_record *r);
void pake_record_free(struct pake_record *r);

/* Results of an exchange. confirm_p and confirm_v are the MACs as sent. */
struct pake_keys {
	uint8_t confirm_p[WIRE_CONFIRM], confirm_v[WIRE_CONFIRM];
	uint8_t shared[WIRE_KEY]; /* K_shared: check the peer's MAC first */
};
void pake_keys_wipe(struct pake_keys *k);

/* One exchange. `random` is x or y: 48 bytes, reduced modulo order - 1, plus
 * one, so that it is uniform to 2^-128 and never zero. For the published
 * vectors it is 32 bytes, the scalar itself. */
struct pake;
struct pake *pake_prover(struct crypto *c, const uint8_t w0[PAKE_SCALAR],
    const uint8_t w1[PAKE_SCALAR], const uint8_t *random, size_t random_len);
/* record is borrowed and must outlive the exchange. */
struct pake *pake_verifier(struct crypto *c, const struct pake_record *record,
    const uint8_t *random, size_t random_len);
void pake_free(struct pake *p); /* wipes everything */
const uint8_t *pake_share(const struct pake *p); /* 65; borrowed */
/* Takes the peer's share and computes Z, V and the key schedule over
 * TT(context, id_prover, id_verifier, M, N, shareP, shareV, Z, V, w0). May
 * be called once per exchange, even if it failed; after that it returns
 * ERR_CRYPTO. */
int pake_finish(struct pake *p, struct pake_keys *out, const void *context,
    size_t context_len, const char *id_prover, const char *id_verifier,
    const uint8_t peer_share[WIRE_SHARE]) MUST_CHECK;

#endif
