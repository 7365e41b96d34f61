/* Unit tests for connecting, with the helper that looks up names and with real
 * sockets: the address that answers wins, and every failure gives one
 * sentence. The race itself is in test_client_race.c. */
#include <fcntl.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "client/name_helper.h"
#include "client/net/dial.h"
#include "shared/proto/handshake.h"
#include "tests/unit/folder.h"

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static const char refusal[] = "\0\0\0\x43"
			      "{\"type\":\"system\",\"event\":\"error\","
			      "\"code\":\"try_later\",\"text\":\"later\"}";

static struct helper *names;

/* What connect_to does to who comes to `l`, a listener or -1. */
enum behaviour { SILENT, ANSWERS, CLOSES };
static struct {
	int l, peer;
	enum behaviour does;
} server = {-1, -1, SILENT};

static void serve(void)
{
	struct pollfd p = {server.l, POLLIN, 0};

	if (server.l < 0 || server.peer >= 0 || poll(&p, 1, 0) < 1)
		return;
	server.peer = accept(server.l, NULL, NULL);
	assert_true(server.peer >= 0);
	if (server.does == ANSWERS)
		assert_int_equal(
		    write(server.peer, refusal, sizeof(refusal) - 1),
		    sizeof(refusal) - 1);
	if (server.does == CLOSES)
		close(server.peer);
}

/* Runs the dial until it ends; *took is in ms. */
static int connect_with(struct helper *h, const char *where, int *fd,
    struct errmsg *why, uint64_t *took)
{
	struct pollfd p[DIAL_FDS_MAX + 1];
	uint64_t start = now_ms(), now, at;
	struct dial_opts o = {.name = where, .names = h};
	struct race_won won;
	struct dial *d;
	struct uri u;
	int r, n;

	*fd = -1;
	assert_int_equal(uri_parse(&u, where), 0);
	o.uri = &u;
	d = dial_new(&o);
	assert_non_null(d);
	assert_false(dial_busy(d));
	r = dial_begin(d, (const uint8_t *)"hello", 5, start, why);
	while (r == 0 && (r = dial_step(d, now_ms(), &won, why)) == ERR_AGAIN) {
		n = dial_fds(d, p);
		assert_true(n <= DIAL_FDS_MAX);
		p[n] =
		    (struct pollfd){server.peer < 0 ? server.l : -1, POLLIN, 0};
		at = dial_deadline(d);
		now = now_ms();
		poll(p, (nfds_t)n + 1, at > now ? (int)(at - now) : 0);
		serve();
		r = 0;
	}
	if (r == 0) {
		*fd = won.fd;
		assert_int_equal(won.n, sizeof(refusal) - 1);
		assert_memory_equal(won.bytes, refusal, won.n);
	}
	dial_free(d);
	if (server.does != CLOSES && server.peer >= 0)
		close(server.peer);
	server.peer = -1;
	*took = now_ms() - start;
	return r;
}

