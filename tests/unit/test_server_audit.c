/* The audit log: rows, the two files, what it does when the disk or a name is
 * hostile. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "server/audit.h"
#include "server/admin/audit_chain.h"
#include "shared/wire/json.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

static const struct logger quiet = {.level = LOGGER_ERROR};

static struct audit *open_in(void **state, size_t file_max)
{
	const struct audit_opts o = {.dir = state != NULL ? *state : NULL,
	    .log = &quiet,
	    .file_max = file_max};
	struct audit *a;

	assert_int_equal(audit_open(&a, &o), 0);
	assert_int_equal(audit_start(a), 0);
	return a;
}

static void write_row(struct audit *a, const char *act, const char *who)
{
	audit_write(a, &(struct audit_row){.act = act,
			   .by = "alice",
			   .room = "lobby",
			   .who = who,
			   .text = "spam",
			   .seconds = 600});
}

/* The rows of a text, each parsed; returns their number. */
static size_t rows_of(const char *text, const char *act)
{
	const char *end;
	size_t n = 0;
	json_t *row;

	for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		assert_int_equal(
		    json_parse(&row, text, (size_t)(end - text)), 0);
		n += act == NULL || json_is(row, "act", act);
		json_decref(row);
	}
	assert_int_equal(*text, '\0');
	return n;
}

static size_t rows_in(void **state, const char *name, const char *act)
{
	char *text = folder_read(folder_path(state, name));
	size_t n;

	assert_non_null(text);
	n = rows_of(text, act);
	free(text);
	return n;
}

