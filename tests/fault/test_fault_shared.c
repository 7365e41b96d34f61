/* Tests shared/ when an allocation fails: the call returns an error, frees all
 * it holds, and works again when memory is available. It never reports a
 * protocol error by the peer. */
#include "shared/proto/handshake.h"
#include "shared/wire/json.h"
#include "shared/base/oom.h"
#include "shared/wire/text.h"
#include "tests/fault/sweep.h"
#include "tests/unit/samples.h"
#include "tests/unit/shake.h"

static struct shake_world shake;

static int setup(void **state)
{
	(void)state;
	assert_true(oom_setup());
	json_setup();
	shake_world_init(&shake);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	shake_world_free(&shake);
	return 0;
}

/* --- the handshake ------------------------------------------------------- */

static int account(void *arg, const char *name, struct hs_account *out)
{
	(void)arg;
	(void)name;
	out->kdf = shake.kdf;
	memcpy(out->salt, shake.salt, sizeof(out->salt));
	out->record = shake.record;
	return 0;
}

static struct handshake *new_server(void)
{
	struct hs_server_opts o = {.crypto = shake.crypto,
	    .rng = random_system(),
	    .identity = shake.server,
	    .account = account};

	return handshake_server(&o);
}

static struct handshake *new_client(void)
{
	const struct hs_client_opts o = {
	    .crypto = shake.crypto, .rng = random_system(), .account = "*"};

	return handshake_client(&o);
}

/* Does the driver's part; sets *moved if there was work. */
static int serve(struct handshake *h, bool *moved)
{
	const struct hs_card_opts card = {
	    "alice", "", shake.alice, shake.wrap, shake.agree,
	    (const uint8_t *)"an instance 1234", NULL};

	switch (handshake_need(h)) {
	case HS_NEED_GRANT:
		*moved = true;
		return FAULTY(handshake_grant(h));
	case HS_NEED_KDF:
		*moved = true;
		return FAULTY(handshake_stretched(h, shake.stretched));
	case HS_NEED_CARD:
		*moved = true;
		return FAULTY(handshake_card(h, &card));
	default:
		return 0;
	}
}

/* Moves the output of one end to the other. */
static int carry(struct handshake *from, struct handshake *to, bool *moved)
{
	size_t n, used = 0;
	const uint8_t *p = handshake_output(from, &n);
	struct buf b;
	int r;

	if (n == 0)
		return 0;
	*moved = true;
	buf_init(&b, 1 << 20);
	assert_int_equal(buf_put(&b, p, n), 0);
	handshake_consume(from, n);
	r = FAULTY(handshake_input(to, b.p, b.len, &used));
	buf_free(&b);
	return r;
}

/* True: the handshake is complete. */
static bool exchange(void)
{
	struct handshake *s = FAULTY(new_server()), *c = FAULTY(new_client());
	bool moved = s != NULL && c != NULL, done = false;

	while (moved) {
		moved = false;
		if (!sweep_ok(carry(c, s, &moved)) ||
		    !sweep_ok(serve(s, &moved)) ||
		    !sweep_ok(carry(s, c, &moved)) ||
		    !sweep_ok(serve(c, &moved)))
			break;
	}
	if (s != NULL && c != NULL && handshake_need(s) == HS_DONE &&
	    handshake_need(c) == HS_DONE) {
		done = true;
		assert_memory_equal(&handshake_result(s)->keys,
		    &handshake_result(c)->keys, sizeof(struct link_keys));
		assert_int_equal(handshake_result(s)->refusal, CODE_NONE);
	}
	handshake_free(s);
	handshake_free(c);
	return done;
}

static void handshake_scenario(void *arg)
{
	(void)arg;
	if (exchange())
		return;
	assert_true(sweep_failed());
	assert_true(exchange()); /* memory is available again */
}

static void test_handshake(void **state)
{
	(void)state;
	sweep("handshake, both roles", handshake_scenario, NULL);
}

/* --- JSON of control frames and of contents ------------------------------ */

