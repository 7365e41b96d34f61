/* seal.c: the keys of sealed rooms against HKDF by hand, what opens with which
 * secret, and marks that are cut or changed. */
#include "check.h"
#include "group_world.h"

#include "shared/crypto/library.h"
#include "shared/proto/seal.h"

static const uint8_t secret[WIRE_KEY] = {1, 2, 3};

/* HKDF's first block: HMAC(prk, info || 1). */
static void expand(struct crypto *c, uint8_t out[WIRE_HASH],
    const uint8_t prk[WIRE_HASH], const char *label)
{
	static const uint8_t one = 1;
	const struct part info[] = {{label, strlen(label) + 1}, {&one, 1}};

	assert_int_equal(crypto_hmac(c, out, prk, WIRE_HASH, info, 2), 0);
}

static void test_by_hand(void **state)
{
	struct group_world *w = *state;
	const struct part ikm = {secret, sizeof(secret)};
	const struct part base = {w->e.base, WIRE_KEY};
	uint8_t prk[WIRE_HASH], want[WIRE_HASH];
	struct group_epoch e;
	struct seal s;

	assert_int_equal(seal_make(w->c, &s, secret, w->log), 0);
	assert_int_equal(crypto_hmac(w->c, prk, w->log, WIRE_LOG, &ikm, 1), 0);
	expand(w->c, want, prk, "conclave/1 seal");
	assert_memory_equal(s.key, want, WIRE_KEY);
	expand(w->c, want, prk, "conclave/1 seal check");
	assert_memory_equal(s.check, want, SEAL_CHECK);
	assert_int_equal(seal_epoch(w->c, &e, &w->e, s.key), 0);
	assert_int_equal(e.room, ROOM);
	assert_int_equal(e.epoch, EPOCH);
	assert_int_equal(
	    crypto_hmac(w->c, want, s.key, WIRE_KEY, &base, 1), 0);
	assert_memory_equal(e.base, want, WIRE_KEY);
	assert_memory_not_equal(e.commit, w->e.commit, WIRE_HASH);
	seal_wipe(&s);
	group_epoch_wipe(&e);
}

/* The frame opens with the seal that it was made with, and with nothing less:
 * not for the server, who has the base, not with another secret, not with that
 * of a room with another log. */
