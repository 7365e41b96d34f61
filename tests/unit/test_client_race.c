/* Unit tests for the race of several addresses. The clock is a parameter and
 * the sockets are socket pairs, so nothing here waits. */
#include <errno.h>
#include <stddef.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/net/race.h"
#include "shared/proto/handshake.h"
#include "shared/tls/issue.h"

static const char refusal[] = "\0\0\0\x43"
			      "{\"type\":\"system\",\"event\":\"error\","
			      "\"code\":\"try_later\",\"text\":\"later\"}";
#define REFUSAL_LEN (sizeof(refusal) - 1)
static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

/* The other ends, by the port of their address. */
enum kind { PAIR, BLACK_HOLE, ERRNO };
static struct end {
	enum kind kind;
	int error;
	int fd;	    /* ours; -1 before it is opened */
	int opened; /* how often */
} ends[RACE_ADDRESSES_MAX];

/* A socket that does not become writable: it does not connect, either. */
static void fill(int fd)
{
	static const char bytes[4096];

	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	while (send(fd, bytes, 1, MSG_DONTWAIT) > 0)
		;
}

static int open_fake(const struct race_address *a)
{
	const struct sockaddr_in *in = (const void *)&a->sa;
	struct end *e = &ends[in->sin_port];
	int fd[2];

	e->opened++;
	if (e->kind == ERRNO)
		return -e->error;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	if (e->kind == BLACK_HOLE)
		fill(fd[0]);
	e->fd = fd[1];
	return fd[0];
}

static const struct race_tls *inside; /* NULL: no TLS */

static struct race *start(size_t n)
{
	static struct race_address list[RACE_ADDRESSES_MAX];
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct race *r;
	size_t i;

	for (i = 0; i < n; i++) {
		ends[i] = (struct end){.kind = PAIR, .fd = -1};
		in.sin_port = (in_port_t)i;
		memcpy(&list[i].sa, &in, sizeof(in));
		list[i].len = sizeof(in);
	}
	r = race_new(list, n, (const uint8_t *)"hello", 5, open_fake,
	    inside, 1000);
	assert_non_null(r);
	return r;
}

static void finish(struct race *r, size_t n)
{
	size_t i;

	race_free(r);
	for (i = 0; i < n; i++)
		if (ends[i].fd >= 0)
			close(ends[i].fd);
}

static void says(size_t i, const void *p, size_t n)
{
	assert_true(ends[i].fd >= 0);
	assert_int_equal(write(ends[i].fd, p, n), n);
}

