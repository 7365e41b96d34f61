/* Unit tests for connecting: the first address that answers wins, a dead one
 * costs only its own time slot, and every failure gives one sentence. */
#include <fcntl.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "client/net/dial.h"
#include "tests/unit/folder.h"

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Runs the dial until it ends; *took is in ms. */
static int connect_to(
    const char *where, int *fd, struct errmsg *why, uint64_t *took)
{
	struct pollfd p[DIAL_FDS_MAX];
	uint64_t start = now_ms(), now, at;
	struct dial *net;
	struct uri u;
	int r, n;

	assert_int_equal(uri_parse(&u, where), 0);
	net = dial_new(&u, where, start, why);
	assert_non_null(net);
	while ((r = dial_step(net, now_ms(), fd, why)) == ERR_AGAIN) {
		n = dial_fds(net, p);
		assert_true(n <= DIAL_FDS_MAX);
		at = dial_deadline(net);
		now = now_ms();
		poll(p, (nfds_t)n, at > now ? (int)(at - now) : 0);
	}
	dial_free(net);
	*took = now_ms() - start;
	return r;
}

/* Opens a listening TCP socket on loopback and returns its port; -1 if the
 * machine lacks this address family. */
static int listen_on(int family, uint16_t *port)
{
	struct sockaddr_in6 six = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in four = {
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr *sa = family == AF_INET ? (struct sockaddr *)&four
						: (struct sockaddr *)&six;
	socklen_t len = family == AF_INET ? sizeof(four) : sizeof(six);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	four.sin_port = six.sin6_port = htons(*port);
	if (fd < 0 || bind(fd, sa, len) != 0 || listen(fd, 8) != 0) {
		close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, sa, &len), 0);
	*port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
	return fd;
}

static void expect_connected(const char *where)
{
	struct errmsg why;
	uint64_t took;
	int fd = -1;

	assert_int_equal(connect_to(where, &fd, &why, &took), 0);
	assert_true(fd >= 0);
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	close(fd);
}

static void test_v4(void **state)
{
	char where[64];
	uint16_t port = 0;
	int l = listen_on(AF_INET, &port);

	(void)state;
	assert_true(l >= 0);
	snprintf(where, sizeof(where), "127.0.0.1:%u", port);
	expect_connected(where);
	/* The name also resolves to ::1, where nobody listens. */
	snprintf(where, sizeof(where), "localhost:%u", port);
	expect_connected(where);
	close(l);
}

static void test_v6(void **state)
{
	char where[64];
	uint16_t port = 0;
	int l = listen_on(AF_INET6, &port);

	(void)state;
	if (l < 0)
		skip(); /* no IPv6 on this machine */
	snprintf(where, sizeof(where), "[::1]:%u", port);
	expect_connected(where);
	close(l);
}

static void test_refused(void **state)
{
	char where[64];
	uint16_t port = 0;
	struct errmsg why;
	uint64_t took;
	int l = listen_on(AF_INET, &port), fd = -1;

	(void)state;
	close(l);
	snprintf(where, sizeof(where), "127.0.0.1:%u", port);
	assert_int_equal(connect_to(where, &fd, &why, &took), ERR_LOST);
	assert_int_equal(fd, -1);
	assert_non_null(strstr(why.text, "refused the connection"));
	assert_non_null(strstr(why.text, where));
	assert_true(took < 2000);
	snprintf(where, sizeof(where), "localhost:%u", port);
	assert_int_equal(connect_to(where, &fd, &why, &took), ERR_LOST);
	assert_non_null(strstr(why.text, "refused the connection"));
	assert_true(took < 2000);
}

static void test_unix(void **state)
{
	const char *path = folder_path(state, "s");
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct errmsg why;
	uint64_t took;
	int l, fd = -1;

	assert_int_equal(connect_to(path, &fd, &why, &took), ERR_LOST);
	assert_non_null(strstr(why.text, "there is no socket"));
	memcpy(un.sun_path, path, strlen(path));
	l = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(l, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(connect_to(path, &fd, &why, &took), ERR_LOST);
	assert_non_null(strstr(why.text, "refused"));
	assert_int_equal(listen(l, 1), 0);
	expect_connected(path);
	close(l);
}

/* A listener with a full backlog drops new SYNs, so the client sees silence.
 * The clock is a parameter, so the test does not wait. */
static void test_silence(void **state)
{
	uint16_t port = 0;
	struct pollfd p[DIAL_FDS_MAX];
	int l = listen_on(AF_INET, &port), fd = -1, knocks[12], i, r;
	struct sockaddr_in sa = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	char where[64];
	struct dial *net;
	struct errmsg why;
	struct uri u;

	(void)state;
	assert_int_equal(listen(l, 0), 0);
	for (i = 0; i < 12; i++) {
		knocks[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		r = connect(knocks[i], (struct sockaddr *)&sa, sizeof(sa));
		assert_true(r == 0 || errno == EINPROGRESS);
	}
	usleep(50000);
	snprintf(where, sizeof(where), "127.0.0.1:%u", port);
	assert_int_equal(uri_parse(&u, where), 0);
	net = dial_new(&u, where, 1000, &why);
	for (i = 0; i < 100 && dial_fds(net, p) > 0 &&
		    dial_deadline(net) == 1000 + DIAL_TIMEOUT_MS &&
		    p[0].events == POLLIN;
	     i++) {
		poll(p, 1, 100); /* the name lookup */
		assert_int_equal(dial_step(net, 1000, &fd, &why), ERR_AGAIN);
	}
	assert_int_equal(dial_step(net, 1001, &fd, &why), ERR_AGAIN);
	assert_int_equal(
	    dial_step(net, 999 + DIAL_TIMEOUT_MS, &fd, &why), ERR_AGAIN);
	assert_int_equal(
	    dial_step(net, 1000 + DIAL_TIMEOUT_MS, &fd, &why), ERR_LOST);
	assert_non_null(strstr(why.text, "did not answer"));
	dial_free(net);
	for (i = 0; i < 12; i++)
		close(knocks[i]);
	close(l);
}

/* Cancels during a name lookup: the lookup thread frees the rest. */
static void test_given_up(void **state)
{
	struct dial *net;
	struct errmsg why;
	struct uri u;
	int i;

	(void)state;
	assert_int_equal(uri_parse(&u, "localhost:1"), 0);
	for (i = 0; i < 20; i++) {
		net = dial_new(&u, "x", 0, &why);
		assert_non_null(net);
		if (i % 2 == 0)
			usleep(2000);
		dial_free(net);
	}
	dial_free(NULL);
	usleep(100000);
}

static void test_no_such_host(void **state)
{
	struct errmsg why;
	uint64_t took;
	int fd = -1;

	(void)state;
	/* RFC 6761: "invalid" never resolves. Without a network the lookup
	 * fails differently, but still gives a sentence. */
	assert_int_equal(
	    connect_to("nothing.invalid", &fd, &why, &took), ERR_LOST);
	assert_non_null(strstr(why.text, "\"nothing.invalid\""));
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_v4),
	    cmocka_unit_test(test_v6),
	    cmocka_unit_test(test_refused),
	    T(test_unix),
	    cmocka_unit_test(test_silence),
	    cmocka_unit_test(test_given_up),
	    cmocka_unit_test(test_no_such_host),
	};

	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
