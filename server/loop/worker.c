/* worker.c - the loop of one thread. */
#include "server/loop/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/loop/worker_int.h"
#include "shared/os/clock.h"

enum {
	WORKER_EVENTS = 256,	/* taken from epoll at once */
	WORKER_SIGN_MS = 1000,	/* for the server's word on the logs */
	WORKER_SIGN_STEP_MS = 5,
	WORKER_STOP_MS = 2000,	/* for the last writes at the end */
	WORKER_WAIT_MS = 60000, /* in epoll_wait, at most */
};

#define container_of(p, type, field)                                           \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

/* --- callable from other threads ----------------------------------------- */

/* A worker already woken that has not looked since needs no second write. */
void worker_wake(struct worker *w)
{
	const uint64_t one = 1;

	if (!atomic_exchange(&w->woken, true))
		(void)!write(w->event_fd, &one, sizeof(one));
}

void worker_throttle_moved(struct worker *w)
{
	w->clients.login.moved = true;
	worker_wake(w);
}

void worker_ask(
    struct worker *w, void (*fn)(struct worker *w, void *arg), void *arg)
{
	w->asked = fn;
	w->asked_arg = arg;
	atomic_store(&w->is_asked, true);
	worker_wake(w);
}

void worker_stop(struct worker *w, unsigned how)
{
	atomic_store(&w->stop, how);
	worker_wake(w);
}

size_t worker_conns(const struct worker *w)
{
	return atomic_load_explicit(&w->loop.n_conns, memory_order_relaxed);
}

bool worker_give(
    struct worker *w, int fd, const struct sockaddr_storage *sa, bool tls)
{
	/* Count it first: the worker may close it at once. */
	atomic_fetch_add_explicit(&w->loop.n_conns, 1, memory_order_relaxed);
	if (!handoff_put(&w->handoff, fd, sa, tls)) {
		atomic_fetch_sub_explicit(
		    &w->loop.n_conns, 1, memory_order_relaxed);
		return false;
	}
	worker_wake(w);
	return true;
}

/* --- callbacks ----------------------------------------------------------- */

static void worker_rooms_wake(void *arg)
{
	worker_wake(arg);
}

static struct client *client_of_member(const struct member *m)
{
	return client_of(conn_of(m->out));
}

static void worker_ended(void *arg, struct member *s, enum wire_code code)
{
	(void)arg;
	client_put_out(client_of_member(s), code);
}

static void worker_left(
    void *arg, struct member *s, const struct room_out *out)
{
	struct client *cl = client_of_member(s);

	(void)arg;
	if (!presence_put_out(&cl->dispatch.presence, s, out))
		client_put_out(cl, out->code);
}

static void worker_admitted(void *arg, struct member *s)
{
	(void)arg;
	presence_admitted(&client_of_member(s)->dispatch.presence, s);
}

static bool worker_answered(void *arg, struct member *s, uint32_t number)
{
	(void)arg;
	return presence_answered(
	    &client_of_member(s)->dispatch.presence, s, number);
}

/* A client's queue stands for it. */
static void worker_told(
    void *arg, const void *client, const struct directory_word *word)
{
	(void)arg;
	client_told(client_of(conn_of((struct outq *)(uintptr_t)client)), word);
}

static void worker_rekeyed(void *arg, struct room *r, int err)
{
	struct worker *w = arg;

	counters_add(&w->loop.counters,
	    err != 0 ? COUNT_REKEYS_FAILED : COUNT_REKEYS, 1);
	if (err != 0)
		logger_error(w->o.log, "epoch",
		    "no new epoch of %s for now: %s", room_name(r),
		    err_str(err));
	else
		logger_debug(w->o.log, "epoch", "%u of %s, %zu in the room",
		    room_epoch(r), room_name(r), room_people(r));
}

static void worker_asked(struct worker *w)
{
	if (!atomic_load(&w->is_asked))
		return;
	atomic_store(&w->is_asked, false); /* it may be asked again at once */
	w->asked(w, w->asked_arg);
}

