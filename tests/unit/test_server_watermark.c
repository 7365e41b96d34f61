/* The watermark: of a room with a history nothing is delivered, acknowledged or
 * answered before the store has committed it, and everything in its order. */
#include "tests/unit/fake_store.h"
#include "tests/unit/room_world.h"

#include "server/room/acts.h"
#include "server/room/presence.h"
#include "server/room/room_int.h"

/* A room with a history, and three people on two threads. */
struct hall {
	struct world *w;
	struct store *s;
	struct peer *p[3];
};

static void commits(struct hall *h)
{
	fake_store_commit_all(h->s);
}

static int hall_up(void **state)
{
	static const char *const name[] = {"alice", "bob", "carol"};
	struct hall *h = calloc(1, sizeof(*h));
	void *world = NULL;
	size_t i;

	assert_non_null(h);
	assert_int_equal(world_up(&world), 0);
	h->w = world;
	h->s = fake_store_new();
	world_keeps(h->w, h->s, HISTORY_MEMBERS);
	directory_time(h->w->directory, h->w->now_ms, 1700000000000);
	for (i = 0; i < 3; i++) {
		h->w->at = i > 0;
		h->p[i] = peer_enter(h->w, name[i]);
	}
	assert_int_equal(world_rekey_all(h->w), 0);
	commits(h);
	for (i = 0; i < 3; i++)
		(void)peer_reads(h->p[i]);
	(void)fake_store_story(h->s);
	h->w->now_ms += SECOND;
	*state = h;
	return 0;
}

static int hall_down(void **state)
{
	struct hall *h = *state;
	void *world = h->w;

	commits(h);
	world_deliver(h->w);
	assert_int_equal(world_down(&world), 0);
	fake_store_free(h->s);
	free(h);
	return 0;
}

static int sends(struct peer *p)
{
	uint8_t body[WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG + 20] = {0};
	int err;

	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, p->now.epoch);
	put_u32(body + 16, p->id);
	put_u64(body + 20, p->seq + 1);
	err = room_group(p->member, body, sizeof(body), NULL);
	p->seq += err == 0;
	return err;
}

static enum wire_code act(struct hall *h, const struct peer *p, enum act what,
    const char *who, struct registry_answer *a)
{
	const struct registry_by by = {
	    p->result.card.name, p->result.card.identity, NULL, 0};
	struct request q = {
	    .type = REQUEST_ACT, .room = ROOM_ID, .act = what};

	snprintf(q.who, sizeof(q.who), "%s", who);
	assert_int_equal(acts_do(&h->w->registry, &by, &q, a), 0);
	return a->code;
}

static void makes_operator(struct hall *h, const struct peer *p)
{
	const struct standing_who who = {
	    p->result.card.identity, p->result.card.name};
	const struct standing_change c = {
	    .act = ACT_ROLE, .role = ROLE_OPERATOR};

	assert_int_equal(
	    standing_change(h->w->standing, ROOM_ID, &who, &c), 0);
	commits(h);
	(void)fake_store_story(h->s);
}

/* It comes back as a new connection. */
static void forgets(struct peer *p)
{
	p->listed = false;
	p->now.epoch = 0;
	p->n_people = 0;
}

/* --- tests --------------------------------------------------------------- */

/* Neither its readers nor its author hear of a frame that is not on disk; on
 * both threads. */
static void test_frames(void **state)
{
	struct hall *h = *state;
	uint64_t first;

	assert_int_equal(sends(h->p[0]), 0);
	first = fake_store_puts(h->s);
	assert_int_equal(sends(h->p[0]), 0);
	assert_int_equal(sends(h->p[1]), 0);
	READS(h->p[0], "");
	READS(h->p[1], "");
	READS(h->p[2], "");
	fake_store_commit(h->s, first);
	READS(h->p[0], "ack 1@1");
	READS(h->p[1], "1:1 in 1 @1");
	READS(h->p[2], "1:1 in 1 @1");
	READS(h->p[2], "");
	commits(h);
	READS(h->p[0], "2:1 in 1 @3; ack 2@2");
	READS(h->p[1], "1:2 in 1 @2; ack 1@3");
	READS(h->p[2], "1:2 in 1 @2; 2:1 in 1 @3");
	assert_string_equal(fake_store_story(h->s),
	    "entry 1 of 1; entry 2 of 1; entry 3 of 1");
}

/* A frame whose put fails does not count: the next one has its offset. */
static void test_refused(void **state)
{
	struct hall *h = *state;

	fake_store_fail(h->s, 0);
	assert_int_equal(sends(h->p[0]), ERR_NOMEM);
	assert_int_equal(sends(h->p[1]), 0);
	commits(h);
	READS(h->p[0], "2:1 in 1 @1");
	READS(h->p[1], "ack 1@1");
}

/* A newcomer gets its key and the head of the log when its epoch, its notice and
 * its membership are on disk; others hear of it then. */