/* JSON parsed without memory is refused, never misread. */
static void json_read(enum by by, const struct buf *b)
{
	struct control *c = malloc(sizeof(*c));
	struct content *t = malloc(sizeof(*t));

	assert_true(c != NULL && t != NULL);
	if (by == BY_CLIENT || by == BY_SERVER) {
		(void)sweep_ok(FAULTY(control_decode(c,
		    by == BY_CLIENT ? FROM_CLIENT : FROM_SERVER, b->p,
		    b->len)));
		control_wipe(c);
	} else {
		(void)sweep_ok(
		    FAULTY(content_decode(t, by == BY_NOTICE, b->p, b->len)));
		content_free(t);
	}
	free(t);
	free(c);
}

static void json_scenario(void *arg)
{
	size_t i;
	struct buf b;

	(void)arg;
	for (i = 0; i < N_SAMPLES; i++) {
		buf_init(&b, WIRE_JSON_MAX);
		/* This also creates keys, using asserts, so it has memory. */
		assert_int_equal(samples[i].make(&b), 0);
		json_read(samples[i].by, &b);
		buf_free(&b);
	}
}

static void test_json(void **state)
{
	(void)state;
	sweep("JSON of every type", json_scenario, NULL);
}

static int parse_and_print(const char *text, char out[200])
{
	json_t *o;
	int r = json_parse(&o, text, strlen(text));

	sweep_disarm(); /* printing must not fail */
	if (r == 0) {
		out[json_dumpb(o, out, 199, JSON_COMPACT)] = '\0';
		json_decref(o);
	}
	return r;
}

/* A failed allocation in the middle of a string once dropped characters from
 * it. */
static void string_scenario(void *arg)
{
	static const char text[] =
	    "{\"a\":\"0123456789abcdefghijklmnopqrstuvwxyz0123456789\","
	    "\"b\":[\"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKL\"]}";
	char out[200];

	(void)arg;
	if (sweep_ok(FAULTY(parse_and_print(text, out))))
		assert_string_equal(out, text);
}

/* jansson makes the buffer of a token longer at 16, 32, 64, .. bytes. Without
 * the closing quote it once copied a string past its end, and without the
 * character after a number or word its assertion failed. */
static void edge_scenario(void *arg)
{
	static const char filler[] =
	    "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqr"
	    "stuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghij";
	char text[400];
	json_t *o;
	int n;

	(void)arg;
	for (n = 10; n < 130; n++) {
		snprintf(text, sizeof(text), "{\"%.*s\":\"%.*s\"}", n, filler,
		    n, filler);
		(void)sweep_ok(FAULTY(json_parse(&o, text, strlen(text))));
		json_decref(o);
	}
	for (n = 1; n < 19; n++) {
		snprintf(text, sizeof(text), "{\"a\":%.*s}", n,
		    "1234567890123456789");
		(void)sweep_ok(FAULTY(json_parse(&o, text, strlen(text))));
		json_decref(o);
	}
	/* Not JSON, so there is no object in any case. */
	assert_int_not_equal(FAULTY(json_parse(&o, filler, 60)), 0);
	snprintf(
	    text, sizeof(text), "{\"a\":%s}", "abcdefghijklmnopqrstuvwxyz");
	assert_int_not_equal(FAULTY(json_parse(&o, text, strlen(text))), 0);
}

static void test_tokens_at_the_edge(void **state)
{
	(void)state;
	sweep("tokens of every length", edge_scenario, NULL);
}

static void test_no_string_is_cut(void **state)
{
	(void)state;
	sweep("a string in JSON", string_scenario, NULL);
}

/* --- keys ---------------------------------------------------------------- */

static void pem_scenario(void *arg)
{
	const char *passphrase = arg;
	struct identity *id = NULL;
	struct buf pem;

	buf_init_secret(&pem, 16 << 10);
	if (sweep_ok(FAULTY(identity_to_pem(shake.alice, &pem, passphrase))) &&
	    sweep_ok(
		FAULTY(identity_from_pem(&id, pem.p, pem.len, passphrase)))) {
		assert_memory_equal(identity_public(id),
		    identity_public(shake.alice), WIRE_ED25519);
	}
	if (!sweep_failed())
		assert_non_null(id);
	identity_free(id);
	buf_free(&pem);
}

