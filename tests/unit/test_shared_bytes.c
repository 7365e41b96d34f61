/* The readers and buffers of bytes.h, and the secret memory of secret.h. */
#include "tests/unit/check.h"

#include "shared/base/secret.h"

/* With AddressSanitizer, malloc must return NULL for a size that is too
 * large. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static const uint8_t nine[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

/* --- rd -------------------------------------------------------------- */

static void rd_reads_in_order(void **state)
{
	struct rd r = {nine, sizeof(nine)};
	const uint8_t *p;
	uint32_t u32;
	uint8_t u8;

	(void)state;
	assert_int_equal(rd_u8(&r, &u8), 0);
	assert_int_equal(u8, 1);
	assert_int_equal(rd_u32(&r, &u32), 0);
	assert_int_equal(u32, 0x02030405);
	assert_int_equal(rd_bytes(&r, &p, 3), 0);
	assert_ptr_equal(p, nine + 5);
	assert_int_equal(r.left, 1);
	assert_int_equal(rd_bytes(&r, &p, 2), ERR_TRUNC);
	assert_int_equal(rd_u8(&r, &u8), 0);
	assert_int_equal(u8, 9);
	assert_int_equal(r.left, 0);
	assert_int_equal(rd_u8(&r, &u8), ERR_TRUNC);
}

static void rd_u64_reads(void **state)
{
	struct rd r = {nine, sizeof(nine)};
	uint64_t v;

	(void)state;
	assert_int_equal(rd_u64(&r, &v), 0);
	assert_true(v == UINT64_C(0x0102030405060708));
	assert_int_equal(r.left, 1);
}

/* A reader that finds too few bytes fails and changes nothing, for every
 * length. */
static void rd_truncated(void **state)
{
	const uint8_t *p = nine;
	uint64_t u64 = 77;
	uint32_t u32 = 77;
	uint8_t u8 = 77;
	size_t n;

	(void)state;
	for (n = 0; n < 8; n++) {
		struct rd r = {nine, n};

		assert_int_equal(rd_u64(&r, &u64), ERR_TRUNC);
		if (n < 4)
			assert_int_equal(rd_u32(&r, &u32), ERR_TRUNC);
		if (n < 1)
			assert_int_equal(rd_u8(&r, &u8), ERR_TRUNC);
		assert_int_equal(rd_bytes(&r, &p, n + 1), ERR_TRUNC);
		assert_int_equal(rd_bytes(&r, &p, SIZE_MAX), ERR_TRUNC);
		assert_ptr_equal(r.p, nine);
		assert_int_equal(r.left, n);
	}
	assert_true(u64 == 77 && u32 == 77 && u8 == 77 && p == nine);
}

static void rd_of_nothing(void **state)
{
	struct rd r = {NULL, 0};
	const uint8_t *p = nine;

	(void)state;
	assert_int_equal(rd_bytes(&r, &p, 0), 0);
	assert_null(p);
	assert_int_equal(rd_bytes(&r, &p, 1), ERR_TRUNC);
}

static void integers_round_trip(void **state)
{
	uint64_t seed = 1, v;
	uint8_t p[8];
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		v = check_random(&seed);
		put_u64(p, v);
		assert_true(get_u64(p) == v);
		assert_int_equal(p[0], v >> 56);
		put_u32(p, (uint32_t)v);
		assert_true(get_u32(p) == (uint32_t)v);
		assert_int_equal(p[3], v & 0xff);
	}
}

/* --- buf ------------------------------------------------------------- */

static void buf_writes(void **state)
{
	static const uint8_t want[] = {
	    0xab, 0x01, 0x02, 0x03, 0x04, 1, 2, 3, 4, 5, 6, 7, 8, 'h', 'i'};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_null(b.p);
	assert_int_equal(buf_u8(&b, 0xab), 0);
	assert_int_equal(buf_u32(&b, 0x01020304), 0);
	assert_int_equal(buf_u64(&b, UINT64_C(0x0102030405060708)), 0);
	assert_int_equal(buf_str(&b, "hi"), 0);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.p, want, sizeof(want));
	buf_free(&b);
	assert_null(b.p);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.cap, 0);
	assert_int_equal(b.max, 100);
	assert_int_equal(buf_u8(&b, 1), 0); /* usable again */
	buf_free(&b);
	buf_free(&b);
}

