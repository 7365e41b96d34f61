/* net.h - from a server's address to a connected socket, without blocking.
 *
 * A name is looked up on a short-lived thread. Its addresses are tried one
 * after another, IPv6 and IPv4 in turns, each NET_STAGGER_MS after the one
 * before or as soon as that fails; the first that connects is taken (RFC 8305
 * in small). A Unix socket is tried once. */
#ifndef CONCLAVE_NET_H
#define CONCLAVE_NET_H

#include <poll.h>

#include "shared/uri.h"
#include "client/why.h"

enum {
	NET_STAGGER_MS = 250,
	NET_TIMEOUT_MS = 15000,
	NET_ADDRESSES_MAX = 8, /* more are not tried */
	NET_FDS_MAX = NET_ADDRESSES_MAX + 1,
};

struct net;
/* Begins. `u` and `name` (HOST:PORT for sentences) are borrowed. */
struct net *net_new(
    const struct uri *u, const char *name, uint64_t now_ms, struct why *why);
void net_free(struct net *n); /* gives up; NULL is a no-op */

/* What to poll (at most NET_FDS_MAX), and when to call net_step anyway. */
int net_fds(const struct net *n, struct pollfd *out);
uint64_t net_deadline(const struct net *n);
/* Goes on. ERR_AGAIN: not yet. 0: *fd is connected, non-blocking, and the
 * caller's. ERR_LOST, with a sentence: no address could be reached. */
int net_step(
    struct net *n, uint64_t now_ms, int *fd, struct why *why) MUST_CHECK;

#endif
