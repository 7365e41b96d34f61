/* dial.h - from a server's address to a connected socket, without blocking.
 *
 * A name is looked up on a short-lived thread. Its addresses are tried one
 * after another, IPv6 and IPv4 in turns, each DIAL_STAGGER_MS after the one
 * before or as soon as that fails; the first that connects is taken (RFC 8305
 * in small). A Unix socket is tried once. */
#ifndef CONCLAVE_NET_DIAL_H
#define CONCLAVE_NET_DIAL_H

#include <poll.h>

#include "shared/wire/uri.h"
#include "shared/os/errmsg.h"

enum {
	DIAL_STAGGER_MS = 250,
	DIAL_TIMEOUT_MS = 15000,
	DIAL_ADDRESSES_MAX = 8, /* more are not tried */
	DIAL_FDS_MAX = DIAL_ADDRESSES_MAX + 1,
};

struct dial;
/* Starts. `u` and `name` (HOST:PORT for sentences) are borrowed. */
struct dial *dial_new(
    const struct uri *u, const char *name, uint64_t now_ms, struct errmsg *why);
void dial_free(struct dial *n); /* gives up; NULL is a no-op */

/* What to poll (at most DIAL_FDS_MAX), and when to call dial_step anyway. */
int dial_fds(const struct dial *n, struct pollfd *out);
uint64_t dial_deadline(const struct dial *n);
/* Goes on. ERR_AGAIN: not yet. 0: *fd is connected, non-blocking, and the
 * caller's. ERR_LOST, with a sentence: no address could be reached. */
int dial_step(
    struct dial *n, uint64_t now_ms, int *fd, struct errmsg *why) MUST_CHECK;

#endif
