#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "server/auth/login.h"
#include "server/net/quota.h"
#include "server/loop/loop_int.h"
#include "server/room/dispatch.h"
#include "shared/proto/control.h"

enum {
	CONN_LINGER_MS = 3000,
	CONN_BROKEN_MS = 500,
	/* What the kernel may hold of ours and not yet have sent. It would
	 * take megabytes, which a slow reader's bye would come after. */
	CONN_UNSENT = 128 << 10,
	/* A whole record that is not complete, and one reading more. */
	CONN_IN_MAX = WIRE_LENGTH + WIRE_RECORD_MAX + LOOP_READ,
};

#define container_of(p, type, field)                                           \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

struct conn *conn_of(struct outq *q)
{
	return container_of(q, struct conn, out);
}

struct conn *conn_of_membership(struct membership *s)
{
	return container_of(s, struct conn, membership);
}

/* The other side went away, or the line did. */
static void conn_lost(struct conn *c, const char *why)
{
	const struct logger *log = c->worker->server->o.log;

	if (c->state == CONN_LOGIN)
		login_log(c, LOGGER_INFO, "%s: %s", c->peer, why);
	else if (c->state == CONN_LINKED)
		logger_info(log, "leave", "%s (%s): %s", c->name, c->peer, why);
	conn_close(c);
}

/* --- timers -------------------------------------------------------------- */

/* Not before all is read that it said while it could, however slowly we let it
 * speak. */
static void conn_still_broken(struct conn *c)
{
	struct worker *w = c->worker;

	if (c->paused || w->now_ms - c->heard_ms < CONN_BROKEN_MS)
		timer_set(&w->timers, &c->life, w->now_ms + CONN_BROKEN_MS);
	else
		conn_lost(c, "connection broken");
}

static void conn_life(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, life);

	switch (c->state) {
	case CONN_LOGIN:
		login_log(c, LOGGER_INFO, "%s: took too long", c->peer);
		conn_refuse(c, CODE_TIMEOUT, wire_code_str(CODE_TIMEOUT));
		break;
	case CONN_LINKED:
		if (c->broken)
			conn_still_broken(c);
		else
			dispatch_silence(c);
		break;
	case CONN_CLOSING:
		/* A machine that stood still may not have written yet. */
		conn_flush(c);
		conn_close(c);
		break;
	case CONN_DEAD:
		break;
	}
}

static void conn_unpause(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, pause);

	c->paused = false;
	c->heard_ms = c->worker->now_ms; /* we did not listen: no silence */
	conn_resume(c);
}

/* --- coming and going ---------------------------------------------------- */