static void test_opens_with_its_seal_only(void **state)
{
	struct group_world *w = *state;
	const struct group_epoch plain = w->e;
	uint8_t other[WIRE_KEY], log[WIRE_LOG];
	struct seal s, wrong;
	struct group_epoch e, sealed;
	size_t i;

	assert_int_equal(seal_make(w->c, &s, secret, w->log), 0);
	assert_int_equal(seal_epoch(w->c, &sealed, &plain, s.key), 0);
	w->e = sealed;
	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	assert_int_equal(group_world_open(w), 0);
	assert_int_equal(w->out.len, 4 + TEXT_LEN);
	assert_memory_equal(w->out.p + 4, TEXT, TEXT_LEN);
	assert_int_equal(
	    group_world_open_as(w, &plain, &w->place, &w->from[ALICE]),
	    ERR_OPEN);
	/* every bit of the secret and of the log counts */
	for (i = 0; i < 8 * WIRE_KEY; i++) {
		memcpy(other, secret, WIRE_KEY);
		memcpy(log, w->log, WIRE_LOG);
		other[i / 8] ^= (uint8_t)(1 << i % 8);
		log[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(seal_make(w->c, &wrong, other, w->log), 0);
		assert_memory_not_equal(wrong.check, s.check, SEAL_CHECK);
		assert_int_equal(seal_epoch(w->c, &e, &plain, wrong.key), 0);
		assert_int_equal(
		    group_world_open_as(w, &e, &w->place, &w->from[ALICE]),
		    ERR_OPEN);
		assert_int_equal(seal_make(w->c, &wrong, secret, log), 0);
		assert_memory_not_equal(wrong.check, s.check, SEAL_CHECK);
		assert_int_equal(seal_epoch(w->c, &e, &plain, wrong.key), 0);
		assert_int_equal(
		    group_world_open_as(w, &e, &w->place, &w->from[ALICE]),
		    ERR_OPEN);
	}
	/* truncations and flipped bits of the frame */
	for (i = 0; i < w->body.len; i++)
		assert_int_not_equal(
		    group_world_open_n(w, &sealed, &w->place,
			&w->from[ALICE], w->body.p, i),
		    0);
	for (i = 8 * 8; i < 8 * w->body.len; i++) {
		w->body.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(group_world_open(w), 0);
		w->body.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

/* The commit is of the sealed base, so that one frame cannot open to two texts
 * under two secrets: a signature made for one does not verify for the other. */
static void test_a_signature_is_of_one_seal(void **state)
{
	struct group_world *w = *state;
	const struct group_epoch plain = w->e;
	struct group_epoch mixed;
	struct seal s;

	assert_int_equal(seal_make(w->c, &s, secret, w->log), 0);
	assert_int_equal(seal_epoch(w->c, &w->e, &plain, s.key), 0);
	mixed = w->e;
	memcpy(mixed.commit, plain.commit, WIRE_HASH);
	assert_int_equal(group_world_seal(w, ALICE, SEQ, TEXT, TEXT_LEN), 0);
	assert_int_equal(
	    group_world_open_as(w, &mixed, &w->place, &w->from[ALICE]),
	    ERR_SIGNATURE);
}

static void test_marks(void **state)
{
	static const char *const bad[] = {"", "seal", "seal ", "seal 1",
	    "seal 1 ", "seal 0 AAECAwQFBgcICQoLDA0ODw",
	    "seal 01 AAECAwQFBgcICQoLDA0ODw",
	    "seal -1 AAECAwQFBgcICQoLDA0ODw", "seal  1 AAECAwQFBgcICQoLDA0ODw",
	    "seal 1  AAECAwQFBgcICQoLDA0ODw", "seal 1 AAECAwQFBgcICQoLDA0ODx",
	    "seal 1 AAECAwQFBgcICQoLDA0OD", "seal 1 AAECAwQFBgcICQoLDA0ODwA",
	    "seal 1 AAECAwQFBgcICQoLDA0O+w", "seal 1 AAECAwQFBgcICQoLDA0ODw ",
	    "Seal 1 AAECAwQFBgcICQoLDA0ODw",
	    "seal 1000000001 AAECAwQFBgcICQoLDA0ODw",
	    "seal 18446744073709551617 AAECAwQFBgcICQoLDA0ODw",
	    "seal 1\tAAECAwQFBgcICQoLDA0ODw", "a topic"};
	static const uint32_t good[] = {1, 2, 10, SEAL_GENERATION_MAX};
	struct seal_mark m = {0}, out;
	char text[SEAL_MARK], cut[SEAL_MARK];
	size_t i, k;

	(void)state;
	for (i = 0; i < SEAL_CHECK; i++)
		m.check[i] = (uint8_t)i;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		m.generation = good[i];
		seal_mark_encode(text, &m);
		assert_true(seal_mark_decode(&out, text));
		assert_int_equal(out.generation, good[i]);
		assert_memory_equal(out.check, m.check, SEAL_CHECK);
		for (k = 0; k < strlen(text); k++) {
			memcpy(cut, text, k);
			cut[k] = '\0';
			assert_false(seal_mark_decode(&out, cut));
		}
	}
	m.generation = 1;
	seal_mark_encode(text, &m);
	assert_string_equal(text, "seal 1 AAECAwQFBgcICQoLDA0ODw");
	out.generation = 77;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(seal_mark_decode(&out, bad[i]));
	assert_int_equal(out.generation, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_by_hand, group_world_new, group_world_free),
	    cmocka_unit_test_setup_teardown(test_opens_with_its_seal_only,
		group_world_new, group_world_free),
	    cmocka_unit_test_setup_teardown(test_a_signature_is_of_one_seal,
		group_world_new, group_world_free),
	    cmocka_unit_test(test_marks),
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
