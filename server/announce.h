/* announce.h - what the server prints when people can join: where it listens, the
 * invites, the code of its key, and the password if it made one. */
#ifndef CONCLAVED_ANNOUNCE_H
#define CONCLAVED_ANNOUNCE_H

#include "server/admin_main.h"

/* Appends the lines, one of which may be secret, and gives p its fingerprint and
 * the parts of its invite. */
int announce(struct buf *out, struct admin_program *p, struct crypto *c,
    const uint8_t identity[WIRE_ED25519]) MUST_CHECK;

#endif
