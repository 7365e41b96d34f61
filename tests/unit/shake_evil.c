/* A second implementation of the handshake's client, from PROTOCOL.md, that can
 * be told to lie. */
#include "tests/unit/shake.h"

static void hmac(struct evil *e, uint8_t out[32], const uint8_t *key,
    const void *a, size_t a_len, const void *b, size_t b_len, uint8_t last)
{
	struct part parts[] = {{a, a_len}, {b, b_len}, {&last, last != 0}};

	assert_int_equal(crypto_hmac(e->w->crypto, out, key, 32, parts, 3), 0);
}

/* RFC 5869: at most two blocks, and the label's zero byte. */
static void expand(struct evil *e, uint8_t *out, size_t n, const uint8_t *prk,
    const char *label)
{
	uint8_t t[64];

	hmac(e, t, prk, NULL, 0, label, strlen(label) + 1, 1);
	hmac(e, t + 32, prk, t, 32, label, strlen(label) + 1, 2);
	assert_true(n <= sizeof(t));
	memcpy(out, t, n);
}

static void wire_add(struct evil *e, size_t i, const void *p, size_t n)
{
	assert_int_equal(buf_put(&e->wire, p, n), 0);
	assert_int_equal(
	    crypto_hash1(e->w->crypto, e->th[i], e->wire.p, e->wire.len), 0);
}

static int evil_say(struct evil *e, size_t i, json_t *o)
{
	struct buf m = shake_json(o);
	size_t used;
	int r;

	wire_add(e, i, m.p, m.len);
	r = shake_feed(e->k.s, m.p, m.len, 0, &used);
	buf_free(&m);
	return r;
}

static json_t *evil_hear(struct evil *e, size_t i)
{
	struct buf m = shake_output(e->k.s);
	json_t *o;

	wire_add(e, i, m.p, m.len);
	o = json_loadb((const char *)m.p + 4, m.len - 4, 0, NULL);
	assert_non_null(o);
	buf_free(&m);
	return o;
}

static json_t *evil_step(const char *step)
{
	return json_pack("{s:s, s:s}", "type", "handshake", "step", step);
}

static void evil_derive(struct evil *e)
{
	expand(e, e->card_key, WIRE_KEY_IV, e->s4, "conclave/1 card key");
	memcpy(e->aad, e->th[4], 32);
	memcpy(e->aad + 32, e->keys.confirm_p, 32);
}

void evil_init(struct evil *e, struct shake_world *w)
{
	uint8_t zero[32] = {0}, x[48] = {7}, share_v[65], confirm_v[32];
	uint8_t context[42];
	json_t *o;

	memset(e, 0, sizeof(*e));
	e->w = w;
	e->signer = w->alice;
	buf_init(&e->wire, 1 << 20);
	e->k.w = w;
	e->k.rng_left = -1;
	shake_server(&e->k);

	o = evil_step("hello");
	json_object_set_new(o, "account", json_string("*"));
	json_object_set_new(
	    o, "protocols", json_pack("[s,s]", "conclave/2", "conclave/1"));
	shake_set_b64(o, "nonce", zero, 32);
	assert_int_equal(evil_say(e, 1, o), 0);
	json_decref(evil_hear(e, 2));

	e->pake = pake_prover(w->crypto, w->w0, w->w1, x, sizeof(x));
	assert_non_null(e->pake);
	o = evil_step("share");
	shake_set_b64(o, "share", pake_share(e->pake), 65);
	assert_int_equal(evil_say(e, 3, o), 0);
	assert_int_equal(handshake_grant(e->k.s), 0);
	o = evil_hear(e, 4);
	assert_int_equal(json_b64(o, "share", share_v, 65), 0);
	assert_int_equal(json_b64(o, "confirm", confirm_v, 32), 0);
	json_decref(o);

	memcpy(context, "conclave/1", 10);
	memcpy(context + 10, e->th[2], 32);
	assert_int_equal(pake_finish(e->pake, &e->keys, context, 42, "*",
			     "conclave/1", share_v),
	    0);
	assert_memory_equal(confirm_v, e->keys.confirm_v, 32);
	/* Extract(salt, ikm) is HMAC(key = salt, ikm). */
	hmac(e, e->s4, e->th[4], e->keys.shared, 32, NULL, 0, 0);
	evil_derive(e);
}