static void worker_evict(struct conn *c)
{
	client_evict(client_of(c));
}

/* Does nothing: every step checks all its sources. */
static void worker_woken(struct source *s, uint32_t events)
{
	(void)s;
	(void)events;
}

static void worker_login_ready(struct source *s, uint32_t events)
{
	(void)events;
	container_of(s, struct worker, login_source)->login_ready = true;
}

/* --- beginning and end --------------------------------------------------- */

int worker_watch(struct worker *w, int fd, struct source *s)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};

	return epoll_ctl(w->loop.epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0 ? 0
								       : ERR_IO;
}

int worker_watch_room(struct worker *w, int fd, struct source *s)
{
	struct epoll_event e = {.events = EPOLLOUT | EPOLLET, .data.ptr = s};

	return epoll_ctl(w->loop.epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0 ? 0
								       : ERR_IO;
}

void worker_watch_set(struct worker *w, int fd, struct source *s, bool on)
{
	struct epoll_event e = {.events = on ? EPOLLIN : 0, .data.ptr = s};

	(void)epoll_ctl(w->loop.epoll_fd, EPOLL_CTL_MOD, fd, &e);
}

static int worker_descriptors(struct worker *w)
{
	/* Edge-triggered, so that it need not be read. */
	struct epoll_event e = {
	    .events = EPOLLIN | EPOLLET, .data.ptr = &w->wake_source};
	int err;

	if ((err = conn_loop_open(&w->loop)) != 0)
		return err;
	if ((w->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0 ||
	    epoll_ctl(w->loop.epoll_fd, EPOLL_CTL_ADD, w->event_fd, &e) != 0)
		return ERR_IO;
	return worker_watch(w, w->loop.new_fd, &w->login_source);
}

static void worker_clients(struct worker *w)
{
	const struct worker_opts *o = &w->o;
	struct clients_opts clients = {.loop = &w->loop,
	    .log = o->log,
	    .crypto = w->crypto,
	    .registry = o->registry,
	    .rooms = w->rooms,
	    .rate = o->rate,
	    .rate_bytes = o->rate_bytes,
	    .rate_burst = o->rate_burst,
	    .memory_max = o->memory_max,
	    .proxies = &w->proxies,
	    .tls_door = o->tls_door,
	    .certify = o->certify};
	struct loginer_opts login = {.throttle = o->throttle,
	    .door = o->door,
	    .tickets = o->tickets,
	    .log = o->log,
	    .gate = o->gate,
	    .accounts = o->registry->accounts,
	    .pq = o->pq,
	    .identity = o->identity,
	    .rng = o->rng,
	    .crypto = w->crypto,
	    .loop = &w->loop,
	    .index = o->index};

	memcpy(login.session, o->session, sizeof(login.session));
	clients_init(&w->clients, &clients, &login);
}

/* Creates everything except descriptors. */
static int worker_parts(struct worker *w)
{
	const struct worker_opts *o = &w->o;
	struct room_thread_opts rooms = {.directory = o->registry->directory,
	    .store = o->registry->room.store,
	    .wake = worker_rooms_wake,
	    .ended = worker_ended,
	    .left = worker_left,
	    .admitted = worker_admitted,
	    .answered = worker_answered,
	    .told = worker_told,
	    .rekeyed = worker_rekeyed,
	    .arg = w};
	struct pressure_opts pressure = {.loop = &w->loop,
	    .log = o->log,
	    .limit = o->memory_max,
	    .evict = worker_evict};
	int err;

	if ((w->crypto = crypto_new()) == NULL)
		return ERR_CRYPTO;
	if ((err = conn_loop_init(&w->loop, w->crypto,
		 LIMIT_CLOSING / o->n_workers, clock_monotonic_ms())) != 0)
		return err;
	rooms.crypto = w->crypto;
	if ((w->rooms = room_thread_new(&rooms)) == NULL)
		return ERR_NOMEM;
	worker_clients(w);
	pressure_init(&w->pressure, &pressure);
	return 0;
}

struct worker *worker_new(const struct worker_opts *o)
{
	struct worker *w = calloc(1, sizeof(*w));
	int err, why;

	if (w == NULL) {
		errno = 0;
		return NULL;
	}
	w->o = *o;
	if (o->proxies != NULL)
		w->proxies = *o->proxies;
	w->event_fd = w->loop.epoll_fd = w->loop.new_fd = -1;
	w->wake_source = (struct source){worker_woken, .repeats = true};
	w->login_source.ready = worker_login_ready;
	w->until_ms = UINT64_MAX;
	if (handoff_init(&w->handoff) != 0) {
		free(w);
		errno = 0;
		return NULL;
	}
	if ((err = worker_parts(w)) != 0 ||
	    (err = worker_descriptors(w)) != 0) {
		why = err == ERR_IO ? errno : 0;
		worker_free(w);
		errno = why;
		return NULL;
	}
	return w;
}

void worker_close(struct worker *w)
{
	conn_loop_close(&w->loop);
}

void worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	handoff_free(&w->handoff);
	room_thread_free(w->rooms);
	clients_free(&w->clients);
	conn_loop_free(&w->loop);
	if (w->event_fd >= 0)
		close(w->event_fd);
	crypto_free(w->crypto);
	free(w);
}

/* --- the loop ------------------------------------------------------------ */

uint64_t worker_now(const struct worker *w)
{
	return w->loop.now_ms;
}

struct conn_loop *worker_loop(struct worker *w)
{
	return &w->loop;
}

void worker_limit(struct worker *w, const struct worker_limits *l)
{
	w->proxies = l->proxies;
	w->pressure.o.limit = l->memory_max;
	clients_limit(
	    &w->clients, l->rate, l->rate_bytes, l->rate_burst, l->memory_max);
	clients_certify(&w->clients);
}

void worker_timer_set(struct worker *w, struct timer *t, uint64_t at_ms)
{
	timer_set(&w->loop.timers, t, at_ms);
}

bool worker_accept(
    struct worker *w, int fd, const struct sockaddr_storage *sa, bool tls)
{
	atomic_fetch_add_explicit(&w->loop.n_conns, 1, memory_order_relaxed);
	return client_new(&w->clients, fd, (const struct sockaddr *)sa, tls);
}

static void worker_handoff(struct worker *w)
{
	struct handoff_entry e;

	while (handoff_take(&w->handoff, &e))
		if (!client_new(&w->clients, e.fd,
			(const struct sockaddr *)&e.sa, e.tls))
			logger_warn(w->o.log, "accept",
			    "no memory for another connection");
}

static void worker_events(const struct epoll_event *e, int n, bool first)
{
	struct source *s;
	int i;

	for (i = 0; i < n; i++) {
		s = e[i].data.ptr;
		if (first || s->repeats)
			s->ready(s, e[i].events);
	}
}

/* What members say while the first of them are handled goes out in the same
 * records: one more record for each of a hundred readers costs much more than
 * one more look. */
static void worker_gather(struct worker *w, struct epoll_event *events)
{
	const struct conn_loop *l = &w->loop;
	size_t had = 0;
	unsigned i;
	int n;

	for (i = 0;
	     i < LIMIT_LOOKS && l->taken > had && l->taken < LIMIT_LOOKS_BYTES;
	     i++) {
		had = l->taken;
		n = epoll_wait(l->epoll_fd, events, WORKER_EVENTS, 0);
		worker_events(events, n, false);
	}
}

/* Handles clients still logging in, one at a time: each may use up this
 * step's limit, and those not handled cost nothing. */
static void worker_logins(struct worker *w)
{
	struct conn_loop *l = &w->loop;
	struct epoll_event e;
	int i;

	if (!w->login_ready)
		return;
	w->login_ready = false; /* epoll reports it again */
	for (i = 0; i < LIMIT_LOGIN_EVENTS && l->new_reads > 0 &&
		    epoll_wait(l->new_fd, &e, 1, 0) == 1;
	     i++)
		worker_events(&e, 1, true);
}

/* The first signal: the server signs the logs of all rooms, and when everybody has
 * been told that, which may have to wait for the disk and for other threads, a bye
 * is sent to all. A second one waits for nothing. */
static void worker_stopping(struct worker *w)
{
	unsigned how = atomic_load(&w->stop);
	uint64_t now = w->loop.now_ms;

	w->look_ms = now + WORKER_SIGN_STEP_MS;
	if (how == 1 && !w->signing) {
		w->signing = true;
		w->signing_ms = now + WORKER_SIGN_MS;
		rooms_sign(w->rooms);
		return;
	}
	if (how > 1)
		w->until_ms = now;
	if (how == 0 || w->stopping ||
	    (how == 1 && now < w->signing_ms && !rooms_signed(w->rooms, now)))
		return;
	w->stopping = true;
	rooms_sign_end(w->rooms);
	if (how == 1)
		w->until_ms = now + WORKER_STOP_MS;
}

static int worker_timeout(struct worker *w)
{
	uint64_t at = timers_next(&w->loop.timers), room;
	uint64_t now = clock_monotonic_ms();

	if (!sched_empty(&w->loop.sched) || w->clients.login.moved ||
	    w->working || atomic_load(&w->woken))
		return 0;
	if (!w->stopping) {
		room = rooms_deadline(w->rooms);
		if (room < at)
			at = room;
	}
	if (w->signing && !w->stopping && w->look_ms < at)
		at = w->look_ms;
	if (w->until_ms < at)
		at = w->until_ms;
	if (at <= now)
		return 0;
	return at - now > WORKER_WAIT_MS ? WORKER_WAIT_MS : (int)(at - now);
}

/* Before anything is sealed in this step. */
static void worker_clocks(struct worker *w)
{
	if (!clock_watch_parted(&w->clocks))
		return;
	rooms_renew(w->rooms);
	if (w->o.index == 0)
		logger_info(w->o.log, "clock",
		    "the time of day was set: new group keys, in case this "
		    "machine is a copy of another");
}

static void worker_step(struct worker *w, struct epoll_event *events, int n)
{
	struct conn_loop *l = &w->loop;
	uint64_t from_us = clock_monotonic_us();

	l->now_ms = clock_monotonic_ms();
	l->new_reads = LIMIT_LOGIN_STEPS;
	l->taken = 0;
	directory_time(w->o.registry->directory, l->now_ms, clock_real_ms());
	worker_clocks(w);
	worker_events(events, n, true);
	worker_gather(w, events);
	worker_handoff(w);
	timers_run(&l->timers, l->now_ms);
	worker_stopping(w);
	if (!w->stopping)
		rooms_run(w->rooms, l->now_ms, clock_real_ms());
	room_thread_deliver(w->rooms);
	/* A bye follows everything accepted before it. Also stops clients
	 * that were in transit here when the stop came. */
	if (w->stopping)
		clients_stop(&w->clients);
	conn_loop_flush(l, w->stopping);
	/* Members' frames are sent. Now handle logins. */
	loginer_run(&w->clients.login);
	worker_logins(w);
	w->working = !w->stopping && room_thread_work(w->rooms);
	pressure_run(&w->pressure);
	conn_loop_unhold(l);
	conn_loop_reap(l);
	worker_asked(w);
	counters_step(&l->counters, clock_monotonic_us() - from_us);
}

static bool worker_over(const struct worker *w)
{
	return w->stopping &&
	       (LIST_EMPTY(&w->loop.all) || w->loop.now_ms >= w->until_ms);
}

int worker_run(struct worker *w)
{
	struct epoll_event events[WORKER_EVENTS];
	int n;

	clock_watch_begin(&w->clocks);
	while (!worker_over(w)) {
		n = epoll_wait(
		    w->loop.epoll_fd, events, WORKER_EVENTS, worker_timeout(w));
		if (n < 0 && errno != EINTR)
			return ERR_IO;
		/* Clear it before looking: anything later is new work. */
		atomic_store(&w->woken, false);
		worker_step(w, events, n);
	}
	return 0;
}
