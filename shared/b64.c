#include "shared/b64.h"

#include <string.h>

#include "shared/bytes.h"
#include "shared/secret.h"

/* The two characters in which the alphabets of RFC 4648 differ. */
struct alphabet {
	uint32_t c62, c63;
};
static const struct alphabet standard = {'+', '/'}, url = {'-', '_'};

/* Masks of all ones or all zeros, for arguments below 2^31. Keys are encoded
 * and decoded here: no branch and no table index may depend on a value. */
static uint32_t mask_below(uint32_t a, uint32_t b)
{
	return 0u - ((a - b) >> 31);
}

static uint32_t mask_within(uint32_t v, uint32_t first, uint32_t last)
{
	return ~mask_below(v, first) & mask_below(v, last + 1);
}

static char sextet_char(const struct alphabet *a, uint32_t v)
{
	uint32_t c = 0;

	c |= mask_within(v, 0, 25) & (v + 'A');
	c |= mask_within(v, 26, 51) & (v - 26 + 'a');
	c |= mask_within(v, 52, 61) & (v - 52 + '0');
	c |= mask_within(v, 62, 62) & a->c62;
	c |= mask_within(v, 63, 63) & a->c63;
	return (char)c;
}

/* The six bits of a character; *bad gets ones when it is none of ours. */
static uint32_t char_sextet(const struct alphabet *a, char in, uint32_t *bad)
{
	uint32_t c = (uint8_t)in, v, m, known;

	m = known = mask_within(c, 'A', 'Z');
	v = m & (c - 'A');
	known |= m = mask_within(c, 'a', 'z');
	v |= m & (c - 'a' + 26);
	known |= m = mask_within(c, '0', '9');
	v |= m & (c - '0' + 52);
	known |= m = mask_within(c, a->c62, a->c62);
	v |= m & 62;
	known |= m = mask_within(c, a->c63, a->c63);
	v |= m & 63;
	*bad |= ~known;
	return v;
}

/* --- eight characters at once, the first one in the top byte of a word ---
 *
 * No sum or difference below leaves its byte, as long as every byte is below
 * 80. */
#define EACH(b) ((b)*UINT64_C(0x0101010101010101))
#define TOPS	EACH(0x80)

/* 01 in each byte of v that is at least k, or at least a and at most b. */
static uint64_t each_from(uint64_t v, uint32_t k)
{
	return ((v | TOPS) - EACH(k)) >> 7 & EACH(1);
}

static uint64_t each_within(uint64_t v, uint32_t first, uint32_t last)
{
	return each_from(v, first) & ~each_from(v, last + 1);
}

static uint64_t each_char(const struct alphabet *a, uint64_t v)
{
	uint64_t is62 = each_within(v, 62, 62), is63 = each_within(v, 63, 63);
	uint64_t c = v + EACH('A') + each_from(v, 26) * ('a' - 26 - 'A') -
		     each_from(v, 52) * ('a' - 26 - ('0' - 52));

	c &= ~((is62 | is63) * 0xff);
	return c | is62 * a->c62 | is63 * a->c63;
}

/* *bad gets ones when one of them is none of ours. */
static uint64_t each_sextet(
    const struct alphabet *a, uint64_t in, uint32_t *bad)
{
	uint64_t c = in & ~TOPS, wrong;
	uint64_t upper = each_within(c, 'A', 'Z');
	uint64_t lower = each_within(c, 'a', 'z');
	uint64_t digit = each_within(c, '0', '9');
	uint64_t is62 = each_within(c, a->c62, a->c62);
	uint64_t is63 = each_within(c, a->c63, a->c63);

	wrong =
	    (in & TOPS) | (EACH(1) & ~(upper | lower | digit | is62 | is63));
	*bad |= (uint32_t)(wrong | wrong >> 32);
	return ((c & upper * 0xff) - upper * 'A') +
	       ((c & lower * 0xff) - lower * ('a' - 26)) +
	       ((c & digit * 0xff) + digit * 4) + is62 * 62 + is63 * 63;
}

/* 48 bits to eight sextets, and back. */
static uint64_t spread(uint64_t v)
{
	v = (v << 8 & UINT64_C(0x00ffffff00000000)) | (v & 0xffffff);
	v = (v << 4 & UINT64_C(0x0fff00000fff0000)) |
	    (v & UINT64_C(0x00000fff00000fff));
	return (v << 2 & UINT64_C(0x3f003f003f003f00)) |
	       (v & UINT64_C(0x003f003f003f003f));
}

