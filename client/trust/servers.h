/* servers.h - known_servers: which identity each server has.
 *
 * A text file with one record per line, like OpenSSH's known_hosts:
 *   HOST:PORT FINGERPRINT [# comment]
 * HOST is in lower case, an IPv6 address in brackets. A Unix socket is its
 * path, with blanks, '#' and '%' written as %20, %23 and %25. FINGERPRINT is
 * the SHA-256 of the server's public key in base64url. A line that is not
 * understood, or that contradicts another, is an error (ERR_USAGE): a pin that
 * is there must never be taken for none. */
#ifndef CONCLAVE_TRUST_SERVERS_H
#define CONCLAVE_TRUST_SERVERS_H

#include "shared/wire/uri.h"
#include "shared/os/file.h"
#include "client/trust/records.h"

/* Fits any server's name, even with every byte of a path escaped. */
enum { SERVERS_NAME_MAX = 3 * URI_HOST_MAX + 16 };

/* Formats a server's name as the file and the user interface show it. */
void servers_name(char out[SERVERS_NAME_MAX], const struct uri *u);

/* Finds a server's pinned fingerprint; sets *known to false if there is
 * none. */
int servers_find(const char *path, const char *name, bool *known,
    uint8_t fingerprint[WIRE_HASH], struct errmsg *why) MUST_CHECK;

/* Pins an authenticated server. Returns 0 without writing if it is pinned to
 * the same fingerprint already, and ERR_PIN if it is pinned to another. */
int servers_add(const char *path, const char *name,
    const uint8_t fingerprint[WIRE_HASH], const char *comment,
    struct errmsg *why) MUST_CHECK;

/* Removes every line of a server, also broken ones that begin with its name; *n
 * is the number removed. All other lines are kept as they are. */
int servers_forget(const char *path, const char *name, size_t *n,
    struct errmsg *why) MUST_CHECK;

#endif
