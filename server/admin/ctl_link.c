/* ctl_link.c - conclavectl's connection to the running server. */
#include "server/admin/ctl_link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/os/file.h"

enum { READ = 16 << 10 };

struct ctl_link {
	int fd;
	struct buf in;
	size_t used; /* bytes of `in` that the last row had */
};

/* --- connecting ----------------------------------------------------------- */

bool ctl_link_locked(const struct ctl *c)
{
	char path[PATH_MAX];
	bool locked;
	int fd;

	if (c->state == NULL ||
	    snprintf(path, sizeof(path), "%s/lock", c->state) >= PATH_MAX)
		return false;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	locked = file_lock(fd, false) == ERR_STATE;
	close(fd);
	return locked;
}

static int failed(struct ctl *c, int error)
{
	bool absent = error == ENOENT || error == ECONNREFUSED ||
		      error == ENOTDIR || error == ENOTSOCK;

	if (absent && ctl_link_locked(c))
		errmsg_set(&c->why, 0,
		    "a server uses %s, but nobody answers on %s: it was "
		    "started with --control; name the same path with --control "
		    "PATH, or restart it without --control none",
		    c->state, c->socket);
	else if (absent)
		errmsg_set(&c->why, 0,
		    "no server runs there (nobody answers on %s): start "
		    "conclaved, or name the state directory of the one that "
		    "runs with -s DIR",
		    c->socket);
	else if (error == EACCES || error == EPERM)
		errmsg_set(&c->why, 0,
		    "you may not use %s: become root or the server's user, or "
		    "join the group of its --control-group",
		    c->socket);
	else
		errmsg_set(&c->why, 0, "cannot connect to %s: %s", c->socket,
		    strerror(error));
	return absent ? EXIT_LOST : EXIT_FAILED;
}

