/* conn.c - reading, writing and closing of one connection. */
#include "server/net/conn.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "server/net/limits.h"
#include "server/net/quota.h"
#include "shared/wire/wire.h"

enum {
	/* A whole record minus one byte, plus one more read. */
	CONN_IN_MAX = WIRE_LENGTH + WIRE_RECORD_MAX + LIMIT_READ,
	CONN_TIMERS = 3,
};

#define container_of(p, type, field)                                           \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

struct conn *conn_of(struct outq *q)
{
	return container_of(q, struct conn, out);
}

/* --- epoll --------------------------------------------------------------- */

static uint32_t conn_wanted(const struct conn *c)
{
	uint32_t events = c->out.blocked || transport_unsent(&c->transport)
			      ? EPOLLOUT
			      : 0;

	if (c->state == CONN_CLOSING || c->stopped == 0)
		return events | EPOLLIN;
	/* If a stranger hangs up while we wait, there is nobody to answer. */
	return c->state == CONN_NEW ? events | EPOLLRDHUP : events;
}

static void conn_lose(struct conn *c, const char *why, bool ours)
{
	if (c->state == CONN_NEW || c->state == CONN_OPEN)
		c->ops->lost(c, why, ours);
	conn_close(c);
}

static void conn_watch(struct conn *c)
{
	int by = c->state == CONN_NEW ? c->loop->new_fd : c->loop->epoll_fd;
	struct epoll_event e = {.data.ptr = &c->source};
	int op = EPOLL_CTL_MOD;

	if (c->state == CONN_DEAD)
		return;
	if (c->watched != 0 && c->watched_by != by) {
		(void)epoll_ctl(
		    c->watched_by, EPOLL_CTL_DEL, c->transport.fd, &e);
		c->watched = 0;
	}
	e.events = conn_wanted(c);
	if (e.events == c->watched)
		return;
	if (c->watched == 0)
		op = EPOLL_CTL_ADD;
	else if (e.events == 0)
		op = EPOLL_CTL_DEL; /* or a hang-up would be reported forever */
	if (epoll_ctl(by, op, c->transport.fd, &e) != 0) {
		conn_lose(c, strerror(errno), true);
		return;
	}
	c->watched = e.events;
	c->watched_by = by;
}

/* --- reasons not to read ------------------------------------------------- */

static void conn_start(struct conn *c, unsigned why)
{
	if ((c->stopped & CONN_STOP_HOLD & why) != 0)
		TAILQ_REMOVE(&c->loop->held, c, held);
	c->stopped &= ~why;
}

/* We did not read, so the peer was not silent. */
static void conn_not_silent(struct conn *c)
{
	c->bytes_ms = c->heard_ms = c->loop->now_ms;
}

static void conn_unpause(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, pause);

	conn_start(c, CONN_STOP_RATE);
	conn_not_silent(c);
	conn_resume(c);
}

void conn_pause_until(struct conn *c, uint64_t at_ms)
{
	c->stopped |= CONN_STOP_RATE;
	timer_set(&c->loop->timers, &c->pause, at_ms);
}

void conn_stop(struct conn *c)
{
	c->stopped |= CONN_STOP_OWNER;
}

void conn_go(struct conn *c)
{
	conn_start(c, CONN_STOP_OWNER);
}

static void conn_hold(struct conn *c)
{
	if ((c->stopped & CONN_STOP_HOLD) != 0)
		return;
	c->stopped |= CONN_STOP_HOLD;
	TAILQ_INSERT_TAIL(&c->loop->held, c, held);
}

void conn_loop_unhold(struct conn_loop *l)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&l->held); c != NULL; c = next) {
		next = TAILQ_NEXT(c, held);
		if (c->ops->hold(c))
			continue;
		conn_start(c, CONN_STOP_HOLD);
		conn_not_silent(c);
		conn_watch(c);
	}
}

/* --- timers -------------------------------------------------------------- */

void conn_expire_at(struct conn *c, uint64_t at_ms)
{
	timer_set(&c->loop->timers, &c->life, at_ms);
}

