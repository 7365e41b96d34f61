/* At the limit of memory: many who hold little each must not stop the room. The
 * real loop, with members whose links are up and no client behind them. */
#include "tests/unit/check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/auth/login.h"
#include "server/net/quota.h"
#include "server/loop/loop_int.h"

enum { LIMIT = 16 << 20, LITTLE = 60000, LEAST = 100, WAIT_MS = 60000 };

struct stage {
	struct logger log;
	struct server_options options;
	struct identity *identity;
	struct accounts *accounts;
	struct server *server;
	pthread_t thread;
};

static void *run(void *arg)
{
	struct stage *s = arg;

	return server_run(s->server) == 0 ? s : NULL;
}

static void stage_init(struct stage *s)
{
	static const uint8_t seed[32] = {7};
	const struct kdf kdf = {WIRE_SCRYPT_N_MIN, 8, 1};
	struct server_opts o = {
	    .options = &s->options, .log = &s->log, .rng = crypto_rng()};

	memset(s, 0, sizeof(*s));
	s->options = (struct server_options){.room = "lobby",
	    .users_max = 10,
	    .rekey_ms = 60000,
	    .handshakes_max = 10,
	    .memory_max = LIMIT,
	    .workers = 1};
	o.identity = s->identity = identity_from_seed(seed);
	o.accounts = s->accounts = accounts_new(&o.rng, "password", 8, &kdf);
	assert_non_null(s->accounts);
	assert_int_equal(server_block_signals(), 0);
	assert_non_null(s->server = server_new(&o));
}

static void stage_free(struct stage *s)
{
	void *well = NULL;

	assert_int_equal(kill(getpid(), SIGTERM), 0); /* its signalfd's */
	assert_int_equal(pthread_join(s->thread, &well), 0);
	assert_ptr_equal(well, s);
	server_free(s->server);
	accounts_free(s->accounts);
	identity_free(s->identity);
}

/* The other end of a member's socket. */
static int member(struct worker *w)
{
	static const struct link_keys keys;
	const struct sockaddr sa = {.sa_family = AF_UNIX};
	struct conn *c;
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	atomic_fetch_add(&w->n_conns, 1);
	assert_non_null(c = conn_new(w, fd[0], &sa));
	login_leave(c);
	handshake_free(c->handshake);
	c->handshake = NULL;
	assert_non_null(c->link = link_new(w->crypto, &keys, LINK_SERVER));
	c->state = CONN_LINKED;
	return fd[1];
}

/* Part of a record that never comes to its end. */
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
	w = &s.server->worker[0];
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
	/* As if a thousand more held as little. */
	more = LIMIT - quota_held();
	quota_add(more);
	begin_record(least, LEAST); /* which is not read */
	assert_true(ended(most, WAIT_MS));
	assert_false(ended(least, 500)); /* it was enough that one went */
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
