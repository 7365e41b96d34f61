/* Password records as text: what is written is read, and nothing else is. */
#include "server/auth/gate.h"

#include "tests/unit/check.h"

static const struct kdf cheap = {1 << 14, 8, 1};

struct fixture {
	struct rng rng;
	struct crypto *c;
	struct record_file record;
	struct buf text;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->rng = random_system();
	f->c = crypto_new();
	buf_init(&f->text, RECORD_FILE_MAX);
	assert_int_equal(
	    record_file_make(&f->record, &f->rng, "sesame", 6, &cheap), 0);
	assert_int_equal(record_file_encode(&f->text, &f->record), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	record_file_wipe(&f->record);
	buf_free(&f->text);
	crypto_free(f->c);
	free(f);
	return 0;
}

static void test_there_and_back(void **state)
{
	struct fixture *f = *state;
	struct record_file r;
	const char *wrong;

	assert_int_equal(
	    record_file_decode(&r, &wrong, f->text.p, f->text.len), 0);
	assert_int_equal(r.kdf.n, cheap.n);
	assert_int_equal(r.kdf.r, cheap.r);
	assert_int_equal(r.kdf.p, cheap.p);
	assert_memory_equal(r.salt, f->record.salt, sizeof(r.salt));
	assert_memory_equal(r.w0, f->record.w0, sizeof(r.w0));
	assert_memory_equal(r.l, f->record.l, sizeof(r.l));
}

/* The password is not in it, and the salt is new each time. */
static void test_a_new_salt(void **state)
{
	struct fixture *f = *state;
	struct record_file r;

	assert_null(memmem(f->text.p, f->text.len, "sesame", 6));
	assert_int_equal(record_file_make(&r, &f->rng, "sesame", 6, &cheap), 0);
	assert_memory_not_equal(r.salt, f->record.salt, sizeof(r.salt));
	assert_memory_not_equal(r.w0, f->record.w0, sizeof(r.w0));
}

static void refuses(const void *text, size_t n)
{
	struct record_file r;
	const char *wrong = NULL;
	char *copy = malloc(n + 1); /* the end is where a sanitizer sees it */

	assert_non_null(copy);
	memcpy(copy, text, n);
	copy = realloc(copy, n > 0 ? n : 1);
	assert_int_equal(record_file_decode(&r, &wrong, copy, n), ERR_USAGE);
	assert_non_null(wrong);
	free(copy);
}

static void test_truncations(void **state)
{
	const struct fixture *f = *state;
	size_t n;

	for (n = 0; n < f->text.len; n++)
		refuses(f->text.p, n);
}

static void test_flipped_bits(void **state)
{
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < 8 * f->text.len; i++) {
		f->text.p[i / 8] ^= (uint8_t)(1 << i % 8);
		refuses(f->text.p, f->text.len);
		f->text.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void test_more_than_a_record(void **state)
{
	static const char *const tails[] = {"\n", " ", "x", "\0", "l A\n"};
	struct fixture *f = *state;
	struct buf b;
	size_t i;

	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		buf_init(&b, RECORD_FILE_MAX);
		assert_int_equal(buf_put(&b, f->text.p, f->text.len), 0);
		assert_int_equal(
		    buf_put(&b, tails[i], i == 3 ? 1 : strlen(tails[i])), 0);
		refuses(b.p, b.len);
		buf_free(&b);
	}
}

/* With a sum that is right: somebody has made it so. */
static void refuses_record(const struct record_file *r, const char *says)
{
	struct record_file out;
	const char *wrong = NULL;
	struct buf b;

	buf_init(&b, RECORD_FILE_MAX);
	assert_int_equal(record_file_encode(&b, r), 0);
	assert_int_equal(
	    record_file_decode(&out, &wrong, b.p, b.len), ERR_USAGE);
	assert_non_null(strstr(wrong, says));
	buf_free(&b);
}

static void test_costs_out_of_bounds(void **state)
{
	static const struct kdf bad[] = {{0, 8, 1}, {1, 8, 1}, {16383, 8, 1},
	    {8192, 8, 1}, {1 << 20, 8, 1}, {UINT64_C(1) << 31, 8, 1},
	    {1 << 14, 0, 1}, {1 << 14, 1000, 1}, {1 << 14, 8, 0},
	    {1 << 14, 8, 1000}};
	const struct fixture *f = *state;
	struct record_file r = f->record;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r.kdf = bad[i];
		refuses_record(&r, "cost");
	}
}

static void test_values_out_of_range(void **state)
{
	/* The order of P-256. */
	static const uint8_t order[PAKE_SCALAR] = {0xff, 0xff, 0xff, 0xff, 0, 0,
	    0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
	    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc,
	    0x63, 0x25, 0x51};
	const struct fixture *f = *state;
	struct record_file r = f->record;

	memset(r.w0, 0, sizeof(r.w0));
	refuses_record(&r, "w0");
	memcpy(r.w0, order, sizeof(r.w0));
	refuses_record(&r, "w0");
	memset(r.w0, 0xff, sizeof(r.w0));
	refuses_record(&r, "w0");
	r = f->record;
	r.l[64] ^= 1; /* not on the curve */
	refuses_record(&r, "L");
	memset(r.l + 1, 0, 64); /* in the place of the identity */
	refuses_record(&r, "L");
	memset(r.l, 0, sizeof(r.l));
	refuses_record(&r, "L");
	r = f->record;
	r.l[0] = 6; /* hybrid */
	refuses_record(&r, "L");
}

/* An exchange that began with the old record goes on with it. */
static void test_a_change_under_an_exchange(void **state)
{
	struct fixture *f = *state;
	struct record_file next;
	struct gate_view early, late;
	struct hs_account a, c;
	struct gate *all = NULL;
	uint8_t l[WIRE_SHARE];

	assert_int_equal(
	    record_file_make(&next, &f->rng, "second", 6, &cheap), 0);
	assert_int_equal(gate_of_record(&all, &f->record), 0);
	early = late = (struct gate_view){.gate = all, .crypto = f->c};
	assert_int_equal(gate_find(&early, "*", &a), 0);
	memcpy(l, pake_record_l(a.record), sizeof(l));
	assert_memory_equal(l, f->record.l, sizeof(l));
	assert_int_equal(gate_change(all, &next), 0);
	assert_memory_equal(pake_record_l(a.record), l, sizeof(l));
	assert_int_equal(gate_find(&late, "*", &c), 0);
	assert_memory_equal(pake_record_l(c.record), next.l, sizeof(l));
	assert_memory_equal(c.salt, next.salt, sizeof(c.salt));
	gate_release(&early);
	gate_release(&early);
	gate_release(&late);
	assert_int_equal(gate_change(all, &f->record), 0);
	gate_free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_a_new_salt),
	    cmocka_unit_test(test_truncations),
	    cmocka_unit_test(test_flipped_bits),
	    cmocka_unit_test(test_more_than_a_record),
	    cmocka_unit_test(test_costs_out_of_bounds),
	    cmocka_unit_test(test_values_out_of_range),
	    cmocka_unit_test(test_a_change_under_an_exchange),
	};

	return cmocka_run_group_tests_name(
	    "record_file", tests, setup, teardown);
}
