/* Unit tests for writes to descriptors that nobody may read: none blocks, also
 * on a description that is shared and therefore blocking. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "shared/os/clock.h"
#include "shared/os/output.h"
#include "tests/unit/check.h"

enum { PLACES = 4 };

/* A pipe, two terminals (the second is stopped), a socket: fds[1] is written
 * to. */
static void open_place(int place, int fds[2])
{
	struct termios t;
	int pair[2];

	if (place == 0) {
		assert_int_equal(pipe(fds), 0);
		return;
	}
	if (place == 3) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		return;
	}
	assert_int_equal(openpty(&pair[0], &pair[1], NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(pair[1], &t), 0);
	t.c_oflag |= OPOST | ONLCR;
	assert_int_equal(tcsetattr(pair[1], TCSANOW, &t), 0);
	if (place == 2)
		assert_int_equal(tcflow(pair[1], TCOOFF), 0);
	fds[0] = pair[0];
	fds[1] = pair[1];
}

/* Nobody reads: what does not fit stays pending, whether the description is
 * shared or our own. */
static void test_unread(void **state)
{
	int fds[2], place, own, i, flags;
	char big[PIPE_BUF];
	struct output *o;

	(void)state;
	memset(big, 'x', sizeof(big));
	alarm(120); /* in case it blocks */
	for (place = 0; place < PLACES; place++)
		for (own = 0; own < 2; own++) {
			int used;

			open_place(place, fds);
			used = dup(fds[1]);
			flags = fcntl(fds[1], F_GETFL);
			if (own)
				output_own(used);
			o = output_new(used, 8 << 20);
			assert_non_null(o);
			for (i = 0; i < 50000; i++) {
				assert_int_equal(
				    buf_str(output_buf(o), "a line\n\n\n"), 0);
				if (i % 16 == 0)
					assert_int_equal(output_write(o), 0);
			}
			if (place != 3)
				assert_true(output_pending(o) > 50000);
			assert_int_equal(output_drain(o, 20), 0);
			if (place != 3)
				assert_int_equal(
				    output_once(used, big, sizeof(big), 20),
				    ERR_AGAIN);
			assert_int_equal(fcntl(fds[1], F_GETFL), flags);
			output_free(o);
			close(used);
			close(fds[0]);
			close(fds[1]);
		}
	alarm(0);
}

/* The queue and its descriptor are gone while the terminal is stopped: what was
 * queued goes there, and not to what has the descriptor's number then. */
static void test_abandoned(void **state)
{
	enum { BYTES = 1 << 14 };
	char got[4096], *block = malloc(BYTES);
	struct output *o;
	int fds[2], other[2], used;
	size_t n = 0;
	ssize_t r;

	(void)state;
	memset(block, 'x', BYTES);
	open_place(2, fds);
	used = dup(fds[1]);
	assert_non_null(o = output_new(used, BYTES));
	assert_int_equal(buf_put(output_buf(o), block, BYTES), 0);
	assert_int_equal(output_write(o), 0);
	assert_int_equal(output_pending(o), 0);
	output_free(o);
	assert_int_equal(pipe(other), 0);
	assert_int_equal(dup2(other[1], used), used);
	close(other[1]);
	assert_int_equal(tcflow(fds[1], TCOON), 0);
	alarm(120);
	while (n < BYTES) {
		r = read(fds[0], got, sizeof(got));
		assert_true(r > 0);
		n += (size_t)r;
	}
	alarm(0);
	close(used);
	assert_int_equal(read(other[0], got, sizeof(got)), 0);
	close(other[0]);
	close(fds[0]);
	close(fds[1]);
	free(block);
}

/* Our own description does not block, and the shared one is left alone. */
static void test_own(void **state)
{
	int fds[2], place, used, flags;

	(void)state;
	for (place = 0; place < PLACES; place++) {
		open_place(place, fds);
		used = dup(fds[1]);
		output_own(used);
		flags = fcntl(used, F_GETFL);
		assert_true(((flags & O_NONBLOCK) != 0) == (place != 3));
		assert_int_equal(isatty(used), place == 1 || place == 2);
		assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
		close(used);
		close(fds[0]);
		close(fds[1]);
	}
	/* The master of a pseudo-terminal stays the one that it was. */
	assert_int_equal(openpty(&fds[0], &fds[1], NULL, NULL, NULL), 0);
	output_own(fds[0]);
	assert_int_equal(write(fds[0], "x\n", 2), 2);
	assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	close(fds[0]);
	close(fds[1]);
	output_own(-1);
}

