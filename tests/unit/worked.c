/* worked.c - the worked example's handshake. */
#include "tests/unit/worked.h"

#include "shared/proto/handshake_int.h"

json_t *worked_example;
const json_t *worked_hybrid;

int worked_setup(void **state)
{
	(void)state;
	json_setup();
	worked_example = check_vectors("example.json");
	return 0;
}

int worked_teardown(void **state)
{
	(void)state;
	json_decref(worked_example);
	return 0;
}

/* The object that has the value: what differs, or the rest. */
static const json_t *holder(const char *key)
{
	return json_object_get(worked_hybrid, key) != NULL ? worked_hybrid
							   : worked_example;
}

void worked_expect(const char *key, const void *got, size_t n)
{
	size_t len;
	uint8_t *want = check_hex_at(holder(key), key, &len);

	assert_int_equal(len, n);
	assert_memory_equal(want, got, n);
	free(want);
}

const char *worked_str(const char *key)
{
	return json_string_value(json_object_get(holder(key), key));
}

void worked_bytes(const char *key, void *out, size_t n)
{
	size_t len;
	uint8_t *p = check_hex_at(holder(key), key, &len);

	assert_int_equal(len, n);
	memcpy(out, p, n);
	free(p);
}

static int script_fill(void *arg, void *out, size_t n)
{
	struct worked_script *s = arg;

	worked_bytes(s->keys[s->at++], out, n);
	return 0;
}

static int find_account(void *arg, const char *name, struct hs_account *out)
{
	struct worked *e = arg;

	assert_string_equal(name, "*");
	out->kdf = (struct kdf){.n = 16384, .r = 8, .p = 1};
	worked_bytes("salt", out->salt, sizeof(out->salt));
	out->record = e->record;
	return 0;
}

static int fill_agree(void *arg, void *out, size_t n)
{
	(void)arg;
	worked_bytes("agree_seed", out, n);
	return 0;
}

static void *stretched(uint8_t out[PAKE_STRETCHED])
{
	struct kdf k = {.n = 16384, .r = 8, .p = 1};
	const char *pw = worked_str("password");
	uint8_t salt[WIRE_NONCE];

	worked_bytes("salt", salt, sizeof(salt));
	assert_int_equal(
	    pake_stretch(out, pw, strlen(pw), "*", WIRE_PROTOCOL, salt, &k), 0);
	return out;
}

void worked_open(struct worked *e)
{
	struct hs_server_opts so = {0};
	struct hs_client_opts co = {0};
	struct rng agree_rng = {fill_agree, NULL};
	uint8_t seed[32], w0[32], w1[32], st[PAKE_STRETCHED];
	bool hybrid = worked_hybrid != NULL;
	uint8_t *der;
	size_t n;

	memset(e, 0, sizeof(*e));
	e->crypto = crypto_new();
	worked_bytes("server_seed", seed, 32);
	e->server = identity_from_seed(seed);
	worked_bytes("alice_seed", seed, 32);
	e->alice = identity_from_seed(seed);
	e->agree = dh_new(&agree_rng);
	der = check_hex_at(worked_example, "rsa", &n);
	e->wrap = kem_rsa_from_pkcs8(der, n);
	free(der);
	assert_non_null(e->wrap);
	assert_int_equal(pake_scalars(w0, w1, stretched(st)), 0);
	worked_expect("w0", w0, 32);
	worked_expect("w1", w1, 32);
	e->record = pake_record_new(w0, w1);
	assert_non_null(e->record);

	e->rng_s =
	    hybrid
		? (struct worked_script){{"challenge_nonce", "kem_m", "y"}, 0}
		: (struct worked_script){{"challenge_nonce", "y"}, 0};
	so.pq = co.pq = hybrid ? HS_PQ_REQUIRED : HS_PQ_ABSENT;
	so.crypto = e->crypto;
	so.rng = (struct rng){script_fill, &e->rng_s};
	so.identity = e->server;
	worked_bytes("session", so.session, sizeof(so.session));
	so.account = find_account;
	so.arg = e;
	e->s = handshake_server(&so);
	e->rng_c =
	    hybrid ? (struct worked_script){{"hello_nonce", "kem_seed", "x"}, 0}
		   : (struct worked_script){{"hello_nonce", "x"}, 0};
	co.crypto = e->crypto;
	co.rng = (struct rng){script_fill, &e->rng_c};
	co.account = "*";
	e->c = handshake_client(&co);
	assert_non_null(e->s);
	assert_non_null(e->c);
}