/* Keeps it until everything that was sent before our write failed has been
 * read, however slowly the rate limit lets us. */
static void conn_broken_expired(struct conn *c)
{
	uint64_t now_ms = c->loop->now_ms;

	if (c->stopped != 0 || now_ms - c->bytes_ms < LIMIT_BROKEN_MS)
		conn_expire_at(c, now_ms + LIMIT_BROKEN_MS);
	else
		conn_lose(c, "connection broken", false);
}

static void conn_expired(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, life);

	if (c->state == CONN_CLOSING) {
		/* A host that was suspended may not have written yet. */
		conn_flush(c);
		conn_close(c);
	} else if (c->broken) {
		conn_broken_expired(c);
	} else {
		c->ops->expired(c);
	}
}

/* Its queue has been full for too long. */
static void conn_slow(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, slow);

	outq_fail(&c->out, ERR_SLOW);
}

/* --- beginning and end --------------------------------------------------- */

static void conn_ready(struct source *s, uint32_t events);

void conn_refused(struct conn_loop *l, int fd)
{
	close(fd);
	atomic_fetch_sub_explicit(&l->n_conns, 1, memory_order_relaxed);
}

int conn_init(
    struct conn *c, struct conn_loop *l, const struct conn_ops *ops, int fd)
{
	/* All timers of each, so that setting one never fails later. */
	if (timers_reserve(&l->timers, CONN_TIMERS * (l->n_open + 1) + 8) !=
	    0) {
		conn_refused(l, fd);
		return ERR_NOMEM;
	}
	memset(c, 0, sizeof(*c));
	c->source = (struct source){conn_ready, .repeats = true};
	c->ops = ops;
	c->loop = l;
	c->state = CONN_NEW;
	c->life.fn = conn_expired;
	c->pause.fn = conn_unpause;
	c->slow.fn = conn_slow;
	transport_socket(&c->transport, fd);
	buf_init(&c->in, CONN_IN_MAX);
	outq_init(&c->out, &l->sched.ready);
	LIST_INSERT_HEAD(&l->all, c, all);
	l->n_open++;
	counters_add(&l->counters, COUNT_ACCEPTED, 1);
	return 0;
}

/* Updates the quota: buffers may have grown or been freed. */
static void conn_account(struct conn *c)
{
	size_t held = c->in.cap + transport_held(&c->transport);

	quota_add(held);
	quota_sub(c->in_held);
	c->in_held = held;
}

int conn_tls(struct conn *c, struct tls_door *d, const void *rest, size_t n)
{
	int err =
	    transport_tls(&c->transport, d, &c->loop->tls, rest, n);

	conn_account(c);
	return err;
}

size_t conn_held(const struct conn *c)
{
	return outq_held(&c->out) + c->out.aside + c->in.cap +
	       transport_held(&c->transport);
}

void conn_trust(struct conn *c)
{
	c->state = CONN_OPEN;
	conn_not_silent(c);
}

void conn_heard(struct conn *c)
{
	c->heard_ms = c->loop->now_ms;
}

void conn_loop_reap(struct conn_loop *l)
{
	struct conn *c;

	while ((c = SLIST_FIRST(&l->dead)) != NULL) {
		SLIST_REMOVE_HEAD(&l->dead, dead);
		outq_free(&c->out);
		buf_free(&c->in);
		conn_account(c);
		c->ops->free(c);
	}
}

void conn_loop_close(struct conn_loop *l)
{
	while (!LIST_EMPTY(&l->all))
		conn_close(LIST_FIRST(&l->all));
	conn_loop_reap(l);
}

