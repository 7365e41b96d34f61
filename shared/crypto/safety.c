/* safety.c - iterated digests as decimal digits. */
#include <stdio.h>
#include <string.h>

#include "shared/crypto/crypto.h"
#include "shared/crypto/safety.h"

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

/* parts[0] is the label; the rounds after the first hash the digest in its
 * place. */
static int code_of(char out[SAFETY_LEN + 1], struct part *parts, size_t n)
{
	struct crypto *c = crypto_new();
	uint8_t digest[WIRE_HASH];
	int i, r;

	if (c == NULL)
		return ERR_CRYPTO;
	r = crypto_hash_parts(c, digest, parts, n);
	parts[0] = (struct part){digest, sizeof(digest)};
	for (i = 1; i < SAFETY_ROUNDS && r == 0; i++)
		r = crypto_hash_parts(c, digest, parts, n);
	if (r == 0)
		digits(out, digest);
	crypto_free(c);
	return r;
}

int safety_server_code(
    char out[SAFETY_LEN + 1], const uint8_t server[WIRE_HASH])
{
	struct part parts[2] = {
	    {LABEL_SERVER_CODE, sizeof(LABEL_SERVER_CODE)},
	    {server, WIRE_HASH},
	};

	return code_of(out, parts, 2);
}

int safety_code(char out[SAFETY_LEN + 1], const uint8_t a[WIRE_HASH],
    const uint8_t b[WIRE_HASH])
{
	int order = memcmp(a, b, WIRE_HASH);
	struct part parts[3] = {
	    {LABEL_SAFETY, sizeof(LABEL_SAFETY)},
	    {order < 0 ? a : b, WIRE_HASH},
	    {order < 0 ? b : a, WIRE_HASH},
	};

	return order == 0 ? ERR_USAGE : code_of(out, parts, 3);
}
