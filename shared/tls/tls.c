/* tls.c - one TLS connection: libssl between the socket and its owner. */
#include "shared/crypto/ossl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "shared/base/secret.h"
#include "shared/tls/config_int.h"
#include "shared/tls/tls.h"

enum {
	/* Records of one writev; what libssl adds to each. */
	RECORDS = 4,
	RECORD_OVER = 512,
	/* What a client may send in its handshake: libssl would keep 128 KiB of
	 * one message for each stranger who begins it. With certificates, these
	 * besides (config.c). */
	HELLO_MAX = 8 << 10,
	/* RFC 8446 section 5.5: AES-GCM protects 2^24.5 records of a key. */
	RECORDS_OF_KEY = 1 << 23,
};

struct tls {
	SSL *ssl;
	struct tls_work *work; /* borrowed */
	int fd;		       /* borrowed */
	struct buf given;      /* to be read before the socket */
	struct buf rest;       /* encrypted, not sent yet */
	uint32_t records; /* written under this key */
	size_t left;	  /* bytes that a client may still send before its
			     handshake is over */
	bool client, failed;
	bool spoken; /* something was sent */
	bool refused;
	bool endless; /* its handshake is longer than it may be */
	bool untold; /* the end, or a fault, that no read has returned */
	enum tls_fault fault;
	const char *detail; /* static */
};

/* --- the socket, as libssl sees it ---------------------------------------- */

