/* checkpoint.h - the request `receipt`: the server signs the log of a room, in a
 * notice to everybody there (PROTOCOL.md section 5a). Inner header of
 * server/room. */
#ifndef CONCLAVED_ROOM_CHECKPOINT_H
#define CONCLAVED_ROOM_CHECKPOINT_H

#include "server/room/presence.h"
#include "shared/proto/request.h"

/* REQUEST_RECEIPT. ERR_NOMEM. */
int checkpoint_ask(struct presence *p, const struct request *q) MUST_CHECK;

#endif
