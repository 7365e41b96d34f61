/* A room and its rekeys: joins, leaves, fences, notices, acks, and a slow reader. */
#include <stddef.h>

#include "server/net/quota.h"
#include "tests/unit/room_talk.h"

static void test_first_and_second(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;

	assert_int_equal(rekey_deadline(&w->room->rekey), UINT64_MAX);
	world_two(w, &a, &b);
	assert_true(member_is_in(a->member));
	assert_memory_equal(a->secret, b->secret, WIRE_KEY);
	assert_int_equal(room_people(w->room), 2);
	/* Offsets start at 1 and include the notice's. */
	peer_says(a, 2);
	READS(b, "1:1 in 2 @2");
	READS(a, "ack 1@2");
	READS(b, "");
	world_deliver(w);
	READS(a, "");
}

static void test_one_ack_for_many(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;
	int i;

	world_two(w, &a, &b);
	for (i = 0; i < 5; i++)
		peer_says(a, 2);
	peer_says(b, 2);
	world_deliver(w);
	READS(a, "2:1 in 2 @7; ack 5@6");
	READS(b, "1:1 in 2 @2; 1:2 in 2 @3; 1:3 in 2 @4; 1:4 in 2 @5; "
		 "1:5 in 2 @6; ack 1@7");
}

static void test_protocol_errors(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;
	uint8_t body[WIRE_GROUP_HEAD + 64 + WIRE_TAG] = {0};

	world_two(w, &a, &b);
	assert_int_equal(peer_frame(a, 3, 1), ERR_EPOCH);
	assert_int_equal(peer_frame(b, 1, 1), ERR_EPOCH); /* bob's first is 2 */
	assert_int_equal(peer_frame(a, 2, 2), ERR_GAP);
	assert_int_equal(peer_frame(a, 2, 0), ERR_REPLAYED);
	peer_says(a, 2);
	assert_int_equal(peer_frame(a, 2, 1), ERR_REPLAYED);
	assert_int_equal(peer_frame(a, 2, INT64_MAX), ERR_GAP);
	assert_int_equal(peer_frame(a, 2, UINT64_MAX), ERR_RANGE);
	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, 2);
	put_u32(body + 16, a->id);
	put_u64(body + 20, 2);
	assert_int_equal(
	    room_group(b->member, body, sizeof(body), NULL), ERR_MEMBER);
	put_u64(body, 1);
	assert_int_equal(
	    room_group(a->member, body, sizeof(body), NULL), ERR_RANGE);
	put_u64(body, 0);
	put_u32(body + 8, ROOM_ID + 1);
	assert_int_equal(
	    room_group(a->member, body, sizeof(body), NULL), ERR_ROOM);
	put_u32(body + 8, ROOM_ID);
	assert_int_equal(
	    room_group(a->member, body, sizeof(body) - 1, NULL), ERR_RANGE);
	READS(b, "1:1 in 2 @2"); /* none of them was delivered */
	assert_int_equal(room_group(a->member, body, sizeof(body), NULL), 0);
	READS(b, "1:2 in 2 @3");
}

static void test_newcomer_gets_nothing_older(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *c;

	world_two(w, &a, &b);
	c = peer_enter(w, "carol");
	peer_says(a, 2);
	READS(c, "");
	world_second(w);
	peer_says(a, 2); /* sealed before alice learned of carol */
	peer_says(b, 3);
	READS(b, "1:1 in 2 @2; join carol in 2 for 3; 1:2 in 2 @4; ack 1@5");
	READS(c, "welcome 3 as 3; list 3 of 3 from 1; 2:1 in 3 @5");
	assert_memory_equal(b->secret, c->secret, WIRE_KEY);
}

static void test_leave_is_a_fresh_key(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *c;
	uint8_t step[WIRE_KEY];

	world_two(w, &a, &b);
	c = peer_enter(w, "carol");
	world_second(w);
	(void)peer_reads(a);
	(void)peer_reads(b);
	(void)peer_reads(c);
	peer_says(a, 3);
	world_deliver(w);
	room_leave(c->member);
	assert_false(member_taken(c->member));
	peer_says(b, 3);
	/* The order is acks, key, notice; the leaver gets only the frames
	 * before. */
	world_second(w);
	READS(a, "ack 1@3; 2:1 in 3 @4; key 4 leave; leave carol in 4 for 4");
	READS(b, "1:1 in 3 @3; ack 1@4; key 4 leave; leave carol in 4 for 4");
	READS(c, "1:1 in 3 @3");
	assert_memory_equal(a->secret, b->secret, WIRE_KEY);
	assert_int_equal(group_join_step(w->crypto, step, c->secret), 0);
	assert_memory_not_equal(a->secret, step, WIRE_KEY);
	assert_memory_not_equal(a->secret, c->secret, WIRE_KEY);
}

