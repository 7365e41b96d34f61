/* The seam under the server's connections: calls on descriptors from MEMORY_FD
 * on reach sockets in memory, by the linker (--wrap); all others are real. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

ssize_t __real_recv(int fd, void *p, size_t n, int flags);
ssize_t __wrap_recv(int fd, void *p, size_t n, int flags);
ssize_t __real_send(int fd, const void *p, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *p, size_t n, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
int __real_epoll_ctl(int epoll, int op, int fd, struct epoll_event *e);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *e);
int __real_close(int fd);
int __wrap_close(int fd);

static struct fuzz_socket *sockets;
static size_t n_sockets;

void fuzz_sockets(struct fuzz_socket *s, size_t n)
{
	sockets = s;
	n_sockets = n;
}

static struct fuzz_socket *at(int fd)
{
	size_t i = (size_t)fd - FUZZ_FD;

	return fd >= FUZZ_FD && i < n_sockets ? &sockets[i] : NULL;
}

ssize_t __wrap_recv(int fd, void *p, size_t n, int flags)
{
	struct fuzz_socket *s = at(fd);

	if (s == NULL)
		return __real_recv(fd, p, n, flags);
	FUZZ_CHECK(!s->closed);
	if (n > s->chunk)
		n = s->chunk;
	if (n > s->in.len - s->read)
		n = s->in.len - s->read;
	if (n == 0) {
		errno = EAGAIN;
		return s->gone ? 0 : -1;
	}
	memcpy(p, s->in.p + s->read, n);
	s->read += n;
	if (s->read == s->in.len) {
		buf_clear(&s->in);
		s->read = 0;
	}
	return (ssize_t)n;
}

static ssize_t take(struct fuzz_socket *s, const void *p, size_t n)
{
	if (n > s->allowance)
		n = s->allowance;
	FUZZ_CHECK(buf_put(&s->out, p, n) == 0);
	s->allowance -= n;
	return (ssize_t)n;
}

ssize_t __wrap_send(int fd, const void *p, size_t n, int flags)
{
	struct fuzz_socket *s = at(fd);

	if (s == NULL)
		return __real_send(fd, p, n, flags);
	FUZZ_CHECK(!s->closed);
	if (s->gone || s->allowance == 0) {
		errno = s->gone ? EPIPE : EAGAIN;
		return -1;
	}
	return take(s, p, n);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct fuzz_socket *s = at(fd);
	ssize_t all = 0;
	size_t i;

	if (s == NULL)
		return __real_sendmsg(fd, m, flags);
	FUZZ_CHECK(!s->closed);
	if (s->gone || s->allowance == 0) {
		errno = s->gone ? EPIPE : EAGAIN;
		return -1;
	}
	for (i = 0; i < m->msg_iovlen; i++)
		all += take(s, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len);
	return all;
}

int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *e)
{
	struct fuzz_socket *s = at(fd);

	if (s == NULL)
		return __real_epoll_ctl(epoll, op, fd, e);
	FUZZ_CHECK(!s->closed);
	s->watched = op == EPOLL_CTL_DEL ? 0 : e->events;
	return 0;
}

int __wrap_close(int fd)
{
	struct fuzz_socket *s = at(fd);

	if (s == NULL)
		return __real_close(fd);
	FUZZ_CHECK(!s->closed);
	s->closed = true;
	return 0;
}
