/* net.c - the load generator's connections and its epoll loop. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bench/ssl.h"

#include "tests/bench/load.h"

enum {
	NET_EVENTS = 1024,
	NET_ADDRESSES = 200, /* 127.0.1.1..: throttles count per address */
	NET_FILES = 131072,
};

int net_init(struct load *l)
{
	struct rlimit r = {NET_FILES, NET_FILES};

	if (setrlimit(RLIMIT_NOFILE, &r) != 0 &&
	    getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
	if (r.rlim_cur < l->n_conns + 64) {
		fprintf(stderr, "load: %llu open files are not enough\n",
		    (unsigned long long)r.rlim_cur);
		return ERR_LIMIT;
	}
	if ((l->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0)
		return ERR_IO;
	return 0;
}

void net_free(struct load *l)
{
	uint32_t i;

	for (i = 0; i < l->n_opened; i++)
		net_close(&l->conns[i]);
	close(l->epoll_fd);
	SSL_CTX_free(l->ssl);
}

static void net_watch(struct conn *c)
{
	struct epoll_event e = {.data.ptr = c};
	int op = EPOLL_CTL_MOD;

	if (!c->mute)
		e.events = EPOLLIN;
	if (c->state == CONN_OPENING && c->ssl == NULL)
		e.events = c->greeting ? EPOLLIN : EPOLLOUT;
	else if (c->out.len > 0)
		e.events |= EPOLLOUT;
	if (c->ssl != NULL && SSL_want_write(c->ssl))
		e.events |= EPOLLOUT;
	if (e.events == c->watched)
		return;
	if (c->watched == 0)
		op = EPOLL_CTL_ADD;
	else if (e.events == 0)
		op = EPOLL_CTL_DEL;
	if (epoll_ctl(c->load->epoll_fd, op, c->fd, &e) == 0)
		c->watched = e.events;
}

int net_open(struct load *l, struct conn *c)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	int on = 1;

	c->load = l;
	buf_init(&c->in, LOAD_OUT_MAX);
	buf_init(&c->out, LOAD_OUT_MAX);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return load_fail(c, strerror(errno));
	from.sin_addr.s_addr =
	    htonl((127u << 24) + 256 + 1 + c->id % NET_ADDRESSES);
	(void)setsockopt(
	    c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) != 0)
		return load_fail(c, strerror(errno));
	if (connect(c->fd, (struct sockaddr *)&l->o.addr, sizeof(l->o.addr)) !=
		0 &&
	    errno != EINPROGRESS)
		return load_fail(c, strerror(errno));
	c->state = CONN_OPENING;
	l->n_busy++;
	net_watch(c);
	return 0;
}

void net_close(struct conn *c)
{
	if (c->state == CONN_OFF || c->state == CONN_GONE)
		return;
	if (c->state == CONN_OPENING || c->state == CONN_LOGIN)
		c->load->n_busy--;
	c->state = CONN_GONE;
	if (c->load->o.proto->free != NULL)
		c->load->o.proto->free(c);
	SSL_free(c->ssl);
	c->ssl = NULL;
	close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
}

void net_mute(struct conn *c)
{
	c->mute = true;
	net_watch(c);
}

int net_flush(struct conn *c)
{
	ssize_t n;

	while (c->out.len > 0 && c->state != CONN_GONE) {
		if (c->ssl != NULL)
			n = tls_write(c, c->out.p, c->out.len);
		else
			n = send(c->fd, c->out.p, c->out.len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return load_fail(c, "cannot write");
		buf_consume(&c->out, (size_t)n);
	}
	if (c->state != CONN_GONE)
		net_watch(c);
	return 0;
}

/* Reads the line that comes before TLS, and nothing behind it: 1, or 0 if it is
 * not complete yet. */
static int net_greeted(struct conn *c)
{
	char b = 0;
	ssize_t n;

	while ((n = recv(c->fd, &b, 1, 0)) == 1)
		if (b == '\n')
			return 1;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return load_fail(c, "no greeting");
}

static int net_opened(struct conn *c)
{
	int err = 0, r;
	socklen_t n = sizeof(err);

	if (c->ssl == NULL && c->load->o.proto->greets) {
		c->greeting = true;
		if ((r = net_greeted(c)) <= 0) {
			if (r == 0)
				net_watch(c);
			return r;
		}
	}
	if (c->ssl == NULL) {
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &n) != 0 ||
		    err != 0)
			return load_fail(c, strerror(err));
		if (c->load->o.proto->tls && (r = tls_open(c)) != 0)
			return r;
	}
	if (c->ssl != NULL) {
		if ((r = tls_shake(c)) < 0)
			return load_fail(c, "TLS handshake");
		if (r == 0) {
			net_watch(c);
			return 0;
		}
	}
	c->state = CONN_LOGIN;
	if ((r = c->load->o.proto->start(c)) != 0)
		return r;
	return net_flush(c);
}

/* The server closed the connection. Only the end of the run decides whether
 * that is an error. */
static void net_lost(struct conn *c)
{
	c->load->n_lost++;
	net_close(c);
}

static int net_use(struct conn *c, const uint8_t *p, size_t n)
{
	size_t used = 0;
	int r;

	if ((r = c->load->o.proto->input(c, p, n, &used)) != 0)
		return r;
	if (c->state == CONN_GONE)
		return 0;
	if (p == c->in.p) {
		buf_consume(&c->in, used);
		if (c->in.len == 0)
			buf_free(&c->in);
	} else if (used < n) {
		return buf_put(&c->in, p + used, n - used);
	}
	return 0;
}

static int net_read(struct conn *c)
{
	struct load *l = c->load;
	uint8_t *p = l->input;
	ssize_t n;
	int r;

	if (c->in.len > 0) {
		if ((r = buf_reserve(&c->in, LOAD_READ)) != 0)
			return r;
		p = c->in.p + c->in.len;
	}
	n = c->ssl != NULL ? tls_read(c, p, LOAD_READ)
			   : recv(c->fd, p, LOAD_READ, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		net_lost(c);
		return 0;
	}
	l->now = load_clock();
	if (p == l->input)
		return net_use(c, p, (size_t)n);
	c->in.len += (size_t)n;
	return net_use(c, c->in.p, c->in.len);
}

static int net_event(struct conn *c, uint32_t events)
{
	int r = 0;

	if (c->state == CONN_OPENING)
		return net_opened(c);
	if (events & EPOLLOUT && (r = net_flush(c)) != 0)
		return r;
	if (c->state != CONN_GONE && !c->mute && events & ~(uint32_t)EPOLLOUT)
		r = net_read(c);
	if (r == 0 && c->state != CONN_GONE && c->out.len > 0)
		r = net_flush(c);
	return r;
}

int net_turn(struct load *l, int timeout_ms)
{
	static struct epoll_event e[NET_EVENTS];
	int n = epoll_wait(l->epoll_fd, e, NET_EVENTS, timeout_ms), i, r;

	if (n < 0)
		return errno == EINTR ? 0 : ERR_IO;
	l->now = load_clock();
	for (i = 0; i < n; i++) {
		struct conn *c = e[i].data.ptr;

		if (c->state == CONN_GONE)
			continue;
		if ((r = net_event(c, e[i].events)) != 0)
			return r;
	}
	return 0;
}
