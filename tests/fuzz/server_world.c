#include "tests/fuzz/server_world.h"

#include <limits.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>
#include <time.h>

/* A worker's turn, and what the first does besides, are these files' own: they
 * are taken as they are, with another clock, and nobody to be woken. */
static uint64_t world_ms;
static uint64_t world_clock(void)
{
	return world_ms;
}
/* The time of day stands still: nothing depends on it, and what is the same
 * for many inputs is read once (see fuzz_server.c). */
static uint64_t world_date(void)
{
	return UINT64_C(1700000000000);
}
static ssize_t world_write(int fd, const void *p, size_t n)
{
	(void)fd;
	(void)p;
	return (ssize_t)n;
}
/* Of those whose handshake is not done; the others' are given to the turn. */
static int world_epoll_wait(int epoll, struct epoll_event *e, int max, int ms);
#include "shared/os/clock.h"
#define clock_monotonic_ms world_clock
#define clock_real_ms	   world_date
#define write	      world_write
#define epoll_wait    world_epoll_wait
#include "server/loop/server.c"
#include "server/loop/worker.c"
#undef clock_monotonic_ms
#undef clock_real_ms
#undef write
#undef epoll_wait

#include "tests/fuzz/people_of.h"

enum { EVENTS = 64 };

static struct {
	bool made;
	struct server_options options;
	struct logger log;
	struct server server;
	struct worker worker[SERVER_WORKERS];
	enum conn_source listener[2];
	struct listener door;
	uint64_t seed;
	/* Of the turn that runs: */
	const struct fuzz_socket *socket;
	size_t n_sockets, next_stranger;
} world;

/* worker_init without a room, of which each input has its own, and without
 * descriptors. */
static void make_worker(unsigned i)
{
	struct worker *k = &world.worker[i];

	k->server = &world.server;
	k->index = i;
	k->epoll_fd = FUZZ_EPOLL + 2 * (int)i;
	k->login_fd = k->epoll_fd + 1;
	k->event_fd = -1;
	k->crypto = fuzz_crypto();
	k->accounts =
	    (struct accounts_view){world.server.o.accounts, k->crypto};
	k->throttle_timer.fn = worker_gate_look;
	timers_init(&k->timers);
	sched_init(&k->sched);
	buf_init_secret(&k->json, WIRE_JSON_MAX);
	FUZZ_CHECK(pthread_mutex_init(&k->inbox.lock, NULL) == 0);
	FUZZ_CHECK(outq_work_init(&k->work, k->crypto) == 0);
	FUZZ_CHECK(timers_reserve(&k->timers, 64) == 0);
	k->input = malloc(LOOP_READ);
	FUZZ_CHECK(k->input != NULL);
}

/* What does not belong to one input. */
static void make(void)
{
	static const struct kdf kdf = {WIRE_SCRYPT_N_MIN, 8, 1};
	struct rng rng = fuzz_rng(&world.seed);
	unsigned i;

	world.seed = 4711;
	world.log.level = LOGGER_DEBUG; /* made, not written */
	world.door.fd = FUZZ_DOOR;
	world.server.o = (struct server_opts){.options = &world.options,
	    .log = &world.log,
	    .rng = rng,
	    .identity = people_identity(7),
	    .accounts = accounts_new(&rng, "password", 8, &kdf),
	    .listeners = &world.door,
	    .n_listeners = 1};
	FUZZ_CHECK(world.server.o.accounts != NULL);
	world.listener[0] = SOURCE_LISTENER;
	world.server.listener = world.listener;
	world.server.accept_timer.fn = server_accept_again;
	world.server.worker = world.worker;
	world.server.n_workers = SERVER_WORKERS;
	for (i = 0; i < SERVER_WORKERS; i++)
		make_worker(i);
	world.made = true;
}

static void begin_worker(struct worker *k)
{
	struct shard_opts shard = {.room = world.server.room,
	    .crypto = k->crypto,
	    .wake = worker_lane_wake,
	    .ended = worker_ended,
	    .arg = k};

	k->stopping = k->working = false;
	k->woken = false;
	k->login_ready = false;
	k->throttle_moved = false;
	k->until_ms = UINT64_MAX;
	k->pressed_said_ms = k->full_ms = k->unsaid = 0;
	ratelimit_init(&k->lines, LOOP_LINES, k->now_ms);
	k->shard = shard_new(&shard);
	FUZZ_CHECK(k->shard != NULL);
}

void server_world_begin(const struct server_world_opts *o)
{
	struct throttle_limits limits = {.exchanges_max = o->exchanges_max,
	    .addresses_max = 32,
	    .wake = server_gate_wake,
	    .arg = &world.server};
	struct room_opts room = {.identity = people_identity(7),
	    .id = SERVER_ROOM_ID,
	    .name = "lobby",
	    .rekey_ms = 60000,
	    .users_max = o->users_max};
	unsigned i;

	if (!world.made)
		make();
	world.options.rate = o->rate;
	world.options.memory_max = o->memory_max;
	world.seed = 4711;
	room.rng = world.server.o.rng;
	world.server.throttle = throttle_new(&limits);
	world.server.room = room_new(&room);
	FUZZ_CHECK(world.server.throttle != NULL && world.server.room != NULL);
	world.next_stranger = 0;
	world.server.stop = 0;
	world.server.accepting = true;
	world.server.accept_said_ms = 0;
	server_world_time(o->now_ms);
	for (i = 0; i < SERVER_WORKERS; i++)
		begin_worker(&world.worker[i]);
}

