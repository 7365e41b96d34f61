/* shared/tls: both ends of a connection in one process, over a socket pair that takes
 * little at a time; certificates made with issue.h. */
#include "shared/crypto/ossl.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/tls/issue.h"
#include "shared/tls/tls.h"

enum { LONG = 600 << 10, TURNS = 200000 };

static struct tls_config *server, *strong, *client, *stranger;
static struct tls_work work;

/* --- certificates ----------------------------------------------------------- */

static void make(struct buf *ca, struct buf *cert, struct buf *key)
{
	char *hosts[] = {(char *)(uintptr_t)"box.example",
	    (char *)(uintptr_t)"192.0.2.1",
	    (char *)(uintptr_t)"xn--bcher-kva.example",
	    (char *)(uintptr_t)"*.wild.example"};
	struct issue_time t = {time(NULL) - 3600, time(NULL) + 86400};
	struct issue_leaf l = {.name = "box.example",
	    .hosts = hosts,
	    .n_hosts = 4,
	    .key_pem = key,
	    .valid = t};
	char serial[ISSUE_SERIAL_TEXT];
	struct issuer *issuer;
	struct buf ca_key;

	buf_init_secret(&ca_key, 1 << 16);
	assert_int_equal(issue_key(&ca_key, ISSUE_ED25519), 0);
	assert_int_equal(issue_root(ca, &ca_key, "a CA", &t), 0);
	assert_int_equal(issuer_open(&issuer, ca, &ca_key), 0);
	assert_int_equal(issue_key(key, ISSUE_P256), 0);
	assert_int_equal(issue_leaf(cert, serial, issuer, &l), 0);
	assert_int_equal(strlen(serial), 32);
	issuer_free(issuer);
	buf_free(&ca_key);
}

static struct tls_pem pem(const char *name, const struct buf *b)
{
	return (struct tls_pem){name, b->p, b->len};
}

static void configure(void)
{
	struct tls_client_opts co = {.now = time(NULL)};
	struct tls_server_opts so = {.now = time(NULL)};
	struct buf ca, cert, key, other_ca, other_cert, other_key;
	struct buf *all[] = {
	    &ca, &cert, &key, &other_ca, &other_cert, &other_key};
	struct errmsg why;
	size_t i;

	for (i = 0; i < 6; i++)
		buf_init_secret(all[i], 1 << 16);
	make(&ca, &cert, &key);
	make(&other_ca, &other_cert, &other_key);
	so.chain = pem("cert", &cert);
	so.key = pem("key", &key);
	so.host = "box.example";
	assert_int_equal(tls_config_server(&server, &so, &why), 0);
	assert_string_equal(tls_config_host(server), "box.example");
	assert_true(tls_config_until(server) > time(NULL));
	so.strong = true;
	assert_int_equal(tls_config_server(&strong, &so, &why), 0);
	co.ca = pem("ca", &ca);
	assert_int_equal(tls_config_client(&client, &co, &why), 0);
	co.ca = pem("ca", &other_ca);
	assert_int_equal(tls_config_client(&stranger, &co, &why), 0);
	for (i = 0; i < 6; i++)
		buf_free(all[i]);
}

/* --- both ends -------------------------------------------------------------- */

struct ends {
	int fd[2];
	struct tls *c, *s;
};

static void open_ends(struct ends *e, const struct tls_config *c, const char *host)
{
	int small = 4096, i;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e->fd), 0);
	for (i = 0; i < 2; i++)
		(void)setsockopt(
		    e->fd[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	e->c = tls_new(c, &work, e->fd[0], host);
	e->s = tls_new(server, &work, e->fd[1], NULL);
	assert_non_null(e->c);
	assert_non_null(e->s);
}

static void close_ends(struct ends *e)
{
	tls_free(e->c);
	tls_free(e->s);
	close(e->fd[0]);
	close(e->fd[1]);
}

static uint8_t input[TLS_RECORD * 4];

/* Runs the handshake; the client says one byte, which the server reads. */
static bool shake(struct ends *e)
{
	const struct iovec one = {(void *)(uintptr_t)"x", 1};
	bool said = false;
	ssize_t n;
	int i;

	for (i = 0; i < TURNS; i++) {
		if (!said)
			said = tls_writev(e->c, &one, 1) == 1;
		(void)!tls_flush(e->c);
		n = tls_read(e->s, input, sizeof(input));
		if (n == 1)
			return tls_read(e->c, input, sizeof(input)) < 0 &&
			       tls_ready(e->c) && tls_ready(e->s);
		if (tls_fault(e->c) != TLS_FAULT_NONE)
			return false;
		(void)!tls_flush(e->s);
	}
	return false;
}

static void same_channel(void **state)
{
	uint8_t a[WIRE_CHANNEL], b[WIRE_CHANNEL], other[WIRE_CHANNEL];
	struct ends e;

	(void)state;
	open_ends(&e, client, "box.example");
	assert_int_equal(tls_exporter(e.s, a), ERR_STATE);
	assert_true(shake(&e));
	assert_int_equal(tls_exporter(e.c, a), 0);
	assert_int_equal(tls_exporter(e.s, b), 0);
	assert_memory_equal(a, b, sizeof(a));
	close_ends(&e);
	open_ends(&e, client, "192.0.2.1");
	assert_true(shake(&e));
	assert_int_equal(tls_exporter(e.c, other), 0);
	assert_memory_not_equal(a, other, sizeof(a));
	close_ends(&e);
}

/* The cipher that a server chooses of what a client offers. */
static void choose(struct tls_config *c, const char *offer, const char *chosen)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct tls *s;
	SSL *ssl;
	int fd[2], i;

	assert_non_null(ctx);
	assert_int_equal(SSL_CTX_set_ciphersuites(ctx, offer), 1);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	ssl = SSL_new(ctx);
	s = tls_new(c, &work, fd[1], NULL);
	assert_non_null(ssl);
	assert_non_null(s);
	assert_int_equal(SSL_set_fd(ssl, fd[0]), 1);
	for (i = 0; i < TURNS && !tls_ready(s); i++) {
		(void)SSL_connect(ssl);
		(void)!tls_read(s, input, sizeof(input));
		(void)!tls_flush(s);
	}
	assert_true(tls_ready(s));
	assert_string_equal(SSL_get_cipher(ssl), chosen);
	tls_free(s);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd[0]);
	close(fd[1]);
}

