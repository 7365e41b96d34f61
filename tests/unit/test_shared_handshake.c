/* Section 2 of PROTOCOL.md, the state table and its driver: both ends in one
 * process, with messages in and out of order. */
#include "tests/unit/shake.h"

#include "shared/proto/handshake_int.h"

static struct shake_world world;

static void expect_link(const struct link_keys *c, const struct link_keys *s)
{
	struct link_frame f = {9, (const uint8_t *)"hello", 5};
	struct link *lc = link_new(world.crypto, c, LINK_CLIENT);
	struct link *ls = link_new(world.crypto, s, LINK_SERVER);
	struct buf b;
	struct rd rd;
	int i;

	buf_init(&b, 1000);
	assert_non_null(lc);
	assert_non_null(ls);
	for (i = 0; i < 2; i++) {
		buf_clear(&b);
		assert_int_equal(link_record(i ? ls : lc, &b, &f, 1), 0);
		assert_int_equal(link_open(i ? lc : ls, b.p, b.len, &rd), 0);
	}
	buf_free(&b);
	link_free(lc);
	link_free(ls);
}

/* --- the honest run --- */

static void honest(void **state)
{
	const struct hs_result *c, *s;
	uint8_t fp[WIRE_HASH], th5[WIRE_HASH];
	struct part all[5];
	struct shake k;
	size_t i;

	(void)state;
	shake_init(&k, &world);
	assert_null(handshake_result(k.c));
	assert_null(handshake_result(k.s));
	assert_null(handshake_server_identity(k.c));
	shake_run(&k);
	assert_int_equal(handshake_need(k.c), HS_DONE);
	assert_int_equal(handshake_need(k.s), HS_DONE);
	c = handshake_result(k.c);
	s = handshake_result(k.s);
	assert_non_null(c);
	assert_non_null(s);
	assert_memory_equal(&c->keys, &s->keys, sizeof(c->keys));
	expect_link(&c->keys, &s->keys);
	/* th(5) is the hash that PROTOCOL.md defines over the bytes on the
	 * wire. */
	for (i = 0; i < 5; i++)
		all[i] = (struct part){world.m[i + 1].p, world.m[i + 1].len};
	assert_int_equal(crypto_hash_parts(world.crypto, th5, all, 5), 0);
	assert_memory_equal(c->th5, th5, sizeof(th5));
	assert_memory_equal(s->th5, th5, sizeof(th5));
	assert_memory_equal(c->session, world.session, WIRE_NONCE);
	assert_memory_equal(c->server, identity_public(world.server), 32);
	assert_memory_equal(s->server, c->server, 32);
	assert_memory_equal(handshake_server_identity(k.c), c->server, 32);
	assert_int_equal(s->refusal, CODE_NONE);
	assert_string_equal(s->card.name, "alice");
	assert_string_equal(s->card.room, "");
	assert_memory_equal(s->card.identity, identity_public(world.alice), 32);
	assert_memory_equal(s->card.agree, dh_public(world.agree), 32);
	assert_int_equal(
	    kem_rsa_spki_check(s->card.wrap_spki, s->card.wrap_spki_len), 0);
	assert_int_equal(s->card.bytes.len, c->card.bytes.len);
	assert_memory_equal(
	    s->card.bytes.p, c->card.bytes.p, c->card.bytes.len);
	assert_int_equal(
	    crypto_hash1(world.crypto, fp, s->card.bytes.p, s->card.bytes.len),
	    0);
	assert_memory_equal(s->card.hash, fp, sizeof(fp));
	assert_memory_equal(c->card.hash, fp, sizeof(fp));
	assert_memory_equal(s->card.signature, c->card.signature, 64);
	shake_free(&k);
	handshake_free(NULL);
}

/* The same seeds give the same bytes. If only the server's randomness differs,
 * its messages and everything that depends on the transcript differ. */
