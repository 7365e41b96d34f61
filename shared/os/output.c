/* output.c - bounded writes that do not block, to standard output and error. */
#include "shared/os/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/os/clock.h"
#include "shared/os/sandbox.h"

enum output_kind {
	OUTPUT_DIRECT,	 /* a file; or a description that does not block */
	OUTPUT_SOCKET,	 /* MSG_DONTWAIT */
	OUTPUT_PIPE,	 /* shared: poll, then at most PIPE_BUF */
	OUTPUT_TERMINAL, /* shared: a thread; without one a byte at a time */
};

/* --- one descriptor ------------------------------------------------------- */

static enum output_kind output_kind(int fd)
{
	struct stat st;
	int flags;

	if (fstat(fd, &st) != 0)
		return OUTPUT_DIRECT;
	if (S_ISSOCK(st.st_mode))
		return OUTPUT_SOCKET;
	flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && (flags & O_NONBLOCK) != 0)
		return OUTPUT_DIRECT;
	if (S_ISFIFO(st.st_mode))
		return OUTPUT_PIPE;
	return S_ISCHR(st.st_mode) && isatty(fd) ? OUTPUT_TERMINAL
						 : OUTPUT_DIRECT;
}

/* Opens the file behind fd a second time. -1: refused, or the pipe has no
 * reader any more. */
static int output_open_anew(int fd, int flags, bool terminal)
{
	char name[256];
	int own;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	own = open(name, flags);
	if (own < 0 && terminal && ttyname_r(fd, name, sizeof(name)) == 0)
		own = open(name, flags);
	return own;
}

void output_own(int fd)
{
	int flags = fcntl(fd, F_GETFL), own;
	unsigned number;
	struct stat st;
	bool terminal;

	if (flags < 0 || fstat(fd, &st) != 0)
		return;
	/* The master of a pseudo-terminal is another one when opened anew. */
	terminal = S_ISCHR(st.st_mode) && isatty(fd) &&
		   ioctl(fd, TIOCGPTN, &number) != 0;
	if (!terminal && !S_ISFIFO(st.st_mode))
		return;
	flags = (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	if ((own = output_open_anew(fd, flags, terminal)) < 0)
		return;
	(void)dup2(own, fd);
	close(own);
}

/* Writes once. Returns the number of bytes, 0 when there is no room now, or
 * ERR_LOST or ERR_IO with errno. */
static ssize_t output_some(
    int fd, enum output_kind kind, const uint8_t *p, size_t n)
{
	struct pollfd room = {fd, POLLOUT, 0};
	size_t piece = kind == OUTPUT_PIPE ? PIPE_BUF : 1;
	ssize_t w;

	if (kind == OUTPUT_PIPE || kind == OUTPUT_TERMINAL) {
		if (poll(&room, 1, 0) < 1 || (room.revents & POLLOUT) == 0) {
			if ((room.revents & (POLLERR | POLLHUP)) == 0)
				return 0;
			errno = EPIPE;
			return ERR_LOST;
		}
		n = n < piece ? n : piece;
	}
	do {
		w = kind == OUTPUT_SOCKET
			? send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL)
			: write(fd, p, n);
	} while (w < 0 && errno == EINTR);
	if (w >= 0)
		return w;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return 0;
	return errno == EPIPE || errno == EIO || errno == ECONNRESET ? ERR_LOST
								     : ERR_IO;
}

/* Waits for room until the time `until_ms`. False: it is over. */
static bool output_wait(int fd, uint64_t until_ms)
{
	struct pollfd room = {fd, POLLOUT, 0};
	uint64_t now = clock_monotonic_ms();

	if (now >= until_ms)
		return false;
	(void)poll(&room, 1,
	    until_ms - now < INT_MAX ? (int)(until_ms - now) : INT_MAX);
	return true;
}

/* --- a thread that may block ---------------------------------------------- */

/* Who is done with a queue may close its descriptor, while the thread still has the
 * rest to write: it would go to whatever gets that number next. So the thread has a
 * descriptor of its own; the standard ones stay open, and a sandbox may forbid to
 * copy them. */
struct output_pump {
	int from, to;
	bool own; /* to */
};

static void output_pump_close(const struct output_pump *p)
{
	close(p->from);
	if (p->own)
		close(p->to);
}

static bool output_pump_step(const struct output_pump *p)
{
	char bytes[PIPE_BUF];
	ssize_t n = recv(p->from, bytes, sizeof(bytes), 0), w;
	ssize_t done = 0;

	while (done < n) {
		w = write(p->to, bytes + done, (size_t)(n - done));
		if (w < 0 && errno != EINTR)
			break;
		done += w > 0 ? w : 0;
	}
	explicit_bzero(bytes, sizeof(bytes));
	return n > 0 && done == n;
}

/* It needs no files, and the sandbox's rules for files hold for one thread at a
 * time. The end of the program ends it, even inside write. */
static void *output_pump_run(void *arg)
{
	const struct sandbox_files none = {.n_paths = 0};
	struct output_pump p = *(struct output_pump *)arg;
	int abi;

	free(arg);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		(void)!sandbox_files(&none, &abi);
	while (output_pump_step(&p))
		;
	output_pump_close(&p);
	return NULL;
}