static void test_row(void **state)
{
	struct audit *a = open_in(state, 0);
	struct stat st;
	json_t *row;
	char *text;

	write_row(a, "kick", "bob");
	audit_close(a);
	text = folder_read(folder_path(state, "audit.log"));
	assert_non_null(text);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_int_equal(json_parse(&row, text, strlen(text) - 1), 0);
	assert_true(json_is(row, "act", "kick") && json_is(row, "by", "alice"));
	assert_true(
	    json_is(row, "who", "bob") && json_is(row, "room", "lobby"));
	assert_true(json_is(row, "text", "spam"));
	assert_int_equal(
	    strlen(json_string_value(json_object_get(row, "time"))), 20);
	assert_int_equal(
	    json_integer_value(json_object_get(row, "seconds")), 600);
	json_decref(row);
	free(text);
	assert_int_equal(stat(folder_path(state, "audit.log"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(folder_path(state, "audit.log.1"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* What a peer or a terminal could put there neither ends the line nor reaches a
 * terminal, and no length makes the row too long. */
static void test_hostile_words(void **state)
{
	static const char *const words[] = {"a\nb", "\"},{\"act\":\"x\"",
	    "\x1b[2J", "\xe2\x80\xae", "\xff\xfe", "\\", "\r\n\r\n"};
	struct audit *a = open_in(state, 0);
	char *text, *s, *line, longest[5000];
	size_t i;

	memset(longest, '"', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		write_row(a, "kick", words[i]);
	audit_write(a, &(struct audit_row){.act = longest,
			   .by = longest,
			   .room = longest,
			   .who = longest,
			   .text = longest,
			   .seconds = UINT64_MAX >> 1});
	audit_close(a);
	text = folder_read(folder_path(state, "audit.log"));
	assert_int_equal(rows_of(text, NULL), i + 1);
	assert_int_equal(rows_of(text, "kick"), i);
	for (s = text; *s != '\0'; s++)
		assert_true(*s == '\n' || (unsigned char)*s >= 0x20);
	for (line = text; (s = strchr(line, '\n')) != NULL; line = s + 1)
		assert_true((size_t)(s - line) < 2 * AUDIT_ROW_MAX);
	free(text);
}

/* Checks the chain of the files' texts. */
static struct audit_chain checked(const char *older, const char *newer)
{
	struct crypto *crypto = crypto_new();
	struct audit_chain c = {0};

	assert_non_null(crypto);
	assert_int_equal(
	    audit_chain_add(&c, crypto, older, strlen(older)), 0);
	if (c.why == NULL)
		assert_int_equal(
		    audit_chain_add(&c, crypto, newer, strlen(newer)), 0);
	crypto_free(crypto);
	return c;
}

static struct audit_chain chain_in(void **state)
{
	char *older = folder_read(folder_path(state, "audit.log.1"));
	char *newer = folder_read(folder_path(state, "audit.log"));
	struct audit_chain c = checked(older, newer);

	free(older);
	free(newer);
	return c;
}

static void test_rotation(void **state)
{
	struct audit *a = open_in(state, 12000);
	size_t i, in_all;
	struct stat st;

	for (i = 0; i < 60; i++)
		write_row(a, i == 59 ? "last" : "kick", "bob");
	audit_close(a);
	/* It was one batch or several: begin again, so that it is at least
	 * two. */
	a = open_in(state, 12000);
	for (i = 0; i < 20; i++)
		write_row(a, i == 19 ? "newest" : "mute", "bob");
	audit_close(a);
	assert_int_equal(rows_in(state, "audit.log", "newest"), 1);
	in_all = rows_in(state, "audit.log", NULL) +
		 rows_in(state, "audit.log.1", NULL);
	assert_true(in_all >= 40);
	assert_int_equal(rows_in(state, "audit.log", "last") +
			     rows_in(state, "audit.log.1", "last"),
	    1);
	assert_true(rows_in(state, "audit.log.1", NULL) > 0);
	assert_int_equal(stat(folder_path(state, "audit.log"), &st), 0);
	assert_true(st.st_size <= 12000);
	assert_int_equal(folder_count(state), 2);
	assert_null(chain_in(state).why);
	/* Without the older file the newer one goes on from nothing. */
	folder_write(folder_path(state, "audit.log.1"), "", 0600);
	assert_non_null(chain_in(state).why);
}

/* Rows survive a restart, also in memory; a row that a crash has cut is passed
 * over, and does not spoil the next. */
static void test_restart(void **state)
{
	struct audit *a = open_in(state, 0);
	uint64_t n = 0;
	struct buf out;
	FILE *f;

	write_row(a, "kick", "bob");
	write_row(a, "ban", "bob");
	audit_close(a);
	f = fopen(folder_path(state, "audit.log"), "a");
	assert_non_null(f);
	fputs("{\"time\":\"2026", f);
	fclose(f);
	a = open_in(state, 0);
	write_row(a, "mute", "carol");
	buf_init(&out, 1 << 16);
	while (audit_read(a, &n, &out) == 0)
		;
	assert_int_equal(n, 4);
	assert_int_equal(audit_next(a), 4);
	assert_int_equal(buf_u8(&out, '\0'), 0);
	assert_int_equal(rows_of((char *)out.p, NULL), 3);
	buf_free(&out);
	audit_close(a);
	a = open_in(state, 0);
	assert_int_equal(audit_next(a), 4);
	audit_close(a);
	assert_null(chain_in(state).why);
	assert_int_equal(chain_in(state).rows, 3);
	assert_int_equal(chain_in(state).cut, 1);
}

enum { ROWS = 6 };

/* Whether the lines in this order are one chain, from the first on. */
static bool one_chain(char *const *line, const size_t *order, size_t n)
{
	char text[ROWS * 400] = "";
	struct audit_chain c;
	size_t i;

	for (i = 0; i < n; i++)
		strcat(text, line[order[i]]);
	c = checked("", text);
	return c.why == NULL && c.before == 0;
}

static void test_every_change_is_found(void **state)
{
	struct audit *a = open_in(state, 0);
	char *text, *s, *end, *line[ROWS];
	size_t order[ROWS + 1] = {0}, i, k, n, size;

	for (i = 0; i < ROWS; i++)
		write_row(a, "kick", i % 2 == 0 ? "bob" : "carol");
	audit_close(a);
	text = folder_read(folder_path(state, "audit.log"));
	size = strlen(text);
	assert_null(checked("", text).why);
	assert_int_equal(checked("", text).rows, ROWS);
	for (i = 0, s = text; i < ROWS; i++, s = end + 1) {
		end = strchr(s, '\n');
		assert_non_null(end);
		line[i] = strndup(s, (size_t)(end + 1 - s));
	}
	/* A line that is no JSON any more counts as cut: then the next is wrong,
	 * unless it was the last. */
	for (i = 0; i < 8 * size; i++) {
		text[i / 8] ^= (char)(1 << i % 8);
		if (strlen(text) == size && checked("", text).why == NULL &&
		    checked("", text).rows == ROWS)
			fail_msg("bit %zu was changed, and not found", i);
		text[i / 8] ^= (char)(1 << i % 8);
	}
	for (i = 0; i < ROWS; i++) {
		for (n = 0, k = 0; k < ROWS; k++)
			if (k != i)
				order[n++] = k;
		/* The last one leaves no trace. */
		assert_int_equal(
		    one_chain(line, order, n), i == ROWS - 1);
		for (n = 0, k = 0; k < ROWS; k++) {
			order[n++] = k;
			if (k == i)
				order[n++] = k;
		}
		assert_false(one_chain(line, order, n));
		for (k = i + 1; k < ROWS; k++) {
			for (n = 0; n < ROWS; n++)
				order[n] = n;
			order[i] = k;
			order[k] = i;
			assert_false(one_chain(line, order, ROWS));
		}
	}
	for (i = 0; i < ROWS; i++)
		free(line[i]);
	free(text);
}

/* Rows of an older server come before the chain, and nowhere else. */
static void test_rows_without_hashes(void **state)
{
	static const char plain[] = "{\"time\":\"x\",\"act\":\"kick\"}\n";
	struct audit *a;
	char *text, *more;

	folder_write(folder_path(state, "audit.log"), plain, 0600);
	a = open_in(state, 0);
	write_row(a, "mute", "bob");
	audit_close(a);
	assert_null(chain_in(state).why);
	assert_int_equal(chain_in(state).before, 1);
	assert_int_equal(chain_in(state).rows, 1);
	text = folder_read(folder_path(state, "audit.log"));
	assert_true(asprintf(&more, "%s%s", text, plain) > 0);
	assert_non_null(checked("", more).why);
	assert_int_equal(checked("", more).line, 3);
	free(more);
	free(text);
	/* One that names a hash is nothing but the first of its file. */
	assert_non_null(checked("", "{\"act\":\"kick\"}\n{\"act\":\"chain\","
				    "\"previous\":\"AAAA\"}\n")
			    .why);
	assert_non_null(
	    checked("{\"act\":\"chain\",\"previous\":7}\n", "").why);
}

/* Without a directory, the newest rows alone are kept. */
static void test_memory(void **state)
{
	struct audit *a = open_in(NULL, 0);
	uint64_t n = 0;
	struct buf out;
	int i;

	(void)state;
	for (i = 0; i < AUDIT_KEPT + 500; i++)
		write_row(a, i < 500 ? "old" : "new", "bob");
	buf_init(&out, 1 << 20);
	while (audit_read(a, &n, &out) == 0)
		;
	assert_int_equal(n, AUDIT_KEPT + 501);
	assert_int_equal(buf_u8(&out, '\0'), 0);
	assert_int_equal(rows_of((char *)out.p, "new"), AUDIT_KEPT);
	assert_int_equal(rows_of((char *)out.p, "old"), 0);
	buf_free(&out);
	audit_close(a);
	audit_write(NULL, &(struct audit_row){.act = "kick"});
	audit_close(NULL);
}

static void test_refused_files(void **state)
{
	const struct audit_opts o = {.dir = *state, .log = &quiet};
	struct audit *a;

	folder_write(folder_path(state, "audit.log"), "", 0644);
	assert_int_equal(audit_open(&a, &o), ERR_USAGE);
	assert_null(a);
	assert_int_equal(unlink(folder_path(state, "audit.log")), 0);
	assert_int_equal(
	    symlink("identity.pem", folder_path(state, "audit.log")), 0);
	assert_int_equal(audit_open(&a, &o), ERR_IO);
	assert_int_equal(unlink(folder_path(state, "audit.log")), 0);
	assert_int_equal(mkfifo(folder_path(state, "audit.log"), 0600), 0);
	assert_int_equal(audit_open(&a, &o), ERR_USAGE);
	assert_int_equal(unlink(folder_path(state, "audit.log")), 0);
	folder_write(folder_path(state, "other"), "key", 0600);
	assert_int_equal(
	    link(folder_path(state, "other"), folder_path(state, "audit.log")),
	    0);
	assert_int_equal(audit_open(&a, &o), ERR_USAGE);
}

/* The rows in the file, and those that it says were lost. */
static json_int_t whole_or_counted(void **state)
{
	char *text = folder_read(folder_path(state, "audit.log")), *s, *end;
	json_int_t n = 0;
	json_t *row;

	assert_non_null(text);
	assert_true(rows_of(text, "lost") >= 1);
	assert_true(rows_of(text, "kick") > 100);
	for (s = text; (end = strchr(s, '\n')) != NULL; s = end + 1) {
		assert_int_equal(json_parse(&row, s, (size_t)(end - s)), 0);
		n += json_is(row, "act", "lost")
			 ? json_integer_value(json_object_get(row, "rows"))
			 : 1;
		json_decref(row);
	}
	free(text);
	return n;
}

/* The disk takes nothing more: no row is cut, and what the queue cannot hold is
 * counted. */
static void test_full_disk(void **state)
{
	const struct audit_opts o = {.dir = *state, .log = &quiet};
	struct rlimit before, small;
	struct audit *a;
	size_t i;

	assert_int_equal(audit_open(&a, &o), 0);
	assert_int_equal(audit_start(a), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 1000; /* the middle of a row */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (i = 0; i < 5000; i++) /* more than the queue */
		write_row(a, "kick", "bob");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	write_row(a, "late", "bob");
	audit_close(a);
	assert_int_equal(whole_or_counted(state), 5001);
	assert_null(chain_in(state).why);
}

enum { THREADS = 4, EACH = 200 };

static void *writer(void *arg)
{
	int i;

	for (i = 0; i < EACH; i++)
		write_row(arg, "kick", "bob");
	return NULL;
}

static void test_threads(void **state)
{
	struct audit *a = open_in(state, 0);
	pthread_t t[THREADS];
	size_t i;

	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, writer, a), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	audit_close(a);
	assert_int_equal(rows_in(state, "audit.log", "kick"), THREADS * EACH);
	assert_null(chain_in(state).why);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_row),
	    CASE(test_hostile_words),
	    CASE(test_rotation),
	    CASE(test_restart),
	    CASE(test_every_change_is_found),
	    CASE(test_rows_without_hashes),
	    CASE(test_memory),
	    CASE(test_refused_files),
	    CASE(test_full_disk),
	    CASE(test_threads),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
