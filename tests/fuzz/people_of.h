/* people_of.h - made-up users for the protocol targets: keys of the permitted
 * shapes, cards, and messages that contain them. Nothing here is secret or
 * belongs to a real person. */
#ifndef CONCLAVE_PEOPLE_OF_H
#define CONCLAVE_PEOPLE_OF_H

#include "shared/wire/json.h"
#include "shared/wire/wire.h"
#include "tests/fuzz/fuzz.h"

/* A signing identity; the same number gives the same identity. The PEOPLE
 * identities are never freed. */
enum { PEOPLE = 8 };
const struct identity *people_identity(unsigned no);
/* Public RSA keys of 2048 bits; each is PEOPLE_SPKI bytes. */
enum { PEOPLE_SPKI = 294 };
extern const uint8_t people_wrap[PEOPLE_SPKI];
extern const uint8_t people_agree[WIRE_X25519];
extern const uint8_t people_instance[WIRE_INSTANCE];

/* Appends a card's bytes. ERR_TEXT: JSON cannot represent the name or room. */
int people_card(struct buf *out, unsigned no, const char *name,
    const char *room, const uint8_t session[WIRE_NONCE],
    const uint8_t binding[WIRE_HASH]) MUST_CHECK;
/* Appends u32 length || JSON. */
void people_message(struct buf *out, const void *json, size_t n);

#endif
