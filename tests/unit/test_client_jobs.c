/* Unit tests for the two worker threads (KDF, RSA pair): their results, and
 * what happens when nobody collects them. */
#include <poll.h>

#include "client/jobs.h"
#include "shared/crypto/pake.h"
#include "tests/unit/check.h"

static const struct kdf cheap = {1 << 14, 8, 1};

static void wait_for(struct jobs *w)
{
	struct pollfd p = {jobs_fd(w), POLLIN, 0};

	assert_int_equal(poll(&p, 1, 60000 * CONCLAVE_SLOW), 1);
	jobs_clear(w);
}

static struct hs_kdf_job job(int salt)
{
	struct hs_kdf_job j = {.kdf = cheap};

	memset(j.salt, salt, sizeof(j.salt));
	return j;
}

static void password(struct buf *pw)
{
	buf_init_secret(pw, 64);
	assert_int_equal(buf_str(pw, "hunter22"), 0);
}

static void expect(const uint8_t *got, int salt)
{
	uint8_t want[PAKE_STRETCHED];
	struct hs_kdf_job j = job(salt);

	assert_int_equal(pake_stretch(want, "hunter22", 8, "*", WIRE_PROTOCOL,
			     j.salt, &j.kdf),
	    0);
	assert_memory_equal(got, want, sizeof(want));
}

static void test_both(void **state)
{
	uint8_t got[PAKE_STRETCHED];
	struct hs_kdf_job j = job(1);
	bool have_wrap = false, have_kdf = false;
	struct kem_rsa *wrap = NULL;
	struct jobs *w;
	struct errmsg why;
	struct buf pw, spki;

	(void)state;
	password(&pw);
	buf_init(&spki, 4096);
	w = jobs_new(2048, &why);
	assert_non_null(w);
	assert_int_equal(jobs_take_stretched(w, got), ERR_AGAIN);
	assert_int_equal(jobs_stretch(w, &pw, "*", &j), 0);
	while (!have_wrap || !have_kdf) {
		wait_for(w);
		have_wrap |= jobs_take_kem(w, &wrap) == 0;
		have_kdf |= jobs_take_stretched(w, got) == 0;
	}
	expect(got, 1);
	assert_int_equal(kem_rsa_spki(wrap, &spki), 0);
	assert_int_equal(kem_rsa_spki_check(spki.p, spki.len), 0);
	/* Each result is returned only once. */
	assert_int_equal(jobs_take_kem(w, &wrap), ERR_AGAIN);
	assert_int_equal(jobs_take_stretched(w, got), ERR_AGAIN);
	kem_rsa_free(wrap);
	jobs_free(w);
	buf_free(&spki);
	buf_free(&pw);
}

/* After a reconnect with another salt, only the newer job's result counts. */
static void test_replaced(void **state)
{
	uint8_t got[PAKE_STRETCHED];
	struct hs_kdf_job one = job(1), two = job(2), three = job(3);
	struct jobs *w;
	struct errmsg why;
	struct buf pw;

	(void)state;
	password(&pw);
	w = jobs_new(2048, &why);
	assert_int_equal(jobs_stretch(w, &pw, "*", &one), 0);
	assert_int_equal(jobs_stretch(w, &pw, "*", &two), 0);
	assert_int_equal(jobs_stretch(w, &pw, "*", &three), 0);
	while (jobs_take_stretched(w, got) == ERR_AGAIN)
		wait_for(w);
	expect(got, 3);
	/* Asking again for the running job does not start it twice. */
	assert_int_equal(jobs_stretch(w, &pw, "*", &one), 0);
	assert_int_equal(jobs_stretch(w, &pw, "*", &two), 0);
	assert_int_equal(jobs_stretch(w, &pw, "*", &one), 0);
	while (jobs_take_stretched(w, got) == ERR_AGAIN)
		wait_for(w);
	expect(got, 1);
	jobs_free(w);
	buf_free(&pw);
}

