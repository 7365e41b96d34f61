/* Unit tests for known_servers: the syntax of a line, what is pinned, and that
 * no broken line, planted link or other client can lose or move a pin. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/trust/servers.h"
#include "shared/wire/b64.h"
#include "tests/unit/folder.h"

/* base64url of 32 bytes of 1, of 2 */
#define FP1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
#define FP2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"

static void fill(uint8_t fp[WIRE_HASH], int c)
{
	memset(fp, c, WIRE_HASH);
}

/* Returns the byte that fills the pin, 0 for none, -1 for an error, whose
 * sentence is in *why. */
static int look_why(const char *path, const char *name, struct errmsg *why)
{
	uint8_t fp[WIRE_HASH];
	bool known;

	if (servers_find(path, name, &known, fp, why) != 0) {
		assert_false(known);
		return -1;
	}
	return known ? fp[0] : 0;
}

static int look(const char *path, const char *name)
{
	struct errmsg why;

	return look_why(path, name, &why);
}

static void test_names(void **state)
{
	static const struct {
		const char *uri, *name;
	} rows[] = {
	    {"chat.example.org", "chat.example.org:2528"},
	    {"Chat.Example.ORG:99", "chat.example.org:99"},
	    {"conclave://h:1/room#" FP1, "h:1"},
	    {"[2001:DB8::1]:7", "[2001:db8::1]:7"},
	    {"[::1]", "[::1]:2528"},
	    {"unix:/run/A b#c%d", "/run/A%20b%23c%25d"},
	    {"/run/x", "/run/x"},
	};
	char name[SERVERS_NAME_MAX];
	struct uri u;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(uri_parse(&u, rows[i].uri), 0);
		servers_name(name, &u);
		assert_string_equal(name, rows[i].name);
	}
}

static void test_longest_path(void **state)
{
	char name[SERVERS_NAME_MAX];
	struct uri u = {.path = "/"};

	(void)state;
	memset(u.path + 1, '%', URI_PATH_MAX - 1);
	servers_name(name, &u);
	assert_int_equal(strlen(name), 1 + 3 * (URI_PATH_MAX - 1));
}

static void test_no_file(void **state)
{
	assert_int_equal(look(folder_path(state, "none"), "h:1"), 0);
}

