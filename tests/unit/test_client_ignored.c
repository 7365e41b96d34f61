/* Unit tests for ignored_people: people are ignored by identity, whatever their
 * name; a line that is not understood stops the client; and no failure and no
 * other client of the user loses a line. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/trust/ignored.h"
#include "shared/os/file.h"
#include "shared/wire/b64.h"
#include "tests/unit/folder.h"

/* base64url of 32 bytes of 1, 2, 3 */
#define FP1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
#define FP2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"
#define FP3 "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"

static const uint8_t *fp(int c)
{
	static uint8_t fps[4][WIRE_HASH];

	memset(fps[c], c, WIRE_HASH);
	return fps[c];
}

/* One of many identities. */
static const uint8_t *nth(unsigned i)
{
	static uint8_t id[WIRE_HASH];

	memset(id, 0xaa, WIRE_HASH);
	memcpy(id, &i, sizeof(i));
	return id;
}

static struct ignored *open_ignored(const char *path)
{
	struct ignored *g = NULL;
	struct errmsg why = {0};

	if (ignored_open(&g, path, &why) != 0)
		fail_msg("%s", why.text);
	return g;
}

static void ignore(struct ignored *g, const uint8_t *identity, const char *name)
{
	struct errmsg why = {0};

	if (ignored_add(g, identity, name, &why) != 0)
		fail_msg("%s", why.text);
	assert_true(ignored_has(g, identity));
}

static void unignore(struct ignored *g, const uint8_t *identity)
{
	struct errmsg why = {0};

	if (ignored_remove(g, identity, &why) != 0)
		fail_msg("%s", why.text);
	assert_false(ignored_has(g, identity));
}

static size_t count(const struct ignored *g)
{
	size_t n = 0;

	while (ignored_at(g, n) != NULL)
		n++;
	return n;
}

static void expect_text(const char *path, const char *want)
{
	char *text = folder_read(path);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

/* --- adding and removing -------------------------------------------------- */

static void test_path(void **state)
{
	static const char *const rows[][2] = {
	    {"/home/a/known_people", "/home/a/ignored_people"},
	    {"known_people", "ignored_people"},
	    {"./x", "./ignored_people"},
	    {"/x", "/ignored_people"},
	};
	struct errmsg why;
	char *path;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ignored_path(&path, rows[i][0], &why), 0);
		assert_string_equal(path, rows[i][1]);
		free(path);
	}
}

static void test_nobody(void **state)
{
	const char *path = folder_path(state, "sub/ignored");
	struct ignored *g = open_ignored(path);

	assert_null(ignored_at(g, 0));
	assert_false(ignored_has(g, fp(1)));
	unignore(g, fp(1));
	assert_int_equal(access(path, F_OK), -1); /* no file for nobody */
	ignored_free(g);
	assert_false(ignored_has(NULL, fp(1)));
	assert_null(ignored_at(NULL, 0));
	ignored_free(NULL);
}

static void test_add(void **state)
{
	const char *path = folder_path(state, "sub/ignored");
	struct ignored *g = open_ignored(path);
	char today[RECORDS_DATE], want[300];
	mode_t mask = umask(0);

	records_date(today);
	ignore(g, fp(1), "Mallory");
	ignore(g, fp(2), "eve");
	umask(mask);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(mode_of(folder_path(state, "sub")), 0700);
	snprintf(want, sizeof(want), FP1 " Mallory %s\n" FP2 " eve %s\n", today,
	    today);
	expect_text(path, want);
	ignored_free(g);

	g = open_ignored(path);
	assert_int_equal(count(g), 2);
	assert_memory_equal(ignored_at(g, 0)->identity, fp(1), WIRE_HASH);
	assert_string_equal(ignored_at(g, 0)->name, "Mallory");
	assert_string_equal(ignored_at(g, 0)->since, today);
	assert_memory_equal(ignored_at(g, 1)->identity, fp(2), WIRE_HASH);
	assert_string_equal(ignored_at(g, 1)->name, "eve");
	ignored_free(g);
}

