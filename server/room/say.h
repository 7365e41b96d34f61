/* say.h - a notice that somebody has caused, on its way into a room (struct
 * rekey_say). Inner header of server/room. */
#ifndef CONCLAVED_ROOM_SAY_H
#define CONCLAVED_ROOM_SAY_H

#include "server/room/registry_by.h"
#include "server/room/rekey.h"

/* With the name of who asked, and the answer to its request. NULL: no
 * memory. */
struct rekey_say *say_new(const struct registry_by *by);
/* Takes it over. If the asker is in the room, it is answered behind it
 * (a->later). The room is locked. */
void say_in(struct room *r, const struct registry_by *by, struct rekey_say *s,
    struct registry_answer *a);

#endif
