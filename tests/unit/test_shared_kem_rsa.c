/* RSA-OAEP of keys.h: published vectors, its keys, and its single failure
 * result. */
#include "shared/crypto/kem_rsa_int.h"
#include "shared/crypto/ossl.h"

#include "tests/unit/vectors.h"

#include "shared/crypto/keys.h"

/* --- RSA ----------------------------------------------------------------- */

static struct kem_rsa *wrap_of_vectors(const json_t *file)
{
	const json_t *g =
	    json_array_get(json_object_get(file, "testGroups"), 0);
	size_t n;
	uint8_t *der = check_hex_at(g, "privateKeyPkcs8", &n);
	struct kem_rsa *w = kem_rsa_from_pkcs8(der, n);

	assert_non_null(w);
	free(der);
	return w;
}

struct oaep_case {
	const json_t *file, *test;
};

/* Tests the code of kem_rsa_open. A plaintext that is not 32 bytes long fails
 * exactly like a ciphertext that does not decrypt. */
static void oaep_wycheproof(void **state)
{
	const struct oaep_case *t = *state;
	struct kem_rsa *w = wrap_of_vectors(t->file);
	const char *result =
	    json_string_value(json_object_get(t->test, "result"));
	size_t msg_len, ct_len, label_len, n;
	uint8_t *msg = check_hex_at(t->test, "msg", &msg_len);
	uint8_t *ct = check_hex_at(t->test, "ct", &ct_len);
	uint8_t *label = check_hex_at(t->test, "label", &label_len);
	uint8_t out[WIRE_RSA_MAX], key[WIRE_KEY], zero[WIRE_KEY] = {0};
	int e = kem_rsa_open_any(w, out, &n, label, label_len, ct, ct_len);

	memset(key, 0xee, sizeof(key));
	if (strcmp(result, "valid") == 0) {
		assert_int_equal(e, 0);
		assert_int_equal(n, msg_len);
		assert_memory_equal(out, msg, n);
		e = kem_rsa_open(w, key, label, label_len, ct, ct_len);
		assert_int_equal(e, n == WIRE_KEY ? 0 : ERR_OPEN);
		assert_memory_equal(key, n == WIRE_KEY ? msg : zero, WIRE_KEY);
	} else {
		assert_string_equal(result, "invalid");
		assert_int_equal(e, ERR_OPEN);
		e = kem_rsa_open(w, key, label, label_len, ct, ct_len);
		assert_int_equal(e, ERR_OPEN);
		assert_memory_equal(key, zero, WIRE_KEY);
	}
	vectors_queue_is_empty();
	free(msg);
	free(ct);
	free(label);
	kem_rsa_free(w);
}

/* The encoding equals libcrypto's own; the key's owner opens what is sealed to
 * it. */
static void wrap_round_trip(void **state)
{
	const json_t *file = *state;
	struct kem_rsa *w = wrap_of_vectors(file);
	const json_t *g =
	    json_array_get(json_object_get(file, "testGroups"), 0);
	size_t n, k;
	uint8_t *der = check_hex_at(g, "privateKeyPkcs8", &n);
	const unsigned char *p = der;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)n);
	uint8_t secret[WIRE_KEY] = {1, 2, 3}, out[WIRE_KEY];
	unsigned char *want = NULL;
	struct kem_rsa_pub *pub = NULL;
	struct buf spki, a, b;

	buf_init(&spki, WIRE_RSA_SPKI_MAX);
	buf_init(&a, WIRE_RSA_MAX);
	buf_init(&b, WIRE_RSA_MAX);
	assert_int_equal(kem_rsa_spki(w, &spki), 0);
	assert_int_equal(i2d_PUBKEY(key, &want), spki.len);
	assert_memory_equal(spki.p, want, spki.len);
	assert_int_equal(kem_rsa_spki_check(spki.p, spki.len), 0);
	assert_int_equal(kem_rsa_pub_from_spki(&pub, spki.p, spki.len), 0);
	k = (size_t)EVP_PKEY_get_bits(key) / 8;
	assert_int_equal(kem_rsa_seal(pub, &a, "label", 5, secret), 0);
	assert_int_equal(kem_rsa_seal(pub, &b, NULL, 0, secret), 0);
	assert_int_equal(a.len, k);
	assert_int_equal(b.len, k);
	assert_int_equal(kem_rsa_open(w, out, "label", 5, a.p, k), 0);
	assert_memory_equal(out, secret, 32);
	assert_int_equal(kem_rsa_open(w, out, NULL, 0, b.p, k), 0);
	assert_memory_equal(out, secret, 32);
	assert_int_equal(kem_rsa_open(w, out, "labeL", 5, a.p, k), ERR_OPEN);
	assert_int_equal(kem_rsa_open(w, out, "label", 4, a.p, k), ERR_OPEN);
	assert_int_equal(kem_rsa_open(w, out, NULL, 0, a.p, k), ERR_OPEN);
	assert_int_equal(kem_rsa_open(w, out, "label", 5, b.p, k), ERR_OPEN);
	/* a failure for lack of space leaves the buffer unchanged */
	spki.max = spki.len;
	assert_int_equal(kem_rsa_spki(w, &spki), ERR_LIMIT);
	a.max = a.len;
	assert_int_equal(kem_rsa_seal(pub, &a, "label", 5, secret), ERR_LIMIT);
	assert_int_equal(a.len, k);
	kem_rsa_pub_free(pub);
	kem_rsa_pub_free(NULL);
	kem_rsa_free(w);
	kem_rsa_free(NULL);
	EVP_PKEY_free(key);
	OPENSSL_free(want);
	buf_free(&spki);
	buf_free(&a);
	buf_free(&b);
	free(der);
	vectors_queue_is_empty();
}

