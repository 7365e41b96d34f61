/* tls.c - the client side of TLS 1.3, for servers that use it. It does not
 * verify certificates, which does not change the servers' cost. */
#include <errno.h>
#include <stdio.h>

#include "tests/bench/ssl.h"

#include "tests/bench/load.h"

int tls_init(struct load *l)
{
	SSL_CTX *x = SSL_CTX_new(TLS_client_method());

	if (x == NULL)
		return ERR_CRYPTO;
	l->ssl = x;
	SSL_CTX_set_min_proto_version(x, TLS1_3_VERSION);
	SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(x, SSL_MODE_RELEASE_BUFFERS |
				SSL_MODE_ENABLE_PARTIAL_WRITE |
				SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (l->o.cert != NULL && (SSL_CTX_use_certificate_file(
				      x, l->o.cert, SSL_FILETYPE_PEM) != 1 ||
				     SSL_CTX_use_PrivateKey_file(
					 x, l->o.key, SSL_FILETYPE_PEM) != 1)) {
		fprintf(stderr, "load: no usable %s\n", l->o.cert);
		return ERR_KEY;
	}
	return 0;
}

int tls_open(struct conn *c)
{
	if ((c->ssl = SSL_new(c->load->ssl)) == NULL ||
	    SSL_set_fd(c->ssl, c->fd) != 1)
		return ERR_NOMEM;
	SSL_set_connect_state(c->ssl);
	return 0;
}

static int tls_wants(struct conn *c, int r)
{
	int why = SSL_get_error(c->ssl, r);

	ERR_clear_error();
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

int tls_shake(struct conn *c)
{
	int r = SSL_do_handshake(c->ssl);

	if (r == 1)
		return 1;
	return tls_wants(c, r) ? 0 : -1;
}

int tls_channel(struct conn *c, uint8_t out[32])
{
	static const char label[] = "EXPORTER-Channel-Binding";

	return SSL_export_keying_material(c->ssl, out, 32, label,
		   sizeof(label) - 1, NULL, 0, 1) == 1
		   ? 0
		   : ERR_CRYPTO;
}

ssize_t tls_read(struct conn *c, void *p, size_t n)
{
	size_t all = 0, got;
	int r = 1;

	/* libssl returns at most one record per call. */
	while (all < n && (r = SSL_read_ex(
			       c->ssl, (uint8_t *)p + all, n - all, &got)) == 1)
		all += got;
	if (all > 0)
		return (ssize_t)all;
	if (tls_wants(c, r)) {
		errno = EAGAIN;
		return -1;
	}
	return 0;
}

ssize_t tls_write(struct conn *c, const void *p, size_t n)
{
	size_t wrote;
	int r = SSL_write_ex(c->ssl, p, n, &wrote);

	if (r == 1)
		return (ssize_t)wrote;
	errno = tls_wants(c, r) ? EAGAIN : EPIPE;
	return -1;
}
