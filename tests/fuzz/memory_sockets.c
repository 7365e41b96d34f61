/* memory_sockets.c - sockets in memory for the server. The linker (--wrap)
 * redirects calls on descriptors from FUZZ_FD up; all others are real. The log
 * is replaced too: lines are formatted but not written. */
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/logger.h"
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
int __real_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how);
int __real_setsockopt(
    int fd, int level, int name, const void *value, socklen_t n);
int __wrap_setsockopt(
    int fd, int level, int name, const void *value, socklen_t n);
int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *n);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *n);
int __real_accept4(int fd, struct sockaddr *sa, socklen_t *n, int flags);
int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *n, int flags);

static struct fuzz_socket *sockets;
static size_t n_sockets;
static struct fuzz_door *the_door;

void fuzz_sockets(struct fuzz_socket *s, size_t n, struct fuzz_door *door)
{
	sockets = s;
	n_sockets = n;
	the_door = door;
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

	if (epoll >= FUZZ_EPOLL && s == NULL)
		return 0; /* the listener */
	if (s == NULL)
		return __real_epoll_ctl(epoll, op, fd, e);
	FUZZ_CHECK(!s->closed);
	FUZZ_CHECK((s->watched == 0) == (op == EPOLL_CTL_ADD));
	s->watched = op == EPOLL_CTL_DEL ? 0 : e->events;
	s->epoll = epoll;
	s->data = e->data.ptr;
	return 0;
}

int __wrap_close(int fd)
{
	struct fuzz_socket *s = at(fd);

	if (s == NULL)
		return __real_close(fd);
	FUZZ_CHECK(!s->closed);
	s->closed = true;
	s->watched = 0;
	return 0;
}

int __wrap_shutdown(int fd, int how)
{
	struct fuzz_socket *s = at(fd);

	if (s == NULL)
		return __real_shutdown(fd, how);
	FUZZ_CHECK(!s->closed && !s->shut && how == SHUT_WR);
	if (s->gone) {
		errno = ENOTCONN;
		return -1;
	}
	s->shut = true;
	return 0;
}

int __wrap_setsockopt(
    int fd, int level, int name, const void *value, socklen_t n)
{
	if (at(fd) == NULL)
		return __real_setsockopt(fd, level, name, value, n);
	return 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *n)
{
	const struct fuzz_socket *s = at(fd);
	struct ucred u = {0};

	if (s == NULL)
		return __real_getsockopt(fd, level, name, value, n);
	FUZZ_CHECK(name == SO_PEERCRED && *n == sizeof(u));
	u.uid = s->from;
	memcpy(value, &u, sizeof(u));
	return 0;
}

/* --- the door ------------------------------------------------------------ */

void fuzz_socket_address(
    const struct fuzz_socket *s, struct sockaddr_storage *sa)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(sa, 0, sizeof(*sa));
	sa->ss_family = AF_UNIX;
	in.sin_addr.s_addr = htonl(0x7f000000u + s->from);
	in6.sin6_addr.s6_addr[0] = 0x20;
	in6.sin6_addr.s6_addr[7] = (uint8_t)s->from;
	if (s->from >= 6)
		memcpy(sa, &in6, sizeof(in6));
	else if (s->from >= 4)
		memcpy(sa, &in, sizeof(in));
}

int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *n, int flags)
{
	struct sockaddr_storage from;
	size_t no;

	if (fd != FUZZ_DOOR)
		return __real_accept4(fd, sa, n, flags);
	FUZZ_CHECK(*n == sizeof(from));
	if (the_door->n == 0 || the_door->fail > 0) {
		errno = the_door->n == 0 ? EAGAIN : EMFILE;
		the_door->fail -= the_door->n > 0;
		return -1;
	}
	no = the_door->waiting[0];
	memmove(the_door->waiting, the_door->waiting + 1,
	    --the_door->n * sizeof(the_door->waiting[0]));
	fuzz_socket_address(&sockets[no], &from);
	memcpy(sa, &from, sizeof(from));
	return FUZZ_FD + (int)no;
}

/* --- the log ------------------------------------------------------------- */

void __wrap_logger_write(const struct logger *l, enum logger_level level,
    const char *what, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void __wrap_logger_write(const struct logger *l, enum logger_level level,
    const char *what, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)l;
	(void)level;
	(void)what;
}