static void conn_peer(struct conn *c, const struct sockaddr *sa)
{
	char host[48], port[8];
	socklen_t n = sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						: sizeof(struct sockaddr_in);

	if (sa->sa_family == AF_UNIX ||
	    getnameinfo(sa, n, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(c->peer, sizeof(c->peer), "unix socket");
	else
		snprintf(c->peer, sizeof(c->peer),
		    sa->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		    port);
}

/* A Unix socket has neither of them, which does no harm. */
static void conn_options(int fd)
{
	int on = 1, unsent = CONN_UNSENT;

	/* A turn's worth goes out in one write: nothing to wait for. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(
	    fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

struct conn *conn_new(struct worker *w, int fd, const struct sockaddr *sa)
{
	struct conn *c = NULL;

	/* Two timers each, so that setting one cannot fail later. */
	if (timers_reserve(&w->timers, 2 * (w->n_open + 1) + 8) != 0 ||
	    (c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		atomic_fetch_sub_explicit(&w->n_conns, 1, memory_order_relaxed);
		return NULL;
	}
	quota_add(CONN_COST);
	c->source = SOURCE_CONN;
	c->state = CONN_LOGIN;
	c->fd = fd;
	c->worker = w;
	c->life.fn = conn_life;
	c->pause.fn = conn_unpause;
	buf_init(&c->in, CONN_IN_MAX);
	outq_init(&c->out, &w->sched.ready);
	conn_peer(c, sa);
	if ((c->next = w->conns) != NULL)
		c->next->prev = c;
	w->conns = c;
	w->n_open++;
	conn_options(fd);
	timer_set(&w->timers, &c->life, w->now_ms + WIRE_HANDSHAKE_MS);
	if (login_start(c, sa) != 0) {
		conn_close(c);
		return NULL;
	}
	conn_watch(c);
	return c->state == CONN_DEAD ? NULL : c;
}

/* After what was read may have grown or gone. */
static void conn_account(struct conn *c)
{
	quota_add(c->in.cap);
	quota_sub(c->in_held);
	c->in_held = c->in.cap;
}

size_t conn_held(const struct conn *c)
{
	return outq_held(&c->out) + c->in.cap;
}

void conn_free(struct conn *c)
{
	handshake_free(c->handshake);
	link_free(c->link);
	outq_free(&c->out);
	buf_free(&c->in);
	conn_account(c);
	quota_sub(CONN_COST);
	free(c);
}

void conn_close(struct conn *c)
{
	struct worker *w = c->worker;

	if (c->state == CONN_DEAD)
		return;
	if (c->state == CONN_CLOSING)
		w->n_closing--;
	c->state = CONN_DEAD;
	room_leave(&c->membership);
	login_leave(c);
	timer_stop(&w->timers, &c->life);
	timer_stop(&w->timers, &c->pause);
	close(c->fd); /* epoll forgets it with that */
	c->fd = -1;
	outq_end(&c->out, NULL);
	if (c->next != NULL)
		c->next->prev = c->prev;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		w->conns = c->next;
	w->n_open--;
	atomic_fetch_sub_explicit(&w->n_conns, 1, memory_order_relaxed);
	c->next = w->dead;
	w->dead = c;
}

void conn_linger(struct conn *c)
{
	struct worker *w = c->worker;

	if (c->state == CONN_CLOSING || c->state == CONN_DEAD)
		return;
	/* First: in leaving it may hear that it was replaced, and come here
	 * again. */
	c->state = CONN_CLOSING;
	w->n_closing++;
	room_leave(&c->membership);
	login_leave(c);
	timer_stop(&w->timers, &c->pause);
	c->paused = false;
	timer_set(&w->timers, &c->life, w->now_ms + CONN_LINGER_MS);
	outq_touch(&c->out);
}

/* A breach gets no explanation, whoever asks; and the sentence for `timeout` is
 * about handshakes. */
static const char *conn_bye_text(enum wire_code code)
{
	switch (code) {
	case CODE_PROTOCOL:
		return "";
	case CODE_TIMEOUT:
		return "nothing was heard for too long";
	default:
		return wire_code_str(code);
	}
}

static struct frame *conn_bye(enum wire_code code)
{
	struct frame *p = NULL;
	struct buf json;

	buf_init(&json, WIRE_JSON_MAX);
	if (control_bye(&json, code, conn_bye_text(code)) == 0)
		p = frame_control(json.p, json.len);
	buf_free(&json);
	return p;
}

void conn_end(struct conn *c, enum wire_code code)
{
	if (c->state == CONN_LINKED)
		outq_end(&c->out, conn_bye(code));
	conn_linger(c);
}

void conn_finish(struct conn *c, enum wire_code code)
{
	if (c->state == CONN_LINKED)
		outq_finish(&c->out, conn_bye(code));
	conn_linger(c);
}

void conn_refuse(struct conn *c, enum wire_code code, const char *text)
{
	if (c->state == CONN_LOGIN && c->handshake != NULL)
		(void)handshake_refuse(c->handshake, code, text);
	conn_linger(c);
}

/* --- reading ------------------------------------------------------------- */

static size_t conn_use(struct conn *c, const uint8_t *p, size_t n)
{
	size_t used = 0;

	if (c->state == CONN_LOGIN)
		used = login_input(c, p, n);
	if (c->state == CONN_LINKED && !c->paused)
		used += dispatch_input(c, p + used, n - used);
	return c->state == CONN_CLOSING || c->state == CONN_DEAD ? n : used;
}

/* New bytes after what is still held. Without anything held, which is usual,
 * they are used where they are and only a rest is copied. */
static void conn_input(struct conn *c, const uint8_t *p, size_t n)
{
	bool held = c->in.len > 0;
	size_t used;
	int err = 0;

	if (held) {
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
	if (err != 0) {
		logger_warn(c->worker->server->o.log, "lost", "%s: %s", c->peer,
		    err_str(err));
		conn_close(c);
	}
}

void conn_resume(struct conn *c)
{
	if (c->in.len > 0)
		conn_input(c, NULL, 0);
	if (c->state != CONN_DEAD)
		conn_watch(c);
}

static void conn_read(struct conn *c)
{
	struct worker *w = c->worker;
	size_t most = LOOP_READ;
	ssize_t n;

	if (c->state == CONN_LOGIN) {
		if (w->login_steps == 0)
			return; /* level-triggered: it comes again */
		w->login_steps--;
		most = WIRE_HANDSHAKE_MAX; /* a stranger's, maybe held */
	} else if (c->state == CONN_LINKED && worker_paused(w)) {
		return; /* level-triggered as well */
	} else if (sched_behind(&w->sched)) {
		most = LOOP_READ_BEHIND;
	}
	n = recv(c->fd, w->input, most, 0);
	if (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n < 0)
		conn_lost(c, strerror(errno));
	else if (n == 0)
		conn_lost(c, "connection closed");
	else if (c->state != CONN_CLOSING) {
		c->heard_ms = w->now_ms;
		conn_input(c, w->input, (size_t)n);
	}
}

/* --- writing ------------------------------------------------------------- */

/* A record of small frames is one piece, of which the kernel need not fetch a
 * description first. */
static ssize_t conn_writev(void *arg, const struct iovec *iov, int n)
{
	const struct conn *c = arg;
	struct msghdr m = {
	    .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n};

	if (n == 1)
		return send(c->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
	return sendmsg(c->fd, &m, MSG_NOSIGNAL);
}

static int conn_flush_login(struct conn *c)
{
	const uint8_t *p;
	size_t n;
	ssize_t sent;

	while (p = handshake_output(c->handshake, &n), n > 0) {
		sent = send(c->fd, p, n, MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return ERR_AGAIN;
		if (sent < 0 && errno != EINTR)
			return ERR_IO;
		if (sent > 0)
			handshake_consume(c->handshake, (size_t)sent);
	}
	return 0;
}

/* Our last word is out: says so, and waits for the other side's end, so that
 * a reset does not overtake it. */
static void conn_shut(struct conn *c)
{
	if (c->shut)
		return;
	c->shut = true;
	if (c->worker->n_closing * c->worker->server->n_workers >
		LOOP_CLOSING_MAX ||
	    shutdown(c->fd, SHUT_WR) != 0)
		conn_close(c);
}

/* Nobody hears us any more. What was said before may still be there to read,
 * and reading finds the end; soon, or the timer does. */
static void conn_broke(struct conn *c)
{
	outq_end(&c->out, NULL);
	c->out.blocked = false;
	if (c->broken)
		return;
	c->broken = true;
	timer_set(
	    &c->worker->timers, &c->life, c->worker->now_ms + CONN_BROKEN_MS);
}

void conn_flush(struct conn *c)
{
	struct outq_io io = {conn_writev, c};
	int r = 0;

	if (c->state == CONN_DEAD)
		return;
	if (c->out.state == OUTQ_FAILED && c->state == CONN_LINKED) {
		logger_info(c->worker->server->o.log, "leave", "%s (%s): %s",
		    c->name, c->peer, err_str(c->out.why));
		conn_end(c, CODE_SLOW);
	}
	if (c->handshake != NULL)
		r = conn_flush_login(c);
	if (r == 0 && c->link != NULL)
		r = outq_flush(&c->out, c->link, &c->worker->work, &io);
	c->out.blocked = r == ERR_AGAIN;
	if (r == 0 && c->state == CONN_CLOSING) {
		conn_shut(c);
	} else if (r == ERR_IO && c->state == CONN_LINKED) {
		conn_broke(c);
	} else if (r != 0 && r != ERR_AGAIN && r != ERR_LIMIT) {
		conn_lost(c, err_str(r));
	}
	if (c->state != CONN_DEAD)
		conn_watch(c);
}

/* --- events -------------------------------------------------------------- */

static bool conn_wants_input(const struct conn *c)
{
	switch (c->state) {
	case CONN_LOGIN:
		return !c->waits;
	case CONN_LINKED:
		return !c->paused;
	case CONN_CLOSING:
		return true;
	default:
		return false;
	}
}

/* Strangers have an epoll of their own until they have come in or are let go. */
static int conn_watcher(const struct conn *c)
{
	return c->state == CONN_LOGIN ? c->worker->login_fd
					 : c->worker->epoll_fd;
}

void conn_watch(struct conn *c)
{
	struct epoll_event e = {0};
	int by = conn_watcher(c), op = EPOLL_CTL_MOD;

	if (c->watched != 0 && c->watched_by != by) {
		(void)epoll_ctl(c->watched_by, EPOLL_CTL_DEL, c->fd, &e);
		c->watched = 0;
	}

	if (conn_wants_input(c))
		e.events |= EPOLLIN;
	else if (c->state == CONN_LOGIN)
		e.events |= EPOLLRDHUP; /* who went away gets no guess */
	if (c->out.blocked)
		e.events |= EPOLLOUT;
	e.data.ptr = c;
	if (e.events == c->watched)
		return;
	if (c->watched == 0)
		op = EPOLL_CTL_ADD;
	else if (e.events == 0)
		op = EPOLL_CTL_DEL; /* or it would tell of a hang-up forever */
	if (epoll_ctl(by, op, c->fd, &e) != 0) {
		logger_warn(c->worker->server->o.log, "lost", "%s: epoll: %s",
		    c->peer, strerror(errno));
		conn_close(c);
		return;
	}
	c->watched = e.events;
	c->watched_by = by;
}

void conn_event(struct conn *c, uint32_t events)
{
	if (c->state == CONN_DEAD)
		return;
	if (events & EPOLLOUT)
		conn_flush(c);
	if (c->state == CONN_DEAD || !(events & ~(uint32_t)EPOLLOUT))
		return;
	/* A hang-up as well is found by reading: there may be bytes before. */
	if (conn_wants_input(c))
		conn_read(c);
	else if (c->state == CONN_LOGIN)
		conn_lost(c, "connection closed");
	else
		conn_broke(c);
	if (c->state != CONN_DEAD)
		conn_watch(c);
}
