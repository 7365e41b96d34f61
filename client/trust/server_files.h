/* server_files.h - where the files are that are kept for each server and
 * identity, in folders beside known_servers. */
#ifndef CONCLAVE_TRUST_SERVER_FILES_H
#define CONCLAVE_TRUST_SERVER_FILES_H

#include <stdint.h>

#include "shared/os/errmsg.h"
#include "shared/wire/wire.h"

/* Borrowed. */
struct server_files {
	const char *known_servers; /* its path */
	const char *server;	   /* servers_name */
	const uint8_t *identity;   /* ours, WIRE_ED25519 bytes */
};
/* Sets *out to the file's path in that folder, which the caller frees, and
 * creates the folder: the sandbox would not let us later. The name is a hash, so
 * it tells neither server nor identity. */
int server_files_path(char **out, const char *folder,
    const struct server_files *of, struct errmsg *why) MUST_CHECK;

#endif
