/* tls_setup.c - TLS as the options say. */
#include "client/tls_setup.h"

#include <string.h>
#include <time.h>

#include "shared/os/file.h"

/* What the files hold. */
struct texts {
	struct buf ca, chain, key;
};

static int read_pem(struct tls_pem *out, struct buf *text, const char *path,
    unsigned rules, struct errmsg *why)
{
	int r = file_read(path, rules, text, why);

	if (r == ERR_AGAIN)
		return errmsg_set(why, ERR_USAGE, "there is no file %s", path);
	*out = (struct tls_pem){path, text->p, text->len};
	return r;
}

static int read_own(struct tls_client_opts *t, struct texts *b,
    const struct client_options *o, const struct identity *id,
    struct errmsg *why)
{
	int r = read_pem(&t->chain, &b->chain, o->certificate, FILE_ANY, why);

	if (r != 0)
		return r;
	if (o->tls_key != NULL)
		return read_pem(
		    &t->key, &b->key, o->tls_key, FILE_PRIVATE, why);
	if ((r = identity_to_pem(id, &b->key, NULL)) != 0)
		return errmsg_set(why, r, "out of memory");
	t->key = (struct tls_pem){o->identity, b->key.p, b->key.len};
	return 0;
}

static int make(struct tls_config **out, struct texts *b,
    const struct client_options *o, const struct identity *id,
    struct errmsg *why)
{
	struct tls_client_opts t = {.now = time(NULL)};
	int r = 0;

	t.system = o->ca == NULL || strcmp(o->ca, "system") == 0;
	t.unchecked = o->ca != NULL && strcmp(o->ca, "none") == 0;
	if (!t.system && !t.unchecked)
		r = read_pem(&t.ca, &b->ca, o->ca, FILE_ANY, why);
	if (r == 0 && o->certificate != NULL)
		r = read_own(&t, b, o, id, why);
	return r != 0 ? r : tls_config_client(out, &t, why);
}

/* Whom we trust to certify members: only a CA that the user has named. */
static int make_members(
    struct tls_setup *out, const struct client_options *o, struct errmsg *why)
{
	struct tls_pem ca;
	struct buf text;
	int r;

	if (o->ca == NULL || strcmp(o->ca, "system") == 0 ||
	    strcmp(o->ca, "none") == 0)
		return 0;
	buf_init(&text, FILE_MAX);
	if ((r = read_pem(&ca, &text, o->ca, FILE_ANY, why)) == 0)
		r = certifier_new(&out->members, &ca, NULL, time(NULL), why);
	buf_free(&text);
	return r;
}

/* Our certificate, for the card: not one that has a key of its own, for TLS. */
static int make_own(struct tls_setup *out, const struct client_options *o,
    const struct identity *id, struct errmsg *why)
{
	struct tls_pem pem;
	struct buf text;
	bool own = false;
	int r;

	if (o->certificate == NULL)
		return 0;
	buf_init(&text, FILE_MAX);
	if ((r = read_pem(&pem, &text, o->certificate, FILE_ANY, why)) == 0)
		r = certifier_read(
		    &out->certificate, &own, &pem, identity_public(id), why);
	if (r == 0 && own && !certifier_names(&out->certificate, o->name))
		r = errmsg_set(why, ERR_USAGE,
		    "the certificate in %s is for another name than %s: give "
		    "--name as the certificate has it, or get one for this "
		    "name",
		    o->certificate, o->name);
	if (r == 0 && !own && o->tls_key == NULL)
		r = errmsg_set(why, ERR_USAGE,
		    "the certificate in %s is for another identity than %s: "
		    "get "
		    "one for this identity, or give the --key that it belongs "
		    "to",
		    o->certificate, o->identity);
	buf_free(&text);
	return r;
}

static int make_tls(struct tls_config **out, const struct client_options *o,
    const struct identity *id, bool pinned, struct errmsg *why)
{
	struct texts b;
	int r;

	if (!o->server.tls)
		return 0;
	if (o->certificate == NULL && o->tls_key != NULL)
		return errmsg_set(why, ERR_USAGE,
		    "--key is the key of --certificate FILE: give that too");
	if (!pinned && o->ca != NULL && strcmp(o->ca, "none") == 0)
		return errmsg_set(why, ERR_USAGE,
		    "--ca none needs an invite with the server's fingerprint "
		    "(conclaves://HOST:PORT/ROOM#...): without it nothing "
		    "shows "
		    "who answers");
	buf_init(&b.ca, FILE_MAX);
	buf_init(&b.chain, FILE_MAX);
	buf_init_secret(&b.key, FILE_MAX);
	r = make(out, &b, o, id, why);
	buf_free(&b.ca);
	buf_free(&b.chain);
	buf_free(&b.key);
	return r;
}

int tls_setup(struct tls_setup *out, const struct client_options *o,
    const struct identity *id, bool pinned, struct errmsg *why)
{
	int r;

	buf_init(&out->certificate, WIRE_CERTIFICATE_MAX);
	if ((r = make_tls(&out->config, o, id, pinned, why)) != 0 ||
	    (r = make_members(out, o, why)) != 0)
		return r;
	return make_own(out, o, id, why);
}

void tls_setup_free(struct tls_setup *t)
{
	tls_config_free(t->config);
	certifier_free(t->members);
	buf_free(&t->certificate);
}
