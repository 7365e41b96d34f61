/* b64.h - strict RFC 4648 base64. The time depends on lengths only, because
 * keys are encoded here. */
#ifndef SHARED_WIRE_B64_H
#define SHARED_WIRE_B64_H

#include <stddef.h>
#include <stdint.h>

#include "shared/base/err.h"

/* Characters that encode n bytes, with padding and without the zero byte. */
#define B64_LEN(n) (((n) + 2) / 3 * 4)

/* Writes B64_LEN(n) characters and a zero byte. */
/*@ requires \valid(out + (0 .. B64_LEN(n)));
    requires \valid_read((uint8_t *)in + (0 .. n - 1));
    assigns out[0 .. B64_LEN(n)]; */
void b64_encode(char *out, const void *in, size_t n);

/* Decodes exactly `in_len` characters into exactly `want` bytes. Returns
 * ERR_BASE64 for any other length, a character outside the alphabet, white
 * space, missing padding, or nonzero bits under the padding. */
/*@ requires \valid((uint8_t *)out + (0 .. want - 1));
    requires \valid_read(in + (0 .. in_len - 1));
    assigns ((uint8_t *)out)[0 .. want - 1];
    ensures \result == 0 || \result == ERR_BASE64;
    ensures \result == 0 ==> in_len == B64_LEN(want); */
int b64_decode(void *out, size_t want, const char *in, size_t in_len)
    MUST_CHECK;

/* Decodes into at most `max` bytes and sets *out_len to their number. */
/*@ requires \valid((uint8_t *)out + (0 .. max - 1)) && \valid(out_len);
    requires \valid_read(in + (0 .. in_len - 1));
    requires \separated(out_len, (uint8_t *)out + (0 .. max - 1));
    assigns ((uint8_t *)out)[0 .. max - 1], *out_len;
    ensures \result == 0 || \result == ERR_BASE64;
    ensures \result == 0 ==> *out_len <= max && in_len == B64_LEN(*out_len);
    ensures \result != 0 ==> *out_len == \old(*out_len); */
int b64_decode_max(void *out, size_t max, size_t *out_len, const char *in,
    size_t in_len) MUST_CHECK;

/* base64url without padding, for fingerprints: 43 characters and a zero byte
 * for 32 bytes. Decoding accepts padding but does not require it. */
#define B64URL_32 43
/*@ requires \valid(out + (0 .. B64URL_32)) && \valid_read(in + (0 .. 31));
    assigns out[0 .. B64URL_32]; */
void b64url_encode32(char out[B64URL_32 + 1], const uint8_t in[32]);
/*@ requires \valid(out + (0 .. 31));
    requires \valid_read(in + (0 .. in_len - 1));
    assigns out[0 .. 31];
    ensures \result == 0 ==> in_len == 43 || in_len == 44; */
int b64url_decode32(uint8_t out[32], const char *in, size_t in_len) MUST_CHECK;

#endif