/* Another person with the same name is heard, and another name does not help an
 * ignored person. */
static void test_by_identity(void **state)
{
	const char *path = folder_path(state, "ignored");
	struct ignored *g = open_ignored(path);
	uint8_t near[WIRE_HASH];
	char *text;
	int i;

	ignore(g, fp(1), "bob");
	assert_false(ignored_has(g, fp(2)));
	for (i = 0; i < WIRE_HASH; i++) {
		memcpy(near, fp(1), WIRE_HASH);
		near[i] ^= 1;
		assert_false(ignored_has(g, near));
	}
	text = folder_read(path);
	ignore(g, fp(1), "nice"); /* is ignored already */
	expect_text(path, text);
	free(text);
	assert_int_equal(count(g), 1);
	assert_string_equal(ignored_at(g, 0)->name, "bob");
	ignore(g, fp(2), "bob");
	assert_int_equal(count(g), 2);
	unignore(g, fp(1));
	assert_true(ignored_has(g, fp(2)));
	ignored_free(g);
	g = open_ignored(path);
	assert_false(ignored_has(g, fp(1)));
	assert_true(ignored_has(g, fp(2)));
	ignored_free(g);
}

static void test_remove(void **state)
{
	const char *path = folder_path(state, "ignored");
	struct ignored *g;

	folder_write(path,
	    "# mine\n" FP1 " bob 2026-01-01\n" FP2 " eve 2026-01-02 # loud\n"
	    "\n" FP1 " rob\n" FP3 " kim",
	    0640);
	g = open_ignored(path);
	assert_int_equal(count(g), 3);
	unignore(g, fp(1)); /* both lines */
	expect_text(
	    path, "# mine\n" FP2 " eve 2026-01-02 # loud\n\n" FP3 " kim\n");
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(count(g), 2);
	assert_true(ignored_has(g, fp(2)));
	assert_true(ignored_has(g, fp(3)));
	unignore(g, fp(1)); /* again: nothing to do */
	unignore(g, fp(2));
	unignore(g, fp(3));
	expect_text(path, "# mine\n\n");
	assert_int_equal(count(g), 0);
	/* Nothing temporary is left. */
	assert_int_equal(folder_count(state), 1);
	ignored_free(g);
}

/* --- what the user wrote -------------------------------------------------- */

static void test_good_lines(void **state)
{
	const char *path = folder_path(state, "ignored");
	struct ignored *g;
	char today[RECORDS_DATE], want[400];

	folder_write(path,
	    "\xef\xbb\xbf# people\r\n" FP1 " bob 2026-01-01 # note\r\n"
	    "\r\n \t\n\t" FP2 "\teve\t-\n" FP1 " BOB 2026-01-03\n" FP3 " kim\r",
	    0600);
	g = open_ignored(path);
	assert_int_equal(count(g), 3);
	assert_string_equal(ignored_at(g, 0)->name, "bob");
	assert_string_equal(ignored_at(g, 0)->since, "2026-01-01");
	assert_string_equal(ignored_at(g, 1)->name, "eve");
	assert_string_equal(ignored_at(g, 1)->since, "-");
	assert_string_equal(ignored_at(g, 2)->name, "kim");
	assert_string_equal(ignored_at(g, 2)->since, "");
	/* A new line does not continue the last one. */
	ignore(g, nth(0), "zoe");
	unignore(g, fp(1));
	ignored_free(g);
	records_date(today);
	snprintf(want, sizeof(want),
	    "# people\r\n\r\n \t\n\t" FP2 "\teve\t-\n" FP3 " kim\r\n"
	    "AAAAAKqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo zoe %s\n",
	    today);
	expect_text(path, want);
}

