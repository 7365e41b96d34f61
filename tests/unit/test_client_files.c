/* Unit tests for the names of saved files, and for the helper process that opens
 * the files that are sent and saved. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/file_helper.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

/* --- names ------------------------------------------------------------------- */

static const char *const names[][2] = {
    {"report.pdf", "report.pdf"},
    {"two words.tar.gz", "two words.tar.gz"},
    {"../../.ssh/authorized_keys", "authorized_keys"},
    {"/etc/passwd", "passwd"},
    {"C:\\Windows\\a.exe", "a.exe"},
    {".bashrc", "_bashrc"},
    {"...", "___"},
    {"..", "__"},
    {"-rf", "_rf"},
    {"--help", "__help"},
    {" ~x", "__x"},
    {"a/", "file"},
    {"", "file"},
    {"/", "file"},
    {"x. . ", "x"},
    {"a\nb\033[2J", "a\342\220\212b\342\220\233[2J"},
    {"gnp\342\200\256.exe", "gnp\357\277\275.exe"},
    {"a:b*c?d\"e<f>g|h", "a_b_c_d_e_f_g_h"},
    {"bad\377utf", "bad\357\277\275utf"},
    {"\345\202\231\344\273\275.txt", "\345\202\231\344\273\275.txt"},
};

static void test_names(void **state)
{
	char out[FILE_NAME_SIZE], again[FILE_NAME_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		file_name_safe(out, names[i][0], strlen(names[i][0]));
		assert_string_equal(out, names[i][1]);
		file_name_safe(again, out, strlen(out));
		assert_string_equal(again, out);
		assert_true(file_name_is_safe(out));
	}
	assert_false(file_name_is_safe("../a"));
	assert_false(file_name_is_safe(""));
	assert_false(file_name_is_safe(".a"));
}

static void test_long_names(void **state)
{
	char in[4096], out[FILE_NAME_SIZE];
	size_t i, n;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in + 4000, ".pdf", 5);
	file_name_safe(out, in, 4004);
	assert_int_equal(strlen(out), FILE_NAME_MAX);
	/* A name that long is cut before its ending is looked for. */
	memcpy(in + 300, ".pdf", 5);
	file_name_safe(out, in, 304);
	assert_int_equal(strlen(out), FILE_NAME_MAX);
	assert_string_equal(out + FILE_NAME_MAX - 4, ".pdf");
	/* Cut at a whole character. */
	for (i = 0; i + 3 < 300; i += 3)
		memcpy(in + i, "\345\202\231", 3);
	memcpy(in + i, ".pdf", 5);
	file_name_safe(out, in, i + 4);
	n = strlen(out);
	assert_in_range(n, FILE_NAME_MAX - 3, FILE_NAME_MAX);
	assert_int_equal((n - 4) % 3, 0);
	assert_true(file_name_is_safe(out));
}

/* Whatever bytes come: no slash, nothing first that a program could take for an
 * option or hide, and never empty. */
static void test_any_names(void **state)
{
	char in[64], out[FILE_NAME_SIZE];
	uint64_t seed = 7;
	size_t i, n, k;

	(void)state;
	for (i = 0; i < 20000; i++) {
		n = check_random(&seed) % sizeof(in);
		for (k = 0; k < n; k++)
			in[k] = "/.\\-~ a\n\0\377\342\200\256:x"[check_random(
								     &seed) %
								 16];
		file_name_safe(out, in, n);
		assert_true(out[0] != '\0' && out[0] != '.' && out[0] != '-');
		assert_null(strpbrk(out, "/\\\n"));
		assert_true(file_name_is_safe(out));
	}
}

static void test_numbers(void **state)
{
	char out[FILE_NAME_SIZE + 16];

	(void)state;
	file_name_numbered(out, sizeof(out), "a.txt", 1);
	assert_string_equal(out, "a.txt");
	file_name_numbered(out, sizeof(out), "a.txt", 2);
	assert_string_equal(out, "a (2).txt");
	file_name_numbered(out, sizeof(out), "README", 12);
	assert_string_equal(out, "README (12)");
}

/* --- the helper -------------------------------------------------------------- */

struct world {
	void **folder;
	char save[512], send[512];
	struct file_folders f;
	struct helper *h;
};