/* Returns the socket to write to, or -1. */
static int output_pump_start(int fd)
{
	struct output_pump *p = malloc(sizeof(*p));
	sigset_t all, before;
	pthread_t thread;
	int pair[2], r;

	if (p == NULL)
		return -1;
	p->own = fd > STDERR_FILENO;
	p->to = p->own ? fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : fd;
	if (p->to < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		if (p->own && p->to >= 0)
			close(p->to);
		free(p);
		return -1;
	}
	p->from = pair[1];
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, NULL, output_pump_run, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0 && pthread_detach(thread) == 0)
		return pair[0];
	close(pair[0]);
	output_pump_close(p);
	free(p);
	return -1;
}

/* --- a queue -------------------------------------------------------------- */

struct output {
	int fd; /* borrowed; owned if pumped */
	enum output_kind kind;
	bool pumped;
	struct buf b;
};

struct output *output_new(int fd, size_t max)
{
	struct output *o = calloc(1, sizeof(*o));
	int pump;

	if (o == NULL)
		return NULL;
	o->fd = fd;
	o->kind = output_kind(fd);
	buf_init(&o->b, max);
	if (o->kind == OUTPUT_TERMINAL && (pump = output_pump_start(fd)) >= 0) {
		o->fd = pump;
		o->kind = OUTPUT_SOCKET;
		o->pumped = true;
	}
	return o;
}

struct output *output_new_secret(int fd, size_t max)
{
	struct output *o = output_new(fd, max);

	if (o != NULL)
		buf_init_secret(&o->b, max);
	return o;
}

void output_free(struct output *o)
{
	if (o == NULL)
		return;
	if (o->pumped)
		close(o->fd); /* its thread ends when it has written the rest */
	buf_free(&o->b);
	free(o);
}

struct buf *output_buf(struct output *o)
{
	return &o->b;
}

size_t output_pending(const struct output *o)
{
	return o->b.len;
}

int output_fd(const struct output *o)
{
	return o->fd;
}

/* Whole lines, as many as fit into PIPE_BUF: a pipe takes that much at once or
 * not at all, so that no line of another process comes between. */
static size_t output_piece(const uint8_t *p, size_t n)
{
	size_t k = PIPE_BUF;

	if (n <= PIPE_BUF)
		return n;
	while (k > 0 && p[k - 1] != '\n')
		k--;
	return k > 0 ? k : PIPE_BUF;
}

int output_write(struct output *o)
{
	size_t done = 0;
	ssize_t w = 1;

	while (done < o->b.len && w > 0) {
		w = output_some(o->fd, o->kind, o->b.p + done,
		    output_piece(o->b.p + done, o->b.len - done));
		if (w > 0)
			done += (size_t)w;
	}
	if (w < 0)
		done = o->b.len;
	buf_consume(&o->b, done);
	return w < 0 && errno != EBADF ? (int)w : 0;
}

int output_drain(struct output *o, unsigned wait_ms)
{
	uint64_t until = clock_monotonic_ms() + wait_ms;
	int r;

	while ((r = output_write(o)) == 0 && o->b.len > 0)
		if (!output_wait(o->fd, until))
			break;
	return r;
}

int output_finish(struct output *o, unsigned wait_ms)
{
	uint64_t now = clock_monotonic_ms(), until = now + wait_ms;
	struct pollfd end = {o->fd, POLLIN, 0};
	int r = output_drain(o, wait_ms);

	if (r == 0 && o->b.len > 0)
		return ERR_AGAIN;
	if (r != 0 || !o->pumped || shutdown(o->fd, SHUT_WR) != 0)
		return r;
	/* The thread closes its end when it has written everything. */
	while ((now = clock_monotonic_ms()) < until)
		if (poll(&end, 1, (int)(until - now)) > 0)
			return 0;
	return ERR_AGAIN;
}

/* --- one text ------------------------------------------------------------- */

/* A terminal that needs a thread. */
static int output_once_pumped(int fd, const void *p, size_t n, int wait_ms)
{
	struct output *o = output_new(fd, n);
	int r = ERR_NOMEM;

	if (o != NULL && (r = buf_put(&o->b, p, n)) == 0)
		r = output_finish(
		    o, wait_ms < 0 ? (unsigned)INT_MAX : (unsigned)wait_ms);
	output_free(o);
	return r;
}

int output_once(int fd, const void *p, size_t n, int wait_ms)
{
	enum output_kind kind = output_kind(fd);
	uint64_t until =
	    wait_ms < 0 ? UINT64_MAX : clock_monotonic_ms() + (uint64_t)wait_ms;
	const uint8_t *s = p;
	ssize_t w;
	int r;

	/* Without memory for a thread, a sentence that says so goes out a byte
	 * at a time. */
	if (kind == OUTPUT_TERMINAL &&
	    (r = output_once_pumped(fd, p, n, wait_ms)) != ERR_NOMEM)
		return r;
	while (n > 0) {
		if ((w = output_some(fd, kind, s, output_piece(s, n))) < 0)
			return (int)w;
		s += w;
		n -= (size_t)w;
		if (w == 0 && !output_wait(fd, until))
			return ERR_AGAIN;
	}
	return 0;
}
