/* A room whose members are in several shards: all members see the same order of
 * messages, joins, replacements and leaves. test_server_shards_threads has real
 * threads. */
#include "tests/unit/room_world.h"

enum { BODY = WIRE_GROUP_HEAD + 64 + WIRE_TAG + 20 };

static void frame(uint8_t *body, uint32_t id, uint32_t epoch, uint64_t seq)
{
	memset(body, 0, BODY);
	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, epoch);
	put_u32(body + 16, id);
	put_u64(body + 20, seq);
}

static void says(struct peer *p, uint32_t epoch)
{
	uint8_t body[BODY];

	frame(body, p->id, epoch, ++p->seq);
	assert_int_equal(room_group(p->member, body, sizeof(body), NULL), 0);
}

static void second(struct world *w)
{
	w->now_ms += SECOND;
	assert_int_equal(world_rekey_all(w), 0);
}

static struct peer *comes(struct world *w, const char *name, size_t shard)
{
	w->at = shard;
	return peer_enter(w, name);
}

/* alice and bob in one shard, carol in the other; all in epoch 1, with
 * everything read. */
static void three(struct world *w, struct peer *p[3])
{
	p[0] = comes(w, "alice", 0);
	p[1] = comes(w, "bob", 0);
	p[2] = comes(w, "carol", 1);
	second(w);
	READS(p[0], "welcome 1 as 1; list 3 of 3 from 1");
	READS(p[1], "welcome 1 as 2; list 3 of 3 from 1");
	READS(p[2], "welcome 1 as 3; list 3 of 3 from 1");
}

static void test_one_order(void **state)
{
	struct world *w = *state;
	struct peer *p[3];

	three(w, p);
	says(p[0], 1);
	says(p[2], 1);
	says(p[1], 1);
	says(p[2], 1);
	READS(p[0], "3:1 in 1 @2; 2:1 in 1 @3; 3:2 in 1 @4; ack 1@1");
	READS(p[1], "1:1 in 1 @1; 3:1 in 1 @2; 3:2 in 1 @4; ack 1@3");
	READS(p[2], "1:1 in 1 @1; 2:1 in 1 @3; ack 2@4");
}

/* Shards share a frame and release it. */
static void test_one_reference_per_shard(void **state)
{
	struct world *w = *state;
	struct frame *held;
	struct peer *p[3];

	three(w, p);
	says(p[0], 1);
	assert_int_equal(world_mailbox(w, 0)->events.n, 1);
	assert_int_equal(world_mailbox(w, 1)->events.n, 1);
	held = frame_ref(world_mailbox(w, 0)->events.p[0].u.frame);
	assert_ptr_equal(held, world_mailbox(w, 1)->events.p[0].u.frame);
	assert_null(
	    world_mailbox(w, 1)->events.p[0].sender); /* another thread's */
	assert_int_equal(held->refs, 3);
	(void)peer_reads(p[1]);
	(void)peer_reads(p[2]);
	assert_int_equal(held->refs, 1);
	frame_unref(held);
}

static void test_leave_in_another_shard(void **state)
{
	struct world *w = *state;
	struct peer *p[3];

	three(w, p);
	says(p[0], 1);
	world_deliver(w);
	room_leave(p[2]->member);
	says(p[1], 1);
	second(w);
	READS(
	    p[0], "ack 1@1; 2:1 in 1 @2; key 2 leave; leave carol in 2 for 2");
	READS(
	    p[1], "1:1 in 1 @1; ack 1@2; key 2 leave; leave carol in 2 for 2");
	/* The leaver gets the frames delivered before it left, and none
	 * after. */
	READS(p[2], "1:1 in 1 @1");
}

/* A leave delivers nothing to anyone, the leaver included. Posted events stay
 * queued for the others, and for the ack of a member who leaves at once. */
