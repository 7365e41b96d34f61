/* Certificates beside a transcript. */
#include "client/verify/ca_check.h"

#include <stdlib.h>
#include <time.h>

#include "shared/os/file.h"

static int read_pem(struct tls_pem *out, struct buf *text, const char *path,
    struct errmsg *why)
{
	int r;

	buf_clear(text);
	r = file_read(path, FILE_ANY, text, why);
	if (r == ERR_AGAIN)
		return errmsg_set(why, ERR_USAGE, "there is no file %s", path);
	*out = (struct tls_pem){path, text->p, text->len};
	return r;
}

int ca_check_open(struct ca_check *c, struct errmsg *why)
{
	struct tls_pem pem;
	struct buf text;
	bool own;
	size_t i;
	int r;

	if ((c->der = calloc(c->n + 1, sizeof(*c->der))) == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	for (i = 0; i < c->n; i++)
		buf_init(&c->der[i], WIRE_CERTIFICATE_MAX);
	buf_init(&text, FILE_MAX);
	if ((r = read_pem(&pem, &text, c->path, why)) == 0)
		r = certifier_new(&c->certifier, &pem, NULL, time(NULL), why);
	for (i = 0; r == 0 && i < c->n; i++)
		if ((r = read_pem(&pem, &text, c->file[i], why)) == 0)
			r = certifier_read(&c->der[i], &own, &pem, NULL, why);
	buf_free(&text);
	return r;
}

void ca_check_close(struct ca_check *c)
{
	size_t i;

	for (i = 0; c->der != NULL && i < c->n; i++)
		buf_free(&c->der[i]);
	free(c->der);
	c->der = NULL;
	certifier_free(c->certifier);
	c->certifier = NULL;
}

static enum certifier_fault look(const struct ca_check *c, size_t i,
    const struct check_facts *f, const struct check_person *p)
{
	const struct certifier_of of = {.der = c->der[i].p,
	    .n = c->der[i].len,
	    .name = p->name,
	    .identity = p->identity,
	    .now = (time_t)(f->to_ms / 1000)};

	return certifier_check(c->certifier, &of);
}

enum certifier_fault ca_check_person(const struct ca_check *c,
    const struct check_facts *f, const struct check_person *p)
{
	enum certifier_fault fault, best = CERTIFIER_MISSING;
	size_t i;

	for (i = 0; i < c->n; i++) {
		fault = look(c, i, f, p);
		if (fault == CERTIFIER_NONE)
			return fault;
		if (fault != CERTIFIER_KEY)
			best = fault;
	}
	return best;
}

enum certifier_fault ca_check_file(
    const struct ca_check *c, size_t i, const struct check_facts *f)
{
	enum certifier_fault fault, best = CERTIFIER_KEY;
	size_t k;

	for (k = 0; k < f->n_people; k++) {
		fault = look(c, i, f, &f->person[k]);
		if (fault == CERTIFIER_NONE)
			return fault;
		if (fault != CERTIFIER_KEY)
			best = fault;
	}
	return best;
}
