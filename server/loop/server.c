#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "server/net/quota.h"
#include "server/loop/loop_int.h"
#include "shared/os/clock.h"

enum {
	SERVER_ACCEPTS = 32,   /* of one listener in a turn */
	SERVER_ON_THE_WAY = 16, /* connections that a thread has not seen yet,
				 * or that it is still to tell to go */
	SERVER_FDS_SPARE = 32, /* listeners, epoll, log, ... */
	SERVER_FDS_WORKER = 3,
	SERVER_NO_FD_MS = 250, /* until we try to accept again */
	SERVER_CROWD_MS = 5,   /* the same, while the threads catch up */
	SERVER_NO_FD_SAY_MS = 60000,
	SERVER_ROOM_ID = 1,
};

/* --- listeners ----------------------------------------------------------- */

void server_accepting(struct server *s, bool on)
{
	struct epoll_event e = {.events = on ? EPOLLIN : 0};
	size_t i;

	s->accepting = on;
	for (i = 0; i < s->o.n_listeners; i++) {
		e.data.ptr = &s->listener[i];
		(void)epoll_ctl(s->worker[0].epoll_fd, EPOLL_CTL_MOD,
		    s->o.listeners[i].fd, &e);
	}
}

static void server_accept_again(struct timer *t)
{
	struct server *s =
	    (struct server *)(void *)((char *)t -
				      offsetof(struct server, accept_timer));

	if (atomic_load(&s->stop) == 0)
		server_accepting(s, true);
}

static size_t server_conns(const struct server *s)
{
	size_t n = 0;
	unsigned i;

	for (i = 0; i < s->n_workers; i++)
		n += atomic_load(&s->worker[i].n_conns);
	return n;
}

/* They wait in the kernel's queue; who is here goes on. */
static void server_accept_pause(struct server *s, uint64_t ms)
{
	struct worker *w = &s->worker[0];

	server_accepting(s, false);
	timer_set(&w->timers, &s->accept_timer, w->now_ms + ms);
}

/* No descriptor or memory for another connection. */
static void server_accept_none(struct server *s, int why)
{
	struct worker *w = &s->worker[0];

	server_accept_pause(s, SERVER_NO_FD_MS);
	if (s->accept_said_ms != 0 &&
	    w->now_ms - s->accept_said_ms < SERVER_NO_FD_SAY_MS)
		return;
	s->accept_said_ms = w->now_ms;
	logger_error(s->o.log, "accept",
	    "nothing left for another connection (%s): newcomers wait, the "
	    "%zu that are open go on",
	    strerror(why), server_conns(s));
}

/* The one with the fewest. */
static struct worker *server_idlest(const struct server *s)
{
	struct worker *best = &s->worker[0], *w;
	unsigned i;

	for (i = 1; i < s->n_workers; i++) {
		w = &s->worker[i];
		if (atomic_load_explicit(&w->n_conns, memory_order_relaxed) <
		    atomic_load_explicit(&best->n_conns, memory_order_relaxed))
			best = w;
	}
	return best;
}

static void server_accepted(
    struct server *s, int fd, const struct sockaddr_storage *sa)
{
	struct worker *w = server_idlest(s), *own = &s->worker[0];

	/* One whose inbox is full is behind: it does not get more. */
	if (w != own && worker_take(w, fd, sa))
		return;
	atomic_fetch_add_explicit(&own->n_conns, 1, memory_order_relaxed);
	if (conn_new(own, fd, (const struct sockaddr *)sa) == NULL)
		server_accept_none(s, ENOMEM);
}

/* Connections alone must not bring it to where nobody is read. */
static bool server_full(const struct server *s)
{
	uint64_t max = s->o.options->memory_max;

	return quota_held() >= max ||
	       server_conns(s) * CONN_COST >= max / 4 * 3;
}

/* More than all that there can be once the threads have caught up. */
static size_t server_conns_max(const struct server *s)
{
	return room_people(s->room) + s->o.options->handshakes_max +
	       LOOP_CLOSING_MAX + SERVER_ON_THE_WAY;
}

