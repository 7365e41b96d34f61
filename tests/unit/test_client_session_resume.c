/* Unit tests for what becomes of the user's messages when a connection is lost:
 * what was acknowledged is not said again, all else is, at once, unless somebody
 * is there for whom it was not meant. In a room with a history, members who are
 * away read it later, so it is meant for them. */
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)

/* keeps: the room has a history. */
static struct world *joined(size_t peers, bool keeps)
{
	struct world *w = world_new();

	if (keeps)
		fake_keep(&w->fake);
	world_join(w, peers);
	return w;
}

/* The pause is over and a socket is open; nobody else is back. */
static void come_back(struct world *w, bool another_run)
{
	struct fake *f = &w->fake;

	world_tick(w, w->wait_ms);
	f->n_people = 0;
	if (another_run) {
		f->session[0]++; /* session[0] was 5 before */
		f->epoch = 10 * (f->session[0] - 5u);
	} else {
		f->member++;
		fake_step(f);
	}
	f->since = f->head.offset; /* nothing was missed */
	fake_step(f);
	world_connect(w);
}

static void admit(struct world *w)
{
	fake_admit(&w->fake);
	world_pump(w);
}

/* The peer joins as a new member. */
static void peer_back(struct world *w, size_t i)
{
	struct fake *f = &w->fake;

	f->peers[i].user.member = (uint32_t)(60 + 2 * i + f->epoch);
	f->peers[i].seq = 0;
	fake_join(f, &f->peers[i]);
	world_pump(w);
}

static void ack(struct world *w, uint64_t seq)
{
	fake_ack(&w->fake, seq);
	world_pump(w);
}

static void check_unsent(struct world *w, size_t held, size_t unacked)
{
	struct session_room_status st;

	session_room_status(w->s, session_first_room(w->s), &st);
	assert_int_equal(st.held, held);
	assert_int_equal(st.unacked, unacked);
}

/* --- said again ----------------------------------------------------------- */

/* "one" was acknowledged, "two" was not. */
static struct world *half_acknowledged(bool keeps)
{
	struct world *w = joined(1, keeps);

	world_say(w, "one");
	world_say(w, "two");
	world_pump(w);
	ack(w, 1);
	check_got(w, "message 4 1 one", "message 4 2 two", NULL);
	check_events(w, "message alice 1 one own", "message alice 2 two own",
	    "sent 1", NULL);
	return w;
}

static void back_with_bob(struct world *w, bool another_run)
{
	come_back(w, another_run);
	fake_person(&w->fake, &w->fake.peers[0].user);
	admit(w);
	lines_free(&w->events);
}

/* With its id, before anything new; what was acknowledged is not. In every kind
 * of room, in the same run of the server and in the next. */
TEST(what_was_not_acknowledged_is_said_again)
{
	uint8_t id[WIRE_ID];
	struct world *w;
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		w = half_acknowledged((i & 1) != 0);
		memcpy(id, w->fake.last_id, WIRE_ID);
		world_lose(w, "gone");
		back_with_bob(w, (i & 2) != 0);
		assert_memory_equal(id, w->fake.last_id, WIRE_ID);
		world_say(w, "three");
		world_pump(w);
		if ((i & 2) != 0)
			check_got(
			    w, "message 11 1 two", "message 11 2 three", NULL);
		else
			check_got(
			    w, "message 6 1 two", "message 6 2 three", NULL);
		lines_free(&w->events);
		ack(w, 2);
		check_events(w, "sent 1", "sent 2", NULL);
		world_lose(w, "gone");
		back_with_bob(w, true);
		check_got(w, NULL);
		check_unsent(w, 0, 0);
		world_free(w);
	}
}

/* Alone in the room after a restart: nobody is waited for. */
TEST(it_is_said_at_once)
{
	struct world *w;
	int keeps;

	(void)state;
	for (keeps = 0; keeps < 2; keeps++) {
		w = joined(2, keeps != 0);
		world_lose(w, "gone");
		world_say(w, "one");
		come_back(w, true);
		admit(w);
		check_events(w, "reconnect gone", "message alice 0 one own",
		    "connecting 1", "connected 11", NULL);
		check_got(w, "message 11 1 one", NULL);
		peer_back(w, 0);
		world_say(w, "two");
		world_pump(w);
		check_got(w, "message 12 2 two", NULL);
		world_free(w);
	}
}

TEST(the_end_waits_for_what_is_under_way_only)
{
	struct world *w = half_acknowledged(false);

	(void)state;
	session_quit(w->s, true);
	world_pump(w);
	check_got(w, NULL);
	ack(w, 2);
	check_got(w, "bye quit", NULL);
	world_free(w);
}

/* --- for whom it was not meant -------------------------------------------- */

static struct world *back_with_a_stranger(bool keeps)
{
	struct world *w = half_acknowledged(keeps);
	struct fake *f = &w->fake;

	world_lose(w, "gone");
	come_back(w, true);
	fake_person(f, &f->peers[0].user);
	fake_person(f, &fake_peer(f, 40, "mallory")->user);
	admit(w);
	check_got(w, NULL);
	check_events(w, "reconnect gone", "connecting 1", "connected 11",
	    "held ask 1 1 mallory", NULL);
	check_unsent(w, 1, 1);
	return w;
}