void server_world_end(void)
{
	struct worker *k;
	unsigned i;

	timer_stop(&world.worker[0].timers, &world.server.accept_timer);
	for (i = 0; i < SERVER_WORKERS; i++) {
		k = &world.worker[i];
		while (k->inbox.n > 0) {
			close(k->inbox.accepted[--k->inbox.n].fd);
			k->n_conns--;
		}
		worker_close(k);
		timer_stop(&k->timers, &k->throttle_timer);
		FUZZ_CHECK(timers_next(&k->timers) == TIMER_NEVER);
		FUZZ_CHECK(sched_empty(&k->sched));
		FUZZ_CHECK(k->n_open == 0 && k->n_conns == 0);
		FUZZ_CHECK(k->n_closing == 0);
		FUZZ_CHECK(k->throttle_waiting == 0);
	}
	FUZZ_CHECK(throttle_exchanges(world.server.throttle) == 0);
	FUZZ_CHECK(room_people(world.server.room) == 0);
	for (i = 0; i < SERVER_WORKERS; i++)
		shard_free(world.worker[i].shard);
	room_free(world.server.room);
	throttle_free(world.server.throttle);
	FUZZ_CHECK(quota_held() == 0);
}

void server_world_time(uint64_t now_ms)
{
	unsigned i;

	world_ms = now_ms;
	for (i = 0; i < SERVER_WORKERS; i++)
		world.worker[i].now_ms = now_ms;
}

void server_world_stop(void)
{
	server_accepting(&world.server, false);
	server_stop(&world.server);
}

void server_world_accept(unsigned worker, size_t no, struct fuzz_socket *s)
{
	struct worker *k = &world.worker[worker % SERVER_WORKERS];
	struct sockaddr_storage sa;

	fuzz_socket_address(s, &sa);
	atomic_fetch_add(&k->n_conns, 1);
	FUZZ_CHECK(conn_new(k, FUZZ_FD + (int)no,
		       (struct sockaddr *)(void *)&sa) != NULL);
}

/* What epoll would say of it. */
static uint32_t events_of(const struct fuzz_socket *s)
{
	uint32_t e = 0;

	if (s->in.len > 0 || s->gone)
		e |= EPOLLIN;
	if (s->gone)
		e |= EPOLLRDHUP;
	if (s->allowance > 0 || s->gone)
		e |= EPOLLOUT;
	return e & s->watched;
}

static bool ready(const struct fuzz_socket *s, int epoll)
{
	return s->watched != 0 && s->epoll == epoll && events_of(s) != 0;
}

static struct epoll_event event_of(const struct fuzz_socket *s)
{
	return (struct epoll_event){events_of(s), {.ptr = s->data}};
}

static int events_now(const struct worker *k, const struct fuzz_socket *s,
    size_t n, size_t at_door, struct epoll_event *out)
{
	static enum conn_source login_steps = SOURCE_LOGINS;
	int n_events = 0;
	bool login = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (ready(&s[i], k->epoll_fd))
			out[n_events++] = event_of(&s[i]);
		login |= ready(&s[i], k->login_fd);
	}
	if (login)
		out[n_events++] =
		    (struct epoll_event){EPOLLIN, {.ptr = &login_steps}};
	if (k->index == 0 && at_door > 0 && world.server.accepting)
		out[n_events++] =
		    (struct epoll_event){EPOLLIN, {.ptr = world.listener}};
	return n_events;
}

/* Level-triggered, and whoever is told of goes behind the others. */
static int world_epoll_wait(int epoll, struct epoll_event *e, int max, int ms)
{
	size_t i, at;

	FUZZ_CHECK(max == 1 && ms == 0);
	for (i = 0; i < world.n_sockets; i++) {
		at = (world.next_stranger + i) % world.n_sockets;
		if (ready(&world.socket[at], epoll)) {
			*e = event_of(&world.socket[at]);
			world.next_stranger = at + 1;
			return 1;
		}
	}
	return 0;
}

/* As worker_run, whose loop we are. */
static bool over(const struct worker *k)
{
	return k->stopping && (k->conns == NULL || k->now_ms >= k->until_ms);
}

int server_world_wait(
    unsigned worker, const struct fuzz_socket *s, size_t n, size_t at_door)
{
	struct worker *k = &world.worker[worker % SERVER_WORKERS];
	struct epoll_event e[EVENTS];

	if (over(k))
		return INT_MAX;
	return events_now(k, s, n, at_door, e) > 0 ? 0 : worker_timeout(k);
}

void server_world_turn(
    unsigned worker, const struct fuzz_socket *s, size_t n, size_t at_door)
{
	struct worker *k = &world.worker[worker % SERVER_WORKERS];
	struct epoll_event e[EVENTS];

	if (over(k))
		return;
	k->woken = false;
	world.socket = s;
	world.n_sockets = n;
	worker_step(k, e, events_now(k, s, n, at_door, e));
}