/* The record of a password is that of the same password stretched here; meanwhile
 * there is no other one, and a change of the buffer changes nothing. */
static void test_record(void **state)
{
	uint8_t stretched[PAKE_STRETCHED], w0[PAKE_SCALAR], w1[PAKE_SCALAR];
	struct hs_kdf_job j = job(1);
	struct pake_record *want;
	struct jobs_record got;
	struct errmsg why;
	struct jobs *w;
	struct buf pw;
	int r;

	(void)state;
	password(&pw);
	assert_int_equal(pake_stretch(stretched, pw.p, pw.len, "bob",
			     WIRE_PROTOCOL, j.salt, &j.kdf),
	    0);
	assert_int_equal(pake_scalars(w0, w1, stretched), 0);
	want = pake_record_new(w0, w1);
	assert_non_null(want);
	w = jobs_new(2048, &why);
	assert_int_equal(jobs_take_record(w, &got), ERR_AGAIN);
	assert_int_equal(jobs_record(w, &pw, "bob", &j), 0);
	pw.p[0] ^= 1;
	assert_int_equal(jobs_record(w, &pw, "bob", &j), ERR_STATE);
	while ((r = jobs_take_record(w, &got)) == ERR_AGAIN)
		wait_for(w);
	assert_int_equal(r, 0);
	assert_memory_equal(got.w0, w0, sizeof(w0));
	assert_memory_equal(got.l, pake_record_l(want), sizeof(got.l));
	assert_int_equal(jobs_take_record(w, &got), ERR_AGAIN);
	pake_record_free(want);
	jobs_free(w);
	buf_free(&pw);
}

/* Another account, or another password, is another job. */
static void test_another_account(void **state)
{
	uint8_t got[PAKE_STRETCHED], want[PAKE_STRETCHED];
	struct hs_kdf_job j = job(1);
	struct errmsg why;
	struct jobs *w;
	struct buf pw;

	(void)state;
	password(&pw);
	w = jobs_new(2048, &why);
	assert_int_equal(jobs_stretch(w, &pw, "*", &j), 0);
	assert_int_equal(jobs_stretch(w, &pw, "bob", &j), 0);
	while (jobs_take_stretched(w, got) == ERR_AGAIN)
		wait_for(w);
	assert_int_equal(pake_stretch(want, pw.p, pw.len, "bob", WIRE_PROTOCOL,
			     j.salt, &j.kdf),
	    0);
	assert_memory_equal(got, want, sizeof(want));
	jobs_free(w);
	buf_free(&pw);
}

static void test_bad_cost(void **state)
{
	uint8_t got[PAKE_STRETCHED];
	struct hs_kdf_job j = job(1);
	struct jobs *w;
	struct errmsg why;
	struct buf pw;
	int r;

	(void)state;
	password(&pw);
	j.kdf.n = 3;
	w = jobs_new(2048, &why);
	assert_int_equal(jobs_stretch(w, &pw, "*", &j), 0);
	while ((r = jobs_take_stretched(w, got)) == ERR_AGAIN)
		wait_for(w);
	assert_int_equal(r, ERR_KDF);
	jobs_free(w);
	buf_free(&pw);
}

/* Freeing while both threads run: no leak, no use after free. */
static void test_left_alone(void **state)
{
	struct hs_kdf_job j = job(1);
	struct jobs *w;
	struct errmsg why;
	struct buf pw;

	(void)state;
	password(&pw);
	w = jobs_new(2048, &why);
	assert_int_equal(jobs_stretch(w, &pw, "*", &j), 0);
	jobs_free(w);
	jobs_free(NULL);
	buf_free(&pw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both),
	    cmocka_unit_test(test_replaced),
	    cmocka_unit_test(test_record),
	    cmocka_unit_test(test_another_account),
	    cmocka_unit_test(test_bad_cost),
	    cmocka_unit_test(test_left_alone),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
