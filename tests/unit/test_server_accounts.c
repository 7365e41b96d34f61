/* The server's password records, checked against a client's own computation. */
#include "shared/crypto/pake_int.h"
#include "tests/unit/check.h"

#include "server/auth/accounts.h"

static const struct kdf cheap = {1 << 14, 8, 1};

struct fixture {
	struct crypto *c;
	struct rng rng;
	struct accounts *a;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->c = crypto_new();
	f->rng = random_system();
	assert_int_equal(
	    accounts_new(&f->a, &f->rng, "sesame", 6, &cheap), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	accounts_free(f->a);
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
	struct pake *p, *v;
	bool same;

	assert_int_equal(
	    accounts_find(&(struct accounts_view){f->a, f->c, NULL}, account, &acc),
	    0);
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
	return same;
}

static void test_gate(void **state)
{
	assert_true(agrees(*state, "*", "sesame"));
	assert_false(agrees(*state, "*", "Sesame"));
	assert_false(agrees(*state, "*", ""));
}

static void test_unknown(void **state)
{
	struct fixture *f = *state;
	struct hs_account a, b, throttle;

	assert_false(agrees(f, "alice", "sesame"));
	assert_int_equal(
	    accounts_find(&(struct accounts_view){f->a, f->c, NULL}, "alice", &a), 0);
	assert_int_equal(
	    accounts_find(&(struct accounts_view){f->a, f->c, NULL}, "alice", &b), 0);
	/* the same bytes each time, but different ones for another name */
	assert_memory_equal(a.salt, b.salt, sizeof(a.salt));
	assert_ptr_equal(a.record, b.record);
	assert_int_equal(
	    accounts_find(&(struct accounts_view){f->a, f->c, NULL}, "alicf", &b), 0);
	assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
	assert_int_equal(
	    accounts_find(&(struct accounts_view){f->a, f->c, NULL}, "*", &throttle), 0);
	assert_memory_not_equal(a.salt, throttle.salt, sizeof(a.salt));
	assert_ptr_not_equal(a.record, throttle.record);
	/* and the same cost */
	assert_memory_equal(&a.kdf, &throttle.kdf, sizeof(a.kdf));
}

/* Two servers with the same password have different salts and records. */
static void test_two(void **state)
{
	struct fixture *f = *state;
	struct accounts *other = NULL;
	struct hs_account a, b;

	assert_int_equal(
	    accounts_new(&other, &f->rng, "sesame", 6, &cheap), 0);
	assert_int_equal(
	    accounts_find(&(struct accounts_view){f->a, f->c, NULL}, "*", &a), 0);
	assert_int_equal(
	    accounts_find(&(struct accounts_view){other, f->c, NULL}, "*", &b), 0);
	assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
	assert_memory_not_equal(
	    pake_record_l(a.record), pake_record_l(b.record), WIRE_SHARE);
	assert_int_equal(
	    accounts_find(&(struct accounts_view){f->a, f->c, NULL}, "bob", &a), 0);
	assert_int_equal(
	    accounts_find(&(struct accounts_view){other, f->c, NULL}, "bob", &b), 0);
	assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
	accounts_free(other);
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
	struct accounts *a = NULL;

	assert_int_equal(
	    accounts_new(&a, &broken, "sesame", 6, &cheap), ERR_CRYPTO);
	assert_int_equal(
	    accounts_new(&a, &f->rng, "sesame", 6, &dear), ERR_KDF);
	assert_null(a);
	accounts_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gate),
	    cmocka_unit_test(test_unknown),
	    cmocka_unit_test(test_two),
	    cmocka_unit_test(test_fails),
	};

	return cmocka_run_group_tests_name("account", tests, setup, teardown);
}
