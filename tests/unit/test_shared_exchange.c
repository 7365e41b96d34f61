/* pake.h: both ends in one process, and invalid exchanges. */
#include <pthread.h>

#include "tests/unit/vectors.h"

#include "shared/crypto/pake_int.h"
#include "shared/crypto/pake.h"
#include "shared/crypto/random.h"

static void stretch_is_stretch_with(void **state)
{
	const struct kdf k = {1 << 14, 1, 1}, bad = {1 << 13, 1, 1};
	uint8_t salt[WIRE_NONCE] = {7}, a[80], b[80], long_pw[1 << 15] = {0};

	(void)state;
	assert_int_equal(
	    pake_stretch(a, "pw", 2, "*", "conclave/1", salt, &k), 0);
	assert_int_equal(
	    pake_stretch_with(b, "pw", 2, "*", "conclave/1", salt, 32, &k), 0);
	assert_memory_equal(a, b, 80);
	/* lengths are included: the same bytes split elsewhere differ */
	assert_int_equal(
	    pake_stretch(b, "p", 1, "w*", "conclave/1", salt, &k), 0);
	assert_memory_not_equal(a, b, 80);
	assert_int_equal(pake_stretch(b, NULL, 0, "", "", salt, &k), 0);
	assert_int_equal(
	    pake_stretch(b, "pw", 2, "*", "conclave/1", salt, &bad), ERR_KDF);
	assert_int_equal(
	    pake_stretch(b, long_pw, sizeof(long_pw), "*", "", salt, &k),
	    ERR_LIMIT);
}

static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00,
    0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25,
    0x51};

static void scalars_are_reduced(void **state)
{
	uint8_t in[PAKE_STRETCHED] = {0}, w0[32], w1[32], want[32] = {0};

	(void)state;
	memcpy(in + 8, order, 32); /* order, then order + 5 */
	memcpy(in + 48, order, 32);
	in[79] += 5;
	assert_int_equal(pake_scalars(w0, w1, in), 0);
	assert_memory_equal(w0, want, 32);
	want[31] = 5;
	assert_memory_equal(w1, want, 32);
	memset(in, 0, sizeof(in));
	in[7] = 1; /* 2^256 mod order = 2^256 - order */
	in[79] = 5;
	assert_int_equal(pake_scalars(w0, w1, in), 0);
	assert_memory_equal(w1, want, 32);
	{
		unsigned borrow = 0, i, d;

		for (i = 32; i-- > 0;) {
			d = 0x100u - order[i] - borrow;
			want[i] = (uint8_t)d;
			borrow = d < 0x100;
		}
	}
	assert_memory_equal(w0, want, 32);
}

/* --- both ends in one process -------------------------------------------- */

struct ends {
	struct crypto *c;
	uint8_t w0[32], w1[32];
	struct pake_record *record;
	struct pake *p, *v;
	struct pake_keys kp, kv;
};

static void ends_start(struct ends *e, uint8_t wrong)
{
	uint8_t stretched[PAKE_STRETCHED], w0[32], w1[32], random[48];
	struct rng rng = random_system();

	memset(e, 0, sizeof(*e));
	e->c = vectors_crypto();
	memset(stretched, 0x42, sizeof(stretched));
	assert_int_equal(pake_scalars(e->w0, e->w1, stretched), 0);
	stretched[0] ^= wrong;
	stretched[79] ^= wrong;
	assert_int_equal(pake_scalars(w0, w1, stretched), 0);
	e->record = pake_record_new(e->w0, e->w1);
	assert_non_null(e->record);
	assert_int_equal(rng.fill(rng.arg, random, 48), 0);
	e->p = pake_prover(e->c, w0, w1, random, 48);
	assert_int_equal(rng.fill(rng.arg, random, 48), 0);
	e->v = pake_verifier(e->c, e->record, random, 48);
	assert_true(e->p != NULL && e->v != NULL);
}

static void ends_free(struct ends *e)
{
	pake_free(e->p);
	pake_free(e->v);
	pake_record_free(e->record);
	vectors_done(e->c);
}

static void assert_keys_differ(const struct ends *e)
{
	assert_memory_not_equal(e->kp.shared, e->kv.shared, WIRE_KEY);
	assert_memory_not_equal(e->kp.confirm_p, e->kv.confirm_p, WIRE_CONFIRM);
	assert_memory_not_equal(e->kp.confirm_v, e->kv.confirm_v, WIRE_CONFIRM);
}

static void both_ends_agree(void **state)
{
	struct ends e;
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		ends_start(&e, 0);
		assert_int_equal(pake_finish(e.p, &e.kp, "ctx", 3, "*",
				     "conclave/1", pake_share(e.v)),
		    0);
		assert_int_equal(pake_finish(e.v, &e.kv, "ctx", 3, "*",
				     "conclave/1", pake_share(e.p)),
		    0);
		assert_memory_equal(&e.kp, &e.kv, sizeof(e.kp));
		assert_memory_not_equal(e.kp.confirm_p, e.kp.confirm_v, 32);
		assert_memory_not_equal(pake_share(e.p), pake_share(e.v), 65);
		ends_free(&e);
	}
}