static void test_fence(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *c;

	world_two(w, &a, &b);
	c = peer_enter(w, "carol");
	world_second(w);
	(void)peer_reads(a);
	(void)peer_reads(b);
	room_leave(c->member);
	world_second(w);
	(void)peer_reads(a);
	(void)peer_reads(b);
	/* In flight across the fence: dropped without an error, and not
	 * counted. */
	assert_int_equal(peer_frame(a, 3, 1), 0);
	assert_int_equal(peer_frame(a, 2, 2), 0);
	world_deliver(w);
	READS(a, "");
	READS(b, "");
	peer_says(a, 4); /* the same seq, sealed again */
	world_deliver(w);
	READS(a, "ack 1@4");
	READS(b, "1:1 in 4 @4");
}

/* A frame of an older epoch is accepted down to the fence. */
static void test_join_is_no_fence(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;

	world_two(w, &a, &b);
	peer_enter(w, "carol");
	world_second(w);
	peer_enter(w, "dave");
	world_second(w);
	(void)peer_reads(b);
	peer_says(a, 2);
	READS(b, "1:1 in 2 @4");
}

static void test_one_epoch_a_second(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;

	world_two(w, &a, &b);
	peer_enter(w, "carol");
	assert_int_equal(rekey_deadline(&w->room->rekey), w->now_ms + SECOND);
	w->now_ms += SECOND - 1;
	assert_true(rekey_deadline(&w->room->rekey) > w->now_ms);
	w->now_ms += 1;
	world_rekeys(w);
	assert_int_equal(room_epoch(w->room), 3);
	/* If the last rekey was longer ago, the next one runs at once. */
	w->now_ms += 5 * SECOND;
	room_leave(b->member);
	assert_true(rekey_deadline(&w->room->rekey) <= w->now_ms);
	world_rekeys(w);
	READS(a, "join carol in 2 for 3; key 4 leave; leave bob in 4 for 4");
}

static void test_leave_and_join_together(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *c;

	world_two(w, &a, &b);
	c = peer_enter(w, "carol");
	room_leave(b->member);
	world_second(w);
	READS(a, "key 3 leave; leave bob in 3 for 3; join carol in 3 for 4");
	READS(c, "welcome 4 as 3; list 2 of 2 from 1");
	READS(b, "");
	assert_memory_equal(a->secret, c->secret, WIRE_KEY);
}

static void test_many_joins(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *p = NULL;
	char name[16];
	int i;

	world_two(w, &a, &b);
	for (i = 0; i < 201; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		p = peer_enter(w, name);
	}
	world_second(w);
	READS(a, "join 100 in 2 for 3; join 100 in 3 for 3; "
		 "join n200 in 3 for 3");
	READS(p, "welcome 3 as 203; list 100 of 203 from 1");
	assert_int_equal(p->server_seq, a->server_seq);
	assert_memory_equal(a->secret, p->secret, WIRE_KEY);
	peer_says(a, 3);
	READS(p, "1:1 in 3 @5");
}

/* A rekey takes a bounded number of newcomers; the next one takes the rest. */
static void test_more_than_a_rekey_takes(void **state)
{
	struct world *w = *state;
	struct peer *p = NULL;
	char name[16];
	int i;

	for (i = 0; i < REKEY_NEWCOMERS_MAX + 2; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		p = peer_enter(w, name);
	}
	world_rekeys(w);
	READS(p, "");
	assert_false(member_is_in(p->member));
	assert_int_equal(room_people(w->room), REKEY_NEWCOMERS_MAX + 2);
	world_second(w);
	READS(p, "welcome 2 as 1026; list 100 of 1026 from 1");
	assert_int_equal(REKEY_NEWCOMERS_MAX, 1024);
	assert_int_equal(rekey_deadline(&w->room->rekey),
	    w->now_ms + WIRE_REKEY_MS - SECOND);
}

static void test_newcomer_leaves(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *c;

	world_two(w, &a, &b);
	c = peer_enter(w, "carol");
	room_leave(c->member);
	/* No member has heard of the newcomer, so no rekey is needed. */
	assert_true(rekey_deadline(&w->room->rekey) > w->now_ms + SECOND);
	READS(c, "");
}

static void test_empty_room_keeps_no_key(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *c;

	world_two(w, &a, &b);
	peer_says(a, 2);
	room_leave(a->member);
	room_leave(b->member);
	world_second(w);
	assert_null(w->room->rekey.keys);
	assert_int_equal(w->room->members.in.n, 0);
	assert_int_equal(rekey_deadline(&w->room->rekey), UINT64_MAX);
	c = peer_enter(w, "carol");
	world_second(w);
	READS(c, "welcome 3 as 3; list 1 of 1 from 3");
	assert_memory_not_equal(c->secret, a->secret, WIRE_KEY);
}

