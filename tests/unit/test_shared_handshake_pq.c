/* The post-quantum part of section 2 of PROTOCOL.md: who offers, takes, requires
 * and refuses it, what a changed message does, and how long its secrets live.
 * What needs ML-KEM itself is skipped where libcrypto has none. */
#include "tests/unit/shake.h"

#include "shared/proto/handshake_int.h"

static struct shake_world world;
static bool there;

static void need_mlkem(void)
{
	if (there)
		return;
	print_message("libcrypto has no ML-KEM-768: OpenSSL 3.5 has it\n");
	skip();
}

static void begin(struct shake *k, enum hs_pq server, enum hs_pq client)
{
	shake_begin(k, &world);
	k->pq_s = server;
	k->pq_c = client;
	shake_server(k);
	shake_client(k);
}

/* Moves what `from` has to say to the other side; `bend` may change it. Returns
 * what handshake_input does. */
static int pass(struct handshake *from, struct handshake *to,
    struct buf (*bend)(struct buf m))
{
	struct buf b = shake_output(from);
	size_t used;
	int r;

	if (bend != NULL)
		b = bend(b);
	r = shake_feed(to, b.p, b.len, 0, &used);
	buf_free(&b);
	return r;
}

/* --- who has what -------------------------------------------------------- */

static void found(void **state)
{
	enum hs_pq pq;

	(void)state;
	assert_int_equal(handshake_pq(&pq, world.crypto, false), 0);
	assert_int_equal(pq, there ? HS_PQ_OFFERED : HS_PQ_ABSENT);
	assert_int_equal(
	    handshake_pq(&pq, world.crypto, true), there ? 0 : ERR_WEAK);
	assert_int_equal(pq, there ? HS_PQ_REQUIRED : HS_PQ_ABSENT);
}

struct pairing {
	enum hs_pq server, client;
	enum exchange exchange;
	int server_error, client_error;
};

static const struct pairing pairings[] = {
    {HS_PQ_ABSENT, HS_PQ_ABSENT, EXCHANGE_CLASSICAL, 0, 0},
    {HS_PQ_OFFERED, HS_PQ_ABSENT, EXCHANGE_CLASSICAL, 0, 0},
    {HS_PQ_REQUIRED, HS_PQ_ABSENT, EXCHANGE_CLASSICAL, ERR_WEAK, 0},
    {HS_PQ_ABSENT, HS_PQ_OFFERED, EXCHANGE_CLASSICAL, 0, 0},
    {HS_PQ_OFFERED, HS_PQ_OFFERED, EXCHANGE_HYBRID, 0, 0},
    {HS_PQ_REQUIRED, HS_PQ_OFFERED, EXCHANGE_HYBRID, 0, 0},
    {HS_PQ_ABSENT, HS_PQ_REQUIRED, EXCHANGE_CLASSICAL, 0, ERR_WEAK},
    {HS_PQ_OFFERED, HS_PQ_REQUIRED, EXCHANGE_HYBRID, 0, 0},
    {HS_PQ_REQUIRED, HS_PQ_REQUIRED, EXCHANGE_HYBRID, 0, 0},
};

static void pairing(void **state)
{
	const struct pairing *p = *state;
	const struct hs_result *c, *s;
	struct shake k;

	if (p->client != HS_PQ_ABSENT)
		need_mlkem();
	begin(&k, p->server, p->client);
	if (p->server_error != 0) {
		assert_int_equal(pass(k.c, k.s, NULL), p->server_error);
		assert_int_equal(pass(k.s, k.c, NULL), ERR_REFUSED);
		assert_int_equal(handshake_error(k.c)->code, CODE_WEAK);
		assert_int_equal(handshake_messages(k.s), 1);
	} else if (p->client_error != 0) {
		assert_int_equal(pass(k.c, k.s, NULL), 0);
		assert_int_equal(pass(k.s, k.c, NULL), p->client_error);
		assert_int_equal(handshake_need(k.c), HS_FAILED);
		/* No share was sent: no guess is open at the server. */
		assert_int_equal(handshake_messages(k.c), 2);
	} else {
		shake_run(&k);
		c = handshake_result(k.c);
		s = handshake_result(k.s);
		assert_true(c != NULL && s != NULL);
		assert_memory_equal(&c->keys, &s->keys, sizeof(c->keys));
		assert_int_equal(c->exchange, p->exchange);
		assert_int_equal(s->exchange, p->exchange);
	}
	shake_free(&k);
}

