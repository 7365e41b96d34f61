/* turn.h - a room's turn: a new epoch for those who came, those who left, and
 * for age; and the notices of it. At most one in WIRE_EPOCH_MS. Only in the
 * thread of the room's first shard.
 *
 * A turn has two halves. The first decides what it will be, makes the key, and
 * leaves it to the shards to wrap it for their newcomers, a few in each loop
 * turn. When all have it, the second half posts the turn to all shards. Nothing
 * has been sent before that. */
#ifndef CONCLAVED_ROOM_REKEY_H
#define CONCLAVED_ROOM_REKEY_H

#include "server/room/shard.h"

/* Who is above it waits for the next. */
enum { REKEY_NEWCOMERS_MAX = 1024 };

/* When rekey_run has something to do (maybe long ago); UINT64_MAX: never, or
 * not before the shards are done. */
uint64_t rekey_deadline(struct room *r);

/* One half, or both when there is nothing to wrap; to be called at
 * rekey_deadline. wall_ms is unix time, for notices. On an error (ours) nothing
 * was sent and nothing changed; the next turn tries again. */
int rekey_run(struct shard *l, uint64_t now_ms, uint64_t wall_ms) MUST_CHECK;

/* For the log and tests. */
uint32_t rekey_epoch(struct room *r);

#endif
