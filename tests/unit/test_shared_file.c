/* Files: their paths, what is refused, and that a write is atomic. The
 * programs' own files have separate tests. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/os/file.h"
#include "tests/unit/folder.h"

static void test_user_path(void **state)
{
	struct errmsg why;
	char *path;

	(void)state;
	setenv("HOME", "/home/x", 1);
	setenv("XDG_CONFIG_HOME", "/cfg", 1);
	setenv("XDG_STATE_HOME", "relative", 1);
	assert_int_equal(
	    file_user_path(&path, FILE_CONFIG_HOME, "a/b", &why), 0);
	assert_string_equal(path, "/cfg/a/b");
	free(path);
	assert_int_equal(file_user_path(&path, FILE_STATE_HOME, "a", &why), 0);
	assert_string_equal(path, "/home/x/.local/state/a");
	free(path);
}

static void test_folders(void **state)
{
	const char *deep = folder_path(state, "a/b/c");
	struct errmsg why;
	struct stat st;

	assert_int_equal(file_make_folder(deep, &why), 0);
	assert_int_equal(file_make_folder(deep, &why), 0);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	folder_write(folder_path(state, "a/f"), "x", 0600);
	assert_int_equal(
	    file_make_folder(folder_path(state, "a/f/g"), &why), ERR_IO);
	assert_non_null(strstr(why.text, "cannot make the directory"));
}

static int read_file(const char *path, unsigned rules, size_t max)
{
	struct errmsg why = {""};
	struct buf b;
	int r;

	buf_init_secret(&b, max);
	r = file_read(path, rules, &b, &why);
	if (r != 0)
		assert_true(why.text[0] != '\0');
	else
		assert_memory_equal(b.p, "12345", 5);
	buf_free(&b);
	return r;
}

static void test_rules(void **state)
{
	static const struct {
		mode_t mode;
		unsigned rules;
		int result;
	} rows[] = {
	    {0600, FILE_PRIVATE, 0},
	    {0640, FILE_PRIVATE, ERR_IO},
	    {0644, FILE_OWN, 0},
	    {0620, FILE_OWN, ERR_IO},
	    {0602, FILE_OWN, ERR_IO},
	    {0666, FILE_ANY, 0},
	};
	const char *path = folder_path(state, "f");
	const char *link = folder_path(state, "l");
	size_t i;

	assert_int_equal(read_file(path, FILE_OWN, 10), ERR_AGAIN);
	folder_write(path, "12345", 0600);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(chmod(path, rows[i].mode), 0);
		assert_int_equal(
		    read_file(path, rows[i].rules, 10), rows[i].result);
		assert_int_equal(
		    file_others_read(path), (rows[i].mode & 04) != 0);
	}
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(read_file(link, FILE_OWN, 10), 0);
	assert_int_equal(read_file(link, FILE_OWN | FILE_NO_LINK, 10), ERR_IO);
	/* A FIFO without a writer does not block us. */
	assert_int_equal(mkfifo(folder_path(state, "p"), 0600), 0);
	assert_int_equal(
	    read_file(folder_path(state, "p"), FILE_OWN, 10), ERR_IO);
	assert_int_equal(read_file(*state, FILE_OWN, 10), ERR_IO);
	assert_int_equal(read_file(*state, FILE_ANY, 10), ERR_IO);
}

/* A file of exactly the maximum fits; one more byte does not. */
static void test_limit(void **state)
{
	const char *path = folder_path(state, "f");

	folder_write(path, "12345", 0600);
	assert_int_equal(read_file(path, FILE_ANY, 5), 0);
	assert_int_equal(read_file(path, FILE_OWN, 5), 0);
	assert_int_equal(read_file(path, FILE_ANY, 4), ERR_LIMIT);
	assert_int_equal(truncate(path, FILE_MAX + 1), 0);
	assert_int_equal(read_file(path, FILE_OWN, FILE_MAX + 2), ERR_LIMIT);
}

static void test_write(void **state)
{
	const char *path = folder_path(state, "a/f");
	const char *rest = folder_path(state, "a/f.new");
	struct errmsg why;
	struct stat st;
	char *text;

	assert_int_equal(file_write(path, "one", 3, FILE_NEW, &why), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_write(path, "two", 3, FILE_NEW, &why), ERR_STATE);
	assert_int_equal(
	    file_write(path, "two", 3, FILE_NEW_LOCKED, &why), ERR_STATE);
	text = folder_read(path);
	assert_string_equal(text, "one");
	free(text);
	assert_int_equal(file_write(path, "two", 3, FILE_REPLACE, &why), 0);
	text = folder_read(path);
	assert_string_equal(text, "two");
	free(text);
	assert_int_equal(file_write(path, "three", 5, FILE_CACHE, &why), 0);
	text = folder_read(path);
	assert_string_equal(text, "three");
	free(text);
	/* A temporary file left by a crash is removed; a symbolic link there is
	 * not followed. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("victim", rest), 0);
	assert_int_equal(file_write(path, "one", 3, FILE_NEW_LOCKED, &why), 0);
	assert_int_equal(lstat(rest, &st), -1);
	assert_int_equal(access(folder_path(state, "a/victim"), F_OK), -1);
}

static int add(void *arg, const char *text, size_t n, struct buf *out)
{
	size_t *had = arg;

	(void)text;
	*had = n;
	return buf_str(out, "line\n");
}

static void test_edit(void **state)
{
	const char *path = folder_path(state, "a/f");
	struct errmsg why;
	size_t had = 99;
	char *text;

	assert_int_equal(file_rewrite(path, add, &had, &why), ERR_AGAIN);
	assert_int_equal(file_append(path, add, &had, &why), 0);
	assert_int_equal(had, 0);
	assert_int_equal(file_append(path, add, &had, &why), 0);
	assert_int_equal(had, 5);
	text = folder_read(path);
	assert_string_equal(text, "line\nline\n");
	free(text);
	assert_int_equal(file_rewrite(path, add, &had, &why), 0);
	assert_int_equal(had, 10);
	text = folder_read(path);
	assert_string_equal(text, "line\n");
	free(text);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(file_rewrite(path, add, &had, &why), ERR_AGAIN);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_user_path),
	    T(test_folders),
	    T(test_rules),
	    T(test_limit),
	    T(test_write),
	    T(test_edit),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