void worked_close(struct worked *e)
{
	handshake_free(e->s);
	handshake_free(e->c);
	pake_record_free(e->record);
	kem_rsa_free(e->wrap);
	dh_free(e->agree);
	identity_free(e->alice);
	identity_free(e->server);
	crypto_free(e->crypto);
}

static const char *message(size_t i)
{
	const json_t *all = json_object_get(holder("messages"), "messages");

	return json_string_value(json_array_get(all, i));
}

/* Passes the output of `from` to `to`; it is message i of the example. */
static void pass(struct handshake *from, struct handshake *to, size_t i)
{
	const char *want = message(i);
	size_t n, used;
	const uint8_t *p = handshake_output(from, &n);

	assert_int_equal(n, 4 + strlen(want));
	assert_int_equal(get_u32(p), strlen(want));
	assert_memory_equal(p + 4, want, n - 4);
	assert_int_equal(handshake_input(to, p, n, &used), 0);
	assert_int_equal(used, n);
	handshake_consume(from, n);
}

/* What the proof in message 4 signs. */
static void check_proved(const struct worked *e)
{
	json_t *o = json_loads(message(3), 0, NULL);
	struct part parts[HS_PROOF_PARTS];
	struct hs_confirm m;
	struct label label;
	uint8_t hash[WIRE_HASH];

	assert_int_equal(handshake_msg_get_confirm(&m, o), 0);
	json_decref(o);
	handshake_keys_proof(parts, &label, e->c, &m);
	assert_int_equal(
	    crypto_hash_parts(e->crypto, hash, parts, HS_PROOF_PARTS), 0);
	worked_expect("proved_hash", hash, sizeof(hash));
}

/* After message 4, what both sides have derived, before they wipe it. */
static void check_secrets(struct worked *e)
{
	uint8_t key[WIRE_KEY_IV];

	worked_expect("k_shared", e->s->keys.shared, sizeof(e->s->keys.shared));
	worked_expect("s4", e->c->s4, sizeof(e->c->s4));
	assert_int_equal(handshake_keys_card(e->c, key), 0);
	worked_expect("card_key", key, sizeof(key));
	if (worked_hybrid != NULL)
		worked_expect("k_kem", e->s->kem_secret, WIRE_MLKEM_SECRET);
}

void worked_shake(struct worked *e)
{
	uint8_t st[PAKE_STRETCHED];
	size_t n;
	uint8_t *instance = check_hex_at(worked_example, "instance", &n);
	struct hs_card_opts card = {
	    "alice", "", e->alice, e->wrap, e->agree, instance, NULL};

	pass(e->c, e->s, 0);
	pass(e->s, e->c, 1);
	assert_int_equal(handshake_need(e->c), HS_NEED_KDF);
	assert_int_equal(handshake_stretched(e->c, stretched(st)), 0);
	pass(e->c, e->s, 2);
	assert_int_equal(handshake_need(e->s), HS_NEED_GRANT);
	assert_int_equal(handshake_grant(e->s), 0);
	pass(e->s, e->c, 3);
	assert_int_equal(handshake_need(e->c), HS_NEED_CARD);
	check_proved(e);
	check_secrets(e);
	assert_int_equal(handshake_card(e->c, &card), 0);
	pass(e->c, e->s, 4);
	assert_int_equal(handshake_need(e->c), HS_DONE);
	assert_int_equal(handshake_need(e->s), HS_DONE);
	assert_int_equal(n, WIRE_INSTANCE);
	free(instance);
}

void worked_expect_json(const struct buf *b, const char *key)
{
	assert_int_equal(b->len, strlen(worked_str(key)));
	assert_memory_equal(b->p, worked_str(key), b->len);
}
