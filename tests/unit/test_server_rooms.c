/* Two rooms on two threads: events in one do not affect the other, even when a
 * client is in both. */
#include "tests/unit/house.h"

#include "server/room/dispatch.h"
#include "server/room/room_ref.h"
#include "shared/proto/control.h"

enum { LARGE = 60000 };

static void finds(struct room *r, const struct room *want)
{
	assert_ptr_equal(r, want);
	room_unref(r);
}

static void test_found_by_number_and_name(void **state)
{
	struct house *h = *state;
	struct directory *d = h->w->directory;

	finds(directory_room(d, ROOM_ID), h->room[LOBBY]);
	finds(directory_room(d, DEN_ID), h->room[DEN]);
	finds(directory_room(d, 3), NULL);
	finds(directory_find(d, ""), h->room[LOBBY]);
	finds(directory_find(d, "DEN"), h->room[DEN]);
	finds(directory_find(d, "attic"), NULL);
	h->w->o.id = 3; /* first the name is in use, then the number */
	assert_null(room_new(&h->w->o));
	h->w->o.id = DEN_ID;
	h->w->o.name = "attic";
	assert_null(room_new(&h->w->o));
}

static void test_messages_stay_in_their_room(void **state)
{
	struct house *h = *state;

	assert_int_equal(h->alice.id[LOBBY], 1);
	assert_int_equal(h->alice.id[DEN], 1); /* one number in both rooms */
	assert_int_equal(house_sends(&h->alice, LOBBY, 20), 0);
	assert_int_equal(house_sends(&h->alice, LOBBY, 20), 0);
	assert_int_equal(house_sends(&h->alice, DEN, 20), 0);
	assert_int_equal(house_sends(&h->carol, DEN, 20), 0);
	GETS(&h->bob, "1 1:1 @1; 1 1:2 @2");
	GETS(&h->carol, "2 1:1 @1; 2 ack 1@2");
	/* Offsets, sequence numbers and acks are per room. */
	GETS(&h->alice, "1 ack 2@2; 2 3:1 @2; 2 ack 1@1");
}

static void test_rekeys_are_the_rooms(void **state)
{
	struct house *h = *state;

	room_leave(h->bob.in[LOBBY]);
	house_second(h);
	GETS(&h->alice, "1 key 2 leave; 1 notice @1");
	GETS(&h->carol, "");
	assert_int_equal(room_epoch(h->room[LOBBY]), 2);
	assert_int_equal(room_epoch(h->room[DEN]), 1);
	/* A fence in the lobby does not affect the den. */
	assert_int_equal(house_sends(&h->alice, DEN, 20), 0);
	GETS(&h->carol, "2 1:1 @1");
	GETS(&h->alice, "2 ack 1@1");
	/* Each room rekeys for age at its own time. */
	h->w->now_ms += WIRE_REKEY_MS - 2 * SECOND;
	house_second(h);
	GETS(&h->alice, "2 key 2 timer; 2 notice @2");
	house_second(h);
	GETS(&h->alice, "1 key 3 timer; 1 notice @2");
	GETS(&h->carol, "2 key 2 timer; 2 notice @2");
	assert_memory_not_equal(
	    h->alice.secret[LOBBY], h->alice.secret[DEN], WIRE_KEY);
	assert_memory_equal(
	    h->alice.secret[DEN], h->carol.secret[DEN], WIRE_KEY);
}

/* Each room has a thread that runs its rekeys. */
static void test_owners(void **state)
{
	struct house *h = *state;
	struct world *w = h->w;

	assert_ptr_equal(h->room[LOBBY]->rekey.owner, &w->thread[0]->rekeys);
	assert_ptr_equal(h->room[DEN]->rekey.owner, &w->thread[1]->rekeys);
	room_leave(h->carol.in[DEN]);
	w->now_ms += SECOND;
	assert_true(rooms_deadline(w->thread[0]) > w->now_ms);
	assert_true(rooms_deadline(w->thread[1]) <= w->now_ms);
	rooms_run(w->thread[0], w->now_ms, 1700000000000);
	GETS(&h->alice, "");
	rooms_run(w->thread[1], w->now_ms, 1700000000000);
	GETS(&h->alice, "2 key 2 leave; 2 notice @1");
}

static void test_backlog_is_the_rooms(void **state)
{
	struct house *h = *state;
	size_t n;

	for (n = 0; !room_backlogged(h->room[LOBBY]); n++) {
		assert_true(n < 2 * MAILBOX_BACKLOG / LARGE);
		assert_int_equal(house_sends(&h->alice, LOBBY, LARGE), 0);
		room_thread_deliver(h->w->thread[0]);
	}
	assert_true(member_backlogged(h->alice.in[LOBBY]));
	assert_true(member_backlogged(h->bob.in[LOBBY]));
	assert_false(room_backlogged(h->room[DEN]));
	assert_false(member_backlogged(h->alice.in[DEN]));
	/* The den continues meanwhile. */
	assert_int_equal(house_sends(&h->carol, DEN, 20), 0);
	room_thread_deliver(h->w->thread[1]);
	assert_false(room_backlogged(h->room[LOBBY]));
	/* That much does not make a reader slow. */
	assert_true(member_taken(h->bob.in[LOBBY]));
	assert_true(member_taken(h->carol.in[DEN]));
}

