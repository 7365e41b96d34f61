/* tls_main.c - the certificates of the running server. */
#include "server/tls_main.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/wire/uri.h"

enum { SOON_S = 14 * 24 * 3600 };

int tls_main_start(struct tls_main *m, const struct tls_files_opts *o)
{
	m->options = o->options;
	m->log = o->log;
	return o->options->n_tls_listen > 0 ||
		       o->options->require_certificate != NULL
		   ? tls_files_start(o, &m->fd)
		   : 0;
}

static struct tls_pem pem(
    const struct tls_main *m, const struct tls_files *f, size_t which)
{
	return (struct tls_pem){tls_files_path(m->options, which),
	    f->text[which].p, f->text[which].len};
}

/* The certificate is the one that clients look for: they use the public name. */
static const char *public_host(const struct tls_main *m, struct uri *u)
{
	return m->options->public_name != NULL &&
		       uri_parse_listen(u, m->options->public_name) == 0
		   ? u->host
		   : NULL;
}

static void note_end(const struct tls_main *m, time_t until, time_t now)
{
	long days = (long)((until - now) / 86400);

	if (until - now < SOON_S)
		logger_warn(m->log, "tls",
		    "the certificate in %s expires in %ld day%s: get a new one, "
		    "and reload",
		    m->options->tls_cert, days, days == 1 ? "" : "s");
}

static int make_door(struct tls_main *m, const struct tls_files *f,
    struct tls_config **out, struct errmsg *why)
{
	struct uri u;
	const struct tls_server_opts o = {.chain = pem(m, f, TLS_CERT),
	    .key = pem(m, f, TLS_KEY),
	    .client_ca = pem(m, f, TLS_CLIENT_CA),
	    .crl = pem(m, f, TLS_CRL),
	    .host = public_host(m, &u),
	    .now = time(NULL),
	    .strong = m->options->require_pq};
	int r = tls_config_server(out, &o, why);

	if (r == 0)
		note_end(m, tls_config_until(*out), o.now);
	return r;
}

/* The lists may stand in the CA's file. */
static int make_certifier(struct tls_main *m, const struct tls_files *f,
    struct certifier **out, struct errmsg *why)
{
	const struct tls_pem ca = pem(m, f, TLS_MEMBER_CA);
	const struct tls_pem crl = pem(m, f, TLS_MEMBER_CRL);

	return certifier_new(
	    out, &ca, crl.name != NULL ? &crl : NULL, time(NULL), why);
}

/* All that is new takes effect, or nothing does. */
static int make(
    struct tls_main *m, const struct tls_files *f, struct errmsg *why)
{
	struct tls_config *config = NULL;
	struct certifier *by = NULL;
	int r = m->ready ? make_door(m, f, &config, why) : 0;

	if (r == 0 && m->certifies)
		r = make_certifier(m, f, &by, why);
	if (r != 0) {
		tls_config_free(config);
		return r;
	}
	if (m->ready) {
		snprintf(
		    m->host, sizeof(m->host), "%s", tls_config_host(config));
		tls_door_set(&m->door, config);
	}
	if (m->certifies)
		certify_set(&m->members, by);
	return 0;
}

int tls_main_reload(struct tls_main *m, struct errmsg *why)
{
	struct tls_files f;
	int r;

	tls_files_init(&f);
	if ((r = tls_files_read(m->fd, &f, why)) == 0)
		r = make(m, &f, why);
	tls_files_free(&f);
	return r;
}

int tls_main_open(struct tls_main *m)
{
	struct errmsg why;
	int r = 0;

	if (m->fd < 0)
		return 0;
	if (m->options->n_tls_listen > 0) {
		if ((r = tls_door_init(&m->door)) != 0)
			return r;
		m->ready = true;
	}
	if (m->options->require_certificate != NULL) {
		if ((r = certify_init(&m->members)) != 0)
			return r;
		m->certifies = true;
	}
	if ((r = tls_main_reload(m, &why)) != 0)
		logger_error(m->log, "tls", "%s", why.text);
	return r;
}

void tls_main_free(struct tls_main *m)
{
	if (m->ready)
		tls_door_free(&m->door);
	m->ready = false;
	if (m->certifies)
		certify_free(&m->members);
	m->certifies = false;
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}
