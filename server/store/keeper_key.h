/* keeper_key.h - state.key, which seals secrets in the database. Only the
 * keeper reads it. */
#ifndef CONCLAVED_STORE_KEEPER_KEY_H
#define CONCLAVED_STORE_KEEPER_KEY_H

#include <stdint.h>

#include "shared/os/errmsg.h"

#define KEEPER_KEY_NAME "state.key"

/* Reads $CREDENTIALS_DIRECTORY/state.key if there is one (systemd's
 * LoadCredential=), else DIR/state.key, which is created with mode 0600 for a
 * new database. ERR_IO, ERR_KEY, ERR_NOMEM, with a sentence. */
int keeper_key_read(uint8_t *key /* WIRE_KEY bytes */, const char *dir,
    struct errmsg *why) MUST_CHECK;

#endif
