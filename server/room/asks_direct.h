/* asks_direct.h - what clients ask about direct messages, and their frames
 * (PROTOCOL.md section 6). Inner header of server/room. */
#ifndef CONCLAVED_ROOM_ASKS_DIRECT_H
#define CONCLAVED_ROOM_ASKS_DIRECT_H

#include "server/room/presence.h"
#include "shared/proto/request.h"

/* As asks_handle. */
int asks_direct(struct presence *p, const struct request *q) MUST_CHECK;
/* A frame of kind 3 from this client, which is answered as a request is. A
 * protocol error: it is not from its own identity, or has no request's number. */
int asks_direct_frame(
    struct presence *p, const uint8_t *body, size_t n) MUST_CHECK;

#endif