/* A pipe takes whole lines: another process's line cannot come into one. */
static void test_whole_lines(void **state)
{
	char line[100], got[8192];
	struct output *o;
	int fds[2], i;
	ssize_t n;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[98] = '\n';
	line[99] = '\0';
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcntl(fds[1], F_SETPIPE_SZ, 4096), 4096);
	o = output_new(fds[1], 1 << 20);
	for (i = 0; i < 100; i++)
		assert_int_equal(buf_str(output_buf(o), line), 0);
	assert_int_equal(output_write(o), 0);
	n = read(fds[0], got, sizeof(got));
	assert_true(n > 0 && n % 99 == 0);
	assert_int_equal(output_pending(o) % 99, 0);
	output_free(o);
	close(fds[0]);
	close(fds[1]);
}

/* A pipe with no reader accepts what fits; the rest is written once there is
 * room. */
static void test_slow_reader(void **state)
{
	enum { BYTES = 1 << 20 };
	struct output *l;
	size_t got = 0, i;
	uint8_t *block = malloc(BYTES);
	char chunk[1000];
	ssize_t r;
	int fds[2];

	(void)state;
	for (i = 0; i < BYTES; i++)
		block[i] = (uint8_t)(i * 7 >> 3);
	assert_int_equal(pipe(fds), 0);
	l = output_new(fds[1], 2 << 20);
	assert_non_null(l);
	assert_int_equal(buf_put(output_buf(l), block, BYTES), 0);
	assert_int_equal(output_write(l), 0); /* would hang if it blocked */
	assert_true(output_pending(l) > 0);
	assert_true(output_pending(l) < BYTES);
	while (got < BYTES) {
		r = read(fds[0], chunk, sizeof(chunk));
		assert_true(r > 0);
		assert_memory_equal(chunk, block + got, (size_t)r);
		got += (size_t)r;
		assert_int_equal(output_write(l), 0);
	}
	assert_int_equal(output_pending(l), 0);
	free(block);
	output_free(l);
	output_free(NULL);
	close(fds[0]);
	close(fds[1]);
}

static void test_reader_gone(void **state)
{
	struct output *l;
	int fds[2], pass;

	(void)state;
	for (pass = 0; pass < 2; pass++) {
		if (pass == 0)
			assert_int_equal(pipe(fds), 0);
		else
			assert_int_equal(
			    socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		l = output_new(fds[1], 2 << 20);
		close(fds[0]);
		assert_int_equal(buf_str(output_buf(l), "text"), 0);
		assert_int_equal(output_write(l), ERR_LOST);
		assert_int_equal(output_pending(l), 0);
		output_free(l);
		close(fds[1]);
	}
}

/* A descriptor that was closed at the start takes everything from a queue, but
 * a text that was asked for fails. */
static void test_closed(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	struct output *o = output_new(fd, 4096);

	(void)state;
	assert_int_equal(buf_str(output_buf(o), "text"), 0);
	assert_int_equal(output_write(o), 0);
	assert_int_equal(output_pending(o), 0);
	assert_int_equal(output_once(fd, "text", 4, -1), ERR_IO);
	assert_int_equal(errno, EBADF);
	output_free(o);
	close(fd);
}

/* A wait ends when it should. */
static void test_wait(void **state)
{
	uint64_t began = clock_monotonic_ms(), took;
	int fds[2];
	char big[8192];

	(void)state;
	memset(big, 'x', sizeof(big));
	open_place(0, fds);
	assert_int_equal(fcntl(fds[1], F_SETPIPE_SZ, 4096), 4096);
	assert_int_equal(output_once(fds[1], big, sizeof(big), 200), ERR_AGAIN);
	took = clock_monotonic_ms() - began;
	assert_true(took >= 200);
	close(fds[0]);
	assert_int_equal(output_once(fds[1], "x", 1, -1), ERR_LOST);
	close(fds[1]);
}

static void test_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct output *l = output_new(fd, 4096);

	(void)state;
	assert_int_equal(buf_str(output_buf(l), "text"), 0);
	assert_int_equal(output_write(l), ERR_IO);
	output_free(l);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unread),
	    cmocka_unit_test(test_abandoned),
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_whole_lines),
	    cmocka_unit_test(test_slow_reader),
	    cmocka_unit_test(test_reader_gone),
	    cmocka_unit_test(test_closed),
	    cmocka_unit_test(test_wait),
	    cmocka_unit_test(test_full_disk),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