void server_accept(struct server *s, size_t listener)
{
	size_t max = server_conns_max(s);
	struct sockaddr_storage sa;
	socklen_t len;
	int fd, n;

	if (server_full(s))
		server_accept_none(s, ENOMEM);
	for (n = 0; n < SERVER_ACCEPTS && s->accepting; n++) {
		if (server_conns(s) >= max) {
			server_accept_pause(s, SERVER_CROWD_MS);
			return;
		}
		memset(&sa, 0, sizeof(sa));
		len = sizeof(sa);
		fd = accept4(s->o.listeners[listener].fd,
		    (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			server_accepted(s, fd, &sa);
		} else if (errno == EMFILE || errno == ENFILE ||
			   errno == ENOBUFS || errno == ENOMEM) {
			server_accept_none(s, errno);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return;
		} /* anything else is that connection's own trouble */
	}
}

/* --- set-up -------------------------------------------------------------- */

/* As many descriptors as our own limits may need, if the system allows it. */
static void server_descriptors(const struct server *s)
{
	const struct server_options *o = s->o.options;
	struct rlimit l;
	rlim_t want = (rlim_t)o->users_max + o->handshakes_max +
		      LOOP_CLOSING_MAX + SERVER_ON_THE_WAY + SERVER_FDS_SPARE +
		      (rlim_t)o->workers * SERVER_FDS_WORKER;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= want)
		return;
	l.rlim_cur = want < l.rlim_max ? want : l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < want)
		logger_warn(s->o.log, "limits",
		    "this system allows %llu open files; --max-users and "
		    "--handshakes may need %llu",
		    (unsigned long long)l.rlim_cur, (unsigned long long)want);
}

static int server_watch(struct server *s)
{
	static const enum conn_source signal_source = SOURCE_SIGNAL;
	struct epoll_event e = {.events = EPOLLIN};
	int epoll_fd = s->worker[0].epoll_fd;
	size_t i;

	e.data.ptr = (void *)(uintptr_t)&signal_source;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->signal_fd, &e) != 0)
		return ERR_IO;
	s->listener = calloc(s->o.n_listeners + 1, sizeof(*s->listener));
	if (s->listener == NULL)
		return ERR_NOMEM;
	for (i = 0; i < s->o.n_listeners; i++) {
		s->listener[i] = SOURCE_LISTENER;
		e.data.ptr = &s->listener[i];
		if (epoll_ctl(
			epoll_fd, EPOLL_CTL_ADD, s->o.listeners[i].fd, &e) != 0)
			return ERR_IO;
	}
	s->accepting = true;
	return 0;
}

static void server_signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP); /* the terminal went away */
}

int server_block_signals(void)
{
	sigset_t set;

	server_signal_set(&set);
	return pthread_sigmask(SIG_BLOCK, &set, NULL) == 0 ? 0 : ERR_IO;
}

static int server_signals(struct server *s)
{
	sigset_t set;

	server_signal_set(&set);
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->signal_fd < 0 ? ERR_IO : 0;
}

static void server_gate_wake(void *arg, unsigned home)
{
	struct server *s = arg;

	s->worker[home].throttle_moved = true;
	worker_wake(&s->worker[home]);
}

static int server_workers(struct server *s)
{
	unsigned i;
	int r = 0;

	s->worker = calloc(s->o.options->workers, sizeof(*s->worker));
	if (s->worker == NULL)
		return ERR_NOMEM;
	for (i = 0; i < s->o.options->workers && r == 0; i++) {
		r = worker_init(&s->worker[i], s, i);
		s->n_workers++;
	}
	return r;
}

/* --- threads ------------------------------------------------------------- */

static void server_stop(struct server *s)
{
	unsigned i;

	atomic_fetch_add(&s->stop, 1);
	for (i = 0; i < s->n_workers; i++)
		worker_wake(&s->worker[i]);
}

static void *server_thread(void *arg)
{
	struct worker *w = arg;

	/* Without one of them its members would hear nothing: all stop. */
	if ((w->failed = worker_run(w)) != 0)
		server_stop(w->server);
	return NULL;
}

/* The threads of all but the first: they have nothing to do before that runs,
 * and a server in its sandbox can make none. */
