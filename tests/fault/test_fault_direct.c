/* Direct messages when an allocation fails: a frame is sealed and opened or not at
 * all, what the server keeps is as before or as asked for, and nothing leaks. */
#include "server/room/directs.h"
#include "shared/base/oom.h"
#include "shared/proto/control.h"
#include "shared/proto/direct.h"
#include "tests/fault/sweep.h"

enum { NOW = 1767225600 };

static const uint8_t server[WIRE_HASH] = {0x5e};
static struct crypto *c;
static struct identity *alice, *bob;
static struct dh *prekey;

static int setup(void **state)
{
	const uint8_t a[32] = {1}, b[32] = {2}, p[32] = {3};

	(void)state;
	if (!oom_setup())
		return -1;
	json_setup();
	c = crypto_new();
	alice = identity_from_seed(a);
	bob = identity_from_seed(b);
	prekey = dh_from_private(p);
	return c == NULL || alice == NULL || bob == NULL || prekey == NULL;
}

static int teardown(void **state)
{
	(void)state;
	dh_free(prekey);
	identity_free(alice);
	identity_free(bob);
	crypto_free(c);
	return 0;
}

/* --- frames --------------------------------------------------------------------- */

static void frame(void *arg)
{
	const struct direct_to to = {
	    server, identity_public(bob), dh_public(prekey), NULL};
	const struct direct_from from = {
	    server, identity_public(bob), identity_public(alice), prekey, NULL};
	struct rng rng = random_system();
	struct buf body, got;

	(void)arg;
	buf_init(&body, 1 << 16);
	buf_init_secret(&got, 1 << 16);
	if (sweep_ok(FAULTY(direct_seal(
		c, &body, 1, &to, alice, &rng, "hello", 5)))) {
		if (sweep_ok(FAULTY(direct_open(
			c, &got, &from, body.p, body.len))))
			assert_memory_equal(got.p, "hello", 5);
		else
			assert_int_equal(got.len, 0);
	} else {
		assert_int_equal(body.len, 0);
	}
	buf_free(&body);
	buf_free(&got);
}

static void signing(void *arg)
{
	struct prekey k = {.made_s = NOW};

	(void)arg;
	memcpy(k.key, dh_public(prekey), sizeof(k.key));
	if (sweep_ok(FAULTY(prekey_sign(&k, bob, server, true))))
		(void)sweep_ok(FAULTY(prekey_verify(
		    c, &k, identity_public(bob), server, true)));
}

/* --- what the server keeps -------------------------------------------------------- */

static void on_news(struct directs_reader *r)
{
	(void)r;
}

static bool take(void *arg, const struct store_direct *d)
{
	assert_int_equal(d->len, 300);
	++*(size_t *)arg;
	return true;
}

static bool publish(struct directs *t, const struct directs_device *d)
{
	static struct prekeys_set s;
	enum wire_code refused = CODE_NONE;
	uint64_t ticket;

	s.once[0].key[0] = 1;
	s.once[1].key[0] = 2;
	s.n_once = 2;
	s.certificate_len = 9;
	if (!sweep_ok(FAULTY(directs_publish(t, d, &s, &refused, &ticket))))
		return false;
	assert_int_equal(refused, CODE_NONE);
	return true;
}

static void tables(void *arg)
{
	static const uint8_t phone[WIRE_ED25519] = {7}, key[WIRE_KEY] = {8};
	static const uint8_t other[WIRE_KEY] = {9}, body[300];
	const struct directs_device d = {phone, key};
	uint8_t print[WIRE_HASH];
	const struct directs_letter l = {.to = print,
	    .identity = phone,
	    .account = other,
	    .name = "alice",
	    .body = body,
	    .len = sizeof(body),
	    .now_s = NOW};
	struct directs *t = directs_new();
	struct directs_reader r = {.news = on_news};
	struct prekeys_device given;
	struct directs_counts n;
	enum wire_code refused;
	size_t put = 0, seen = 0;
	bool published;
	uint64_t ticket;
	int i;

	(void)arg;
	assert_non_null(t);
	assert_int_equal(ed25519_fingerprint(c, print, phone), 0);
	published = publish(t, &d);
	directs_counts(t, &n);
	assert_int_equal(n.devices, published);
	for (i = 0; i < 3; i++) {
		if (!sweep_ok(FAULTY(directs_put(t, &l, &refused, &ticket))))
			continue;
		assert_int_equal(
		    refused, published ? CODE_NONE : CODE_NO_ACCOUNT);
		put += published;
	}
	if (sweep_ok(FAULTY(
		directs_give(t, phone, other, NOW, &given, &ticket))))
		assert_int_equal(given.once, published);
	if (sweep_ok(FAULTY(directs_block(t, key, other, true, &ticket)))) {
		assert_true(directs_blocks(t, key, other));
		assert_int_equal(
		    FAULTY(directs_put(t, &l, &refused, &ticket)), 0);
		assert_int_equal(
		    refused, published ? CODE_BLOCKED : CODE_NO_ACCOUNT);
	}
	sweep_over();
	if (directs_read(t, &r, phone, NOW, true))
		directs_each(t, &r, 0, take, &seen);
	assert_int_equal(seen, put);
	directs_counts(t, &n);
	assert_int_equal(n.frames, put);
	directs_stop(t, &r);
	directs_free(t);
}

/* --- the JSON ------------------------------------------------------------------- */

static void json(void *arg)
{
	static struct prekeys_page page = {.name = "alice", .n = 1};
	struct control *ctl = calloc(1, sizeof(*ctl));
	struct buf b;

	(void)arg;
	assert_non_null(ctl);
	memcpy(page.device[0].identity, identity_public(bob), WIRE_ED25519);
	page.device[0].has_key = true;
	memcpy(page.device[0].key.key, dh_public(prekey), WIRE_X25519);
	buf_init(&b, WIRE_JSON_MAX);
	if (sweep_ok(FAULTY(answer_prekeys(&b, 1, &page))) &&
	    sweep_ok(FAULTY(control_decode(ctl, FROM_SERVER, b.p, b.len))))
		assert_true(ctl->u.answer.has_page);
	buf_free(&b);
	free(ctl);
}

static void run(void **state)
{
	(void)state;
	sweep("a direct frame", frame, NULL);
	sweep("a prekey's signature", signing, NULL);
	sweep("what is kept", tables, NULL);
	sweep("an answer", json, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(run)};

	return cmocka_run_group_tests_name("direct", tests, setup, teardown);
}