static void world_open(struct world *w, void **state, bool helper)
{
	memset(w, 0, sizeof(*w));
	w->folder = state;
	snprintf(w->save, sizeof(w->save), "%s", folder_path(state, "save"));
	snprintf(w->send, sizeof(w->send), "%s", folder_path(state, "send"));
	w->f = (struct file_folders){w->save, w->send};
	(void)mkdir(w->send, 0700);
	(void)mkdir(w->save, 0700);
	if (helper) {
		w->h = file_helper_new(&w->f,
		    syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1,
		    NULL);
		assert_non_null(w->h);
	}
}

static void sends(struct world *w, const char *name, int want)
{
	char path[FILE_HELPER_PATH_MAX], text[8] = "";
	struct errmsg why = {""};
	int fd, r = file_helper_send(w->h, &w->f, name, path, &fd, &why);

	assert_int_equal(r, want);
	if (r != 0) {
		assert_int_equal(fd, -1);
		assert_true(strlen(why.text) > 10);
		return;
	}
	assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), 4);
	assert_string_equal(text, "text");
	assert_true(write(fd, "x", 1) < 0 && errno == EBADF);
	close(fd);
}

static void try_sending(void **state, bool helper)
{
	struct world w;
	char path[1024], longest[4000];

	world_open(&w, state, helper);
	folder_write(folder_path(state, "outside"), "text", 0600);
	snprintf(path, sizeof(path), "%s/a.txt", w.send);
	folder_write(path, "text", 0600);
	sends(&w, path, 0);
	snprintf(path, sizeof(path), "%s/../outside", w.send);
	sends(&w, path, ERR_USAGE);
	sends(&w, folder_path(state, "outside"), ERR_USAGE);
	snprintf(path, sizeof(path), "%s/missing", w.send);
	sends(&w, path, ERR_USAGE);
	sends(&w, w.send, ERR_USAGE);
	snprintf(path, sizeof(path), "%s/.hidden", w.send);
	folder_write(path, "text", 0600);
	sends(&w, path, ERR_USAGE);
	snprintf(path, sizeof(path), "%s/.ssh", w.send);
	(void)mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/.ssh/id", w.send);
	folder_write(path, "text", 0600);
	sends(&w, path, ERR_USAGE);
	/* Neither by a link. */
	snprintf(path, sizeof(path), "%s/link", w.send);
	assert_int_equal(symlink(".ssh/id", path), 0);
	sends(&w, path, ERR_USAGE);
	snprintf(path, sizeof(path), "%s/out", w.send);
	assert_int_equal(symlink("../outside", path), 0);
	sends(&w, path, ERR_USAGE);
	/* A pipe without a writer does not hold us up. */
	snprintf(path, sizeof(path), "%s/fifo", w.send);
	(void)mkfifo(path, 0600);
	sends(&w, path, ERR_USAGE);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	sends(&w, longest, ERR_USAGE);
	sends(&w, "", ERR_USAGE);
	helper_free(w.h);
}

static void test_send(void **state)
{
	try_sending(state, true);
}
static void test_send_here(void **state)
{
	try_sending(state, false);
}

static int new_part(struct world *w, const char *name, const char *want)
{
	char part[FILE_HELPER_PART];
	struct errmsg why = {""};
	struct stat st;
	int fd;

	assert_int_equal(
	    file_helper_new_part(w->h, &w->f, name, part, &fd, &why), 0);
	assert_string_equal(part, want);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	return fd;
}

static void finish(
    struct world *w, const char *part, const char *name, const char *want)
{
	char path[FILE_HELPER_PATH_MAX], full[1024];
	struct errmsg why = {""};

	assert_int_equal(
	    file_helper_finish(w->h, &w->f, part, name, path, &why), 0);
	snprintf(full, sizeof(full), "%s/%s", w->save, want);
	assert_string_equal(path, full);
	assert_int_equal(access(full, F_OK), 0);
}