static void repeatable(void **state)
{
	struct handshake *from, *to;
	struct shake k;
	struct buf b;
	size_t i, used;
	bool did, same;

	(void)state;
	shake_init(&k, &world);
	k.seed_s++;
	for (i = 1; i <= 5; i++) {
		from = i % 2 == 1 ? k.c : k.s;
		to = i % 2 == 1 ? k.s : k.c;
		b = shake_output(from);
		same = b.len == world.m[i].len &&
		       memcmp(b.p, world.m[i].p, b.len) == 0;
		assert_true(same == (i == 1 || i == 3));
		assert_int_equal(shake_feed(to, b.p, b.len, 0, &used), 0);
		assert_int_equal(shake_serve(&k, to, &did), 0);
		buf_free(&b);
	}
	assert_int_equal(handshake_need(k.s), HS_DONE);
	shake_free(&k);
}

/* The order of needs; and no message is sent too early. */
static void needs(void **state)
{
	struct hs_kdf_job job;
	struct shake k;
	size_t n;

	(void)state;
	shake_begin(&k, &world);
	assert_int_equal(
	    handshake_need(shake_at(&k, ST_SERVER_HELLO)), HS_NEED_INPUT);
	(void)handshake_output(k.s, &n);
	assert_int_equal(n, 0);
	assert_int_equal(
	    handshake_need(shake_at(&k, ST_SERVER_SHARE)), HS_NEED_INPUT);
	assert_int_equal(
	    handshake_need(shake_at(&k, ST_SERVER_TURN)), HS_NEED_GRANT);
	(void)handshake_output(k.s, &n);
	assert_int_equal(n, 0);
	assert_false(shake_open_guess(k.s));
	assert_int_equal(
	    handshake_need(shake_at(&k, ST_SERVER_FINISH)), HS_NEED_INPUT);
	assert_true(shake_open_guess(k.s));
	assert_false(handshake_proved(k.s));
	assert_int_equal(handshake_need(shake_at(&k, ST_DONE)), HS_DONE);
	assert_false(shake_open_guess(k.s));
	assert_true(handshake_proved(k.s));
	assert_int_equal(
	    handshake_need(shake_at(&k, ST_CLIENT_CHALLENGE)), HS_NEED_INPUT);
	assert_int_equal(handshake_kdf_job(k.c, &job), ERR_STATE);
	assert_int_equal(
	    handshake_need(shake_at(&k, ST_CLIENT_KDF)), HS_NEED_KDF);
	assert_int_equal(handshake_kdf_job(k.c, &job), 0);
	assert_int_equal(job.kdf.n, world.kdf.n);
	assert_int_equal(job.kdf.r, world.kdf.r);
	assert_int_equal(job.kdf.p, world.kdf.p);
	assert_memory_equal(job.salt, world.salt, sizeof(job.salt));
	(void)handshake_output(k.c, &n);
	assert_int_equal(n, 0);
	assert_int_equal(
	    handshake_need(shake_at(&k, ST_CLIENT_CONFIRM)), HS_NEED_INPUT);
	assert_int_equal(handshake_kdf_job(k.c, &job), ERR_STATE);
	assert_int_equal(
	    handshake_need(shake_at(&k, ST_CLIENT_CARD)), HS_NEED_CARD);
	(void)handshake_output(k.c, &n);
	assert_int_equal(n, 0);
	shake_free(&k);
}

/* Secrets are wiped right after their last use, however the handshake ends. */
static void secrets_go(void **state)
{
	static const struct pake_keys no_keys;
	static const struct link_keys no_link;
	static const uint8_t zero[WIRE_HASH];
	struct shake k;
	int i;

	(void)state;
	shake_begin(&k, &world);
	shake_at(&k, ST_CLIENT_CARD);
	assert_null(k.c->pake);
	assert_memory_equal(k.c->keys.shared, zero, sizeof(zero));
	assert_memory_not_equal(k.c->s4, zero, sizeof(zero));
	shake_at(&k, ST_SERVER_FINISH);
	assert_null(k.s->pake);
	/* It is not used before the client's confirmation is checked. */
	assert_memory_equal(k.s->s4, zero, sizeof(zero));
	shake_go_on(&k, k.s);
	shake_go_on(&k, k.c);
	for (i = 0; i < 2; i++) {
		const struct handshake *h = i ? k.s : k.c;

		assert_memory_equal(&h->keys, &no_keys, sizeof(no_keys));
		assert_memory_equal(h->s4, zero, sizeof(zero));
		assert_null(h->pake);
		assert_null(h->in.p);
		assert_memory_not_equal(
		    &h->result.keys, &no_link, sizeof(no_link));
	}
	for (i = ST_SERVER_HELLO; i <= ST_CLIENT_CARD; i++) {
		struct handshake *h = shake_at(&k, i);
		size_t used;

		if (handshake_need(h) != HS_NEED_INPUT)
			continue;
		assert_int_not_equal(
		    handshake_input(h, (const uint8_t *)"\0\0\0\0", 4, &used),
		    0);
		assert_memory_equal(&h->keys, &no_keys, sizeof(no_keys));
		assert_memory_equal(h->s4, zero, sizeof(zero));
		assert_null(h->pake);
		assert_null(handshake_result(h));
	}
	shake_free(&k);
}

