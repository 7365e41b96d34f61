#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "server/greet.h"
#include "server/relay.h"

enum {
	SERVER_EVENTS = 256,   /* taken from epoll at once */
	SERVER_ACCEPTS = 32,   /* of one listener in a turn */
	SERVER_FDS_SPARE = 32, /* listeners, epoll, log, ... */
	SERVER_NO_FD_MS = 250, /* until we try to accept again */
	SERVER_NO_FD_SAY_MS = 60000,
	SERVER_GATE_MS = 100,  /* pauses of the gate are looked at */
	SERVER_STOP_MS = 2000, /* for the last words at the end */
	SERVER_ROOM_ID = 1,
};

static uint64_t server_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t server_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- listeners ----------------------------------------------------------- */

static void server_accepting(struct server *s, bool on)
{
	struct epoll_event e = {.events = on ? EPOLLIN : 0};
	size_t i;

	s->accepting = on;
	for (i = 0; i < s->o.n_listeners; i++) {
		e.data.ptr = &s->listener[i];
		(void)epoll_ctl(
		    s->epoll_fd, EPOLL_CTL_MOD, s->o.listeners[i].fd, &e);
	}
}

static void server_accept_again(struct timer *t)
{
	struct server *s =
	    (struct server *)(void *)((char *)t -
				      offsetof(struct server, accept_timer));

	if (!s->stopping)
		server_accepting(s, true);
}

/* No descriptor or memory for another connection. They wait in the kernel's
 * queue; who is here goes on. */
static void server_accept_pause(struct server *s, int why)
{
	server_accepting(s, false);
	timer_set(&s->timers, &s->accept_timer, s->now_ms + SERVER_NO_FD_MS);
	if (s->accept_said_ms != 0 &&
	    s->now_ms - s->accept_said_ms < SERVER_NO_FD_SAY_MS)
		return;
	s->accept_said_ms = s->now_ms;
	log_error(s->o.log, "accept",
	    "no descriptor for another connection (%s): newcomers wait, the "
	    "%zu that are open go on",
	    strerror(why), s->n_conns);
}

static void server_accept(struct server *s, size_t i)
{
	struct sockaddr_storage sa;
	socklen_t len;
	int fd, n;

	for (n = 0; n < SERVER_ACCEPTS && s->accepting; n++) {
		memset(&sa, 0, sizeof(sa));
		len = sizeof(sa);
		fd = accept4(s->o.listeners[i].fd, (struct sockaddr *)&sa, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			if (conn_new(s, fd, (struct sockaddr *)&sa) == NULL)
				server_accept_pause(s, ENOMEM);
		} else if (errno == EMFILE || errno == ENFILE ||
			   errno == ENOBUFS || errno == ENOMEM) {
			server_accept_pause(s, errno);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return;
		} /* anything else is that connection's own trouble */
	}
}

/* --- the gate ------------------------------------------------------------ */

static void server_gate_look(struct timer *t)
{
	struct server *s =
	    (struct server *)(void *)((char *)t -
				      offsetof(struct server, gate_timer));

	s->gate_moved = true;
}

static void server_gate(struct server *s)
{
	greet_waiting(s);
	if (s->gate_waiting > 0 && s->gate_timer.place == 0)
		timer_set(
		    &s->timers, &s->gate_timer, s->now_ms + SERVER_GATE_MS);
}

/* --- set-up -------------------------------------------------------------- */

/* As many descriptors as our own limits may need, if the system allows it. */
static void server_descriptors(const struct server *s)
{
	const struct options *o = s->o.options;
	struct rlimit l;
	rlim_t want = (rlim_t)o->users_max + o->handshakes_max +
		      RELAY_CLOSING_MAX + SERVER_FDS_SPARE;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= want)
		return;
	l.rlim_cur = want < l.rlim_max ? want : l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < want)
		log_warn(s->o.log, "limits",
		    "this system allows %llu open files; --max-users and "
		    "--handshakes may need %llu",
		    (unsigned long long)l.rlim_cur, (unsigned long long)want);
}

static int server_watch(struct server *s)
{
	static const enum conn_source signal_source = SOURCE_SIGNAL;
	struct epoll_event e = {.events = EPOLLIN};
	size_t i;

	if ((s->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0)
		return ERR_IO;
	e.data.ptr = (void *)(uintptr_t)&signal_source;
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->signal_fd, &e) != 0)
		return ERR_IO;
	s->listener = calloc(s->o.n_listeners + 1, sizeof(*s->listener));
	if (s->listener == NULL)
		return ERR_NOMEM;
	for (i = 0; i < s->o.n_listeners; i++) {
		s->listener[i] = SOURCE_LISTENER;
		e.data.ptr = &s->listener[i];
		if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->o.listeners[i].fd,
			&e) != 0)
			return ERR_IO;
	}
	s->accepting = true;
	return 0;
}

static int server_signals(struct server *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP); /* the terminal went away */
	if (sigprocmask(SIG_BLOCK, &set, &s->old_signals) != 0)
		return ERR_IO;
	s->signals_set = true;
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->signal_fd < 0 ? ERR_IO : 0;
}

