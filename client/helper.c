/* helper.c - starts helper processes, and carries their requests: one message
 * with one descriptor on a socket pair. */
#include "client/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/wire/bytes.h"

struct helper {
	int fd; /* SOCK_SEQPACKET; -1: given up */
};

/* --- one message with a descriptor ---------------------------------------- */

struct packet {
	struct msghdr msg;
	struct iovec iov;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

static void packet_init(struct packet *k, void *p, size_t n)
{
	memset(k, 0, sizeof(*k));
	k->iov = (struct iovec){p, n};
	k->msg.msg_iov = &k->iov;
	k->msg.msg_iovlen = 1;
	k->msg.msg_control = k->control;
	k->msg.msg_controllen = sizeof(k->control);
}

/* Receives a request or an answer. Returns its length; 0 at end of file. *fd is -1
 * if no descriptor came. */
static ssize_t receive(int from, void *request, size_t size, int *fd)
{
	struct packet k;
	struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	packet_init(&k, request, size);
	do {
		n = recvmsg(from, &k.msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n;
	c = CMSG_FIRSTHDR(&k.msg);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(*fd)))
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n;
}

/* --- the helper ----------------------------------------------------------- */

/* Serves requests until the other end is closed. */
static void serve(int from, const struct helper_task *task)
{
	char request[HELPER_REQUEST_MAX + 1];
	ssize_t n;
	int fd;

	while ((n = receive(from, request, HELPER_REQUEST_MAX, &fd)) > 0) {
		request[n] = '\0';
		if (fd < 0)
			break; /* not from our main process as it was */
		task->handle(task->arg, from, request, (size_t)n, fd);
	}
}

/* Leaves the terminal. */
static void leave(void)
{
	int i, null = open("/dev/null", O_RDWR);

	(void)setsid();
	for (i = 0; i <= STDERR_FILENO && null >= 0; i++)
		(void)dup2(null, i);
}

/* The helper's main function. It ignores the signals of a terminal: what it has
 * begun, it ends. */
static _Noreturn void helper_main(
    int fd, const struct helper_task *task, struct buf *wipe)
{
	static const int ignored[] = {
	    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGPIPE};
	size_t i;

	if (wipe != NULL)
		buf_free(wipe);
	if (!task->terminal)
		leave();
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	/* If it was ignored, waitpid would have nothing to report. */
	signal(SIGCHLD, SIG_DFL);
	if (task->sandbox == NULL || task->sandbox(task->arg) == 0)
		serve(fd, task);
	_exit(0);
}

/* Sends n bytes, and a descriptor unless it is -1. */
static ssize_t send_packet(
    int to, const void *p, size_t n, int fd, int flags)
{
	struct packet k;
	struct cmsghdr *c;

	packet_init(&k, (void *)(uintptr_t)p, n);
	if (fd < 0) {
		k.msg.msg_control = NULL;
		k.msg.msg_controllen = 0;
		return sendmsg(to, &k.msg, MSG_NOSIGNAL | flags);
	}
	c = CMSG_FIRSTHDR(&k.msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(to, &k.msg, MSG_NOSIGNAL | flags);
}

bool helper_answer_fd(int to, const void *answer, size_t n, int fd)
{
	return send_packet(to, answer, n, fd, 0) >= 0;
}

bool helper_answer(int to, const void *answer, size_t n)
{
	return helper_answer_fd(to, answer, n, -1);
}

bool helper_left(int to)
{
	char c;

	return recv(to, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* --- the main process's side ---------------------------------------------- */

static void set_timeout(int fd)
{
	const struct timeval t = {.tv_sec = HELPER_TIMEOUT_S};

	/* Cannot fail on a socket pair. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
}

struct helper *helper_new(const struct helper_task *task, struct buf *wipe)
{
	struct helper *h = calloc(1, sizeof(*h));
	int fd[2], saved;
	pid_t pid;

	if (h == NULL)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0) {
		free(h);
		return NULL;
	}
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		free(h);
		helper_main(fd[1], task, wipe);
	}
	saved = errno;
	close(fd[1]);
	h->fd = fd[0];
	set_timeout(h->fd);
	if (pid < 0) {
		helper_free(h);
		errno = saved;
		return NULL;
	}
	return h;
}

static void give_up(struct helper *h)
{
	if (h->fd >= 0)
		close(h->fd); /* the helper sees end of file and exits */
	h->fd = -1;
}

void helper_free(struct helper *h)
{
	if (h == NULL)
		return;
	give_up(h);
	free(h);
}

int helper_ask(struct helper *h, const void *request, size_t n, int fd)
{
	if (h->fd < 0) {
		errno = EPIPE;
		return ERR_IO;
	}
	return send_packet(h->fd, request, n, fd, MSG_DONTWAIT) == (ssize_t)n
		   ? 0
		   : ERR_IO;
}

int helper_wait_fd(struct helper *h, void *answer, size_t n, int *fd)
{
	ssize_t got = receive(h->fd, answer, n, fd);

	if (got == (ssize_t)n)
		return 0;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	/* A late answer would be taken for the next request's. */
	give_up(h);
	return ERR_IO;
}

int helper_wait(struct helper *h, void *answer, size_t n)
{
	int fd, r = helper_wait_fd(h, answer, n, &fd);

	if (fd >= 0)
		close(fd);
	return r;
}

int helper_fd(const struct helper *h)
{
	return h->fd;
}

void helper_end(struct helper *h, int wait_ms)
{
	struct pollfd p = {.events = 0}; /* POLLHUP comes by itself */

	if (h == NULL || h->fd < 0)
		return;
	p.fd = h->fd;
	(void)shutdown(h->fd, SHUT_WR);
	while (poll(&p, 1, wait_ms) < 0 && errno == EINTR)
		;
	give_up(h);
}
