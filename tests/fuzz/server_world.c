/* server_world.c - runs the server's loop on a fake clock and a fake epoll. */
#include "tests/fuzz/server_world.h"

#include <limits.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>
#include <time.h>

/* The loop's source files are included unchanged, with a fake clock and no
 * threads to wake. */
static uint64_t world_ms;
static uint64_t world_clock(void)
{
	return world_ms;
}
/* The time of day is constant: nothing depends on it, and equal frames in many
 * inputs are then decoded only once (see server_members.c). */
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
/* For connections that are still logging in. Events of the others are passed to
 * the loop step directly. */
static int world_epoll_wait(int epoll, struct epoll_event *e, int max, int ms);
#include "shared/os/clock.h"
#define clock_monotonic_ms world_clock
#define clock_real_ms	   world_date
#define write		   world_write
#define epoll_wait	   world_epoll_wait
#include "server/loop/worker.c"
#undef clock_monotonic_ms
#undef clock_real_ms
#undef write
#undef epoll_wait

#include "server/auth/throttle_int.h"
#include "server/log/log_memory.h"
#include "server/loop/acceptor.h"
#include "server/net/quota.h"
#include "server/room/room_ref.h"
#include "tests/fuzz/people_of.h"
#include "tests/fuzz/server_people.h"

enum { EVENTS = 64 };

static const struct proxies no_proxies;

static struct {
	bool made;
	struct worker_opts worker_opts;
	struct logger log;
	struct worker *worker[SERVER_WORKERS];
	struct acceptor acceptor;
	struct listener door;
	struct throttle *throttle, *ticket_door;
	struct tickets *tickets;
	struct directory *directory;
	struct standing *standing;
	struct accounts *accounts; /* NULL: none */
	struct registry registry;
	struct log *log_memory;
	uint64_t seed;
	/* For the current loop step: */
	const struct fuzz_socket *socket;
	size_t n_sockets, next_stranger;
} world;

/* Creates the state shared by all inputs. */
static void make(void)
{
	static const struct kdf kdf = {WIRE_SCRYPT_N_MIN, 8, 1};
	struct rng rng = fuzz_rng(&world.seed);
	struct gate *gate = NULL;

	world.seed = 4711;
	world.log.level = LOGGER_DEBUG; /* lines are formatted, not written */
	world.door.fd = FUZZ_DOOR;
	FUZZ_CHECK(gate_new(&gate, &rng, "password", 8, &kdf) == 0);
	world.worker_opts = (struct worker_opts){.log = &world.log,
	    .rng = rng,
	    .identity = people_identity(7),
	    .gate = gate,
	    .n_workers = SERVER_WORKERS};
	world.made = true;
}

/* worker_new without descriptors. */
static struct worker *make_worker(unsigned i)
{
	struct worker *w = calloc(1, sizeof(*w));

	FUZZ_CHECK(w != NULL);
	w->o = world.worker_opts;
	w->o.index = i;
	w->event_fd = -1;
	w->wake_source.ready = worker_woken;
	w->login_source.ready = worker_login_ready;
	w->until_ms = UINT64_MAX;
	FUZZ_CHECK(handoff_init(&w->handoff) == 0);
	FUZZ_CHECK(worker_parts(w) == 0);
	w->loop.epoll_fd = FUZZ_EPOLL + 2 * (int)i;
	w->loop.new_fd = w->loop.epoll_fd + 1;
	return w;
}

static void wake_home(void *arg, unsigned home)
{
	(void)arg;
	worker_throttle_moved(world.worker[home]);
}

static void wake_all(void *arg)
{
	unsigned i;

	(void)arg;
	for (i = 0; i < SERVER_WORKERS; i++)
		worker_wake(world.worker[i]);
}

static void make_acceptor(uint32_t handshakes_max)
{
	const struct acceptor_opts o = {.log = &world.log,
	    .listeners = &world.door,
	    .n_listeners = 1,
	    .workers = world.worker,
	    .n_workers = SERVER_WORKERS,
	    .directory = world.directory,
	    .handshakes_max = handshakes_max,
	    .memory_max = world.worker_opts.memory_max};

	FUZZ_CHECK(acceptor_init(&world.acceptor, &o) == 0);
}