static void test_key_file(void **state)
{
	(void)state;
	sweep_some("a key in PEM", pem_scenario, NULL, 11);
}

/* Uses cheap_scrypt.c; with real scrypt the sweep would take an hour. */
static void test_key_file_with_passphrase(void **state)
{
	static char passphrase[] = "open";

	(void)state;
	sweep_some(
	    "a key in PEM with a passphrase", pem_scenario, passphrase, 11);
}

static void sign_scenario(void *arg)
{
	const struct part part = {"text", 4};
	uint8_t sig[WIRE_SIGNATURE];
	struct identity *id;
	struct rng rng = random_system();

	(void)arg;
	if ((id = FAULTY(identity_new(&rng))) == NULL) {
		assert_true(sweep_failed());
		return;
	}
	if (sweep_ok(FAULTY(identity_sign(id, sig, &part, 1))))
		(void)sweep_ok(FAULTY(ed25519_verify(
		    shake.crypto, identity_public(id), sig, &part, 1)));
	identity_free(id);
}

static void test_signature(void **state)
{
	(void)state;
	sweep("a signature", sign_scenario, NULL);
}

static void wrap_scenario(void *arg)
{
	static const uint8_t secret[WIRE_KEY] = {1, 2, 3};
	struct kem_rsa_pub *pub = NULL;
	uint8_t out[WIRE_KEY];
	struct buf spki, text;

	(void)arg;
	buf_init(&spki, WIRE_RSA_SPKI_MAX);
	buf_init(&text, WIRE_RSA_MAX);
	if (sweep_ok(FAULTY(kem_rsa_spki(shake.wrap, &spki))) &&
	    sweep_ok(FAULTY(kem_rsa_pub_from_spki(&pub, spki.p, spki.len))) &&
	    sweep_ok(FAULTY(kem_rsa_seal(pub, &text, "label", 5, secret))) &&
	    sweep_ok(FAULTY(
		kem_rsa_open(shake.wrap, out, "label", 5, text.p, text.len))))
		assert_memory_equal(out, secret, sizeof(secret));
	kem_rsa_pub_free(pub);
	buf_free(&spki);
	buf_free(&text);
}

static void test_wrap(void **state)
{
	(void)state;
	sweep("a wrapped key", wrap_scenario, NULL);
}

/* --- passwords and texts ------------------------------------------------- */

static void password_scenario(void *arg)
{
	static const char pw[] = "pa\xcc\x88ss w\xc3\xb6rd";
	struct buf nfc, shown;

	(void)arg;
	buf_init_secret(&nfc, WIRE_PASSWORD_MAX);
	buf_init(&shown, 1 << 10);
	if (!sweep_ok(FAULTY(text_password(&nfc, pw, strlen(pw)))))
		assert_int_equal(nfc.len, 0);
	if (!sweep_ok(FAULTY(text_filter(&shown, pw, strlen(pw), 0))))
		assert_int_equal(shown.len, 0);
	buf_free(&shown);
	buf_free(&nfc);
}

static void test_password(void **state)
{
	(void)state;
	sweep("a password and a text", password_scenario, NULL);
}

static void stretch_scenario(void *arg)
{
	uint8_t stretched[PAKE_STRETCHED];

	(void)arg;
	(void)sweep_ok(FAULTY(pake_stretch(
	    stretched, "pw", 2, "*", WIRE_PROTOCOL, shake.salt, &shake.kdf)));
}

static void test_stretch(void **state)
{
	(void)state;
	sweep_some("scrypt", stretch_scenario, NULL, 23);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshake),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_no_string_is_cut),
	    cmocka_unit_test(test_tokens_at_the_edge),
	    cmocka_unit_test(test_key_file),
	    cmocka_unit_test(test_key_file_with_passphrase),
	    cmocka_unit_test(test_signature),
	    cmocka_unit_test(test_wrap),
	    cmocka_unit_test(test_password),
	    cmocka_unit_test(test_stretch),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