static void spki_of(const json_t *file, struct buf *out)
{
	struct kem_rsa *w = wrap_of_vectors(file);

	buf_init(out, 2 * WIRE_RSA_SPKI_MAX);
	assert_int_equal(kem_rsa_spki(w, out), 0);
	kem_rsa_free(w);
}

static void assert_spki_refused(const struct buf *b, size_t n)
{
	struct kem_rsa_pub *pub = NULL;

	assert_int_equal(kem_rsa_spki_check(b->p, n), ERR_KEY);
	assert_int_equal(kem_rsa_pub_from_spki(&pub, b->p, n), ERR_KEY);
	assert_null(pub);
}

/* Every length, every bit of the fixed part, and the top and lowest bit of
 * n. */
static void wrap_spki_malformed(void **state)
{
	const json_t *file = *state;
	struct buf b;
	size_t i, n;

	spki_of(file, &b);
	n = b.len;
	assert_int_equal(buf_put(&b, b.p, 0), 0);
	assert_int_equal(buf_reserve(&b, 20), 0);
	memset(b.p + n, 0, 20);
	for (i = 0; i < n + 20; i++)
		if (i != n)
			assert_spki_refused(&b, i);
	assert_int_equal(kem_rsa_spki_check(NULL, 0), ERR_KEY);
	for (i = 0; i < 8 * n; i++) {
		if (i == 8 * 33)
			i += 7; /* the top bit of n */
		else if (i == 8 * 33 + 8)
			i = 8 * (n - 6); /* the lowest bit of n */
		else if (i == 8 * (n - 6) + 1)
			i = 8 * (n - 5); /* the exponent */
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_spki_refused(&b, n);
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(kem_rsa_spki_check(b.p, n), 0);
	buf_free(&b);
	vectors_queue_is_empty();
}

/* Well-formed SPKI from libcrypto for keys that are not allowed. */
static void wrap_spki_of_other_keys(void **state)
{
	static const struct {
		int bits;
		unsigned long e;
	} other[] = {{1024, 65537}, {2048, 3}, {2048, 1}, {2048, 65539},
	    {2040, 65537}, {2047, 65537}, {2056, 65537}, {3064, 65537},
	    {4104, 65537}, {8192, 65537}};
	BIGNUM *n = BN_new();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
		EVP_PKEY_CTX *ctx =
		    EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
		OSSL_PARAM *params;
		EVP_PKEY *key = NULL;
		unsigned char *der = NULL;
		struct buf b;
		int len;

		assert_int_equal(BN_rand(n, other[i].bits, BN_RAND_TOP_ONE,
				     BN_RAND_BOTTOM_ODD),
		    1);
		assert_int_equal(OSSL_PARAM_BLD_push_BN(bld, "n", n), 1);
		assert_int_equal(
		    OSSL_PARAM_BLD_push_ulong(bld, "e", other[i].e), 1);
		params = OSSL_PARAM_BLD_to_param(bld);
		assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
		assert_int_equal(
		    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params),
		    1);
		len = i2d_PUBKEY(key, &der);
		assert_true(len > 0);
		buf_init(&b, 4096);
		assert_int_equal(buf_put(&b, der, (size_t)len), 0);
		assert_spki_refused(&b, b.len);
		buf_free(&b);
		OPENSSL_free(der);
		EVP_PKEY_free(key);
		OSSL_PARAM_free(params);
		OSSL_PARAM_BLD_free(bld);
		EVP_PKEY_CTX_free(ctx);
	}
	BN_free(n);
}

/* A sample of bit flips, every other length, and values not below n: all fail
 * with the same result. */
