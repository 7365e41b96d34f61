/* Unit tests for quitting a session. */
#include "tests/unit/fake_server.h"

#include "client/unsent.h"

#define TEST(name) static void name(void **state)
#define OK(call)   assert_int_equal(call, 0)

static struct world *joined(size_t peers)
{
	struct world *w = world_new();

	world_join(w, peers);
	return w;
}

TEST(quit_says_bye)
{
	struct world *w = joined(0);

	(void)state;
	session_quit(w->s, false);
	assert_int_equal(session_needs(w->s), SESSION_NEED_CLOSE);
	assert_int_equal(
	    session_say(w->s, session_first_room(w->s), 0, "x", 1, false),
	    ERR_STATE);
	world_pump(w);
	check_got(w, "bye quit", NULL);
	check_events(w, "closed 0 quit: ended by the user", NULL);
	world_free(w);
}

TEST(quit_with_flush_waits_for_the_acks)
{
	struct world *w = joined(0);

	(void)state;
	world_say(w, "one");
	world_say(w, "two");
	session_quit(w->s, true);
	world_pump(w);
	check_got(w, "message 4 1 one", "message 4 2 two", NULL);
	fake_ack(&w->fake, 1);
	world_pump(w);
	check_got(w, NULL);
	fake_ack(&w->fake, 2);
	world_pump(w);
	check_got(w, "bye quit", NULL);
	check_events(w, "message alice 1 one own", "message alice 2 two own",
	    "sent 1", "sent 2", "closed 0 quit: ended by the user", NULL);
	world_free(w);
}

TEST(quit_with_flush_from_the_start)
{
	struct world *w = world_new();

	(void)state;
	world_start(w);
	world_say(w, "piped");
	session_quit(w->s, true);
	world_connect(w);
	fake_admit(&w->fake);
	world_pump(w);
	check_got(w, "message 4 1 piped", NULL);
	fake_ack(&w->fake, 1);
	world_pump(w);
	check_got(w, "bye quit", NULL);
	check_events(w, "connecting 1", "message alice 0 piped own",
	    "connected 4", "sent 1", "closed 0 quit: ended by the user", NULL);
	world_free(w);
}

TEST(quit_with_flush_through_a_loss)
{
	struct world *w = joined(0);

	(void)state;
	world_say(w, "keep");
	session_quit(w->s, true);
	world_pump(w);
	world_lose(w, "gone");
	world_come_back(w);
	check_got(w, "message 4 1 keep", "message 6 1 keep", NULL);
	fake_ack(&w->fake, 1);
	world_pump(w);
	check_got(w, "bye quit", NULL);
	check_events(w, "message alice 1 keep own", "reconnect gone",
	    "connecting 1", "connected 6", "sent 1",
	    "closed 0 quit: ended by the user", NULL);
	world_free(w);
}

TEST(quit_while_waiting_or_dialing)
{
	struct world *w = joined(0);

	(void)state;
	world_lose(w, "gone");
	session_quit(w->s, false);
	check_events(
	    w, "reconnect gone", "closed 0 quit: ended by the user", NULL);
	world_free(w);
	w = world_new();
	world_start(w);
	session_quit(w->s, false);
	assert_int_equal(session_needs(w->s), SESSION_NEED_CLOSE);
	world_lose(w, "closed");
	check_events(
	    w, "connecting 1", "closed 0 quit: ended by the user", NULL);
	world_free(w);
}

/* A message whose edit is on its way is purged; the fake server has that request. */
static struct world *purged_with_an_edit_on_its_way(void)
{
	struct world *w = joined(1);
	const struct chatroom *room = session_first_room(w->s);
	struct session_room_status st;
	uint8_t own[WIRE_ID];
	uint32_t req;

	world_say(w, "one");
	world_pump(w);
	memcpy(own, w->fake.last_id, WIRE_ID);
	assert_int_equal(session_purge(w->s, room, own, &req), ERR_ABSENT);
	fake_ack(&w->fake, 1);
	world_pump(w);
	assert_int_equal(session_post(w->s, room, 1,
			     &(struct session_post){EVENT_EDIT, own, "two", 3, false}), 0);
	world_pump(w);
	lines_free(&w->fake.got);
	assert_int_equal(session_purge(w->s, room, own, &req), 0);
	world_tick(w, 0);
	world_pump(w);
	check_got(w, "purge 1 1 1", NULL);
	session_room_status(w->s, room, &st);
	assert_int_equal(st.purges, 1);
	return w;
}

/* Who quits then waits for its acknowledgement, purges it, and waits for the
 * answer. */
TEST(quitting_with_an_edit_to_be_purged)
{
	struct world *w = purged_with_an_edit_on_its_way();

	(void)state;
	fake_done(&w->fake, 1, 0);
	world_pump(w);
	session_quit(w->s, true);
	world_pump(w);
	check_got(w, NULL);
	fake_ack(&w->fake, 2);
	world_pump(w);
	check_got(w, "purge 1 2 2", NULL);
	fake_done(&w->fake, 2, 0);
	world_pump(w);
	check_got(w, "bye quit", NULL);
	world_free(w);
}

/* Who does not wait is told what may stay. */
TEST(leaving_at_once_with_an_edit_to_be_purged)
{
	struct world *w = purged_with_an_edit_on_its_way();
	struct unsent u = {0};
	char text[UNSENT_WORDS];

	(void)state;
	unsent_waiting(&u, w->s);
	session_quit(w->s, false);
	unsent_waiting(&u, w->s); /* counts nothing twice */
	assert_true(unsent_words(&u, text, sizeof(text)));
	assert_string_equal(text,
	    "the server has not acknowledged 1 message; 1 edit of a message "
	    "that you purged may stay in the history");
	world_free(w);
}

TEST(a_name_that_is_none)
{
	struct world *w = world_new();

	(void)state;
	w->opts.name = "-";
	assert_null(session_new(&w->opts));
	w->opts.name = "alice";
	w->opts.room = "a room";
	assert_null(session_new(&w->opts));
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
#define ADD(name) check_add(&g, name, NULL, #name)
	ADD(quit_says_bye);
	ADD(quit_with_flush_waits_for_the_acks);
	ADD(quit_with_flush_from_the_start);
	ADD(quit_with_flush_through_a_loss);
	ADD(quit_while_waiting_or_dialing);
	ADD(quitting_with_an_edit_to_be_purged);
	ADD(leaving_at_once_with_an_edit_to_be_purged);
	ADD(a_name_that_is_none);
#undef ADD
	return check_run("quitting a session", &g);
}