static void test_newcomer(void **state)
{
	struct hall *h = *state;
	struct standing_since since;
	struct peer *dave = peer_enter(h->w, "dave");

	assert_int_equal(sends(h->p[0]), 0);
	commits(h); /* or its key is not wrapped */
	assert_int_equal(world_rekey_all(h->w), 0);
	READS(dave, "");
	READS(h->p[0], "ack 1@1");
	assert_string_equal(fake_store_story(h->s),
	    "entry 1 of 1; person 4; epoch 2 of 1; entry 2 of 1; "
	    "right dave in 1: member since 2 of 1/2");
	fake_store_commit(h->s, fake_store_puts(h->s) - 1);
	READS(dave, "");
	READS(h->p[0], "");
	commits(h);
	READS(dave, "welcome 2 as 4; list 4 of 4 from 1");
	READS(h->p[0], "join dave in 1 for 2");
	assert_int_equal(dave->head.offset, 2);
	assert_true(standing_member(h->w->standing, ROOM_ID,
	    dave->result.card.identity, &since));
	assert_int_equal(since.offset, 2);
	assert_int_equal(since.epoch, 2);
}

/* Its membership outlasts its connection, and ends with a kick. */
static void test_membership(void **state)
{
	struct hall *h = *state;
	struct registry_answer a = {.code = CODE_NONE};
	struct standing_since since;
	const uint8_t *bob = h->p[1]->result.card.identity;

	makes_operator(h, h->p[0]);
	room_leave(h->p[1]->member);
	assert_int_equal(world_rekey_all(h->w), 0);
	assert_string_equal(
	    fake_store_story(h->s), "epoch 2 of 1; entry 1 of 1");
	commits(h);
	assert_true(
	    standing_member(h->w->standing, ROOM_ID, bob, &since));
	assert_int_equal(since.offset, 0);
	h->w->now_ms += SECOND;
	forgets(h->p[1]);
	assert_int_equal(peer_comes(h->w, h->p[1]), CODE_NONE);
	assert_int_equal(world_rekey_all(h->w), 0);
	commits(h);
	(void)peer_reads(h->p[1]);
	assert_true(
	    standing_member(h->w->standing, ROOM_ID, bob, &since));
	assert_int_equal(since.offset, 0); /* of the first time */
	(void)fake_store_story(h->s);
	assert_int_equal(
	    act(h, h->p[0], ACT_KICK, "bob", &a), CODE_NONE);
	assert_int_equal(a.ticket, fake_store_puts(h->s));
	assert_string_equal(fake_store_story(h->s), "right bob in 1:");
	assert_false(
	    standing_member(h->w->standing, ROOM_ID, bob, &since));
}

/* Somebody who is put out gets nothing more, and need not wait for that. */
static void test_kick(void **state)
{
	struct hall *h = *state;
	struct registry_answer a = {.code = CODE_NONE};

	makes_operator(h, h->p[0]);
	assert_int_equal(sends(h->p[2]), 0);
	READS(h->p[1], "");
	assert_int_equal(
	    act(h, h->p[0], ACT_KICK, "bob", &a), CODE_NONE);
	READS(h->p[1], "out of 1, kicked by alice: ");
	assert_int_equal(world_rekey_all(h->w), 0);
	READS(h->p[0], "");
	commits(h);
	READS(h->p[1], "");
	READS(h->p[0], "3:1 in 1 @1; key 2 kick; kick bob in 2 for 2; "
		       "act kick bob by alice in 2 for 2");
	READS(h->p[2], "ack 1@1; key 2 kick; kick bob in 2 for 2; "
		       "act kick bob by alice in 2 for 2");
}

/* Who leaves is first told what became of what it said. */
static void test_leave(void **state)
{
	struct hall *h = *state;
	const struct presence_opts o = {
	    .registry = &h->w->registry, .rooms = h->w->thread[0]};
	struct presence in = {.o = &o, .out = &h->p[0]->q};
	struct room_newcomer n = {.out = &h->p[0]->q};
	struct member *s;
	enum wire_code refused;

	room_leave(h->p[0]->member);
	assert_int_equal(world_rekey_all(h->w), 0);
	commits(h);
	(void)peer_reads(h->p[0]);
	forgets(h->p[0]);
	h->w->now_ms += SECOND;
	n.person = peer_card(h->p[0]);
	n.member = s = memberships_new(&in.rooms);
	assert_int_equal(
	    room_enter(h->w->room, h->w->thread[0], &n, &refused), 0);
	assert_int_equal(refused, CODE_NONE);
	assert_int_equal(world_rekey_all(h->w), 0);
	commits(h);
	(void)peer_reads(h->p[0]);
	assert_int_equal(s->number, h->p[0]->id);
	{
		uint8_t body[WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG + 9] =
		    {0};

		put_u32(body + 8, ROOM_ID);
		put_u32(body + 12, h->p[0]->now.epoch);
		put_u32(body + 16, h->p[0]->id);
		put_u64(body + 20, 1);
		assert_int_equal(room_group(s, body, sizeof(body), NULL), 0);
	}
	presence_leave(&in, 5, s, 0);
	READS(h->p[0], "");
	assert_false(presence_may_ask(&in, 5));
	commits(h);
	READS(h->p[0], "ack 1@3; done 5");
	assert_false(member_taken(s));
	presence_free(&in);
}

