/* tls_main.c - the TLS of the running server. */
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
	return o->options->n_tls_listen > 0 ? tls_files_start(o, &m->fd) : 0;
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

int tls_main_reload(struct tls_main *m, struct errmsg *why)
{
	struct tls_config *config = NULL;
	struct tls_server_opts o;
	struct tls_files f;
	struct uri u;
	int r;

	tls_files_init(&f);
	if ((r = tls_files_read(m->fd, &f, why)) == 0) {
		o = (struct tls_server_opts){.chain = pem(m, &f, TLS_CERT),
		    .key = pem(m, &f, TLS_KEY),
		    .client_ca = pem(m, &f, TLS_CLIENT_CA),
		    .crl = pem(m, &f, TLS_CRL),
		    .host = public_host(m, &u),
		    .now = time(NULL)};
		r = tls_config_server(&config, &o, why);
	}
	tls_files_free(&f);
	if (r != 0)
		return r;
	note_end(m, tls_config_until(config), o.now);
	snprintf(m->host, sizeof(m->host), "%s", tls_config_host(config));
	tls_door_set(&m->door, config);
	return 0;
}

int tls_main_open(struct tls_main *m)
{
	struct errmsg why;
	int r;

	if (m->fd < 0)
		return 0;
	if ((r = tls_door_init(&m->door)) != 0)
		return r;
	m->ready = true;
	if ((r = tls_main_reload(m, &why)) != 0)
		logger_error(m->log, "tls", "%s", why.text);
	return r;
}

void tls_main_free(struct tls_main *m)
{
	if (m->ready)
		tls_door_free(&m->door);
	m->ready = false;
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}
