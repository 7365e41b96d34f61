/* safety.h - the code that two people compare by voice: 60 digits made of both
 * identities, the same on both screens. PROTOCOL.md section 5. Pure.
 *
 * Somebody between two people shows each of them a key of his own; for the
 * codes to be the same he has to find two keys whose 60 digits are equal,
 * about 2^100 digests of SAFETY_ROUNDS rounds each. The rounds are for people
 * who compare a part of the digits only. */
#ifndef CONCLAVE_TRUST_SAFETY_H
#define CONCLAVE_TRUST_SAFETY_H

#include <stdint.h>

#include "shared/wire/err.h"
#include "shared/wire/wire.h"

enum {
	SAFETY_ROUNDS = 10000,
	SAFETY_DIGITS = 60,
	SAFETY_GROUP = 5,
	/* The digits in groups, a blank between two, without a zero byte. */
	SAFETY_LEN = SAFETY_DIGITS + SAFETY_DIGITS / SAFETY_GROUP - 1,
};

/* The code of two fingerprints, in either order. ERR_USAGE when they are the
 * same one; ERR_NOMEM, ERR_CRYPTO. */
int safety_code(char out[SAFETY_LEN + 1], const uint8_t a[WIRE_HASH],
    const uint8_t b[WIRE_HASH]) MUST_CHECK;

#endif