static void wrap_open_fails_in_one_way(void **state)
{
	const json_t *file = *state;
	struct kem_rsa *w = wrap_of_vectors(file);
	uint8_t secret[WIRE_KEY] = {9}, out[WIRE_KEY], zero[WIRE_KEY] = {0};
	uint8_t ones[WIRE_RSA_MAX + 1];
	struct kem_rsa_pub *pub = NULL;
	struct buf spki, b;
	size_t i, n;

	spki_of(file, &spki);
	buf_init(&b, 2 * WIRE_RSA_MAX);
	assert_int_equal(kem_rsa_pub_from_spki(&pub, spki.p, spki.len), 0);
	assert_int_equal(kem_rsa_seal(pub, &b, "l", 1, secret), 0);
	n = b.len;
	for (i = 3; i < 8 * n; i += 97) {
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
		memset(out, 0xee, sizeof(out));
		assert_int_equal(kem_rsa_open(w, out, "l", 1, b.p, n), ERR_OPEN);
		assert_memory_equal(out, zero, sizeof(out));
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < n; i++)
		assert_int_equal(kem_rsa_open(w, out, "l", 1, b.p, i), ERR_OPEN);
	assert_int_equal(buf_u8(&b, 0), 0);
	assert_int_equal(kem_rsa_open(w, out, "l", 1, b.p, n + 1), ERR_OPEN);
	assert_int_equal(kem_rsa_open(w, out, "l", 1, NULL, 0), ERR_OPEN);
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(kem_rsa_open(w, out, "l", 1, ones, n), ERR_OPEN);
	/* n itself is 0 modulo n */
	assert_int_equal(kem_rsa_open(w, out, "l", 1, spki.p + 33, n), ERR_OPEN);
	memset(ones, 0, sizeof(ones));
	assert_int_equal(kem_rsa_open(w, out, "l", 1, ones, n), ERR_OPEN);
	ones[n - 1] = 1;
	assert_int_equal(kem_rsa_open(w, out, "l", 1, ones, n), ERR_OPEN);
	assert_memory_equal(out, zero, sizeof(out));
	assert_int_equal(kem_rsa_open(w, out, "l", 1, b.p, n), 0);
	assert_memory_equal(out, secret, sizeof(out));
	kem_rsa_pub_free(pub);
	kem_rsa_free(w);
	buf_free(&spki);
	buf_free(&b);
	vectors_queue_is_empty();
}

static void wrap_new_makes_2048(void **state)
{
	static const unsigned bad[] = {0, 1, 512, 1024, 2047, 2049, 2055, 2056,
	    3000, 4095, 4104, 8192, 4294967295u};
	struct kem_rsa *w = kem_rsa_new(2048);
	struct kem_rsa_pub *pub = NULL;
	struct buf spki;
	size_t i;

	(void)state;
	assert_non_null(w);
	buf_init(&spki, WIRE_RSA_SPKI_MAX);
	assert_int_equal(kem_rsa_spki(w, &spki), 0);
	assert_int_equal(spki.len, 294);
	assert_int_equal(kem_rsa_pub_from_spki(&pub, spki.p, spki.len), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(kem_rsa_new(bad[i]));
	kem_rsa_pub_free(pub);
	kem_rsa_free(w);
	buf_free(&spki);
	vectors_queue_is_empty();
}

static void wrap_from_pkcs8_refuses(void **state)
{
	static const uint8_t seed[32] = {1};
	EVP_PKEY *keys[2] = {EVP_RSA_gen(1024),
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32)};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		unsigned char *der = NULL;
		int n = i2d_PrivateKey(keys[i], &der);

		assert_true(n > 0);
		assert_null(kem_rsa_from_pkcs8(der, (size_t)n));
		assert_null(kem_rsa_from_pkcs8(der, (size_t)n / 2));
		OPENSSL_free(der);
		EVP_PKEY_free(keys[i]);
	}
	assert_null(kem_rsa_from_pkcs8("", 0));
	assert_null(kem_rsa_from_pkcs8("", SIZE_MAX));
	vectors_queue_is_empty();
}

/* The cases allocated here live until the program ends. */
static struct oaep_case *add_oaep(struct check_group *g, json_t *file, int bits)
{
	json_t *tests = json_object_get(
	    json_array_get(json_object_get(file, "testGroups"), 0), "tests");
	struct oaep_case *cases =
	    calloc(json_array_size(tests), sizeof(*cases));
	json_t *t;
	size_t i;

	if (cases == NULL)
		abort();
	json_array_foreach(tests, i, t)
	{
		cases[i] = (struct oaep_case){file, t};
		check_add(g, oaep_wycheproof, &cases[i],
		    "Wycheproof RSA-OAEP-%d %d", bits,
		    (int)json_integer_value(json_object_get(t, "tcId")));
	}
	check_add(g, wrap_round_trip, file, "RSA-%d: round trip", bits);
	check_add(g, wrap_spki_malformed, file, "RSA-%d: malformed", bits);
	return cases;
}

int main(void)
{
	static const int bits[] = {2048, 3072, 4096};
	struct check_group g = {0};
	struct oaep_case *cases[3];
	json_t *files[3];
	char name[80];
	size_t i;
	int r;

	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name),
		    "wycheproof/rsa_oaep_%d_sha256_mgf1sha256_test.json",
		    bits[i]);
		files[i] = check_vectors(name);
		cases[i] = add_oaep(&g, files[i], bits[i]);
	}
	check_add(&g, wrap_spki_of_other_keys, NULL, "other keys");
	check_add(&g, wrap_open_fails_in_one_way, files[0], "one way");
	check_add(&g, wrap_new_makes_2048, NULL, "new");
	check_add(&g, wrap_from_pkcs8_refuses, NULL, "other PKCS#8");
	r = check_run("wrap", &g);
	for (i = 0; i < 3; i++) {
		free(cases[i]);
		json_decref(files[i]);
	}
	return r;
}
