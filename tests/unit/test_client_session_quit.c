/* Unit tests for quitting a session. */
#include "tests/unit/fake_server.h"

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
	ADD(a_name_that_is_none);
#undef ADD
	return check_run("quitting a session", &g);
}