/* --- secrets ------------------------------------------------------------- */

static const uint8_t zero[WIRE_MLKEM_SECRET];

/* The server makes nothing before the guess is granted; each secret is wiped
 * right after its last use. */
static void secrets_go(void **state)
{
	struct shake k;
	bool did;

	(void)state;
	need_mlkem();
	begin(&k, HS_PQ_OFFERED, HS_PQ_OFFERED);
	assert_non_null(k.c->kem);
	assert_int_equal(pass(k.c, k.s, NULL), 0);
	assert_int_equal(pass(k.s, k.c, NULL), 0);
	assert_int_equal(shake_serve(&k, k.c, &did), 0);
	k.rng_left = 0; /* to wait for its turn takes no randomness */
	assert_int_equal(pass(k.c, k.s, NULL), 0);
	assert_int_equal(handshake_need(k.s), HS_NEED_GRANT);
	assert_non_null(k.s->kem_public);
	assert_memory_equal(k.s->kem_secret, zero, sizeof(zero));
	k.rng_left = -1;
	assert_int_equal(handshake_grant(k.s), 0);
	assert_null(k.s->kem_public);
	assert_memory_not_equal(k.s->kem_secret, zero, sizeof(zero));
	assert_int_equal(pass(k.s, k.c, NULL), 0);
	assert_null(k.c->kem);
	assert_memory_equal(k.c->kem_secret, zero, sizeof(zero));
	shake_run(&k);
	assert_int_equal(handshake_need(k.s), HS_DONE);
	assert_memory_equal(k.s->kem_secret, zero, sizeof(zero));
	shake_free(&k);
}

/* However early it ends: refused by the driver, or by a bad message. */
static void secrets_go_early(void **state)
{
	size_t used;
	struct shake k;
	bool did;
	int at;

	(void)state;
	need_mlkem();
	for (at = 0; at < 4; at++) {
		begin(&k, HS_PQ_OFFERED, HS_PQ_OFFERED);
		assert_int_equal(pass(k.c, k.s, NULL), 0);
		if (at > 0) {
			assert_int_equal(pass(k.s, k.c, NULL), 0);
			assert_int_equal(shake_serve(&k, k.c, &did), 0);
		}
		if (at > 1)
			assert_int_equal(pass(k.c, k.s, NULL), 0);
		if (at > 2)
			assert_int_equal(handshake_grant(k.s), 0);
		assert_int_equal(handshake_refuse(k.s, CODE_FULL, ""), 0);
		assert_null(k.s->kem_public);
		assert_memory_equal(k.s->kem_secret, zero, sizeof(zero));
		if (at > 0)
			assert_int_not_equal(
			    handshake_input(
				k.c, (const uint8_t *)"\0\0\0\0", 4, &used),
			    0);
		else
			(void)pass(k.s, k.c, NULL);
		assert_true(k.c->kem == NULL || at == 0);
		shake_free(&k);
	}
}

/* --- changed messages ---------------------------------------------------- */

/* The JSON object of a whole message, and the message of an object. */
static json_t *opened(struct buf m)
{
	json_t *o;

	assert_int_equal(
	    json_parse(&o, m.p + WIRE_LENGTH, m.len - WIRE_LENGTH), 0);
	buf_free(&m);
	return o;
}

static struct buf stripped(struct buf m)
{
	json_t *o = opened(m);

	assert_int_equal(json_object_del(o, "kem"), 0);
	return shake_json(o);
}

static uint8_t other_kem[WIRE_MLKEM_SEALED];

static struct buf replaced(struct buf m)
{
	json_t *o = opened(m);

	shake_set_b64(o, "kem", other_kem, sizeof(other_kem));
	return shake_json(o);
}

/* The part is taken out of, or changed in, one message on its way. The client
 * finds it by the proof, before it sends its card. */