TEST(a_stranger_does_not_get_it)
{
	struct world *w;
	int keeps;

	(void)state;
	for (keeps = 0; keeps < 2; keeps++) {
		w = back_with_a_stranger(keeps != 0);
		assert_int_equal(session_send_held(w->s, NULL), ERR_ROOM);
		assert_int_equal(
		    session_send_held(w->s, session_first_room(w->s)), 0);
		world_pump(w);
		check_got(w, "message 11 1 two", NULL);
		world_free(w);
		w = back_with_a_stranger(keeps != 0);
		assert_int_equal(
		    session_drop_held(w->s, session_first_room(w->s)), 0);
		world_pump(w);
		check_got(w, NULL);
		check_unsent(w, 0, 0);
		world_free(w);
	}
}

/* Nor one run later, if that person was present at the loss. */
TEST(a_stranger_of_a_run_between_does_not_get_it)
{
	struct world *w = half_acknowledged(true);
	struct fake *f = &w->fake;
	struct user mallory = fake_peer(f, 40, "mallory")->user;

	(void)state;
	world_lose(w, "gone");
	come_back(w, true);
	fake_person(f, &mallory);
	admit(w);
	world_lose(w, "gone");
	come_back(w, true);
	fake_person(f, &f->peers[0].user);
	fake_person(f, &mallory);
	admit(w);
	check_got(w, NULL);
	check_unsent(w, 1, 1);
	world_free(w);
}

/* What was said after a join is meant for the newcomer, what was said before is
 * not, also where both were under way together. */
TEST(who_came_between)
{
	struct world *w = half_acknowledged(false);
	struct fake *f = &w->fake;

	(void)state;
	fake_join(f, fake_peer(f, 60, "carol"));
	world_pump(w);
	world_say(w, "three");
	world_pump(w);
	check_got(w, "message 5 3 three", NULL);
	world_lose(w, "gone");
	come_back(w, true);
	fake_person(f, &f->peers[0].user);
	fake_person(f, &f->peers[1].user);
	admit(w);
	check_got(w, NULL);
	check_unsent(w, 1, 2); /* "three" waits behind it */
	assert_int_equal(session_drop_held(w->s, session_first_room(w->s)), 0);
	world_pump(w);
	check_got(w, "message 11 1 three", NULL);
	world_free(w);
}

/* --- members who are away -------------------------------------------------- */

/* Bob goes; "one" is said without him and is not acknowledged; he comes back, and
 * a fresh key is made. */
static struct world *without_bob(bool keeps, const char *how)
{
	struct world *w = joined(1, keeps);
	struct fake *f = &w->fake;

	fake_leave(f, &f->peers[0], how);
	world_pump(w);
	world_say(w, "one");
	world_pump(w);
	check_got(w, "message 5 1 one", NULL);
	peer_back(w, 0);
	lines_free(&w->events);
	fake_fresh(f, "timer");
	world_pump(w);
	return w;
}

/* Who lost the connection is a member still: in a room with a history it is read
 * anyway. Whoever quit or was put out is not, nor is anybody in a room that
 * forgets. */
TEST(a_member_who_was_away_is_no_stranger)
{
	static const struct {
		bool keeps;
		const char *how;
		bool held;
	} t[] = {{true, "leave", false}, {true, "quit", true},
	    {true, "kick", true}, {false, "leave", true},
	    {false, "quit", true}};
	struct world *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		w = without_bob(t[i].keeps, t[i].how);
		if (t[i].held)
			check_events(
			    w, "epoch 7 timer", "held ask 1 1 bob", NULL);
		else
			check_events(w, "epoch 7 timer", NULL);
		if (t[i].held)
			check_got(w, NULL);
		else
			check_got(w, "message 7 1 one", NULL);
		world_free(w);
	}
}

/* The same where all lost the connection: it is said in an empty room, and is not
 * acknowledged when the server ends again. */
TEST(two_restarts)
{
	struct world *w;
	int keeps;

	(void)state;
	for (keeps = 0; keeps < 2; keeps++) {
		w = joined(1, keeps != 0);
		world_lose(w, "gone");
		come_back(w, true);
		admit(w);
		world_say(w, "one");
		world_pump(w);
		check_got(w, "message 11 1 one", NULL);
		world_lose(w, "gone");
		back_with_bob(w, true);
		check_unsent(w, keeps ? 0 : 1, 1);
		if (keeps)
			check_got(w, "message 21 1 one", NULL);
		else
			check_got(w, NULL);
		world_free(w);
	}
}

/* Switched off: what is said from then on is not for those who are away. */
TEST(a_room_that_begins_to_forget)
{
	struct world *w = joined(1, true);
	struct fake *f = &w->fake;

	(void)state;
	fake_leave(f, &f->peers[0], "leave");
	world_pump(w);
	world_say(w, "one");
	world_pump(w);
	check_got(w, "message 5 1 one", NULL);
	world_lose(w, "gone");
	f->keeps = false;
	come_back(w, false);
	admit(w);
	world_say(w, "two");
	world_pump(w);
	check_got(w, "message 7 1 one", "message 7 2 two", NULL);
	peer_back(w, 0);
	lines_free(&w->events);
	fake_fresh(f, "timer");
	world_pump(w);
	check_got(w, "message 9 1 one", NULL);
	check_unsent(w, 1, 2);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(what_was_not_acknowledged_is_said_again);
	ADD(it_is_said_at_once);
	ADD(the_end_waits_for_what_is_under_way_only);
	ADD(a_stranger_does_not_get_it);
	ADD(a_stranger_of_a_run_between_does_not_get_it);
	ADD(who_came_between);
	ADD(a_member_who_was_away_is_no_stranger);
	ADD(two_restarts);
	ADD(a_room_that_begins_to_forget);
	return check_run("client session's resuming", &g);
}
