/* b64.c - strict base64 in constant time. */
#include "shared/wire/b64.h"

#include "shared/wire/bytes.h"

/* The two characters in which the alphabets of RFC 4648 differ. */
struct alphabet {
	uint32_t c62, c63;
};
/* Characters that encode n bytes without padding, and bytes that n such
 * characters decode to. */
#define B64_CHARS(n) ((n) / 3 * 4 + ((n) % 3 == 0 ? 0 : (n) % 3 + 1))
#define B64_BYTES(n) ((n) / 4 * 3 + ((n) % 4 == 0 ? 0 : (n) % 4 - 1))
static const struct alphabet standard = {'+', '/'}, url = {'-', '_'};

/* Masks of all ones or all zeros, for arguments below 2^31. Keys are encoded
 * and decoded here: no branch and no table index may depend on a value. */
/*@ assigns \nothing; */
static uint32_t mask_below(uint32_t a, uint32_t b)
{
	return 0u - ((a - b) >> 31);
}

/*@ assigns \nothing; */
static uint32_t mask_within(uint32_t v, uint32_t first, uint32_t last)
{
	return ~mask_below(v, first) & mask_below(v, last + 1);
}

/* The character of the low six bits of v. */
/*@ requires \valid_read(a);
    assigns \nothing; */
static char sextet_char(const struct alphabet *a, uint32_t v)
{
	uint32_t c = 0;

	v &= 63;
	c |= mask_within(v, 0, 25) & (v + 'A');
	c |= mask_within(v, 26, 51) & (v - 26 + 'a');
	c |= mask_within(v, 52, 61) & (v - 52 + '0');
	c |= mask_within(v, 62, 62) & a->c62;
	c |= mask_within(v, 63, 63) & a->c63;
	return (char)c;
}

/* Returns the six bits of a character. Sets *bad to all ones if the
 * character is not in the alphabet. */
/*@ requires \valid_read(a) && \valid(bad);
    assigns *bad; */
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
 * No sum or difference below overflows its byte as long as every byte is
 * below 80. */
#define EACH(b) ((b)*UINT64_C(0x0101010101010101))
#define TOPS	EACH(0x80)

/* 01 in each byte of v that is at least k, or at least a and at most b. */
/*@ assigns \nothing; */
static uint64_t each_from(uint64_t v, uint32_t k)
{
	return ((v | TOPS) - EACH(k)) >> 7 & EACH(1);
}

/*@ assigns \nothing; */
static uint64_t each_within(uint64_t v, uint32_t first, uint32_t last)
{
	return each_from(v, first) & ~each_from(v, last + 1);
}

/*@ requires \valid_read(a);
    assigns \nothing; */
static uint64_t each_char(const struct alphabet *a, uint64_t v)
{
	uint64_t is62 = each_within(v, 62, 62), is63 = each_within(v, 63, 63);
	uint64_t c = v + EACH('A') + each_from(v, 26) * ('a' - 26 - 'A') -
		     each_from(v, 52) * ('a' - 26 - ('0' - 52));

	c &= ~((is62 | is63) * 0xff);
	return c | is62 * a->c62 | is63 * a->c63;
}

/* Sets *bad to all ones if a character is not in the alphabet. */
/*@ requires \valid_read(a) && \valid(bad);
    assigns *bad; */
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

/* Splits 48 bits into eight sextets, and joins them again. */
/*@ assigns \nothing; */
static uint64_t spread(uint64_t v)
{
	v = (v << 8 & UINT64_C(0x00ffffff00000000)) | (v & 0xffffff);
	v = (v << 4 & UINT64_C(0x0fff00000fff0000)) |
	    (v & UINT64_C(0x00000fff00000fff));
	return (v << 2 & UINT64_C(0x3f003f003f003f00)) |
	       (v & UINT64_C(0x003f003f003f003f));
}

/*@ assigns \nothing; */
static uint64_t gather(uint64_t v)
{
	v = (v >> 2 & UINT64_C(0x0fc00fc00fc00fc0)) |
	    (v & UINT64_C(0x003f003f003f003f));
	v = (v >> 4 & UINT64_C(0x00fff00000fff000)) |
	    (v & UINT64_C(0x00000fff00000fff));
	return (v >> 8 & UINT64_C(0x0000ffffff000000)) | (v & 0xffffff);
}

/*@ requires \valid_read(a) && \valid(out + (0 .. 7));
    requires \valid_read(in + (0 .. 5));
    assigns out[0 .. 7]; */
static void encode_six(const struct alphabet *a, char *out, const uint8_t *in)
{
	uint64_t v = (uint64_t)get_u32(in) << 16 | (uint32_t)in[4] << 8 | in[5];

	put_u64((uint8_t *)out, each_char(a, spread(v)));
}

/*@ requires \valid_read(a) && \valid(out + (0 .. 5)) && \valid(bad);
    requires \valid_read(in + (0 .. 7));
    assigns out[0 .. 5], *bad; */
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

/* Encodes three bytes as four characters, and decodes them. */
/*@ requires \valid_read(a) && \valid(out + (0 .. 3));
    requires \valid_read(p + (0 .. 2));
    assigns out[0 .. 3]; */
static void encode3(const struct alphabet *a, char *out, const uint8_t *p)
{
	uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

	out[0] = sextet_char(a, v >> 18);
	out[1] = sextet_char(a, v >> 12);
	out[2] = sextet_char(a, v >> 6);
	out[3] = sextet_char(a, v);
}

