/* tickets.h - the tickets that servers gave us, one file for each server and
 * identity, in the folder `tickets` beside known_servers: u64 expiry in unix
 * seconds, then the ticket. A ticket is opaque to us; whoever has it cannot
 * get in with it, but can use it up. */
#ifndef CONCLAVE_TRUST_TICKETS_H
#define CONCLAVE_TRUST_TICKETS_H

#include <stdint.h>

#include "client/session/session.h"
#include "shared/os/errmsg.h"
#include "shared/wire/wire.h"

/* An error: there is none, it has expired, or the file is not to be trusted. */
int tickets_load(
    const char *path, uint8_t ticket[WIRE_TICKET], uint64_t now_s) MUST_CHECK;
int tickets_save(const char *path, const uint8_t ticket[WIRE_TICKET],
    uint64_t expiry_s, struct errmsg *why) MUST_CHECK;

/* Saves the session's newest ticket if it has given another since *kept, which
 * counts them. A failure is told once for each ticket. `path` NULL: never. */
int tickets_keep(const char *path, const struct session *s, unsigned *kept,
    struct errmsg *why) MUST_CHECK;

#endif
