/* Ed25519 and X25519 of keys.h, and the encodings that are refused. */
#include "shared/crypto/ossl.h"

#include "tests/unit/vectors.h"

#include "shared/crypto/keys.h"

static int seeded(void *arg, void *out, size_t n)
{
	uint64_t *seed = arg;
	uint8_t *p = out;

	while (n-- > 0)
		*p++ = (uint8_t)check_random(seed);
	return 0;
}

static int broken(void *arg, void *out, size_t n)
{
	(void)arg;
	(void)out;
	(void)n;
	return ERR_CRYPTO;
}

static struct identity *identity_of_test(uint64_t seed)
{
	const struct rng rng = {seeded, &seed};
	struct identity *id = identity_new(&rng);

	assert_non_null(id);
	return id;
}

/* --- Ed25519 ------------------------------------------------------------- */

struct ed25519_vector {
	const char *seed, *pub, *msg, *sig;
};

/* RFC 8032, section 7.1, tests 1 to 3. */
static const struct ed25519_vector rfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	"5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	"72",
	"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	"af82",
	"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void ed25519_rfc8032(void **state)
{
	const struct ed25519_vector *v = *state;
	struct crypto *c = crypto_new();
	size_t n, msg_len;
	uint8_t *seed = check_hex(v->seed, &n), *pub = check_hex(v->pub, &n);
	uint8_t *msg = check_hex(v->msg, &msg_len);
	uint8_t *sig = check_hex(v->sig, &n), got[WIRE_SIGNATURE];
	const struct part parts[] = {{msg, msg_len / 2}, {NULL, 0},
	    {msg + msg_len / 2, msg_len - msg_len / 2}};
	struct identity *id = identity_from_seed(seed);

	assert_true(c != NULL && id != NULL);
	assert_memory_equal(identity_public(id), pub, WIRE_ED25519);
	assert_int_equal(identity_sign(id, got, parts, 3), 0);
	assert_memory_equal(got, sig, WIRE_SIGNATURE);
	assert_int_equal(ed25519_verify(c, pub, sig, parts, 3), 0);
	assert_int_equal(ed25519_verify(c, pub, sig, parts + 2, 1),
	    msg_len > 1 ? ERR_SIGNATURE : 0);
	identity_free(id);
	crypto_free(c);
	free(seed);
	free(pub);
	free(msg);
	free(sig);
	vectors_queue_is_empty();
}