/*@ requires \valid_read(a) && \valid(out + (0 .. 2)) && \valid(bad);
    requires \valid_read(in + (0 .. 3));
    assigns out[0 .. 2], *bad; */
static void decode4(
    const struct alphabet *a, uint8_t *out, const char *in, uint32_t *bad)
{
	uint32_t v = char_sextet(a, in[0], bad) << 18;

	v |= char_sextet(a, in[1], bad) << 12;
	v |= char_sextet(a, in[2], bad) << 6;
	v |= char_sextet(a, in[3], bad);
	out[0] = (uint8_t)(v >> 16);
	out[1] = (uint8_t)(v >> 8);
	out[2] = (uint8_t)v;
}

/* Encodes without padding or a terminating zero byte; returns the end of the
 * output. */
/*@ requires \valid_read(a) && \valid(out + (0 .. B64_CHARS(n) - 1));
    requires \valid_read(p + (0 .. n - 1));
    assigns out[0 .. B64_CHARS(n) - 1];
    ensures \result == out + B64_CHARS(n); */
static char *encode(
    const struct alphabet *a, char *out, const uint8_t *p, size_t n)
{
	size_t six;

	/*@ loop invariant 0 <= six <= n / 6;
	    loop invariant p == \at(p, Pre) + 6 * (n / 6 - six);
	    loop invariant out == \at(out, Pre) + 8 * (n / 6 - six);
	    loop assigns six, p, out, \at(out, Pre)[0 .. B64_CHARS(n) - 1];
	    loop variant six; */
	for (six = n / 6; six > 0; six--) {
		encode_six(a, out, p);
		p += 6;
		out += 8;
	}
	if (n % 6 >= 3) {
		encode3(a, out, p);
		p += 3;
		out += 4;
	}
	if (n % 3 == 0)
		return out;
	*out++ = sextet_char(a, (uint32_t)p[0] >> 2);
	if (n % 3 == 1) {
		*out++ = sextet_char(a, (uint32_t)p[0] << 4);
	} else {
		*out++ = sextet_char(a, (uint32_t)p[0] << 4 | p[1] >> 4);
		*out++ = sextet_char(a, (uint32_t)p[1] << 2);
	}
	return out;
}

/* Decodes n characters without padding (n % 4 != 1) into n * 6 / 8 bytes. */
/*@ requires \valid_read(a) && \valid(out + (0 .. B64_BYTES(n) - 1));
    requires \valid_read(in + (0 .. n - 1)) && n % 4 != 1;
    assigns out[0 .. B64_BYTES(n) - 1];
    ensures \result == 0 || \result == ERR_BASE64; */
static int decode(
    const struct alphabet *a, uint8_t *out, const char *in, size_t n)
{
	const size_t size = B64_BYTES(n);
	uint32_t bad = 0, wrong, v;
	uint8_t *start = out;
	size_t eight, i;

	/*@ loop invariant 0 <= eight <= n / 8;
	    loop invariant in == \at(in, Pre) + 8 * (n / 8 - eight);
	    loop invariant out == \at(out, Pre) + 6 * (n / 8 - eight);
	    loop assigns eight, in, out, bad, start[0 .. B64_BYTES(n) - 1];
	    loop variant eight; */
	for (eight = n / 8; eight > 0; eight--) {
		decode_eight(a, out, in, &bad);
		in += 8;
		out += 6;
	}
	if (n % 8 >= 4) {
		decode4(a, out, in, &bad);
		in += 4;
		out += 3;
	}
	if (n % 4 != 0) {
		v = char_sextet(a, in[0], &bad) << 10;
		v |= char_sextet(a, in[1], &bad) << 4;
		out[0] = (uint8_t)(v >> 8);
		if (n % 4 == 3) {
			v |= char_sextet(a, in[2], &bad) >> 2;
			out[1] = (uint8_t)v;
			v = char_sextet(a, in[2], &bad) << 6;
		}
		bad |= v & 0xff; /* leftover bits must be zero */
	}
	/* Keep all bytes or none, without a branch on the result. */
	wrong = bad != 0;
	/*@ loop invariant 0 <= i <= B64_BYTES(n);
	    loop assigns i, start[0 .. B64_BYTES(n) - 1];
	    loop variant B64_BYTES(n) - i; */
	for (i = 0; i < size; i++)
		start[i] &= (uint8_t)(wrong - 1);
	return (int)wrong * ERR_BASE64;
}

void b64_encode(char *out, const void *in, size_t n)
{
	char *p = encode(&standard, out, in, n);

	if (n % 3 == 1)
		*p++ = '=';
	if (n % 3 != 0)
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
	/* The length of the encoded bytes decides where padding belongs. */
	if (chars != 0 && in[chars - 1] == '=')
		chars--;
	if (chars != in_len && in[chars - 1] == '=')
		chars--;
	n = B64_BYTES(chars);
	if (n > max)
		return ERR_BASE64;
	e = decode(&standard, out, in, chars);
	if (e == 0)
		*out_len = n;
	return e;
}

int b64_decode(void *out, size_t want, const char *in, size_t in_len)
{
	const size_t pad = (3 - want % 3) % 3;

	/* Require the exact length: it fixes where padding must be, and a
	 * key's characters may not be inspected to find it. */
	if (in_len % 4 != 0 || in_len / 4 != want / 3 + (want % 3 != 0))
		return ERR_BASE64;
	if ((pad > 0 && in[in_len - 1] != '=') ||
	    (pad > 1 && in[in_len - 2] != '='))
		return ERR_BASE64;
	return decode(&standard, out, in, in_len - pad);
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
