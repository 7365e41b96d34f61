/* A room that one thread is slow to deliver holds back its own members only, on
 * every thread; and what one step of a worker reads. Real connections of a real
 * worker, whose events this program mostly handles itself. */
#include "tests/unit/room_world.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/loop/worker_int.h"

enum {
	LOBBY,
	DEN,
	ROOMS,
	DEN_ID = 2,
	LARGE = 60000,
	PART = 100, /* bytes of a record that never ends */
	EVENTS = 16,
};

/* A client of the worker. */
struct guest {
	struct peer *p; /* what its handshake would have found */
	struct client *client;
	struct member *in[ROOMS];
	int fd; /* the client's end */
};

struct house {
	struct world *w;
	struct room *room[ROOMS];
	struct logger log;
	struct gate *gate;
	struct throttle *throttle;
	struct worker *worker;
	/* Alice talks in the lobby, on the world's first thread; bob is there on
	 * its second, which is slow. */
	struct peer *alice, *bob;
	struct guest lobby, den, both;
	uint64_t seq;
};

/* --- setup --------------------------------------------------------------- */

static void no_wake(void *arg, unsigned home)
{
	(void)arg;
	(void)home;
}

static void make_worker(struct house *h)
{
	const struct kdf kdf = {WIRE_SCRYPT_N_MIN, 8, 1};
	const struct throttle_limits limits = {.exchanges_max = 10,
	    .addresses_max = THROTTLE_ADDRESSES,
	    .wake = no_wake};
	struct worker_opts o = {.log = &h->log,
	    .registry = &h->w->registry,
	    .identity = h->w->identity,
	    .rng = h->w->o.rng,
	    .memory_max = UINT64_MAX,
	    .n_workers = 1};

	assert_int_equal(
	    gate_new(&h->gate, &o.rng, "password", 8, &kdf), 0);
	o.gate = h->gate;
	o.throttle = h->throttle = throttle_new(&limits);
	assert_non_null(h->gate);
	assert_non_null(h->throttle);
	assert_non_null(h->worker = worker_new(&o));
	h->worker->loop.now_ms = h->w->now_ms;
}

/* A client whose handshake is done. */
static void arrives(struct house *h, struct guest *g, const char *name)
{
	static const struct link_keys keys;
	const struct sockaddr_storage sa = {.ss_family = AF_UNIX};
	struct worker *w = h->worker;
	int fd[2];

	g->p = peer_new(h->w, name);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	g->fd = fd[1];
	assert_true(worker_accept(w, fd[0], &sa, false));
	g->client = client_of(LIST_FIRST(&w->loop.all));
	login_leave(&g->client->login);
	login_free(&g->client->login);
	g->client->link = link_new(w->crypto, &keys, LINK_SERVER);
	assert_non_null(g->client->link);
	client_linked(g->client);
	conn_resume(&g->client->conn);
}

static void enters(struct house *h, struct guest *g, size_t room)
{
	struct room_newcomer n = {.person = peer_card(g->p),
	    .out = &g->client->conn.out,
	    .member = memberships_new(&g->client->dispatch.presence.rooms)};
	enum wire_code refused;

	assert_non_null(g->in[room] = n.member);
	assert_int_equal(
	    room_enter(h->room[room], h->worker->rooms, &n, &refused), 0);
	assert_int_equal(refused, CODE_NONE);
}

/* A second later all threads do all that is due. */
static void second(struct house *h)
{
	struct room_thread *t[] = {
	    h->w->thread[0], h->w->thread[1], h->worker->rooms};
	size_t i, n = sizeof(t) / sizeof(t[0]);
	bool more = true;

	h->w->now_ms += SECOND;
	h->worker->loop.now_ms = h->w->now_ms;
	while (more) {
		more = false;
		for (i = 0; i < n; i++) {
			rooms_run(t[i], h->w->now_ms, 1700000000000);
			room_thread_deliver(t[i]);
			more |= room_thread_work(t[i]);
		}
		/* A key that one thread has wrapped may be another's work. */
		for (i = 0; i < n; i++)
			more |= rooms_deadline(t[i]) <= h->w->now_ms;
	}
}

