/* pake.h - SPAKE2+ (RFC 9383), P256-SHA256-HKDF-SHA256-HMAC-SHA256.
 * Words are the RFC's: the prover is the client, the verifier the server.
 * Points on the wire are 65 bytes beginning 04. Scalars here are 32 bytes
 * big-endian. A share that is not on the curve, is the identity, compressed
 * or hybrid, or whose rest after the mask is the identity, is ERR_SHARE. */
#ifndef SHARED_CRYPTO_PAKE_H
#define SHARED_CRYPTO_PAKE_H

#include "shared/crypto/crypto.h"

enum { PAKE_SCALAR = 32, PAKE_STRETCHED = 80 };

/* Passwords, normalised (NFC) by the caller: scrypt over the RFC's
 * length-prefixed password, idProver and idVerifier gives w0s || w1s. Slow by
 * design: run it on a thread. ERR_KDF, ERR_NOMEM. */
int pake_stretch(uint8_t out[PAKE_STRETCHED], const void *pw, size_t pw_len,
    const char *id_prover, const char *id_verifier,
    const uint8_t salt[WIRE_NONCE], const struct kdf *k) MUST_CHECK;
/* Each 40-byte half, big-endian, modulo the order of the group. */
int pake_scalars(uint8_t w0[PAKE_SCALAR], uint8_t w1[PAKE_SCALAR],
    const uint8_t stretched[PAKE_STRETCHED]) MUST_CHECK;

/* What a verifier keeps of a password: w0, L, and w0*M and w0*N, which are
 * the same at every exchange. */
struct pake_record;
struct pake_record *pake_record_new(const uint8_t w0[PAKE_SCALAR],
    const uint8_t w1[PAKE_SCALAR]); /* w1 is used for L and not kept */
void pake_record_free(struct pake_record *r);

/* What an exchange ends in. confirm_p and confirm_v are the MACs as sent. */
struct pake_keys {
	uint8_t confirm_p[WIRE_CONFIRM], confirm_v[WIRE_CONFIRM];
	uint8_t shared[WIRE_KEY]; /* K_shared: use it only once the other's
				     confirmation has been compared */
};
void pake_keys_wipe(struct pake_keys *k);

/* One exchange. `random` is x or y: 48 bytes, reduced modulo order - 1, plus
 * one, so that it is uniform to 2^-128 and never zero; or, for the published
 * vectors, 32 bytes that are the scalar itself. */
struct pake;
struct pake *pake_prover(struct crypto *c, const uint8_t w0[PAKE_SCALAR],
    const uint8_t w1[PAKE_SCALAR], const uint8_t *random, size_t random_len);
/* record is borrowed and outlives the exchange. */
struct pake *pake_verifier(struct crypto *c, const struct pake_record *record,
    const uint8_t *random, size_t random_len);
void pake_free(struct pake *p); /* wipes all of it */
const uint8_t *pake_share(const struct pake *p); /* 65; borrowed */
/* Takes the peer's share, computes Z, V and the key schedule over
 * TT(context, id_prover, id_verifier, M, N, shareP, shareV, Z, V, w0). Once
 * for each exchange, whatever it returned: then ERR_CRYPTO. */
int pake_finish(struct pake *p, struct pake_keys *out, const void *context,
    size_t context_len, const char *id_prover, const char *id_verifier,
    const uint8_t peer_share[WIRE_SHARE]) MUST_CHECK;

#endif
