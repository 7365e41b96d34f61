/* last_server.h - where the user was last, and as whom: what a start without
 * arguments offers. A file `last_server` beside known_servers, with one line:
 *   ADDRESS NAME
 * ADDRESS has no fingerprint, room or secret. Nothing depends on the file: one
 * that is missing, damaged or cannot be written offers nothing. */
#ifndef CONCLAVE_TRUST_LAST_SERVER_H
#define CONCLAVE_TRUST_LAST_SERVER_H

#include "client/trust/servers.h"
#include "shared/wire/uri.h"

struct last_server {
	char address[SERVERS_NAME_MAX]; /* uri_parse takes it; printable */
	char name[WIRE_NAME_MAX + 1];
};
/* False: none is known, or it was forgotten: it is not in known_servers. */
bool last_server_read(struct last_server *out, const char *known_servers);
/* Writes the file, unless it says that already. */
void last_server_keep(
    const char *known_servers, const struct uri *server, const char *name);

#endif