/* --- order --- */

static void out_of_order(void **state)
{
	size_t n, used;
	struct handshake *h;
	struct shake k;
	int at, r;

	(void)state;
	shake_begin(&k, &world);
	for (at = ST_SERVER_HELLO; at <= ST_DONE; at++)
		for (n = 1; n <= 5; n++) {
			h = shake_at(&k, at);
			r = handshake_input(
			    h, world.m[n].p, world.m[n].len, &used);
			if (handshake_need(h) == HS_DONE || used == 0) {
				/* It does not expect input, or this is its last
				 * message. */
				assert_int_equal(r, 0);
				assert_true(
				    used == 0 || at == shake_receiver[n]);
			} else if (at == shake_receiver[n]) {
				assert_int_equal(r, 0);
				assert_int_equal(h->state, shake_after[n]);
			} else {
				assert_int_equal(r, ERR_STATE);
				assert_int_equal(handshake_need(h), HS_FAILED);
				assert_null(handshake_error(h));
			}
			assert_true(used == 0 || used == world.m[n].len);
		}
	shake_free(&k);
}

/* Input that is not needed is not consumed, and does not change the state. */
static void not_listening(void **state)
{
	static const int deaf[] = {
	    ST_SERVER_TURN, ST_CLIENT_KDF, ST_CLIENT_CARD, ST_DONE};
	struct handshake *h;
	struct shake k;
	size_t i, used;

	(void)state;
	shake_begin(&k, &world);
	for (i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++) {
		h = shake_at(&k, deaf[i]);
		assert_int_equal(
		    handshake_input(
			h, (const uint8_t *)"GET / HTTP/1.1\r\n", 16, &used),
		    0);
		assert_int_equal(used, 0);
		assert_int_equal(h->state, deaf[i]);
		shake_go_on(&k, h);
	}
	h = shake_at(&k, ST_SERVER_HELLO);
	assert_int_equal(
	    handshake_input(h, (const uint8_t *)"GET ", 4, &used), ERR_RANGE);
	assert_int_equal(
	    handshake_input(h, world.m[1].p, world.m[1].len, &used), ERR_STATE);
	assert_int_equal(used, 0);
	shake_free(&k);
}

/* The driver's calls in every state: in a wrong state they are refused, and the
 * handshake continues as if they had not happened. */
static void calls_out_of_place(void **state)
{
	struct hs_card_opts card = {
	    "alice", "", world.alice, world.wrap, world.agree,
	    (const uint8_t *)SHAKE_INSTANCE, NULL};
	struct hs_kdf_job job;
	struct handshake *h;
	struct shake k;
	int at;

	(void)state;
	shake_begin(&k, &world);
	for (at = ST_SERVER_HELLO; at <= ST_DONE; at++) {
		h = shake_at(&k, at);
		if (at != ST_SERVER_TURN)
			assert_int_equal(handshake_grant(h), ERR_STATE);
		if (at != ST_CLIENT_KDF) {
			assert_int_equal(handshake_kdf_job(h, &job), ERR_STATE);
			assert_int_equal(
			    handshake_stretched(h, world.stretched), ERR_STATE);
		}
		if (at != ST_CLIENT_CARD)
			assert_int_equal(handshake_card(h, &card), ERR_STATE);
		if (at >= ST_CLIENT_CHALLENGE)
			assert_int_equal(
			    handshake_refuse(h, CODE_FULL, ""), ERR_STATE);
		assert_int_equal(h->state, at);
		shake_go_on(&k, h);
	}
	shake_free(&k);
}