/* A path that is too long for an address is taken from its folder. */
static int connect_there(int fd, const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	const char *name = strrchr(path, '/');
	char folder[PATH_MAX];
	int back = -1, r;

	name = name != NULL ? name + 1 : path;
	if (strlen(path) < sizeof(sa.sun_path))
		name = path;
	if (strlen(name) >= sizeof(sa.sun_path) ||
	    strlen(path) >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (name != path) {
		snprintf(
		    folder, sizeof(folder), "%.*s", (int)(name - path), path);
		back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (chdir(folder) != 0) {
			close(back);
			return -1;
		}
	}
	memcpy(sa.sun_path, name, strlen(name) + 1);
	r = connect(fd, (const void *)&sa, sizeof(sa));
	if (back >= 0) {
		(void)!fchdir(back);
		close(back);
	}
	return r;
}

static void wait_at_most(int fd, int seconds)
{
	const struct timeval t = {.tv_sec = seconds};

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

int ctl_link_open(struct ctl_link **out, struct ctl *c)
{
	struct ctl_link *l = calloc(1, sizeof(*l));
	int error;

	*out = NULL;
	if (l == NULL) {
		errmsg_set(&c->why, 0, "out of memory");
		return EXIT_FAILED;
	}
	buf_init(&l->in, CTL_LINE_MAX);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd >= 0) {
		wait_at_most(l->fd, CTL_WAIT_S);
		if (connect_there(l->fd, c->socket) == 0) {
			*out = l;
			return EXIT_DONE;
		}
	}
	error = errno;
	ctl_link_close(l);
	return failed(c, error);
}

void ctl_link_close(struct ctl_link *l)
{
	if (l == NULL)
		return;
	if (l->fd >= 0)
		close(l->fd);
	buf_free(&l->in);
	free(l);
}

/* --- lines ---------------------------------------------------------------- */

static int broke(struct ctl *c, int error)
{
	if (error == EAGAIN || error == EWOULDBLOCK)
		errmsg_set(&c->why, 0,
		    "the server does not answer: it is stopped, or very busy");
	else
		errmsg_set(&c->why, 0, "the server has gone away%s%s",
		    error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
	return EXIT_FAILED;
}

static int send_all(
    struct ctl_link *l, struct ctl *c, const uint8_t *p, size_t n)
{
	ssize_t sent;

	for (; n > 0; p += sent, n -= (size_t)sent) {
		sent = send(l->fd, p, n, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return broke(c, errno == EPIPE ? 0 : errno);
		if (sent < 0)
			sent = 0;
	}
	return EXIT_DONE;
}

int ctl_link_send(struct ctl_link *l, struct ctl *c, const struct buf *request)
{
	int status = send_all(l, c, request->p, request->len);

	return status == EXIT_DONE ? send_all(l, c, (const uint8_t *)"\n", 1)
				   : status;
}

int ctl_link_send_fd(
    struct ctl_link *l, struct ctl *c, const struct buf *request, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec one = {request->p, request->len};
	struct msghdr m = {.msg_iov = &one,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	struct cmsghdr *h;

	memset(&control, 0, sizeof(control));
	h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof(fd));
	/* It is short: the socket takes all of it or nothing. */
	if (sendmsg(l->fd, &m, MSG_NOSIGNAL) != (ssize_t)request->len)
		return broke(c, errno);
	return send_all(l, c, (const uint8_t *)"\n", 1);
}

/* *n is the length of the next line, without its newline. */
static int next_line(struct ctl_link *l, struct ctl *c, size_t *n)
{
	const uint8_t *end;
	ssize_t got;

	buf_consume(&l->in, l->used);
	l->used = 0;
	while (
	    (end = l->in.len == 0 ? NULL : memchr(l->in.p, '\n', l->in.len)) ==
	    NULL) {
		if (buf_reserve(&l->in, READ) != 0) {
			errmsg_set(&c->why, 0,
			    "the server's answer is too long: is conclavectl "
			    "of the same version?");
			return EXIT_FAILED;
		}
		got = recv(l->fd, l->in.p + l->in.len, READ, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return broke(c, got < 0 ? errno : 0);
		l->in.len += (size_t)got;
	}
	*n = (size_t)(end - l->in.p);
	l->used = *n + 1;
	return EXIT_DONE;
}

static int answer_failed(struct ctl *c, const json_t *row)
{
	const char *text;
	size_t n;

	if (json_str(row, "text", &text, &n) != 0)
		text = "the server did not do it";
	errmsg_set(&c->why, 0, "%s", text);
	return EXIT_FAILED;
}

int ctl_link_row(struct ctl_link *l, struct ctl *c, bool patient, json_t **row,
    const char **text)
{
	size_t n;
	int status;

	*row = NULL;
	wait_at_most(l->fd, patient ? 0 : CTL_WAIT_S);
	if ((status = next_line(l, c, &n)) != EXIT_DONE)
		return status;
	l->in.p[n] = '\0';
	*text = (const char *)l->in.p;
	if (json_parse(row, l->in.p, n) != 0) {
		errmsg_set(&c->why, 0,
		    "the server's answer cannot be read: is conclavectl of the "
		    "same version?");
		return EXIT_FAILED;
	}
	if (json_is(*row, "type", "failed"))
		status = answer_failed(c, *row);
	if (status != EXIT_DONE || json_is(*row, "type", "done")) {
		json_decref(*row);
		*row = NULL;
	}
	return status;
}

/* --- a whole question ----------------------------------------------------- */

int ctl_link_ask(struct ctl *c, const struct buf *request, bool patient,
    ctl_row_fn *fn, void *arg)
{
	struct ctl_link *l;
	const char *text;
	json_t *row;
	int status;

	if ((status = ctl_link_open(&l, c)) != EXIT_DONE)
		return status;
	status = ctl_link_send(l, c, request);
	while (
	    status == EXIT_DONE &&
	    (status = ctl_link_row(l, c, patient, &row, &text)) == EXIT_DONE &&
	    row != NULL) {
		status = fn != NULL ? fn(arg, row, text) : EXIT_DONE;
		json_decref(row);
	}
	ctl_link_close(l);
	return status;
}

int ctl_link_do(struct ctl *c, const char *what, ctl_row_fn *fn, void *arg)
{
	struct buf request;
	struct json_w w;
	int status = EXIT_FAILED;

	buf_init(&request, 256);
	json_begin(&w, &request);
	json_put_str(&w, "do", what);
	if (json_end(&w) == 0)
		status = ctl_link_ask(c, &request, false, fn, arg);
	else
		errmsg_set(&c->why, 0, "out of memory");
	buf_free(&request);
	return status;
}
