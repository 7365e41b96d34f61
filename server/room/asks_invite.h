/* asks_invite.h - a client asks for an invite. Inner header of server/room. */
#ifndef CONCLAVED_ROOM_ASKS_INVITE_H
#define CONCLAVED_ROOM_ASKS_INVITE_H

#include "server/room/presence.h"
#include "shared/proto/request.h"

/* As asks_handle. The answer may come later. */
int asks_invite(struct presence *p, const struct request *q) MUST_CHECK;
/* The client is gone: nothing it has asked for is made, or it is dropped. */
void asks_invite_drop(struct presence *p);

#endif
