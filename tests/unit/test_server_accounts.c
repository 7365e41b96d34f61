/* The server's password records, checked against a client's own computation. */
#include "shared/crypto/pake_int.h"
#include "tests/unit/check.h"

#include "server/auth/gate.h"

static const struct kdf cheap = {1 << 14, 8, 1};

struct fixture {
	struct crypto *c;
	struct rng rng;
	struct gate *a;
	struct standing *standing;
	struct accounts *people;
};

static const uint8_t secret[WIRE_KEY] = {7};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->c = crypto_new();
	f->rng = random_system();
	assert_int_equal(
	    gate_new(&f->a, &f->rng, "sesame", 6, &cheap), 0);
	f->standing = standing_new(&f->rng, ROLE_MEMBER);
	assert_non_null(f->standing);
	f->people = accounts_new(&f->rng, secret, f->standing);
	assert_non_null(f->people);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	gate_free(f->a);
	accounts_free(f->people);
	standing_free(f->standing);
	crypto_free(f->c);
	free(f);
	return 0;
}

/* Returns whether a client with this password and account agrees with the
 * record. */
static bool agrees(struct fixture *f, const char *account, const char *pw)
{
	uint8_t stretched[PAKE_STRETCHED], w0[PAKE_SCALAR], w1[PAKE_SCALAR];
	uint8_t x[48], y[48], share[WIRE_SHARE];
	struct pake_keys kp, kv;
	struct hs_account acc;
	struct gate_view view = {
	    .gate = f->a, .accounts = f->people, .crypto = f->c};
	struct pake *p, *v;
	bool same;

	assert_int_equal(gate_find(&view, account, &acc), 0);
	if (acc.record == NULL)
		assert_int_equal(gate_open(&view, &acc), 0);
	assert_int_equal(pake_stretch(stretched, pw, strlen(pw), account,
			     WIRE_PROTOCOL, acc.salt, &acc.kdf),
	    0);
	assert_int_equal(pake_scalars(w0, w1, stretched), 0);
	assert_int_equal(f->rng.fill(f->rng.arg, x, sizeof(x)), 0);
	assert_int_equal(f->rng.fill(f->rng.arg, y, sizeof(y)), 0);
	p = pake_prover(f->c, w0, w1, x, sizeof(x));
	v = pake_verifier(f->c, acc.record, y, sizeof(y));
	assert_non_null(p);
	assert_non_null(v);
	memcpy(share, pake_share(p), sizeof(share));
	assert_int_equal(
	    pake_finish(v, &kv, "ctx", 3, account, WIRE_PROTOCOL, share), 0);
	assert_int_equal(pake_finish(p, &kp, "ctx", 3, account, WIRE_PROTOCOL,
			     pake_share(v)),
	    0);
	same = memcmp(kp.shared, kv.shared, sizeof(kp.shared)) == 0;
	assert_int_equal(same,
	    memcmp(kp.confirm_v, kv.confirm_v, sizeof(kp.confirm_v)) == 0);
	pake_free(p);
	pake_free(v);
	gate_release(&view);
	return same;
}

static void test_gate(void **state)
{
	assert_true(agrees(*state, "*", "sesame"));
	assert_false(agrees(*state, "*", "Sesame"));
	assert_false(agrees(*state, "*", ""));
}

/* Finds a word, as one exchange would. */
static void find(struct fixture *f, struct accounts *people, const char *word,
    struct hs_account *out)
{
	struct gate_view view = {
	    .gate = f->a, .accounts = people, .crypto = f->c};

	assert_int_equal(gate_find(&view, word, out), 0);
	gate_release(&view);
}

static void test_unknown(void **state)
{
	struct fixture *f = *state;
	struct hs_account a, b, gate;

	assert_false(agrees(f, "alice", "sesame"));
	assert_false(agrees(f, "+abcdwx27", "sesame"));
	find(f, f->people, "alice", &a);
	find(f, f->people, "alice", &b);
	/* the same bytes each time, but different ones for another name */
	assert_memory_equal(a.salt, b.salt, sizeof(a.salt));
	find(f, f->people, "alicf", &b);
	assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
	find(f, f->people, "*", &gate);
	assert_memory_not_equal(a.salt, gate.salt, sizeof(a.salt));
	/* and the one cost of all names, and that of all invites */
	assert_int_equal(a.kdf.n, WIRE_SCRYPT_N_OWN);
	assert_int_equal(b.kdf.n, WIRE_SCRYPT_N_OWN);
	find(f, f->people, "+abcdwx27", &a);
	assert_int_equal(a.kdf.n, WIRE_SCRYPT_N_INVITE);
}

/* Two servers with the same password have different salts and records; the salts
 * of unknown names are those of the secret, which lasts. */
static void test_two(void **state)
{
	static const uint8_t another[WIRE_KEY] = {8};
	struct fixture *f = *state;
	struct accounts *same = accounts_new(&f->rng, secret, f->standing);
	struct accounts *other = accounts_new(&f->rng, another, f->standing);
	struct gate_view one = {.gate = f->a, .crypto = f->c}, two = one;
	struct hs_account a, b;

	assert_non_null(same);
	assert_non_null(other);
	assert_int_equal(gate_new(&two.gate, &f->rng, "sesame", 6, &cheap), 0);
	assert_int_equal(gate_find(&one, "*", &a), 0);
	assert_int_equal(gate_find(&two, "*", &b), 0);
	assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
	assert_memory_not_equal(
	    pake_record_l(a.record), pake_record_l(b.record), WIRE_SHARE);
	gate_release(&one);
	gate_release(&two);
	find(f, f->people, "bob", &a);
	find(f, same, "bob", &b);
	assert_memory_equal(a.salt, b.salt, sizeof(a.salt));
	find(f, other, "bob", &b);
	assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
	gate_free(two.gate);
	accounts_free(same);
	accounts_free(other);
}

