/* Section 2 of PROTOCOL.md with a man in the middle. The attacker changes one
 * thing that the other side would accept, signs again where possible, reflects
 * messages and replays recorded ones. */
#include "tests/unit/shake.h"

#include "shared/proto/handshake_int.h"

static struct shake_world world;

/* One message changed in transit. `anew`: the attacker puts another identity
 * into the challenge and signs `confirm` with it, over what the client has
 * seen. */
struct row {
	const char *name;
	size_t n; /* 0: none */
	void (*change)(json_t *o);
	bool anew, pinned;
	int client, server; /* input's result for message 4, for message 5 */
};

static void no_change(json_t *o)
{
	(void)o;
}

static void older_version_too(json_t *o)
{
	json_object_set_new(
	    o, "protocols", json_pack("[s,s]", "conclave/1", "conclave/0"));
}

static void another_account(json_t *o)
{
	json_object_set_new(o, "account", json_string("bob"));
}

static void another_of(json_t *o, const char *key)
{
	uint8_t b[WIRE_NONCE];

	assert_int_equal(json_b64(o, key, b, sizeof(b)), 0);
	b[31] ^= 1;
	shake_set_b64(o, key, b, sizeof(b));
}

static void another_nonce(json_t *o)
{
	another_of(o, "nonce");
}

static void another_salt(json_t *o)
{
	another_of(o, "salt");
}

static void another_session(json_t *o)
{
	another_of(o, "session");
}

/* The test's client uses the right stretched password whatever cost it gets.
 * The run fails only because the two ends saw different costs. */
static void lower_cost(json_t *o)
{
	json_t *kdf = json_object_get(o, "kdf");

	assert_int_equal(
	    json_integer_value(json_object_get(kdf, "n")), 1 << 15);
	json_object_set_new(kdf, "n", json_integer(1 << 14));
}

/* Another valid point: the client's own share with its sign changed. */
static void another_share(json_t *o)
{
	static const uint8_t p[32] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0,
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t s[WIRE_SHARE];
	int i, d, borrow = 0;

	assert_int_equal(json_b64(o, "share", s, sizeof(s)), 0);
	for (i = 31; i >= 0; i--) {
		d = p[i] - s[33 + i] - borrow;
		borrow = d < 0;
		s[33 + i] = (uint8_t)d;
	}
	shake_set_b64(o, "share", s, sizeof(s));
}

/* Reflects the client's own share. */
static void own_share(json_t *o)
{
	uint8_t s[WIRE_SHARE];
	json_t *m3 = json_loadb((const char *)world.m[3].p + WIRE_LENGTH,
	    world.m[3].len - WIRE_LENGTH, 0, NULL);

	assert_int_equal(json_b64(m3, "share", s, sizeof(s)), 0);
	shake_set_b64(o, "share", s, sizeof(s));
	json_decref(m3);
}

/* Reflects the server's own confirmation. */
static void own_confirmation(json_t *o)
{
	uint8_t c[WIRE_CONFIRM];
	json_t *m4 = json_loadb((const char *)world.m[4].p + WIRE_LENGTH,
	    world.m[4].len - WIRE_LENGTH, 0, NULL);

	assert_int_equal(json_b64(m4, "confirm", c, sizeof(c)), 0);
	shake_set_b64(o, "confirm", c, sizeof(c));
	json_decref(m4);
}

static void no_confirmation(json_t *o)
{
	static const uint8_t zero[WIRE_CONFIRM];

	shake_set_b64(o, "confirm", zero, sizeof(zero));
}

#define CHANGE(name, n, change)                                                \
	{name, n, change, false, true, ERR_PROOF, 0},                          \
	    {name ", signed anew", n, change, true, false, ERR_CONFIRM, 0},    \
	{                                                                      \
		name ", signed anew, pinned", n, change, true, true, ERR_PIN,  \
		    0                                                          \
	}
static const struct row rows[] = {
    {"nothing changed", 0, no_change, false, true, 0, 0},
    {"another identity", 0, no_change, true, false, ERR_CONFIRM, 0},
    {"another identity, pinned", 0, no_change, true, true, ERR_PIN, 0},
    CHANGE("an older version offered too", 1, older_version_too),
    CHANGE("another account", 1, another_account),
    CHANGE("another nonce of the client's", 1, another_nonce),
    CHANGE("a lower cost", 2, lower_cost),
    CHANGE("another salt", 2, another_salt),
    CHANGE("another session", 2, another_session),
    CHANGE("another nonce of the server's", 2, another_nonce),
    CHANGE("another share of the client's", 3, another_share),
    CHANGE("another share of the server's", 4, another_share),
    CHANGE("the client's share turned round", 4, own_share),
    CHANGE("no confirmation of the server's", 4, no_confirmation),
    {"the server's confirmation turned round", 5, own_confirmation, false, true,
	0, ERR_CONFIRM},
    {"no confirmation of the client's", 5, no_confirmation, false, true, 0,
	ERR_CONFIRM},
};

