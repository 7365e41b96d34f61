/* room_talk.h - what the people of a room without sockets do in tests, over
 * room_world.h. */
#ifndef CONCLAVE_TEST_ROOM_TALK_H
#define CONCLAVE_TEST_ROOM_TALK_H

#include "tests/unit/room_world.h"

/* A frame as the relay sees it; the relay cannot decrypt it. Returns as
 * room_group. peer_says: its next one, which is accepted. */
int peer_frame(struct peer *p, uint32_t epoch, uint64_t seq);
void peer_says(struct peer *p, uint32_t epoch);

/* A rekey that is due; and one a second later. */
void world_rekeys(struct world *w);
void world_second(struct world *w);

/* alice and bob are in epoch 2 and have read everything. */
void world_two(struct world *w, struct peer **a, struct peer **b);

#endif
