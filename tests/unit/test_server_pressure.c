/* At the memory limit, many clients that hold a little each must not stop the
 * room. This runs the real loop; the members' links are up, and no client
 * program is behind them. */
#include "tests/unit/check.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/log/log_memory.h"
#include "server/loop/worker_int.h"
#include "server/net/quota.h"

enum { LIMIT = 16 << 20, LITTLE = 60000, LEAST = 100, WAIT_MS = 60000 };

static const struct proxies no_proxies;

struct stage {
	struct logger log;
	struct identity *identity;
	struct gate *gate;
	struct throttle *throttle, *door;
	struct tickets *tickets;
	struct directory *directory;
	struct standing *standing;
	struct registry registry;
	struct log *entries;
	struct room *room;
	struct worker *worker;
	pthread_t thread;
};

static void *run(void *arg)
{
	struct stage *s = arg;

	return worker_run(s->worker) == 0 ? s : NULL;
}

static void no_wake(void *arg, unsigned home)
{
	(void)arg;
	(void)home;
}

static void crossed(void *arg)
{
	worker_wake(arg);
}

static void stage_init(struct stage *s)
{
	static const uint8_t seed[32] = {7};
	const struct kdf kdf = {WIRE_SCRYPT_N_MIN, 8, 1};
	const struct throttle_limits limits = {.exchanges_max = 10,
	    .addresses_max = THROTTLE_ADDRESSES,
	    .wake = no_wake};
	struct worker_opts o = {.log = &s->log,
	    .rng = random_system(),
	    .memory_max = LIMIT,
	    .n_workers = 1};
	struct room_opts room = {.rng = o.rng,
	    .id = 1,
	    .name = "lobby",
	    .rekey_ms = 60000,
	    .users_max = 10};

	memset(s, 0, sizeof(*s));
	room.identity = o.identity = s->identity = identity_from_seed(seed);
	assert_int_equal(
	    gate_new(&s->gate, &o.rng, "password", 8, &kdf), 0);
	o.gate = s->gate;
	o.throttle = s->throttle = throttle_new(&limits);
	o.proxies = &no_proxies;
	o.door = s->door = throttle_new(&limits);
	o.tickets = s->tickets = tickets_new((const uint8_t[WIRE_KEY]){1});
	room.directory = s->directory = directory_new(0);
	s->registry.standing = s->standing = standing_new(&o.rng, ROLE_MEMBER);
	s->registry.directory = s->directory;
	o.registry = &s->registry;
	assert_non_null(s->standing);
	room.log = s->entries = log_memory_new();
	assert_non_null(s->directory);
	assert_non_null(s->entries);
	s->room = room_new(&room);
	assert_non_null(s->gate);
	assert_non_null(s->throttle);
	assert_non_null(s->door);
	assert_non_null(s->tickets);
	assert_non_null(s->room);
	assert_non_null(s->worker = worker_new(&o));
	quota_watch(LIMIT, crossed, s->worker);
}

static void stage_free(struct stage *s)
{
	void *well = NULL;

	worker_stop(s->worker, 1);
	assert_int_equal(pthread_join(s->thread, &well), 0);
	assert_ptr_equal(well, s);
	quota_watch(SIZE_MAX, NULL, NULL);
	worker_close(s->worker);
	worker_free(s->worker);
	room_free(s->room);
	log_free(s->entries);
	directory_free(s->directory);
	standing_free(s->standing);
	throttle_free(s->throttle);
	throttle_free(s->door);
	tickets_free(s->tickets);
	gate_free(s->gate);
	identity_free(s->identity);
}

/* Returns the other end of a member's socket. */
static int member(struct worker *w)
{
	static const struct link_keys keys;
	const struct sockaddr_storage sa = {.ss_family = AF_UNIX};
	struct client *cl;
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_true(worker_accept(w, fd[0], &sa, false));
	cl = client_of(LIST_FIRST(&w->loop.all));
	login_leave(&cl->login);
	handshake_free(cl->login.handshake);
	cl->login.handshake = NULL;
	assert_non_null(cl->link = link_new(w->crypto, &keys, LINK_SERVER));
	client_linked(cl);
	conn_resume(&cl->conn);
	return fd[1];
}

/* Writes part of a record that is never completed. */
static void begin_record(int fd, size_t n)
{
	static uint8_t b[LITTLE];

	put_u32(b, 200000);
	assert_int_equal(write(fd, b, n), n);
}

static bool ended(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t b[4096];
	ssize_t n;

	while (poll(&p, 1, wait_ms) == 1) {
		n = read(fd, b, sizeof(b));
		if (n == 0)
			return true;
		assert_true(n > 0 || errno == EAGAIN);
	}
	return false;
}

static void at_the_limit_somebody_goes(void **state)
{
	struct stage s;
	struct worker *w;
	size_t more, before;
	int least, most, i;

	(void)state;
	stage_init(&s);
	w = s.worker;
	least = member(w);
	most = member(w);
	before = quota_held();
	assert_int_equal(pthread_create(&s.thread, NULL, run, &s), 0);
	begin_record(least, LEAST);
	begin_record(most, LITTLE);
	for (i = 0; quota_held() < before + LEAST + LITTLE; i++) {
		assert_true(i < WAIT_MS);
		(void)poll(NULL, 0, 1);
	}
	/* Simulates a thousand more clients that hold a little each. */
	more = LIMIT - quota_held();
	quota_add(more);
	begin_record(least, LEAST); /* the server does not read it */
	assert_true(ended(most, WAIT_MS));
	assert_false(ended(least, 500)); /* evicting one client was enough */
	assert_true(quota_held() <= LIMIT - LITTLE + 2 * LEAST);
	quota_sub(more);
	close(most);
	close(least);
	stage_free(&s);
	assert_int_equal(quota_held(), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(at_the_limit_somebody_goes),
	};

	return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