static void ciphers(void **state)
{
	static const char short_key[] = "TLS_AES_128_GCM_SHA256";
	static const char long_key[] = "TLS_AES_256_GCM_SHA384";
	static const char chacha[] = "TLS_CHACHA20_POLY1305_SHA256";
	static const char all[] = "TLS_AES_256_GCM_SHA384:"
				  "TLS_CHACHA20_POLY1305_SHA256:"
				  "TLS_AES_128_GCM_SHA256";
	static const char soft[] = "TLS_CHACHA20_POLY1305_SHA256:"
				   "TLS_AES_128_GCM_SHA256:"
				   "TLS_AES_256_GCM_SHA384";

	(void)state;
	choose(server, all, short_key);
	choose(server, long_key, long_key);
	choose(server, soft, chacha);
	choose(strong, all, long_key);
	choose(strong, short_key, short_key);
	choose(strong, soft, chacha);
}

/* What the socket does not take is kept, and nothing is lost, doubled or moved. */
static void slow_socket(void **state)
{
	uint8_t *out = malloc(LONG), *in = malloc(LONG);
	size_t sent = 0, got = 0, i;
	bool was_unsent = false;
	struct iovec iov[3];
	struct ends e;
	ssize_t n;
	int turn;

	(void)state;
	assert_non_null(out);
	assert_non_null(in);
	for (i = 0; i < LONG; i++)
		out[i] = (uint8_t)(i * 7 + (i >> 9));
	open_ends(&e, client, "box.example");
	assert_true(shake(&e));
	for (turn = 0; turn < TURNS && got < LONG; turn++) {
		/* Pieces of odd sizes, some over a record's. */
		for (i = 0, n = (ssize_t)sent; i < 3; i++) {
			iov[i].iov_base = out + n;
			iov[i].iov_len = (size_t)(turn * 977 + (int)i * 20011) % 40000;
			if (iov[i].iov_len > LONG - (size_t)n)
				iov[i].iov_len = LONG - (size_t)n;
			n += (ssize_t)iov[i].iov_len;
		}
		n = tls_writev(e.s, iov, 3);
		if (n > 0)
			sent += (size_t)n;
		else if (n < 0)
			assert_int_equal(errno, EAGAIN);
		was_unsent |= tls_unsent(e.s);
		assert_true(tls_held(e.s) <= TLS_COST + TLS_UNSENT_MAX);
		n = tls_read(e.c, input, sizeof(input));
		if (n > 0) {
			assert_true((size_t)n <= LONG - got);
			memcpy(in + got, input, (size_t)n);
			got += (size_t)n;
		}
		(void)!tls_flush(e.s);
	}
	assert_int_equal(got, LONG);
	assert_true(was_unsent);
	assert_memory_equal(in, out, LONG);
	assert_false(tls_unsent(e.s));
	tls_end(e.s);
	assert_int_equal(tls_read(e.c, input, sizeof(input)), 0);
	close_ends(&e);
	free(in);
	free(out);
}

static void other_peers(void **state)
{
	static const struct {
		const char *host;
		bool stranger;
		enum tls_fault want;
	} cases[] = {{"other.example", false, TLS_FAULT_HOST},
	    {"192.0.2.2", false, TLS_FAULT_HOST},
	    {"example", false, TLS_FAULT_HOST},
	    {"b\xc3\xbc"
	     "cher.example",
		false, TLS_FAULT_HOST},
	    {"xn--bcher-kva.xn--bcher-kva.example", false, TLS_FAULT_HOST},
	    {"wild.example", false, TLS_FAULT_HOST},
	    {"a.b.wild.example", false, TLS_FAULT_HOST},
	    {"box.example", true, TLS_FAULT_UNTRUSTED}};
	struct ends e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_ends(
		    &e, cases[i].stranger ? stranger : client, cases[i].host);
		assert_false(shake(&e));
		assert_int_equal(tls_fault(e.c), cases[i].want);
		/* It stays what it is. */
		assert_int_equal(tls_read(e.c, input, sizeof(input)), -1);
		assert_int_equal(errno, EPROTO);
		close_ends(&e);
	}
}

