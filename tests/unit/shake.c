/* Both ends of a handshake in one process, repeatable, with honest messages to
 * modify. */
#include "tests/unit/shake.h"

#include "shared/crypto/kem_rsa_int.h"
#include "shared/wire/b64.h"
#include "shared/proto/handshake_int.h"

/* --- the world --- */

static int seeded_fill(void *arg, void *out, size_t n)
{
	uint64_t *seed = arg;
	uint8_t *p = out;
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(check_random(seed) >> 24);
	return 0;
}

static struct identity *somebody(uint64_t seed)
{
	struct rng rng = {seeded_fill, &seed};
	struct identity *id = identity_new(&rng);

	assert_non_null(id);
	return id;
}

static void record_honest(struct shake_world *w)
{
	struct handshake *from, *to;
	struct shake k;
	bool did;
	size_t i, used;

	shake_init(&k, w);
	for (i = 1; i <= 5; i++) {
		from = i % 2 == 1 ? k.c : k.s;
		to = i % 2 == 1 ? k.s : k.c;
		w->m[i] = shake_output(from);
		assert_int_equal(
		    shake_feed(to, w->m[i].p, w->m[i].len, 0, &used), 0);
		assert_int_equal(used, w->m[i].len);
		assert_int_equal(shake_serve(&k, to, &did), 0);
	}
	assert_int_equal(handshake_need(k.s), HS_DONE);
	assert_int_equal(handshake_need(k.c), HS_DONE);
	shake_free(&k);
}

void shake_world_init(struct shake_world *w)
{
	static const char pw[] = "correct horse battery staple";
	uint8_t w0[PAKE_SCALAR] = {0}, w1[PAKE_SCALAR] = {0}, *der;
	json_t *example;
	uint64_t seed = 99;
	struct rng rng = {seeded_fill, &seed};
	size_t n;

	memset(w, 0, sizeof(*w));
	json_setup(); /* must run before any other object is made */
	example = check_vectors("example.json");
	w->crypto = crypto_new();
	w->server = somebody(1);
	w->alice = somebody(2);
	w->mallory = somebody(3);
	w->agree = dh_new(&rng);
	der = check_hex_at(example, "rsa", &n);
	w->wrap = kem_rsa_from_pkcs8(der, n);
	free(der);
	json_decref(example);
	assert_non_null(w->crypto);
	assert_non_null(w->agree);
	assert_non_null(w->wrap);
	seeded_fill(&seed, w->session, sizeof(w->session));
	seeded_fill(&seed, w->salt, sizeof(w->salt));
	w->kdf = (struct kdf){WIRE_SCRYPT_N_MIN, 8, 1};
	assert_int_equal(pake_stretch(w->stretched, pw, sizeof(pw) - 1, "*",
			     WIRE_PROTOCOL, w->salt, &w->kdf),
	    0);
	assert_int_equal(pake_scalars(w->w0, w->w1, w->stretched), 0);
	w->record = pake_record_new(w->w0, w->w1);
	w0[31] = 2;
	w1[31] = 3;
	w->other = pake_record_new(w0, w1);
	assert_non_null(w->record);
	assert_non_null(w->other);
	record_honest(w);
}

void shake_world_free(struct shake_world *w)
{
	size_t i;

	for (i = 1; i <= 5; i++)
		buf_free(&w->m[i]);
	pake_record_free(w->record);
	pake_record_free(w->other);
	kem_rsa_free(w->wrap);
	dh_free(w->agree);
	identity_free(w->server);
	identity_free(w->alice);
	identity_free(w->mallory);
	crypto_free(w->crypto);
}

/* --- both ends --- */

static int shake_fill(void *arg, void *out, size_t n, struct shake *k)
{
	if (k->rng_left == 0)
		return ERR_CRYPTO;
	if (k->rng_left > 0)
		k->rng_left--;
	return seeded_fill(arg, out, n);
}

static int fill_s(void *arg, void *out, size_t n)
{
	struct shake *k = arg;

	return shake_fill(&k->seed_s, out, n, k);
}