static int server_threads(struct server *s)
{
	struct worker *w;
	unsigned i;

	for (i = 1; i < s->n_workers; i++) {
		w = &s->worker[i];
		if (pthread_create(&w->thread, NULL, server_thread, w) != 0)
			return ERR_NOMEM;
		w->started = true;
	}
	return 0;
}

/* Ends them, and says why the first that failed did. */
static int server_join(struct server *s)
{
	struct worker *w;
	unsigned i;
	int r = 0;

	for (i = 1; i < s->n_workers; i++) {
		w = &s->worker[i];
		if (!w->started)
			continue;
		(void)pthread_join(w->thread, NULL);
		w->started = false;
		if (r == 0)
			r = w->failed;
	}
	return r;
}

static int server_parts(struct server *s)
{
	const struct server_options *o = s->o.options;
	struct throttle_limits limits = {.exchanges_max = o->handshakes_max,
	    .addresses_max = THROTTLE_ADDRESSES,
	    .wake = server_gate_wake,
	    .arg = s};
	struct room_opts room = {.rng = s->o.rng,
	    .identity = s->o.identity,
	    .id = SERVER_ROOM_ID,
	    .name = o->room,
	    .rekey_ms = o->rekey_ms,
	    .users_max = o->users_max};
	int r;

	if ((r = s->o.rng.fill(s->o.rng.arg, s->session, sizeof(s->session))) !=
	    0)
		return r;
	memcpy(room.session, s->session, sizeof(room.session));
	if ((s->throttle = throttle_new(&limits)) == NULL ||
	    (s->room = room_new(&room)) == NULL)
		return ERR_NOMEM;
	if ((r = server_workers(s)) != 0 || (r = server_signals(s)) != 0)
		return r;
	if ((r = server_watch(s)) != 0)
		return r;
	return server_threads(s);
}

struct server *server_new(const struct server_opts *o)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL) {
		logger_error(
		    o->log, "start", "cannot start: %s", err_str(ERR_NOMEM));
		return NULL;
	}
	s->o = *o;
	s->signal_fd = -1;
	s->accept_timer.fn = server_accept_again;
	server_descriptors(s);
	if ((r = server_parts(s)) != 0) {
		logger_error(o->log, "start", "cannot start: %s%s%s", err_str(r),
		    r == ERR_IO ? ": " : "",
		    r == ERR_IO ? strerror(errno) : "");
		server_free(s);
		return NULL;
	}
	return s;
}

void server_free(struct server *s)
{
	unsigned i;

	if (s == NULL)
		return;
	server_stop(s);
	(void)server_join(s);
	for (i = 0; i < s->n_workers; i++)
		worker_close(&s->worker[i]);
	for (i = 0; i < s->n_workers; i++)
		worker_free(&s->worker[i]);
	free(s->worker);
	room_free(s->room);
	throttle_free(s->throttle);
	free(s->listener);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	free(s);
}

/* --- the first worker's part --------------------------------------------- */

void server_signal(struct server *s)
{
	struct signalfd_siginfo info;

	if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (atomic_load(&s->stop) == 0) {
		logger_info(s->o.log, "stop", "signal %u: saying bye to %zu",
		    info.ssi_signo, server_conns(s));
		server_accepting(s, false);
	}
	server_stop(s);
}

void server_room(struct server *s)
{
	struct worker *w = &s->worker[0];
	uint32_t before, now;
	int r;

	if (rekey_deadline(s->room) > w->now_ms)
		return;
	before = rekey_epoch(s->room);
	r = rekey_run(w->shard, w->now_ms, clock_real_ms());
	now = rekey_epoch(s->room);
	if (r != 0)
		logger_error(
		    s->o.log, "epoch", "no new epoch for now: %s", err_str(r));
	else if (now != before)
		logger_debug(s->o.log, "epoch", "%u, %zu in the room", now,
		    room_people(s->room));
}

int server_run(struct server *s)
{
	int r = worker_run(&s->worker[0]), others;

	if (r != 0)
		server_stop(s);
	others = server_join(s);
	return r != 0 ? r : others;
}