/* Names in their ASCII form (IDNA), without regard to case; one label for a
 * pattern. */
static void names(void **state)
{
	static const char *const good[] = {"xn--bcher-kva.example",
	    "XN--Bcher-KVA.Example", "a.wild.example",
	    "xn--bcher-kva.wild.example"};
	struct ends e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		open_ends(&e, client, good[i]);
		assert_true(shake(&e));
		close_ends(&e);
	}
}

/* A stranger's handshake that never ends: no more is read than an honest one
 * has. */
static void endless_hello(void **state)
{
	static const uint8_t hello[] = {22, 3, 1, 0x40, 0, 1, 2, 1, 0, 3, 3};
	static uint8_t zeros[16384];
	ssize_t n = -1;
	struct ends e;
	int i;

	(void)state;
	open_ends(&e, client, "box.example");
	assert_int_equal(
	    write(e.fd[0], hello, sizeof(hello)), (ssize_t)sizeof(hello));
	for (i = 0; i < TURNS && tls_fault(e.s) == TLS_FAULT_NONE; i++) {
		(void)!write(e.fd[0], zeros, sizeof(zeros));
		n = tls_read(e.s, input, sizeof(input));
		assert_int_equal(n, -1);
	}
	assert_int_equal(errno, EPROTO);
	assert_int_equal(tls_fault(e.s), TLS_FAULT_BROKEN);
	assert_string_equal(tls_detail(e.s), "its handshake is too long");
	assert_true(tls_held(e.s) <= TLS_COST_HANDSHAKE);
	close_ends(&e);
}

/* Somebody without TLS is told that there is TLS. */
static void without_tls(void **state)
{
	static const char hello[] = "\0\0\0\x20{\"type\":\"handshake\"}";
	struct ends e;

	(void)state;
	open_ends(&e, client, "box.example");
	assert_true(write(e.fd[0], hello, sizeof(hello)) > 0);
	assert_int_equal(tls_read(e.s, input, sizeof(input)), -1);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(tls_fault(e.s), TLS_FAULT_PLAIN);
	assert_int_equal(read(e.fd[0], input, sizeof(input)), 7);
	assert_memory_equal(input, "\x15\x03\x03\x00\x02\x02\x46", 7);
	close_ends(&e);
}

/* A server that has no place says so before the handshake, and reads no more of
 * it. */
static void no_place(void **state)
{
	const struct iovec word = {(void *)(uintptr_t)"sorry", 5};
	struct ends e;

	(void)state;
	open_ends(&e, client, "box.example");
	assert_int_equal(tls_writev(e.c, &word, 1), -1); /* a ClientHello */
	assert_int_equal(tls_writev(e.s, &word, 1), 5);
	assert_true(tls_read(e.s, input, sizeof(input)) > 5);
	assert_false(tls_ready(e.s));
	assert_int_equal(tls_read(e.c, input, sizeof(input)), -1);
	assert_int_equal(tls_fault(e.c), TLS_FAULT_BUSY);
	close_ends(&e);
}

/* Bytes that came together with a proxy's header. */
static void bytes_read_before(void **state)
{
	const struct iovec word = {(void *)(uintptr_t)"hello", 5};
	struct ends e;
	ssize_t n;

	(void)state;
	open_ends(&e, client, "box.example");
	assert_int_equal(tls_writev(e.c, &word, 1), -1);
	n = read(e.fd[1], input, sizeof(input));
	assert_true(n > 0);
	assert_int_equal(tls_give(e.s, input, (size_t)n), 0);
	assert_true(tls_waiting(e.s));
	assert_int_equal(tls_read(e.s, input, sizeof(input)), -1);
	assert_false(tls_waiting(e.s));
	assert_true(shake(&e));
	close_ends(&e);
}

int main(void)
{
	struct check_group g = {0};
	int failed;

	tls_work_init(&work);
	configure();
	check_add(&g, same_channel, NULL, "both ends have one channel");
	check_add(&g, ciphers, NULL, "the server chooses the cipher");
	check_add(&g, slow_socket, NULL, "a socket that takes little");
	check_add(&g, other_peers, NULL, "another host, another CA");
	check_add(&g, names, NULL, "names in ASCII, patterns");
	check_add(&g, endless_hello, NULL, "a handshake without end");
	check_add(&g, without_tls, NULL, "a peer without TLS");
	check_add(&g, no_place, NULL, "no place before the handshake");
	check_add(&g, bytes_read_before, NULL, "bytes that were read before");
	failed = check_run("tls", &g);
	tls_config_free(server);
	tls_config_free(strong);
	tls_config_free(client);
	tls_config_free(stranger);
	tls_work_free(&work);
	return failed;
}
