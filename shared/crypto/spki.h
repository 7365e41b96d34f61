/* spki.h - the fixed encodings of public keys. A peer's key is compared with
 * the DER (RFC 5280 SubjectPublicKeyInfo) of the few permitted shapes, so no
 * ASN.1 parser sees a peer's bytes. Pure: does not need libcrypto. Every
 * refusal is ERR_KEY. */
#ifndef SHARED_CRYPTO_SPKI_H
#define SHARED_CRYPTO_SPKI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/err.h"
#include "shared/wire/wire.h"

/* An Ed25519 key, 32 bytes, and its SPKI DER (RFC 8410), 44 bytes. Decoding
 * refuses any other length or prefix, non-canonical encodings and points of
 * small order. */
/*@ requires \valid(out + (0 .. WIRE_ED25519_SPKI - 1));
    requires \valid_read(pub + (0 .. WIRE_ED25519 - 1));
    requires \separated(out + (0 .. WIRE_ED25519_SPKI - 1),
      pub + (0 .. WIRE_ED25519 - 1));
    assigns out[0 .. WIRE_ED25519_SPKI - 1]; */
void ed25519_spki(uint8_t out[WIRE_ED25519_SPKI],
    const uint8_t pub[WIRE_ED25519]);
/*@ requires \valid(pub + (0 .. WIRE_ED25519 - 1));
    requires \valid_read((uint8_t *)spki + (0 .. n - 1));
    requires \separated(pub + (0 .. WIRE_ED25519 - 1),
      (uint8_t *)spki + (0 .. n - 1));
    assigns pub[0 .. WIRE_ED25519 - 1];
    ensures \result == 0 || \result == ERR_KEY;
    ensures \result == 0 ==> n == WIRE_ED25519_SPKI; */
int ed25519_from_spki(uint8_t pub[WIRE_ED25519], const void *spki, size_t n)
    MUST_CHECK;

/* Accepts an X25519 key that is canonical (below p, top bit clear) and not
 * of small order. */
/*@ requires \valid_read(pub + (0 .. WIRE_X25519 - 1));
    assigns \nothing;
    ensures \result == 0 || \result == ERR_KEY; */
int x25519_check(const uint8_t pub[WIRE_X25519]) MUST_CHECK;

/* Checks an RSA key's SPKI DER: n is odd and of exactly 2048, 3072 or 4096
 * bits, and e = 65537. n starts at SPKI_RSA_HEAD and fills all but
 * SPKI_RSA_AROUND bytes. */
enum {
	SPKI_RSA_HEAD = 33,
	SPKI_RSA_TAIL = 5,
	SPKI_RSA_AROUND = SPKI_RSA_HEAD + SPKI_RSA_TAIL
};
/*@ requires \valid_read((uint8_t *)spki + (0 .. n - 1));
    assigns \nothing;
    ensures \result == 0 || \result == ERR_KEY;
    ensures \result == 0 ==> n - SPKI_RSA_AROUND \in {256, 384, 512}; */
int kem_rsa_spki_check(const void *spki, size_t n) MUST_CHECK;
/* Whether a modulus may have k bytes; then the bytes before and after it. */
/*@ assigns \nothing;
    ensures \result <==> k \in {256, 384, 512}; */
bool spki_rsa_size(size_t k);
/*@ requires \valid(out + (0 .. SPKI_RSA_HEAD - 1));
    assigns out[0 .. SPKI_RSA_HEAD - 1]; */
void spki_rsa_head(uint8_t out[SPKI_RSA_HEAD], size_t k);
/*@ requires \valid(out + (0 .. SPKI_RSA_TAIL - 1));
    assigns out[0 .. SPKI_RSA_TAIL - 1]; */
void spki_rsa_tail(uint8_t out[SPKI_RSA_TAIL]);

#endif