static ssize_t take(BIO *b, struct tls *t, char *p, size_t n)
{
	ssize_t got;

	if (t->given.len > 0) {
		if (n > t->given.len)
			n = t->given.len;
		memcpy(p, t->given.p, n);
		buf_consume(&t->given, n);
		if (t->given.len == 0)
			buf_free(&t->given);
		return (ssize_t)n;
	}
	got = recv(t->fd, p, n, 0);
	if (got < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_read(b);
	if (got == 0)
		BIO_set_flags(b, BIO_FLAGS_IN_EOF);
	return got;
}

static int socket_read(BIO *b, char *p, int n)
{
	struct tls *t = BIO_get_data(b);
	ssize_t got;

	BIO_clear_retry_flags(b);
	if (n <= 0)
		return 0;
	if (!t->client && !tls_ready(t)) {
		if (t->left == 0) {
			t->endless = true;
			return -1;
		}
		if ((size_t)n > t->left)
			n = (int)t->left;
	}
	got = take(b, t, p, (size_t)n);
	if (got > 0 && (size_t)got <= t->left)
		t->left -= (size_t)got;
	return (int)got;
}

/* Always takes everything: see tls_send. */
static int socket_write(BIO *b, const char *p, int n)
{
	struct tls *t = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	if (n <= 0)
		return 0;
	return buf_put(&t->work->out, p, (size_t)n) == 0 ? n : -1;
}

static long socket_control(BIO *b, int what, long n, void *p)
{
	(void)n;
	(void)p;
	if (what == BIO_CTRL_EOF)
		return BIO_test_flags(b, BIO_FLAGS_IN_EOF) != 0;
	return what == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *method_new(void)
{
	BIO_METHOD *m =
	    BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");

	if (m != NULL && BIO_meth_set_read(m, socket_read) == 1 &&
	    BIO_meth_set_write(m, socket_write) == 1 &&
	    BIO_meth_set_ctrl(m, socket_control) == 1)
		return m;
	BIO_meth_free(m);
	return NULL;
}

/* --- scratch memory ------------------------------------------------------- */

void tls_work_init(struct tls_work *w)
{
	w->plain = NULL;
	w->method = NULL;
	buf_init(&w->out, TLS_UNSENT_MAX);
}

void tls_work_free(struct tls_work *w)
{
	if (w->plain != NULL)
		secret_wipe(w->plain, TLS_RECORD);
	free(w->plain);
	w->plain = NULL;
	BIO_meth_free(w->method);
	w->method = NULL;
	buf_free(&w->out);
}

/* All of it at once, so that nothing fails later for want of it. */
static int work_reserve(struct tls_work *w)
{
	if (w->method == NULL && (w->method = method_new()) == NULL)
		return ERR_NOMEM;
	if (w->plain == NULL && (w->plain = malloc(TLS_RECORD)) == NULL)
		return ERR_NOMEM;
	return buf_reserve(
	    &w->out, (size_t)RECORDS * (TLS_RECORD + RECORD_OVER));
}

/* --- beginning and end ---------------------------------------------------- */

/* Whom the peer must be. */
static bool expect(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	char name[TLS_HOST_MAX + 1];
	unsigned char address[sizeof(struct in6_addr)];
	size_t n = strcspn(host, "%"); /* without an interface */

	if (n > TLS_HOST_MAX)
		return false;
	memcpy(name, host, n);
	name[n] = '\0';
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
		X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (inet_pton(AF_INET, name, address) == 1 ||
	    inet_pton(AF_INET6, name, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
	return X509_VERIFY_PARAM_set1_host(param, name, n) == 1 &&
	       SSL_set_tlsext_host_name(ssl, name) == 1;
}

static bool begin(struct tls *t, const struct tls_config *c, const char *host)
{
	BIO *b = BIO_new(t->work->method);

	if (b == NULL)
		return false;
	BIO_set_data(b, t);
	BIO_set_init(b, 1);
	if ((t->ssl = SSL_new(c->ctx)) == NULL) {
		BIO_free(b);
		return false;
	}
	SSL_set_bio(t->ssl, b, b);
	if (!c->client) {
		SSL_set_accept_state(t->ssl);
		return true;
	}
	SSL_set_connect_state(t->ssl);
	return c->unchecked || expect(t->ssl, host);
}

struct tls *tls_new(const struct tls_config *c, struct tls_work *w, int fd,
    const char *host)
{
	struct tls *t = calloc(1, sizeof(*t));
	bool ok;

	if (t == NULL)
		return NULL;
	t->work = w;
	t->fd = fd;
	t->client = c->client;
	t->left = HELLO_MAX + c->asks;
	t->detail = "";
	buf_init(&t->given, TLS_UNSENT_MAX);
	buf_init(&t->rest, TLS_UNSENT_MAX);
	ok = work_reserve(w) == 0 && begin(t, c, host);
	ERR_clear_error();
	if (ok)
		return t;
	tls_free(t);
	return NULL;
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	buf_free(&t->given);
	buf_free(&t->rest);
	free(t);
}

int tls_give(struct tls *t, const void *p, size_t n)
{
	return buf_put(&t->given, p, n);
}

bool tls_waiting(const struct tls *t)
{
	return t->given.len > 0 || t->untold;
}

bool tls_ready(const struct tls *t)
{
	return SSL_is_init_finished(t->ssl) == 1;
}

int tls_exporter(struct tls *t, uint8_t out[WIRE_CHANNEL])
{
	static const char label[] = "EXPORTER-Channel-Binding";

	if (!tls_ready(t))
		return ERR_STATE;
	if (SSL_export_keying_material(t->ssl, out, WIRE_CHANNEL, label,
		sizeof(label) - 1, NULL, 0, 1) == 1)
		return 0;
	return ossl_failed();
}

/* --- what is sent ---------------------------------------------------------- */

/* Keeps what the socket does not take. */
static int keep(struct tls *t, const uint8_t *p, size_t n)
{
	if (n == 0 || buf_put(&t->rest, p, n) == 0)
		return 0;
	errno = ENOBUFS;
	return -1;
}

int tls_flush(struct tls *t)
{
	ssize_t sent;

	while (t->rest.len > 0) {
		sent = send(t->fd, t->rest.p, t->rest.len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -1;
		buf_consume(&t->rest, (size_t)sent);
	}
	if (t->rest.cap > 0)
		buf_free(&t->rest);
	return 0;
}

/* Sends what libssl has written in this call. */
static int push(struct tls *t)
{
	struct buf *out = &t->work->out;
	ssize_t sent = 0;
	int r = 0, e;

	if (out->len == 0)
		return 0;
	t->spoken = true;
	if (t->rest.len == 0) {
		do {
			sent = send(t->fd, out->p, out->len, MSG_NOSIGNAL);
		} while (sent < 0 && errno == EINTR);
	}
	if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		r = -1;
	else
		r = keep(t, out->p + (sent > 0 ? sent : 0),
		    out->len - (size_t)(sent > 0 ? sent : 0));
	e = errno;
	buf_clear(out);
	errno = e;
	return r;
}

/* --- faults --------------------------------------------------------------- */

enum tls_fault tls_fault(const struct tls *t)
{
	return t->fault;
}

const char *tls_detail(const struct tls *t)
{
	return t->detail;
}

/* libssl says nothing to somebody who does not speak TLS. This alert tells our
 * client, and others, that there is TLS here. */
static void answer_plain(struct tls *t)
{
	static const uint8_t alert[] = {0x15, 3, 3, 0, 2, 2, 70};

	if (!t->client && t->fault == TLS_FAULT_PLAIN && !tls_ready(t) &&
	    t->work->out.len == 0)
		(void)!buf_put(&t->work->out, alert, sizeof(alert));
}

/* Nothing can be said inside TLS yet. Our client takes this alert for a hint that
 * it should come again, and anybody else for what it is. */
static void say_busy(struct tls *t)
{
	static const uint8_t alert[] = {0x15, 3, 3, 0, 2, 2, 80};

	if (!t->spoken && buf_put(&t->work->out, alert, sizeof(alert)) == 0)
		(void)!push(t);
	t->refused = true;
}

static void fail(struct tls *t)
{
	unsigned long e = ERR_peek_last_error(), first = ERR_peek_error();
	long result = SSL_get_verify_result(t->ssl);
	const char *text = NULL;

	t->failed = true;
	if (result != X509_V_OK) {
		t->fault = tls_fault_of_chain(result);
		text = X509_verify_cert_error_string(result);
	} else {
		t->fault = tls_fault_of_reason(ERR_GET_REASON(e));
		if (t->fault == TLS_FAULT_BROKEN)
			t->fault = tls_fault_of_reason(ERR_GET_REASON(first));
		text = ERR_reason_error_string(e);
	}
	t->detail = text != NULL ? text : "";
	answer_plain(t);
}

/* A fault stays: libssl would report the end of the stream next. */
static bool faulty(const struct tls *t)
{
	if (t->fault == TLS_FAULT_NONE)
		return false;
	errno = EPROTO;
	return true;
}

/* --- bytes ---------------------------------------------------------------- */

bool tls_unsent(const struct tls *t)
{
	return t->rest.len > 0;
}

size_t tls_held(const struct tls *t)
{
	return (tls_ready(t) ? TLS_COST : TLS_COST_HANDSHAKE) + t->rest.cap +
	       t->given.cap;
}

/* What a call of libssl that returned no bytes means: 0 at the end of the
 * stream, or -1 with errno. */
static ssize_t no_bytes(struct tls *t, int r, int error)
{
	switch (SSL_get_error(t->ssl, r)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		if (t->endless) {
			t->failed = true;
			t->fault = TLS_FAULT_BROKEN;
			t->detail = "its handshake is too long";
			errno = EPROTO;
			return -1;
		}
		if (error == 0 || oom_seen())
			error = error == 0 ? 0 : ENOMEM;
		if (error == 0)
			return 0;
		t->failed = true;
		errno = error;
		return -1;
	default:
		fail(t);
		errno = EPROTO;
		return -1;
	}
}

ssize_t tls_read(struct tls *t, void *p, size_t n)
{
	size_t got = 0;
	ssize_t end = -1;
	int r, e;

	t->untold = false;
	if (t->refused)
		return recv(t->fd, p, n, 0);
	if (faulty(t))
		return -1;
	do {
		ERR_clear_error();
		errno = 0;
		r = SSL_read(t->ssl, (uint8_t *)p + got, (int)(n - got));
		if (r > 0)
			got += (size_t)r;
	} while (r > 0 && n - got >= TLS_RECORD);
	e = errno;
	if (r <= 0)
		end = no_bytes(t, r, e);
	e = errno;
	(void)!push(t); /* reading finds out that the socket is broken */
	ERR_clear_error();
	if (got > 0) {
		/* The socket may have nothing more to be woken by. */
		t->untold = r <= 0 && (end == 0 || e != EAGAIN);
		return (ssize_t)got;
	}
	errno = e;
	return end;
}

/* Both directions get new keys. */
static void count_record(struct tls *t)
{
	if (++t->records < RECORDS_OF_KEY)
		return;
	t->records = 0;
	(void)SSL_key_update(t->ssl, SSL_KEY_UPDATE_REQUESTED);
}

/* The next bytes, at most a record's, in one piece. Advances both indices. */
static const void *piece(struct tls *t, const struct iovec *iov, int n, int *at,
    size_t *off, size_t *len)
{
	const uint8_t *p = (const uint8_t *)iov[*at].iov_base + *off;
	size_t left = iov[*at].iov_len - *off, take;

	*len = 0;
	if (left >= TLS_RECORD || *at == n - 1) {
		*len = left < TLS_RECORD ? left : TLS_RECORD;
		*off += *len;
		if (*off == iov[*at].iov_len) {
			(*at)++;
			*off = 0;
		}
		return p;
	}
	while (*at < n && *len < TLS_RECORD) {
		p = (const uint8_t *)iov[*at].iov_base + *off;
		left = iov[*at].iov_len - *off;
		take = left < TLS_RECORD - *len ? left : TLS_RECORD - *len;
		memcpy(t->work->plain + *len, p, take);
		*len += take;
		*off += take;
		if (*off == iov[*at].iov_len) {
			(*at)++;
			*off = 0;
		}
	}
	return t->work->plain;
}

ssize_t tls_writev(struct tls *t, const struct iovec *iov, int n)
{
	size_t off = 0, len, taken = 0;
	int at = 0, r = 1, records, e = 0;
	ssize_t end = -1;
	const void *p;

	if (!t->client && !tls_ready(t)) {
		say_busy(t);
		for (; at < n; at++)
			taken += iov[at].iov_len;
		return (ssize_t)taken;
	}
	if (faulty(t) || tls_flush(t) != 0)
		return -1;
	for (records = 0; at < n && records < RECORDS; records++) {
		p = piece(t, iov, n, &at, &off, &len);
		if (len == 0)
			continue;
		ERR_clear_error();
		errno = 0;
		r = SSL_write(t->ssl, p, (int)len);
		e = errno;
		if (r <= 0)
			break;
		taken += len;
		count_record(t);
	}
	if (r <= 0)
		end = no_bytes(t, r, e);
	e = errno;
	if (push(t) != 0) {
		ERR_clear_error();
		return -1;
	}
	ERR_clear_error();
	if (taken > 0 || r > 0)
		return (ssize_t)taken;
	errno = end == 0 ? EPIPE : e;
	return -1;
}

void tls_end(struct tls *t)
{
	if (t->failed || !tls_ready(t))
		return;
	ERR_clear_error();
	(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
	(void)!push(t);
}