/* --- lengths --- */

static void lengths(void **state)
{
	static const struct {
		uint8_t b[6];
		size_t n;
		int r;
	} t[] = {
	    {{0, 0, 0, 0}, 4, ERR_RANGE},
	    {{0, 0, 0, 1}, 4, ERR_RANGE},
	    {{0, 0, 0, 2}, 4, 0},
	    {{0, 0, 0, 2, '{', '}'}, 6, ERR_JSON},
	    {{0, 0, 0x40, 0}, 4, 0},
	    {{0, 0, 0x40, 1}, 4, ERR_RANGE},
	    {{0x7f, 0xff, 0xff, 0xff}, 4, ERR_RANGE},
	    {{0x80, 0, 0, 0}, 4, ERR_RANGE},
	    {{0xff, 0xff, 0xff, 0xff}, 4, ERR_RANGE},
	    {{0x16, 0x03, 0x01, 0x02}, 4, ERR_RANGE}, /* TLS */
	    {{'S', 'S', 'H', '-'}, 4, ERR_RANGE},
	    {{0, 0, 1, 0, '{'}, 5, 0},
	    {{0, 0, 1, 0, ' '}, 5, ERR_JSON},
	    {{0, 0, 1, 0, '['}, 5, ERR_JSON},
	    {{0, 0, 1, 0, 0xef}, 5, ERR_JSON},
	    {{0, 0, 1, 0, 0}, 5, ERR_JSON},
	};
	static const int at[] = {ST_SERVER_HELLO, ST_SERVER_SHARE,
	    ST_SERVER_FINISH, ST_CLIENT_CHALLENGE, ST_CLIENT_CONFIRM};
	struct handshake *h;
	struct shake k;
	size_t i, j, step, used;

	(void)state;
	shake_begin(&k, &world);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (j = 0; j < sizeof(at) / sizeof(at[0]); j++)
			for (step = 0; step < 2; step++) {
				h = shake_at(&k, at[j]);
				assert_int_equal(
				    shake_feed(h, t[i].b, t[i].n, step, &used),
				    t[i].r);
				assert_int_equal(handshake_need(h),
				    t[i].r != 0 ? HS_FAILED : HS_NEED_INPUT);
			}
	shake_free(&k);
}

/* A hello of exactly 16 KiB is accepted; memory grows only with the bytes
 * received. */
static void largest(void **state)
{
	const char *m = (const char *)world.m[1].p + WIRE_LENGTH;
	size_t n = world.m[1].len - WIRE_LENGTH, used;
	char *text = malloc(WIRE_HANDSHAKE_MAX);
	struct handshake *h;
	struct shake k;
	struct buf b;

	(void)state;
	assert_non_null(text);
	shake_begin(&k, &world);
	memcpy(text, m, n - 1);
	memset(text + n - 1, ' ', WIRE_HANDSHAKE_MAX - n);
	text[WIRE_HANDSHAKE_MAX - 1] = '}';
	b = shake_message(text, WIRE_HANDSHAKE_MAX);
	h = shake_at(&k, ST_SERVER_HELLO);
	assert_int_equal(handshake_input(h, b.p, 10, &used), 0);
	assert_true(h->in.cap < 1000);
	assert_int_equal(handshake_input(h, b.p + 10, b.len - 10, &used), 0);
	assert_int_equal(h->state, ST_SERVER_SHARE);
	buf_free(&b);
	free(text);
	shake_free(&k);
}

/* --- refusals --- */