/* A writer that would exceed the maximum fails and changes nothing. */
static void buf_limit(void **state)
{
	struct buf b;
	size_t max;

	(void)state;
	for (max = 0; max < 200; max++) {
		buf_init(&b, max);
		while (b.len < max)
			assert_int_equal(buf_u8(&b, (uint8_t)b.len), 0);
		assert_true(b.cap <= max);
		assert_int_equal(buf_u8(&b, 1), ERR_LIMIT);
		assert_int_equal(buf_u32(&b, 1), ERR_LIMIT);
		assert_int_equal(buf_u64(&b, 1), ERR_LIMIT);
		assert_int_equal(buf_str(&b, "x"), ERR_LIMIT);
		assert_int_equal(buf_put(&b, nine, 9), ERR_LIMIT);
		assert_int_equal(buf_reserve(&b, 1), ERR_LIMIT);
		assert_int_equal(buf_reserve(&b, SIZE_MAX), ERR_LIMIT);
		assert_int_equal(buf_reserve(&b, 0), 0);
		assert_int_equal(b.len, max);
		if (max > 0)
			assert_int_equal(b.p[max - 1], max - 1);
		buf_free(&b);
	}
}

static void buf_partly_over_the_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_put(&b, nine, 9), 0);
	assert_int_equal(buf_put(&b, nine, 2), ERR_LIMIT);
	assert_int_equal(buf_u32(&b, 1), ERR_LIMIT);
	assert_int_equal(b.len, 9);
	assert_memory_equal(b.p, nine, 9);
	assert_int_equal(buf_put(&b, nine, 1), 0);
	assert_int_equal(b.len, 10);
	buf_free(&b);
}

static void buf_no_memory(void **state)
{
	struct buf b;

	(void)state;
	buf_init_secret(&b, SIZE_MAX);
	assert_int_equal(buf_put(&b, nine, 9), 0);
	assert_int_equal(buf_reserve(&b, SIZE_MAX / 2), ERR_NOMEM);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 9), ERR_NOMEM);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 8), ERR_LIMIT);
	assert_int_equal(b.len, 9);
	assert_memory_equal(b.p, nine, 9);
	buf_free(&b);
}

static void buf_reserve_keeps(void **state)
{
	struct buf b;
	uint8_t *p;

	(void)state;
	buf_init(&b, 1 << 20);
	assert_int_equal(buf_put(&b, nine, 9), 0);
	assert_int_equal(buf_reserve(&b, 5000), 0);
	assert_true(b.cap - b.len >= 5000);
	assert_int_equal(b.len, 9);
	assert_memory_equal(b.p, nine, 9);
	p = b.p;
	assert_int_equal(buf_reserve(&b, 5000), 0);
	assert_ptr_equal(b.p, p); /* already allocated */
	buf_free(&b);
}

/* Adding single bytes causes few reallocations: the capacity doubles. */
static void buf_grows_by_doubling(void **state)
{
	size_t moves = 0, i;
	struct buf b;
	size_t cap = 0;

	(void)state;
	buf_init(&b, 1 << 20);
	for (i = 0; i < 1 << 20; i++) {
		assert_int_equal(buf_u8(&b, (uint8_t)i), 0);
		if (b.cap != cap)
			moves++;
		cap = b.cap;
	}
	assert_true(moves <= 16);
	for (i = 0; i < 1 << 20; i += 997)
		assert_int_equal(b.p[i], i & 0xff);
	buf_free(&b);
}

static void buf_of_nothing(void **state)
{
	struct buf b;

	(void)state;
	buf_init_secret(&b, 0);
	assert_int_equal(buf_put(&b, NULL, 0), 0);
	assert_int_equal(buf_str(&b, ""), 0);
	buf_consume(&b, 0);
	buf_consume(&b, 9);
	buf_truncate(&b, 0);
	buf_truncate(&b, 9);
	buf_clear(&b);
	assert_null(b.p);
	buf_free(&b);
}

static void buf_consumes(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_put(&b, nine, 9), 0);
	buf_consume(&b, 0);
	assert_int_equal(b.len, 9);
	buf_consume(&b, 4);
	assert_int_equal(b.len, 5);
	assert_memory_equal(b.p, nine + 4, 5);
	buf_truncate(&b, 7);
	assert_int_equal(b.len, 5);
	buf_truncate(&b, 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.p, nine + 4, 3);
	buf_consume(&b, 3);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_put(&b, nine, 9), 0);
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void assert_zero_after(const struct buf *b, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++)
		assert_int_equal(b->p[i], 0);
}

static void buf_secret_is_wiped(void **state)
{
	struct buf b;

	(void)state;
	buf_init_secret(&b, 100);
	assert_int_equal(buf_put(&b, nine, 9), 0);
	buf_consume(&b, 4);
	assert_memory_equal(b.p, nine + 4, 5);
	assert_zero_after(&b, 5, 9);
	buf_truncate(&b, 2);
	assert_zero_after(&b, 2, 9);
	buf_clear(&b);
	assert_zero_after(&b, 0, 9);
	buf_free(&b);
	assert_true(b.secret);
}

/* --- secret ---------------------------------------------------------- */

