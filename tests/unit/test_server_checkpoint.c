/* The server signs the log of a room: when a member asks, seldom enough, and by
 * itself with a fresh secret. */
#include "tests/unit/room_talk.h"

#include "server/room/checkpoint.h"
#include "server/room/room_int.h"
#include "shared/crypto/library.h"

static void wait_ms(struct world *w, uint64_t ms)
{
	w->now_ms += ms;
	directory_time(w->directory, w->now_ms, 1700000000000);
}

/* The connection asks. */
static void asks(struct presence *c, uint32_t number, uint32_t room)
{
	const struct request q = {
	    .type = REQUEST_RECEIPT, .number = number, .room = room};

	assert_int_equal(checkpoint_ask(c, &q), 0);
}

static struct presence presence_of(struct world *w, struct peer *p,
    struct presence_opts *o)
{
	*o = (struct presence_opts){
	    .registry = &w->registry, .rooms = w->thread[0]};
	return (struct presence){
	    .o = o, .out = &p->q, .who = peer_card(p), .rooms = p->rooms};
}

static void test_asked(void **state)
{
	struct world *w = *state;
	struct presence_opts o;
	struct presence c;
	struct peer *a, *b;

	world_two(w, &a, &b);
	wait_ms(w, SECOND);
	c = presence_of(w, a, &o);
	asks(&c, 5, ROOM_ID);
	assert_int_equal(world_rekey_all(w), 0);
	READS(b, "checkpoint 1 right in 2 for 2");
	READS(a, "checkpoint 1 right in 2 for 2; done 5, signed 1");
	/* Another one costs everybody a frame: not so soon. */
	wait_ms(w, REKEY_SIGN_MS - SECOND);
	asks(&c, 6, ROOM_ID);
	assert_int_equal(world_rekey_all(w), 0);
	READS(a, "failed 6 try_later");
	READS(b, "");
	peer_says(b, 2);
	(void)peer_reads(a);
	(void)peer_reads(b);
	wait_ms(w, SECOND);
	asks(&c, 7, ROOM_ID);
	assert_int_equal(world_rekey_all(w), 0);
	READS(b, "checkpoint 3 right in 2 for 2");
	asks(&c, 9, ROOM_ID + 1);
	assert_non_null(strstr(peer_reads(a), "failed 9 no_room"));
	free(c.open);
}

/* With a fresh secret, an hour after the last, where there is something new. */
static void test_by_itself(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;

	world_two(w, &a, &b);
	w->now_ms += WIRE_REKEY_MS;
	assert_int_equal(world_rekey_all(w), 0);
	READS(b, "key 3 timer; checkpoint 1 right in 3 for 3");
	w->now_ms += WIRE_REKEY_MS;
	assert_int_equal(world_rekey_all(w), 0);
	READS(b, "key 4 timer"); /* it would sign itself alone */
	peer_says(b, 4);
	(void)peer_reads(b);
	w->now_ms += WIRE_REKEY_MS / 2;
	(void)peer_enter(w, "carol");
	assert_int_equal(world_rekey_all(w), 0);
	assert_null(strstr(peer_reads(b), "checkpoint"));
	w->now_ms += WIRE_REKEY_MS;
	assert_int_equal(world_rekey_all(w), 0);
	READS(b, "key 6 timer; checkpoint 4 right in 6 for 6");
}

/* At the server's end a thread may have been late, and end without that. Each
 * counts once. */
static void test_a_late_thread_is_not_waited_for(void **state)
{
	struct world *w = *state;
	struct peer *a, *b;

	world_two(w, &a, &b);
	rooms_run(w->thread[0], w->now_ms, 1700000000000);
	peer_says(b, 2);
	world_deliver(w);
	READS(a, "2:1 in 2 @2");
	rooms_sign(w->thread[0]);
	assert_false(rooms_signed(w->thread[0], w->now_ms)); /* not yet said */
	rooms_sign_end(w->thread[1]);
	rooms_sign_end(w->thread[1]);
	assert_false(rooms_signed(w->thread[0], w->now_ms));
	rooms_run(w->thread[0], w->now_ms, 1700000000000);
	assert_true(rooms_signed(w->thread[0], w->now_ms));
	world_deliver(w);
	READS(a, "checkpoint 2 right in 2 for 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_asked, world_up, world_down),
	    cmocka_unit_test_setup_teardown(
		test_by_itself, world_up, world_down),
	    cmocka_unit_test_setup_teardown(
		test_a_late_thread_is_not_waited_for, world_up, world_down),
	};

	json_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