static void refuse(void **state)
{
	struct handshake *h;
	struct shake k;
	struct buf b;
	size_t used;
	int at;

	(void)state;
	shake_begin(&k, &world);
	for (at = ST_SERVER_HELLO; at <= ST_SERVER_FINISH; at++) {
		h = shake_at(&k, at);
		assert_int_equal(handshake_refuse(h, CODE_TRY_LATER, NULL), 0);
		assert_int_equal(handshake_need(h), HS_FAILED);
		shake_expect_error(h, "try_later");
		assert_int_equal(
		    handshake_refuse(h, CODE_TRY_LATER, ""), ERR_STATE);
		assert_int_equal(handshake_grant(h), ERR_STATE);
		/* An open guess still counts as failed. */
		assert_int_equal(
		    shake_open_guess(h), at == ST_SERVER_FINISH);
		assert_null(h->pake);
	}
	/* The client's side of a refusal. */
	h = shake_at(&k, ST_SERVER_TURN);
	assert_int_equal(handshake_refuse(h, CODE_FULL, "come \"again\""), 0);
	b = shake_output(h);
	for (at = ST_CLIENT_CHALLENGE; at <= ST_CLIENT_CONFIRM; at += 2) {
		h = shake_at(&k, at);
		assert_null(handshake_error(h));
		assert_int_equal(
		    shake_feed(h, b.p, b.len, 1, &used), ERR_REFUSED);
		assert_int_equal(handshake_need(h), HS_FAILED);
		assert_non_null(handshake_error(h));
		assert_int_equal(handshake_error(h)->code, CODE_FULL);
		assert_string_equal(handshake_error(h)->word, "full");
		assert_string_equal(handshake_error(h)->text, "come \"again\"");
		(void)handshake_output(h, &used);
		assert_int_equal(used, 0);
	}
	/* A server does not accept a refusal from a client. */
	h = shake_at(&k, ST_SERVER_SHARE);
	assert_int_equal(shake_feed(h, b.p, b.len, 0, &used), ERR_STATE);
	shake_expect_error(h, "protocol");
	buf_free(&b);
	shake_free(&k);
}

static void wrong_password(void **state)
{
	struct shake k;
	struct buf b;
	size_t used;

	(void)state;
	/* The client detects it first and never sends its card. */
	world.other_password = true;
	shake_init(&k, &world);
	shake_run(&k);
	world.other_password = false;
	assert_int_equal(handshake_need(k.c), HS_FAILED);
	assert_int_equal(handshake_need(k.s), HS_NEED_INPUT);
	assert_true(shake_open_guess(k.s));
	assert_false(handshake_proved(k.s));
	b = shake_output(k.c);
	assert_int_equal(b.len, 0);
	buf_free(&b);
	/* A client that continues anyway gets the error, and has used its
	 * guess. */
	assert_int_equal(
	    shake_feed(k.s, world.m[5].p, world.m[5].len, 0, &used),
	    ERR_CONFIRM);
	shake_expect_error(k.s, "bad_password");
	assert_true(shake_open_guess(k.s));
	assert_false(handshake_proved(k.s));
	shake_free(&k);
}

/* The priority of the three errors when several apply. */
static void proof_pin_confirm(void **state)
{
	uint8_t pin[WIRE_HASH];
	struct handshake *h;
	struct shake k;
	struct buf m;
	size_t used;
	int bad;

	(void)state;
	shake_begin(&k, &world);
	assert_int_equal(ed25519_fingerprint(
			     world.crypto, pin, identity_public(world.server)),
	    0);
	for (bad = 0; bad < 8; bad++) { /* bits: 1 confirm, 2 pin, 4 proof */
		k.pin = pin;
		world.other_password = bad & 1;
		shake_at(&k, ST_SERVER_TURN);
		world.other_password = false;
		assert_int_equal(handshake_grant(k.s), 0);
		m = shake_output(k.s);
		if (bad & 4) /* within the base64 of the proof, at the end */
			m.p[m.len - 20] = m.p[m.len - 20] == 'A' ? 'B' : 'A';
		h = shake_at(&k, ST_CLIENT_CONFIRM);
		if (bad & 2) /* after it was right in message 2 */
			h->pin[0] ^= 1;
		assert_int_equal(
		    shake_feed(h, m.p, m.len, 0, &used), bad & 4   ? ERR_PROOF
							 : bad & 2 ? ERR_PIN
							 : bad & 1 ? ERR_CONFIRM
								   : 0);
		assert_int_equal(
		    handshake_need(h), bad ? HS_FAILED : HS_NEED_CARD);
		/* So that the UI can show both fingerprints. */
		assert_memory_equal(handshake_server_identity(h),
		    identity_public(world.server), 32);
		buf_free(&m);
	}
	shake_free(&k);
}

