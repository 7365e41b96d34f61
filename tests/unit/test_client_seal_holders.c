/* The file with who holds the secrets of sealed rooms: what is written is read
 * again, and nothing else is. */
#include "client/trust/seal_holders.h"
#include "client/trust/sealed_file.h"
#include "shared/crypto/library.h"
#include "shared/os/file.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

#define OK(call) assert_int_equal((call), 0)

static const uint8_t one[WIRE_KEY] = {1}, bob_fp[WIRE_HASH] = {0xb0};

static const struct sealed_file_kind kind = {
    "conclave seal holders 1\n", "conclave/1 seal holders file", ""};

#define KEY_0 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_1 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void write_text(
    const char *path, const struct identity *id, const char *text)
{
	struct sealed_file *f;
	struct errmsg why;
	struct buf out;

	OK(sealed_file_new(&f, &kind, id));
	buf_init(&out, FILE_MAX);
	OK(buf_str(&out, text));
	OK(sealed_file_write(f, path, &out, &why));
	buf_free(&out);
	sealed_file_free(f);
}

static void reads(const char *path, const struct identity *id, bool gone)
{
	struct seal_holders *file;
	struct holders_ops ops;
	struct errmsg why;
	struct holder h;

	OK(seal_holders_open(&file, path, id, &why));
	ops = seal_holders_ops(file);
	assert_true(ops.get(ops.arg, "Vault", 0, &h));
	assert_string_equal(h.name, "bob");
	assert_memory_equal(h.fingerprint, bob_fp, WIRE_HASH);
	assert_int_equal(h.number, 4);
	assert_int_equal(h.removed, 3);
	assert_int_equal(h.gone, gone);
	assert_true(h.operator);
	assert_int_equal(h.handed, 5);
	assert_memory_equal(h.secret, one, WIRE_KEY);
	assert_false(ops.get(ops.arg, "vault", 1, &h));
	OK(seal_holders_flush(file, &why));
	seal_holders_free(file);
}

static void test_the_file(void **state)
{
	static const char *const bad[] = {"vault\n",
	    "va/ult " KEY_0 " bob " KEY_1 " 1 0 0 0 " KEY_0 "\n",
	    "vault short bob " KEY_1 " 1 0 0 0 " KEY_0 "\n",
	    "vault " KEY_0 " no/name " KEY_1 " 1 0 0 0 " KEY_0 "\n",
	    "vault " KEY_0 " bob short 1 0 0 0 " KEY_0 "\n",
	    "vault " KEY_0 " bob " KEY_1 " -1 0 0 0 " KEY_0 "\n",
	    "vault " KEY_0 " bob " KEY_1 " 1000000001 0 0 0 " KEY_0 "\n",
	    "vault " KEY_0 " bob " KEY_1 " 1 x 0 0 " KEY_0 "\n",
	    "vault " KEY_0 " bob " KEY_1 " 1 0 4 0 " KEY_0 "\n",
	    "vault " KEY_0 " bob " KEY_1 " 1 0 0 1000000001 " KEY_0 "\n",
	    "vault " KEY_0 " bob " KEY_1 " 1 0 0 0\n",
	    "vault " KEY_0 " bob " KEY_1 " 1 0 0 0 " KEY_0 "A\n",
	    "vault " KEY_0 " bob " KEY_1 " 1 0 0 0 " KEY_0 " more\n",
	    "vault " KEY_0 " =\n", "vault " KEY_0 " = 1 1 bob *\n"};
	const char *path = folder_path(state, "holders");
	uint8_t seed[32] = {1};
	struct identity *id = identity_from_seed(seed), *other;
	struct holder h = {.name = "bob", .number = 4, .removed = 3,
	    .operator = true, .handed = 5};
	struct seal_holders *file;
	struct holders_ops ops;
	struct errmsg why;
	struct buf bytes;
	size_t i;

	seed[0] = 2;
	other = identity_from_seed(seed);
	memcpy(h.fingerprint, bob_fp, WIRE_HASH);
	memcpy(h.secret, one, WIRE_KEY);
	OK(seal_holders_open(&file, path, id, &why));
	ops = seal_holders_ops(file);
	ops.put(ops.arg, "vault", &h);
	OK(seal_holders_flush(file, &why));
	h.gone = true;
	seal_holders_free(file);
	reads(path, id, false);
	OK(seal_holders_open(&file, path, id, &why));
	ops = seal_holders_ops(file);
	ops.put(ops.arg, "VAULT", &h);
	OK(seal_holders_flush(file, &why));
	seal_holders_free(file);
	reads(path, id, true);
	/* no word of it in the clear; not with another identity, a bit changed, cut */
	assert_int_equal(seal_holders_open(&file, path, other, &why), ERR_USAGE);
	buf_init(&bytes, FILE_MAX);
	OK(file_read(path, FILE_PRIVATE, &bytes, &why));
	assert_null(memmem(bytes.p, bytes.len, "vault", 5));
	assert_null(memmem(bytes.p, bytes.len, KEY_1, 8));
	for (i = 0; i < 8 * bytes.len; i += 5 * CONCLAVE_SLOW) {
		bytes.p[i / 8] ^= (uint8_t)(1 << i % 8);
		OK(file_write(path, bytes.p, bytes.len, FILE_REPLACE, &why));
		assert_int_equal(
		    seal_holders_open(&file, path, id, &why), ERR_USAGE);
		bytes.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 1; i < bytes.len; i += 7) {
		OK(file_write(path, bytes.p, i, FILE_REPLACE, &why));
		assert_int_equal(
		    seal_holders_open(&file, path, id, &why), ERR_USAGE);
	}
	buf_free(&bytes);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_text(path, id, bad[i]);
		assert_int_equal(
		    seal_holders_open(&file, path, id, &why), ERR_USAGE);
		assert_null(strstr(why.text, KEY_1));
	}
	write_text(path, id, "# nothing\n\n");
	OK(seal_holders_open(&file, path, id, &why));
	seal_holders_free(file);
	/* in no file of others: nothing is read, and an error is told */
	folder_write(path, "x", 0644);
	assert_int_not_equal(seal_holders_open(&file, path, id, &why), 0);
	identity_free(id);
	identity_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_the_file, folder_make, folder_remove),
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name(
	    "client_seal_holders", tests, NULL, NULL);
}