static void test_timer(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;
	uint8_t before[WIRE_KEY];

	world_two(w, &a, &b);
	memcpy(before, a->secret, WIRE_KEY);
	/* The age counts from the last fresh secret; joins do not delay it. */
	assert_int_equal(rekey_deadline(&w->room->rekey),
	    w->now_ms - SECOND + WIRE_REKEY_MS);
	w->now_ms += WIRE_REKEY_MS - SECOND;
	world_rekeys(w);
	READS(a, "key 3 timer; checkpoint 1 right in 3 for 3");
	READS(b, "key 3 timer; checkpoint 1 right in 3 for 3");
	assert_memory_not_equal(a->secret, before, WIRE_KEY);
	assert_int_equal(peer_frame(a, 2, 1), 0); /* sealed before the fence */
	READS(b, "");
}

static void test_many_frames(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;

	world_two(w, &a, &b);
	w->room->rekey.frames = WIRE_REKEY_FRAMES - 1;
	w->now_ms += SECOND;
	assert_true(rekey_deadline(&w->room->rekey) > w->now_ms);
	peer_says(a, 2);
	world_rekeys(w);
	READS(b, "1:1 in 2 @2; key 3 timer");
}

static void test_slow_reader(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *c;
	uint8_t *body = calloc(1, WIRE_GROUP_HEAD + 60000);

	assert_non_null(body);
	world_two(w, &a, &b);
	c = peer_enter(w, "carol");
	world_second(w);
	(void)peer_reads(a);
	(void)peer_reads(b);
	(void)peer_reads(c);
	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, 3);
	put_u32(body + 16, a->id);
	while (member_taken(b->member)) {
		put_u64(body + 20, ++a->seq);
		assert_int_equal(
		    room_group(a->member, body, WIRE_GROUP_HEAD + 60000, NULL),
		    0);
		(void)peer_reads(c); /* reads with no delay */
	}
	assert_true(a->seq * 60000 <= OUTQ_MAX + 60000);
	assert_int_equal(b->q.state, OUTQ_FAILED);
	assert_int_equal(b->q.why, ERR_SLOW);
	READS(b, "");
	world_second(w);
	assert_non_null(strstr(peer_reads(a), "key 4 leave; leave bob"));
	READS(c, "key 4 leave; leave bob in 4 for 4");
	free(body);
}

/* A queue fails during a rekey: its member leaves, and the next rekey announces
 * it. */
static void test_slow_during_a_rekey(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *c;

	world_two(w, &a, &b);
	c = peer_enter(w, "carol");
	b->q.bytes = OUTQ_MAX - 100; /* as if that much were queued */
	world_second(w);
	world_deliver(w);
	assert_false(member_taken(b->member));
	b->q.bytes = 0;
	READS(a, "join carol in 2 for 3");
	READS(c, "welcome 3 as 3; list 3 of 3 from 1");
	world_second(w);
	READS(a, "key 4 leave; leave bob in 4 for 4");
	READS(c, "key 4 leave; leave bob in 4 for 4");
}

/* A failing random generator must not leak a half-made epoch. */
static int no_random(void *arg, void *out, size_t n)
{
	(void)arg;
	memset(out, 0, n);
	return ERR_CRYPTO;
}

static void test_rekey_that_fails(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;

	world_two(w, &a, &b);
	room_leave(b->member);
	w->now_ms += SECOND;
	w->room->rekey.o.rng.fill = no_random;
	assert_int_equal(world_rekey_all(w), ERR_CRYPTO);
	READS(a, "");
	assert_int_equal(room_epoch(w->room), 2);
	assert_int_equal(rekey_deadline(&w->room->rekey), w->now_ms + SECOND);
	w->room->rekey.o.rng = w->o.rng;
	world_second(w);
	READS(a, "key 3 leave; leave bob in 3 for 3");
}

static void test_newcomer_with_a_bad_key(void **state)
{
	struct world *w = *state;
	struct peer *a, *b, *c, *d;

	world_two(w, &a, &b);
	c = peer_new(w, "carol");
	c->result.card.wrap_spki_len = 10;
	assert_int_equal(peer_comes(w, c), CODE_NONE);
	d = peer_enter(w, "dave");
	world_second(w);
	assert_false(member_taken(c->member));
	assert_int_equal(c->q.state, OUTQ_FAILED);
	READS(d, "welcome 3 as 4; list 3 of 3 from 1");
	READS(a, "join dave in 2 for 3");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	static const struct CMUnitTest tests[] = {
	    T(test_first_and_second),
	    T(test_one_ack_for_many),
	    T(test_protocol_errors),
	    T(test_newcomer_gets_nothing_older),
	    T(test_leave_is_a_fresh_key),
	    T(test_fence),
	    T(test_join_is_no_fence),
	    T(test_one_epoch_a_second),
	    T(test_leave_and_join_together),
	    T(test_many_joins),
	    T(test_more_than_a_rekey_takes),
	    T(test_newcomer_leaves),
	    T(test_empty_room_keeps_no_key),
	    T(test_timer),
	    T(test_many_frames),
	    T(test_slow_reader),
	    T(test_slow_during_a_rekey),
	    T(test_rekey_that_fails),
	    T(test_newcomer_with_a_bad_key),
	};

	json_setup();
	return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
