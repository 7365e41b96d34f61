/* safety.c - see safety.h. */
#include <stdio.h>
#include <string.h>

#include "shared/crypto/crypto.h"
#include "client/trust/safety.h"

enum { GROUP_MODULUS = 100000 }; /* 10^SAFETY_GROUP */

/* Divides a big-endian number in place and returns the remainder. */
static uint32_t divide(uint8_t n[WIRE_HASH], uint32_t by)
{
	uint32_t rest = 0;
	size_t i;

	for (i = 0; i < WIRE_HASH; i++) {
		rest = rest << 8 | n[i];
		n[i] = (uint8_t)(rest / by);
		rest %= by;
	}
	return rest;
}

/* Writes the last 60 decimal digits of the digest, read as a number. */
static void digits(char out[SAFETY_LEN + 1], uint8_t digest[WIRE_HASH])
{
	enum { GROUPS = SAFETY_DIGITS / SAFETY_GROUP };
	char group[SAFETY_GROUP + 8];
	size_t i;

	memset(out, ' ', SAFETY_LEN);
	out[SAFETY_LEN] = '\0';
	for (i = GROUPS; i-- > 0;) {
		snprintf(group, sizeof(group), "%05u",
		    (unsigned)divide(digest, GROUP_MODULUS));
		memcpy(out + i * (SAFETY_GROUP + 1), group, SAFETY_GROUP);
	}
}

int safety_code(char out[SAFETY_LEN + 1], const uint8_t a[WIRE_HASH],
    const uint8_t b[WIRE_HASH])
{
	int order = memcmp(a, b, WIRE_HASH), i, r;
	struct part parts[3] = {
	    {LABEL_SAFETY, sizeof(LABEL_SAFETY)},
	    {order < 0 ? a : b, WIRE_HASH},
	    {order < 0 ? b : a, WIRE_HASH},
	};
	uint8_t digest[WIRE_HASH];
	struct crypto *c;

	if (order == 0)
		return ERR_USAGE;
	if ((c = crypto_new()) == NULL)
		return ERR_CRYPTO;
	r = crypto_hash(c, digest, parts, 3);
	parts[0] = (struct part){digest, sizeof(digest)};
	for (i = 1; i < SAFETY_ROUNDS && r == 0; i++)
		r = crypto_hash(c, digest, parts, 3);
	if (r == 0)
		digits(out, digest);
	crypto_free(c);
	return r;
}
