/* Unit tests for line input and output on inherited descriptors: the same lines
 * however the input is split, and no blocking write. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
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

/* A pipe with no reader accepts what fits; the rest is written once there is
 * room. */
static void test_slow_reader(void **state)
{
	enum { BYTES = 1 << 20 };
	struct lineout *l;
	size_t got = 0, i;
	uint8_t *block = malloc(BYTES);
	char chunk[1000];
	ssize_t r;
	int fds[2];

	(void)state;
	for (i = 0; i < BYTES; i++)
		block[i] = (uint8_t)(i * 7 >> 3);
	assert_int_equal(pipe(fds), 0);
	l = lineout_new(fds[1]);
	assert_non_null(l);
	assert_int_equal(buf_put(lineout_buf(l), block, BYTES), 0);
	assert_int_equal(lineout_write(l), 0); /* would hang if it blocked */
	assert_true(lineout_pending(l) > 0);
	assert_true(lineout_pending(l) < BYTES);
	while (got < BYTES) {
		r = read(fds[0], chunk, sizeof(chunk));
		assert_true(r > 0);
		assert_memory_equal(chunk, block + got, (size_t)r);
		got += (size_t)r;
		assert_int_equal(lineout_write(l), 0);
	}
	assert_int_equal(lineout_pending(l), 0);
	free(block);
	lineout_free(l);
	lineout_free(NULL);
	close(fds[0]);
	close(fds[1]);
}

static void test_reader_gone(void **state)
{
	struct lineout *l;
	int fds[2], pass;

	(void)state;
	for (pass = 0; pass < 2; pass++) {
		if (pass == 0)
			assert_int_equal(pipe(fds), 0);
		else
			assert_int_equal(
			    socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		l = lineout_new(fds[1]);
		close(fds[0]);
		assert_int_equal(buf_str(lineout_buf(l), "text"), 0);
		assert_int_equal(lineout_write(l), ERR_LOST);
		assert_int_equal(lineout_pending(l), 0);
		lineout_free(l);
		close(fds[1]);
	}
}

static void test_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct lineout *l = lineout_new(fd);

	(void)state;
	assert_int_equal(buf_str(lineout_buf(l), "text"), 0);
	assert_int_equal(lineout_write(l), ERR_IO);
	lineout_free(l);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cut_anywhere),
	    cmocka_unit_test(test_again),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_bad_descriptor),
	    cmocka_unit_test(test_slow_reader),
	    cmocka_unit_test(test_reader_gone),
	    cmocka_unit_test(test_full_disk),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("lineio", tests, NULL, NULL);
}
