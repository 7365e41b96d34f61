#include "tests/fuzz/server_world.h"

#include <sys/epoll.h>
#include <sys/un.h>

#include "server/greet.h"
#include "server/memory.h"
#include "server/relay.h"
#include "tests/fuzz/people_of.h"

enum { ROOM_ID = 1 };

static struct {
	bool made;
	struct options options;
	struct log log;
	struct server server;
	struct worker worker[SERVER_WORKERS];
	uint64_t seed;
} w;

static void gate_wake(void *arg, unsigned home)
{
	(void)arg;
	w.worker[home].gate_moved = true;
}

static void lane_wake(void *arg)
{
	(void)arg; /* every turn looks */
}

static void ended(void *arg, struct seat *s, enum wire_code code)
{
	(void)arg;
	conn_end(conn_of_seat(s), code);
}

static void gate_look(struct timer *t)
{
	(void)t;
	w.worker[0].gate_moved = w.worker[1].gate_moved = true;
}

/* What does not belong to one input. */
static void make(void)
{
	static const struct kdf kdf = {WIRE_SCRYPT_N_MIN, 8, 1};
	struct rng rng = fuzz_rng(&w.seed);
	unsigned i;

	w.seed = 4711;
	w.log.level = LOG_LEVEL_ERROR;
	w.options.handshakes_max = 16;
	w.options.memory_max = (uint64_t)1 << 30;
	w.server.o = (struct server_opts){.options = &w.options,
	    .log = &w.log,
	    .rng = rng,
	    .identity = people_identity(7),
	    .accounts = accounts_new(&rng, "password", 8, &kdf)};
	FUZZ_CHECK(w.server.o.accounts != NULL);
	w.server.worker = w.worker;
	w.server.n_workers = SERVER_WORKERS;
	for (i = 0; i < SERVER_WORKERS; i++) {
		w.worker[i].server = &w.server;
		w.worker[i].index = i;
		w.worker[i].epoll_fd = w.worker[i].event_fd = -1;
		w.worker[i].until_ms = UINT64_MAX;
		w.worker[i].crypto = fuzz_crypto();
		w.worker[i].accounts = (struct accounts_view){
		    w.server.o.accounts, w.worker[i].crypto};
		w.worker[i].gate_timer.fn = gate_look;
		timers_init(&w.worker[i].timers);
		order_init(&w.worker[i].order);
		buf_init_secret(&w.worker[i].json, WIRE_JSON_MAX);
		FUZZ_CHECK(
		    outq_work_init(&w.worker[i].work, w.worker[i].crypto) == 0);
		FUZZ_CHECK(timers_reserve(&w.worker[i].timers, 64) == 0);
		w.worker[i].input = malloc(RELAY_READ);
		FUZZ_CHECK(w.worker[i].input != NULL);
	}
	w.made = true;
}

void server_world_begin(uint32_t users_max, uint32_t rate, uint64_t now_ms)
{
	struct gate_limits limits = {
	    .exchanges_max = 16, .addresses_max = 32, .wake = gate_wake};
	struct room_opts room = {.identity = people_identity(7),
	    .id = ROOM_ID,
	    .name = "lobby",
	    .rekey_ms = 60000,
	    .users_max = users_max};
	struct lane_opts lane = {
	    .crypto = fuzz_crypto(), .wake = lane_wake, .ended = ended};
	unsigned i;

	if (!w.made)
		make();
	w.options.rate = rate;
	w.seed = 4711;
	room.rng = w.server.o.rng;
	w.server.gate = gate_new(&limits);
	w.server.room = room_new(&room);
	FUZZ_CHECK(w.server.gate != NULL && w.server.room != NULL);
	server_world_time(now_ms);
	lane.room = w.server.room;
	for (i = 0; i < SERVER_WORKERS; i++) {
		w.worker[i].lane = lane_new(&lane);
		FUZZ_CHECK(w.worker[i].lane != NULL);
	}
}

static void reap(struct worker *k)
{
	struct conn *c;

	while ((c = k->dead) != NULL) {
		k->dead = c->next;
		conn_free(c);
	}
}

void server_world_end(void)
{
	unsigned i;

	for (i = 0; i < SERVER_WORKERS; i++) {
		while (w.worker[i].conns != NULL)
			conn_close(w.worker[i].conns);
		reap(&w.worker[i]);
		timer_stop(&w.worker[i].timers, &w.worker[i].gate_timer);
		FUZZ_CHECK(timers_next(&w.worker[i].timers) == TIMER_NEVER);
		FUZZ_CHECK(order_empty(&w.worker[i].order));
		FUZZ_CHECK(w.worker[i].n_open == 0);
		FUZZ_CHECK(w.worker[i].n_closing == 0);
		FUZZ_CHECK(w.worker[i].gate_waiting == 0);
	}
	FUZZ_CHECK(gate_exchanges(w.server.gate) == 0);
	for (i = 0; i < SERVER_WORKERS; i++)
		lane_free(w.worker[i].lane);
	room_free(w.server.room);
	gate_free(w.server.gate);
	FUZZ_CHECK(memory_held() == 0);
}

void server_world_time(uint64_t now_ms)
{
	unsigned i;

	for (i = 0; i < SERVER_WORKERS; i++)
		w.worker[i].now_ms = now_ms;
}

void server_world_accept(unsigned worker, size_t no)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct worker *k = &w.worker[worker % SERVER_WORKERS];

	atomic_fetch_add(&k->n_conns, 1);
	FUZZ_CHECK(conn_new(k, FUZZ_FD + (int)no,
		       (struct sockaddr *)(void *)&sa) != NULL);
}

static struct conn *conn_at(struct worker *k, int fd)
{
	struct conn *c = k->conns;

	while (c != NULL && c->fd != fd)
		c = c->next;
	return c;
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

void server_world_turn(unsigned worker, struct fuzz_socket *s, size_t n)
{
	struct worker *k = &w.worker[worker % SERVER_WORKERS];
	struct outq *q;
	struct conn *c;
	size_t i;

	k->greetings = RELAY_GREETINGS;
	for (i = 0; i < n; i++)
		if ((c = conn_at(k, FUZZ_FD + (int)i)) != NULL &&
		    events_of(&s[i]) != 0)
			conn_event(c, events_of(&s[i]));
	timers_run(&k->timers, k->now_ms);
	greet_waiting(k);
	if (k->gate_waiting > 0 && k->gate_timer.place == 0)
		timer_set(&k->timers, &k->gate_timer, k->now_ms + 100);
	if (k->index == 0)
		server_room(&w.server);
	lane_deliver(k->lane);
	k->working = lane_work(k->lane);
	order_begin(&k->order);
	while ((q = order_next(&k->order, k->now_ms)) != NULL)
		conn_flush(conn_of(q));
	reap(k);
}