static int house_up(void **state)
{
	struct house *h = calloc(1, sizeof(*h));
	void *world;

	assert_non_null(h);
	assert_int_equal(world_up(&world), 0);
	h->w = world;
	h->room[LOBBY] = h->w->room;
	h->w->o.id = DEN_ID;
	h->w->o.name = "den";
	assert_non_null(h->room[DEN] = room_new(&h->w->o));
	make_worker(h);
	h->alice = peer_enter(h->w, "alice");
	h->w->at = 1;
	h->bob = peer_enter(h->w, "bob");
	arrives(h, &h->lobby, "carol");
	arrives(h, &h->den, "dave");
	arrives(h, &h->both, "erin");
	enters(h, &h->lobby, LOBBY);
	enters(h, &h->den, DEN);
	enters(h, &h->both, DEN);
	enters(h, &h->both, LOBBY);
	second(h);
	assert_true(member_is_in(h->alice->member));
	assert_true(member_is_in(h->lobby.in[LOBBY]));
	assert_true(member_is_in(h->den.in[DEN]));
	assert_true(member_is_in(h->both.in[LOBBY]));
	assert_true(member_is_in(h->both.in[DEN]));
	*state = h;
	return 0;
}

static int house_down(void **state)
{
	struct house *h = *state;
	void *world = h->w;

	worker_close(h->worker);
	worker_free(h->worker);
	throttle_free(h->throttle);
	gate_free(h->gate);
	close(h->lobby.fd);
	close(h->den.fd);
	close(h->both.fd);
	while (h->w->n > 0)
		peer_free(h->w->peer[--h->w->n]);
	world_deliver(h->w);
	room_free(h->room[DEN]);
	free(h);
	return world_down(&world);
}

/* --- actions ------------------------------------------------------------- */

/* Alice says something in the lobby. */
static void alice_says(struct house *h)
{
	struct member *s = h->alice->member;
	size_t len = WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG + LARGE;
	uint8_t *body = calloc(1, len);

	assert_non_null(body);
	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, room_epoch(h->room[LOBBY]));
	put_u32(body + 16, s->number);
	put_u64(body + 20, ++h->seq);
	assert_int_equal(room_group(s, body, len, NULL), 0);
	free(body);
}

static void reads_all(struct guest *g)
{
	static uint8_t b[1 << 16];
	ssize_t n;

	while ((n = read(g->fd, b, sizeof(b))) > 0)
		;
	assert_true(n < 0 && errno == EAGAIN);
}

/* The worker and the first thread deliver and write; the guests read. */
static void step(struct house *h)
{
	room_thread_deliver(h->w->thread[0]);
	room_thread_deliver(h->worker->rooms);
	conn_loop_flush(&h->worker->loop, true);
	reads_all(&h->lobby);
	reads_all(&h->den);
	reads_all(&h->both);
}

/* Until the second thread's mailbox of the lobby is full. */
static void fill_lobby(struct house *h)
{
	size_t n;

	for (n = 0; !room_backlogged(h->room[LOBBY]); n++) {
		assert_true(n < 2 * MAILBOX_BACKLOG / LARGE);
		alice_says(h);
		step(h);
	}
}

static void sends(struct guest *g)
{
	uint8_t part[PART] = {0};

	put_u32(part, WIRE_RECORD_MAX);
	assert_int_equal(write(g->fd, part, sizeof(part)), sizeof(part));
}

/* Handles what epoll reports; returns how many sources that were. */
static int handle_events(struct house *h)
{
	struct epoll_event e[EVENTS];
	int i, n = epoll_wait(h->worker->loop.epoll_fd, e, EVENTS, 0);
	struct source *s;

	assert_true(n >= 0);
	for (i = 0; i < n; i++) {
		s = e[i].data.ptr;
		s->ready(s, e[i].events);
	}
	return n;
}

