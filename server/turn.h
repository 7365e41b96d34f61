/* turn.h - a room's turn: a new epoch for those who came, those who left, and
 * for age; and the notices of it. At most one in WIRE_EPOCH_MS. */
#ifndef CONCLAVED_TURN_H
#define CONCLAVED_TURN_H

#include "server/room.h"

/* RSA in one turn; who is above it waits for the next. */
enum { TURN_NEWCOMERS_MAX = 256 };

/* When turn_run has something to do (maybe long ago); UINT64_MAX: never. */
uint64_t turn_deadline(const struct room *r);

/* To be called at turn_deadline. wall_ms is unix time, for notices. On an error
 * (ours) nothing was sent and nothing changed; the next turn tries again. */
int turn_run(struct room *r, uint64_t now_ms, uint64_t wall_ms) MUST_CHECK;

/* For the log and tests. */
uint32_t turn_epoch(const struct room *r);

#endif
