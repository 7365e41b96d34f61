/* AES-256-GCM from crypto.h: published vectors, then edge cases. */
#include "tests/unit/vectors.h"

/* --- AES-256-GCM --------------------------------------------------------- */

struct gcm_case {
	struct crypto *c;
	size_t key_len, iv_len, aad_len, n, ct_len, tag_len;
	uint8_t *key, *iv, *aad, *msg, *ct, *tag, *sealed, *out;
};

static int gcm_open(const struct gcm_case *g, const uint8_t *in)
{
	return crypto_open(g->c, g->out, g->key, g->iv, g->aad, g->aad_len, in,
	    g->n + WIRE_TAG);
}

static int gcm_seal(const struct gcm_case *g, const uint8_t *in)
{
	return crypto_seal(
	    g->c, g->out, g->key, g->iv, g->aad, g->aad_len, in, g->n);
}

/* It opens and seals, also in place. */
static void gcm_good(const struct gcm_case *g)
{
	assert_int_equal(gcm_open(g, g->sealed), 0);
	assert_memory_equal(g->out, g->msg, g->n);
	assert_int_equal(gcm_seal(g, g->msg), 0);
	assert_memory_equal(g->out, g->sealed, g->n + WIRE_TAG);
	assert_int_equal(gcm_open(g, g->out), 0);
	assert_memory_equal(g->out, g->msg, g->n);
	assert_int_equal(gcm_seal(g, g->out), 0);
	assert_memory_equal(g->out, g->sealed, g->n + WIRE_TAG);
}

/* It does not open, and releases no plaintext. */
static void gcm_bad(const struct gcm_case *g)
{
	assert_int_equal(gcm_open(g, g->sealed), ERR_OPEN);
	memset(g->msg, 0, g->n);
	assert_memory_equal(g->out, g->msg, g->n);
}

static void gcm_wycheproof(void **state)
{
	const json_t *t = *state;
	struct gcm_case g;

	if (vectors_int(t, "keySize") != 256 ||
	    vectors_int(t, "ivSize") != 96 ||
	    vectors_int(t, "tagSize") != 128) {
		print_message("key of %d, nonce of %d, tag of %d bits: the "
			      "protocol has 256, 96, 128 only\n",
		    (int)vectors_int(t, "keySize"),
		    (int)vectors_int(t, "ivSize"),
		    (int)vectors_int(t, "tagSize"));
		skip();
	}
	g.c = vectors_crypto();
	g.key = check_hex_at(t, "key", &g.key_len);
	g.iv = check_hex_at(t, "iv", &g.iv_len);
	g.aad = check_hex_at(t, "aad", &g.aad_len);
	g.msg = check_hex_at(t, "msg", &g.n);
	g.ct = check_hex_at(t, "ct", &g.ct_len);
	g.tag = check_hex_at(t, "tag", &g.tag_len);
	g.sealed = malloc(g.n + WIRE_TAG);
	g.out = malloc(g.n + WIRE_TAG);
	assert_true(g.sealed != NULL && g.out != NULL);
	assert_int_equal(g.ct_len, g.n);
	memcpy(g.sealed, g.ct, g.n);
	memcpy(g.sealed + g.n, g.tag, WIRE_TAG);
	memset(g.out, 0xee, g.n);
	if (vectors_valid(t))
		gcm_good(&g);
	else
		gcm_bad(&g);
	free(g.key);
	free(g.iv);
	free(g.aad);
	free(g.msg);
	free(g.ct);
	free(g.tag);
	free(g.sealed);
	free(g.out);
	vectors_done(g.c);
}

static const uint8_t gcm_key[WIRE_KEY] = {1, 2, 3};
static const uint8_t gcm_iv[WIRE_IV] = {4, 5, 6};

