/* Unit tests for losing a connection, reconnecting, and silence. */
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)

static struct world *joined(size_t peers)
{
	struct world *w = world_new();

	world_join(w, peers);
	return w;
}

/* --- losing the connection and reconnecting ----------------------------- */

TEST(the_first_connect_is_not_repeated)
{
	struct world *w = world_new();

	(void)state;
	world_start(w);
	world_lose(w, "connection refused");
	check_events(w, "connecting 1", "closed 3 : connection refused", NULL);
	world_free(w);
}

TEST(pauses_grow_to_twenty_seconds)
{
	static const uint32_t want[] = {1, 2, 4, 8, 16, 20, 20};
	struct world *w = joined(0);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(*want); i++) {
		world_lose(w, "gone");
		assert_in_range(w->wait_ms, want[i] * 750, want[i] * 1250);
		world_tick(w, w->wait_ms);
		lines_free(&w->events);
	}
	world_free(w);
}

TEST(a_long_stay_resets_the_pause)
{
	struct world *w = joined(0);

	(void)state;
	world_lose(w, "gone");
	world_come_back(w);
	world_lose(w, "gone");
	assert_in_range(w->wait_ms, 1500, 2500);
	world_come_back(w);
	w->now += 2000;
	world_lose(w, "gone");
	assert_in_range(w->wait_ms, 750, 1250);
	world_free(w);
}

TEST(what_was_not_acknowledged_comes_first)
{
	struct world *w = joined(0);
	struct fake *f = &w->fake;
	uint8_t id[WIRE_ID];

	(void)state;
	world_say(w, "one");
	world_say(w, "two");
	world_pump(w);
	memcpy(id, f->last_id, WIRE_ID);
	fake_ack(f, 1);
	world_pump(w);
	world_lose(w, "gone");
	world_say(w, "three");
	check_events(w, "message alice 1 one own", "message alice 2 two own",
	    "sent 1", "reconnect gone", "message alice 0 three own", NULL);
	world_come_back(w);
	check_got(w, "message 4 1 one", "message 4 2 two", "message 6 1 two",
	    "message 6 2 three", NULL);
	fake_ack(f, 2);
	world_pump(w);
	check_events(
	    w, "connecting 1", "connected 6", "sent 1", "sent 2", NULL);
	world_say(w, "same id?");
	world_pump(w);
	assert_memory_not_equal(id, f->last_id, WIRE_ID);
	world_free(w);
}

TEST(sealed_after_a_reconnect_it_has_its_id)
{
	struct world *w = joined(0);
	uint8_t id[WIRE_ID];

	(void)state;
	world_say(w, "same");
	world_pump(w);
	memcpy(id, w->fake.last_id, WIRE_ID);
	memset(w->fake.last_id, 0, WIRE_ID);
	world_lose(w, "gone");
	world_come_back(w);
	check_got(w, "message 4 1 same", "message 6 1 same", NULL);
	assert_memory_equal(id, w->fake.last_id, WIRE_ID);
	world_free(w);
}

TEST(ids_are_remembered_across_reconnects)
{
	static const uint8_t id[WIRE_ID] = {3};
	const struct saying once = {.seq = 1, .id = id, .text = "once"};
	struct world *w = joined(1);
	struct fake *f = &w->fake;
	struct user bob = f->peers[0].user;

	(void)state;
	fake_say_as(f, &f->peers[0], &once);
	world_pump(w);
	check_events(w, "message bob 1 once", NULL);
	world_lose(w, "gone");
	/* bob reconnected too, and resends the same message as another
	 * member. */
	bob.member = f->peers[0].user.member = 40;
	world_tick(w, w->wait_ms);
	f->n_people = 0;
	f->member++;
	fake_step(f);
	fake_person(f, &bob);
	world_connect(w);
	fake_admit(f);
	fake_say_as(f, &f->peers[0], &once);
	f->peers[0].seq = 1;
	fake_say(f, &f->peers[0], "news");
	world_pump(w);
	check_events(w, "reconnect gone", "connecting 1", "connected 5",
	    "message bob 2 news", NULL);
	world_free(w);
}

