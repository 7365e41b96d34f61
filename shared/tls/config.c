/* config.c - makes a TLS configuration of PEM texts, and says what is wrong with
 * them. */
#include "shared/crypto/ossl.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/tls/config_int.h"
#include "shared/tls/trusted.h"

enum {
	DEPTH_SERVER = 6, /* issuers between a server and whom we trust */
	DEPTH_CLIENT = 2,
	CHAIN_BYTES = 64 << 10, /* of a server, at most */
	CLIENT_CHAIN_BYTES = 16 << 10,
};

/* --- certificates --------------------------------------------------------- */

/* No file of TLS has a passphrase: nobody could type it at a reload. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
	bool *asked = arg;

	(void)out;
	(void)size;
	(void)writing;
	*asked = true;
	return -1;
}

static int check_time(
    X509 *x, const struct tls_pem *f, time_t now, struct errmsg *why)
{
	char date[64];

	if (X509_cmp_time(X509_get0_notAfter(x), &now) < 0) {
		trusted_date(date, X509_get0_notAfter(x));
		return errmsg_set(why, ERR_USAGE,
		    "the certificate in %s expired on %s: get a new one",
		    f->name, date);
	}
	if (X509_cmp_time(X509_get0_notBefore(x), &now) > 0) {
		trusted_date(date, X509_get0_notBefore(x));
		return errmsg_set(why, ERR_USAGE,
		    "the certificate in %s is valid only from %s on: check "
		    "this machine's clock",
		    f->name, date);
	}
	return 0;
}

static int check_host(
    X509 *x, const struct tls_pem *f, const char *host, struct errmsg *why)
{
	unsigned char a[sizeof(struct in6_addr)];
	bool ok;

	if (host == NULL)
		return 0;
	if (inet_pton(AF_INET, host, a) == 1 ||
	    inet_pton(AF_INET6, host, a) == 1)
		ok = X509_check_ip_asc(x, host, 0) == 1;
	else
		ok = X509_check_host(x, host, strlen(host),
			 X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
			     X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
			 NULL) == 1;
	return ok ? 0
		  : errmsg_set(why, ERR_USAGE,
			"the certificate in %s is for another host than "
			"\"%s\", "
			"which --public-name gives: get one for it, or correct "
			"the name",
			f->name, host);
}

static int check_purpose(
    X509 *x, const struct tls_pem *f, bool server, struct errmsg *why)
{
	int purpose =
	    server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT;

	if (X509_check_purpose(x, purpose, 0) == 1)
		return 0;
	return errmsg_set(why, ERR_USAGE,
	    "the certificate in %s is not for TLS %s: its purpose (extended "
	    "key "
	    "usage) is another",
	    f->name, server ? "servers" : "clients");
}

/* The first host name of the certificate that is one. */
static void name_host(struct tls_config *c, X509 *x)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	const ASN1_IA5STRING *s;
	const GENERAL_NAME *g;
	int i, n;

	for (i = 0; i < sk_GENERAL_NAME_num(names) && c->host[0] == '\0'; i++) {
		g = sk_GENERAL_NAME_value(names, i);
		if (g->type != GEN_DNS)
			continue;
		s = g->d.dNSName;
		n = ASN1_STRING_length(s);
		if (n < 1 || n > TLS_HOST_MAX ||
		    memchr(ASN1_STRING_get0_data(s), '*', (size_t)n) != NULL ||
		    memchr(ASN1_STRING_get0_data(s), 0, (size_t)n) != NULL)
			continue;
		memcpy(c->host, ASN1_STRING_get0_data(s), (size_t)n);
		c->host[n] = '\0';
	}
	GENERAL_NAMES_free(names);
}

static void note_until(struct tls_config *c, X509 *x)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) == 1)
		c->until = timegm(&tm);
}

struct own {
	const struct tls_pem *chain, *key;
	const char *host;
	time_t now;
	bool server;
};

static int use_leaf(
    struct tls_config *c, X509 *x, const struct own *o, struct errmsg *why)
{
	int r;

	if ((r = check_time(x, o->chain, o->now, why)) != 0 ||
	    (r = check_host(x, o->chain, o->host, why)) != 0 ||
	    (r = check_purpose(x, o->chain, o->server, why)) != 0)
		return r;
	if (SSL_CTX_use_certificate(c->ctx, x) != 1)
		return trusted_refused(o->chain, "certificate", why);
	name_host(c, x);
	note_until(c, x);
	return 0;
}

