/* What people do in a room without sockets; see room_talk.h. */
#include "tests/unit/room_talk.h"

int peer_frame(struct peer *p, uint32_t epoch, uint64_t seq)
{
	uint8_t body[WIRE_GROUP_HEAD + 64 + 20 + WIRE_TAG] = {0};

	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, epoch);
	put_u32(body + 16, p->id);
	put_u64(body + 20, seq);
	return room_group(p->member, body, sizeof(body), NULL);
}

void peer_says(struct peer *p, uint32_t epoch)
{
	assert_int_equal(peer_frame(p, epoch, ++p->seq), 0);
}

void world_rekeys(struct world *w)
{
	assert_true(rekey_deadline(&w->room->rekey) <= w->now_ms);
	assert_int_equal(world_rekey_all(w), 0);
}

void world_second(struct world *w)
{
	w->now_ms += SECOND;
	world_rekeys(w);
}

void world_two(struct world *w, struct peer **a, struct peer **b)
{
	*a = peer_enter(w, "alice");
	world_rekeys(w);
	READS(*a, "welcome 1 as 1; list 1 of 1 from 1");
	*b = peer_enter(w, "bob");
	world_second(w);
	READS(*a, "join bob in 1 for 2");
	READS(*b, "welcome 2 as 2; list 2 of 2 from 1");
}
