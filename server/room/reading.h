/* reading.h - clients read the log of their rooms: the requests `history` and
 * `purge` (PROTOCOL.md section 5b). Inner header of server/room, but for
 * reading_go_on and readings_drop.
 *
 * The requests of a connection are answered one after the other. The store reads
 * a batch; then its frames go into the client's queue in pieces of at most
 * READING_PIECE, each when all before it is written: what is said meanwhile
 * waits for one piece at most, and a client that does not read costs one
 * batch. */
#ifndef CONCLAVED_ROOM_READING_H
#define CONCLAVED_ROOM_READING_H

#include "server/room/presence.h"
#include "shared/proto/request.h"

enum { READING_PIECE = 64 << 10 };

/* REQUEST_HISTORY, REQUEST_PURGE. ERR_NOMEM. */
int reading_ask(struct presence *p, const struct request *q) MUST_CHECK;
/* The client's queue is written: the next piece of its batch. */
void reading_go_on(struct presence *p);
/* The client is gone; before presence_free. */
void readings_drop(struct presence *p);

#endif