static void wrong_password(void **state)
{
	struct ends e;

	(void)state;
	ends_start(&e, 1);
	assert_int_equal(pake_finish(e.p, &e.kp, "ctx", 3, "*", "conclave/1",
			     pake_share(e.v)),
	    0);
	assert_int_equal(pake_finish(e.v, &e.kv, "ctx", 3, "*", "conclave/1",
			     pake_share(e.p)),
	    0);
	assert_keys_differ(&e);
	ends_free(&e);
}

/* The two ends disagree about the context or either identity. */
static void other_transcripts(void **state)
{
	static const char *const other[][3] = {{"ctX", "*", "conclave/1"},
	    {"ctx", "a", "conclave/1"}, {"ctx", "*", "conclave/2"},
	    {"ctx", "*c", "onclave/1"}, {"ctx*", "", "conclave/1"}};
	struct ends e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		ends_start(&e, 0);
		assert_int_equal(pake_finish(e.p, &e.kp, "ctx", 3, "*",
				     "conclave/1", pake_share(e.v)),
		    0);
		assert_int_equal(
		    pake_finish(e.v, &e.kv, other[i][0], strlen(other[i][0]),
			other[i][1], other[i][2], pake_share(e.p)),
		    0);
		assert_keys_differ(&e);
		ends_free(&e);
	}
}

/* Each end gets its own share back. */
static void reflected_share(void **state)
{
	struct ends e;

	(void)state;
	ends_start(&e, 0);
	assert_int_equal(pake_finish(e.p, &e.kp, "ctx", 3, "*", "conclave/1",
			     pake_share(e.p)),
	    0);
	assert_int_equal(pake_finish(e.v, &e.kv, "ctx", 3, "*", "conclave/1",
			     pake_share(e.v)),
	    0);
	assert_keys_differ(&e);
	ends_free(&e);
}

/* One exchange allows one guess, even if the first share was refused. */
static void one_share_only(void **state)
{
	uint8_t bad[WIRE_SHARE] = {4};
	struct ends e;

	(void)state;
	ends_start(&e, 0);
	assert_int_equal(
	    pake_finish(e.p, &e.kp, "c", 1, "*", "s", pake_share(e.v)), 0);
	assert_int_equal(
	    pake_finish(e.p, &e.kp, "c", 1, "*", "s", pake_share(e.v)),
	    ERR_CRYPTO);
	assert_int_equal(
	    pake_finish(e.v, &e.kv, "c", 1, "*", "s", bad), ERR_SHARE);
	assert_int_equal(
	    pake_finish(e.v, &e.kv, "c", 1, "*", "s", pake_share(e.p)),
	    ERR_CRYPTO);
	ends_free(&e);
}

static void record_survives_storage(void **state)
{
	uint8_t random[48] = {1}, share[65], l[65];
	struct pake_record *again;
	struct pake *v;
	struct ends e;
	size_t i;

	(void)state;
	ends_start(&e, 0);
	memcpy(l, pake_record_l(e.record), 65);
	again = pake_record_from_l(e.w0, l);
	assert_non_null(again);
	assert_memory_equal(pake_record_l(again), l, 65);
	pake_free(e.v);
	e.v = pake_verifier(e.c, e.record, random, 48);
	v = pake_verifier(e.c, again, random, 48);
	assert_true(v != NULL && e.v != NULL);
	memcpy(share, pake_share(v), 65);
	assert_memory_equal(share, pake_share(e.v), 65);
	assert_int_equal(
	    pake_finish(v, &e.kv, "c", 1, "*", "s", pake_share(e.p)), 0);
	assert_int_equal(pake_finish(e.p, &e.kp, "c", 1, "*", "s", share), 0);
	assert_memory_equal(&e.kp, &e.kv, sizeof(e.kp));
	pake_free(v);
	pake_record_free(again);
	for (i = 0; i < 8 * sizeof(l); i++) {
		l[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_null(pake_record_from_l(e.w0, l));
		l[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	ends_free(&e);
}

/* A thread: it has its own crypto and shares the record. NULL if all keys
 * agreed. */
static void *exchanges(void *arg)
{
	const struct ends *e = arg;
	struct crypto *c = crypto_new();
	struct rng rng = random_system();
	struct pake_keys kp, kv;
	uint8_t random[48];
	int i, bad = c == NULL;

	for (i = 0; !bad && i < 50; i++) {
		struct pake *p, *v;

		bad |= rng.fill(rng.arg, random, 48) != 0;
		p = pake_prover(c, e->w0, e->w1, random, 48);
		bad |= rng.fill(rng.arg, random, 48) != 0;
		v = pake_verifier(c, e->record, random, 48);
		bad |= p == NULL || v == NULL ||
		       pake_finish(p, &kp, "c", 1, "*", "s", pake_share(v)) ||
		       pake_finish(v, &kv, "c", 1, "*", "s", pake_share(p)) ||
		       memcmp(&kp, &kv, sizeof(kp)) != 0;
		pake_free(p);
		pake_free(v);
	}
	crypto_free(c);
	return bad ? arg : NULL;
}

static void threads_share_a_record(void **state)
{
	pthread_t threads[4];
	struct ends e;
	void *bad;
	size_t i;

	(void)state;
	ends_start(&e, 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, exchanges, &e), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &bad), 0);
		assert_null(bad);
	}
	ends_free(&e);
}