struct middle {
	const struct row *row;
	struct shake k;
	struct buf seen[5]; /* [1..4]: as the client sent or received them */
};

/* Mallory's proof over what the client has seen. */
static void sign_anew(struct middle *m, json_t *o)
{
	static const char label[] = "conclave/1 server proof";
	uint8_t th3[WIRE_HASH], share[WIRE_SHARE], confirm[WIRE_CONFIRM];
	uint8_t sig[WIRE_SIGNATURE];
	struct part all[3],
	    parts[4] = {{label, sizeof(label)}, {th3, sizeof(th3)},
		{share, sizeof(share)}, {confirm, sizeof(confirm)}};
	size_t i;

	for (i = 0; i < 3; i++)
		all[i] = (struct part){m->seen[i + 1].p, m->seen[i + 1].len};
	assert_int_equal(crypto_hash_parts(world.crypto, th3, all, 3), 0);
	assert_int_equal(json_b64(o, "share", share, sizeof(share)), 0);
	assert_int_equal(json_b64(o, "confirm", confirm, sizeof(confirm)), 0);
	assert_int_equal(identity_sign(world.mallory, sig, parts, 4), 0);
	shake_set_b64(o, "proof", sig, sizeof(sig));
}

/* Returns message n as the attacker forwards it. */
static struct buf pass(struct middle *m, size_t n, const struct buf *in)
{
	uint8_t spki[WIRE_ED25519_SPKI];
	json_t *o = json_loadb(
	    (const char *)in->p + WIRE_LENGTH, in->len - WIRE_LENGTH, 0, NULL);

	assert_non_null(o);
	if (n == m->row->n)
		m->row->change(o);
	if (m->row->anew && n == 2) {
		ed25519_spki(spki, identity_public(world.mallory));
		shake_set_b64(o, "identity", spki, sizeof(spki));
	}
	if (m->row->anew && n == 4)
		sign_anew(m, o);
	return shake_json(o);
}

/* Moves message n from one end to the other. Returns the result of input. */
static int move(struct middle *m, size_t n)
{
	struct handshake *from = n % 2 == 1 ? m->k.c : m->k.s;
	struct handshake *to = n % 2 == 1 ? m->k.s : m->k.c;
	struct buf sent = shake_output(from), passed = pass(m, n, &sent);
	size_t used;
	bool did;
	int r = shake_feed(to, passed.p, passed.len, 0, &used);

	if (r == 0)
		assert_int_equal(shake_serve(&m->k, to, &did), 0);
	if (n < 5)
		m->seen[n] = n % 2 == 1 ? sent : passed;
	else
		buf_free(&sent);
	if (n >= 5 || n % 2 == 1)
		buf_free(&passed);
	else
		buf_free(&sent);
	return r;
}

static void middle(void **state)
{
	struct middle m = {.row = *state};
	uint8_t pin[WIRE_HASH], spki[WIRE_ED25519_SPKI];
	const uint64_t n = world.kdf.n;
	size_t i, left, last;

	ed25519_spki(spki, identity_public(world.server));
	assert_int_equal(
	    crypto_hash1(world.crypto, pin, spki, sizeof(spki)), 0);
	if (m.row->change == lower_cost)
		world.kdf.n = 1 << 15;
	shake_begin(&m.k, &world);
	m.k.pin = m.row->pinned ? pin : NULL;
	shake_server(&m.k);
	shake_client(&m.k);
	/* The key is shown in message 2 and signs message 4. */
	last = m.row->client == ERR_PIN ? 2 : 4;
	for (i = 1; i < last; i++)
		assert_int_equal(move(&m, i), 0);
	assert_int_equal(move(&m, last), m.row->client);
	if (m.row->client != 0) {
		/* No personal data was sent, and the guess counts as failed. */
		assert_int_equal(handshake_need(m.k.c), HS_FAILED);
		(void)handshake_output(m.k.c, &left);
		assert_int_equal(left, 0);
		assert_int_equal(shake_open_guess(m.k.s), last == 4);
	} else {
		assert_int_equal(move(&m, 5), m.row->server);
		if (m.row->server != 0)
			shake_expect_error(m.k.s, "bad_password");
		assert_int_equal(handshake_need(m.k.s),
		    m.row->server == 0 ? HS_DONE : HS_FAILED);
	}
	assert_int_equal(
	    handshake_proved(m.k.s), m.row->client == 0 && m.row->server == 0);
	for (i = 1; i <= 4; i++)
		buf_free(&m.seen[i]);
	shake_free(&m.k);
	world.kdf.n = n;
}