static int connect_to(
    const char *where, int *fd, struct errmsg *why, uint64_t *took)
{
	return connect_with(names, where, fd, why, took);
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

static void expect_connected(const char *where, int l)
{
	struct errmsg why = {""};
	uint64_t took;
	int fd;

	server.l = l;
	server.does = ANSWERS;
	assert_int_equal(connect_to(where, &fd, &why, &took), 0);
	server.l = -1;
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
	expect_connected(where, l);
	/* The name also resolves to ::1, where nobody listens. */
	snprintf(where, sizeof(where), "localhost:%u", port);
	expect_connected(where, l);
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
	expect_connected(where, l);
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
	/* localhost may have two addresses, and then both are counted. */
	snprintf(where, sizeof(where), "localhost:%u", port);
	assert_int_equal(connect_to(where, &fd, &why, &took), ERR_LOST);
	assert_non_null(strstr(why.text, "refused"));
	assert_non_null(strstr(why.text, where));
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
	expect_connected(path, l);
	close(l);
}

static void test_closes_at_once(void **state)
{
	char where[64];
	uint16_t port = 0;
	struct errmsg why;
	uint64_t took;
	int l = listen_on(AF_INET, &port), fd;

	(void)state;
	snprintf(where, sizeof(where), "127.0.0.1:%u", port);
	server.l = l;
	server.does = CLOSES;
	assert_int_equal(connect_to(where, &fd, &why, &took), ERR_LOST);
	server.l = -1;
	assert_non_null(strstr(why.text, "before it said anything"));
	close(l);
}

/* A listener with a full backlog drops new SYNs, so the client sees silence.
 * The clock is a parameter, so the test does not wait. */
static void test_silence(void **state)
{
	uint16_t port = 0;
	int l = listen_on(AF_INET, &port), knocks[12], i, r;
	struct sockaddr_in sa = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	char where[64];
	struct dial_opts o = {.name = where, .names = names};
	struct race_won won;
	struct errmsg why;
	struct dial *d;
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
	o.uri = &u;
	d = dial_new(&o);
	assert_int_equal(dial_begin(d, (const uint8_t *)"x", 1, 1000, &why), 0);
	assert_int_equal(dial_step(d, 1000, &won, &why), ERR_AGAIN);
	assert_int_equal(dial_deadline(d), 1000 + RACE_CONNECT_MS);
	assert_int_equal(
	    dial_step(d, 999 + RACE_CONNECT_MS, &won, &why), ERR_AGAIN);
	assert_int_equal(
	    dial_step(d, 1000 + RACE_CONNECT_MS, &won, &why), ERR_LOST);
	assert_non_null(strstr(why.text, "did not answer"));
	dial_free(d);
	for (i = 0; i < 12; i++)
		close(knocks[i]);
	close(l);
}

/* Gives up during a lookup: the process that does it ends by itself. */
static void test_given_up(void **state)
{
	struct dial_opts o = {.name = "x", .names = names};
	struct errmsg why;
	struct dial *d;
	struct uri u;
	int i;

	(void)state;
	assert_int_equal(uri_parse(&u, "localhost:1"), 0);
	o.uri = &u;
	d = dial_new(&o);
	for (i = 0; i < 20; i++) {
		assert_int_equal(
		    dial_begin(d, (const uint8_t *)"x", 1, 0, &why), 0);
		assert_true(dial_busy(d));
		dial_end(d);
		assert_false(dial_busy(d));
		usleep(2000);
	}
	dial_free(d);
	dial_free(NULL);
}

/* --- the helper is gone, hangs or lies ------------------------------------- */

static void handle_nothing(
    void *arg, int to, const char *request, size_t n, int fd)
{
	(void)arg;
	(void)to;
	(void)request;
	(void)n;
	(void)fd; /* stays open: no answer, and no end */
}

static void handle_badly(
    void *arg, int to, const char *request, size_t n, int fd)
{
	struct name_answer a = {.found = 1, .n = NAME_ADDRESSES_MAX + 1};

	(void)arg;
	(void)to;
	(void)request;
	(void)n;
	(void)!write(fd, &a, sizeof(a));
	close(fd);
}

static void handle_by_exit(
    void *arg, int to, const char *request, size_t n, int fd)
{
	(void)arg;
	(void)to;
	(void)request;
	(void)n;
	(void)fd;
	_exit(0);
}

static void test_helper_hangs(void **state)
{
	static const struct helper_task task = {NULL, handle_nothing, NULL, false};
	struct helper *h = helper_new(&task, NULL);
	struct dial_opts o = {.name = "box", .names = h};
	struct race_won won;
	struct errmsg why;
	struct dial *d;
	struct uri u;

	(void)state;
	assert_int_equal(uri_parse(&u, "box:1"), 0);
	o.uri = &u;
	d = dial_new(&o);
	assert_int_equal(dial_begin(d, (const uint8_t *)"x", 1, 1000, &why), 0);
	assert_int_equal(dial_deadline(d), 1000 + DIAL_LOOKUP_MS);
	assert_int_equal(
	    dial_step(d, 999 + DIAL_LOOKUP_MS, &won, &why), ERR_AGAIN);
	assert_int_equal(
	    dial_step(d, 1000 + DIAL_LOOKUP_MS, &won, &why), ERR_LOST);
	assert_non_null(strstr(why.text, "took longer than 15 s"));
	dial_free(d);
	helper_free(h);
}

static void test_helper_lies(void **state)
{
	static const struct helper_task task = {NULL, handle_badly, NULL, false};
	struct helper *h = helper_new(&task, NULL);
	struct errmsg why;
	uint64_t took;
	int fd;

	(void)state;
	assert_int_equal(connect_with(h, "box:1", &fd, &why, &took), ERR_LOST);
	assert_non_null(strstr(why.text, "was cut off"));
	helper_free(h);
}

static void test_helper_dies(void **state)
{
	static const struct helper_task task = {NULL, handle_by_exit, NULL, false};
	struct helper *h = helper_new(&task, NULL);
	struct errmsg why;
	uint64_t took;
	int fd, i;

	(void)state;
	assert_int_equal(connect_with(h, "box:1", &fd, &why, &took), ERR_LOST);
	assert_non_null(strstr(why.text, "was cut off"));
	/* Its end may be seen a moment later. */
	for (i = 0; i < 100 && strstr(why.text, "has ended") == NULL; i++) {
		usleep(20000);
		assert_int_equal(
		    connect_with(h, "box:1", &fd, &why, &took), ERR_LOST);
	}
	assert_non_null(strstr(why.text, "start conclave again"));
	helper_free(h);
}

/* A request that is no host is not looked up. */
static void test_helper_is_strict(void **state)
{
	static const char *const bad[] = {"", "a b", "a/b", "\n", "-\x7f",
	    ("b\xc3\xbc"
	     "cher")};
	struct name_answer a;
	struct pollfd p;
	char big[URI_HOST_MAX + 2];
	size_t i;
	int fd;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (i = 0; i <= sizeof(bad) / sizeof(bad[0]); i++) {
		if (i == 0)
			continue; /* an empty message would mean the end */
		assert_int_equal(
		    name_helper_ask(names,
			i < sizeof(bad) / sizeof(bad[0]) ? bad[i] : big, &fd),
		    0);
		p = (struct pollfd){fd, POLLIN, 0};
		assert_int_equal(poll(&p, 1, 30000), 1);
		assert_int_equal(name_helper_read(fd, &a), ERR_LOST);
		close(fd);
	}
	assert_int_equal(name_helper_ask(names, "localhost", &fd), 0);
	p = (struct pollfd){fd, POLLIN, 0};
	assert_int_equal(poll(&p, 1, 30000), 1);
	assert_int_equal(name_helper_read(fd, &a), 0);
	assert_true(a.n > 0 && a.found == a.n);
	close(fd);
}

/* --- sentences ------------------------------------------------------------- */

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

static void expect_sentence(const char *where, const char *part)
{
	struct errmsg why;
	uint64_t took;
	int fd;

	assert_int_equal(connect_to(where, &fd, &why, &took), ERR_LOST);
	if (strstr(why.text, part) == NULL)
		fail_msg("%s: %s", where, why.text);
}

static void test_zones(void **state)
{
	uint16_t port = 0;
	int l = listen_on(AF_INET6, &port);

	(void)state;
	if (l < 0)
		skip(); /* no IPv6 on this machine */
	close(l);
	expect_sentence("[fe80::1%nosuch0]:1",
	    "no network interface \"nosuch0\", which [fe80::1%nosuch0]");
	expect_sentence("[fe80:::1]:1", "is no IPv6 address");
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_v4),
	    cmocka_unit_test(test_v6),
	    cmocka_unit_test(test_refused),
	    T(test_unix),
	    cmocka_unit_test(test_closes_at_once),
	    cmocka_unit_test(test_silence),
	    cmocka_unit_test(test_given_up),
	    cmocka_unit_test(test_helper_hangs),
	    cmocka_unit_test(test_helper_lies),
	    cmocka_unit_test(test_helper_dies),
	    cmocka_unit_test(test_helper_is_strict),
	    cmocka_unit_test(test_no_such_host),
	    cmocka_unit_test(test_zones),
	};
	int failed;

	names = name_helper_new(false, NULL);
	failed = cmocka_run_group_tests_name("net", tests, NULL, NULL);
	helper_free(names);
	return failed;
}
