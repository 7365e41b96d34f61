/* remember.h - takes the rooms, rights and memberships that outlasted the last
 * server out of the store. archive.h and standing.h put them there. */
#ifndef CONCLAVED_ROOM_REMEMBER_H
#define CONCLAVED_ROOM_REMEMBER_H

#include "server/room/registry.h"

/* At the start, before other threads: makes the rooms that are stored and
 * restores all rights; from now on changes are put. Errors are logged. */
int remember_load(const struct registry *g, const struct logger *log) MUST_CHECK;
/* Then: the room of those who name none, stored or new. ERR_LIMIT: its name
 * looks like that of another, and that is logged. */
int remember_home(const struct registry *g, const char *name,
    const struct logger *log) MUST_CHECK;

#endif