static int use_chain(
    struct tls_config *c, const struct own *o, struct errmsg *why)
{
	BIO *b = trusted_text(o->chain);
	X509 *x = NULL;
	int r;

	if (b == NULL)
		return trusted_no_memory(why);
	r = trusted_next(&x, b, o->chain, why);
	if (r == ERR_AGAIN)
		r = errmsg_set(why, ERR_USAGE,
		    "%s holds no certificate (-----BEGIN CERTIFICATE-----)",
		    o->chain->name);
	if (r == 0)
		r = use_leaf(c, x, o, why);
	X509_free(x);
	while (r == 0 && (r = trusted_next(&x, b, o->chain, why)) == 0)
		if (SSL_CTX_add_extra_chain_cert(c->ctx, x) != 1) {
			X509_free(x);
			r = trusted_refused(o->chain, "chain", why);
		}
	BIO_free(b);
	return r == ERR_AGAIN ? 0 : r;
}

static int use_key(
    struct tls_config *c, const struct own *o, struct errmsg *why)
{
	const struct tls_pem *f = o->key;
	BIO *b = trusted_text(f);
	bool asked = false;
	EVP_PKEY *key;
	int r = 0;

	if (b == NULL)
		return trusted_no_memory(why);
	key = PEM_read_bio_PrivateKey(b, NULL, no_passphrase, &asked);
	BIO_free(b);
	if (key == NULL && asked)
		r = errmsg_set(why, ERR_USAGE,
		    "the key in %s has a passphrase, which nobody can type "
		    "here: `openssl pkey -in FILE -out FILE` takes it off",
		    f->name);
	else if (key == NULL && oom_seen())
		r = trusted_no_memory(why);
	else if (key == NULL)
		r = errmsg_set(why, ERR_USAGE,
		    "%s holds no private key in PEM (-----BEGIN PRIVATE "
		    "KEY-----)",
		    f->name);
	else if (X509_check_private_key(
		     SSL_CTX_get0_certificate(c->ctx), key) != 1)
		r = errmsg_set(why, ERR_USAGE,
		    "%s is the key of another certificate than the one in %s",
		    f->name, o->chain->name);
	else if (SSL_CTX_use_PrivateKey(c->ctx, key) != 1)
		r = trusted_refused(f, "key", why);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return r;
}

static int use_own(
    struct tls_config *c, const struct own *o, struct errmsg *why)
{
	int r = use_chain(c, o, why);

	return r == 0 ? use_key(c, o, why) : r;
}

/* --- whom we trust -------------------------------------------------------- */

/* The files in which systems keep whom they trust. */
static int trust_system(struct tls_config *c, struct errmsg *why)
{
	static const char *const places[] = {
	    "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
	    "/etc/ssl/cert.pem"};
	const char *given = getenv(X509_get_default_cert_file_env());
	const char *path = NULL;
	struct stat st;
	size_t i;

	if (given != NULL && given[0] != '\0')
		path = given;
	for (i = 0; path == NULL && i < sizeof(places) / sizeof(places[0]); i++)
		if (stat(places[i], &st) == 0)
			path = places[i];
	if (path == NULL)
		return errmsg_set(why, ERR_USAGE,
		    "this machine has no list of certification authorities "
		    "(package ca-certificates): give --ca FILE");
	if (SSL_CTX_load_verify_file(c->ctx, path) == 1)
		return 0;
	if (oom_seen())
		return trusted_no_memory(why);
	ERR_clear_error();
	return errmsg_set(why, ERR_USAGE,
	    "cannot read the certification authorities in %s: give --ca FILE",
	    path);
}

/* --- configurations ------------------------------------------------------- */

/* Hybrid where libssl has it. Others would let a stranger choose what costs a
 * server most: ffdhe8192 takes a hundred times as long. */
static bool set_groups(SSL_CTX *ctx)
{
	if (SSL_CTX_set1_groups_list(ctx, "X25519MLKEM768:X25519:P-256") == 1)
		return true;
	ERR_clear_error();
	return SSL_CTX_set1_groups_list(ctx, "X25519:P-256") == 1;
}

/* AES-128 takes a twelfth less time than AES-256, and is no weaker than X25519.
 * A client that would rather have ChaCha20, as it has no AES in hardware, gets
 * it. */