static void test_add_then_find(void **state)
{
	const char *path = folder_path(state, "a/b/known");
	uint8_t fp[WIRE_HASH];
	struct stat st;
	struct errmsg why;
	char *text;

	fill(fp, 1);
	assert_int_equal(servers_add(path, "h:1", fp, "first", &why), 0);
	fill(fp, 2);
	assert_int_equal(servers_add(path, "h:2", fp, "second", &why), 0);
	assert_int_equal(look(path, "h:1"), 1);
	assert_int_equal(look(path, "H:2"), 2);
	assert_int_equal(look(path, "h:3"), 0);
	text = folder_read(path);
	assert_string_equal(
	    text, "h:1 " FP1 " # first\nh:2 " FP2 " # second\n");
	free(text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(folder_path(state, "a"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void test_add_again(void **state)
{
	const char *path = folder_path(state, "known");
	uint8_t fp[WIRE_HASH];
	struct errmsg why;
	char *text;

	fill(fp, 1);
	assert_int_equal(servers_add(path, "h:1", fp, "x", &why), 0);
	assert_int_equal(servers_add(path, "h:1", fp, "x", &why), 0);
	fill(fp, 2);
	/* A pin written by another client is not overwritten. */
	assert_int_equal(servers_add(path, "h:1", fp, "x", &why), ERR_PIN);
	assert_non_null(strstr(why.text, "h:1"));
	text = folder_read(path);
	assert_string_equal(text, "h:1 " FP1 " # x\n");
	free(text);
}

static void test_paths_differ_by_case(void **state)
{
	const char *path = folder_path(state, "known");
	uint8_t fp[WIRE_HASH];
	struct errmsg why;

	fill(fp, 1);
	assert_int_equal(servers_add(path, "/run/a", fp, "x", &why), 0);
	assert_int_equal(look(path, "/run/a"), 1);
	assert_int_equal(look(path, "/run/A"), 0);
}

/* Writes the bytes of a string literal. */
#define WRITE(path, text) write_bytes(path, text, sizeof(text) - 1)

static void write_bytes(const char *path, const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, n), n);
	close(fd);
}

static void test_good_lines(void **state)
{
	const char *path = folder_path(state, "known");
	uint8_t fp[WIRE_HASH];
	struct errmsg why;

	folder_write(path,
	    "\xef\xbb\xbfh:9 " FP2 "\r\n"
	    "# a comment\n\n \t\r\n  # another\n"
	    "  h:1\t" FP1 "   # good\r\n"
	    "H:1 " FP1 " \t\n" /* the same again */
	    "h:2 " FP2 "=\n"   /* with padding */
	    "[2001:DB8::1]:7 " FP1 "\n"
	    "/run/A%20b%23c%25d " FP2 "\n"
	    "h:3 " FP1, /* no end */
	    0600);
	assert_int_equal(look(path, "h:9"), 2);
	assert_int_equal(look(path, "h:1"), 1);
	assert_int_equal(look(path, "h:2"), 2);
	assert_int_equal(look(path, "h:3"), 1);
	assert_int_equal(look(path, "[2001:db8::1]:7"), 1);
	assert_int_equal(look(path, "/run/A%20b%23c%25d"), 2);
	/* A new line is not appended to one without an end. */
	fill(fp, 2);
	assert_int_equal(servers_add(path, "h:4", fp, "x", &why), 0);
	assert_int_equal(look(path, "h:3"), 1);
	assert_int_equal(look(path, "h:4"), 2);
}

/* A line that is not understood might be the pin of the server. */
static void test_broken_lines(void **state)
{
#define ROW(text, line, what)                                                  \
	{                                                                      \
		text, sizeof(text) - 1, line, what                             \
	}
	static const struct {
		const char *text;
		size_t n;
		const char *line, *what;
	} rows[] = {
	    ROW("h:1\n", " line 1: ", "there is no fingerprint"),
	    ROW("\nh:1 # " FP1 "\n", " line 2: ", "there is no fingerprint"),
	    ROW("h:1 notbase64\n", " line 1: ", "base64url"),
	    ROW("h:1 " FP1 " more\n", " line 1: ", "more than a name"),
	    ROW("h:1 " FP1 "\nH:1 " FP2 "\n", " line 2: ", "a line above"),
	    ROW("h " FP1 "\n", " line 1: ", "no port"),
	    ROW("[::1] " FP1 "\n", " line 1: ", "no port"),
	    ROW("::1:1 " FP1 "\n", " line 1: ", "HOST:PORT"),
	    ROW("unix:/run/x " FP1 "\n", " line 1: ", "HOST:PORT"),
	    ROW("conclave://h:1/ " FP1 "\n", " line 1: ", "HOST:PORT"),
	    ROW("/run/a%2fb " FP1 "\n", " line 1: ", "%20"),
	    ROW("/run/50% " FP1 "\n", " line 1: ", "%20"),
	    ROW(FP1 " h:1\n", " line 1: ", "no port"),
	    ROW("# x\n# x\rh:1 " FP1 "\r", " line 2: ", "carriage return"),
	    ROW("h:1 " FP1 "\rh:2 " FP1 "\n", " line 1: ", "carriage return"),
	    ROW("h:2 " FP2 "\nh:1\0 " FP1 "\n", " line 2: ", "zero byte"),
	    ROW("# \0\n", " line 1: ", "zero byte"),
	    ROW("\n\xef\xbb\xbfh:1 " FP1 "\n", " line 2: ", "HOST:PORT"),
	    ROW("\xc2\xa0h:1 " FP1 "\n", " line 1: ", "HOST:PORT"),
	    ROW("\xff\xfeh\0:\0"
		"1\0",
		"", "UTF-16"),
	    ROW("h\0:\0"
		"1\0",
		"", "UTF-16"),
	};
#undef ROW
	const char *path = folder_path(state, "known");
	struct errmsg why;
	uint8_t fp[WIRE_HASH];
	struct stat before, after;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_bytes(path, rows[i].text, rows[i].n);
		assert_int_equal(stat(path, &before), 0);
		assert_int_equal(look_why(path, "h:1", &why), -1);
		if (strstr(why.text, path) == NULL ||
		    strstr(why.text, rows[i].line) == NULL ||
		    strstr(why.text, rows[i].what) == NULL)
			fail_msg("row %zu: %s", i, why.text);
		fill(fp, 2);
		assert_int_equal(
		    servers_add(path, "h:1", fp, "x", &why), ERR_USAGE);
		assert_non_null(strstr(why.text, rows[i].what));
		assert_int_equal(stat(path, &after), 0);
		assert_int_equal(after.st_size, before.st_size);
	}
}

static void test_overlong_name(void **state)
{
	const char *path = folder_path(state, "known");
	char text[SERVERS_NAME_MAX + 200];
	struct errmsg why;

	memset(text, 'a', sizeof(text));
	strcpy(text + sizeof(text) - 60, ":1 " FP1 "\n");
	folder_write(path, text, 0600);
	assert_int_equal(look_why(path, "h:1", &why), -1);
	assert_non_null(strstr(why.text, " line 1: "));
}

static void test_forget(void **state)
{
	const char *path = folder_path(state, "known");
	struct errmsg why;
	char *text;
	size_t n;

	folder_write(path,
	    "# mine\nh:1 " FP1 "\nbroken\nh:2 " FP2 "\nh:1 what\nH:1 " FP2 "\n",
	    0600);
	assert_int_equal(servers_forget(path, "h:1", &n, &why), 0);
	assert_int_equal(n, 3);
	text = folder_read(path);
	assert_string_equal(text, "# mine\nbroken\nh:2 " FP2 "\n");
	free(text);
	assert_int_equal(servers_forget(path, "h:1", &n, &why), 0);
	assert_int_equal(n, 0);
	/* No temporary file is left, and nothing is created where nothing
	 * was. */
	assert_int_equal(folder_count(state), 1);
	assert_int_equal(
	    servers_forget(folder_path(state, "none"), "h:1", &n, &why), 0);
	assert_int_equal(folder_count(state), 1);
}

static void test_own_link(void **state)
{
	const char *link = folder_path(state, "link");
	const char *file = folder_path(state, "file");
	uint8_t fp[WIRE_HASH];
	struct stat st;
	struct errmsg why;
	size_t n;

	folder_write(file, "h:1 " FP1 "\n", 0600);
	assert_int_equal(symlink("file", link), 0);
	fill(fp, 2);
	assert_int_equal(servers_add(link, "h:2", fp, "x", &why), 0);
	assert_int_equal(look(file, "h:2"), 2);
	assert_int_equal(servers_forget(link, "h:1", &n, &why), 0);
	assert_int_equal(look(file, "h:1"), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void test_planted_link(void **state)
{
	const char *link = folder_path(state, "known");
	const char *target = folder_path(state, "target");
	uint8_t fp[WIRE_HASH];
	struct errmsg why;

	/* The link dangles: writing through it would create a file. */
	assert_int_equal(symlink("target", link), 0);
	fill(fp, 1);
	assert_int_equal(servers_add(link, "h:1", fp, "x", &why), ERR_IO);
	assert_int_equal(access(target, F_OK), -1);
}

static void test_not_a_file(void **state)
{
	const char *path = folder_path(state, "fifo");
	uint8_t fp[WIRE_HASH];
	struct errmsg why;

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(look(path, "h:1"), -1);
	fill(fp, 1);
	assert_int_equal(servers_add(path, "h:1", fp, "x", &why), ERR_IO);
	assert_int_equal(look(*state, "h:1"), -1); /* a folder */
}

static void test_writable_by_others(void **state)
{
	const char *path = folder_path(state, "known");

	folder_write(path, "h:1 " FP1 "\n", 0666);
	assert_int_equal(look(path, "h:1"), -1);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(look(path, "h:1"), 1);
}

/* Many clients at once, each adding its own lines and one removing some: every
 * line stays whole and none is lost. */
static void test_many_at_once(void **state)
{
	enum { CLIENTS = 6, EACH = 8 };
	const char *path = folder_path(state, "known");
	char name[32];
	uint8_t fp[WIRE_HASH];
	struct errmsg why;
	int i, j, status, failed = 0;
	size_t n;

	fill(fp, 1);
	for (i = 0; i < CLIENTS; i++) {
		if (fork() != 0)
			continue;
		for (j = 0; j < EACH; j++) {
			snprintf(name, sizeof(name), "h%d:%d", i, j + 1);
			failed |= servers_add(path, name, fp, "x", &why);
			if (i == 0)
				failed |= servers_forget(path, name, &n, &why);
		}
		_exit(failed != 0);
	}
	while (wait(&status) > 0)
		failed |= status;
	assert_int_equal(failed, 0);
	for (i = 0; i < CLIENTS; i++)
		for (j = 0; j < EACH; j++) {
			snprintf(name, sizeof(name), "h%d:%d", i, j + 1);
			assert_int_equal(look(path, name), i != 0);
		}
	assert_int_equal(folder_count(state), 1);
}

/* A writer waits for the holder of the lock. */
static void test_lock(void **state)
{
	const char *path = folder_path(state, "known");
	int fd, status, waited = 0;
	uint8_t fp[WIRE_HASH];
	struct errmsg why;
	pid_t pid;

	folder_write(path, "", 0600);
	fd = open(path, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	fill(fp, 1);
	if ((pid = fork()) == 0) {
		close(fd);
		_exit(servers_add(path, "h:1", fp, "x", &why) != 0);
	}
	for (; waited < 5; waited++) {
		usleep(20000);
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	}
	assert_int_equal(look(path, "h:1"), 0);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(look(path, "h:1"), 1);
}

static void test_too_large(void **state)
{
	const char *path = folder_path(state, "known");

	folder_write(path, "h:1 " FP1 "\n", 0600);
	assert_int_equal(truncate(path, FILE_MAX + 1), 0);
	assert_int_equal(look(path, "h:1"), -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_longest_path),
	    T(test_no_file),
	    T(test_add_then_find),
	    T(test_add_again),
	    T(test_paths_differ_by_case),
	    T(test_good_lines),
	    T(test_broken_lines),
	    T(test_overlong_name),
	    T(test_forget),
	    T(test_own_link),
	    T(test_planted_link),
	    T(test_not_a_file),
	    T(test_writable_by_others),
	    T(test_many_at_once),
	    T(test_lock),
	    T(test_too_large),
	};

	return cmocka_run_group_tests_name("servers", tests, NULL, NULL);
}
