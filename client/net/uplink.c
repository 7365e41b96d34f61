/* Reads, writes and closes the session's socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/secret.h"
#include "client/net/uplink.h"

enum {
	READ_BYTES = 64 << 10,
	LINGER_MS = 1000, /* for the server to take our bye and close */
};

struct uplink {
	struct session *session; /* borrowed */
	const char *name;	 /* borrowed, HOST:PORT for sentences */
	uint64_t number;
	struct dial *dial;
	int fd;	   /* a server has answered on it; -1 for none */
	struct tls *tls; /* around it; NULL: none */
	bool shut; /* nothing more is written */
	bool closing;
	uint64_t close_by_ms;
	uint8_t in[READ_BYTES];
};

struct uplink *uplink_new(struct session *s, const struct dial_opts *o)
{
	struct uplink *k = calloc(1, sizeof(*k));

	if (k == NULL || (k->dial = dial_new(o)) == NULL) {
		free(k);
		return NULL;
	}
	k->session = s;
	k->name = o->name;
	k->fd = -1;
	return k;
}

static void drop(struct uplink *k)
{
	dial_end(k->dial);
	tls_free(k->tls);
	k->tls = NULL;
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
	k->closing = k->shut = false;
	k->number++;
}

void uplink_free(struct uplink *k)
{
	if (k == NULL)
		return;
	drop(k);
	dial_free(k->dial);
	free(k);
}

uint64_t uplink_number(const struct uplink *k)
{
	return k->number;
}

static void lost(struct uplink *k, uint64_t now_ms, const char *why)
{
	drop(k);
	session_lost(k->session, now_ms, why);
}

static void lost_tls(struct uplink *k, uint64_t now_ms, enum tls_fault fault,
    const char *why)
{
	const struct ending e = ending_tls(fault, why);

	session_fail(k->session, &e);
	lost(k, now_ms, why);
}

static void lost_errno(struct uplink *k, uint64_t now_ms, const char *what)
{
	struct errmsg why;

	errmsg_set(&why, 0, "the connection to %s was lost: %s", k->name, what);
	lost(k, now_ms, why.text);
}

static void read_some(struct uplink *k, uint64_t now_ms);

/* The server has our hello, and its answer is here. */
static void connected(
    struct uplink *k, const struct race_won *won, uint64_t now_ms)
{
	uint8_t channel[WIRE_CHANNEL];
	size_t sent;

	k->fd = won->fd;
	k->tls = won->tls;
	if (k->tls != NULL && tls_exporter(k->tls, channel) != 0) {
		lost_errno(k, now_ms, "TLS has no channel binding");
		return;
	}
	session_connected(
	    k->session, now_ms, k->tls != NULL ? channel : NULL);
	secret_wipe(channel, sizeof(channel));
	session_output(k->session, &sent);
	session_consume(k->session, sent);
	session_input(k->session, now_ms, won->bytes, won->n);
	dial_end(k->dial);
	/* The rest of a TLS record is no longer in the socket. */
	if (k->tls != NULL)
		read_some(k, now_ms);
}

static void connect_step(struct uplink *k, uint64_t now_ms)
{
	const uint8_t *hello;
	struct race_won won;
	struct errmsg why;
	size_t n;
	int r = 0;

	if (!dial_busy(k->dial)) {
		hello = session_hello(k->session, now_ms, &n);
		if (n == 0)
			return; /* it has failed and wants to close */
		r = dial_begin(k->dial, hello, n, now_ms, &why);
	}
	if (r == 0)
		r = dial_step(k->dial, now_ms, &won, &why);
	if (r == 0)
		connected(k, &won, now_ms);
	else if (r != ERR_AGAIN && dial_fault(k->dial) != TLS_FAULT_NONE)
		lost_tls(k, now_ms, dial_fault(k->dial), why.text);
	else if (r != ERR_AGAIN)
		lost(k, now_ms, why.text);
}

/* Writes the rest, shuts down our side, and waits a moment for the server to
 * close. Closing first with unread bytes would send a reset, which can destroy
 * our bye. */
