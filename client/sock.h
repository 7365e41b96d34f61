/* sock.h - the session's connection: meets its needs to connect and to close,
 * and carries bytes both ways. One at a time, many in a session's life. */
#ifndef CONCLAVE_SOCK_H
#define CONCLAVE_SOCK_H

#include "client/net.h"
#include "client/session.h"

struct sock;
/* All borrowed: the session, where to connect to, and its name in sentences. */
struct sock *sock_new(struct session *s, const struct uri *u, const char *name);
void sock_free(struct sock *k); /* closes at once; NULL is a no-op */

/* Which connection this is: changes whenever one has ended. */
uint64_t sock_number(const struct sock *k);

/* SESSION_NEED_CONNECT and SESSION_NEED_CLOSE, as far as they go now. */
void sock_step(struct sock *k, uint64_t now_ms);
/* Sends what the session has and the socket takes. */
void sock_write(struct sock *k);

/* At most NET_FDS_MAX. hold: read nothing for now. */
int sock_fds(const struct sock *k, struct pollfd *out, bool hold);
void sock_ready(
    struct sock *k, const struct pollfd *fds, int n, uint64_t now_ms);
/* When sock_step is wanted anyway; UINT64_MAX: never. */
uint64_t sock_deadline(const struct sock *k);

#endif
