/* room_ref.h - who uses a room holds a reference, so that it stays in memory
 * after it was closed (room_free). From any thread, without its lock. */
#ifndef CONCLAVED_ROOM_ROOM_REF_H
#define CONCLAVED_ROOM_ROOM_REF_H

struct room;

struct room *room_ref(struct room *r);
void room_unref(struct room *r); /* NULL is a no-op */

#endif
