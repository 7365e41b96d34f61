/* ML-KEM-768 of kem_mlkem.h: published vectors, its keys, what is out of range,
 * and implicit rejection. Where libcrypto has no ML-KEM every test says so. */
#include "shared/crypto/kem_mlkem_int.h"
#include "shared/crypto/ossl.h"

#include "tests/unit/vectors.h"

#include <openssl/crypto.h>

static struct crypto *crypto;

/* Skips the test where libcrypto has no ML-KEM. */
static void need_mlkem(void)
{
	bool there = false;

	assert_int_equal(kem_mlkem_find(crypto, &there), 0);
	vectors_queue_is_empty();
	if (there)
		return;
	print_message("%s has no ML-KEM-768, which comes with OpenSSL 3.5\n",
	    OpenSSL_version(OPENSSL_VERSION));
	skip();
}

/* From 3.5 on the default provider has it, and before that nobody has. */
static void found_where_it_is(void **state)
{
	bool there;

	(void)state;
	assert_int_equal(kem_mlkem_find(crypto, &there), 0);
	assert_int_equal(
	    there, OPENSSL_version_major() > 3 || OPENSSL_version_minor() >= 5);
	vectors_queue_is_empty();
}

/* Without it every call fails cleanly. */
static void absent(void **state)
{
	static const uint8_t seed[WIRE_MLKEM_SEED], pub[WIRE_MLKEM_PUBLIC],
	    m[WIRE_MLKEM_M], zero[WIRE_MLKEM_SEALED];
	uint8_t sealed[WIRE_MLKEM_SEALED], secret[WIRE_MLKEM_SECRET];
	bool there;

	(void)state;
	assert_int_equal(kem_mlkem_find(crypto, &there), 0);
	if (there) {
		print_message("this libcrypto has ML-KEM-768\n");
		skip();
	}
	assert_null(kem_mlkem_new(crypto, seed));
	memset(sealed, 0xee, sizeof(sealed));
	memset(secret, 0xee, sizeof(secret));
	assert_int_not_equal(kem_mlkem_seal(crypto, sealed, secret, pub, m), 0);
	assert_memory_equal(sealed, zero, sizeof(sealed));
	assert_memory_equal(secret, zero, sizeof(secret));
	vectors_queue_is_empty();
}

/* --- published vectors --- */

static uint8_t *field(const json_t *v, const char *key, size_t want)
{
	size_t n;
	uint8_t *p = check_hex_at(v, key, &n);

	assert_int_equal(n, want);
	return p;
}

static void keygen(void **state)
{
	const json_t *v = *state;
	struct kem_mlkem *k;
	uint8_t pub[WIRE_MLKEM_PUBLIC], *seed, *ek;

	need_mlkem();
	seed = field(v, "seed", WIRE_MLKEM_SEED);
	ek = field(v, "ek", WIRE_MLKEM_PUBLIC);
	k = kem_mlkem_new(crypto, seed);
	assert_non_null(k);
	assert_int_equal(kem_mlkem_public(k, pub), 0);
	assert_memory_equal(pub, ek, sizeof(pub));
	kem_mlkem_free(k);
	free(seed);
	free(ek);
	vectors_queue_is_empty();
}

static void encapsulation(void **state)
{
	const json_t *v = *state;
	uint8_t sealed[WIRE_MLKEM_SEALED], secret[WIRE_MLKEM_SECRET];
	uint8_t *ek, *m, *c, *k;

	need_mlkem();
	ek = field(v, "ek", WIRE_MLKEM_PUBLIC);
	m = field(v, "m", WIRE_MLKEM_M);
	c = field(v, "c", WIRE_MLKEM_SEALED);
	k = field(v, "k", WIRE_MLKEM_SECRET);
	assert_int_equal(kem_mlkem_seal(crypto, sealed, secret, ek, m), 0);
	assert_memory_equal(sealed, c, sizeof(sealed));
	assert_memory_equal(secret, k, sizeof(secret));
	free(ek);
	free(m);
	free(c);
	free(k);
	vectors_queue_is_empty();
}

/* Also ciphertexts that are rejected, which gives another secret. */
static void decapsulation(void **state)
{
	const json_t *v = *state;
	uint8_t secret[WIRE_MLKEM_SECRET], *dk, *c, *k;
	struct kem_mlkem *pair;
	size_t n;

	need_mlkem();
	dk = check_hex_at(v, "dk", &n);
	c = field(v, "c", WIRE_MLKEM_SEALED);
	k = field(v, "k", WIRE_MLKEM_SECRET);
	pair = kem_mlkem_from_private(crypto, dk, n);
	assert_non_null(pair);
	assert_int_equal(kem_mlkem_open(pair, secret, c), 0);
	assert_memory_equal(secret, k, sizeof(secret));
	kem_mlkem_free(pair);
	free(dk);
	free(c);
	free(k);
	vectors_queue_is_empty();
}