static void test_leaving_delivers_nothing(void **state)
{
	struct world *w = *state;
	struct peer *p[3];

	three(w, p);
	says(p[0], 1);
	says(p[1], 1);
	room_leave(p[1]->member);
	assert_int_equal(p[0]->q.count, 0);
	assert_int_equal(p[1]->q.count, 0);
	assert_int_equal(p[2]->q.count, 0);
	READS(p[1], "");
	READS(p[0], "2:1 in 1 @2; ack 1@1");
	READS(p[2], "1:1 in 1 @1; 2:1 in 1 @2");
}

/* A shard exists while it has a member. */
static void test_shard_comes_and_goes(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;

	assert_null(world_mailbox(w, 0));
	a = comes(w, "alice", 0);
	assert_non_null(world_mailbox(w, 0));
	assert_null(world_mailbox(w, 1));
	b = comes(w, "bob", 1);
	second(w);
	(void)peer_reads(a);
	(void)peer_reads(b);
	says(b, 1);
	room_leave(b->member);
	assert_non_null(world_mailbox(w, 1)); /* until the event is delivered */
	READS(a, "2:1 in 1 @1");
	assert_null(world_mailbox(w, 1));
	b = comes(w, "bob", 1);
	second(w);
	READS(b, "welcome 3 as 3; list 2 of 2 from 1");
}

/* The same person joins in another shard. The old member is removed in its own
 * shard, after the messages before the replacement and before those after
 * it. */
static void test_replaced_across_shards(void **state)
{
	struct world *w = *state;
	struct peer *p[3], *again;
	uint8_t body[BODY];

	three(w, p);
	w->at = 0;
	again = peer_new(w, "CAROL");
	memcpy(again->result.card.identity, p[2]->result.card.identity,
	    WIRE_ED25519);
	says(p[0], 1);
	assert_int_equal(peer_comes(w, again), CODE_NONE);
	says(p[1], 1);
	assert_int_equal(room_people(w->room), 3);
	/* It does not know of its replacement yet: its messages are dropped
	 * without a protocol error. */
	frame(body, p[2]->id, 1, 1);
	assert_int_equal(room_group(p[2]->member, body, sizeof(body), NULL), 0);
	second(w);
	READS(p[2], "1:1 in 1 @1");
	assert_ptr_equal(w->ended, p[2]->member);
	READS(p[0], "2:1 in 1 @2; ack 1@1; key 2 leave; leave carol in 2 for "
		    "2; join CAROL in 2 for 3");
	READS(again, "welcome 3 as 4; list 3 of 3 from 1");
	assert_int_equal(room_people(w->room), 3);
}

static void test_refused(void **state)
{
	struct world *w = *state;
	struct peer *p[3];

	three(w, p);
	assert_int_equal(peer_comes(w, peer_new(w, "Alice")), CODE_NAME_TAKEN);
	w->room->o.users_max = 3;
	assert_int_equal(peer_comes(w, peer_new(w, "dave")), CODE_FULL);
	second(w);
	READS(p[0], "");
}

/* --- between the steps of a rekey ------------------------------------------ */

static void test_leaver_knows_no_step(void **state)
{
	struct world *w = *state;
	struct peer *p[3], *d;

	three(w, p);
	d = comes(w, "dave", 1);
	w->now_ms += SECOND;
	assert_int_equal(world_rekey(w), 0);
	assert_int_equal(w->room->rekey.state, REKEY_WRAPPING);
	assert_false(w->room->rekey.next_fresh);
	room_leave(p[1]->member);
	room_thread_deliver(w->thread[1]);
	while (room_thread_work(w->thread[1]))
		;
	assert_int_equal(world_rekey_all(w), 0); /* abandoned, then a new one */
	READS(p[0], "key 2 leave; leave bob in 2 for 2; key 3 join; "
		    "join dave in 3 for 3");
	READS(d, "welcome 3 as 4; list 3 of 3 from 1");
	assert_memory_equal(p[0]->secret, d->secret, WIRE_KEY);
}