/* Under another key than the pinned one: no scrypt, no share. */
static void pin_before_scrypt(void **state)
{
	const uint8_t wrong[WIRE_HASH] = {1};
	struct handshake *h;
	struct shake k;
	size_t used, n;

	(void)state;
	shake_begin(&k, &world);
	k.pin = wrong;
	h = shake_at(&k, ST_CLIENT_CHALLENGE);
	(void)handshake_output(h, &n);
	handshake_consume(h, n); /* hello */
	assert_int_equal(
	    shake_feed(h, world.m[2].p, world.m[2].len, 0, &used), ERR_PIN);
	assert_int_equal(handshake_need(h), HS_FAILED);
	(void)handshake_output(h, &n);
	assert_int_equal(n, 0);
	assert_memory_equal(
	    handshake_server_identity(h), identity_public(world.server), 32);
	shake_free(&k);
}

/* --- local errors --- */

static void no_randomness(void **state)
{
	struct hs_client_opts o = {0};
	struct shake k;
	struct buf b;
	size_t used;

	(void)state;
	shake_begin(&k, &world);
	shake_at(&k, ST_SERVER_HELLO);
	k.rng_left = 0; /* the nonce */
	assert_int_equal(
	    shake_feed(k.s, world.m[1].p, world.m[1].len, 0, &used),
	    ERR_CRYPTO);
	assert_int_equal(handshake_need(k.s), HS_FAILED);
	b = shake_output(k.s); /* not the client's fault: no error is sent */
	assert_int_equal(b.len, 0);
	buf_free(&b);
	k.rng_left = -1;
	shake_at(&k, ST_SERVER_TURN);
	shake_at(&k, ST_CLIENT_KDF);
	k.rng_left = 0; /* y, x */
	assert_int_equal(handshake_grant(k.s), ERR_CRYPTO);
	assert_false(shake_open_guess(k.s));
	assert_int_equal(handshake_stretched(k.c, world.stretched), ERR_CRYPTO);
	assert_int_equal(handshake_need(k.s), HS_FAILED);
	assert_int_equal(handshake_need(k.c), HS_FAILED);
	k.rng_left = -1;
	world.account_fails = ERR_NOMEM;
	shake_server(&k);
	assert_int_equal(
	    shake_feed(k.s, world.m[1].p, world.m[1].len, 0, &used), ERR_NOMEM);
	world.account_fails = 0;
	assert_int_equal(handshake_need(k.s), HS_FAILED);
	shake_free(&k);

	o.crypto = world.crypto;
	o.account = "not a name";
	assert_null(handshake_client(&o));
	o.account = "";
	assert_null(handshake_client(&o));
}

int main(void)
{
	struct check_group g = {0};
	int failed;

	shake_world_init(&world);
	check_add(&g, honest, NULL, "an honest handshake");
	check_add(&g, repeatable, NULL, "the same seeds, the same bytes");
	check_add(&g, needs, NULL, "what is needed when");
	check_add(&g, secrets_go, NULL, "secrets go when they are used");
	check_add(&g, out_of_order, NULL, "every message in every state");
	check_add(&g, not_listening, NULL, "deaf where nothing is needed");
	check_add(&g, calls_out_of_place, NULL, "every call in every state");
	check_add(&g, lengths, NULL, "lengths and first bytes");
	check_add(&g, largest, NULL, "the largest message");
	check_add(&g, refuse, NULL, "refusals");
	check_add(&g, wrong_password, NULL, "a wrong password");
	check_add(&g, proof_pin_confirm, NULL, "proof, pin, confirm");
	check_add(&g, pin_before_scrypt, NULL, "the pin before scrypt");
	check_add(&g, no_randomness, NULL, "our own faults");
	failed = check_run("handshake", &g);
	shake_world_free(&world);
	return failed;
}