void conn_close(struct conn *c)
{
	struct conn_loop *l = c->loop;
	enum conn_state was = c->state;

	if (was == CONN_DEAD)
		return;
	c->state = CONN_DEAD;
	if (was == CONN_CLOSING)
		l->n_closing--;
	else
		c->ops->leaving(c);
	conn_start(c, ~0u);
	timer_stop(&l->timers, &c->life);
	timer_stop(&l->timers, &c->pause);
	timer_stop(&l->timers, &c->slow);
	c->transport.ops->close(&c->transport);
	outq_end(&c->out, NULL);
	LIST_REMOVE(c, all);
	l->n_open--;
	atomic_fetch_sub_explicit(&l->n_conns, 1, memory_order_relaxed);
	SLIST_INSERT_HEAD(&l->dead, c, dead);
}

void conn_linger(struct conn *c)
{
	struct conn_loop *l = c->loop;

	if (c->state == CONN_CLOSING || c->state == CONN_DEAD)
		return;
	c->state = CONN_CLOSING;
	l->n_closing++;
	c->ops->leaving(c);
	timer_stop(&l->timers, &c->pause);
	timer_stop(&l->timers, &c->slow);
	conn_start(c, ~0u);
	conn_expire_at(c, l->now_ms + LIMIT_CLOSING_MS);
	outq_touch(&c->out);
}

/* --- reading ------------------------------------------------------------- */

static size_t conn_use(struct conn *c, const uint8_t *p, size_t n)
{
	size_t used = c->ops->input(c, p, n);

	return c->state == CONN_CLOSING || c->state == CONN_DEAD ? n : used;
}

/* Usually nothing is left over: the bytes are then used in place, and only
 * an incomplete rest is copied. */
static void conn_input(struct conn *c, const uint8_t *p, size_t n)
{
	size_t used;
	int err = 0;

	if (c->in.len > 0) {
		if ((err = buf_put(&c->in, p, n)) == 0) {
			used = conn_use(c, c->in.p, c->in.len);
			buf_consume(&c->in, used);
		}
	} else if ((used = conn_use(c, p, n)) < n) {
		err = buf_put(&c->in, p + used, n - used);
	}
	if (c->in.len == 0)
		buf_free(&c->in);
	conn_account(c);
	if (err != 0)
		conn_lose(c, err_str(err), true);
}

static void conn_read(struct conn *c);

void conn_resume(struct conn *c)
{
	if (c->in.len > 0)
		conn_input(c, NULL, 0);
	if (c->state != CONN_DEAD && c->stopped == 0 &&
	    transport_waiting(&c->transport))
		conn_read(c);
	conn_watch(c);
}

/* How many bytes to read now; 0: none. epoll is level-triggered and will
 * report the connection again. */
static size_t conn_read_max(struct conn *c)
{
	struct conn_loop *l = c->loop;

	if (c->state == CONN_NEW) {
		/* What a proxy sent together with its header is no longer in
		 * the socket. */
		if (l->new_reads == 0 && !transport_waiting(&c->transport))
			return 0;
		l->new_reads -= l->new_reads > 0;
		return WIRE_HANDSHAKE_MAX;
	}
	if (c->state == CONN_OPEN && c->ops->hold(c)) {
		conn_hold(c);
		return 0;
	}
	return sched_behind(&l->sched) ? LIMIT_READ_BEHIND : LIMIT_READ;
}

/* False: nothing was read. */
static bool conn_read_once(struct conn *c)
{
	struct conn_loop *l = c->loop;
	size_t max = conn_read_max(c);
	ssize_t n;

	if (max == 0)
		return false;
	/* A record is read whole, or epoll would not know of its rest. */
	if (c->transport.tls != NULL && max < TLS_RECORD)
		max = TLS_RECORD;
	n = c->transport.ops->read(&c->transport, l->input, max);
	if (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
		conn_account(c);
	} else if (n < 0) {
		conn_lose(c, transport_why(&c->transport, errno), false);
	} else if (n == 0) {
		conn_lose(c, "connection closed", false);
	} else if (c->state != CONN_CLOSING) {
		counters_add(&l->counters, COUNT_BYTES_IN, (uint64_t)n);
		c->bytes_ms = l->now_ms;
		if (c->state == CONN_OPEN)
			l->taken += (size_t)n;
		conn_input(c, l->input, (size_t)n);
	}
	return n > 0;
}

