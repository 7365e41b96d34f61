#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/auth/login.h"
#include "server/net/quota.h"
#include "server/loop/loop_int.h"
#include "shared/os/clock.h"

enum {
	WORKER_EVENTS = 256,   /* taken from epoll at once */
	WORKER_STRANGERS = 32, /* looked at in a turn, at most */
	WORKER_GATE_MS = 100,  /* pauses of the gate are looked at */
	WORKER_STOP_MS = 2000, /* for the last words at the end */
	WORKER_PAUSED_MS = 1, /* until who has something to say is read again */
	WORKER_BLAME = 64 << 10, /* who holds less is not let go for it */
	WORKER_FULL_MS = 1000,	   /* at the limit, until anybody is */
	WORKER_PRESSED_SAY_MS = 60000,
};

/* --- from other threads -------------------------------------------------- */

/* One that has been woken and has not looked since needs no second write. */
void worker_wake(struct worker *w)
{
	const uint64_t one = 1;

	if (!atomic_exchange(&w->woken, true))
		(void)!write(w->event_fd, &one, sizeof(one));
}

static void worker_lane_wake(void *arg)
{
	worker_wake(arg);
}

bool worker_take(struct worker *w, int fd, const struct sockaddr_storage *sa)
{
	struct inbox *in = &w->inbox;
	bool ok;

	(void)pthread_mutex_lock(&in->lock);
	ok = in->n < LOOP_INBOX;
	if (ok) {
		in->accepted[in->n].fd = fd;
		in->accepted[in->n++].sa = *sa;
		atomic_fetch_add_explicit(&w->n_conns, 1, memory_order_relaxed);
	}
	(void)pthread_mutex_unlock(&in->lock);
	if (ok)
		worker_wake(w);
	return ok;
}

/* --- coming and going ---------------------------------------------------- */

static void worker_gate_look(struct timer *t)
{
	struct worker *w =
	    (struct worker *)(void *)((char *)t -
				      offsetof(struct worker, throttle_timer));

	w->throttle_moved = true;
}

static void worker_ended(void *arg, struct membership *s, enum wire_code code)
{
	struct worker *w = arg;
	struct conn *c = conn_of_membership(s);

	logger_info(w->server->o.log, "leave", "%s (%s): %s", c->name, c->peer,
	    wire_code_word(code));
	conn_end(c, code);
}

static int worker_watch(struct worker *w)
{
	static const enum conn_source wake_source = SOURCE_WAKE,
				      login_source = SOURCE_LOGINS;
	/* Edge-triggered: it is never read. */
	struct epoll_event wake = {.events = EPOLLIN | EPOLLET},
			   login_steps = {.events = EPOLLIN};

	if ((w->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
	    (w->login_fd = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
	    (w->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0)
		return ERR_IO;
	wake.data.ptr = (void *)(uintptr_t)&wake_source;
	login_steps.data.ptr = (void *)(uintptr_t)&login_source;
	if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->event_fd, &wake) != 0 ||
	    epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->login_fd, &login_steps) != 0)
		return ERR_IO;
	return 0;
}

int worker_init(struct worker *w, struct server *s, unsigned index)
{
	struct shard_opts shard = {.room = s->room,
	    .wake = worker_lane_wake,
	    .ended = worker_ended,
	    .arg = w};
	int r;

	memset(w, 0, sizeof(*w));
	w->server = s;
	w->index = index;
	w->epoll_fd = w->login_fd = w->event_fd = -1;
	w->until_ms = UINT64_MAX;
	w->now_ms = clock_monotonic_ms();
	w->throttle_timer.fn = worker_gate_look;
	ratelimit_init(&w->lines, LOOP_LINES, w->now_ms);
	timers_init(&w->timers);
	sched_init(&w->sched);
	buf_init_secret(&w->json, WIRE_JSON_MAX);
	if (pthread_mutex_init(&w->inbox.lock, NULL) != 0)
		return ERR_NOMEM;
	if ((w->crypto = crypto_new()) == NULL)
		return ERR_CRYPTO;
	w->accounts = (struct accounts_view){s->o.accounts, w->crypto};
	if ((r = worker_watch(w)) != 0 ||
	    (r = outq_work_init(&w->work, w->crypto)) != 0 ||
	    (r = timers_reserve(&w->timers, 8)) != 0)
		return r;
	shard.crypto = w->crypto;
	if ((w->shard = shard_new(&shard)) == NULL ||
	    (w->input = malloc(LOOP_READ)) == NULL)
		return ERR_NOMEM;
	return 0;
}

