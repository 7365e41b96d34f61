/* card.h - the card of a member as others see it: what its identity has signed,
 * and the certificate in it (PROTOCOL.md sections 2 and 5d). Pure. */
#ifndef SHARED_PROTO_CARD_H
#define SHARED_PROTO_CARD_H

#include "shared/crypto/crypto.h"
#include "shared/wire/bytes.h"
#include "shared/wire/json.h"
#include "shared/wire/wire.h"

/* What a card's signature covers. */
void card_signed(struct part parts[2], const void *bytes, size_t n);

/* Whether the object has the key "certificate", and in the right shape: 1 to
 * WIRE_CERTIFICATE_MAX bytes. Peer errors. */
int card_has_certificate(bool *out, const json_t *card) MUST_CHECK;
/* Appends the certificate of a card, or nothing if it has none. Peer errors,
 * ERR_NOMEM. */
int card_certificate(
    struct buf *out, const void *bytes, size_t n) MUST_CHECK;

/* Somebody else's card, as a server shows it. */
struct card_shown {
	const void *bytes;
	size_t n;
	const uint8_t *signature; /* WIRE_SIGNATURE bytes */
	/* Of the list: the card's must be the same. */
	const char *name;
	const uint8_t *identity; /* WIRE_ED25519 bytes */
	const uint8_t *hash;	 /* WIRE_HASH bytes */
};
/* Checks hash, name, identity and signature, and appends the certificate, if
 * there is one. ERR_CARD: it is another's; other peer errors; ERR_NOMEM,
 * ERR_CRYPTO. */
int card_check(struct buf *certificate, struct crypto *c,
    const struct card_shown *card) MUST_CHECK;

#endif
