/* state.h - what the server keeps on disk: its identity key. The directory is
 * locked while it is open, so that two servers never share one. */
#ifndef CONCLAVED_STORE_STATE_H
#define CONCLAVED_STORE_STATE_H

#include "shared/crypto/keys.h"
#include "server/logger.h"

struct state;

/* Opens DIR, made with mode 0700 (its parents too) if it is not there. dir
 * NULL: nothing is kept. Refused: a directory that others may write to or own,
 * or that another server has open. Every failure has said on the log what is
 * wrong and what to do: ERR_IO, ERR_USAGE, ERR_NOMEM. */
int state_open(
    struct state **out, const char *dir, const struct logger *log) MUST_CHECK;
void state_free(struct state *s); /* NULL is a no-op */

/* Loads DIR/identity.pem, or makes it: mode 0600, written whole and synced
 * before it gets its name, never over an existing one, no symlink followed.
 * Refused: a file that is not ours or that others may read. */
int state_identity(
    struct state *s, struct identity **out, const struct logger *log) MUST_CHECK;

#endif
