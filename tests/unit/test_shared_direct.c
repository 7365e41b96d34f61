/* direct.c and dh_agree: the vectors of RFC 7748, both ends, keys and signatures
 * made by hand, every truncation and every flipped bit. */
#include "check.h"

#include "shared/crypto/library.h"
#include "shared/proto/direct.h"
#include "shared/base/secret.h"

static const uint8_t server[WIRE_HASH] = {0x5e};

struct ends {
	struct crypto *c;
	struct identity *alice, *bob;
	struct dh *prekey; /* bob's */
	uint64_t seed;
};

static int fill(void *arg, void *out, size_t n)
{
	uint8_t *p = out;
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)check_random(arg);
	return 0;
}

static void open_ends(struct ends *e)
{
	const uint8_t a[32] = {1}, b[32] = {2};
	struct rng rng = {fill, &e->seed};

	e->seed = 7;
	e->c = crypto_new();
	e->alice = identity_from_seed(a);
	e->bob = identity_from_seed(b);
	e->prekey = dh_new(&rng);
	assert_true(e->c != NULL && e->alice != NULL && e->bob != NULL &&
		    e->prekey != NULL);
}

static void close_ends(struct ends *e)
{
	dh_free(e->prekey);
	identity_free(e->alice);
	identity_free(e->bob);
	crypto_free(e->c);
}

/* From alice to bob. */
static void seal(struct ends *e, struct buf *out, const char *content)
{
	const struct direct_to to = {
	    server, identity_public(e->bob), dh_public(e->prekey), NULL};
	struct rng rng = {fill, &e->seed};

	buf_init(out, 1 << 20);
	assert_int_equal(direct_seal(e->c, out, 7, &to, e->alice, &rng, content,
			     strlen(content)),
	    0);
}

static struct direct_from as_bob(const struct ends *e)
{
	return (struct direct_from){server, identity_public(e->bob),
	    identity_public(e->alice), e->prekey, NULL};
}

static int open_it(struct ends *e, const struct direct_from *from,
    const uint8_t *body, size_t n, const char *want)
{
	uint8_t *copy = malloc(n + 1); /* exact size, for the sanitizers */
	struct buf got;
	int r;

	assert_non_null(copy);
	memcpy(copy, body, n);
	buf_init_secret(&got, 1 << 20);
	r = direct_open(e->c, &got, from, copy, n);
	if (r != 0)
		assert_int_equal(got.len, 0);
	else if (want != NULL) {
		assert_int_equal(got.len, strlen(want));
		assert_memory_equal(got.p, want, got.len);
	}
	buf_free(&got);
	free(copy);
	return r;
}

/* --- X25519 ---------------------------------------------------------------- */

