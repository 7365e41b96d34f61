/* safety.h - codes of 60 digits that people compare by voice. PROTOCOL.md
 * section 5. Pure.
 *   - The code of two people is made from both identities, and is the same on
 *     both screens.
 *   - The code of a server is made from its identity alone: conclaved prints it
 *     at its start, and a client shows it.
 *
 * An attacker in the middle shows each of them a key of their own. For equal
 * codes the attacker must find two keys with the same 60 digits: about 2^100
 * digests of SAFETY_ROUNDS rounds each. The rounds protect people who compare
 * only some of the digits. */
#ifndef CONCLAVE_CRYPTO_SAFETY_H
#define CONCLAVE_CRYPTO_SAFETY_H

#include <stdint.h>

#include "shared/base/err.h"
#include "shared/wire/wire.h"

enum {
	SAFETY_ROUNDS = 10000,
	SAFETY_DIGITS = 60,
	SAFETY_GROUP = 5,
	/* The digits in groups with blanks between, without the zero byte. */
	SAFETY_LEN = SAFETY_DIGITS + SAFETY_DIGITS / SAFETY_GROUP - 1,
};

/* The code of a server's fingerprint. ERR_NOMEM, ERR_CRYPTO. */
int safety_server_code(
    char out[SAFETY_LEN + 1], const uint8_t server[WIRE_HASH]) MUST_CHECK;

/* The code of two fingerprints, in either order. ERR_USAGE when they are equal;
 * ERR_NOMEM, ERR_CRYPTO. */
int safety_code(char out[SAFETY_LEN + 1], const uint8_t a[WIRE_HASH],
    const uint8_t b[WIRE_HASH]) MUST_CHECK;

#endif