static void conn_read(struct conn *c)
{
	while (conn_read_once(c) && c->state != CONN_DEAD &&
	       (c->state == CONN_CLOSING || c->stopped == 0) &&
	       transport_waiting(&c->transport))
		;
}

/* --- writing ------------------------------------------------------------- */

static ssize_t conn_writev(void *arg, const struct iovec *iov, int n)
{
	struct conn *c = arg;

	ssize_t sent = c->transport.ops->writev(&c->transport, iov, n);

	if (sent > 0)
		c->loop->counters.n[COUNT_BYTES_OUT] += (uint64_t)sent;
	return sent;
}

void conn_write(struct conn *c, const void *p, size_t n)
{
	const struct iovec iov = {(void *)(uintptr_t)p, n};

	(void)conn_writev(c, &iov, 1);
}

/* The last output is written. Ends our side of the stream and waits for the
 * peer to end its own, so that a reset does not overtake that output. */
static void conn_shut(struct conn *c)
{
	if (c->shut)
		return;
	c->shut = true;
	if (c->loop->n_closing > c->loop->closing_max ||
	    c->transport.ops->shutdown(&c->transport) != 0)
		conn_close(c);
}

/* A write failed, but bytes that the peer sent earlier may still be
 * readable. Reading soon finds the end of the stream; otherwise the timer
 * expires. */
static void conn_broke(struct conn *c)
{
	outq_end(&c->out, NULL);
	c->out.blocked = false;
	if (c->broken)
		return;
	c->broken = true;
	conn_expire_at(c, c->loop->now_ms + LIMIT_BROKEN_MS);
}

/* A reader that does not take enough goes in the end, so that it holds back
 * the others for a bounded time. */
static void conn_full(struct conn *c, bool was)
{
	struct conn_loop *l = c->loop;

	if (was && !c->out.full) {
		timer_stop(&l->timers, &c->slow);
		c->ops->taken(c);
	} else if (c->out.full && c->slow.place == 0) {
		timer_set(&l->timers, &c->slow, l->now_ms + LIMIT_FULL_MS);
	}
}

/* What the transport has taken goes first. */
static int conn_flush_transport(struct conn *c)
{
	if (!transport_unsent(&c->transport) ||
	    c->transport.ops->flush(&c->transport) == 0)
		return 0;
	return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_AGAIN : ERR_IO;
}

void conn_flush(struct conn *c)
{
	const struct outq_io io = {conn_writev, c};
	bool full = c->out.full;
	int err;

	if (c->state == CONN_DEAD)
		return;
	if ((err = conn_flush_transport(c)) == 0)
		err = c->ops->output(c, &io);
	if (err == 0 && transport_unsent(&c->transport))
		err = ERR_AGAIN;
	if (c->transport.tls != NULL)
		conn_account(c);
	if ((full || c->out.full) && c->state == CONN_OPEN)
		conn_full(c, full);
	c->out.blocked = err == ERR_AGAIN;
	if (err == 0 && c->state == CONN_CLOSING)
		conn_shut(c);
	else if (err == ERR_IO && c->state == CONN_OPEN)
		conn_broke(c);
	else if (err != 0 && err != ERR_AGAIN && err != ERR_LIMIT)
		conn_lose(c, err_str(err), false);
	conn_watch(c);
}

/* --- events -------------------------------------------------------------- */

static void conn_ready(struct source *s, uint32_t events)
{
	struct conn *c = container_of(s, struct conn, source);

	if ((events & EPOLLOUT) != 0)
		conn_flush(c);
	if (c->state == CONN_DEAD || (events & ~(uint32_t)EPOLLOUT) == 0)
		return;
	/* Reading also finds a hang-up, after the bytes that precede it. */
	if (c->state == CONN_CLOSING || c->stopped == 0)
		conn_read(c);
	else if (c->state == CONN_NEW)
		conn_lose(c, "connection closed", false);
	else
		conn_broke(c);
	conn_watch(c);
}