static int server_parts(struct server *s)
{
	const struct options *o = s->o.options;
	struct gate_limits limits = {.exchanges_max = o->handshakes_max,
	    .addresses_max = GATE_ADDRESSES};
	struct room_opts room = {.crypto = s->o.crypto,
	    .rng = s->o.rng,
	    .identity = s->o.identity,
	    .id = SERVER_ROOM_ID,
	    .name = o->room,
	    .rekey_ms = o->rekey_ms};
	int r;

	if ((r = s->o.rng.fill(s->o.rng.arg, s->session, sizeof(s->session))) !=
		0 ||
	    (r = outq_work_init(&s->work, s->o.crypto)) != 0 ||
	    (r = timers_reserve(&s->timers, 8)) != 0)
		return r;
	memcpy(room.session, s->session, sizeof(room.session));
	if ((s->gate = gate_new(&limits)) == NULL ||
	    (s->room = room_new(&room)) == NULL ||
	    (s->input = malloc(RELAY_READ)) == NULL)
		return ERR_NOMEM;
	if ((r = server_signals(s)) != 0)
		return r;
	return server_watch(s);
}

struct server *server_new(const struct server_opts *o)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return NULL;
	s->o = *o;
	s->epoll_fd = s->signal_fd = -1;
	s->now_ms = server_clock();
	s->accept_timer.fn = server_accept_again;
	s->gate_timer.fn = server_gate_look;
	timers_init(&s->timers);
	outq_ready_init(&s->ready);
	buf_init_secret(&s->json, WIRE_JSON_MAX);
	server_descriptors(s);
	if ((r = server_parts(s)) != 0) {
		log_error(o->log, "start", "cannot start: %s", err_str(r));
		server_free(s);
		return NULL;
	}
	return s;
}

static void server_reap(struct server *s)
{
	struct conn *c;

	while ((c = s->dead) != NULL) {
		s->dead = c->next;
		conn_free(c);
	}
}

void server_free(struct server *s)
{
	if (s == NULL)
		return;
	while (s->conns != NULL)
		conn_close(s->conns);
	server_reap(s);
	room_free(s->room);
	gate_free(s->gate);
	outq_work_free(&s->work);
	timers_free(&s->timers);
	buf_free(&s->json);
	free(s->input);
	free(s->listener);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->signals_set)
		(void)sigprocmask(SIG_SETMASK, &s->old_signals, NULL);
	free(s);
}

/* --- the loop ------------------------------------------------------------ */

/* The first signal says bye to all; a second one does not wait for them. */
static void server_signal(struct server *s, uint64_t *until_ms)
{
	struct signalfd_siginfo info;
	struct conn *c, *next;

	if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (s->stopping) {
		*until_ms = s->now_ms;
		return;
	}
	log_info(s->o.log, "stop", "signal %u: saying bye to %zu",
	    info.ssi_signo, s->n_conns);
	s->stopping = true;
	*until_ms = s->now_ms + SERVER_STOP_MS;
	server_accepting(s, false);
	room_acks(s->room);
	for (c = s->conns; c != NULL; c = next) {
		next = c->next;
		if (c->state == CONN_GREETING)
			conn_refuse(
			    c, CODE_SHUTDOWN, wire_code_str(CODE_SHUTDOWN));
		else
			conn_finish(c, CODE_SHUTDOWN);
	}
}

static void server_events(
    struct server *s, struct epoll_event *e, int n, uint64_t *until_ms)
{
	enum conn_source *source;
	int i;

	for (i = 0; i < n; i++) {
		source = e[i].data.ptr;
		switch (*source) {
		case SOURCE_CONN:
			conn_event((struct conn *)source, e[i].events);
			break;
		case SOURCE_LISTENER:
			server_accept(s, (size_t)(source - s->listener));
			break;
		case SOURCE_SIGNAL:
			server_signal(s, until_ms);
			break;
		}
	}
}

static void server_room(struct server *s)
{
	uint32_t before = turn_epoch(s->room);
	int r;

	if (turn_deadline(s->room) <= s->now_ms) {
		r = turn_run(s->room, s->now_ms, server_wall());
		if (r != 0)
			log_error(s->o.log, "epoch", "no new epoch for now: %s",
			    err_str(r));
		else if (turn_epoch(s->room) != before)
			log_debug(s->o.log, "epoch", "%u, %zu in the room",
			    turn_epoch(s->room), room_people(s->room));
	}
	room_acks(s->room);
}

/* Those on the list now; who comes onto it meanwhile waits for the next turn.
 */
static void server_flush(struct server *s)
{
	struct outq_ready now;
	struct outq *q;

	outq_ready_take(&s->ready, &now);
	while ((q = outq_ready_next(&now)) != NULL)
		conn_flush(conn_of(q));
}

static int server_timeout(const struct server *s, uint64_t until_ms)
{
	uint64_t at = timers_next(&s->timers), now = server_clock(), room;

	if (s->ready.first != NULL || s->gate_moved)
		return 0;
	room = turn_deadline(s->room);
	if (!s->stopping && room < at)
		at = room;
	if (until_ms < at)
		at = until_ms;
	if (at <= now)
		return 0;
	return at - now > 60000 ? 60000 : (int)(at - now);
}

int server_run(struct server *s)
{
	struct epoll_event events[SERVER_EVENTS];
	uint64_t until_ms = UINT64_MAX; /* when to end at the latest */
	int n;

	for (;;) {
		n = epoll_wait(s->epoll_fd, events, SERVER_EVENTS,
		    server_timeout(s, until_ms));
		if (n < 0 && errno != EINTR)
			return ERR_IO;
		s->now_ms = server_clock();
		s->greetings = RELAY_GREETINGS;
		server_events(s, events, n, &until_ms);
		timers_run(&s->timers, s->now_ms);
		server_gate(s);
		if (!s->stopping)
			server_room(s);
		server_flush(s);
		server_reap(s);
		if (s->stopping && (s->conns == NULL || s->now_ms >= until_ms))
			return 0;
	}
}