/* A flip of any bit of key, nonce, aad, text or tag must fail. */
static void gcm_every_bit(void **state)
{
	struct crypto *c = vectors_crypto();
	struct {
		uint8_t key[WIRE_KEY], iv[WIRE_IV], aad[21], text[45 + 16];
	} good, bad;
	uint8_t out[45], zero[45] = {0}, *bits = (uint8_t *)&bad;
	size_t i;

	(void)state;
	memset(&good, 0x5a, sizeof(good));
	assert_int_equal(crypto_seal(c, good.text, good.key, good.iv, good.aad,
			     21, good.text, 45),
	    0);
	assert_int_equal(crypto_open(c, out, good.key, good.iv, good.aad, 21,
			     good.text, sizeof(good.text)),
	    0);
	for (i = 0; i < 8 * sizeof(bad); i++) {
		bad = good;
		bits[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(crypto_open(c, out, bad.key, bad.iv, bad.aad,
				     21, bad.text, sizeof(bad.text)),
		    ERR_OPEN);
		assert_memory_equal(out, zero, sizeof(out));
	}
	for (i = 0; i < sizeof(good.text); i++)
		assert_int_equal(crypto_open(c, out, good.key, good.iv,
				     good.aad, 21, good.text, i),
		    ERR_OPEN);
	for (i = 0; i < 21; i++)
		assert_int_equal(crypto_open(c, out, good.key, good.iv,
				     good.aad, i, good.text, sizeof(good.text)),
		    ERR_OPEN);
	vectors_done(c);
}

/* Empty input stays empty: an empty text is not mistaken for aad. */
static void gcm_of_nothing(void **state)
{
	struct crypto *c = vectors_crypto();
	uint8_t sealed[WIRE_TAG], with_aad[WIRE_TAG];

	(void)state;
	assert_int_equal(
	    crypto_seal(c, sealed, gcm_key, gcm_iv, NULL, 0, NULL, 0), 0);
	assert_int_equal(
	    crypto_open(c, NULL, gcm_key, gcm_iv, NULL, 0, sealed, WIRE_TAG),
	    0);
	assert_int_equal(
	    crypto_open(c, NULL, gcm_key, gcm_iv, NULL, 0, NULL, 0), ERR_OPEN);
	assert_int_equal(
	    crypto_seal(c, with_aad, gcm_key, gcm_iv, "a", 1, NULL, 0), 0);
	assert_memory_not_equal(sealed, with_aad, WIRE_TAG);
	assert_int_equal(
	    crypto_open(c, NULL, gcm_key, gcm_iv, "a", 1, sealed, WIRE_TAG),
	    ERR_OPEN);
	sealed[0] ^= 1;
	assert_int_equal(
	    crypto_open(c, NULL, gcm_key, gcm_iv, NULL, 0, sealed, WIRE_TAG),
	    ERR_OPEN);
	vectors_done(c);
}

/* Reuse of one context: long texts, after a failure, and with another key in
 * between. */
static void gcm_context_is_reused(void **state)
{
	struct crypto *c = vectors_crypto();
	uint8_t other[WIRE_KEY] = {9}, small[20], *text, *sealed;
	size_t n = 64 << 10, i;

	(void)state;
	text = malloc(n);
	sealed = malloc(n + WIRE_TAG);
	assert_true(text != NULL && sealed != NULL);
	for (i = 0; i < n; i++)
		text[i] = (uint8_t)(i * 31);
	assert_int_equal(
	    crypto_seal(c, sealed, gcm_key, gcm_iv, "aad", 3, text, n), 0);
	assert_int_equal(
	    crypto_open(c, small, other, gcm_iv, "aad", 3, sealed, 20),
	    ERR_OPEN);
	assert_int_equal(
	    crypto_seal(c, small, other, gcm_iv, NULL, 0, "abcd", 4), 0);
	assert_int_equal(crypto_open(c, sealed, gcm_key, gcm_iv, "aad", 3,
			     sealed, n + WIRE_TAG),
	    0);
	assert_memory_equal(sealed, text, n);
	assert_int_equal(
	    crypto_open(c, small, other, gcm_iv, NULL, 0, small, 20), 0);
	assert_memory_equal(small, "abcd", 4);
	free(text);
	free(sealed);
	vectors_done(c);
}

static void too_long_for_the_library(void **state)
{
	struct crypto *c = vectors_crypto();
	uint8_t b[32] = {0};

	(void)state;
	assert_int_equal(
	    crypto_seal(c, b, gcm_key, gcm_iv, NULL, 0, b, SIZE_MAX),
	    ERR_LIMIT);
	assert_int_equal(
	    crypto_open(c, b, gcm_key, gcm_iv, NULL, 0, b, 15), ERR_OPEN);
	assert_int_equal(
	    crypto_seal(c, b, gcm_key, gcm_iv, b, SIZE_MAX, b, 1), ERR_LIMIT);
	vectors_done(c);
}

static void nonces(void **state)
{
	static const uint8_t iv[WIRE_IV] = {0xff, 0x01, 0x02, 0x03, 0x04, 0x05,
	    0x06, 0x07, 0x08, 0x09, 0x0a, 0xff};
	static const uint8_t want[WIRE_IV] = {0xff, 0x01, 0x02, 0x03, 0x05,
	    0x07, 0x05, 0x03, 0x0d, 0x0f, 0x0d, 0xf7};
	uint8_t got[WIRE_IV];

	(void)state;
	crypto_nonce(got, iv, 0);
	assert_memory_equal(got, iv, WIRE_IV);
	crypto_nonce(got, iv, UINT64_C(0x0102030405060708));
	assert_memory_equal(got, want, WIRE_IV);
	crypto_nonce(got, got, UINT64_C(0x0102030405060708));
	assert_memory_equal(got, iv, WIRE_IV);
}

int main(void)
{
	json_t *file = check_vectors("wycheproof/aes_gcm_test.json");
	struct check_group g = {0};
	int r;

	vectors_add_wycheproof(&g, file, "Wycheproof AES-GCM", gcm_wycheproof);
	check_add(&g, gcm_every_bit, NULL, "every bit");
	check_add(&g, gcm_of_nothing, NULL, "nothing");
	check_add(&g, gcm_context_is_reused, NULL, "reuse");
	check_add(&g, too_long_for_the_library, NULL, "too long");
	check_add(&g, nonces, NULL, "nonces");
	r = check_run("aead", &g);
	json_decref(file);
	return r;
}
