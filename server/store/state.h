/* state.h - the server's state on disk: its identity key and its
 * ticket key. The directory is
 * locked while it is open, so that two servers never share one. */
#ifndef CONCLAVED_STORE_STATE_H
#define CONCLAVED_STORE_STATE_H

#include "shared/crypto/keys.h"
#include "server/logger.h"

struct state;

/* Opens DIR, creating it and its parents with mode 0700 if missing. With dir
 * NULL nothing is stored. Rejects a directory that another user owns or can
 * write to, or that another server has open. Logs every failure and how to fix
 * it: ERR_IO, ERR_USAGE, ERR_NOMEM. */
int state_open(
    struct state **out, const char *dir, const struct logger *log) MUST_CHECK;
void state_free(struct state *s); /* NULL is a no-op */

/* Loads DIR/identity.pem, or creates it with mode 0600: written and synced in
 * full before it gets its name, never over an existing file, without following
 * symlinks. Rejects a file that we do not own or that others can read. */
int state_identity(struct state *s, struct identity **out,
    const struct logger *log) MUST_CHECK;

/* Loads DIR/ticket.key, which seals tickets, or creates it, by the same rules;
 * a key for this run only if nothing is stored. key: WIRE_KEY bytes. */
int state_ticket_key(struct state *s, uint8_t key[WIRE_KEY],
    const struct logger *log) MUST_CHECK;

#endif