static void test_people_are_counted_once(void **state)
{
	struct house *h = *state;
	struct directory *d = h->w->directory;

	assert_int_equal(room_people(h->room[LOBBY]), 2);
	assert_int_equal(room_people(h->room[DEN]), 2);
	assert_int_equal(directory_people(d), 3);
	room_leave(h->alice.in[LOBBY]);
	assert_int_equal(room_people(h->room[LOBBY]), 1);
	assert_int_equal(room_people(h->room[DEN]), 2);
	assert_int_equal(directory_people(d), 3);
	room_leave(h->alice.in[DEN]);
	assert_int_equal(directory_people(d), 2);
}

static void test_a_name_is_taken_everywhere(void **state)
{
	struct house *h = *state;
	struct house_client bob = {.p = peer_new(h->w, "Bob")};

	/* Bob is in the lobby only. */
	assert_int_equal(house_enters(h, &bob, DEN, 0), CODE_NAME_TAKEN);
	room_leave(h->bob.in[LOBBY]);
	assert_int_equal(house_enters(h, &bob, DEN, 0), CODE_NONE);
	room_leave(bob.in[DEN]);
}

static void test_replaced_in_one_room(void **state)
{
	struct house *h = *state;
	struct house_client again = {.p = peer_new(h->w, "alice")};

	memcpy(again.p->result.card.identity, h->alice.p->result.card.identity,
	    WIRE_ED25519);
	assert_int_equal(house_enters(h, &again, DEN, 1), CODE_NONE);
	house_second(h);
	assert_ptr_equal(h->w->ended, h->alice.in[DEN]);
	assert_int_equal(member_room_id(h->w->ended), DEN_ID);
	assert_string_equal(member_room_name(h->w->ended), "den");
	assert_true(member_is_in(h->alice.in[LOBBY]));
	GETS(&again, "den welcome 3; 2 list of 2");
	assert_int_equal(again.id[DEN], 4); /* another connection's number */
	room_leave(again.in[DEN]);
}

/* A client that was in another room first has a lower number than members who
 * joined this one before it. */
static void test_list_is_by_number(void **state)
{
	struct house *h = *state;
	const struct member_list *in = &h->room[DEN]->members.in;

	assert_int_equal(house_enters(h, &h->bob, DEN, 1), CODE_NONE);
	house_second(h);
	assert_int_equal(in->n, 3);
	assert_int_equal(in->p[0]->number, 1);
	assert_int_equal(in->p[1]->number, h->bob.in[LOBBY]->number);
	assert_int_equal(in->p[2]->number, 3);
	GETS(&h->bob, "den welcome 2; 2 list of 3");
	assert_int_equal(house_sends(&h->bob, DEN, 20), 0);
	GETS(&h->bob, "2 ack 1@2");
	GETS(&h->alice, "2 notice @1; 2 2:1 @2");
}

static size_t says(const struct world *w, struct dispatch *d, struct buf *r)
{
	size_t used;

	assert_int_equal(dispatch_input(d, r->p, r->len, w->now_ms, &used), 0);
	return used;
}

static void asks(struct house_client *c, struct dispatch *d, uint32_t member)
{
	struct buf json, body, record;
	struct link_frame f;

	buf_init(&json, WIRE_JSON_MAX);
	buf_init(&body, WIRE_JSON_MAX);
	buf_init(&record, WIRE_JSON_MAX);
	assert_int_equal(control_identity_ask(&json, member), 0);
	assert_int_equal(
	    link_control_seal(c->p->client, &body, json.p, json.len, false), 0);
	f = (struct link_frame){KIND_CONTROL, body.p, body.len};
	assert_int_equal(link_record(c->p->client, &record, &f, 1), 0);
	assert_int_equal(says(c->p->w, d, &record), record.len);
	buf_free(&json);
	buf_free(&body);
	buf_free(&record);
}

/* A request for an identity names no room. It is answered by the one that the
 * member is in, whichever it is, and by none that only others are in. */
static void test_identity_in_any_shared_room(void **state)
{
	static const size_t order[ROOMS] = {DEN, LOBBY};
	struct house *h = *state;
	struct house_client dora = {.p = peer_new(h->w, "dora")};
	struct room_newcomer n = {
	    .person = peer_card(dora.p), .out = &dora.p->q};
	struct buf json;
	const struct presence_opts o = {.registry = &h->w->registry};
	struct dispatch d = {.link = dora.p->server,
	    .json = &json,
	    .presence = {.o = &o, .out = &dora.p->q}};
	enum wire_code refused;
	size_t i;

	buf_init_secret(&json, WIRE_JSON_MAX);
	ratelimit_init(&d.rate, 0, 0, h->w->now_ms);
	for (i = 0; i < ROOMS; i++) {
		n.member = memberships_new(&d.presence.rooms);
		assert_int_equal(room_enter(h->room[order[i]], h->w->thread[0],
				     &n, &refused),
		    0);
		assert_int_equal(refused, CODE_NONE);
		house_second(h);
	}
	(void)house_reads(&dora);
	asks(&dora, &d, h->carol.in[DEN]->number);
	GETS(&dora, "identity of 3");
	asks(&dora, &d, h->bob.in[LOBBY]->number); /* not in her first room */
	GETS(&dora, "identity of 2");
	asks(&dora, &d, h->alice.in[DEN]->number); /* in both: one answer */
	GETS(&dora, "identity of 1");
	asks(&dora, &d, 99);
	GETS(&dora, "no_member 99");
	room_leave(memberships_in(&d.presence.rooms, ROOM_ID));
	asks(&dora, &d, 2);
	GETS(&dora, "no_member 2");
	memberships_leave(&d.presence.rooms);
	presence_free(&d.presence);
	buf_free(&json);
}