/* A flip of any bit of signature, key or text must fail. */
static void ed25519_every_bit(void **state)
{
	struct crypto *c = crypto_new();
	struct identity *id = identity_of_test(1);
	struct {
		uint8_t sig[64], pub[32], text[9];
	} good, bad;
	const struct part part = {bad.text, sizeof(bad.text)};
	uint8_t *bits = (uint8_t *)&bad;
	size_t i;

	(void)state;
	assert_non_null(c);
	memset(&good, 0x33, sizeof(good));
	memcpy(good.pub, identity_public(id), 32);
	bad = good;
	assert_int_equal(identity_sign(id, good.sig, &part, 1), 0);
	bad = good;
	assert_int_equal(ed25519_verify(c, bad.pub, bad.sig, &part, 1), 0);
	for (i = 0; i < 8 * sizeof(bad); i++) {
		bad = good;
		bits[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(ed25519_verify(c, bad.pub, bad.sig, &part, 1),
		    ERR_SIGNATURE);
		vectors_queue_is_empty();
	}
	identity_free(id);
	crypto_free(c);
}

/* S + L verifies too if the verifier does not check S < L; it must be refused
 * (RFC 8032, 5.1.7). */
static void ed25519_s_below_the_order(void **state)
{
	static const uint8_t l[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12,
	    0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	struct crypto *c = crypto_new();
	struct identity *id = identity_of_test(2);
	const struct part part = {"text", 4};
	uint8_t sig[WIRE_SIGNATURE];
	unsigned carry, i, k;

	(void)state;
	assert_non_null(c);
	assert_int_equal(identity_sign(id, sig, &part, 1), 0);
	for (k = 0; k < 7; k++) { /* as often as L fits into 256 bits */
		for (i = 0, carry = 0; i < 32; i++) {
			carry += (unsigned)sig[32 + i] + l[i];
			sig[32 + i] = (uint8_t)carry;
			carry >>= 8;
		}
		assert_int_equal(carry, 0);
		assert_int_equal(
		    ed25519_verify(c, identity_public(id), sig, &part, 1),
		    ERR_SIGNATURE);
	}
	identity_free(id);
	crypto_free(c);
	vectors_queue_is_empty();
}

static void ed25519_signs_nothing_and_much(void **state)
{
	struct crypto *c = crypto_new();
	struct identity *id = identity_of_test(3);
	size_t n = WIRE_RECORD_MAX;
	uint8_t *text = calloc(1, n + 1), sig[WIRE_SIGNATURE];
	struct part part = {text, n};

	(void)state;
	assert_true(c != NULL && text != NULL);
	assert_int_equal(identity_sign(id, sig, NULL, 0), 0);
	assert_int_equal(
	    ed25519_verify(c, identity_public(id), sig, NULL, 0), 0);
	assert_int_equal(identity_sign(id, sig, &part, 1), 0);
	assert_int_equal(
	    ed25519_verify(c, identity_public(id), sig, &part, 1), 0);
	part.n++;
	assert_int_equal(identity_sign(id, sig, &part, 1), ERR_LIMIT);
	assert_int_equal(
	    ed25519_verify(c, identity_public(id), sig, &part, 1), ERR_LIMIT);
	free(text);
	identity_free(id);
	crypto_free(c);
	vectors_queue_is_empty();
}

static void identities_are_random(void **state)
{
	const struct rng system = random_system(), bad = {broken, NULL};
	struct identity *a = identity_new(&system), *b = identity_new(&system);
	struct identity *x = identity_of_test(5), *y = identity_of_test(5);

	(void)state;
	assert_true(a != NULL && b != NULL);
	assert_memory_not_equal(identity_public(a), identity_public(b), 32);
	assert_memory_equal(identity_public(x), identity_public(y), 32);
	assert_null(identity_new(&bad));
	identity_free(a);
	identity_free(b);
	identity_free(x);
	identity_free(y);
	identity_free(NULL);
}

/* The fixed encoding equals libcrypto's, and the fingerprint is its hash. */
static void ed25519_spki_is_the_one(void **state)
{
	struct crypto *c = crypto_new();
	struct identity *id = identity_of_test(6);
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, identity_public(id), 32);
	uint8_t spki[WIRE_ED25519_SPKI], pub[32], fp[32], want[32];
	unsigned char *der = NULL;

	(void)state;
	assert_true(c != NULL && key != NULL);
	ed25519_spki(spki, identity_public(id));
	assert_int_equal(i2d_PUBKEY(key, &der), WIRE_ED25519_SPKI);
	assert_memory_equal(spki, der, sizeof(spki));
	assert_int_equal(ed25519_from_spki(pub, der, WIRE_ED25519_SPKI), 0);
	assert_memory_equal(pub, identity_public(id), 32);
	assert_int_equal(ed25519_fingerprint(c, fp, pub), 0);
	assert_int_equal(crypto_hash1(c, want, der, WIRE_ED25519_SPKI), 0);
	assert_memory_equal(fp, want, 32);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	identity_free(id);
	crypto_free(c);
}

static void ed25519_spki_malformed(void **state)
{
	struct identity *id = identity_of_test(7);
	uint8_t spki[WIRE_ED25519_SPKI + 1] = {0}, pub[32] = {7}, was[32] = {7};
	size_t i;

	(void)state;
	ed25519_spki(spki, identity_public(id));
	for (i = 0; i <= sizeof(spki); i++)
		if (i != WIRE_ED25519_SPKI)
			assert_int_equal(
			    ed25519_from_spki(pub, spki, i), ERR_KEY);
	assert_int_equal(ed25519_from_spki(pub, NULL, 0), ERR_KEY);
	for (i = 0; i < 8 * 12; i++) {
		spki[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(
		    ed25519_from_spki(pub, spki, WIRE_ED25519_SPKI), ERR_KEY);
		spki[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_memory_equal(pub, was, 32);
	identity_free(id);
}

/* --- point encodings that are refused ------------------------------------ */

struct point_case {
	const char *le; /* 32 bytes */
	int want;
};

static void ed25519_point(void **state)
{
	const struct point_case *t = *state;
	uint8_t spki[WIRE_ED25519_SPKI], pub[32], *p;
	size_t n;
	int sign;

	p = check_hex(t->le, &n);
	assert_int_equal(n, 32);
	for (sign = 0; sign < 2; sign++) {
		p[31] = (uint8_t)((p[31] & 0x7f) | (sign << 7));
		ed25519_spki(spki, p);
		assert_int_equal(
		    ed25519_from_spki(pub, spki, sizeof(spki)), t->want);
	}
	free(p);
}

static const struct point_case ed25519_points[] = {
    /* of small order: y = 0, 1, -1 and two more */
    {"0000000000000000000000000000000000000000000000000000000000000000",
	ERR_KEY},
    {"0100000000000000000000000000000000000000000000000000000000000000",
	ERR_KEY},
    {"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	ERR_KEY},
    {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	ERR_KEY},
    {"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	ERR_KEY},
    /* not canonical: p, p + 1 and so on to 2^255 - 1 */
    {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	ERR_KEY},
    {"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	ERR_KEY},
    {"efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	ERR_KEY},
    {"f5ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	ERR_KEY},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	ERR_KEY},
    /* close to them, but valid */
    {"ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", 0},
    {"edfffffffffffffffffffffffffffffffffffffffffffffffffffffffffff07f", 0},
    {"edfeffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", 0},
    {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7e", 0},
    {"0300000000000000000000000000000000000000000000000000000000000000", 0},
    {"27e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", 0},
};

/* Proves the list of small-order points with libcrypto's own verification: 8
 * times each point is the identity, so it accepts R = identity, S = 0. */
static void small_order_would_verify(void **state)
{
	const struct point_case *t = *state;
	struct crypto *c = crypto_new();
	struct part part = {NULL, 1};
	uint8_t sig[WIRE_SIGNATURE] = {1}, text, *p;
	int i, took = 0;
	size_t n;

	/* k * A is the identity for at least one text in eight. */
	assert_non_null(c);
	p = check_hex(t->le, &n);
	part.p = &text;
	for (i = 0; i < 256; i++) {
		text = (uint8_t)i;
		took += ed25519_verify(c, p, sig, &part, 1) == 0;
	}
	assert_true(took > 8);
	free(p);
	crypto_free(c);
	vectors_queue_is_empty();
}

static void x25519_point(void **state)
{
	const struct point_case *t = *state;
	size_t n;
	uint8_t *p = check_hex(t->le, &n);

	assert_int_equal(x25519_check(p), t->want);
	p[31] |= 0x80;
	assert_int_equal(x25519_check(p), ERR_KEY);
	free(p);
}

static const struct point_case x25519_points[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000",
	ERR_KEY},
    {"0100000000000000000000000000000000000000000000000000000000000000",
	ERR_KEY},
    {"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	ERR_KEY},
    {"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	ERR_KEY},
    {"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	ERR_KEY},
    {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	ERR_KEY},
    {"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	ERR_KEY},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	ERR_KEY},
    {"0900000000000000000000000000000000000000000000000000000000000000", 0},
    {"0200000000000000000000000000000000000000000000000000000000000000", 0},
    {"ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", 0},
    {"e1eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800", 0},
};

/* Proves this list too: libcrypto refuses X25519 with each of the five. */
static void x25519_small_order_gives_zero(void **state)
{
	static const uint8_t secret[32] = {77};
	EVP_PKEY *own =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, 32);
	size_t i, n, len;

	(void)state;
	assert_non_null(own);
	for (i = 0; i < sizeof(x25519_points) / sizeof(x25519_points[0]); i++) {
		uint8_t *p = check_hex(x25519_points[i].le, &n), out[32];
		EVP_PKEY *peer =
		    EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, p, 32);
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
		int ok;

		assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
		assert_int_equal(EVP_PKEY_derive_set_peer(ctx, peer), 1);
		len = sizeof(out);
		ok = EVP_PKEY_derive(ctx, out, &len) == 1;
		ERR_clear_error();
		if (i < 5)
			assert_false(ok);
		if (x25519_points[i].want == 0)
			assert_true(ok);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(peer);
		free(p);
	}
	EVP_PKEY_free(own);
}

static int fixed_bytes(void *arg, void *out, size_t n)
{
	memcpy(out, arg, n);
	return 0;
}

/* RFC 7748, section 6.1. */
static void x25519_rfc7748(void **state)
{
	size_t n;
	uint8_t *secret = check_hex("77076d0a7318a57d3c16c17251b26645"
				    "df4c2f87ebc0992ab177fba51db92c2a",
	    &n);
	uint8_t *pub = check_hex("8520f0098930a754748b7ddcb43ef75a"
				 "0dbf3a0d26381af4eba4a98eaa9b4e6a",
	    &n);
	const struct rng rng = {fixed_bytes, secret}, bad = {broken, NULL};
	struct dh *a = dh_new(&rng);

	(void)state;
	assert_non_null(a);
	assert_memory_equal(dh_public(a), pub, 32);
	assert_int_equal(x25519_check(dh_public(a)), 0);
	assert_null(dh_new(&bad));
	dh_free(a);
	dh_free(NULL);
	free(secret);
	free(pub);
	vectors_queue_is_empty();
}

/* --- the list --- */

#define ADD_TABLE(g, fn, table, label)                                         \
	do {                                                                   \
		size_t i_;                                                     \
		for (i_ = 0; i_ < sizeof(table) / sizeof((table)[0]); i_++)    \
			check_add((g), (fn),                                   \
			    (void *)(uintptr_t) & (table)[i_], "%s %zu",       \
			    (label), i_ + 1);                                  \
	} while (0)

int main(void)
{
	struct check_group g = {0};
	size_t i;

	ADD_TABLE(&g, ed25519_rfc8032, rfc8032, "RFC 8032");
	check_add(&g, ed25519_every_bit, NULL, "Ed25519: every bit");
	check_add(&g, ed25519_s_below_the_order, NULL, "Ed25519: S + L");
	check_add(&g, ed25519_signs_nothing_and_much, NULL, "Ed25519: sizes");
	check_add(&g, identities_are_random, NULL, "identities are random");
	check_add(&g, ed25519_spki_is_the_one, NULL, "Ed25519 SPKI");
	check_add(&g, ed25519_spki_malformed, NULL, "Ed25519 SPKI, malformed");
	ADD_TABLE(&g, ed25519_point, ed25519_points, "Ed25519 point");
	for (i = 0; i < 5; i++)
		check_add(&g, small_order_would_verify,
		    (void *)(uintptr_t)&ed25519_points[i],
		    "Ed25519: small order %zu", i + 1);
	ADD_TABLE(&g, x25519_point, x25519_points, "X25519 point");
	check_add(&g, x25519_small_order_gives_zero, NULL, "X25519: zero");
	check_add(&g, x25519_rfc7748, NULL, "RFC 7748");
	return check_run("keys", &g);
}