static void try_saving(void **state, bool helper)
{
	struct errmsg why = {""};
	char path[1024], text[FILE_HELPER_PATH_MAX], *was;
	struct world w;
	int fd, again, fd2;

	world_open(&w, state, helper);
	fd = new_part(&w, "a.txt", "a.txt.part");
	fd2 = new_part(&w, "a.txt", "a (2).txt.part");
	assert_int_equal(write(fd, "new", 3), 3);
	/* It is being written. */
	assert_int_equal(
	    file_helper_old_part(w.h, &w.f, "a.txt.part", &again, &why),
	    ERR_STATE);
	close(fd);
	assert_int_equal(
	    file_helper_old_part(w.h, &w.f, "a.txt.part", &again, &why), 0);
	close(again);
	/* Nothing is overwritten, and no link is followed. */
	snprintf(path, sizeof(path), "%s/a.txt", w.save);
	folder_write(path, "old", 0600);
	snprintf(path, sizeof(path), "%s/a (2).txt", w.save);
	assert_int_equal(symlink("nowhere", path), 0);
	finish(&w, "a.txt.part", "a.txt", "a (3).txt");
	snprintf(path, sizeof(path), "%s/a.txt", w.save);
	was = folder_read(path);
	assert_string_equal(was, "old");
	free(was);
	close(fd2);
	assert_int_equal(
	    file_helper_drop(w.h, &w.f, "a (2).txt.part", &why), 0);
	assert_int_equal(
	    file_helper_old_part(w.h, &w.f, "a (2).txt.part", &again, &why),
	    ERR_IO);
	/* Only its own parts, by harmless names. */
	assert_int_equal(file_helper_drop(w.h, &w.f, "a.txt", &why), ERR_USAGE);
	assert_int_equal(
	    file_helper_drop(w.h, &w.f, "../x.part", &why), ERR_USAGE);
	assert_int_equal(
	    file_helper_new_part(w.h, &w.f, "../x", text, &again, &why),
	    ERR_USAGE);
	assert_int_equal(
	    file_helper_new_part(w.h, &w.f, ".x", text, &again, &why),
	    ERR_USAGE);
	close(new_part(&w, "b", "b.part"));
	assert_int_equal(
	    file_helper_finish(w.h, &w.f, "b.part", "../b", text, &why),
	    ERR_USAGE);
	assert_int_equal(
	    file_helper_finish(w.h, &w.f, "b.part", ".b", text, &why),
	    ERR_USAGE);
	snprintf(path, sizeof(path), "%s/c.part", w.save);
	assert_int_equal(symlink("b.part", path), 0);
	assert_int_equal(
	    file_helper_old_part(w.h, &w.f, "c.part", &again, &why), ERR_IO);
	finish(&w, "b.part", "b", "b");
	helper_free(w.h);
}

static void test_save(void **state)
{
	try_saving(state, true);
}
static void test_save_here(void **state)
{
	try_saving(state, false);
}

/* --- what is on the disk, and when -------------------------------------------- */

static char synced[100]; /* "part ": while the file has only that name; "folder " */
static const char *final_name;
static bool sync_fails;

int fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || sync_fails) {
		errno = EIO;
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		strcat(synced, "folder ");
	else if (final_name != NULL && access(final_name, F_OK) != 0)
		strcat(synced, "part ");
	else
		strcat(synced, "late ");
	return 0;
}

/* The bytes before the name that says they are all there, and the name then. */
static void test_on_disk(void **state)
{
	char path[FILE_HELPER_PATH_MAX], name[1024], part[1024];
	struct errmsg why = {""};
	struct world w;

	world_open(&w, state, false);
	snprintf(name, sizeof(name), "%s/a.txt", w.save);
	snprintf(part, sizeof(part), "%s/a.txt.part", w.save);
	final_name = name;
	close(new_part(&w, "a.txt", "a.txt.part"));
	sync_fails = true;
	assert_int_equal(file_helper_finish(
			     w.h, &w.f, "a.txt.part", "a.txt", path, &why),
	    ERR_IO);
	assert_true(strlen(why.text) > 10);
	assert_true(access(name, F_OK) != 0 && access(part, F_OK) == 0);
	sync_fails = false;
	synced[0] = '\0';
	finish(&w, "a.txt.part", "a.txt", "a.txt");
	assert_string_equal(synced, "part folder ");
	final_name = NULL;
}

/* A request that is none of ours gets no file. */
static void test_nonsense(void **state)
{
	struct world w;
	char request[HELPER_REQUEST_MAX];
	struct errmsg why = {""};
	int fd;

	world_open(&w, state, true);
	memset(request, 'x', sizeof(request));
	assert_int_equal(helper_ask(w.h, request, 3, STDERR_FILENO), 0);
	assert_int_equal(helper_ask(w.h, request, 3000, STDERR_FILENO), 0);
	helper_end(w.h, 5000);
	assert_int_equal(
	    file_helper_old_part(w.h, &w.f, "a.part", &fd, &why), ERR_IO);
	assert_int_equal(fd, -1);
	helper_free(w.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_long_names),
	    cmocka_unit_test(test_any_names),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test_setup_teardown(
		test_send, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		test_send_here, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		test_save, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		test_save_here, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		test_on_disk, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		test_nonsense, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
