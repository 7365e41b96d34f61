/* talk.h - what a connection says once its link is up. */
#ifndef CONCLAVED_ROOM_DISPATCH_H
#define CONCLAVED_ROOM_DISPATCH_H

#include "server/net/conn.h"

/* Takes whole records; how many bytes. Stops when the state changes and, with
 * c->paused, when the sender has spoken more than its rate. */
size_t dispatch_input(struct conn *c, const uint8_t *in, size_t n);
/* Nothing was heard for a while: pings, or ends it. Sets the life timer. */
void dispatch_silence(struct conn *c);

#endif
