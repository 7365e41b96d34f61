/* b64.h - RFC 4648 base64, strict, in time that depends on lengths only:
 * keys pass through here. */
#ifndef CONCLAVE_B64_H
#define CONCLAVE_B64_H

#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

/* Characters that n bytes take, padding included, without a zero byte. */
#define B64_LEN(n) (((n) + 2) / 3 * 4)

/* Writes B64_LEN(n) characters and a zero byte. */
void b64_encode(char *out, const void *in, size_t n);

/* Decodes exactly `in_len` characters into exactly `want` bytes. ERR_BASE64
 * for any other length, a character outside the alphabet, white space,
 * missing padding, or bits that are not zero under it. */
int b64_decode(void *out, size_t want, const char *in, size_t in_len)
    MUST_CHECK;

/* The same into at most `max` bytes; *out_len is how many. */
int b64_decode_max(void *out, size_t max, size_t *out_len, const char *in,
    size_t in_len) MUST_CHECK;

/* base64url without padding, for fingerprints: 43 characters and a zero byte
 * for 32 bytes. Decoding takes them with or without padding. */
#define B64URL_32 43
void b64url_encode32(char out[B64URL_32 + 1], const uint8_t in[32]);
int b64url_decode32(uint8_t out[32], const char *in, size_t in_len) MUST_CHECK;

#endif
