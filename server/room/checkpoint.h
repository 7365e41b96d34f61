/* checkpoint.h - the request `receipt`: the server signs the log of a room, in a
 * notice to everybody there (PROTOCOL.md section 5a). Inner header of
 * server/room. */
#ifndef CONCLAVED_ROOM_CHECKPOINT_H
#define CONCLAVED_ROOM_CHECKPOINT_H

#include "server/room/presence.h"
#include "server/room/rekey.h"
#include "shared/proto/request.h"

/* REQUEST_RECEIPT. ERR_NOMEM. */
int checkpoint_ask(struct presence *p, const struct request *q) MUST_CHECK;

/* Whoever asked is answered with a receipt, which proves itself: the same head, with
 * the server's signature. ERR_NOMEM, ERR_CRYPTO: nothing has changed. */
int checkpoint_receipt(const struct rekey_opts *o, struct rekey_say *s,
    const struct log_head *head, uint64_t ts_ms) MUST_CHECK;

#endif
