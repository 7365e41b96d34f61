/* people_of.h - what the targets of the protocol need of people who do not
 * exist: keys of the permitted shapes, and cards and messages with them in
 * place. Nothing here is secret or belongs to anybody. */
#ifndef CONCLAVE_PEOPLE_OF_H
#define CONCLAVE_PEOPLE_OF_H

#include "shared/wire/json.h"
#include "shared/wire/wire.h"
#include "tests/fuzz/fuzz.h"

/* An identity that signs; the same one for the same number. Never freed: there
 * are PEOPLE of them. */
enum { PEOPLE = 8 };
const struct identity *people_identity(unsigned no);
/* A public RSA key, 2048 bits: n of them are PEOPLE_SPKI bytes. */
enum { PEOPLE_SPKI = 294 };
extern const uint8_t people_wrap[PEOPLE_SPKI];
extern const uint8_t people_agree[WIRE_X25519];

/* Appends a card's bytes. ERR_TEXT: a name or room that JSON cannot hold. */
int people_card(struct buf *out, unsigned no, const char *name,
    const char *room, const uint8_t session[WIRE_NONCE],
    const uint8_t binding[WIRE_HASH]) MUST_CHECK;
/* Appends u32 length || JSON. */
void people_message(struct buf *out, const void *json, size_t n);

#endif
