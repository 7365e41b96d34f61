/* servers.h - known_servers: which identity a server has.
 *
 * A text file, one line each, like OpenSSH's known_hosts:
 *   HOST:PORT FINGERPRINT [# comment]
 * HOST is in lower case, an IPv6 address in brackets; a Unix socket is its
 * path, with blanks, '#' and '%' as %20, %23 and %25. FINGERPRINT is base64url
 * of the SHA-256 of the server's public key. The first line of a server
 * counts. Lines that are not understood are reported, skipped, and kept. */
#ifndef CONCLAVE_TRUST_SERVERS_H
#define CONCLAVE_TRUST_SERVERS_H

#include "shared/wire/uri.h"
#include "shared/os/file.h"
#include "client/trust/records.h"

/* Room for any server's name, every byte of a path escaped. */
enum { SERVERS_NAME_MAX = 3 * URI_HOST_MAX + 16 };

/* The name of a server in the file, and to the user. */
void servers_name(char out[SERVERS_NAME_MAX], const struct uri *u);

/* The pinned fingerprint of a server; *known is false when there is none. */
int servers_find(const char *path, const char *name, bool *known,
    uint8_t fingerprint[WIRE_HASH], const struct complain *complain,
    struct errmsg *why) MUST_CHECK;

/* Pins a server that has proved itself. Already there with the same one: 0,
 * and nothing is written. ERR_PIN when it is there with another. */
int servers_add(const char *path, const char *name,
    const uint8_t fingerprint[WIRE_HASH], const char *comment,
    struct errmsg *why) MUST_CHECK;

/* Takes out every line of a server; *n is how many there were. */
int servers_forget(
    const char *path, const char *name, size_t *n, struct errmsg *why) MUST_CHECK;

#endif