static size_t has_read(const struct guest *g)
{
	return g->client->conn.in.len;
}

/* --- tests --------------------------------------------------------------- */

static void test_others_go_on(void **state)
{
	struct house *h = *state;

	(void)handle_events(h); /* the worker's own */
	fill_lobby(h);
	assert_false(room_backlogged(h->room[DEN]));
	sends(&h->lobby);
	sends(&h->den);
	sends(&h->both);
	(void)handle_events(h);
	assert_int_equal(has_read(&h->lobby), 0);
	assert_int_equal(has_read(&h->den), PART);
	assert_int_equal(has_read(&h->both), 0); /* it may speak in the lobby */
	/* Those held back are not reported: the loop does not spin. */
	conn_loop_unhold(&h->worker->loop);
	assert_int_equal(handle_events(h), 0);
	sends(&h->den);
	assert_int_equal(handle_events(h), 1);
	assert_int_equal(has_read(&h->den), 2 * PART);
	assert_int_equal(has_read(&h->lobby), 0);
	assert_int_equal(has_read(&h->both), 0);
}

static void test_all_are_read_when_it_catches_up(void **state)
{
	struct house *h = *state;

	(void)handle_events(h);
	fill_lobby(h);
	sends(&h->lobby);
	sends(&h->both);
	(void)handle_events(h);
	assert_int_equal(has_read(&h->lobby), 0);
	assert_int_equal(has_read(&h->both), 0);
	room_thread_deliver(h->w->thread[1]);
	assert_false(room_backlogged(h->room[LOBBY]));
	conn_loop_unhold(&h->worker->loop);
	(void)handle_events(h);
	assert_int_equal(has_read(&h->lobby), PART);
	assert_int_equal(has_read(&h->both), PART);
	assert_true(member_is_in(h->lobby.in[LOBBY]));
	assert_true(member_is_in(h->both.in[LOBBY]));
	assert_true(member_is_in(h->both.in[DEN]));
}

/* A client that leaves the slow room is held back by it no longer. */
static void test_who_leaves_goes_on(void **state)
{
	struct house *h = *state;

	(void)handle_events(h);
	fill_lobby(h);
	sends(&h->both);
	(void)handle_events(h);
	assert_int_equal(has_read(&h->both), 0);
	room_leave(h->both.in[LOBBY]);
	conn_loop_unhold(&h->worker->loop);
	(void)handle_events(h);
	assert_int_equal(has_read(&h->both), PART);
}

/* The guest of the den says something while the worker handles what another one
 * has said. The worker then ends with that step. */
struct meanwhile {
	struct source source;
	struct house *h;
	unsigned calls;
};

static void meanwhile(struct source *s, uint32_t events)
{
	struct meanwhile *m = (struct meanwhile *)(void *)s;

	(void)events;
	m->calls++;
	sends(&m->h->den);
	worker_stop(m->h->worker, 2);
}

static void test_a_step_takes_what_comes_meanwhile(void **state)
{
	struct house *h = *state;
	struct meanwhile m = {{meanwhile, .repeats = false}, h, 0};
	int fd = eventfd(1, EFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(worker_watch(h->worker, fd, &m.source), 0);
	sends(&h->lobby);
	assert_int_equal(worker_run(h->worker), 0);
	assert_int_equal(has_read(&h->lobby), PART);
	assert_int_equal(has_read(&h->den), PART);
	assert_int_equal(m.calls, 1); /* though it was still readable */
	close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, house_up, house_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_others_go_on),
	    T(test_all_are_read_when_it_catches_up),
	    T(test_who_leaves_goes_on),
	    T(test_a_step_takes_what_comes_meanwhile),
	};

	return cmocka_run_group_tests_name("backlog", tests, NULL, NULL);
}