/* A message said in one room is not sent to another room that the server now
 * offers as its first. */
TEST(after_a_reconnect_it_is_the_same_room)
{
	struct world *w = joined(0);

	(void)state;
	assert_string_equal(w->fake.asked_room, "");
	world_lose(w, "gone");
	world_come_back(w);
	assert_string_equal(w->fake.asked_room, "lobby");
	world_free(w);
}

TEST(an_earlier_epoch_of_the_same_session)
{
	struct world *w = joined(0);

	(void)state;
	world_lose(w, "gone");
	world_tick(w, w->wait_ms);
	w->fake.n_people = 0;
	w->fake.member++;
	world_connect(w);
	fake_admit(&w->fake); /* still epoch 4 */
	world_pump(w);
	check_events(w, "reconnect gone", "connecting 1",
	    "closed 6 protocol: the server broke the protocol: an epoch is not "
	    "the one expected",
	    NULL);
	world_free(w);
}

/* Within one session an id that left is never assigned again, to anybody. */
static void back_as(struct world *w, uint32_t member)
{
	struct fake *f = &w->fake;

	fake_leave(f, &f->peers[0], "leave");
	world_pump(w);
	world_lose(w, "gone");
	world_tick(w, w->wait_ms);
	f->n_people = 0;
	f->member = member;
	fake_step(f);
	world_connect(w);
	fake_admit(f);
	world_pump(w);
	check_events(w, "epoch 5 leave", "leave bob leave", "reconnect gone",
	    "connecting 1",
	    "closed 6 protocol: the server broke the protocol: a member is not "
	    "the one expected",
	    NULL);
	world_free(w);
}

TEST(back_as_somebody_who_left)
{
	(void)state;
	back_as(joined(1), 1);
}

TEST(back_as_the_member_that_we_were)
{
	(void)state;
	back_as(joined(1), 50);
}

TEST(a_server_that_started_again)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;

	(void)state;
	fake_leave(f, &f->peers[0], "leave");
	world_pump(w);
	fake_bye(f, CODE_SHUTDOWN);
	world_pump(w);
	check_events(w, "epoch 5 leave", "leave bob leave",
	    "reconnect the server is shutting down", NULL);
	/* Epochs and member ids start again: bob is 1 again. */
	f->session[0] ^= 1;
	f->n_people = 0;
	fake_person(f, &f->peers[0].user);
	f->epoch = 0;
	fake_step(f);
	world_tick(w, w->wait_ms);
	world_connect(w);
	fake_admit(f);
	world_pump(w);
	check_events(w, "connecting 1", "connected 1", NULL);
	world_free(w);
}

TEST(without_reconnect_the_first_loss_ends_it)
{
	struct world *w = world_new();

	(void)state;
	w->opts.reconnect = false;
	world_join(w, 0);
	world_lose(w, "gone");
	check_events(w, "closed 3 : gone", NULL);
	world_free(w);
}

static void bye(void **state)
{
	const enum wire_code *code = *state;
	struct world *w = joined(0);
	char closed[128];

	fake_bye(&w->fake, *code);
	world_pump(w);
	if (*code == CODE_FULL || *code == CODE_NAME_TAKEN) {
		/* It was in the room: it waits, as test_client_session_entry
		 * shows. */
		snprintf(closed, sizeof(closed), "reconnect %s; waiting until %s",
		    wire_code_str(*code),
		    *code == CODE_FULL ? "there is a place"
				       : "the name is free");
		check_events(w, closed, NULL);
		assert_true(session_deadline(w->s) > w->now);
	} else if (wire_code_again(*code)) {
		snprintf(closed, sizeof(closed), "reconnect %s",
		    wire_code_str(*code));
		check_events(w, closed, NULL);
		assert_int_equal(session_deadline(w->s), w->now + w->wait_ms);
	} else {
		snprintf(closed, sizeof(closed), "closed %d %s: %s",
		    *code == CODE_PROTOCOL ? 6
		    : *code == CODE_QUIT   ? 3
					   : 4,
		    wire_code_word(*code), wire_code_str(*code));
		check_events(w, closed, NULL);
		assert_int_equal(session_deadline(w->s), UINT64_MAX);
	}
	check_got(w, NULL);
	world_free(w);
}