/* Who sees the salt of an invite learns nothing of when it ended. */
static void test_salt_of_an_invite(void **state)
{
	struct fixture *f = *state;
	struct accounts_invite_of v = {.uses = 1, .role = ROLE_MEMBER};
	struct hs_account before, after;
	char word[WIRE_INVITE_ID + 2];
	uint64_t ticket;

	assert_int_equal(accounts_invite(f->people, &v), 0);
	snprintf(word, sizeof(word), "+%s", v.id);
	find(f, f->people, word, &before);
	assert_true(agrees(f, word, v.secret));
	assert_int_equal(accounts_revoke(f->people, v.id, NULL, &ticket), 0);
	assert_false(agrees(f, word, v.secret));
	find(f, f->people, word, &after);
	assert_memory_equal(before.salt, after.salt, sizeof(after.salt));
}

static enum wire_code let_in(
    void *arg, const uint8_t account[WIRE_KEY], bool made, uint32_t invited)
{
	(void)arg, (void)account, (void)made, (void)invited;
	return CODE_NONE;
}

/* The room has no place for another invitation: then there is no account either,
 * and the invite has lost no use. */
static void test_no_place_in_the_room(void **state)
{
	enum { ROOM = 7 };
	struct fixture *f = *state;
	uint8_t key[WIRE_KEY] = {1};
	struct accounts_invite_of v = {
	    .uses = 1, .role = ROLE_OPERATOR, .room = ROOM};
	struct standing_change c = {.act = ACT_INVITE};
	const struct standing_who who = {key, "guest"};
	struct standing_rights rights;
	char word[WIRE_INVITE_ID + 2];
	struct accounts_entry e = {.word = word,
	    .name = "dora",
	    .identity = key,
	    .now_s = 1,
	    .may = let_in};
	unsigned i;

	assert_int_equal(accounts_invite(f->people, &v), 0);
	snprintf(word, sizeof(word), "+%s", v.id);
	for (i = 0; i < STANDING_IN_ROOM; i++) {
		put_u32(key, i);
		assert_int_equal(
		    standing_change(f->standing, ROOM, &who, &c), 0);
	}
	assert_int_equal(accounts_enter(f->people, &e), ERR_LIMIT);
	assert_int_equal(accounts_count(f->people), 0);
	c.act = ACT_UNINVITE;
	assert_int_equal(standing_change(f->standing, ROOM, &who, &c), 0);
	assert_int_equal(accounts_enter(f->people, &e), 0);
	assert_int_equal(e.code, CODE_NONE);
	assert_true(e.made);
	standing_rights(f->standing, ROOM,
	    &(struct standing_who){e.account, "dora"}, 1, &rights);
	assert_int_equal(rights.role, ROLE_OPERATOR);
	assert_true(rights.known);
	/* it has no use left */
	e.name = "eve";
	assert_int_equal(accounts_enter(f->people, &e), 0);
	assert_int_equal(e.code, CODE_NO_ACCOUNT);
}

/* The invite's role counts, also where newcomers have another. */
static void test_role_of_an_invite(void **state)
{
	static const enum role roles[] = {ROLE_GUEST, ROLE_MEMBER, ROLE_OWNER};
	static const char *const names[] = {"ann", "ben", "cas"};
	struct fixture *f = *state;
	struct standing *standing = standing_new(&f->rng, ROLE_GUEST);
	struct accounts *people = accounts_new(&f->rng, secret, standing);
	uint8_t identity[WIRE_ED25519] = {3};
	struct standing_rights rights;
	char word[WIRE_INVITE_ID + 2];
	size_t i;

	assert_non_null(people);
	for (i = 0; i < 3; i++) {
		struct accounts_invite_of v = {.uses = 1, .role = roles[i]};
		struct accounts_entry e = {.word = word,
		    .name = names[i],
		    .identity = identity,
		    .now_s = 1,
		    .may = let_in};

		assert_int_equal(accounts_invite(people, &v), 0);
		snprintf(word, sizeof(word), "+%s", v.id);
		assert_int_equal(accounts_enter(people, &e), 0);
		standing_rights(standing, 0,
		    &(struct standing_who){e.account, names[i]}, 1, &rights);
		assert_int_equal(rights.role, roles[i]);
	}
	accounts_free(people);
	standing_free(standing);
}

static int fill_fails(void *arg, void *out, size_t n)
{
	(void)arg, (void)out, (void)n;
	return ERR_CRYPTO;
}

static void test_fails(void **state)
{
	struct fixture *f = *state;
	const struct rng broken = {fill_fails, NULL};
	const struct kdf dear = {1 << 21, 8, 1};
	struct gate *a = NULL;

	assert_int_equal(
	    gate_new(&a, &broken, "sesame", 6, &cheap), ERR_CRYPTO);
	assert_int_equal(
	    gate_new(&a, &f->rng, "sesame", 6, &dear), ERR_KDF);
	assert_null(a);
	gate_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gate),
	    cmocka_unit_test(test_unknown),
	    cmocka_unit_test(test_two),
	    cmocka_unit_test(test_salt_of_an_invite),
	    cmocka_unit_test(test_no_place_in_the_room),
	    cmocka_unit_test(test_role_of_an_invite),
	    cmocka_unit_test(test_fails),
	};

	return cmocka_run_group_tests_name("account", tests, setup, teardown);
}