static void invalid_key(void **state)
{
	static const uint8_t m[WIRE_MLKEM_M], zero[WIRE_MLKEM_SEALED];
	uint8_t sealed[WIRE_MLKEM_SEALED], secret[WIRE_MLKEM_SECRET], *ek;

	need_mlkem();
	ek = field(*state, "ek", WIRE_MLKEM_PUBLIC);
	memset(sealed, 0xee, sizeof(sealed));
	memset(secret, 0xee, sizeof(secret));
	assert_int_equal(
	    kem_mlkem_seal(crypto, sealed, secret, ek, m), ERR_KEY);
	assert_memory_equal(sealed, zero, sizeof(sealed));
	assert_memory_equal(secret, zero, sizeof(secret));
	free(ek);
	vectors_queue_is_empty();
}

/* The accumulated vectors: a SHAKE-128 stream gives each key, each m and a
 * random ciphertext; the digest is over keys, ciphertexts and secrets. */
static void accumulated(void **state)
{
	enum { EACH = WIRE_MLKEM_SEED + WIRE_MLKEM_M + WIRE_MLKEM_SEALED };
	const json_t *v = *state;
	size_t n = (size_t)vectors_int(v, "n"), i;
	uint8_t pub[WIRE_MLKEM_PUBLIC], sealed[WIRE_MLKEM_SEALED];
	uint8_t secret[2][WIRE_MLKEM_SECRET], digest[32], *want, *in, *p;
	EVP_MD *shake;
	EVP_MD_CTX *stream, *sum;
	struct kem_mlkem *k;

	need_mlkem();
	shake = EVP_MD_fetch(NULL, "SHAKE128", NULL);
	stream = EVP_MD_CTX_new();
	sum = EVP_MD_CTX_new();
	in = malloc(n * EACH);
	assert_true(shake != NULL && stream != NULL && sum != NULL);
	assert_non_null(in);
	assert_int_equal(EVP_DigestInit_ex2(stream, shake, NULL), 1);
	assert_int_equal(EVP_DigestFinalXOF(stream, in, n * EACH), 1);
	assert_int_equal(EVP_DigestInit_ex2(sum, shake, NULL), 1);
	for (i = 0, p = in; i < n; i++, p += EACH) {
		k = kem_mlkem_new(crypto, p);
		assert_non_null(k);
		assert_int_equal(kem_mlkem_public(k, pub), 0);
		assert_int_equal(kem_mlkem_seal(crypto, sealed, secret[0], pub,
				     p + WIRE_MLKEM_SEED),
		    0);
		assert_int_equal(kem_mlkem_open(k, secret[1], sealed), 0);
		assert_memory_equal(secret[0], secret[1], sizeof(secret[0]));
		assert_int_equal(kem_mlkem_open(k, secret[1],
				     p + WIRE_MLKEM_SEED + WIRE_MLKEM_M),
		    0);
		EVP_DigestUpdate(sum, pub, sizeof(pub));
		EVP_DigestUpdate(sum, sealed, sizeof(sealed));
		EVP_DigestUpdate(sum, secret, sizeof(secret));
		kem_mlkem_free(k);
	}
	assert_int_equal(EVP_DigestFinalXOF(sum, digest, sizeof(digest)), 1);
	want = field(v, "digest", sizeof(digest));
	assert_memory_equal(digest, want, sizeof(digest));
	free(want);
	free(in);
	EVP_MD_CTX_free(stream);
	EVP_MD_CTX_free(sum);
	EVP_MD_free(shake);
	vectors_queue_is_empty();
}

/* --- our own --- */

static const uint8_t seed_a[WIRE_MLKEM_SEED] = {1, 2, 3},
		     m_a[WIRE_MLKEM_M] = {4};

static void pair_and_public(
    struct kem_mlkem **k, uint8_t pub[WIRE_MLKEM_PUBLIC])
{
	*k = kem_mlkem_new(crypto, seed_a);
	assert_non_null(*k);
	assert_int_equal(kem_mlkem_public(*k, pub), 0);
}

/* Puts v into the 12 bits of coefficient i (FIPS 203, ByteEncode12). */
static void set_coefficient(uint8_t *pub, size_t i, unsigned v)
{
	uint8_t *p = pub + i / 2 * 3;

	if (i % 2 == 0) {
		p[0] = (uint8_t)v;
		p[1] = (uint8_t)((p[1] & 0xf0) | v >> 8);
	} else {
		p[1] = (uint8_t)((p[1] & 0x0f) | (v & 0xf) << 4);
		p[2] = (uint8_t)(v >> 4);
	}
}

/* Each of the 768 coefficients must be below 3329. */
static void every_coefficient_is_checked(void **state)
{
	static const unsigned out_of_range[] = {3329, 4095};
	uint8_t pub[WIRE_MLKEM_PUBLIC], bad[WIRE_MLKEM_PUBLIC];
	uint8_t sealed[WIRE_MLKEM_SEALED], secret[WIRE_MLKEM_SECRET];
	struct kem_mlkem *k;
	size_t i, v;

	(void)state;
	need_mlkem();
	pair_and_public(&k, pub);
	for (i = 0; i < 768; i++) {
		for (v = 0; v < 2; v++) {
			memcpy(bad, pub, sizeof(bad));
			set_coefficient(bad, i, out_of_range[v]);
			assert_int_equal(
			    kem_mlkem_seal(crypto, sealed, secret, bad, m_a),
			    ERR_KEY);
		}
		set_coefficient(bad, i, 3328);
		assert_int_equal(
		    kem_mlkem_seal(crypto, sealed, secret, bad, m_a), 0);
	}
	kem_mlkem_free(k);
	vectors_queue_is_empty();
}

