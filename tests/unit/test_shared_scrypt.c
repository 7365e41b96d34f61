/* scrypt of crypto.h, and the limits of its cost. */
#include "tests/unit/vectors.h"

/* --- scrypt -------------------------------------------------------------- */

static void scrypt_rfc7914(void **state)
{
	const json_t *t = *state;
	const struct kdf k = {(uint64_t)vectors_int(t, "N"),
	    (uint32_t)vectors_int(t, "r"), (uint32_t)vectors_int(t, "p")};
	const char *pw = json_string_value(json_object_get(t, "P"));
	const char *salt = json_string_value(json_object_get(t, "S"));
	size_t n;
	uint8_t *want = check_hex_at(t, "DK", &n), out[64];

	assert_int_equal(n, sizeof(out));
	if (crypto_kdf_check(&k) != 0) {
		assert_int_equal(crypto_scrypt(out, n, pw, strlen(pw), salt,
				     strlen(salt), &k),
		    ERR_KDF);
		free(want);
		print_message("N = %d, r = %d, p = %d: outside what the "
			      "protocol allows\n",
		    (int)k.n, (int)k.r, (int)k.p);
		skip();
	}
	assert_int_equal(
	    crypto_scrypt(out, n, pw, strlen(pw), salt, strlen(salt), &k), 0);
	assert_memory_equal(out, want, n);
	free(want);
	vectors_queue_is_empty();
}

static void scrypt_of_nothing(void **state)
{
	const struct kdf k = {1 << 14, 1, 1};
	uint8_t a[32], b[32];

	(void)state;
	assert_int_equal(crypto_scrypt(a, 32, NULL, 0, NULL, 0, &k), 0);
	assert_int_equal(crypto_scrypt(b, 32, "", 0, "", 0, &k), 0);
	assert_memory_equal(a, b, 32);
	assert_int_equal(crypto_scrypt(b, 32, "a", 1, NULL, 0, &k), 0);
	assert_memory_not_equal(a, b, 32);
}

/* This needs more than libcrypto's default limit of 32 MiB, so we set our
 * own. */
static void scrypt_of_the_default_cost(void **state)
{
	const struct kdf k = {WIRE_SCRYPT_N, 8, 1};
	uint8_t a[80], zero[80] = {0};

	(void)state;
	memset(a, 0, sizeof(a));
	assert_int_equal(crypto_scrypt(a, 80, "pw", 2, "salt", 4, &k), 0);
	assert_memory_not_equal(a, zero, 80);
}

struct kdf_case {
	struct kdf k;
	int want;
};

static const struct kdf_case kdf_cases[] = {
    {{1 << 14, 8, 1}, 0},
    {{1 << 17, 8, 1}, 0},
    {{1 << 17, 16, 2}, 0},
    {{1 << 18, 8, 2}, 0},
    {{1 << 15, 1, 1}, 0},
    {{1 << 14, 16, 16}, 0},
    {{1 << 16, 32, 1}, 0},
    {{1 << 20, 2, 1}, 0},
    {{0, 8, 1}, ERR_KDF},
    {{1, 8, 1}, ERR_KDF},
    {{1 << 13, 8, 1}, ERR_KDF},
    {{(1 << 14) - 1, 8, 1}, ERR_KDF},
    {{(1 << 14) + 1, 8, 1}, ERR_KDF},
    {{(1 << 14) + (1 << 15), 8, 1}, ERR_KDF},
    {{1 << 21, 1, 1}, ERR_KDF},
    {{UINT64_C(1) << 63, 1, 1}, ERR_KDF},
    {{UINT64_C(1) << 32, 1, 1}, ERR_KDF},
    {{UINT64_MAX, 8, 1}, ERR_KDF},
    {{1 << 14, 0, 1}, ERR_KDF},
    {{1 << 14, 33, 1}, ERR_KDF},
    {{1 << 14, UINT32_MAX, 1}, ERR_KDF},
    {{1 << 14, 8, 0}, ERR_KDF},
    {{1 << 14, 8, 17}, ERR_KDF},
    {{1 << 14, 8, UINT32_MAX}, ERR_KDF},
    {{1 << 16, 1, 1}, ERR_KDF}, /* n below 2^(16 r) */
    {{1 << 20, 1, 1}, ERR_KDF},
    {{1 << 20, 4, 1}, ERR_KDF},	 /* 512 MiB */
    {{1 << 17, 32, 1}, ERR_KDF}, /* 512 MiB */
    {{1 << 18, 8, 4}, ERR_KDF},	 /* 2^23 of work */
    {{1 << 16, 32, 3}, ERR_KDF},
    {{1 << 20, 2, 3}, ERR_KDF},
};

static void kdf_bounds(void **state)
{
	const struct kdf_case *t = *state;
	uint8_t out[16];

	assert_int_equal(crypto_kdf_check(&t->k), t->want);
	if (t->want != 0)
		assert_int_equal(
		    crypto_scrypt(out, 16, "p", 1, "s", 1, &t->k), t->want);
}

int main(void)
{
	json_t *file = check_vectors("scrypt_rfc7914.json");
	struct check_group g = {0};
	size_t i;
	int r;

	vectors_add(&g, file, "RFC 7914", scrypt_rfc7914);
	check_add(&g, scrypt_of_nothing, NULL, "scrypt of nothing");
	check_add(&g, scrypt_of_the_default_cost, NULL, "scrypt, default cost");
	for (i = 0; i < sizeof(kdf_cases) / sizeof(kdf_cases[0]); i++)
		check_add(&g, kdf_bounds, (void *)(uintptr_t)&kdf_cases[i],
		    "kdf bounds %zu", i + 1);
	r = check_run("scrypt", &g);
	json_decref(file);
	return r;
}