static bool set_ciphers(SSL_CTX *ctx, bool strong)
{
	SSL_CTX_set_options(
	    ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	return SSL_CTX_set_ciphersuites(
		   ctx, strong ? "TLS_AES_256_GCM_SHA384:"
				 "TLS_CHACHA20_POLY1305_SHA256:"
				 "TLS_AES_128_GCM_SHA256"
			       : "TLS_AES_128_GCM_SHA256:"
				 "TLS_AES_256_GCM_SHA384:"
				 "TLS_CHACHA20_POLY1305_SHA256") == 1;
}

static int begin(struct tls_config **out, bool client, struct errmsg *why)
{
	struct tls_config *c = calloc(1, sizeof(*c));

	*out = NULL;
	oom_forget();
	if (c == NULL)
		return trusted_no_memory(why);
	c->client = client;
	c->ctx =
	    SSL_CTX_new(client ? TLS_client_method() : TLS_server_method());
	if (c->ctx == NULL ||
	    SSL_CTX_set_min_proto_version(c->ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(c->ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_num_tickets(c->ctx, 0) != 1 || !set_groups(c->ctx)) {
		tls_config_free(c);
		if (oom_seen())
			return trusted_no_memory(why);
		ERR_clear_error();
		return errmsg_set(
		    why, ERR_USAGE, "this machine's OpenSSL has no TLS 1.3");
	}
	SSL_CTX_set_security_level(c->ctx, 2);
	SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(c->ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					SSL_OP_NO_COMPRESSION |
					SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* One record a call: a peer that sends key updates without end takes no
	 * more of a step than others. */
	SSL_CTX_clear_mode(c->ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_mode(c->ctx, SSL_MODE_RELEASE_BUFFERS |
				     SSL_MODE_ENABLE_PARTIAL_WRITE |
				     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	*out = c;
	return 0;
}

static int end(struct tls_config **out, struct tls_config *c, int r)
{
	ERR_clear_error();
	if (r != 0) {
		tls_config_free(c);
		c = NULL;
	}
	*out = c;
	return r;
}

int tls_config_server(struct tls_config **out, const struct tls_server_opts *o,
    struct errmsg *why)
{
	const struct own own = {&o->chain, &o->key, o->host, o->now, true};
	struct tls_config *c;
	int r = begin(&c, false, why);

	if (r != 0)
		return end(out, c, r);
	if (!set_ciphers(c->ctx, o->strong))
		return end(out, c, trusted_no_memory(why));
	SSL_CTX_set_max_cert_list(c->ctx, CLIENT_CHAIN_BYTES);
	r = use_own(c, &own, why);
	if (r == 0 && o->client_ca.name != NULL) {
		c->asks = CLIENT_CHAIN_BYTES;
		SSL_CTX_set_verify(c->ctx,
		    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		SSL_CTX_set_verify_depth(c->ctx, DEPTH_CLIENT);
		r = trusted_load(SSL_CTX_get_cert_store(c->ctx), &o->client_ca,
		    &o->crl, o->now, why);
	}
	return end(out, c, r);
}

int tls_config_client(struct tls_config **out, const struct tls_client_opts *o,
    struct errmsg *why)
{
	const struct own own = {&o->chain, &o->key, NULL, o->now, false};
	struct tls_config *c;
	int r = begin(&c, true, why);

	if (r != 0)
		return end(out, c, r);
	c->unchecked = o->unchecked;
	SSL_CTX_set_max_cert_list(c->ctx, CHAIN_BYTES);
	SSL_CTX_set_verify_depth(c->ctx, DEPTH_SERVER);
	SSL_CTX_set_verify(
	    c->ctx, o->unchecked ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	if (o->system)
		r = trust_system(c, why);
	else if (!o->unchecked)
		r = trusted_load(
		    SSL_CTX_get_cert_store(c->ctx), &o->ca, NULL, o->now, why);
	if (r == 0 && o->chain.name != NULL)
		r = use_own(c, &own, why);
	return end(out, c, r);
}

void tls_config_free(struct tls_config *c)
{
	if (c == NULL)
		return;
	SSL_CTX_free(c->ctx);
	free(c);
}

const char *tls_config_host(const struct tls_config *c)
{
	return c->host;
}

time_t tls_config_until(const struct tls_config *c)
{
	return c->until;
}
