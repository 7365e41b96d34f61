/* direct_in.h - direct messages that arrive: each is opened with the prekey that it
 * names, checked, shown once, and then, in this order: remembered as shown on disk
 * with the keys for one message erased, and acknowledged. What is lost in between
 * comes again. */
#ifndef CONCLAVE_SESSION_DIRECT_IN_H
#define CONCLAVE_SESSION_DIRECT_IN_H

#include "client/session/direct_env.h"
#include "client/session/letters.h"

struct direct_in;
struct direct_in *direct_in_new(
    const struct direct_env *e, struct letters *letters); /* borrowed */
void direct_in_free(struct direct_in *d); /* NULL is a no-op */

/* A new connection: what was not acknowledged comes again. */
void direct_in_linked(struct direct_in *d);
/* Who sends the frames that follow, and a frame. Peer errors: the server breaks the
 * protocol. What its sender did wrong is reported as EVENT_DROPPED. */
int direct_in_sender(
    struct direct_in *d, const struct direct_sender *s) MUST_CHECK;
int direct_in_frame(
    struct direct_in *d, const uint8_t *body, size_t n) MUST_CHECK;
/* All events so far have been shown. */
bool direct_in_waits(const struct direct_in *d);
int direct_in_shown(struct direct_in *d) MUST_CHECK;

#endif
