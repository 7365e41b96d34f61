/* welcome.h - the first frame that a newcomer gets from a room: its key,
 * wrapped for it alone. Inner header of server/room. */
#ifndef CONCLAVED_ROOM_WELCOME_H
#define CONCLAVED_ROOM_WELCOME_H

#include "server/room/rekey.h"

/* Costs an RSA operation. json is scratch. An error may be the newcomer's:
 * its key may not work. */
int welcome_make(struct frame **out, struct buf *json,
    const struct group_place *place, const struct rekey_wrap *w,
    const struct room_keys *keys) MUST_CHECK;

#endif