static void close_step(struct uplink *k, uint64_t now_ms)
{
	size_t n;

	if (k->fd < 0) {
		lost(k, now_ms, NULL);
		return;
	}
	if (!k->closing) {
		k->closing = true;
		k->close_by_ms = now_ms + LINGER_MS;
	}
	uplink_write(k);
	session_output(k->session, &n);
	if (n == 0 && !k->shut && !(k->tls != NULL && tls_unsent(k->tls))) {
		k->shut = true;
		if (k->tls != NULL)
			tls_end(k->tls);
		if (shutdown(k->fd, SHUT_WR) != 0)
			k->close_by_ms = now_ms;
	}
	if (now_ms >= k->close_by_ms)
		lost(k, now_ms, NULL);
}

void uplink_step(struct uplink *k, uint64_t now_ms)
{
	if (session_needs(k->session) & SESSION_NEED_CONNECT)
		connect_step(k, now_ms);
	if (session_needs(k->session) & SESSION_NEED_CLOSE)
		close_step(k, now_ms);
}

static ssize_t put(struct uplink *k, const uint8_t *p, size_t n)
{
	const struct iovec iov = {(void *)(uintptr_t)p, n};

	if (k->tls != NULL)
		return tls_writev(k->tls, &iov, 1);
	return send(k->fd, p, n, MSG_NOSIGNAL);
}

void uplink_write(struct uplink *k)
{
	const uint8_t *p;
	ssize_t w;
	size_t n;

	if (k->tls != NULL && !k->shut && tls_flush(k->tls) != 0 &&
	    errno != EAGAIN)
		k->shut = true;
	while (k->fd >= 0 && !k->shut) {
		p = session_output(k->session, &n);
		if (n == 0)
			return;
		w = put(k, p, n);
		if (w >= 0)
			session_consume(k->session, (size_t)w);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		else if (errno != EINTR)
			/* Read the server's last words first; reading then
			 * reports that it is gone. */
			k->shut = true;
	}
}

/* A server that refuses our certificate says so after its own handshake. */
static void fault_in_line(struct uplink *k, uint64_t now_ms)
{
	enum tls_fault f = tls_fault(k->tls);
	struct errmsg why;

	if (f != TLS_FAULT_WANTED && f != TLS_FAULT_REFUSED) {
		lost_errno(k, now_ms, tls_detail(k->tls));
		return;
	}
	errmsg_set(&why, 0, "no TLS with %s: %s", k->name, tls_fault_str(f));
	lost_tls(k, now_ms, f, why.text);
}

static void read_some(struct uplink *k, uint64_t now_ms)
{
	ssize_t n = k->tls != NULL ? tls_read(k->tls, k->in, sizeof(k->in))
				   : recv(k->fd, k->in, sizeof(k->in), 0);

	if (n > 0) {
		if (!k->closing)
			session_input(k->session, now_ms, k->in, (size_t)n);
		secret_wipe(k->in, (size_t)n);
	} else if (n == 0) {
		lost_errno(k, now_ms, "the server closed it");
	} else if (k->tls != NULL && errno == EPROTO) {
		fault_in_line(k, now_ms);
	} else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
		lost_errno(k, now_ms, strerror(errno));
	}
}

int uplink_fds(const struct uplink *k, struct pollfd *out, bool hold)
{
	size_t n;

	if (k->fd < 0)
		return dial_fds(k->dial, out);
	session_output(k->session, &n);
	out[0] = (struct pollfd){.fd = k->fd};
	if (!hold || k->closing)
		out[0].events |= POLLIN;
	if (!k->shut && (n > 0 || (k->tls != NULL && tls_unsent(k->tls))))
		out[0].events |= POLLOUT;
	return 1;
}

void uplink_ready(
    struct uplink *k, const struct pollfd *fds, int n, uint64_t now_ms)
{
	if (k->fd >= 0 && n > 0 && fds[0].fd == k->fd &&
	    (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		read_some(k, now_ms);
}

uint64_t uplink_deadline(const struct uplink *k)
{
	if (k->fd < 0)
		return dial_deadline(k->dial);
	return k->closing ? k->close_by_ms : UINT64_MAX;
}