/* Any bit of a ciphertext that is flipped, an empty ciphertext, and one for
 * another key: another secret each time, the same each time, and no error. */
static void rejected_implicitly(void **state)
{
	static const uint8_t zero[WIRE_MLKEM_SEALED],
	    seed_b[WIRE_MLKEM_SEED] = {9};
	uint8_t pub[WIRE_MLKEM_PUBLIC], sealed[WIRE_MLKEM_SEALED];
	uint8_t good[WIRE_MLKEM_SECRET], got[WIRE_MLKEM_SECRET],
	    again[WIRE_MLKEM_SECRET];
	struct kem_mlkem *k, *other;
	size_t i;

	(void)state;
	need_mlkem();
	pair_and_public(&k, pub);
	other = kem_mlkem_new(crypto, seed_b);
	assert_non_null(other);
	assert_int_equal(kem_mlkem_seal(crypto, sealed, good, pub, m_a), 0);
	for (i = 0; i < 8 * sizeof(sealed); i += 7) {
		sealed[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(kem_mlkem_open(k, got, sealed), 0);
		assert_memory_not_equal(got, good, sizeof(got));
		sealed[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(kem_mlkem_open(k, got, zero), 0);
	assert_memory_not_equal(got, good, sizeof(got));
	assert_int_equal(kem_mlkem_open(k, again, zero), 0);
	assert_memory_equal(got, again, sizeof(got));
	assert_int_equal(kem_mlkem_open(other, got, sealed), 0);
	assert_memory_not_equal(got, good, sizeof(got));
	assert_int_equal(kem_mlkem_open(k, got, sealed), 0);
	assert_memory_equal(got, good, sizeof(got));
	kem_mlkem_free(k);
	kem_mlkem_free(other);
	kem_mlkem_free(NULL);
	vectors_queue_is_empty();
}

/* A key or an m that differs in one byte gives another ciphertext; an all-zero
 * key is a key, and no crash. */
static void fresh_each_time(void **state)
{
	static const uint8_t zero[WIRE_MLKEM_PUBLIC], m_b[WIRE_MLKEM_M] = {5};
	uint8_t pub[WIRE_MLKEM_PUBLIC], a[WIRE_MLKEM_SEALED],
	    b[WIRE_MLKEM_SEALED];
	uint8_t secret_a[WIRE_MLKEM_SECRET], secret_b[WIRE_MLKEM_SECRET];
	struct kem_mlkem *k;

	(void)state;
	need_mlkem();
	pair_and_public(&k, pub);
	assert_int_equal(kem_mlkem_seal(crypto, a, secret_a, pub, m_a), 0);
	assert_int_equal(kem_mlkem_seal(crypto, b, secret_b, pub, m_a), 0);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(kem_mlkem_seal(crypto, b, secret_b, pub, m_b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(secret_a, secret_b, sizeof(secret_a));
	assert_int_equal(kem_mlkem_seal(crypto, b, secret_b, zero, m_a), 0);
	assert_memory_not_equal(secret_a, secret_b, sizeof(secret_a));
	kem_mlkem_free(k);
	vectors_queue_is_empty();
}

/* A private key of another size, or one whose parts do not fit together. */
static void bad_private_key(void **state)
{
	static const uint8_t dk[2400];

	(void)state;
	need_mlkem();
	assert_null(kem_mlkem_from_private(crypto, dk, 2399));
	assert_null(kem_mlkem_from_private(crypto, dk, sizeof(dk)));
	vectors_queue_is_empty();
}

static void add_list(struct check_group *g, json_t *file, const char *list,
    void (*fn)(void **state))
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(file, list), i, v)
	{
		check_add(g, fn, v, "%s %s", list, vectors_text(v, "name"));
	}
}

int main(void)
{
	json_t *file = check_vectors("mlkem768_fips203.json");
	struct check_group g = {0};
	int failed;

	crypto = vectors_crypto();
	add_list(&g, file, "keygen", keygen);
	add_list(&g, file, "encapsulation", encapsulation);
	add_list(&g, file, "decapsulation", decapsulation);
	add_list(&g, file, "invalid_key", invalid_key);
	add_list(&g, file, "accumulated", accumulated);
	check_add(&g, found_where_it_is, NULL, "found_where_it_is");
	check_add(&g, absent, NULL, "absent");
	check_add(&g, every_coefficient_is_checked, NULL,
	    "every_coefficient_is_checked");
	check_add(&g, rejected_implicitly, NULL, "rejected_implicitly");
	check_add(&g, fresh_each_time, NULL, "fresh_each_time");
	check_add(&g, bad_private_key, NULL, "bad_private_key");
	failed = check_run("kem_mlkem", &g);
	vectors_done(crypto);
	json_decref(file);
	return failed;
}