/* --- silence ----------------------------------------------------------- */

TEST(rtt_and_pings)
{
	struct world *w = joined(0);
	struct session_status st;

	(void)state;
	session_status(w->s, &st);
	assert_int_equal(st.rtt_ms, UINT32_MAX);
	assert_int_equal(session_deadline(w->s), w->now + 1000);
	world_tick(w, 1000);
	check_got(w, "ping 1", NULL);
	w->now += 23;
	fake_ping(&w->fake, true, 1);
	world_pump(w);
	check_events(w, "rtt 23", NULL);
	session_status(w->s, &st);
	assert_int_equal(st.rtt_ms, 23);
	/* It pings again after 30 s; a wrong pong gives no measurement. */
	assert_int_equal(session_deadline(w->s), w->now - 23 + 30000);
	world_tick(w, 30000 - 23);
	check_got(w, "ping 2", NULL);
	fake_ping(&w->fake, true, 1);
	world_pump(w);
	check_events(w, NULL);
	world_free(w);
}

TEST(an_answer_on_the_next_connection)
{
	struct world *w = joined(0);

	(void)state;
	world_tick(w, 1000);
	world_lose(w, "gone");
	world_come_back(w);
	check_got(w, "ping 1", NULL);
	fake_ping(&w->fake, true, 1);
	world_pump(w);
	check_events(w, "reconnect gone", "connecting 1", "connected 6", NULL);
	world_free(w);
}

TEST(silence_is_pinged_and_then_ends_it)
{
	struct world *w = joined(0);
	uint64_t start = w->now;

	(void)state;
	world_tick(w, 1000);
	check_got(w, "ping 1", NULL);
	/* 30 s after the last record, not after the last ping. */
	assert_int_equal(session_deadline(w->s), start + 30000);
	world_tick(w, 29000);
	check_got(w, "ping 2", NULL);
	assert_int_equal(session_deadline(w->s), start + 60000);
	world_tick(w, 30000);
	check_got(w, "ping 3", NULL);
	assert_int_equal(session_deadline(w->s), start + 90000);
	world_tick(w, 29999);
	check_events(w, NULL);
	world_tick(w, 1);
	check_events(w, "reconnect the server is silent", NULL);
	check_got(w, "bye timeout", NULL);
	world_free(w);
}

TEST(silence_before_the_room_counts_too)
{
	struct world *w = world_new();

	(void)state;
	world_connect(w);
	world_tick(w, 30000);
	check_got(w, "ping 1", NULL);
	world_tick(w, 60000);
	check_events(
	    w, "connecting 1", "closed 3 : the server is silent", NULL);
	world_free(w);
}

/* The server answers pings but never sends the room's key. */
TEST(a_server_that_only_answers_pings)
{
	struct world *w = world_new();
	int64_t id;

	(void)state;
	world_connect(w);
	for (id = 1; id <= 3; id++) {
		world_tick(w, 29000);
		fake_ping(&w->fake, false, id);
		world_pump(w);
	}
	world_tick(w, 2000);
	assert_int_equal(session_deadline(w->s), w->now + 1000);
	world_tick(w, 999);
	check_events(w, "connecting 1", NULL);
	world_tick(w, 1);
	check_events(w,
	    "closed 3 timeout: the server does not give us the room's key",
	    NULL);
	world_free(w);
}

/* Between the fresh key and the notice of who left, the client does not know
 * for whom it would sign: what the user says waits. */