/* One person is an operator of the server, so that acts do something. */
static void make_operator(void)
{
	const struct standing_who who = {
	    identity_public(people_identity(0)), "alice"};
	const struct standing_change c = {
	    .act = ACT_ROLE, .role = ROLE_OPERATOR};

	FUZZ_CHECK(standing_change(world.standing, 0, &who, &c) == 0);
}

/* Accounts without a store, and the files of server_people.c. */
static void make_people(void)
{
	static uint8_t no_store[1];
	const struct accounts_limits any = {
	    .registration = REGISTRATION_OPEN, .accounts_max = 3};

	world.accounts = accounts_new(&world.worker_opts.rng,
	    (const uint8_t[WIRE_KEY]){42}, world.standing);
	FUZZ_CHECK(world.accounts != NULL);
	accounts_limit(world.accounts, &any);
	world.registry.accounts = world.accounts;
	world.registry.files = (struct blob_store *)(void *)no_store;
	server_files_begin();
}

void server_world_begin(const struct server_world_opts *o)
{
	struct throttle_limits limits = {.exchanges_max = o->exchanges_max,
	    .addresses_max = 32,
	    .wake = wake_home};
	struct room_opts room = {.identity = people_identity(7),
	    .id = 1,
	    .name = "lobby",
	    .rekey_ms = 60000,
	    .users_max = o->users_max};
	unsigned i;

	if (!world.made)
		make();
	world.seed = 4711;
	room.rng = world.worker_opts.rng;
	world.throttle = throttle_new(&limits);
	world.ticket_door = throttle_new(&limits);
	world.tickets = tickets_new((const uint8_t[WIRE_KEY]){42});
	room.directory = world.directory = directory_new(0);
	room.log = world.log_memory = log_memory_new();
	FUZZ_CHECK(world.throttle != NULL && world.ticket_door != NULL);
	FUZZ_CHECK(world.tickets != NULL);
	FUZZ_CHECK(room.directory != NULL && room.log != NULL);
	room.standing = world.standing =
	    standing_new(&world.worker_opts.rng, ROLE_MEMBER);
	FUZZ_CHECK(world.standing != NULL);
	make_operator();
	FUZZ_CHECK(room_new(&room) != NULL);
	world.worker_opts.rate = o->rate;
	world.worker_opts.memory_max = o->memory_max;
	world.worker_opts.throttle = world.throttle;
	world.worker_opts.door = world.ticket_door;
	world.worker_opts.tickets = world.tickets;
	world.worker_opts.proxies = &no_proxies;
	world.registry = (struct registry){.directory = world.directory,
	    .standing = world.standing,
	    .room = room,
	    .fresh = room_settings_default,
	    .retention = {.history = HISTORY_MEMBERS,
		.days = 7,
		.count = 10,
		.days_max = 30,
		.count_max = 100}};
	world.registry.room.id = 0;
	world.registry.room.name = NULL;
	world.accounts = NULL;
	if (o->people)
		make_people();
	world.worker_opts.registry = &world.registry;
	world.next_stranger = 0;
	world_ms = o->now_ms;
	for (i = 0; i < SERVER_WORKERS; i++)
		world.worker[i] = make_worker(i);
	make_acceptor(0); /* the usual one: members and closing connections */
	quota_watch(o->memory_max, wake_all, NULL);
	server_world_time(o->now_ms);
}

static void end_worker(struct worker *w)
{
	struct handoff_entry e;

	while (handoff_take(&w->handoff, &e)) {
		close(e.fd);
		w->loop.n_conns--;
	}
	worker_close(w);
	timer_stop(&w->loop.timers, &w->clients.login.look);
	timer_stop(&w->loop.timers, &w->pressure.look);
	FUZZ_CHECK(timers_next(&w->loop.timers) == TIMER_NEVER);
	FUZZ_CHECK(sched_empty(&w->loop.sched));
	FUZZ_CHECK(TAILQ_EMPTY(&w->loop.held));
	FUZZ_CHECK(w->loop.n_open == 0 && w->loop.n_conns == 0);
	FUZZ_CHECK(w->loop.n_closing == 0);
	FUZZ_CHECK(w->clients.login.n_waiting == 0);
}