static void changed(void **state)
{
	static struct buf (*const bends[])(struct buf) = {stripped, replaced};
	struct shake k;
	bool did;
	int i, step;

	(void)state;
	need_mlkem();
	for (step = 1; step <= 5; step++) {
		if (step == 3)
			continue;
		i = step == 5;
		begin(&k, HS_PQ_OFFERED, HS_PQ_OFFERED);
		assert_int_equal(
		    pass(k.c, k.s, step == 1 ? stripped : NULL), 0);
		assert_int_equal(
		    pass(k.s, k.c, step == 2 ? stripped : NULL), 0);
		assert_int_equal(shake_serve(&k, k.c, &did), 0);
		assert_int_equal(pass(k.c, k.s, NULL), 0);
		assert_int_equal(handshake_grant(k.s), 0);
		assert_int_equal(
		    pass(k.s, k.c, step >= 4 ? bends[i] : NULL), ERR_PROOF);
		assert_int_equal(handshake_messages(k.c), 4);
		assert_null(k.c->kem);
		shake_free(&k);
	}
}

/* A ciphertext that a server signed, but that is not for this key: the keys
 * differ, and the server cannot open the card. */
static void a_secret_that_differs(void **state)
{
	struct shake k;
	bool did;

	(void)state;
	need_mlkem();
	begin(&k, HS_PQ_OFFERED, HS_PQ_OFFERED);
	assert_int_equal(pass(k.c, k.s, NULL), 0);
	assert_int_equal(pass(k.s, k.c, NULL), 0);
	assert_int_equal(shake_serve(&k, k.c, &did), 0);
	assert_int_equal(pass(k.c, k.s, NULL), 0);
	assert_int_equal(handshake_grant(k.s), 0);
	k.s->kem_secret[5] ^= 1;
	assert_int_equal(pass(k.s, k.c, NULL), 0);
	assert_int_equal(shake_serve(&k, k.c, &did), 0);
	assert_int_equal(pass(k.c, k.s, NULL), ERR_OPEN);
	assert_true(handshake_proved(k.s));
	shake_expect_error(k.s, "protocol");
	shake_free(&k);
}

/* --- messages of a stranger ---------------------------------------------- */

static json_t *honest(int n)
{
	struct buf m;

	buf_init(&m, 1 << 20);
	assert_int_equal(buf_put(&m, world.m[n].p, world.m[n].len), 0);
	return opened(m);
}

/* Feeds `o`, which is released, to the state that receives message n. */
static int feed(struct shake *k, int n, json_t *o)
{
	struct handshake *h = shake_at(k, shake_receiver[n]);
	struct buf m = shake_json(o);
	size_t used;
	int r = shake_feed(h, m.p, m.len, 0, &used);

	buf_free(&m);
	return r;
}

/* The shape of the offer is checked by every server, whatever it has. */
static void shapes_of_an_offer(void **state)
{
	static const struct {
		const char *kem;
		int error;
	} t[] = {
	    {"{}", 0},
	    {"{\"other\":1}", 0},
	    {"null", ERR_JSON},
	    {"true", ERR_JSON},
	    {"\"mlkem768\"", ERR_JSON},
	    {"[]", ERR_JSON},
	    {"{\"mlkem768\":null}", ERR_JSON},
	    {"{\"mlkem768\":7}", ERR_JSON},
	    {"{\"mlkem768\":\"\"}", ERR_BASE64},
	    {"{\"mlkem768\":\"AAAA\"}", ERR_BASE64},
	    {"{\"mlkem768\":\"!\"}", ERR_BASE64},
	};
	static const size_t sizes[] = {0, 1, 1183, 1184, 1185, 2368};
	uint8_t key[2368] = {0};
	struct shake k;
	json_t *o, *kem;
	size_t i;
	int r;

	(void)state;
	shake_begin(&k, &world);
	for (k.pq_s = HS_PQ_ABSENT; k.pq_s <= HS_PQ_OFFERED; k.pq_s++) {
		for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
			o = honest(1);
			kem = json_loads(t[i].kem, JSON_DECODE_ANY, NULL);
			assert_int_equal(json_object_set_new(o, "kem", kem), 0);
			r = feed(&k, 1, o);
			assert_true(t[i].error == 0 ? r == 0 : err_is_peer(r));
		}
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			o = honest(1);
			kem = json_object();
			shake_set_b64(kem, "mlkem768", key, sizes[i]);
			json_object_set_new(o, "kem", kem);
			r = feed(&k, 1, o);
			assert_true(sizes[i] == WIRE_MLKEM_PUBLIC
					? r == 0
					: err_is_peer(r));
		}
	}
	shake_free(&k);
}

