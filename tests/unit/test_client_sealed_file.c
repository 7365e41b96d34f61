/* Secret files of the user: what is written is read again, and nothing else is. */
#include <sys/stat.h>
#include <unistd.h>

#include "client/trust/sealed_file.h"
#include "shared/crypto/library.h"
#include "shared/os/file.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

#define OK(call) assert_int_equal((call), 0)

static const struct sealed_file_kind kind = {
    "conclave test 1\n", "conclave/1 test file", "do without"};
static const struct sealed_file_kind other_kind = {
    "conclave test 1\n", "conclave/1 other file", "do without"};

enum { TEXT_MAX = 64 };

static struct sealed_file *file_of(
    const struct sealed_file_kind *k, uint8_t who)
{
	const uint8_t seed[32] = {who};
	struct identity *id = identity_from_seed(seed);
	struct sealed_file *f;

	assert_non_null(id);
	OK(sealed_file_new(&f, k, id));
	identity_free(id);
	return f;
}

static void write_it(struct sealed_file *f, const char *path, const char *text)
{
	struct errmsg why;
	struct buf out;

	buf_init(&out, TEXT_MAX + 1);
	OK(buf_str(&out, text));
	OK(sealed_file_write(f, path, &out, &why));
	buf_free(&out);
}

/* Its text, after some that is there already; a failure leaves that alone. */
static int reads(struct sealed_file *f, const char *path, bool *clear,
    const char *want)
{
	struct errmsg why = {""};
	struct buf out;
	int r;

	buf_init_secret(&out, 1 + TEXT_MAX);
	OK(buf_u8(&out, '>'));
	r = sealed_file_read(f, path, &out, clear, &why);
	assert_int_equal(out.len, 1 + (r == 0 ? strlen(want) : 0));
	assert_int_equal(out.p[0], '>');
	if (r == 0)
		assert_memory_equal(out.p + 1, want, strlen(want));
	else
		assert_non_null(strstr(why.text, path));
	assert_int_equal(
	    r == ERR_USAGE, strstr(why.text, "damaged") != NULL);
	buf_free(&out);
	return r;
}

static void test_it_is_read_again(void **state)
{
	char most[TEXT_MAX + 2] = "";
	const char *path = folder_path(state, "file");
	struct sealed_file *f = file_of(&kind, 1);
	struct stat st;
	bool clear;

	/* one that does not exist */
	OK(reads(f, path, NULL, ""));
	OK(reads(f, path, &clear, ""));
	assert_false(clear);
	write_it(f, path, "");
	OK(reads(f, path, NULL, ""));
	memset(most, 'm', TEXT_MAX);
	write_it(f, path, most);
	OK(reads(f, path, NULL, most));
	OK(reads(f, path, &clear, most));
	assert_false(clear);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* more than the reader takes */
	most[TEXT_MAX] = 'm';
	write_it(f, path, most);
	assert_int_equal(reads(f, path, NULL, ""), ERR_USAGE);
	sealed_file_free(f);
}

static void test_no_other_is(void **state)
{
	const char *path = folder_path(state, "file");
	struct sealed_file *f = file_of(&kind, 1), *other = file_of(&kind, 2),
			   *mixed = file_of(&other_kind, 1);
	struct errmsg why;
	struct buf bytes;
	size_t i;

	write_it(f, path, "secret");
	assert_int_equal(reads(other, path, NULL, ""), ERR_USAGE);
	assert_int_equal(reads(mixed, path, NULL, ""), ERR_USAGE);
	buf_init(&bytes, FILE_MAX);
	OK(file_read(path, FILE_PRIVATE, &bytes, &why));
	assert_null(memmem(bytes.p, bytes.len, "secret", 6));
	for (i = 0; i < bytes.len; i++) {
		OK(file_write(path, bytes.p, i, FILE_REPLACE, &why));
		assert_int_equal(reads(f, path, NULL, ""), ERR_USAGE);
	}
	for (i = 0; i < 8 * bytes.len; i += CONCLAVE_SLOW) {
		bytes.p[i / 8] ^= (uint8_t)(1 << i % 8);
		OK(file_write(
		    path, bytes.p, bytes.len, FILE_REPLACE, &why));
		assert_int_equal(reads(f, path, NULL, ""), ERR_USAGE);
		bytes.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	buf_free(&bytes);
	sealed_file_free(f);
	sealed_file_free(other);
	sealed_file_free(mixed);
}

static void test_in_the_clear(void **state)
{
	const char *path = folder_path(state, "file");
	struct sealed_file *f = file_of(&kind, 1);
	bool clear;

	folder_write(path, "clear", 0600);
	assert_int_equal(reads(f, path, NULL, ""), ERR_USAGE);
	OK(reads(f, path, &clear, "clear"));
	assert_true(clear);
	folder_write(path, "", 0600);
	OK(reads(f, path, &clear, ""));
	/* one that begins as a sealed one has to be one */
	folder_write(path, "conclave test 1\nclear", 0600);
	assert_int_equal(reads(f, path, &clear, ""), ERR_USAGE);
	sealed_file_free(f);
}

static void test_where(void **state)
{
	const char *real = folder_path(state, "real"),
		   *link = folder_path(state, "link"),
		   *inside = folder_path(state, "real/file");
	struct sealed_file *f = file_of(&kind, 1);
	struct errmsg why;
	struct buf none;

	write_it(f, real, "secret");
	OK(symlink(real, link));
	assert_int_equal(reads(f, link, NULL, ""), ERR_IO);
	OK(chmod(real, 0644));
	assert_int_equal(reads(f, real, NULL, ""), ERR_IO);
	/* where nothing can be written, what was there stays */
	buf_init(&none, 1);
	assert_int_equal(sealed_file_write(f, inside, &none, &why), ERR_IO);
	OK(chmod(real, 0600));
	OK(reads(f, real, NULL, "secret"));
	sealed_file_free(f);
}

int main(void)
{
#define IN_FOLDER(f)                                                           \
	cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
	    IN_FOLDER(test_it_is_read_again),
	    IN_FOLDER(test_no_other_is),
	    IN_FOLDER(test_in_the_clear),
	    IN_FOLDER(test_where),
	};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name(
	    "client_sealed_file", tests, NULL, NULL);
}