static void test_newcomer_leaves_unwrapped(void **state)
{
	struct world *w = *state;
	struct peer *p[3], *d, *e;

	three(w, p);
	d = comes(w, "dave", 1);
	e = comes(w, "eve", 0);
	w->now_ms += SECOND;
	assert_int_equal(world_rekey(w), 0);
	assert_int_equal(w->room->rekey.unwrapped, 2);
	room_leave(d->member);
	assert_int_equal(w->room->rekey.unwrapped, 1);
	world_deliver(w);
	(void)room_thread_work(w->thread[0]);
	(void)room_thread_work(w->thread[1]);
	assert_int_equal(rekey_deadline(&w->room->rekey), 0);
	assert_int_equal(world_rekey(w), 0);
	READS(p[0], "join eve in 1 for 2");
	READS(e, "welcome 2 as 5; list 4 of 4 from 1");
	READS(d, "");
}

/* The member is replaced while another shard wraps its key. */
static void test_newcomer_replaced_unwrapped(void **state)
{
	struct world *w = *state;
	struct peer *p[3], *d, *again;

	three(w, p);
	d = comes(w, "dave", 1);
	w->now_ms += SECOND;
	assert_int_equal(world_rekey(w), 0);
	w->at = 0;
	again = peer_new(w, "dave");
	memcpy(
	    again->result.card.identity, d->result.card.identity, WIRE_ED25519);
	assert_int_equal(peer_comes(w, again), CODE_NONE);
	world_deliver(w);
	assert_ptr_equal(w->ended, d->member);
	assert_false(room_thread_work(w->thread[1]));
	/* The pending rekey was for dave alone, so it sends nothing. */
	assert_int_equal(world_rekey(w), 0);
	second(w);
	READS(p[0], "join dave in 1 for 2");
	READS(again, "welcome 2 as 5; list 4 of 4 from 1");
	READS(d, "");
}

static void test_few_wraps_a_step(void **state)
{
	struct world *w = *state;
	struct peer *p = NULL;
	char name[16], words[64];
	int i, n = 2 * ROOM_THREAD_WRAPS + 1;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		p = comes(w, name, 0);
	}
	assert_int_equal(world_rekey(w), 0);
	world_deliver(w);
	assert_true(room_thread_work(w->thread[0]));
	assert_int_equal(w->room->rekey.unwrapped, ROOM_THREAD_WRAPS + 1);
	assert_true(room_thread_work(w->thread[0]));
	assert_false(room_thread_work(w->thread[0]));
	assert_int_equal(world_rekey(w), 0);
	snprintf(words, sizeof(words), "welcome 1 as %d; list %d of %d from 1",
	    n, n, n);
	READS(p, words);
}

/* --- a shard that is behind ------------------------------------------------ */

static void test_backlogged(void **state)
{
	static uint8_t body[WIRE_GROUP_HEAD + 60000];
	struct world *w = *state;
	struct peer *p[3];
	size_t n;

	three(w, p);
	for (n = 0; !room_backlogged(w->room); n++) {
		assert_true(n < 2 * MAILBOX_BACKLOG / sizeof(body));
		frame(body, p[0]->id, 1, ++p[0]->seq);
		assert_int_equal(
		    room_group(p[0]->member, body, sizeof(body), NULL), 0);
		room_thread_deliver(w->thread[0]);
	}
	assert_true(n * sizeof(body) >= MAILBOX_BACKLOG - sizeof(body));
	room_thread_deliver(w->thread[1]);
	assert_false(room_backlogged(w->room));
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_one_order),
	    T(test_one_reference_per_shard),
	    T(test_leave_in_another_shard),
	    T(test_leaving_delivers_nothing),
	    T(test_shard_comes_and_goes),
	    T(test_replaced_across_shards),
	    T(test_refused),
	    T(test_leaver_knows_no_step),
	    T(test_newcomer_leaves_unwrapped),
	    T(test_newcomer_replaced_unwrapped),
	    T(test_few_wraps_a_step),
	    T(test_backlogged),
	};

	json_setup();
	return cmocka_run_group_tests_name("shards", tests, NULL, NULL);
}
