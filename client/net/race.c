/* race.c - tries addresses side by side until a server answers at one. */
#include "client/net/race.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/proto/handshake.h"

enum { ANSWER_MAX = WIRE_LENGTH + WIRE_HANDSHAKE_MAX };

struct attempt {
	struct race_address address;
	int fd; /* -1: not begun, or over */
	struct tls *tls; /* NULL before it is connected, or without TLS */
	bool connected;
	size_t sent;	 /* of the first message */
	struct buf in;	 /* of its answer */
	uint64_t end_ms; /* to connect by, then to be answered by */
};

struct race {
	race_open_fn *open;
	struct race_tls tls; /* config NULL: none */
	struct attempt *attempts;
	size_t n, begun, running;
	uint64_t next_ms; /* when to begin another */
	struct buf hello;
	struct race_tally tally;
};

struct race *race_new(const struct race_address *list, size_t n,
    const uint8_t *hello, size_t hello_len, race_open_fn *open,
    const struct race_tls *tls, uint64_t now_ms)
{
	struct race *r = calloc(1, sizeof(*r));
	size_t i;

	if (r == NULL)
		return NULL;
	buf_init(&r->hello, ANSWER_MAX);
	r->open = open;
	if (tls != NULL)
		r->tls = *tls;
	r->next_ms = now_ms;
	if ((r->attempts = calloc(n, sizeof(*r->attempts))) == NULL ||
	    buf_put(&r->hello, hello, hello_len) != 0) {
		race_free(r);
		return NULL;
	}
	r->n = n;
	for (i = 0; i < n; i++) {
		r->attempts[i].address = list[i];
		r->attempts[i].fd = -1;
		buf_init(&r->attempts[i].in, ANSWER_MAX);
	}
	return r;
}

void race_free(struct race *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n; i++) {
		tls_free(r->attempts[i].tls);
		if (r->attempts[i].fd >= 0)
			close(r->attempts[i].fd);
		buf_free(&r->attempts[i].in);
	}
	buf_free(&r->hello);
	free(r->attempts);
	free(r);
}

const struct race_tally *race_tally(const struct race *r)
{
	return &r->tally;
}

/* Has something to send. While TLS's handshake runs, libssl waits for the
 * server; but a read may end it, and nothing else would come then. */
static bool has_to_send(const struct race *r, const struct attempt *a)
{
	bool more = a->sent < r->hello.len;

	if (a->tls == NULL)
		return more;
	return tls_unsent(a->tls) || (more && tls_ready(a->tls));
}

int race_fds(const struct race *r, struct pollfd *out)
{
	const struct attempt *a;
	int n = 0;
	size_t i;

	for (i = 0; i < r->begun; i++) {
		a = &r->attempts[i];
		if (a->fd < 0)
			continue;
		out[n] = (struct pollfd){.fd = a->fd};
		if (a->connected)
			out[n].events |= POLLIN;
		if (!a->connected || has_to_send(r, a))
			out[n].events |= POLLOUT;
		n++;
	}
	return n;
}

uint64_t race_deadline(const struct race *r)
{
	uint64_t at = r->begun < r->n ? r->next_ms : UINT64_MAX;
	size_t i;

	for (i = 0; i < r->begun; i++)
		if (r->attempts[i].fd >= 0 && r->attempts[i].end_ms < at)
			at = r->attempts[i].end_ms;
	return at;
}

/* --- one attempt ---------------------------------------------------------- */

static enum race_end end_of(int error)
{
	switch (error) {
	case 0: /* end of file */
	case ECONNRESET:
	case EPIPE:
		return RACE_CLOSED;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return RACE_UNREACHABLE;
	case ETIMEDOUT:
		return RACE_TIMEOUT;
	case EAGAIN: /* the queue of a Unix socket is full */
	case ECONNREFUSED:
		return RACE_REFUSED;
	case ENOENT:
		return RACE_MISSING;
	case EACCES:
	case EPERM:
		return RACE_FORBIDDEN;
	default:
		return RACE_OTHER;
	}
}

/* The next one begins at once, instead of waiting for its time. */
static void count(struct race *r, enum race_end end, int error, uint64_t now_ms)
{
	r->tally.ends[end]++;
	if (end == RACE_OTHER)
		r->tally.error = error;
	r->next_ms = now_ms;
}

static void fail(struct race *r, struct attempt *a, enum race_end end,
    int error, uint64_t now_ms)
{
	if (end == RACE_TLS) {
		r->tally.fault = tls_fault(a->tls);
		r->tally.detail = tls_detail(a->tls);
	}
	tls_free(a->tls);
	a->tls = NULL;
	close(a->fd);
	a->fd = -1;
	r->running--;
	count(r, end, error, now_ms);
}

static void begin(struct race *r, uint64_t now_ms)
{
	struct attempt *a = &r->attempts[r->begun++];

	r->tally.tried++;
	r->next_ms = now_ms + RACE_STAGGER_MS;
	a->fd = r->open(&a->address);
	if (a->fd < 0) {
		count(r, end_of(-a->fd), -a->fd, now_ms);
		a->fd = -1;
		return;
	}
	a->end_ms = now_ms + RACE_CONNECT_MS;
	r->running++;
}