void evil_free(struct evil *e)
{
	shake_free(&e->k);
	pake_free(e->pake);
	buf_free(&e->wire);
}

json_t *evil_card(struct evil *e)
{
	uint8_t spki[WIRE_ED25519_SPKI];
	json_t *o = json_object();
	struct buf wrap;

	buf_init(&wrap, WIRE_RSA_SPKI_MAX);
	assert_int_equal(kem_rsa_spki(e->w->wrap, &wrap), 0);
	ed25519_spki(spki, identity_public(e->w->alice));
	json_object_set_new(o, "v", json_integer(1));
	json_object_set_new(o, "name", json_string("alice"));
	json_object_set_new(o, "room", json_string(""));
	shake_set_b64(o, "identity", spki, sizeof(spki));
	shake_set_b64(o, "wrap", wrap.p, wrap.len);
	shake_set_b64(o, "agree", dh_public(e->w->agree), WIRE_X25519);
	shake_set_b64(o, "instance", SHAKE_INSTANCE, WIRE_INSTANCE);
	shake_set_b64(o, "session", e->w->session, WIRE_NONCE);
	shake_set_b64(o, "binding", e->th[4], WIRE_HASH);
	buf_free(&wrap);
	return o;
}

int evil_seal(struct evil *e, const void *plain, size_t n, struct buf *out)
{
	if (e->other_key)
		e->card_key[0] ^= 1;
	assert_int_equal(buf_reserve(out, n + WIRE_TAG), 0);
	out->len = n + WIRE_TAG;
	return crypto_seal(e->w->crypto, out->p, e->card_key, e->card_key + 32,
	    e->aad, e->short_aad ? 32 : 64, plain, n);
}

int evil_finish_sealed(struct evil *e, const void *sealed, size_t n)
{
	static const char *const labels[2][2] = {
	    {"conclave/1 c2s seal", "conclave/1 c2s mac"},
	    {"conclave/1 s2c seal", "conclave/1 s2c mac"}};
	uint8_t s5[32], key_iv[WIRE_KEY_IV];
	json_t *o = evil_step("finish");
	int r, d;

	shake_set_b64(o, "confirm", e->keys.confirm_p, 32);
	shake_set_b64(o, "card", sealed, n);
	r = evil_say(e, 5, o);
	hmac(e, s5, e->th[5], e->s4, 32, NULL, 0, 0);
	for (d = 0; d < 2; d++) {
		expand(e, key_iv, WIRE_KEY_IV, s5, labels[d][0]);
		memcpy(e->link.seal[d], key_iv, 32);
		memcpy(e->link.iv[d], key_iv + 32, 12);
		expand(e, e->link.mac[d], 32, s5, labels[d][1]);
	}
	return r;
}

int evil_finish(struct evil *e, const void *card, size_t n)
{
	static const char label[] = "conclave/1 card";
	uint8_t sig[WIRE_SIGNATURE];
	struct part parts[] = {
	    {label, e->no_label ? 0 : sizeof(label)}, {card, n}};
	struct buf plain, sealed;
	int r;

	assert_int_equal(identity_sign(e->signer, sig, parts, 2), 0);
	buf_init(&plain, 1 << 20);
	buf_init(&sealed, 1 << 20);
	assert_int_equal(buf_put(&plain, sig, sizeof(sig)), 0);
	assert_int_equal(buf_put(&plain, card, n), 0);
	assert_int_equal(evil_seal(e, plain.p, plain.len, &sealed), 0);
	r = evil_finish_sealed(e, sealed.p, sealed.len);
	buf_free(&plain);
	buf_free(&sealed);
	return r;
}
