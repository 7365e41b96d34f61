/* SHA-256, HMAC and HKDF from crypto.h: published vectors, then edge cases. */
#include "tests/unit/vectors.h"

#include "shared/base/secret.h"
#include "shared/crypto/random.h"

/* --- SHA-256 --------------------------------------------------------- */

struct digest_vector {
	const char *text, *digest;
};

/* FIPS 180-4's examples. */
static const struct digest_vector fips180[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

/* Hashes a text whole, split at any point, and incrementally. */
static void sha256_vector(void **state)
{
	const struct digest_vector *v = *state;
	struct crypto *c = vectors_crypto();
	size_t n = strlen(v->text), want_len, i;
	uint8_t *want = check_hex(v->digest, &want_len), got[32];
	struct part parts[3];
	struct hash *h;

	assert_int_equal(crypto_hash1(c, got, v->text, n), 0);
	assert_memory_equal(got, want, 32);
	for (i = 0; i <= n; i++) {
		parts[0] = (struct part){v->text, i};
		parts[1] = (struct part){NULL, 0};
		parts[2] = (struct part){v->text + i, n - i};
		assert_int_equal(crypto_hash_parts(c, got, parts, 3), 0);
		assert_memory_equal(got, want, 32);
		h = hash_new(c);
		assert_non_null(h);
		assert_int_equal(hash_add(h, v->text, i), 0);
		assert_int_equal(hash_peek(h, got), 0);
		assert_int_equal(hash_add(h, NULL, 0), 0);
		assert_int_equal(hash_add(h, v->text + i, n - i), 0);
		assert_int_equal(hash_peek(h, got), 0);
		assert_memory_equal(got, want, 32);
		assert_int_equal(hash_peek(h, got), 0);
		assert_memory_equal(got, want, 32);
		hash_free(h);
	}
	free(want);
	vectors_done(c);
}

static void sha256_million_a(void **state)
{
	struct crypto *c = vectors_crypto();
	struct hash *h = hash_new(c);
	uint8_t block[1000], got[32], *want;
	size_t n, i;

	(void)state;
	assert_non_null(h);
	memset(block, 'a', sizeof(block));
	for (i = 0; i < 1000; i++)
		assert_int_equal(hash_add(h, block, sizeof(block)), 0);
	assert_int_equal(hash_peek(h, got), 0);
	want = check_hex(
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
	    &n);
	assert_memory_equal(got, want, 32);
	free(want);
	hash_free(h);
	vectors_done(c);
}

/* Two incremental hashes and one-shot hashes do not disturb each other. */
static void hashes_are_apart(void **state)
{
	struct crypto *c = vectors_crypto();
	struct hash *a = hash_new(c), *b = hash_new(c);
	uint8_t x[32], y[32], z[32];

	(void)state;
	assert_true(a != NULL && b != NULL);
	assert_int_equal(hash_add(a, "ab", 2), 0);
	assert_int_equal(hash_add(b, "xy", 2), 0);
	assert_int_equal(hash_peek(a, x), 0);
	assert_int_equal(crypto_hash1(c, x, "q", 1), 0);
	assert_int_equal(hash_add(a, "c", 1), 0);
	assert_int_equal(hash_peek(b, y), 0);
	assert_int_equal(hash_peek(a, x), 0);
	assert_int_equal(crypto_hash1(c, z, "abc", 3), 0);
	assert_memory_equal(x, z, 32);
	assert_int_equal(crypto_hash1(c, z, "xy", 2), 0);
	assert_memory_equal(y, z, 32);
	hash_free(a);
	hash_free(b);
	hash_free(NULL);
	vectors_done(c);
}

/* --- HMAC ------------------------------------------------------------ */

static struct mac *(*const mac_kinds[])(struct crypto *, const uint8_t *) = {
    mac_new, mac_new_ready};

/* One-shot HMAC. With 32-byte keys also incremental, as a link does it: both
 * kinds of struct mac, twice each. */
static void hmac_wycheproof(void **state)
{
	const json_t *t = *state;
	struct crypto *c = vectors_crypto();
	size_t key_len, msg_len, tag_len, i;
	uint8_t *key = check_hex_at(t, "key", &key_len);
	uint8_t *msg = check_hex_at(t, "msg", &msg_len);
	uint8_t *tag = check_hex_at(t, "tag", &tag_len);
	const struct part part = {msg, msg_len};
	struct mac *m;
	uint8_t got[32];

	assert_int_equal(tag_len, vectors_int(t, "tagSize") / 8);
	assert_int_equal(crypto_hmac(c, got, key, key_len, &part, 1), 0);
	assert_int_equal(secret_equal(got, tag, tag_len), vectors_valid(t));
	for (i = 0; key_len == WIRE_KEY && i < 4; i++) {
		m = mac_kinds[i / 2](c, key);
		assert_non_null(m);
		assert_int_equal(mac_begin(m), 0);
		assert_int_equal(mac_add(m, msg, msg_len / 2), 0);
		if (i % 2 == 1) { /* a restart discards what was added */
			assert_int_equal(mac_begin(m), 0);
			assert_int_equal(mac_add(m, msg, msg_len / 2), 0);
		}
		assert_int_equal(
		    mac_add(m, msg + msg_len / 2, msg_len - msg_len / 2), 0);
		assert_int_equal(mac_end(m, got), 0);
		assert_int_equal(
		    secret_equal(got, tag, tag_len), vectors_valid(t));
		mac_free(m);
	}
	free(key);
	free(msg);
	free(tag);
	vectors_done(c);
}

static void mac_order(struct mac *m)
{
	uint8_t a[32], b[32];

	assert_non_null(m);
	assert_int_equal(mac_add(m, "x", 1), ERR_CRYPTO);
	assert_int_equal(mac_end(m, a), ERR_CRYPTO);
	assert_int_equal(mac_begin(m), 0);
	assert_int_equal(mac_add(m, "x", 1), 0);
	assert_int_equal(mac_end(m, a), 0);
	assert_int_equal(mac_end(m, b), ERR_CRYPTO);
	assert_int_equal(mac_add(m, "x", 1), ERR_CRYPTO);
	assert_int_equal(mac_begin(m), 0);
	assert_int_equal(mac_add(m, NULL, 0), 0);
	assert_int_equal(mac_add(m, "x", 1), 0);
	assert_int_equal(mac_end(m, b), 0);
	assert_memory_equal(a, b, 32);
	mac_free(m);
}

static void mac_out_of_order(void **state)
{
	static const uint8_t key[WIRE_KEY] = {1};
	struct crypto *c = vectors_crypto();

	(void)state;
	mac_order(mac_new(c, key));
	mac_order(mac_new_ready(c, key));
	mac_free(NULL);
	vectors_done(c);
}

/* Two links share a crypto. When one begins a MAC, a MAC begun by the other is
 * refused; it never continues in the wrong state. A digest or an HMAC with
 * another key in between does not matter. */
static void macs_are_apart(void **state)
{
	static const uint8_t key[2][WIRE_KEY] = {{1}, {2}};
	const struct part part = {"text", 4};
	struct crypto *c = vectors_crypto();
	struct mac *m[2] = {mac_new(c, key[0]), mac_new_ready(c, key[1])};
	uint8_t got[32], want[32];
	int i;

	(void)state;
	assert_true(m[0] != NULL && m[1] != NULL);
	assert_int_equal(mac_begin(m[0]), 0);
	assert_int_equal(mac_add(m[0], "te", 2), 0);
	assert_int_equal(mac_begin(m[1]), 0);
	assert_int_equal(mac_add(m[0], "xt", 2), ERR_CRYPTO);
	assert_int_equal(mac_end(m[0], got), ERR_CRYPTO);
	assert_int_equal(mac_end(m[1], got), 0);
	assert_int_equal(mac_add(m[0], "xt", 2), ERR_CRYPTO);
	for (i = 0; i < 4; i++) {
		assert_int_equal(mac_begin(m[i % 2]), 0);
		assert_int_equal(mac_add(m[i % 2], "te", 2), 0);
		assert_int_equal(crypto_hmac(c, want, "k", 1, &part, 1), 0);
		assert_int_equal(crypto_hash1(c, want, "k", 1), 0);
		assert_int_equal(mac_add(m[i % 2], "xt", 2), 0);
		assert_int_equal(mac_end(m[i % 2], got), 0);
		assert_int_equal(
		    crypto_hmac(c, want, key[i % 2], WIRE_KEY, &part, 1), 0);
		assert_memory_equal(got, want, 32);
	}
	mac_free(m[0]);
	mac_free(m[1]);
	vectors_done(c);
}

/* An empty key is a valid key; the previous key is never used instead (a trap
 * of EVP when it is initialised again). */
static void hmac_of_nothing(void **state)
{
	struct crypto *c = vectors_crypto();
	uint8_t a[32], b[32], *want;
	size_t n;

	(void)state;
	want = check_hex(
	    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
	    &n);
	assert_int_equal(crypto_hmac(c, a, "key", 3, NULL, 0), 0);
	assert_int_equal(crypto_hmac(c, b, NULL, 0, NULL, 0), 0);
	assert_memory_equal(b, want, 32);
	assert_memory_not_equal(a, b, 32);
	free(want);
	vectors_done(c);
}

/* --- HKDF ------------------------------------------------------------ */

static void hkdf_rfc5869(void **state)
{
	const json_t *t = *state;
	struct crypto *c = vectors_crypto();
	size_t ikm_len, salt_len, info_len, prk_len, okm_len;
	uint8_t *ikm = check_hex_at(t, "IKM", &ikm_len);
	uint8_t *salt = check_hex_at(t, "salt", &salt_len);
	uint8_t *info = check_hex_at(t, "info", &info_len);
	uint8_t *prk = check_hex_at(t, "PRK", &prk_len);
	uint8_t *okm = check_hex_at(t, "OKM", &okm_len);
	const struct part part = {info, info_len};
	uint8_t got[32], out[256];

	assert_int_equal(okm_len, vectors_int(t, "L"));
	assert_int_equal(
	    crypto_extract(c, got, salt, salt_len, ikm, ikm_len), 0);
	assert_memory_equal(got, prk, 32);
	assert_int_equal(crypto_expand(c, out, okm_len, got, &part, 1), 0);
	assert_memory_equal(out, okm, okm_len);
	free(ikm);
	free(salt);
	free(info);
	free(prk);
	free(okm);
	vectors_done(c);
}

/* info is passed whole and in two parts. */
static void hkdf_wycheproof(void **state)
{
	const json_t *t = *state;
	struct crypto *c = vectors_crypto();
	size_t ikm_len, salt_len, info_len, okm_len;
	uint8_t *ikm = check_hex_at(t, "ikm", &ikm_len);
	uint8_t *salt = check_hex_at(t, "salt", &salt_len);
	uint8_t *info = check_hex_at(t, "info", &info_len);
	uint8_t *okm = check_hex_at(t, "okm", &okm_len);
	size_t size = (size_t)vectors_int(t, "size");
	uint8_t prk[32], *out = malloc(size + 1);
	const struct part parts[] = {{info, info_len}, {info, info_len / 2},
	    {info + info_len / 2, info_len - info_len / 2}};

	assert_non_null(out);
	assert_int_equal(
	    crypto_extract(c, prk, salt, salt_len, ikm, ikm_len), 0);
	if (vectors_valid(t)) {
		assert_int_equal(okm_len, size);
		assert_int_equal(crypto_expand(c, out, size, prk, parts, 1), 0);
		assert_memory_equal(out, okm, size);
		memset(out, 0, size);
		assert_int_equal(
		    crypto_expand(c, out, size, prk, parts + 1, 2), 0);
		assert_memory_equal(out, okm, size);
	} else {
		assert_true(size > 255 * 32);
		assert_int_equal(
		    crypto_expand(c, out, size, prk, parts, 1), ERR_LIMIT);
	}
	free(out);
	free(ikm);
	free(salt);
	free(info);
	free(okm);
	vectors_done(c);
}

static void hkdf_edges(void **state)
{
	struct crypto *c = vectors_crypto();
	uint8_t prk[32], other[32], longer[33], shorter[33];

	(void)state;
	/* No salt and 32 zero bytes give the same key (RFC 5869, 2.2). */
	memset(other, 0, sizeof(other));
	assert_int_equal(crypto_extract(c, prk, NULL, 0, "x", 1), 0);
	assert_int_equal(crypto_extract(c, other, other, 32, "x", 1), 0);
	assert_memory_equal(prk, other, 32);
	assert_int_equal(crypto_extract(c, prk, NULL, 0, NULL, 0), 0);
	assert_int_equal(crypto_expand(c, NULL, 0, prk, NULL, 0), 0);
	assert_int_equal(
	    crypto_expand(c, prk, SIZE_MAX, prk, NULL, 0), ERR_LIMIT);
	assert_int_equal(crypto_expand(c, longer, 33, prk, NULL, 0), 0);
	assert_int_equal(crypto_expand(c, shorter, 32, prk, NULL, 0), 0);
	assert_memory_equal(longer, shorter, 32);
	vectors_done(c);
}

/* --- other -------------------------------------------------------------- */

static void random_bytes(void **state)
{
	struct rng rng = random_system();
	uint8_t a[64] = {0}, b[64] = {0};

	(void)state;
	assert_int_equal(rng.fill(rng.arg, a, 64), 0);
	assert_int_equal(rng.fill(rng.arg, b, 64), 0);
	assert_memory_not_equal(a, b, 64);
	assert_memory_not_equal(a + 32, b, 32);
	assert_int_equal(rng.fill(rng.arg, NULL, 0), 0);
}

static void freeing_nothing(void **state)
{
	(void)state;
	crypto_free(NULL);
	mac_free(NULL);
	hash_free(NULL);
}

int main(void)
{
	json_t *hkdf = check_vectors("hkdf_rfc5869.json");
	json_t *hmac_w = check_vectors("wycheproof/hmac_sha256_test.json");
	json_t *hkdf_w = check_vectors("wycheproof/hkdf_sha256_test.json");
	struct check_group g = {0};
	size_t i;
	int r;

	for (i = 0; i < sizeof(fips180) / sizeof(fips180[0]); i++)
		check_add(&g, sha256_vector, (void *)(uintptr_t)&fips180[i],
		    "SHA-256 %zu", i + 1);
	check_add(&g, sha256_million_a, NULL, "SHA-256 of a million a");
	check_add(&g, hashes_are_apart, NULL, "hashes are apart");
	vectors_add_wycheproof(&g, hmac_w, "Wycheproof HMAC", hmac_wycheproof);
	check_add(&g, mac_out_of_order, NULL, "mac out of order");
	check_add(&g, macs_are_apart, NULL, "macs are apart");
	check_add(&g, hmac_of_nothing, NULL, "HMAC of nothing");
	vectors_add(&g, hkdf, "RFC 5869", hkdf_rfc5869);
	vectors_add_wycheproof(&g, hkdf_w, "Wycheproof HKDF", hkdf_wycheproof);
	check_add(&g, hkdf_edges, NULL, "HKDF edges");
	check_add(&g, random_bytes, NULL, "random bytes");
	check_add(&g, freeing_nothing, NULL, "freeing nothing");
	r = check_run("crypto", &g);
	json_decref(hkdf);
	json_decref(hmac_w);
	json_decref(hkdf_w);
	return r;
}