/* A choice that nobody offered, or that does not exist. */
static void choices(void **state)
{
	static const char *const bad[] = {
	    "null", "1", "\"\"", "\"mlkem1024\"", "{\"mlkem768\":1}"};
	struct shake k;
	json_t *o;
	size_t i;

	(void)state;
	shake_begin(&k, &world);
	o = honest(2);
	json_object_set_new(o, "kem", json_string("mlkem768"));
	assert_int_equal(feed(&k, 2, o), ERR_STATE);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		o = honest(2);
		json_object_set_new(
		    o, "kem", json_loads(bad[i], JSON_DECODE_ANY, NULL));
		assert_int_equal(feed(&k, 2, o), ERR_JSON);
	}
	shake_free(&k);
}

/* A ciphertext that nobody asked for, and ones of a wrong size. */
static void unasked(void **state)
{
	static const size_t sizes[] = {0, 1, 1087, 1088, 1089};
	uint8_t text[1089] = {0};
	struct shake k;
	json_t *o;
	size_t i;
	int r;

	(void)state;
	shake_begin(&k, &world);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		o = honest(4);
		shake_set_b64(o, "kem", text, sizes[i]);
		r = feed(&k, 4, o);
		/* It is not in what the server signed. */
		if (sizes[i] == WIRE_MLKEM_SEALED)
			assert_int_equal(r, ERR_PROOF);
		else
			assert_true(err_is_peer(r));
	}
	shake_free(&k);
}

/* A key with a coefficient out of range is found when the guess is granted: no
 * confirm is sent, so it is no guess. An all-zero key is a key. */
static void keys_out_of_range(void **state)
{
	uint8_t key[WIRE_MLKEM_PUBLIC];
	struct shake k;
	json_t *o, *kem;
	size_t n, i;

	(void)state;
	need_mlkem();
	shake_begin(&k, &world);
	k.pq_s = HS_PQ_OFFERED;
	for (i = 0; i < 2; i++) {
		memset(key, i == 0 ? 0xff : 0, sizeof(key));
		o = honest(1);
		kem = json_object();
		shake_set_b64(kem, "mlkem768", key, sizeof(key));
		json_object_set_new(o, "kem", kem);
		assert_int_equal(feed(&k, 1, o), 0);
		handshake_consume(k.s, 1 << 20);
		assert_int_equal(
		    shake_feed(k.s, world.m[3].p, world.m[3].len, 0, &n), 0);
		if (i == 0) {
			assert_int_equal(handshake_grant(k.s), ERR_KEY);
			assert_int_equal(handshake_messages(k.s), 3);
			shake_expect_error(k.s, "protocol");
		} else {
			assert_int_equal(handshake_grant(k.s), 0);
		}
		assert_null(k.s->kem_public);
	}
	shake_free(&k);
}

int main(void)
{
	static const char *const have[] = {"absent", "offered", "required"};
	struct check_group g = {0};
	size_t i;
	int failed;

	shake_world_init(&world);
	assert_int_equal(kem_mlkem_find(world.crypto, &there), 0);
	memset(other_kem, 7, sizeof(other_kem));
	check_add(&g, found, NULL, "what libcrypto has");
	for (i = 0; i < sizeof(pairings) / sizeof(pairings[0]); i++)
		check_add(&g, pairing, (void *)(uintptr_t)&pairings[i],
		    "server %s, client %s", have[pairings[i].server],
		    have[pairings[i].client]);
	check_add(&g, secrets_go, NULL, "secrets are wiped");
	check_add(&g, secrets_go_early, NULL, "secrets are wiped early");
	check_add(&g, changed, NULL, "taken out or changed on the way");
	check_add(&g, a_secret_that_differs, NULL, "a secret that differs");
	check_add(&g, shapes_of_an_offer, NULL, "shapes of an offer");
	check_add(&g, choices, NULL, "choices");
	check_add(&g, unasked, NULL, "a ciphertext that nobody asked for");
	check_add(&g, keys_out_of_range, NULL, "keys out of range");
	failed = check_run("handshake_pq", &g);
	shake_world_free(&world);
	return failed;
}