/* RFC 7748: the two vectors of 5.2, and 6.1. */
static const struct {
	const char *key, *peer, *out;
} vectors[] = {
    {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
	"e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
	"c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
    {"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
	"e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
	"95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
    {"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
};

static void rfc7748(void **state)
{
	struct crypto *c = crypto_new();
	uint8_t out[32], back[32];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t *key, *peer, *want;
		struct dh *own;

		key = check_hex(vectors[i].key, &n);
		peer = check_hex(vectors[i].peer, &n);
		want = check_hex(vectors[i].out, &n);
		own = dh_from_private(key);
		assert_non_null(own);
		assert_int_equal(dh_agree(c, out, own, peer), 0);
		assert_memory_equal(out, want, 32);
		assert_int_equal(dh_private(own, back), 0);
		assert_memory_equal(back, key, 32);
		dh_free(own);
		free(key);
		free(peer);
		free(want);
	}
	crypto_free(c);
}

/* The u-coordinates of the points of small order. */
static const char *const small[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void zeros(void **state)
{
	struct rng rng;
	struct ends e;
	uint8_t out[32];
	size_t i, n;

	(void)state;
	open_ends(&e);
	rng = (struct rng){fill, &e.seed};
	for (i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		uint8_t *p = check_hex(small[i], &n);
		const struct direct_to to = {
		    server, identity_public(e.bob), p, NULL};
		struct direct_from from = as_bob(&e);
		struct prekey k = {.made_s = 1};
		struct buf f;

		assert_int_equal(dh_agree(e.c, out, e.prekey, p), ERR_KEY);
		buf_init(&f, 1 << 20);
		assert_int_equal(
		    direct_seal(e.c, &f, 1, &to, e.alice, &rng, "x", 1),
		    ERR_KEY);
		assert_int_equal(f.len, 0);
		seal(&e, &f, "hello");
		memcpy(f.p + 104, p, 32); /* e */
		assert_int_equal(
		    open_it(&e, &from, f.p, f.len, NULL), ERR_KEY);
		memcpy(k.key, p, 32);
		assert_int_equal(prekey_sign(&k, e.bob, server, true), 0);
		assert_int_equal(prekey_verify(e.c, &k, identity_public(e.bob),
				     server, true),
		    ERR_KEY);
		buf_free(&f);
		free(p);
	}
	close_ends(&e);
}

/* --- prekeys ---------------------------------------------------------------- */

static void prekey_by_hand(void **state)
{
	static const uint8_t made[8] = {0, 0, 0, 0, 0x69, 0x55, 0xb9, 0x00};
	static const uint8_t once = 1, other_server[WIRE_HASH] = {0x5f};
	struct prekey k = {.made_s = 0x6955b900}, bad;
	const struct part parts[] = {{"conclave/1 prekey", 18},
	    {server, sizeof(server)}, {&once, 1}, {made, 8}, {k.key, 32}};
	uint8_t want[WIRE_SIGNATURE];
	const uint8_t *bob;
	struct ends e;
	size_t i;

	(void)state;
	open_ends(&e);
	bob = identity_public(e.bob);
	memcpy(k.key, dh_public(e.prekey), sizeof(k.key));
	assert_int_equal(prekey_sign(&k, e.bob, server, true), 0);
	assert_int_equal(identity_sign(e.bob, want, parts, 5), 0);
	assert_memory_equal(k.signature, want, sizeof(want));
	assert_int_equal(prekey_verify(e.c, &k, bob, server, true), 0);
	assert_int_equal(
	    prekey_verify(e.c, &k, bob, server, false), ERR_SIGNATURE);
	assert_int_equal(
	    prekey_verify(e.c, &k, bob, other_server, true), ERR_SIGNATURE);
	assert_int_equal(prekey_verify(e.c, &k, identity_public(e.alice),
			     server, true),
	    ERR_SIGNATURE);
	for (i = 0; i < 8 * 64; i++) {
		bad = k;
		bad.made_s ^= UINT64_C(1) << i % 64;
		assert_int_equal(
		    prekey_verify(e.c, &bad, bob, server, true), ERR_SIGNATURE);
		bad = k;
		bad.signature[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(
		    prekey_verify(e.c, &bad, bob, server, true), ERR_SIGNATURE);
		if (i >= 8 * 32)
			continue;
		bad = k;
		bad.key[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(
		    prekey_verify(e.c, &bad, bob, server, true), 0);
	}
	close_ends(&e);
}

/* --- frames ----------------------------------------------------------------- */

/* The frame opened with nothing but primitives. */
static void frame_by_hand(void **state)
{
	uint8_t shared[32], prk[32], ki[44], plain[64 + 5], to[32], from[32];
	uint8_t hash[32];
	struct ends e;
	struct buf f;

	(void)state;
	open_ends(&e);
	seal(&e, &f, "hello");
	assert_int_equal(f.len, 216 + 5);
	assert_int_equal(get_u64(f.p), 7);
	assert_int_equal(
	    ed25519_fingerprint(e.c, to, identity_public(e.bob)), 0);
	assert_int_equal(
	    ed25519_fingerprint(e.c, from, identity_public(e.alice)), 0);
	assert_memory_equal(f.p + 8, to, 32);
	assert_memory_equal(f.p + 40, from, 32);
	assert_memory_equal(f.p + 72, dh_public(e.prekey), 32);
	assert_int_equal(dh_agree(e.c, shared, e.prekey, f.p + 104), 0);
	assert_int_equal(
	    crypto_extract(e.c, prk, "conclave/1 direct", 18, shared, 32), 0);
	assert_int_equal(crypto_expand(e.c, ki, 44, prk,
			     &(struct part){f.p + 8, 128}, 1),
	    0);
	assert_int_equal(crypto_open(e.c, plain, ki, ki + 32, f.p + 8, 128,
			     f.p + 136, f.len - 136),
	    0);
	assert_memory_equal(plain + 64, "hello", 5);
	assert_int_equal(crypto_hash1(e.c, hash, "hello", 5), 0);
	assert_int_equal(
	    ed25519_verify(e.c, identity_public(e.alice), plain,
		(const struct part[]){{"conclave/1 direct", 18}, {server, 32},
		    {f.p + 8, 128}, {hash, 32}},
		4),
	    0);
	buf_free(&f);
	close_ends(&e);
}

static void both_ends(void **state)
{
	static const uint8_t other_server[WIRE_HASH] = {0x5f};
	struct direct_from from, bad;
	struct direct_head h;
	struct buf f, again;
	struct dh *other;
	struct rng rng;
	struct ends e;

	(void)state;
	open_ends(&e);
	from = as_bob(&e);
	seal(&e, &f, "hello");
	assert_int_equal(direct_head_decode(&h, f.p, f.len), 0);
	assert_int_equal(h.number, 7);
	assert_int_equal(open_it(&e, &from, f.p, f.len, "hello"), 0);
	put_u64(f.p, UINT64_MAX); /* the server's */
	assert_int_equal(open_it(&e, &from, f.p, f.len, "hello"), 0);
	/* No two frames are alike. */
	seal(&e, &again, "hello");
	assert_memory_not_equal(f.p + 104, again.p + 104, 32);
	bad = from;
	bad.server = other_server;
	assert_int_equal(
	    open_it(&e, &bad, f.p, f.len, NULL), ERR_SIGNATURE);
	bad = from;
	bad.identity = identity_public(e.bob);
	assert_int_equal(open_it(&e, &bad, f.p, f.len, NULL), ERR_MEMBER);
	bad = from;
	bad.own = identity_public(e.alice);
	assert_int_equal(open_it(&e, &bad, f.p, f.len, NULL), ERR_MEMBER);
	rng = (struct rng){fill, &e.seed};
	other = dh_new(&rng);
	bad = from;
	bad.prekey = other;
	assert_int_equal(open_it(&e, &bad, f.p, f.len, NULL), ERR_MEMBER);
	/* Named as the one it was not sealed for. */
	memcpy(f.p + 72, dh_public(other), 32);
	assert_int_equal(open_it(&e, &bad, f.p, f.len, NULL), ERR_OPEN);
	dh_free(other);
	buf_free(&f);
	buf_free(&again);
	close_ends(&e);
}

/* Somebody who has a prekey, but not alice's identity. */
static void forged(void **state)
{
	struct direct_to to;
	struct direct_from from;
	uint8_t fingerprint[WIRE_HASH];
	struct rng rng;
	struct ends e;
	struct buf f;

	(void)state;
	open_ends(&e);
	rng = (struct rng){fill, &e.seed};
	to = (struct direct_to){
	    server, identity_public(e.bob), dh_public(e.prekey), NULL};
	from = as_bob(&e);
	buf_init(&f, 1 << 20);
	assert_int_equal(
	    direct_seal(e.c, &f, 1, &to, e.bob, &rng, "hello", 5), 0);
	assert_int_equal(open_it(&e, &from, f.p, f.len, NULL), ERR_MEMBER);
	assert_int_equal(ed25519_fingerprint(
			     e.c, fingerprint, identity_public(e.alice)),
	    0);
	memcpy(f.p + 40, fingerprint, sizeof(fingerprint));
	assert_int_equal(open_it(&e, &from, f.p, f.len, NULL), ERR_OPEN);
	buf_free(&f);
	close_ends(&e);
}

static void sizes(void **state)
{
	char *big = malloc(WIRE_JSON_MAX + 1);
	struct direct_from from;
	struct direct_to to;
	struct rng rng;
	struct ends e;
	struct buf f;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', WIRE_JSON_MAX + 1);
	open_ends(&e);
	rng = (struct rng){fill, &e.seed};
	from = as_bob(&e);
	to = (struct direct_to){
	    server, identity_public(e.bob), dh_public(e.prekey), NULL};
	seal(&e, &f, "");
	assert_int_equal(f.len, 216);
	assert_int_equal(open_it(&e, &from, f.p, f.len, ""), 0);
	buf_clear(&f);
	assert_int_equal(direct_seal(e.c, &f, 1, &to, e.alice, &rng, big,
			     WIRE_JSON_MAX + 1),
	    ERR_RANGE);
	assert_int_equal(direct_seal(e.c, &f, 1, &to, e.alice, &rng, big,
			     WIRE_JSON_MAX),
	    0);
	assert_int_equal(f.len, 65752);
	assert_int_equal(open_it(&e, &from, f.p, f.len, NULL), 0);
	assert_int_equal(buf_u8(&f, 0), 0);
	assert_int_equal(open_it(&e, &from, f.p, f.len, NULL), ERR_RANGE);
	buf_free(&f);
	/* A full buffer is left as it was. */
	buf_init(&f, 100);
	assert_int_equal(direct_seal(e.c, &f, 1, &to, e.alice, &rng, "x", 1),
	    ERR_LIMIT);
	assert_int_equal(f.len, 0);
	buf_free(&f);
	close_ends(&e);
	free(big);
}

static void every_change(void **state)
{
	struct direct_from from;
	struct ends e;
	struct buf f;
	size_t i;

	(void)state;
	open_ends(&e);
	from = as_bob(&e);
	seal(&e, &f, "{\"type\":\"message\"}");
	for (i = 0; i < f.len; i++)
		assert_true(
		    err_is_peer(open_it(&e, &from, f.p, i, NULL)));
	for (i = 8 * 8; i < 8 * f.len; i++) {
		f.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_true(
		    err_is_peer(open_it(&e, &from, f.p, f.len, NULL)));
		f.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(open_it(&e, &from, f.p, f.len, NULL), 0);
	buf_free(&f);
	close_ends(&e);
}

/* --- the worked example of PROTOCOL.md ---------------------------------------- */

static uint8_t *example_at(const json_t *o, const char *key, size_t want)
{
	size_t n;
	uint8_t *p = check_hex_at(o, key, &n);

	if (want != 0)
		assert_int_equal(n, want);
	return p;
}

static int fill_fixed(void *arg, void *out, size_t n)
{
	memcpy(out, arg, n);
	return 0;
}

static void worked_example(void **state)
{
	json_t *o = check_vectors("example.json");
	uint8_t *alice_seed = example_at(o, "alice_seed", 32);
	uint8_t *bob_seed = example_at(o, "direct_bob", 32);
	uint8_t *private = example_at(o, "direct_prekey", 32);
	uint8_t *e = example_at(o, "direct_e", 32);
	uint8_t *place = example_at(o, "server", 32);
	uint8_t *signature = example_at(o, "direct_prekey_signature", 64);
	const char *content =
	    json_string_value(json_object_get(o, "direct_content"));
	const size_t n = strlen(content);
	uint8_t *body = example_at(o, "direct_body", 216 + n);
	struct identity *alice = identity_from_seed(alice_seed);
	struct identity *bob = identity_from_seed(bob_seed);
	struct dh *pair = dh_from_private(private);
	const struct rng rng = {fill_fixed, e};
	struct prekey k = {.made_s = 1767225600};
	struct direct_to to = {place, identity_public(bob), dh_public(pair), NULL};
	struct direct_from from = {
	    place, identity_public(bob), identity_public(alice), pair, NULL};
	struct crypto *c = crypto_new();
	struct buf made, got;

	(void)state;
	memcpy(k.key, dh_public(pair), sizeof(k.key));
	assert_int_equal(prekey_sign(&k, bob, place, true), 0);
	assert_memory_equal(k.signature, signature, 64);
	buf_init(&made, 1 << 20);
	buf_init_secret(&got, 1 << 20);
	assert_int_equal(
	    direct_seal(c, &made, 3, &to, alice, &rng, content, n), 0);
	assert_int_equal(made.len, 216 + n);
	assert_memory_equal(made.p, body, made.len);
	assert_int_equal(direct_open(c, &got, &from, body, made.len), 0);
	assert_int_equal(got.len, n);
	assert_memory_equal(got.p, content, n);
	buf_free(&made);
	buf_free(&got);
	dh_free(pair);
	identity_free(alice);
	identity_free(bob);
	crypto_free(c);
	free(alice_seed);
	free(bob_seed);
	free(private);
	free(e);
	free(place);
	free(signature);
	free(body);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc7748),
	    cmocka_unit_test(zeros),
	    cmocka_unit_test(prekey_by_hand),
	    cmocka_unit_test(frame_by_hand),
	    cmocka_unit_test(both_ends),
	    cmocka_unit_test(forged),
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(every_change),
	    cmocka_unit_test(worked_example),
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name("direct", tests, NULL, NULL);
}
