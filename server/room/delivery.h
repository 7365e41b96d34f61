/* delivery.h - gives a client the frames of its device's queue (directs.h), and
 * says when few prekeys are left. Inner header of server/room, but for
 * delivery_go_on and delivery_drop.
 *
 * Frames are read and queued in pieces of at most READING_PIECE, the next when
 * the one before is written: what is said in rooms waits for one piece. */
#ifndef CONCLAVED_ROOM_DELIVERY_H
#define CONCLAVED_ROOM_DELIVERY_H

#include "server/room/presence.h"

/* The client gets them from now on, from the oldest on; again: from what it has
 * not been sent. A device without prekeys gets nothing. ERR_NOMEM. */
int delivery_begin(struct presence *p) MUST_CHECK;
/* The device has published prekeys, perhaps its first: if the client has begun,
 * and no other reads, it gets what comes. */
void delivery_published(struct presence *p);
/* Its queue is written. */
void delivery_go_on(struct presence *p);
/* It has all up to this number. ERR_RANGE: it was not sent that; ERR_NOMEM. */
int delivery_ack(struct presence *p, uint64_t upto) MUST_CHECK;
/* The client is gone; before presence_free. */
void delivery_drop(struct presence *p);

#endif
