/* uplink.h - the socket of a session: connects and closes when the session needs
 * it, and carries bytes both ways. One at a time, many in a session's life. */
#ifndef CONCLAVE_NET_UPLINK_H
#define CONCLAVE_NET_UPLINK_H

#include "client/net/dial.h"
#include "client/session/session.h"

struct uplink;
/* The session is borrowed, and what dial_opts points to. */
struct uplink *uplink_new(struct session *s, const struct dial_opts *o);
void uplink_free(struct uplink *k); /* closes at once; NULL is a no-op */

/* The number of this connection: changes whenever one has ended. */
uint64_t uplink_number(const struct uplink *k);

/* Meets SESSION_NEED_CONNECT and SESSION_NEED_CLOSE as far as possible now. */
void uplink_step(struct uplink *k, uint64_t now_ms);
/* Sends the session's output until the socket takes no more. */
void uplink_write(struct uplink *k);

/* At most DIAL_FDS_MAX. hold: read nothing for now. */
int uplink_fds(const struct uplink *k, struct pollfd *out, bool hold);
void uplink_ready(
    struct uplink *k, const struct pollfd *fds, int n, uint64_t now_ms);
/* When to call uplink_step even without an event; UINT64_MAX: never. */
uint64_t uplink_deadline(const struct uplink *k);

#endif