/* Some notices of a new epoch are in the log and one is not: all come back
 * behind those, and nothing has two contents. */
static void test_half(void **state)
{
	struct hall *h = *state;
	struct registry_answer a = {.code = CODE_NONE};
	struct log_head head;

	makes_operator(h, h->p[0]);
	assert_int_equal(
	    act(h, h->p[0], ACT_KICK, "bob", &a), CODE_NONE);
	fake_store_fail(h->s, 2); /* the epoch, an entry, and not the next */
	h->w->ended_code = CODE_SHUTDOWN;
	assert_int_equal(world_rekey(h->w), ERR_NOMEM);
	assert_int_equal(h->w->room->head.offset, 1);
	assert_int_equal(room_people(h->w->room), 0);
	commits(h);
	world_deliver(h->w);
	assert_non_null(h->w->ended);
	assert_int_equal(world_rekey(h->w), 0);
	head = h->w->room->head;
	(void)peer_enter(h->w, "dave");
	h->w->now_ms += 2 * SECOND;
	h->w->room->rekey.retry_ms = 0;
	commits(h);
	assert_int_equal(world_rekey_all(h->w), 0);
	assert_int_equal(h->w->room->rekey.epoch, 3);
	assert_int_equal(h->w->room->head.offset, head.offset);
}

/* What is said of the store itself does not wait for it. */
static void test_storage(void **state)
{
	struct hall *h = *state;

	assert_int_equal(sends(h->p[0]), 0);
	room_storage(h->w->room, false);
	READS(h->p[0], "storage no");
	READS(h->p[1], "storage no");
	READS(h->p[2], "storage no");
	commits(h);
	room_storage(h->w->room, true);
	READS(h->p[1], "1:1 in 1 @1; storage yes");
	READS(h->p[0], "storage yes; ack 1@1");
	atomic_store(&h->w->room->keeps, false);
	room_storage(h->w->room, false);
	READS(h->p[2], "1:1 in 1 @1; storage yes");
}

/* A room without a history waits for nothing. */
static void test_none(void **state)
{
	struct hall *h = *state;

	h->w->room->settings.history = HISTORY_NONE;
	h->w->room->mail.ticket = 0;
	assert_int_equal(sends(h->p[0]), 0);
	READS(h->p[0], "ack 1@1");
	READS(h->p[1], "1:1 in 1 @1");
	READS(h->p[2], "1:1 in 1 @1");
	assert_string_equal(fake_store_story(h->s), "");
}

/* A history begins with the epoch and the people that are there, and ends with
 * everything that was kept. */
static void test_switch(void **state)
{
	struct hall *h = *state;
	const struct registry_by by = {"server", NULL, NULL, 0};
	struct request q = {.type = REQUEST_ROOM_SET,
	    .room = ROOM_ID,
	    .settings_named = SETTING_HISTORY};
	struct registry_answer a = {.code = CODE_NONE};

	q.settings.history = HISTORY_NONE;
	assert_int_equal(sends(h->p[0]), 0);
	assert_int_equal(registry_set(&h->w->registry, &by, &q, &a), 0);
	assert_string_equal(fake_store_story(h->s),
	    "entry 1 of 1; forget entries of 1; room 1 lobby ()");
	assert_int_equal(sends(h->p[0]), 0);
	READS(h->p[1], "");
	commits(h);
	READS(h->p[1], "1:1 in 1 @1; 1:2 in 1 @2");
	assert_int_equal(fake_store_head(h->s, ROOM_ID), 0);
	assert_int_equal(world_rekey(h->w), 0);
	READS(h->p[1], "room by server:  in 1 for 1");
	q.settings.history = HISTORY_ALL;
	assert_int_equal(registry_set(&h->w->registry, &by, &q, &a), 0);
	assert_string_equal(fake_store_story(h->s),
	    "epoch 1 of 1; person 1; person 2; person 3; "
	    "room 1 lobby ()");
	assert_int_equal(sends(h->p[0]), 0);
	READS(h->p[1], "");
	commits(h);
	assert_int_equal(fake_store_head(h->s, ROOM_ID), 4);
	READS(h->p[1], "1:3 in 1 @4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_frames, hall_up, hall_down),
	    cmocka_unit_test_setup_teardown(test_refused, hall_up, hall_down),
	    cmocka_unit_test_setup_teardown(test_newcomer, hall_up, hall_down),
	    cmocka_unit_test_setup_teardown(
		test_membership, hall_up, hall_down),
	    cmocka_unit_test_setup_teardown(test_kick, hall_up, hall_down),
	    cmocka_unit_test_setup_teardown(test_leave, hall_up, hall_down),
	    cmocka_unit_test_setup_teardown(test_half, hall_up, hall_down),
	    cmocka_unit_test_setup_teardown(test_storage, hall_up, hall_down),
	    cmocka_unit_test_setup_teardown(test_none, hall_up, hall_down),
	    cmocka_unit_test_setup_teardown(test_switch, hall_up, hall_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