static uint64_t gather(uint64_t v)
{
	v = (v >> 2 & UINT64_C(0x0fc00fc00fc00fc0)) |
	    (v & UINT64_C(0x003f003f003f003f));
	v = (v >> 4 & UINT64_C(0x00fff00000fff000)) |
	    (v & UINT64_C(0x00000fff00000fff));
	return (v >> 8 & UINT64_C(0x0000ffffff000000)) | (v & 0xffffff);
}

static void encode_six(const struct alphabet *a, char *out, const uint8_t *in)
{
	uint64_t v = (uint64_t)get_u32(in) << 16 | (uint32_t)in[4] << 8 | in[5];

	put_u64((uint8_t *)out, each_char(a, spread(v)));
}

static void decode_eight(
    const struct alphabet *a, uint8_t *out, const char *in, uint32_t *bad)
{
	uint64_t v = get_u64((const uint8_t *)in);

	v = gather(each_sextet(a, v, bad));
	put_u32(out, (uint32_t)(v >> 16));
	out[4] = (uint8_t)(v >> 8);
	out[5] = (uint8_t)v;
}

/* --- texts of any length --- */

/* Without padding and without a zero byte; returns the end of the output. */
static char *encode(
    const struct alphabet *a, char *out, const void *in, size_t n)
{
	const uint8_t *p = in;
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t i;

	for (; n >= 6; n -= 6, p += 6, out += 8)
		encode_six(a, out, p);
	for (i = 0; i < n; i++) {
		acc = acc << 8 | p[i];
		for (bits += 8; bits >= 6; bits -= 6)
			*out++ = sextet_char(a, acc >> (bits - 6) & 63);
	}
	if (bits != 0)
		*out++ = sextet_char(a, acc << (6 - bits) & 63);
	return out;
}

/* n characters without padding, n % 4 != 1, into n * 6 / 8 bytes. */
static int decode(
    const struct alphabet *a, uint8_t *out, const char *in, size_t n)
{
	uint32_t acc = 0, bad = 0;
	unsigned bits = 0;
	uint8_t *start = out;
	size_t i;

	for (; n >= 8; n -= 8, in += 8, out += 6)
		decode_eight(a, out, in, &bad);
	for (i = 0; i < n; i++) {
		acc = acc << 6 | char_sextet(a, in[i], &bad);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*out++ = (uint8_t)(acc >> bits);
		}
	}
	bad |= acc & ((1u << bits) - 1);
	if (bad == 0)
		return 0;
	secret_wipe(start, (size_t)(out - start));
	return ERR_BASE64;
}

void b64_encode(char *out, const void *in, size_t n)
{
	char *p = encode(&standard, out, in, n);

	while ((p - out) % 4 != 0)
		*p++ = '=';
	*p = '\0';
}

int b64_decode_max(
    void *out, size_t max, size_t *out_len, const char *in, size_t in_len)
{
	size_t chars = in_len, n;
	int e;

	if (in_len % 4 != 0)
		return ERR_BASE64;
	/* Where padding stands is told by the length of what is encoded. */
	if (chars != 0 && in[chars - 1] == '=')
		chars--;
	if (chars != in_len && in[chars - 1] == '=')
		chars--;
	n = chars / 4 * 3 + chars % 4 * 6 / 8;
	if (n > max)
		return ERR_BASE64;
	e = decode(&standard, out, in, chars);
	if (e == 0)
		*out_len = n;
	return e;
}

int b64_decode(void *out, size_t want, const char *in, size_t in_len)
{
	size_t n;
	int e;

	/* Exact: the length fixes where padding must be. */
	if (in_len % 4 != 0 || in_len / 4 != want / 3 + (want % 3 != 0))
		return ERR_BASE64;
	e = b64_decode_max(out, want, &n, in, in_len);
	if (e == 0 && n != want) {
		secret_wipe(out, n);
		e = ERR_BASE64;
	}
	return e;
}

void b64url_encode32(char out[B64URL_32 + 1], const uint8_t in[32])
{
	*encode(&url, out, in, 32) = '\0';
}

int b64url_decode32(uint8_t out[32], const char *in, size_t in_len)
{
	if (in_len == B64URL_32 + 1 && in[B64URL_32] == '=')
		in_len--;
	if (in_len != B64URL_32)
		return ERR_BASE64;
	return decode(&url, out, in, in_len);
}
