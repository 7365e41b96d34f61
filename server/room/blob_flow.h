/* blob_flow.h - the files that a client sends and gets (PROTOCOL.md section 6a):
 * what is under way on one connection. Inner header of server/room, but for
 * blob_flow_expects, _go_on and _drop.
 *
 * Sent pieces go to the process that keeps them, and are acknowledged in steps of
 * WIRE_BLOB_HAVE; more than WIRE_BLOB_AHEAD are never on their way. Pieces that a
 * client gets are read BLOB_FLOW_READY ahead at most, and each goes into its
 * queue when nothing else waits there: a message waits for one piece at most, and
 * a client that does not read costs little. */
#ifndef CONCLAVED_ROOM_BLOB_FLOW_H
#define CONCLAVED_ROOM_BLOB_FLOW_H

#include "server/room/presence.h"
#include "shared/proto/request.h"

enum { BLOB_FLOW_SENDS = 4, BLOB_FLOW_READY = 8 };

/* REQUEST_BLOB_*. ERR_NOMEM. */
int blob_flow_ask(struct presence *p, const struct request *q) MUST_CHECK;
/* A frame of kind 4. ERR_STATE, ERR_RANGE: no honest client sends that piece. */
int blob_flow_piece(
    struct presence *p, const uint8_t *body, size_t n) MUST_CHECK;
/* Whether the piece is of a blob that it is sending: those are bounded by the
 * acknowledgements, and need no other limit. */
bool blob_flow_expects(const struct presence *p, const uint8_t *body, size_t n);
/* The client's queue is written: the next piece. */
void blob_flow_go_on(struct presence *p);
/* The client is gone; before presence_free. */
void blob_flow_drop(struct presence *p);

#endif
