/* options.c - what does not depend on where the options came from. */
#include "client/options.h"

#include <stdlib.h>
#include <string.h>

#include "shared/os/file.h"
#include "shared/wire/text.h"

bool client_options_name_from(char out[WIRE_NAME_MAX + 1], const char *user)
{
	static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = 0;

	while (*user == '.' || *user == '_' || *user == '-')
		user++;
	for (; *user != '\0' && n < WIRE_NAME_MAX; user++) {
		if (strchr(ok, *user) != NULL)
			out[n++] = *user;
		else if (n > 0 && out[n - 1] != '_')
			out[n++] = '_';
	}
	out[n] = '\0';
	return text_name(out, n);
}

void client_options_free(struct client_options *o)
{
	uri_wipe(&o->server);
	buf_free(&o->password);
	buf_free(&o->config_text);
	free(o->identity);
	free(o->known_servers);
	free(o->known_people);
	free(o->export_folder);
	free(o->save_folder);
	free(o->send_folder);
	free(o->accept);
	free(o->transcript);
	free(o->config);
	free(o->ca);
	free(o->certificate);
	free(o->tls_key);
	memset(o, 0, sizeof(*o));
}

int client_options_write_config(
    const struct client_options *o, struct errmsg *why)
{
	int r = file_write(
	    o->config, o->config_text.p, o->config_text.len, FILE_NEW, why);

	if (r == ERR_STATE)
		errmsg_set(why, r,
		    "%s already exists and was not changed: edit it, or move it "
		    "away first",
		    o->config);
	return r;
}
