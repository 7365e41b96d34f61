/* spki.c - compares public keys with the few permitted encodings. */
#include <string.h>

#include "shared/crypto/spki.h"

/* --- common to both curves --- */

/* Is y or u (little-endian, top bit clear) below p = 2^255 - 19? These are
 * public keys, so timing leaks do not matter. */
/*@ requires \valid_read(v + (0 .. 31));
    assigns \nothing; */
static bool field_canonical(const uint8_t v[32])
{
	size_t i;

	if (v[31] != 0x7f || v[0] < 0xed)
		return true;
	/*@ loop invariant 1 <= i <= 31;
	    loop assigns i;
	    loop variant 31 - i; */
	for (i = 1; i < 31; i++)
		if (v[i] != 0xff)
			return true;
	return false;
}

/*@ requires \valid_read(list + (0 .. n - 1));
    requires \valid_read(v + (0 .. 31));
    assigns \nothing; */
static bool in_list(const uint8_t (*list)[32], size_t n, const uint8_t v[32])
{
	size_t i;

	/*@ loop invariant 0 <= i <= n;
	    loop assigns i;
	    loop variant n - i; */
	for (i = 0; i < n; i++)
		if (memcmp(list[i], v, 32) == 0)
			return true;
	return false;
}

/* --- Ed25519 --- */

/* SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes } */
static const uint8_t ed25519_prefix[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

/* y of the eight points of small order (orders 4, 1, 2, 8 and 8). Each
 * stands for both signs of x, even if x is 0 and a sign bit is invalid. */
static const uint8_t ed25519_small_order[][32] = {
    {0x00},
    {0x01},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89,
	0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
	0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76,
	0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
	0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

void ed25519_spki(
    uint8_t out[WIRE_ED25519_SPKI], const uint8_t pub[WIRE_ED25519])
{
	memcpy(out, ed25519_prefix, sizeof(ed25519_prefix));
	memcpy(out + sizeof(ed25519_prefix), pub, WIRE_ED25519);
}

int ed25519_from_spki(uint8_t pub[WIRE_ED25519], const void *spki, size_t n)
{
	const uint8_t *p = spki;
	uint8_t y[WIRE_ED25519];

	if (n != WIRE_ED25519_SPKI ||
	    memcmp(p, ed25519_prefix, sizeof(ed25519_prefix)) != 0)
		return ERR_KEY;
	p += sizeof(ed25519_prefix);
	memcpy(y, p, sizeof(y));
	y[31] &= 0x7f; /* the sign of x */
	if (!field_canonical(y) ||
	    in_list(ed25519_small_order,
		sizeof(ed25519_small_order) / sizeof(ed25519_small_order[0]),
		y))
		return ERR_KEY;
	memcpy(pub, p, WIRE_ED25519);
	return 0;
}

/* --- X25519 --- */

/* u of the points of small order, below p, on the curve and its twist: 0, 1,
 * p - 1 and the two of order 8. */
static const uint8_t x25519_small_order[][32] = {
    {0x00},
    {0x01},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa,
	0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd,
	0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55,
	0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86,
	0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
};

int x25519_check(const uint8_t pub[WIRE_X25519])
{
	if ((pub[31] & 0x80) != 0 || !field_canonical(pub) ||
	    in_list(x25519_small_order,
		sizeof(x25519_small_order) / sizeof(x25519_small_order[0]),
		pub))
		return ERR_KEY;
	return 0;
}

/* --- RSA --- */

/* SPKI of a modulus of k bytes with its top bit set:
 *   30 82 xxxx  30 0d 06 09 (1.2.840.113549.1.1.1) 05 00
 *     03 82 xxxx 00  30 82 xxxx  02 82 xxxx 00 || n(k)  02 03 01 00 01
 * For 2048, 3072 and 4096 bits every length takes two bytes, so that the
 * shapes differ in nothing but four numbers. */
enum { HEAD = SPKI_RSA_HEAD, TAIL = SPKI_RSA_TAIL };
static const uint8_t rsa_algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const uint8_t rsa_exponent[TAIL] = {0x02, 0x03, 0x01, 0x00, 0x01};

/*@ requires \valid(p + (0 .. 3));
    assigns p[0 .. 3]; */
static void put_tag(uint8_t p[4], uint8_t tag, size_t len)
{
	p[0] = tag;
	p[1] = 0x82;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
}

void spki_rsa_head(uint8_t out[HEAD], size_t k)
{
	size_t integer = 1 + k, pair = 4 + integer + TAIL;
	size_t bits = 1 + 4 + pair;

	put_tag(out, 0x30, sizeof(rsa_algorithm) + 4 + bits);
	memcpy(out + 4, rsa_algorithm, sizeof(rsa_algorithm));
	put_tag(out + 19, 0x03, bits);
	out[23] = 0;
	put_tag(out + 24, 0x30, pair);
	put_tag(out + 28, 0x02, integer);
	out[32] = 0; /* keeps n positive although its top bit is set */
}

void spki_rsa_tail(uint8_t out[TAIL])
{
	memcpy(out, rsa_exponent, TAIL);
}

bool spki_rsa_size(size_t k)
{
	return k == 2048 / 8 || k == 3072 / 8 || k == 4096 / 8;
}

int kem_rsa_spki_check(const void *spki, size_t n)
{
	const uint8_t *p = spki;
	uint8_t head[HEAD];
	size_t k;

	if (n < SPKI_RSA_AROUND || !spki_rsa_size(n - SPKI_RSA_AROUND))
		return ERR_KEY;
	k = n - SPKI_RSA_AROUND;
	spki_rsa_head(head, k);
	if (memcmp(p, head, HEAD) != 0 ||
	    memcmp(p + HEAD + k, rsa_exponent, TAIL) != 0 ||
	    (p[HEAD] & 0x80) == 0 || (p[HEAD + k - 1] & 1) == 0)
		return ERR_KEY;
	return 0;
}