/* errno of a socket that has stopped connecting, EINPROGRESS before. */
static int outcome(int fd)
{
	struct pollfd p = {fd, POLLOUT, 0};
	socklen_t len = sizeof(int);
	int e = 0;

	if (poll(&p, 1, 0) < 1)
		return EINPROGRESS;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) != 0)
		return errno;
	return e;
}

/* With TLS, both run its handshake as far as it goes. */
static ssize_t put(struct attempt *a, const uint8_t *p, size_t n)
{
	const struct iovec iov = {(void *)(uintptr_t)p, n};

	if (a->tls != NULL)
		return tls_writev(a->tls, &iov, 1);
	return send(a->fd, p, n, MSG_NOSIGNAL);
}

static ssize_t get(struct attempt *a, uint8_t *p, size_t n)
{
	return a->tls != NULL ? tls_read(a->tls, p, n) : recv(a->fd, p, n, 0);
}

/* A failure is not reported: a server that sends us away before it has read
 * anything has an answer all the same, and reading finds out. */
static void send_hello(const struct race *r, struct attempt *a)
{
	ssize_t n;

	while (a->sent < r->hello.len) {
		n = put(a, r->hello.p + a->sent, r->hello.len - a->sent);
		if (n >= 0)
			a->sent += (size_t)n;
		else if (errno != EINTR)
			return;
	}
}

static bool again(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* What a server of TLS answers to a hello: an alert's record. */
static bool is_alert(const struct attempt *a)
{
	return a->tls == NULL && a->in.len >= 2 && a->in.p[0] == 0x15 &&
	       a->in.p[1] == 3;
}

/* Reads until the answer is whole: 0. ERR_AGAIN: not yet. ERR_LOST: the attempt
 * has failed. */
static int read_answer(struct race *r, struct attempt *a, uint64_t now_ms)
{
	ssize_t n;
	int e;

	for (;;) {
		e = handshake_answered(a->in.p, a->in.len);
		if (e != ERR_AGAIN)
			break;
		if (buf_reserve(&a->in, 1) != 0) {
			e = ERR_NOMEM;
			break;
		}
		n = get(a, a->in.p + a->in.len, a->in.cap - a->in.len);
		if (n > 0) {
			a->in.len += (size_t)n;
			continue;
		}
		if (n < 0 && again(errno))
			return ERR_AGAIN;
		e = n < 0 ? errno : 0;
		fail(r, a, a->tls != NULL && e == EPROTO ? RACE_TLS : end_of(e),
		    e, now_ms);
		return ERR_LOST;
	}
	if (e == ERR_NOMEM)
		fail(r, a, RACE_OTHER, ENOMEM, now_ms);
	else if (e != 0 && is_alert(a))
		fail(r, a, RACE_SPEAKS_TLS, 0, now_ms);
	else if (e == 0 || r->n == 1)
		return 0;
	else
		fail(r, a, RACE_STRANGER, 0, now_ms);
	return ERR_LOST;
}

static bool begin_tls(const struct race *r, struct attempt *a)
{
	a->tls = tls_new(r->tls.config, r->tls.work, a->fd, r->tls.host);
	return a->tls != NULL;
}

/* 0: this attempt has won. */
static int step(struct race *r, struct attempt *a, uint64_t now_ms)
{
	int e = 0;

	if (!a->connected) {
		e = outcome(a->fd);
		if (e == 0) {
			a->connected = true;
			a->end_ms = now_ms + RACE_ANSWER_MS;
			if (r->tls.config != NULL && !begin_tls(r, a)) {
				fail(r, a, RACE_OTHER, ENOMEM, now_ms);
				return ERR_LOST;
			}
		} else if (e != EINPROGRESS) {
			fail(r, a, end_of(e), e, now_ms);
			return ERR_LOST;
		}
	}
	if (a->connected) {
		send_hello(r, a);
		e = read_answer(r, a, now_ms);
		if (e != ERR_AGAIN)
			return e;
	}
	if (now_ms < a->end_ms)
		return ERR_AGAIN;
	fail(r, a, a->connected ? RACE_SILENT : RACE_TIMEOUT, 0, now_ms);
	return ERR_LOST;
}

/* --- the race ------------------------------------------------------------- */

static void win(struct race *r, struct attempt *a, struct race_won *won)
{
	size_t i;

	*won = (struct race_won){a->fd, a->tls, a->in.p, a->in.len};
	a->fd = -1;
	a->tls = NULL;
	for (i = 0; i < r->begun; i++) {
		tls_free(r->attempts[i].tls);
		r->attempts[i].tls = NULL;
		if (r->attempts[i].fd >= 0)
			close(r->attempts[i].fd);
		r->attempts[i].fd = -1;
	}
	r->running = 0;
}

int race_step(struct race *r, uint64_t now_ms, struct race_won *won)
{
	size_t i;

	for (;;) {
		for (i = 0; i < r->begun; i++)
			if (r->attempts[i].fd >= 0 &&
			    step(r, &r->attempts[i], now_ms) == 0) {
				win(r, &r->attempts[i], won);
				return 0;
			}
		if (r->begun == r->n)
			return r->running > 0 ? ERR_AGAIN : ERR_LOST;
		if (r->running > 0 && now_ms < r->next_ms)
			return ERR_AGAIN;
		begin(r, now_ms);
	}
}
