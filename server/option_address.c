/* option_address.c - sets the options whose value is an address. */
#include "server/option_address.h"

#include <stdlib.h>
#include <string.h>

#include "server/options.h"
#include "shared/wire/uri.h"

static int add(char **list, size_t *n, size_t max, const char *s)
{
	if (*n == max)
		return ERR_LIMIT;
	if ((list[*n] = strdup(s)) == NULL)
		return ERR_NOMEM;
	(*n)++;
	return 0;
}

int option_address_listen(
    void *values, const struct opts_row *row, const char *s)
{
	struct server_options *o = values; /* the values begin with them */
	struct uri u;

	if (uri_parse_listen(&u, s) != 0)
		return ERR_USAGE;
	return add(o->listen, &o->n_listen, row->max, s);
}

int option_address_tls(void *values, const struct opts_row *row, const char *s)
{
	struct server_options *o = values; /* the values begin with them */
	struct uri u;

	if (uri_parse_listen(&u, s) != 0 || u.path[0] != '\0')
		return ERR_USAGE;
	return add(o->tls_listen, &o->n_tls_listen, row->max, s);
}

int option_address_proxy(
    void *values, const struct opts_row *row, const char *s)
{
	struct server_options *o = values; /* the values begin with them */

	(void)row;
	return proxies_add(&o->proxies, s);
}

int option_address_public(
    void *values, const struct opts_row *row, const char *s)
{
	struct server_options *o = values; /* the values begin with them */
	struct uri u;
	char *copy;

	(void)row;
	if (uri_parse_listen(&u, s) != 0 || u.host[0] == '\0' ||
	    strcmp(u.port, "0") == 0)
		return ERR_USAGE;
	if ((copy = strdup(s)) == NULL)
		return ERR_NOMEM;
	free(o->public_name);
	o->public_name = copy;
	return 0;
}
