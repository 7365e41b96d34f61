/* direct.h - direct frames, and the prekeys that they are sealed for (PROTOCOL.md
 * section 6). On a link they are sealed once more, as kind 3 (link.h). Pure.
 *
 *   0  u64 number   from a client: of its request; from the server: of the
 *                   frame in the recipient's queue
 *   8  to(32)       fingerprint of the recipient's identity
 *  40  from(32)     of the sender's
 *  72  prekey(32)   the recipient's, an X25519 public key
 * 104  e(32)        an X25519 key made for this frame alone
 * 136  AEAD(key, iv, aad = bytes 8..135, signature(64) || content)
 *
 *   key || iv = Expand(Extract("conclave/1 direct"., X25519(e, prekey)),
 *                      to || from || prekey || e, 44)
 *   signature = Ed25519("conclave/1 direct". || server || to || from ||
 *                       prekey || e || H(content)), by the sender
 *   of a prekey Ed25519("conclave/1 prekey". || server || u8 once ||
 *                       u64 made || key), by the recipient
 *
 * `server` is the fingerprint of the server's identity. */
#ifndef SHARED_PROTO_DIRECT_H
#define SHARED_PROTO_DIRECT_H

#include "shared/crypto/keys.h"

/* A public prekey. `once`, which its signature covers, is known from where it
 * stands. */
struct prekey {
	uint8_t key[WIRE_X25519];
	uint64_t made_s; /* unix seconds */
	uint8_t signature[WIRE_SIGNATURE];
};
/* Signs key and made_s. ERR_NOMEM, ERR_CRYPTO. */
int prekey_sign(struct prekey *k, const struct identity *id,
    const uint8_t server[WIRE_HASH], bool once) MUST_CHECK;
/* ERR_KEY: no key that may be used. ERR_SIGNATURE: not signed by `identity`, a
 * raw Ed25519 key. */
int prekey_verify(struct crypto *c, const struct prekey *k,
    const uint8_t identity[WIRE_ED25519], const uint8_t server[WIRE_HASH],
    bool once) MUST_CHECK;

/* The beginning of a frame. Pointers are borrowed from it. */
struct direct_head {
	uint64_t number;
	const uint8_t *to, *from;   /* WIRE_HASH bytes */
	const uint8_t *prekey, *e; /* WIRE_X25519 bytes */
};
/* ERR_TRUNC, or ERR_RANGE: it is too long. */
int direct_head_decode(
    struct direct_head *out, const uint8_t *body, size_t n) MUST_CHECK;

struct direct_to {
	const uint8_t *server;	 /* WIRE_HASH bytes */
	const uint8_t *identity; /* the recipient's, raw Ed25519 */
	const uint8_t *prekey;	 /* WIRE_X25519 bytes; its signature is verified */
	uint8_t *key; /* NULL, or where the frame's key || iv goes: WIRE_KEY_IV
			 bytes, secret */
};
/* Appends a frame's body to out, which is left as it was on failure. ERR_KEY:
 * the prekey is none that may be used. ERR_RANGE: the content is too long. */
int direct_seal(struct crypto *c, struct buf *out, uint64_t number,
    const struct direct_to *to, const struct identity *sender,
    const struct rng *rng, const void *content, size_t n) MUST_CHECK;

struct direct_from {
	const uint8_t *server;	 /* WIRE_HASH bytes */
	const uint8_t *own;	 /* the recipient's identity, raw Ed25519 */
	const uint8_t *identity; /* the sender's, raw Ed25519 */
	const struct dh *prekey; /* the pair whose public half the frame names */
	uint8_t *key;		 /* as above */
};
/* Appends the content to out, a secret buffer, which is left as it was on
 * failure. ERR_MEMBER: `to`, `from` or the prekey are not the ones given.
 * ERR_KEY: e is none that may be used. ERR_OPEN, ERR_SIGNATURE; ERR_TRUNC,
 * ERR_RANGE. */
int direct_open(struct crypto *c, struct buf *out,
    const struct direct_from *from, const uint8_t *body, size_t n) MUST_CHECK;

/* For somebody who has neither pair (PROTOCOL.md section 5e): opens a frame with its
 * key || iv. ERR_MEMBER: `from` is not the fingerprint of `identity`, the sender's.
 * ERR_OPEN, ERR_SIGNATURE; ERR_TRUNC, ERR_RANGE. */
struct direct_proof {
	const uint8_t *server;	 /* WIRE_HASH bytes */
	const uint8_t *identity; /* the sender's, raw Ed25519 */
	const uint8_t *key;	 /* WIRE_KEY_IV bytes */
};
int direct_open_with(struct crypto *c, struct buf *out,
    const struct direct_proof *p, const uint8_t *body, size_t n) MUST_CHECK;

#endif
