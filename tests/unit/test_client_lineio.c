/* Unit tests for line input on an inherited descriptor: the same lines however
 * the input is split, and none that was cut. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <unistd.h>

#include "client/ui/lineio.h"
#include "tests/unit/check.h"

enum { MAX = 10 };

/* Returns the output as one text: "<line>", or "!" for a line that is too
 * long. */
static void drain(struct linein *l, struct buf *out)
{
	enum linein_got got;
	const char *line;
	size_t n;

	while ((got = linein_next(l, &line, &n)) != LINEIN_NONE) {
		if (got == LINEIN_LONG) {
			assert_int_equal(buf_u8(out, '!'), 0);
			continue;
		}
		assert_true(n <= MAX);
		assert_int_equal(buf_u8(out, '<'), 0);
		assert_int_equal(buf_put(out, line, n), 0);
		assert_int_equal(buf_u8(out, '>'), 0);
	}
}

/* Feeds the text in two pieces and compares. */
static void feed(const char *text, size_t cut, const char *want)
{
	size_t n = strlen(text), w;
	struct linein *l;
	struct buf out;
	int fds[2];

	buf_init(&out, 1 << 16);
	assert_int_equal(pipe(fds), 0);
	l = linein_new(fds[0], MAX);
	assert_non_null(l);
	for (w = 0; w < 2; w++) {
		size_t from = w == 0 ? 0 : cut, to = w == 0 ? cut : n;

		if (to == from)
			continue;
		assert_int_equal(write(fds[1], text + from, to - from),
		    (ssize_t)(to - from));
		linein_read(l);
		drain(l, &out);
	}
	close(fds[1]);
	assert_false(linein_ended(l));
	linein_read(l);
	assert_true(linein_ended(l));
	drain(l, &out);
	drain(l, &out);
	assert_int_equal(buf_u8(&out, 0), 0);
	assert_string_equal((char *)out.p, want);
	buf_free(&out);
	linein_free(l);
	close(fds[0]);
}

static void test_cut_anywhere(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"", ""},
	    {"\n", "<>"},
	    {"a\nbc\n", "<a><bc>"},
	    {"a\n\nbc", "<a><><bc>"},
	    {"0123456789\nx\n", "<0123456789><x>"},
	    {"01234567890\nx\n", "!<x>"},
	    {"01234567890123456789012345\nx", "!<x>"},
	    {"x\n01234567890", "<x>!"},
	    {"01234567890\n01234567890\n\nabc", "!!<><abc>"},
	};
	size_t i, cut;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (cut = 0; cut <= strlen(rows[i].text); cut++)
			feed(rows[i].text, cut, rows[i].want);
}

static void test_again(void **state)
{
	struct linein *l;
	const char *line;
	int fds[2], i;
	size_t n;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	l = linein_new(fds[0], MAX);
	assert_int_equal(write(fds[1], "one\ntwo\n", 8), 8);
	linein_read(l);
	for (i = 0; i < 3; i++) {
		assert_int_equal(linein_next(l, &line, &n), LINEIN_LINE);
		assert_memory_equal(line, "one", n);
		linein_again(l);
	}
	/* It can read more while lines are pending. */
	assert_int_equal(write(fds[1], "three\n", 6), 6);
	linein_read(l);
	assert_int_equal(linein_next(l, &line, &n), LINEIN_LINE);
	assert_memory_equal(line, "one", n);
	assert_int_equal(linein_next(l, &line, &n), LINEIN_LINE);
	assert_memory_equal(line, "two", n);
	assert_int_equal(linein_next(l, &line, &n), LINEIN_LINE);
	assert_memory_equal(line, "three", n);
	assert_int_equal(linein_next(l, &line, &n), LINEIN_NONE);
	linein_free(l);
	linein_free(NULL);
	close(fds[0]);
	close(fds[1]);
}

/* After a stop it still returns the complete lines in its buffer, and reports
 * an overlong line if its newline was in the buffer. */