static void worker_reap(struct worker *w)
{
	struct conn *c;

	while ((c = w->dead) != NULL) {
		w->dead = c->next;
		conn_free(c);
	}
}

void worker_close(struct worker *w)
{
	while (w->conns != NULL)
		conn_close(w->conns);
	worker_reap(w);
}

void worker_free(struct worker *w)
{
	size_t i;

	for (i = 0; i < w->inbox.n; i++)
		close(w->inbox.accepted[i].fd);
	shard_free(w->shard);
	outq_work_free(&w->work);
	timers_free(&w->timers);
	buf_free(&w->json);
	free(w->input);
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	if (w->login_fd >= 0)
		close(w->login_fd);
	if (w->event_fd >= 0)
		close(w->event_fd);
	crypto_free(w->crypto);
	(void)pthread_mutex_destroy(&w->inbox.lock);
}

/* --- the loop ------------------------------------------------------------ */

static void worker_accepted(struct worker *w)
{
	struct inbox *in = &w->inbox;
	struct sockaddr_storage sa;
	struct conn *c;
	int fd;

	for (;;) {
		(void)pthread_mutex_lock(&in->lock);
		fd = -1;
		if (in->n > 0) {
			fd = in->accepted[--in->n].fd;
			sa = in->accepted[in->n].sa;
		}
		(void)pthread_mutex_unlock(&in->lock);
		if (fd < 0)
			return;
		c = conn_new(w, fd, (struct sockaddr *)&sa);
		if (c == NULL)
			logger_warn(w->server->o.log, "accept",
			    "no memory for another connection");
		else if (w->stopping) /* it was on its way here */
			conn_refuse(
			    c, CODE_SHUTDOWN, wire_code_str(CODE_SHUTDOWN));
	}
}

static void worker_events(struct worker *w, struct epoll_event *e, int n)
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
			server_accept(
			    w->server, (size_t)(source - w->server->listener));
			break;
		case SOURCE_SIGNAL:
			server_signal(w->server);
			break;
		case SOURCE_WAKE:
			break; /* it is looked at in each turn */
		case SOURCE_LOGINS:
			w->login_ready = true;
			break;
		}
	}
}

/* Those whose handshake is not done, one by one: each may be the last for this
 * turn, and who is not looked at costs nothing. */
static void worker_logins(struct worker *w)
{
	struct epoll_event e;
	int i;

	if (!w->login_ready)
		return;
	w->login_ready = false; /* epoll tells of it again */
	for (i = 0; i < WORKER_STRANGERS && w->login_steps > 0 &&
		    epoll_wait(w->login_fd, &e, 1, 0) == 1;
	     i++)
		conn_event(e.data.ptr, e.events);
}

/* The first signal says bye to all; a second one does not wait for them. */
static void worker_stop(struct worker *w)
{
	unsigned stop = atomic_load(&w->server->stop);
	struct conn *c, *next;

	if (stop > 1)
		w->until_ms = w->now_ms;
	if (stop == 0 || w->stopping)
		return;
	w->stopping = true;
	if (stop == 1)
		w->until_ms = w->now_ms + WORKER_STOP_MS;
	shard_deliver(w->shard);
	for (c = w->conns; c != NULL; c = next) {
		next = c->next;
		if (c->state == CONN_LOGIN)
			conn_refuse(
			    c, CODE_SHUTDOWN, wire_code_str(CODE_SHUTDOWN));
		else
			conn_finish(c, CODE_SHUTDOWN);
	}
}

static void worker_gate(struct worker *w)
{
	login_waiting(w);
	if (w->throttle_waiting > 0 && w->throttle_timer.place == 0)
		timer_set(
		    &w->timers, &w->throttle_timer, w->now_ms + WORKER_GATE_MS);
}

/* At the end all of it at once: there may be no further turn. */
static void worker_flush(struct worker *w)
{
	struct outq *q;

	do {
		sched_begin(&w->sched);
		while ((q = sched_next(&w->sched, w->now_ms)) != NULL)
			conn_flush(conn_of(q));
	} while (w->stopping && sched_behind(&w->sched));
}