/* A line that is not understood might be somebody to ignore. */
static void test_broken_lines(void **state)
{
	static const struct {
		const char *text, *line, *what;
	} rows[] = {
	    {"x\n", " line 1: ", "the identity"},
	    {FP1 "\001 bob\n", " line 1: ", "the identity"},
	    {FP1 "A bob\n", " line 1: ", "the identity"},
	    {"#\r\n\r\nbob " FP1 "\r\n", " line 3: ", "the identity"},
	    {FP1 "\n", " line 1: ", "no name"},
	    {"\xef\xbb\xbf" FP1 " bob\n" FP2 " # eve\n",
		" line 2: ", "no name"},
	    {FP1 " b!b\n", " line 1: ", "no name"},
	    {FP1 " \033[2Jbob 2026-01-01\n", " line 1: ", "no name"},
	    {FP1 " abcdefghijklmnopqrstuvwxy\n", " line 1: ", "no name"},
	    {FP1 " bob today\n", " line 1: ", "date"},
	    {FP1 " bob 2026-01-01T00:00\n", " line 1: ", "date"},
	    {FP1 " bob 2026-01-01-0000-\n", " line 1: ", "date"},
	    {FP1 " bob 2026-01-01 eve\n", " line 1: ", "more than a date"},
	    {FP1 " bob\r" FP2 " eve\r", " line 1: ", "carriage return"},
	    {"\xff\xfe", "", "UTF-16"},
	};
	const char *path = folder_path(state, "ignored");
	struct ignored *g = NULL;
	struct errmsg why;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&why, 0, sizeof(why));
		folder_write(path, rows[i].text, 0600);
		if (ignored_open(&g, path, &why) != ERR_USAGE)
			fail_msg("row %zu is understood", i);
		assert_null(g);
		if (strstr(why.text, path) == NULL ||
		    strstr(why.text, rows[i].line) == NULL ||
		    strstr(why.text, rows[i].what) == NULL)
			fail_msg("row %zu: %s", i, why.text);
		expect_text(path, rows[i].text);
	}
}

static void test_zero_byte(void **state)
{
	static const char text[] = FP1 " bob\n" FP2 " e\0e\n";
	const char *path = folder_path(state, "ignored");
	struct ignored *g = NULL;
	struct errmsg why;

	assert_int_equal(
	    file_write(path, text, sizeof(text) - 1, FILE_NEW, &why), 0);
	assert_int_equal(ignored_open(&g, path, &why), ERR_USAGE);
	assert_null(g);
	assert_non_null(strstr(why.text, " line 2: there is a zero byte"));
}

/* --- limits --------------------------------------------------------------- */

/* A file that ignores n people. */
static void write_many(const char *path, unsigned n)
{
	char *text = calloc(n, 60), *p = text, id[B64URL_32 + 1];
	unsigned i;

	assert_non_null(text);
	for (i = 0; i < n; i++) {
		b64url_encode32(id, nth(i));
		p += snprintf(p, 60, "%s n%u\n", id, i);
	}
	folder_write(path, text, 0600);
	free(text);
}

static void test_too_many(void **state)
{
	const char *path = folder_path(state, "ignored");
	struct ignored *g = NULL;
	struct errmsg why = {0};
	char *text;

	write_many(path, IGNORED_MAX + 1);
	assert_int_equal(ignored_open(&g, path, &why), ERR_LIMIT);
	assert_null(g);
	assert_non_null(strstr(why.text, path));
	assert_non_null(strstr(why.text, "more than 4096 people"));

	write_many(path, IGNORED_MAX);
	g = open_ignored(path);
	assert_int_equal(count(g), IGNORED_MAX);
	text = folder_read(path);
	assert_int_equal(
	    ignored_add(g, nth(IGNORED_MAX), "eve", &why), ERR_LIMIT);
	assert_non_null(strstr(why.text, "4096 people already: /unignore"));
	assert_false(ignored_has(g, nth(IGNORED_MAX)));
	ignore(g, nth(IGNORED_MAX - 1), "again"); /* is there: no failure */
	assert_int_equal(count(g), IGNORED_MAX);
	expect_text(path, text);
	free(text);
	unignore(g, nth(7));
	ignore(g, nth(IGNORED_MAX), "eve");
	assert_int_equal(count(g), IGNORED_MAX);
	assert_true(ignored_has(g, nth(8)));
	ignored_free(g);
	g = open_ignored(path);
	assert_int_equal(count(g), IGNORED_MAX);
	assert_false(ignored_has(g, nth(7)));
	ignored_free(g);
}