/* All messages of a recorded client, replayed to the same server. */
static void recorded(void **state)
{
	struct shake k;
	struct buf b;
	size_t n, used;
	bool did;
	int r = 0;

	(void)state;
	shake_begin(&k, &world);
	shake_server(&k);
	k.seed_s ^= 1; /* its next exchange has other randomness */
	for (n = 1; n <= 5; n += 2) {
		assert_int_equal(r, 0);
		r = shake_feed(k.s, world.m[n].p, world.m[n].len, 0, &used);
		if (n < 5) {
			assert_int_equal(shake_serve(&k, k.s, &did), 0);
			b = shake_output(k.s);
			assert_memory_not_equal(b.p, world.m[n + 1].p,
			    b.len < world.m[n + 1].len ? b.len
						       : world.m[n + 1].len);
			buf_free(&b);
		}
	}
	assert_int_equal(r, ERR_CONFIRM);
	assert_false(handshake_proved(k.s));
	shake_expect_error(k.s, "bad_password");
	shake_free(&k);
}

/* A finish from a concurrent handshake of the same client. */
static void crossed(void **state)
{
	struct shake a, b;
	struct buf m;
	size_t n, used;
	bool did;

	(void)state;
	shake_init(&a, &world);
	shake_init(&b, &world);
	b.seed_s ^= 1;
	b.seed_c ^= 1;
	for (n = 1; n <= 4; n++) {
		struct shake *k;

		for (k = &a; k != NULL; k = k == &a ? &b : NULL) {
			struct handshake *to = n % 2 == 1 ? k->s : k->c;

			m = shake_output(n % 2 == 1 ? k->c : k->s);
			assert_int_equal(
			    shake_feed(to, m.p, m.len, 0, &used), 0);
			assert_int_equal(shake_serve(k, to, &did), 0);
			buf_free(&m);
		}
	}
	m = shake_output(a.c);
	assert_int_equal(shake_feed(b.s, m.p, m.len, 0, &used), ERR_CONFIRM);
	assert_int_equal(shake_feed(a.s, m.p, m.len, 0, &used), 0);
	assert_int_equal(handshake_need(a.s), HS_DONE);
	buf_free(&m);
	shake_free(&a);
	shake_free(&b);
}

/* After a wrong finish, no other one is accepted, not even the right one. */
static void second_finish(void **state)
{
	struct shake k;
	struct buf m;
	json_t *o = json_loadb((const char *)world.m[5].p + WIRE_LENGTH,
	    world.m[5].len - WIRE_LENGTH, 0, NULL);
	size_t used;

	(void)state;
	shake_begin(&k, &world);
	shake_at(&k, ST_SERVER_FINISH);
	no_confirmation(o);
	m = shake_json(o);
	assert_int_equal(shake_feed(k.s, m.p, m.len, 0, &used), ERR_CONFIRM);
	assert_int_equal(
	    shake_feed(k.s, world.m[5].p, world.m[5].len, 0, &used), ERR_STATE);
	assert_int_equal(used, 0);
	assert_false(handshake_proved(k.s));
	assert_null(handshake_result(k.s));
	buf_free(&m);
	/* The same message on a server that did not get the wrong one. */
	shake_at(&k, ST_SERVER_FINISH);
	assert_int_equal(
	    shake_feed(k.s, world.m[5].p, world.m[5].len, 0, &used), 0);
	assert_true(handshake_proved(k.s));
	shake_free(&k);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;
	int failed;

	shake_world_init(&world);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_add(&g, middle, (void *)(uintptr_t)&rows[i], "middle: %s",
		    rows[i].name);
	check_add(&g, recorded, NULL, "all of it again");
	check_add(&g, crossed, NULL, "a finish of the exchange beside");
	check_add(&g, second_finish, NULL, "a second finish");
	failed = check_run("middle", &g);
	shake_world_free(&world);
	return failed;
}