static void message(
    struct house_client *c, struct buf *record, uint64_t seq, size_t n)
{
	size_t len;
	uint8_t *body = house_written(c, LOBBY, seq, n, &len);
	struct link_frame f = {KIND_GROUP, body, len};

	buf_clear(record);
	assert_int_equal(link_record(c->p->client, record, &f, 1), 0);
	free(body);
}

static void fill_lobby(struct house *h)
{
	while (!room_full(h->room[LOBBY])) {
		assert_int_equal(house_sends(&h->alice, LOBBY, LARGE), 0);
		world_deliver(h->w);
	}
}

/* While bob's queue is full, who sends the lobby much is not heard; who sends
 * little is, and the den's are. */
static void test_who_fills_a_queue_waits(void **state)
{
	struct house *h = *state;
	struct house_client dora = {.p = peer_new(h->w, "dora")};
	struct dispatch d = {
	    .link = dora.p->server, .presence = {.out = &dora.p->q}};
	struct room_newcomer n = {.person = peer_card(dora.p),
	    .out = &dora.p->q,
	    .member = memberships_new(&d.presence.rooms)};
	enum wire_code refused;
	struct buf record;

	buf_init(&record, WIRE_RECORD_MAX);
	assert_int_equal(
	    room_enter(h->room[LOBBY], h->w->thread[0], &n, &refused), 0);
	house_second(h);
	(void)house_reads(&dora);
	fill_lobby(h);
	assert_false(room_full(h->room[DEN]));
	(void)house_reads(&dora);
	memberships_taken_up(&d.presence.rooms);
	assert_true(room_full(h->room[LOBBY])); /* for bob */

	message(&dora, &record, 1, 100);
	assert_int_equal(says(h->w, &d, &record), record.len);
	GETS(&dora, "1 ack 1@20");
	message(&dora, &record, 2, LARGE);
	assert_int_equal(says(h->w, &d, &record), 0);
	assert_true(d.limited);
	assert_in_range(d.again_ms, h->w->now_ms + 1, h->w->now_ms + SECOND);
	h->w->now_ms = d.again_ms;
	assert_int_equal(says(h->w, &d, &record), 0);
	GETS(&dora, "");
	assert_int_equal(house_sends(&h->carol, DEN, LARGE), 0);
	(void)house_reads(&h->bob);
	member_taken_up(h->bob.in[LOBBY]);
	h->w->now_ms = d.again_ms;
	assert_int_equal(says(h->w, &d, &record), record.len);
	GETS(&dora, "1 ack 2@21");
	fill_lobby(h);
	memberships_leave(&d.presence.rooms);
	assert_true(room_full(h->room[LOBBY]));
	room_leave(h->bob.in[LOBBY]);
	assert_false(room_full(h->room[LOBBY]));
	presence_free(&d.presence);
	buf_free(&record);
}

/* An idle room is on no work list. */
static void test_idle_rooms_are_on_no_list(void **state)
{
	struct house *h = *state;
	struct world *w = h->w;
	size_t i;

	assert_int_equal(house_sends(&h->carol, DEN, 20), 0);
	for (i = 0; i < 2; i++)
		assert_ptr_equal(STAILQ_FIRST(&w->thread[i]->shards.mail.ready),
		    world_mailbox_of(w, h->room[DEN], i));
	world_deliver(w);
	for (i = 0; i < 2; i++) {
		assert_true(STAILQ_EMPTY(&w->thread[i]->shards.mail.ready));
		assert_true(STAILQ_EMPTY(&w->thread[i]->rekeys.look));
		assert_true(rooms_deadline(w->thread[i]) > w->now_ms + SECOND);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, house_up, house_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_found_by_number_and_name),
	    T(test_messages_stay_in_their_room),
	    T(test_rekeys_are_the_rooms),
	    T(test_owners),
	    T(test_backlog_is_the_rooms),
	    T(test_people_are_counted_once),
	    T(test_a_name_is_taken_everywhere),
	    T(test_replaced_in_one_room),
	    T(test_list_is_by_number),
	    T(test_identity_in_any_shared_room),
	    T(test_who_fills_a_queue_waits),
	    T(test_idle_rooms_are_on_no_list),
	};

	json_setup();
	return cmocka_run_group_tests_name("rooms", tests, NULL, NULL);
}