/* A block is zeroed whatever its history, and is never in use twice at once. */
static void secret_pool_blocks(void **state)
{
	enum { N = SECRET_POOL_KEPT + 4, SIZE = 5000 };
	static const uint8_t zeros[SIZE];
	struct secret_pool pool = {0};
	uint8_t *p[N], *other;
	size_t i, k, turn;

	(void)state;
	for (turn = 0; turn < 3; turn++) {
		for (i = 0; i < N; i++) {
			p[i] = secret_pool_get(&pool, SIZE);
			assert_non_null(p[i]);
			assert_memory_equal(p[i], zeros, SIZE);
			for (k = 0; k < i; k++)
				assert_ptr_not_equal(p[i], p[k]);
			memset(p[i], 0xa5, SIZE);
		}
		other = secret_pool_get(&pool, 2 * SIZE);
		assert_non_null(other);
		memset(other, 0xa5, 2 * SIZE);
		secret_pool_put(&pool, other, 2 * SIZE);
		for (i = 0; i < N; i++)
			secret_pool_put(&pool, p[i], SIZE);
		assert_true(pool.n <= SECRET_POOL_KEPT);
	}
	secret_pool_put(&pool, NULL, SIZE);
	for (i = 0; i < pool.n; i++)
		assert_memory_equal(pool.kept[i], zeros, SIZE);
	secret_pool_free(&pool);
	assert_int_equal(pool.n, 0);
}

static void secret_alloc_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 31, 4095, 4096, 4097, 100000};
	uint8_t *p;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		p = secret_alloc(sizes[i]);
		assert_non_null(p);
		for (k = 0; k < sizes[i]; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xff, sizes[i]);
		secret_free(p, sizes[i]);
	}
	secret_free(NULL, 0);
	secret_free(NULL, 100);
}

static void secret_alloc_refused(void **state)
{
	(void)state;
	assert_null(secret_alloc(SIZE_MAX));
	assert_null(secret_alloc(SIZE_MAX - 4096));
	assert_null(secret_alloc(SIZE_MAX / 2));
}

/* Checks in /proc/self/smaps that the kernel keeps the page out of core
 * dumps. */
static void secret_is_not_dumped(void **state)
{
	uint8_t *p = secret_alloc(100);
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to;
	int inside = 0, found = 0, dd = 0;
	char line[512];

	(void)state;
	assert_non_null(p);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
			found = 1;
			dd = strstr(line, " dd") != NULL;
		}
	}
	if (f != NULL)
		fclose(f);
	secret_free(p, 100);
#if defined(__SANITIZE_ADDRESS__)
	found = 0; /* with ASan, secrets are on the sanitizer's heap */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	found = 0;
#endif
#endif
	if (!found) {
		print_message("no VmFlags for a page of secrets here\n");
		skip();
	}
	assert_true(dd);
}

static void secret_compares(void **state)
{
	uint8_t a[64], b[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(a); i++)
		a[i] = b[i] = (uint8_t)(7 * i);
	assert_true(secret_equal(a, b, sizeof(a)));
	for (i = 0; i < 8 * sizeof(a); i++) {
		b[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(secret_equal(a, b, sizeof(a)));
		assert_true(secret_equal(a, b, i / 8)); /* before it */
		b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_true(secret_equal(NULL, NULL, 0));
	assert_true(secret_equal(a, NULL, 0));
}

static void secret_wipes(void **state)
{
	uint8_t a[33];
	size_t i;

	(void)state;
	memset(a, 0xaa, sizeof(a));
	secret_wipe(a, 32);
	for (i = 0; i < 32; i++)
		assert_int_equal(a[i], 0);
	assert_int_equal(a[32], 0xaa);
	secret_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rd_reads_in_order),
	    cmocka_unit_test(rd_u64_reads),
	    cmocka_unit_test(rd_truncated),
	    cmocka_unit_test(rd_of_nothing),
	    cmocka_unit_test(integers_round_trip),
	    cmocka_unit_test(buf_writes),
	    cmocka_unit_test(buf_limit),
	    cmocka_unit_test(buf_partly_over_the_limit),
	    cmocka_unit_test(buf_no_memory),
	    cmocka_unit_test(buf_reserve_keeps),
	    cmocka_unit_test(buf_grows_by_doubling),
	    cmocka_unit_test(buf_of_nothing),
	    cmocka_unit_test(buf_consumes),
	    cmocka_unit_test(buf_secret_is_wiped),
	    cmocka_unit_test(secret_alloc_sizes),
	    cmocka_unit_test(secret_pool_blocks),
	    cmocka_unit_test(secret_alloc_refused),
	    cmocka_unit_test(secret_is_not_dumped),
	    cmocka_unit_test(secret_compares),
	    cmocka_unit_test(secret_wipes),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
