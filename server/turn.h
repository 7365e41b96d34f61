/* turn.h - a room's turn: a new epoch for those who came, those who left, and
 * for age; and the notices of it. At most one in WIRE_EPOCH_MS. Only in the
 * thread of the room's first lane.
 *
 * A turn has two halves. The first decides what it will be, makes the key, and
 * leaves it to the lanes to wrap it for their newcomers, a few in each loop
 * turn. When all have it, the second half posts the turn to all lanes. Nothing
 * has been sent before that. */
#ifndef CONCLAVED_TURN_H
#define CONCLAVED_TURN_H

#include "server/lane.h"

/* Who is above it waits for the next. */
enum { TURN_NEWCOMERS_MAX = 1024 };

/* When turn_run has something to do (maybe long ago); UINT64_MAX: never, or
 * not before the lanes are done. */
uint64_t turn_deadline(struct room *r);

/* One half, or both when there is nothing to wrap; to be called at
 * turn_deadline. wall_ms is unix time, for notices. On an error (ours) nothing
 * was sent and nothing changed; the next turn tries again. */
int turn_run(struct lane *l, uint64_t now_ms, uint64_t wall_ms) MUST_CHECK;

/* For the log and tests. */
uint32_t turn_epoch(struct room *r);

#endif