/* --- invalid scalars ---------------------------------------------------- */

static void bad_scalars(void **state)
{
	uint8_t zero[32] = {0}, one[32] = {0}, last[32], ones[48];
	struct pake_record *record;
	struct pake *p;
	struct ends e;
	size_t n;

	(void)state;
	ends_start(&e, 0);
	one[31] = 1;
	memcpy(last, order, 32);
	last[31]--;
	memset(ones, 0xff, sizeof(ones));
	assert_null(pake_record_new(zero, one));
	assert_null(pake_record_new(one, zero));
	assert_null(pake_record_new(order, one));
	assert_null(pake_record_new(one, order));
	assert_null(pake_record_new(ones, one));
	assert_null(pake_record_from_l(zero, pake_record_l(e.record)));
	assert_null(pake_prover(e.c, zero, one, one, 32));
	assert_null(pake_prover(e.c, one, zero, one, 32));
	assert_null(pake_prover(e.c, order, one, one, 32));
	assert_null(pake_prover(e.c, one, one, zero, 32));
	assert_null(pake_prover(e.c, one, one, order, 32));
	assert_null(pake_verifier(e.c, e.record, zero, 32));
	assert_null(pake_verifier(e.c, e.record, order, 32));
	assert_null(pake_verifier(e.c, e.record, ones, 32));
	for (n = 0; n < 48; n++)
		if (n != 32)
			assert_null(pake_verifier(e.c, e.record, ones, n));
	record = pake_record_new(last, last);
	assert_non_null(record);
	p = pake_verifier(e.c, record, last, 32);
	assert_non_null(p);
	pake_free(p);
	pake_record_free(record);
	pake_record_free(NULL);
	pake_free(NULL);
	ends_free(&e);
}

/* 48 random bytes are reduced modulo order - 1, then incremented. */
static void random_is_reduced(void **state)
{
	uint8_t wide[48] = {0}, one[32] = {0};
	struct pake *a, *b;
	struct ends e;

	(void)state;
	ends_start(&e, 0);
	one[31] = 1;
	a = pake_verifier(e.c, e.record, wide, 48); /* 0 becomes 1 */
	b = pake_verifier(e.c, e.record, one, 32);
	assert_true(a != NULL && b != NULL);
	assert_memory_equal(pake_share(a), pake_share(b), 65);
	pake_free(a);
	memcpy(wide + 16, order, 32); /* order - 1 becomes 1 as well */
	wide[47]--;
	a = pake_verifier(e.c, e.record, wide, 48);
	assert_non_null(a);
	assert_memory_equal(pake_share(a), pake_share(b), 65);
	pake_free(a);
	pake_free(b);
	wide[47]++; /* order becomes 2 */
	one[31] = 2;
	a = pake_verifier(e.c, e.record, wide, 48);
	b = pake_verifier(e.c, e.record, one, 32);
	assert_true(a != NULL && b != NULL);
	assert_memory_equal(pake_share(a), pake_share(b), 65);
	pake_free(a);
	pake_free(b);
	memset(wide, 0xff, sizeof(wide));
	a = pake_verifier(e.c, e.record, wide, 48);
	assert_non_null(a);
	pake_free(a);
	ends_free(&e);
}

int main(void)
{
	struct check_group g = {0};

	check_add(&g, stretch_is_stretch_with, NULL, "stretching");
	check_add(&g, scalars_are_reduced, NULL, "scalars are reduced");
	check_add(&g, both_ends_agree, NULL, "both ends agree");
	check_add(&g, wrong_password, NULL, "wrong password");
	check_add(&g, other_transcripts, NULL, "other transcripts");
	check_add(&g, reflected_share, NULL, "reflected share");
	check_add(&g, one_share_only, NULL, "one share only");
	check_add(&g, record_survives_storage, NULL, "record in storage");
	check_add(&g, threads_share_a_record, NULL, "threads");
	check_add(&g, bad_scalars, NULL, "bad scalars");
	check_add(&g, random_is_reduced, NULL, "random is reduced");
	return check_run("exchange", &g);
}