static int fill_c(void *arg, void *out, size_t n)
{
	struct shake *k = arg;

	return shake_fill(&k->seed_c, out, n, k);
}

static int find_account(void *arg, const char *name, struct hs_account *out)
{
	struct shake_world *w = arg;

	if (w->account_fails != 0)
		return w->account_fails;
	out->kdf = w->kdf;
	memcpy(out->salt, w->salt, sizeof(out->salt));
	out->record = w->record;
	if (w->other_password || strcmp(name, "*") != 0)
		out->record = w->other;
	return 0;
}

void shake_server(struct shake *k)
{
	struct hs_server_opts o = {0};

	handshake_free(k->s);
	k->seed_s = 1001;
	o.crypto = k->w->crypto;
	o.rng = (struct rng){fill_s, k};
	o.identity = k->w->server;
	memcpy(o.session, k->w->session, sizeof(o.session));
	o.account = find_account;
	o.arg = k->w;
	o.pq = k->pq_s;
	k->s = handshake_server(&o);
	assert_non_null(k->s);
}

void shake_client(struct shake *k)
{
	struct hs_client_opts o = {0};

	handshake_free(k->c);
	k->seed_c = 2002;
	o.crypto = k->w->crypto;
	o.rng = (struct rng){fill_c, k};
	o.account = "*";
	o.pin = k->pin;
	o.pq = k->pq_c;
	k->c = handshake_client(&o);
	assert_non_null(k->c);
}

void shake_begin(struct shake *k, struct shake_world *w)
{
	memset(k, 0, sizeof(*k));
	k->w = w;
	k->rng_left = -1;
}

void shake_init(struct shake *k, struct shake_world *w)
{
	shake_begin(k, w);
	shake_server(k);
	shake_client(k);
}

void shake_free(struct shake *k)
{
	handshake_free(k->s);
	handshake_free(k->c);
	k->s = k->c = NULL;
}

int shake_feed(
    struct handshake *h, const void *b, size_t n, size_t step, size_t *used)
{
	const uint8_t *p = b;
	size_t took, part;
	int r;

	*used = 0;
	do {
		part = n - *used;
		if (step != 0 && part > step)
			part = step;
		if ((r = handshake_input(h, p + *used, part, &took)) != 0)
			return r;
		assert_true(took <= part);
		*used += took;
	} while (*used < n && took == part && part > 0);
	return 0;
}

int shake_serve(struct shake *k, struct handshake *h, bool *did)
{
	struct hs_card_opts card = {
	    "alice", "", k->w->alice, k->w->wrap, k->w->agree,
	    (const uint8_t *)SHAKE_INSTANCE, NULL};

	*did = true;
	switch (handshake_need(h)) {
	case HS_NEED_GRANT:
		return handshake_grant(h);
	case HS_NEED_KDF:
		return handshake_stretched(h, k->w->stretched);
	case HS_NEED_CARD:
		return handshake_card(h, &card);
	default:
		*did = false;
		return 0;
	}
}

struct buf shake_output(struct handshake *h)
{
	struct buf b;
	size_t n;
	const uint8_t *p = handshake_output(h, &n);

	buf_init(&b, 1 << 20);
	assert_int_equal(buf_put(&b, p, n), 0);
	handshake_consume(h, n);
	return b;
}

void shake_run(struct shake *k)
{
	struct handshake *ends[2] = {k->c, k->s};
	bool moved, did;
	struct buf b;
	size_t i, used;

	do {
		moved = false;
		for (i = 0; i < 2; i++) {
			b = shake_output(ends[i]);
			if (b.len > 0) {
				(void)shake_feed(
				    ends[!i], b.p, b.len, 0, &used);
				moved = true;
			}
			buf_free(&b);
			(void)shake_serve(k, ends[i], &did);
			moved |= did;
		}
	} while (moved);
}

struct handshake *shake_at(struct shake *k, int at)
{
	struct buf *m = k->w->m;
	bool did;
	size_t used;
	int i;