static void test_too_long(void **state)
{
	const char *path = folder_path(state, "ignored");
	struct ignored *g = NULL;
	struct errmsg why;

	folder_write(path, FP1 " bob\n#", 0600);
	assert_int_equal(truncate(path, FILE_MAX + 1), 0);
	assert_int_equal(ignored_open(&g, path, &why), ERR_LIMIT);
	assert_null(g);
	assert_non_null(strstr(why.text, path));
}

/* --- whose file, and failures --------------------------------------------- */

/* A file that others can write to says nothing. */
static void test_not_only_ours(void **state)
{
	const char *path = folder_path(state, "ignored");
	struct ignored *g = NULL;
	struct errmsg why = {0};

	folder_write(path, FP1 " bob\n", 0602);
	assert_int_equal(ignored_open(&g, path, &why), ERR_IO);
	assert_null(g);
	assert_non_null(strstr(why.text, path));
	assert_int_equal(chmod(path, 0600), 0);
	g = open_ignored(path);
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(ignored_add(g, fp(2), "eve", &why), ERR_IO);
	assert_int_equal(ignored_remove(g, fp(1), &why), ERR_IO);
	assert_true(ignored_has(g, fp(1)));
	assert_false(ignored_has(g, fp(2)));
	expect_text(path, FP1 " bob\n");
	ignored_free(g);
}

/* The user's own link to a file elsewhere stays a link. */
static void test_link(void **state)
{
	const char *path = folder_path(state, "ignored");
	const char *real = folder_path(state, "real");
	struct ignored *g;
	struct stat st;

	folder_write(real, FP1 " bob\n" FP2 " eve\n", 0600);
	assert_int_equal(symlink("real", path), 0);
	g = open_ignored(path);
	unignore(g, fp(1));
	ignored_free(g);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	expect_text(real, FP2 " eve\n");
}

/* Files end at `n` bytes, as on a full disk. */
static void disk_of(rlim_t n)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = n == RLIM_INFINITY ? r.rlim_max : n;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void test_full_disk(void **state)
{
	static const char text[] =
	    FP1 " bob 2026-01-01\n" FP2 " eve 2026-01-01";
	const char *path = folder_path(state, "ignored");
	struct errmsg full = {0}, small = {0};
	struct ignored *g;
	int added, removed;

	folder_write(path, text, 0600);
	g = open_ignored(path);
	signal(SIGXFSZ, SIG_IGN);
	disk_of(sizeof(text) + 20);
	added = ignored_add(g, fp(3), "kim", &full);
	disk_of(10);
	removed = ignored_remove(g, fp(1), &small);
	disk_of(RLIM_INFINITY);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(added, ERR_IO);
	assert_int_equal(removed, ERR_IO);
	assert_true(full.text[0] != '\0' && small.text[0] != '\0');
	assert_int_equal(count(g), 2);
	assert_true(ignored_has(g, fp(1)));
	assert_false(ignored_has(g, fp(3)));
	expect_text(path, text);
	assert_int_equal(folder_count(state), 1);
	ignore(g, fp(3), "kim");
	unignore(g, fp(1));
	ignored_free(g);
	g = open_ignored(path);
	assert_int_equal(count(g), 2);
	ignored_free(g);
}

/* --- other clients of the user -------------------------------------------- */