TEST(nothing_is_sealed_before_the_notice_of_a_leave)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;

	(void)state;
	world_join(w, 2);
	fake_gone(f, 2);
	fake_fresh(f, "leave");
	world_pump(w);
	world_say(w, "only us");
	world_pump(w);
	check_got(w, NULL);
	fake_notice(f, NOTICE_LEAVE, 5, 5, &f->peers[1].user, 1);
	world_pump(w);
	check_got(w, "message 5 1 only us", NULL);
	check_events(w, "epoch 5 leave", "message alice 1 only us own",
	    "leave carol leave", NULL);
	world_free(w);
}

/* A server that never says who left is left, as one that does not list. */
TEST(a_server_that_does_not_say_who_left)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	int64_t id;

	(void)state;
	world_join(w, 2);
	fake_gone(f, 2);
	fake_fresh(f, "leave");
	world_pump(w);
	check_events(w, "epoch 5 leave", NULL);
	for (id = 1; id <= 2; id++) {
		world_tick(w, 45000 - (id == 2));
		fake_ping(f, false, id);
		world_pump(w);
	}
	check_events(w, NULL);
	world_tick(w, 1);
	check_events(w,
	    "reconnect the server does not say who is in the room", NULL);
	world_free(w);
}

/* The same with the room's key, but no list of people. */
TEST(a_server_that_does_not_say_who_is_here)
{
	struct world *w = world_new();
	struct key_exchange k;
	int64_t id;

	(void)state;
	world_connect(w);
	world_tick(w, 60000);
	fake_fill_key(&w->fake, &k);
	fake_put_key(&w->fake, &k);
	world_pump(w);
	for (id = 1; id <= 2; id++) {
		world_tick(w, 45000 - (id == 2));
		fake_ping(&w->fake, false, id);
		world_pump(w);
	}
	check_events(w, "connecting 1", NULL);
	world_tick(w, 1);
	check_events(w,
	    "closed 3 timeout: the server does not say who is in the room",
	    NULL);
	world_free(w);
}

/* Our queue of answers to pings is bounded when the server does not read. */
TEST(a_server_that_pings_and_does_not_read)
{
	struct world *w = joined(0);
	size_t i, n = 0;

	(void)state;
	w->deaf = true;
	for (i = 0; i < 60000 && w->events.n == 0; i++) {
		fake_ping(&w->fake, false, (int64_t)i);
		if (i % 200 == 199)
			world_pump(w);
		(void)session_output(w->s, &n);
		assert_true(n <= 3 << 20);
	}
	world_pump(w);
	check_events(
	    w, "reconnect the server has stopped reading what this client sends", NULL);
	world_free(w);
}

int main(void)
{
	static enum wire_code codes[CODE_UNKNOWN];
	struct check_group g = {0};
	unsigned i;

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(the_first_connect_is_not_repeated);
	ADD(pauses_grow_to_twenty_seconds);
	ADD(a_long_stay_resets_the_pause);
	ADD(what_was_not_acknowledged_comes_first);
	ADD(sealed_after_a_reconnect_it_has_its_id);
	ADD(ids_are_remembered_across_reconnects);
	ADD(after_a_reconnect_it_is_the_same_room);
	ADD(an_earlier_epoch_of_the_same_session);
	ADD(back_as_somebody_who_left);
	ADD(back_as_the_member_that_we_were);
	ADD(a_server_that_started_again);
	ADD(without_reconnect_the_first_loss_ends_it);
	for (i = CODE_NONE + 1; i < CODE_UNKNOWN; i++) {
		codes[i] = (enum wire_code)i;
		check_add(
		    &g, bye, &codes[i], "bye %s", wire_code_word(codes[i]));
	}
	ADD(rtt_and_pings);
	ADD(an_answer_on_the_next_connection);
	ADD(silence_is_pinged_and_then_ends_it);
	ADD(silence_before_the_room_counts_too);
	ADD(a_server_that_only_answers_pings);
	ADD(a_server_that_does_not_say_who_is_here);
	ADD(nothing_is_sealed_before_the_notice_of_a_leave);
	ADD(a_server_that_does_not_say_who_left);
	ADD(a_server_that_pings_and_does_not_read);
	return check_run("client session's life", &g);
}