	if (at >= ST_CLIENT_CHALLENGE && at <= ST_CLIENT_CARD) {
		shake_client(k);
		for (i = 2; (int)k->c->state < at; i += 2) {
			assert_int_equal(
			    shake_feed(k->c, m[i].p, m[i].len, 0, &used), 0);
			while ((int)k->c->state < at &&
			       handshake_need(k->c) != HS_NEED_INPUT)
				assert_int_equal(shake_serve(k, k->c, &did), 0);
		}
		handshake_consume(k->c, 1 << 20);
		return k->c;
	}
	shake_server(k);
	for (i = 1; (int)k->s->state < at; i += 2) {
		assert_int_equal(
		    shake_feed(k->s, m[i].p, m[i].len, 0, &used), 0);
		if ((int)k->s->state < at && k->s->state == ST_SERVER_TURN)
			assert_int_equal(shake_serve(k, k->s, &did), 0);
		if (k->s->state == ST_DONE)
			break;
	}
	handshake_consume(k->s, 1 << 20);
	return k->s;
}

const int shake_receiver[6] = {0, ST_SERVER_HELLO, ST_CLIENT_CHALLENGE,
    ST_SERVER_SHARE, ST_CLIENT_CONFIRM, ST_SERVER_FINISH};
const int shake_after[6] = {
    0, ST_SERVER_SHARE, ST_CLIENT_KDF, ST_SERVER_TURN, ST_CLIENT_CARD, ST_DONE};

const int shake_sender[6] = {0, ST_CLIENT_CHALLENGE, ST_SERVER_SHARE,
    ST_CLIENT_CONFIRM, ST_SERVER_FINISH, ST_DONE};

void shake_go_on(struct shake *k, struct handshake *h)
{
	size_t n, used;
	bool did;

	while (h->state != ST_DONE) {
		assert_int_equal(shake_serve(k, h, &did), 0);
		if (did)
			continue;
		for (n = 1; n <= 5 && shake_receiver[n] != (int)h->state; n++)
			;
		assert_true(n <= 5);
		assert_int_equal(
		    shake_feed(h, k->w->m[n].p, k->w->m[n].len, 0, &used), 0);
	}
	assert_non_null(handshake_result(h));
}

/* --- messages --- */

struct buf shake_message(const char *text, size_t n)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	assert_int_equal(buf_u32(&b, (uint32_t)n), 0);
	assert_int_equal(buf_put(&b, text, n), 0);
	return b;
}

void shake_expect_error(struct handshake *h, const char *code)
{
	struct buf b = shake_output(h);
	size_t at = 0;
	char want[200];

	/* Finds the last message in the output. */
	assert_true(b.len > WIRE_LENGTH);
	while (at + WIRE_LENGTH + get_u32(b.p + at) < b.len)
		at += WIRE_LENGTH + get_u32(b.p + at);
	assert_int_equal(at + WIRE_LENGTH + get_u32(b.p + at), b.len);
	snprintf(want, sizeof(want),
	    "{\"type\":\"system\",\"event\":\"error\",\"code\":\"%s\","
	    "\"text\":\"\"}",
	    code);
	assert_int_equal(b.len - at - WIRE_LENGTH, strlen(want));
	assert_memory_equal(b.p + at + WIRE_LENGTH, want, strlen(want));
	buf_free(&b);
}

void shake_set_b64(json_t *o, const char *key, const void *p, size_t n)
{
	char *text = malloc(B64_LEN(n) + 1);

	assert_non_null(text);
	b64_encode(text, p, n);
	assert_int_equal(json_object_set_new(o, key, json_string(text)), 0);
	free(text);
}

struct buf shake_json(json_t *o)
{
	/* Not json_dumps: its result must be freed with jansson's allocator. */
	size_t n = json_dumpb(o, NULL, 0, JSON_COMPACT);
	char *text = malloc(n);
	struct buf m;

	assert_non_null(text);
	assert_int_equal(json_dumpb(o, text, n, JSON_COMPACT), n);
	m = shake_message(text, n);
	json_decref(o);
	free(text);
	return m;
}

bool shake_open_guess(const struct handshake *server)
{
	return server->n_messages >= 4 && !server->proved;
}