static void test_two_clients(void **state)
{
	const char *path = folder_path(state, "ignored");
	struct ignored *a = open_ignored(path), *b = open_ignored(path);

	ignore(a, fp(1), "bob");
	ignore(b, fp(2), "eve");
	assert_true(ignored_has(b, fp(1))); /* learnt with the change */
	assert_false(ignored_has(a, fp(2)));
	unignore(b, fp(1));
	ignore(a, fp(3), "kim");
	assert_false(ignored_has(a, fp(1)));
	assert_true(ignored_has(a, fp(2)));
	unignore(b, fp(2));
	assert_true(ignored_has(b, fp(3)));
	/* The other one took the line out, or the whole file. */
	unignore(a, fp(2));
	assert_int_equal(unlink(path), 0);
	unignore(a, fp(3));
	ignore(b, fp(1), "bob");
	assert_int_equal(count(b), 1);
	ignored_free(a);
	ignored_free(b);
}

static void test_broken_meanwhile(void **state)
{
	static const char broken[] = FP3 " kim\nbroken\n";
	const char *path = folder_path(state, "ignored");
	struct ignored *g;
	struct errmsg why;

	folder_write(path, FP1 " bob\n", 0600);
	g = open_ignored(path);
	folder_write(path, broken, 0600);
	assert_int_equal(ignored_add(g, fp(2), "eve", &why), ERR_USAGE);
	assert_non_null(strstr(why.text, " line 2: "));
	memset(&why, 0, sizeof(why));
	assert_int_equal(ignored_remove(g, fp(1), &why), ERR_USAGE);
	assert_non_null(strstr(why.text, " line 2: "));
	expect_text(path, broken);
	assert_int_equal(count(g), 1);
	assert_true(ignored_has(g, fp(1)));
	/* Once it is mended, it counts. */
	folder_write(path, FP3 " kim\n", 0600);
	ignore(g, fp(2), "eve");
	assert_true(ignored_has(g, fp(3)));
	ignored_free(g);
}

enum { CLIENTS = 4, CHANGES = 12 };

/* A client that adds its people; the first one removes those of before. */
static void change_many(const char *path, unsigned client)
{
	struct ignored *g = NULL;
	struct errmsg why;
	unsigned i;

	if (ignored_open(&g, path, &why) != 0)
		_exit(1);
	for (i = 0; i < CHANGES; i++)
		if (client == 0 ? ignored_remove(g, nth(i), &why) != 0
				: ignored_add(g, nth(client * 1000 + i), "x",
				      &why) != 0)
			_exit(1);
	ignored_free(g);
	_exit(0);
}

/* Clients that write at the same time lose nothing of one another. */
static void test_at_once(void **state)
{
	const char *path = folder_path(state, "ignored");
	struct ignored *g;
	pid_t pids[CLIENTS];
	unsigned c, i;
	int st;

	write_many(path, CHANGES);
	for (c = 0; c < CLIENTS; c++) {
		pids[c] = fork();
		assert_true(pids[c] >= 0);
		if (pids[c] == 0)
			change_many(path, c);
	}
	for (c = 0; c < CLIENTS; c++) {
		assert_int_equal(waitpid(pids[c], &st, 0), pids[c]);
		assert_int_equal(st, 0);
	}
	g = open_ignored(path);
	assert_int_equal(count(g), (CLIENTS - 1) * CHANGES);
	for (c = 1; c < CLIENTS; c++)
		for (i = 0; i < CHANGES; i++)
			assert_true(ignored_has(g, nth(c * 1000 + i)));
	assert_int_equal(folder_count(state), 1);
	ignored_free(g);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_path),
	    T(test_nobody),
	    T(test_add),
	    T(test_by_identity),
	    T(test_remove),
	    T(test_good_lines),
	    T(test_broken_lines),
	    T(test_zero_byte),
	    T(test_too_many),
	    T(test_too_long),
	    T(test_not_only_ours),
	    T(test_link),
	    T(test_full_disk),
	    T(test_two_clients),
	    T(test_broken_meanwhile),
	    T(test_at_once),
	};

	return cmocka_run_group_tests_name("ignored", tests, NULL, NULL);
}