void server_world_end(void)
{
	struct room *r;
	unsigned i;

	timer_stop(&world.worker[0]->loop.timers, &world.acceptor.again);
	for (i = 0; i < SERVER_WORKERS; i++)
		end_worker(world.worker[i]);
	FUZZ_CHECK(world.throttle->n_attempts == 0);
	FUZZ_CHECK(world.ticket_door->n_attempts == 0);
	FUZZ_CHECK(directory_people(world.directory) == 0);
	server_files_answer();
	quota_watch(SIZE_MAX, NULL, NULL);
	for (i = 0; i < SERVER_WORKERS; i++) {
		world.worker[i]->loop.epoll_fd = -1;
		world.worker[i]->loop.new_fd = -1;
		worker_free(world.worker[i]);
	}
	acceptor_free(&world.acceptor);
	while ((r = directory_find(world.directory, "")) != NULL) {
		room_free(r);
		room_unref(r);
	}
	accounts_free(world.accounts);
	log_free(world.log_memory);
	directory_free(world.directory);
	standing_free(world.standing);
	throttle_free(world.throttle);
	throttle_free(world.ticket_door);
	tickets_free(world.tickets);
	FUZZ_CHECK(quota_held() == 0);
}

void server_world_time(uint64_t now_ms)
{
	unsigned i;

	world_ms = now_ms;
	for (i = 0; i < SERVER_WORKERS; i++)
		world.worker[i]->loop.now_ms = now_ms;
}

void server_world_stop(void)
{
	unsigned i, how = atomic_load(&world.worker[0]->stop) + 1;

	acceptor_stop(&world.acceptor);
	for (i = 0; i < SERVER_WORKERS; i++)
		worker_stop(world.worker[i], how);
}

void server_world_accept(unsigned worker, size_t no, struct fuzz_socket *s)
{
	struct sockaddr_storage sa;

	fuzz_socket_address(s, &sa);
	FUZZ_CHECK(worker_accept(
	    world.worker[worker % SERVER_WORKERS], FUZZ_FD + (int)no, &sa,
	    false));
}

/* The events that epoll would report for it. */
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

static int events_now(struct worker *k, const struct fuzz_socket *s, size_t n,
    size_t at_door, struct epoll_event *out)
{
	int n_events = 0;
	bool login = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (ready(&s[i], k->loop.epoll_fd))
			out[n_events++] = event_of(&s[i]);
		login |= ready(&s[i], k->loop.new_fd);
	}
	if (login)
		out[n_events++] =
		    (struct epoll_event){EPOLLIN, {.ptr = &k->login_source}};
	if (k->o.index == 0 && at_door > 0 && world.acceptor.open)
		out[n_events++] = (struct epoll_event){
		    EPOLLIN, {.ptr = &world.acceptor.door[0].source}};
	return n_events;
}

/* Level-triggered; a reported socket moves to the end of the list. */
static int world_epoll_wait(int epoll, struct epoll_event *e, int max, int ms)
{
	size_t i, at;

	FUZZ_CHECK(ms == 0);
	if (max > 1)
		return 0; /* worker_gather: nothing arrives during a step */
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

int server_world_wait(
    unsigned worker, const struct fuzz_socket *s, size_t n, size_t at_door)
{
	struct worker *k = world.worker[worker % SERVER_WORKERS];
	struct epoll_event e[EVENTS];

	if (worker_over(k))
		return INT_MAX;
	return events_now(k, s, n, at_door, e) > 0 ? 0 : worker_timeout(k);
}

void server_world_turn(
    unsigned worker, const struct fuzz_socket *s, size_t n, size_t at_door)
{
	struct worker *k = world.worker[worker % SERVER_WORKERS];
	struct epoll_event e[EVENTS];

	if (worker_over(k))
		return;
	k->woken = false;
	world.socket = s;
	world.n_sockets = n;
	worker_step(k, e, events_now(k, s, n, at_door, e));
	server_files_answer();
}