/* The race has closed its socket, having said hello or not. */
static bool closed(size_t i)
{
	char bytes[64];
	ssize_t n;

	do {
		n = recv(ends[i].fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	} while (n > 0);
	return n == 0 || errno == ECONNRESET;
}

static void said_hello(size_t i)
{
	char bytes[64];

	assert_int_equal(
	    recv(ends[i].fd, bytes, sizeof(bytes), MSG_DONTWAIT), 5);
	assert_memory_equal(bytes, "hello", 5);
}

static void expect_won(
    struct race *r, uint64_t now, const void *bytes, size_t n)
{
	struct race_won won;
	struct pollfd p[RACE_FDS_MAX];

	assert_int_equal(race_step(r, now, &won), 0);
	assert_int_equal(won.n, n);
	assert_memory_equal(won.bytes, bytes, n);
	assert_int_equal(race_fds(r, p), 0); /* no other is left */
	close(won.fd);
}

static void expect_going_on(struct race *r, uint64_t now)
{
	struct race_won won;

	assert_int_equal(race_step(r, now, &won), ERR_AGAIN);
}

static void test_silence_then_the_next(void **state)
{
	struct race *r = start(2);
	struct pollfd p[RACE_FDS_MAX];

	(void)state;
	assert_int_equal(
	    handshake_answered((const uint8_t *)refusal, REFUSAL_LEN), 0);
	expect_going_on(r, 1000);
	said_hello(0);
	assert_int_equal(race_deadline(r), 1000 + RACE_STAGGER_MS);
	expect_going_on(r, 999 + RACE_STAGGER_MS);
	assert_int_equal(ends[1].opened, 0);
	expect_going_on(r, 1000 + RACE_STAGGER_MS);
	assert_int_equal(ends[1].opened, 1);
	said_hello(1);
	assert_int_equal(race_fds(r, p), 2);
	says(1, refusal, REFUSAL_LEN);
	expect_won(r, 1300, refusal, REFUSAL_LEN);
	assert_true(closed(0));
	finish(r, 2);
}

/* The first address answers late, but before the second. */
static void test_the_first_may_still_win(void **state)
{
	struct race *r = start(3);

	(void)state;
	expect_going_on(r, 1000);
	expect_going_on(r, 1250);
	says(0, refusal, REFUSAL_LEN);
	expect_won(r, 1400, refusal, REFUSAL_LEN);
	assert_true(closed(1));
	assert_int_equal(ends[2].opened, 0);
	finish(r, 3);
}

static void test_answer_in_pieces(void **state)
{
	struct race *r = start(2);
	size_t i;

	(void)state;
	expect_going_on(r, 1000);
	for (i = 0; i < REFUSAL_LEN - 1; i++) {
		says(0, refusal + i, 1);
		expect_going_on(r, 1000);
	}
	says(0, refusal + i, 1);
	expect_won(r, 1001, refusal, REFUSAL_LEN);
	finish(r, 2);
}

static void test_strangers_and_cuts(void **state)
{
	const struct race_tally *t;
	struct race *r = start(4);

	(void)state;
	expect_going_on(r, 1000);
	says(0, http, sizeof(http) - 1);
	expect_going_on(r, 1001); /* the next begins at once */
	assert_int_equal(ends[1].opened, 1);
	assert_true(closed(0));
	close(ends[1].fd);
	ends[1].fd = -1;
	expect_going_on(r, 1002);
	assert_int_equal(ends[2].opened, 1);
	says(2, "\0\0\0\x02{]", 6);
	expect_going_on(r, 1003);
	says(3, refusal, REFUSAL_LEN);
	expect_won(r, 1004, refusal, REFUSAL_LEN);
	t = race_tally(r);
	assert_int_equal(t->tried, 4);
	assert_int_equal(t->ends[RACE_STRANGER], 2);
	assert_int_equal(t->ends[RACE_CLOSED], 1);
	finish(r, 4);
}

static void test_unreachable_costs_no_time(void **state)
{
	struct race *r = start(4);

	(void)state;
	ends[0].kind = ends[1].kind = ends[2].kind = ERRNO;
	ends[0].error = ENETUNREACH;
	ends[1].error = EACCES;
	ends[2].error = ECONNREFUSED;
	expect_going_on(r, 1000);
	assert_int_equal(ends[3].opened, 1);
	assert_int_equal(race_tally(r)->ends[RACE_UNREACHABLE], 1);
	assert_int_equal(race_tally(r)->ends[RACE_FORBIDDEN], 1);
	assert_int_equal(race_tally(r)->ends[RACE_REFUSED], 1);
	says(3, refusal, REFUSAL_LEN);
	expect_won(r, 1000, refusal, REFUSAL_LEN);
	finish(r, 4);
}

/* All but the last are black holes or silent. */
static void test_every_address_is_tried(void **state)
{
	struct race *r = start(RACE_ADDRESSES_MAX);
	struct pollfd p[RACE_FDS_MAX];
	uint64_t now = 1000;
	size_t i, last = RACE_ADDRESSES_MAX - 1;

	(void)state;
	for (i = 0; i < last; i += 2)
		ends[i].kind = BLACK_HOLE;
	for (i = 0; i < 60; i++, now += RACE_STAGGER_MS)
		expect_going_on(r, now);
	assert_int_equal(race_fds(r, p), 60);
	for (i = 0; i < 200 && ends[last].opened == 0; i++) {
		now = race_deadline(r);
		expect_going_on(r, now);
	}
	/* Each began in its time; the first ones were given up meanwhile. */
	assert_in_range(
	    now, 1000 + 60 * RACE_STAGGER_MS, 1000 + last * RACE_STAGGER_MS);
	for (i = 0; i <= last; i++)
		assert_int_equal(ends[i].opened, 1);
	says(last, refusal, REFUSAL_LEN);
	expect_won(r, now, refusal, REFUSAL_LEN);
	finish(r, RACE_ADDRESSES_MAX);
}

static void test_bounded_when_nobody_answers(void **state)
{
	const struct race_tally *t;
	struct race *r = start(4);
	struct race_won won;
	uint64_t now = 1000;
	int e = ERR_AGAIN, i;

	(void)state;
	ends[1].kind = BLACK_HOLE;
	ends[2].kind = ERRNO;
	ends[2].error = ECONNREFUSED;
	for (i = 0; i < 20; i++) {
		if ((e = race_step(r, now, &won)) != ERR_AGAIN)
			break;
		assert_true(race_deadline(r) > now);
		now = race_deadline(r);
	}
	assert_int_equal(e, ERR_LOST);
	assert_in_range(now, 1000 + RACE_ANSWER_MS,
	    1000 + 4 * RACE_STAGGER_MS + RACE_CONNECT_MS + RACE_ANSWER_MS);
	t = race_tally(r);
	assert_int_equal(t->tried, 4);
	assert_int_equal(t->ends[RACE_SILENT], 2);
	assert_int_equal(t->ends[RACE_TIMEOUT], 1);
	assert_int_equal(t->ends[RACE_REFUSED], 1);
	assert_true(closed(0));
	assert_true(closed(3));
	finish(r, 4);
}

/* The session says what is wrong with what the only address answers. */
static void test_a_stranger_alone(void **state)
{
	struct race *r = start(1);

	(void)state;
	expect_going_on(r, 1000);
	says(0, http, sizeof(http) - 1);
	expect_won(r, 1000, http, sizeof(http) - 1);
	finish(r, 1);
}

/* A server that sends us away before it has read anything. */
static void test_an_answer_before_the_end(void **state)
{
	struct race *r = start(2);

	(void)state;
	expect_going_on(r, 1000);
	says(0, refusal, REFUSAL_LEN);
	close(ends[0].fd);
	ends[0].fd = -1;
	expect_won(r, 1000, refusal, REFUSAL_LEN);
	finish(r, 2);
	race_free(NULL);
}

/* --- TLS ------------------------------------------------------------------ */

/* Before the client's second look into its socket, the server does its part. */
static const struct tls_config *serving;
static struct tls_work server_work;
static struct tls *served;
static uint8_t heard[TLS_RECORD];
static int looks;

ssize_t recv(int fd, void *p, size_t n, int flags)
{
	if (serving != NULL && fd != ends[0].fd && ++looks == 2) {
		served = tls_new(serving, &server_work, ends[0].fd, NULL);
		assert_non_null(served);
		assert_int_equal(tls_read(served, heard, sizeof(heard)), -1);
	}
	return syscall(SYS_recvfrom, fd, p, n, flags, NULL, NULL);
}

static void configure(struct tls_config **server, struct tls_config **client)
{
	char *hosts[] = {(char *)(uintptr_t)"box.example"};
	struct issue_time t = {time(NULL) - 3600, time(NULL) + 86400};
	struct buf ca, ca_key, cert, key, *all[] = {&ca, &ca_key, &cert, &key};
	struct issue_leaf l = {.name = "box.example",
	    .hosts = hosts,
	    .n_hosts = 1,
	    .key_pem = &key,
	    .valid = t};
	struct tls_server_opts so = {.now = time(NULL)};
	struct tls_client_opts co = {.now = time(NULL)};
	char serial[ISSUE_SERIAL_TEXT];
	struct issuer *issuer;
	struct errmsg why;
	size_t i;

	for (i = 0; i < 4; i++)
		buf_init_secret(all[i], 1 << 16);
	assert_int_equal(issue_key(&ca_key, ISSUE_ED25519), 0);
	assert_int_equal(issue_root(&ca, &ca_key, "a CA", &t), 0);
	assert_int_equal(issuer_open(&issuer, &ca, &ca_key), 0);
	assert_int_equal(issue_key(&key, ISSUE_P256), 0);
	assert_int_equal(issue_leaf(&cert, serial, issuer, &l), 0);
	issuer_free(issuer);
	so.chain = (struct tls_pem){"cert", cert.p, cert.len};
	so.key = (struct tls_pem){"key", key.p, key.len};
	co.ca = (struct tls_pem){"ca", ca.p, ca.len};
	assert_int_equal(tls_config_server(server, &so, &why), 0);
	assert_int_equal(tls_config_client(client, &co, &why), 0);
	for (i = 0; i < 4; i++)
		buf_free(all[i]);
}

/* A read ends the handshake of TLS, and nothing comes after it: the hello is
 * sent all the same. */
static void test_a_read_ends_the_handshake_of_tls(void **state)
{
	struct tls_config *server, *client;
	struct tls_work work;
	struct race_tls with = {.work = &work, .host = "box.example"};
	struct pollfd p[RACE_FDS_MAX];
	struct race *r;

	(void)state;
	configure(&server, &client);
	tls_work_init(&work);
	tls_work_init(&server_work);
	with.config = client;
	inside = &with;
	serving = server;
	looks = 0;
	r = start(1);
	expect_going_on(r, 1000);
	assert_true(looks > 2);
	assert_int_equal(race_fds(r, p), 1);
	assert_true(p[0].events & POLLOUT);
	assert_int_equal(tls_read(served, heard, sizeof(heard)), -1);
	assert_true(tls_ready(served));
	expect_going_on(r, 1001);
	assert_int_equal(tls_read(served, heard, sizeof(heard)), 5);
	assert_memory_equal(heard, "hello", 5);
	assert_int_equal(race_fds(r, p), 1);
	assert_false(p[0].events & POLLOUT);
	tls_free(served);
	finish(r, 1);
	serving = NULL;
	inside = NULL;
	tls_config_free(server);
	tls_config_free(client);
	tls_work_free(&work);
	tls_work_free(&server_work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_silence_then_the_next),
	    cmocka_unit_test(test_the_first_may_still_win),
	    cmocka_unit_test(test_answer_in_pieces),
	    cmocka_unit_test(test_strangers_and_cuts),
	    cmocka_unit_test(test_unreachable_costs_no_time),
	    cmocka_unit_test(test_every_address_is_tried),
	    cmocka_unit_test(test_bounded_when_nobody_answers),
	    cmocka_unit_test(test_a_stranger_alone),
	    cmocka_unit_test(test_an_answer_before_the_end),
	    cmocka_unit_test(test_a_read_ends_the_handshake_of_tls),
	};

	return cmocka_run_group_tests_name("race", tests, NULL, NULL);
}