static void test_stop(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"", ""},
	    {"half", ""},
	    {"01234567890", ""},
	    {"a\nb\n", "<a><b>"},
	    {"a\nb\nhalf", "<a><b>"},
	    {"01234567890\nx\nhalf", "!<x>"},
	};
	struct linein *l;
	struct buf out;
	size_t i, first;
	int fds[2];

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (first = 0; first < 2; first++) {
			buf_init(&out, 1 << 16);
			assert_int_equal(pipe(fds), 0);
			l = linein_new(fds[0], MAX);
			assert_int_equal(
			    write(fds[1], rows[i].text, strlen(rows[i].text)),
			    (ssize_t)strlen(rows[i].text));
			if (rows[i].text[0] != '\0')
				linein_read(l);
			if (first == 0)
				drain(l, &out);
			linein_stop(l);
			assert_true(linein_ended(l));
			assert_int_equal(write(fds[1], "more\n", 5), 5);
			linein_read(l);
			drain(l, &out);
			assert_int_equal(buf_u8(&out, 0), 0);
			assert_string_equal((char *)out.p, rows[i].want);
			buf_free(&out);
			linein_free(l);
			close(fds[0]);
			close(fds[1]);
		}
}

/* Input is not buffered without limit when nobody takes the lines. */
static void test_full(void **state)
{
	char block[4096];
	struct linein *l;
	size_t took = 0;
	int fds[2];

	(void)state;
	memset(block, '\n', sizeof(block));
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	l = linein_new(fds[0], MAX);
	while (!linein_full(l) && took < (1 << 20)) {
		while (write(fds[1], block, sizeof(block)) > 0)
			;
		linein_read(l);
		took += 4096;
	}
	assert_true(linein_full(l));
	assert_true(took < (1 << 18));
	linein_free(l);
	close(fds[0]);
	close(fds[1]);
}

static void test_bad_descriptor(void **state)
{
	struct linein *l = linein_new(-1, MAX);
	const char *line;
	size_t n;

	(void)state;
	linein_read(l);
	assert_true(linein_ended(l));
	assert_int_equal(linein_next(l, &line, &n), LINEIN_NONE);
	linein_free(l);
}

/* A read that fails is told from the end of the file. */
static void test_error(void **state)
{
	struct linein *l;
	int fd = open("/", O_RDONLY);

	(void)state;
	l = linein_new(fd, MAX);
	linein_read(l);
	assert_true(linein_ended(l));
	assert_int_equal(linein_error(l), EISDIR);
	linein_free(l);
	close(fd);
	fd = open("/dev/null", O_RDONLY);
	l = linein_new(fd, MAX);
	linein_read(l);
	assert_true(linein_ended(l));
	assert_int_equal(linein_error(l), 0);
	linein_free(l);
	close(fd);
}

/* A terminal that edits lines drops what follows the 4095th byte, so a line of
 * that length is not trusted to be whole. */
static void test_terminal(void **state)
{
	static const struct {
		size_t typed;
		enum linein_got want;
	} rows[] = {{10, LINEIN_LINE}, {4094, LINEIN_LINE}, {4095, LINEIN_CUT},
	    {6000, LINEIN_CUT}};
	char typed[6000];
	const char *line;
	struct linein *l;
	int m, s;
	size_t i, n;

	(void)state;
	memset(typed, 'x', sizeof(typed));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(openpty(&m, &s, NULL, NULL, NULL), 0);
		l = linein_new(s, 16384);
		assert_int_equal(
		    write(m, typed, rows[i].typed), (ssize_t)rows[i].typed);
		assert_int_equal(write(m, "\n", 1), 1);
		linein_read(l);
		assert_int_equal(linein_next(l, &line, &n), rows[i].want);
		assert_int_equal(
		    n, rows[i].typed < 4095 ? rows[i].typed : 4095);
		linein_free(l);
		close(m);
		close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cut_anywhere),
	    cmocka_unit_test(test_again),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_bad_descriptor),
	    cmocka_unit_test(test_error),
	    cmocka_unit_test(test_terminal),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("lineio", tests, NULL, NULL);
}
