/* direct_keys.h - publishes the user's prekeys: makes them, renews the lasting one
 * each week, makes more of those for one message when the server has few, and
 * erases what is no longer needed.
 *
 * On each connection the server is asked what it has. If its lasting key is not
 * the one in use here, this state is another one than was published last (it was
 * lost, or restored from a backup): all keys at the server are replaced. The
 * private halves that are held are kept for a while, since messages may be on
 * their way for them. */
#ifndef CONCLAVE_SESSION_DIRECT_KEYS_H
#define CONCLAVE_SESSION_DIRECT_KEYS_H

#include "client/session/direct_env.h"

struct direct_keys;
struct direct_keys *direct_keys_new(const struct direct_env *e); /* borrowed */
void direct_keys_free(struct direct_keys *k); /* NULL is a no-op */

/* A new connection; it is lost. */
void direct_keys_linked(struct direct_keys *k);
void direct_keys_lost(struct direct_keys *k);
/* The server says that it has few, so many. */
void direct_keys_low(struct direct_keys *k, uint32_t left);
/* Whether the time has come to ask or to publish; does it. */
bool direct_keys_ready(const struct direct_keys *k);
int direct_keys_step(struct direct_keys *k) MUST_CHECK;
/* Time has passed: is a key due? */
void direct_keys_tick(struct direct_keys *k);
/* An answer; *ours: it is to one of these. */
int direct_keys_answer(
    struct direct_keys *k, const struct answer *a, bool *ours) MUST_CHECK;
/* How many requests are open. Why the server takes no keys, or "". */
size_t direct_keys_open(const struct direct_keys *k);
const char *direct_keys_refused(const struct direct_keys *k);

#endif
