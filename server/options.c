/* options.c - what does not depend on where the options came from. */
#include "server/options.h"

#include <stdlib.h>

#include "shared/base/secret.h"

enum {
	GROUPS = 6,
	GROUP_LEN = 4,
};

int server_options_make_password(
    struct server_options *o, const struct rng *rng)
{
	/* 32 characters, so that five random bits select one without bias. l,
	 * o, 0 and 1 are left out because they are easily confused. */
	static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t random[GROUPS * GROUP_LEN];
	size_t i;
	int r;

	buf_free(&o->password);
	if ((r = rng->fill(rng->arg, random, sizeof(random))) != 0)
		goto out;
	for (i = 0; i < sizeof(random) && r == 0; i++) {
		if (i > 0 && i % GROUP_LEN == 0)
			r = buf_u8(&o->password, '-');
		if (r == 0)
			r = buf_u8(
			    &o->password, (uint8_t)alphabet[random[i] & 31]);
	}
	o->password_made = r == 0;
out:
	secret_wipe(random, sizeof(random));
	return r;
}

struct blob_limits server_options_files(const struct server_options *o)
{
	struct blob_limits l = o->files;

	if (l.all == 0)
		l.all = 1; /* not even one, if a process runs already */
	l.keep_ms = (uint64_t)o->files_days * 24 * 3600 * 1000;
	return l;
}

void server_options_free(struct server_options *o)
{
	while (o->n_listen > 0)
		free(o->listen[--o->n_listen]);
	while (o->n_tls_listen > 0)
		free(o->tls_listen[--o->n_tls_listen]);
	free(o->tls_cert);
	free(o->tls_key);
	free(o->tls_client_ca);
	free(o->require_certificate);
	free(o->crl);
	free(o->tls_crl);
	o->tls_cert = o->tls_key = o->tls_client_ca = o->tls_crl = NULL;
	o->require_certificate = o->crl = NULL;
	buf_free(&o->password);
	free(o->state_dir);
	free(o->public_name);
	free(o->user);
	free(o->record);
	free(o->make_record);
	free(o->contact);
	free(o->control);
	free(o->control_group);
	free(o->config);
	o->state_dir = o->public_name = o->user = NULL;
	o->record = o->make_record = o->contact = NULL;
	o->control = o->control_group = o->config = NULL;
}