static int worker_timeout(struct worker *w)
{
	uint64_t at = timers_next(&w->timers), now = clock_monotonic_ms(), room;

	if (!sched_empty(&w->sched) || w->throttle_moved || w->working ||
	    atomic_load(&w->woken))
		return 0;
	if (w->index == 0 && !w->stopping) {
		room = rekey_deadline(w->server->room);
		if (room < at)
			at = room;
	}
	if (w->until_ms < at)
		at = w->until_ms;
	if (at <= now)
		return 0;
	return at - now > 60000 ? 60000 : (int)(at - now);
}

bool worker_paused(const struct worker *w)
{
	return room_backlogged(w->server->room) ||
	       quota_held() >= w->server->o.options->memory_max;
}

/* epoll would tell of those who are not read again and again. */
static void worker_nap(const struct worker *w)
{
	const struct timespec t = {0, WORKER_PAUSED_MS * 1000000L};

	if (worker_paused(w))
		(void)nanosleep(&t, NULL);
}

static void worker_pressed_say(struct worker *w, size_t held)
{
	const struct server *s = w->server;

	if (w->pressed_said_ms != 0 &&
	    w->now_ms - w->pressed_said_ms < WORKER_PRESSED_SAY_MS)
		return;
	w->pressed_said_ms = w->now_ms;
	logger_warn(s->o.log, "memory",
	    "%zu MiB of %zu (--max-memory) are in use: who reads slowest is "
	    "let go, and at the limit nobody is read from",
	    held >> 20, (size_t)(s->o.options->memory_max >> 20));
}

/* What somebody has to hold to be let go for it. At the limit nobody is read
 * any more: when that does not pass, however little each of many holds. */
static size_t worker_floor(struct worker *w, size_t held)
{
	if (held < w->server->o.options->memory_max)
		w->full_ms = 0;
	else if (w->full_ms == 0)
		w->full_ms = w->now_ms;
	else if (w->now_ms - w->full_ms >= WORKER_FULL_MS)
		return 0;
	return WORKER_BLAME;
}

/* Before the limit is reached whoever holds the most of it goes, one of a
 * worker in a turn: a frame is held until its last reader has it. */
static void worker_pressure(struct worker *w)
{
	size_t limit = w->server->o.options->memory_max, held = quota_held();
	size_t most = worker_floor(w, held);
	struct conn *c, *worst = NULL;

	if (held < limit - limit / 8)
		return;
	worker_pressed_say(w, held);
	for (c = w->conns; c != NULL; c = c->next)
		if (c->state == CONN_LINKED && conn_held(c) > most) {
			most = conn_held(c);
			worst = c;
		}
	if (worst == NULL)
		return;
	logger_info(w->server->o.log, "leave", "%s (%s): %s", worst->name,
	    worst->peer, err_str(ERR_SLOW));
	conn_end(worst, CODE_SLOW);
	/* What it has sent goes now, or others would go for it meanwhile. */
	conn_resume(worst);
}

static void worker_step(struct worker *w, struct epoll_event *events, int n)
{
	w->now_ms = clock_monotonic_ms();
	w->login_steps = LOOP_LOGIN_STEPS;
	worker_events(w, events, n);
	worker_accepted(w);
	timers_run(&w->timers, w->now_ms);
	worker_stop(w);
	if (w->index == 0 && !w->stopping)
		server_room(w->server);
	shard_deliver(w->shard);
	worker_flush(w);
	/* What people said is out; now who comes. */
	worker_gate(w);
	worker_logins(w);
	w->working = !w->stopping && shard_work(w->shard);
	worker_pressure(w);
	worker_reap(w);
}

int worker_run(struct worker *w)
{
	struct epoll_event events[WORKER_EVENTS];
	int n;

	for (;;) {
		worker_nap(w);
		n = epoll_wait(
		    w->epoll_fd, events, WORKER_EVENTS, worker_timeout(w));
		if (n < 0 && errno != EINTR)
			return ERR_IO;
		/* Before anything is looked at: what comes after is new. */
		atomic_store(&w->woken, false);
		worker_step(w, events, n);
		if (w->stopping &&
		    (w->conns == NULL || w->now_ms >= w->until_ms))
			return 0;
	}
}
