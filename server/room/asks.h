/* asks.h - handles what a client asks of the server beside talking (PROTOCOL.md
 * section 5a). Each request is answered exactly once. Inner header of
 * server/room. */
#ifndef CONCLAVED_ROOM_ASKS_H
#define CONCLAVED_ROOM_ASKS_H

#include "server/room/presence.h"
#include "shared/proto/request.h"

/* Returns 0, a protocol error (the number is open already, too many are), or an
 * error of our own. */
int asks_handle(struct presence *p, const struct request *q) MUST_CHECK;

#endif
