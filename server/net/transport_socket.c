/* transport_socket.c - TCP and Unix stream sockets. */
#include "server/net/transport.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "server/net/limits.h"

static ssize_t socket_read(struct transport *t, void *p, size_t n)
{
	return recv(t->fd, p, n, 0);
}

static ssize_t socket_writev(
    struct transport *t, const struct iovec *iov, int n)
{
	struct msghdr m = {
	    .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n};

	/* A record of small frames is one piece. send() saves the kernel
	 * from fetching a message header and an iovec. */
	if (n == 1)
		return send(t->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
	return sendmsg(t->fd, &m, MSG_NOSIGNAL);
}

static int socket_shutdown(struct transport *t)
{
	return shutdown(t->fd, SHUT_WR);
}

static void socket_close(struct transport *t)
{
	close(t->fd); /* also removes it from its epoll */
	t->fd = -1;
}

static const struct transport_ops socket_ops = {
    socket_read, socket_writev, socket_shutdown, socket_close, NULL};

void transport_socket(struct transport *t, int fd)
{
	int on = 1, unsent = LIMIT_UNSENT;

	t->ops = &socket_ops;
	t->fd = fd;
	t->tls = NULL;
	/* Each step writes everything at once, so there is nothing to wait
	 * for. A Unix socket refuses both options, which is harmless. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(
	    fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

unsigned transport_socket_uid(const struct transport *t)
{
	struct ucred u = {0};
	socklen_t n = sizeof(u);

	if (getsockopt(t->fd, SOL_SOCKET, SO_PEERCRED, &u, &n) != 0)
		return UINT32_MAX;
	return u.uid;
}

void transport_peer(char out[TRANSPORT_PEER], const struct sockaddr *sa)
{
	char host[48], port[8];
	socklen_t n = sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						: sizeof(struct sockaddr_in);

	if (sa->sa_family == AF_UNIX ||
	    getnameinfo(sa, n, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, TRANSPORT_PEER, "unix socket");
	else
		snprintf(out, TRANSPORT_PEER,
		    sa->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		    port);
}
