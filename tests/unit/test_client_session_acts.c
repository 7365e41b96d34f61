/* Unit tests for what the server does to a session: kick, mute, roles, changes of
 * a room. */
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)
#define OK(call)   assert_int_equal(call, 0)

/* alice is in the lobby with bob. */
static struct world *in_lobby(void)
{
	struct world *w = world_new();

	w->opts.room = "lobby";
	world_join(w, 1);
	return w;
}

/* --- what the server does ------------------------------------------------- */

TEST(a_kick_is_out_of_one_room)
{
	struct world *w = in_lobby();
	struct fake *f = &w->fake;

	(void)state;
	world_say(w, "hi");
	world_pump(w);
	check_got(w, "message 4 1 hi", NULL);
	fake_json(f, "{\"type\":\"room_left\",\"room\":1,\"code\":\"kicked\","
		     "\"by\":\"bob\",\"text\":\"enough\"}");
	world_pump(w);
	check_events(w, "message alice 1 hi own", "unsaid 0",
	    "left kicked by bob: enough", NULL);
	assert_int_equal(world_status(w, NULL).number, 0);
	/* Nothing of the room comes after it. */
	fake_say(f, &f->peers[0], "still there?");
	check_lie(w, ERR_STATE);
}

TEST(room_left_of_another_room)
{
	struct world *w = in_lobby();

	(void)state;
	fake_json(&w->fake,
	    "{\"type\":\"room_left\",\"room\":2,\"code\":\"kicked\","
	    "\"by\":\"bob\",\"text\":\"\"}");
	check_lie(w, ERR_ROOM);
}

TEST(voice_of_another_room)
{
	struct world *w = in_lobby();

	(void)state;
	fake_json(&w->fake, "{\"type\":\"voice\",\"room\":2,\"may\":false,"
			    "\"until\":0,\"by\":\"bob\"}");
	check_lie(w, ERR_ROOM);
}

static void put_voice(struct world *w, bool may)
{
	const struct voice v = {
	    .room = 1, .may = may, .until_ms = may ? 0 : 99, .by = "bob"};
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(voice_encode(&b, &v));
	fake_control(&w->fake, &b, false);
}

/* What was not acknowledged at the fence is taken back; the next content goes
 * on with its seq, under another key. */
TEST(muted_and_unmuted)
{
	struct world *w = in_lobby();
	struct fake *f = &w->fake;

	(void)state;
	world_say(w, "one");
	world_say(w, "two");
	world_pump(w);
	check_got(w, "message 4 1 one", "message 4 2 two", NULL);
	put_voice(w, false);
	world_pump(w);
	assert_int_equal(
	    session_say(w->s, session_first_room(w->s), 1, "x", 1, false),
	    ERR_REFUSED);
	assert_false(world_status(w, NULL).may_speak);
	assert_int_equal(world_status(w, NULL).voice_until_ms, 99);
	/* The first had arrived in time. */
	fake_ack(f, 1);
	fake_fresh(f, "voice");
	world_pump(w);
	check_events(w, "message alice 1 one own", "message alice 2 two own",
	    "voice 0 99 bob", "sent 1", "unsaid 0", "epoch 5 voice", NULL);
	check_got(w, NULL);
	/* Nothing is sealed before the fresh secret that follows. */
	put_voice(w, true);
	world_pump(w);
	check_events(w, "voice 1 0 bob", NULL);
	world_say(w, "three");
	world_pump(w);
	check_got(w, NULL);
	fake_fresh(f, "voice");
	world_pump(w);
	check_got(w, "message 6 2 three", NULL);
	fake_ack(f, 2);
	world_pump(w);
	check_events(
	    w, "message alice 2 three own", "epoch 6 voice", "sent 2", NULL);
	world_free(w);
}

/* Whoever enters muted is told by the list. */
/* What is said after "may" waits for the fresh secret, also where that belongs to
 * the mute as well: only what was said before is taken back. */
TEST(unmuted_before_the_fresh_secret)
{
	struct world *w = in_lobby();
	struct fake *f = &w->fake;
	size_t i;
	bool held;

	(void)state;
	world_say(w, "one");
	world_pump(w);
	check_got(w, "message 4 1 one", NULL);
	put_voice(w, false);
	put_voice(w, true);
	world_pump(w);
	world_say(w, "two");
	world_say(w, "three");
	world_pump(w);
	check_got(w, NULL);
	fake_fresh(f, "voice");
	world_pump(w);
	check_events(w, "message alice 1 one own", "voice 0 99 bob",
	    "voice 1 0 bob", "message alice 2 two own",
	    "message alice 3 three own", "unsaid 2", "epoch 5 voice", NULL);
	check_got(w, "message 5 1 two", "message 5 2 three", NULL);
	fake_ack(f, 2);
	world_pump(w);
	check_events(w, "sent 1", "sent 2", NULL);
	/* Muted twice: all of it is of before. */
	world_say(w, "four");
	for (i = 0; i < 2; i++) {
		put_voice(w, false);
		put_voice(w, true);
		world_pump(w);
		if (i == 0)
			world_say(w, "five");
	}
	fake_fresh(f, "voice");
	world_pump(w);
	lines_free(&f->got);
	assert_int_equal(
	    session_unsent(w->s, session_first_room(w->s), 0, &held) != NULL,
	    0);
	world_free(w);
}

TEST(muted_on_entering)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	struct key_exchange k;
	struct user_list l;

	(void)state;
	world_connect(w);
	world_say(w, "hi");
	fake_fill_key(f, &k);
	fake_put_key(f, &k);
	fake_fill_list(f, &l, 0);
	l.users[0].mute = true;
	l.users[0].role = ROLE_GUEST;
	fake_put_list(f, &l);
	world_pump(w);
	check_events(w, "connecting 1", "message alice 0 hi own", "connected 4",
	    "unsaid 0", NULL);
	check_got(w, NULL);
	assert_false(world_status(w, NULL).may_speak);
	assert_int_equal(world_status(w, NULL).role, ROLE_GUEST);
	put_voice(w, true);
	fake_fresh(f, "voice");
	world_pump(w);
	check_events(w, "voice 1 0 bob", "epoch 5 voice", NULL);
	world_say(w, "now");
	world_pump(w);
	check_got(w, "message 5 1 now", NULL);
	world_free(w);
}

static void put_notice(
    struct world *w, enum notice_event event, const struct notice_more *more)
{
	struct fake *f = &w->fake;
	const struct notice_of n = {event, f->epoch,
	    fake_epoch(f, f->epoch)->commit, fake_roster(f, f->epoch), NULL, 0,
	    more, 1};
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(notice_encode(&b, &n));
	OK(buf_u8(&b, 0));
	fake_notice_json(f, f->epoch, ++f->notice_seq, (const char *)b.p);
	buf_free(&b);
	world_pump(w);
}

TEST(acts_and_the_room_are_told)
{
	struct world *w = in_lobby();
	struct notice_more m = {.act = ACT_ROLE,
	    .by = "carol",
	    .who = "ALICE",
	    .role = ROLE_OPERATOR,
	    .reason = "well done"};
	struct notice_more room = {.by = "bob", .topic = "cake"};
	const struct person *p;
	size_t n;

	(void)state;
	put_notice(w, NOTICE_ACT, &m);
	assert_int_equal(world_status(w, NULL).role, ROLE_OPERATOR);
	m = (struct notice_more){
	    .act = ACT_MUTE, .by = "carol", .who = "bob", .until_ms = 77};
	put_notice(w, NOTICE_ACT, &m);
	p = session_people(w->s, session_first_room(w->s), &n);
	assert_string_equal(p[0].name, "bob");
	assert_false(p[0].voice);
	assert_int_equal(p[0].role, ROLE_MEMBER);
	room.settings = room_settings_default;
	room.settings.listed = false;
	put_notice(w, NOTICE_ROOM, &room);
	check_events(w, "act role carol ALICE operator 0 well done",
	    "act mute carol bob member 77 ", "room by bob: cake unlisted",
	    NULL);
	assert_string_equal(world_status(w, NULL).topic, "cake");
	assert_false(world_status(w, NULL).settings.listed);
	world_free(w);
}

TEST(an_act_that_a_member_tells)
{
	struct world *w = in_lobby();
	struct peer *bob = &w->fake.peers[0];
	const struct saying s = {.seq = ++bob->seq,
	    .json = "{\"type\":\"system\",\"event\":\"act\",\"act\":\"role\","
		    "\"by\":\"server\",\"who\":\"bob\",\"value\":\"owner\"}"};

	(void)state;
	fake_say_as(&w->fake, bob, &s);
	world_pump(w);
	check_events(w, "dropped bob not a message", NULL);
	world_free(w);
}

TEST(the_role_on_the_server)
{
	struct world *w = in_lobby();
	struct session_status st;

	(void)state;
	fake_json(&w->fake, "{\"type\":\"welcome\",\"account\":\"alice\","
			    "\"password\":false,\"role\":\"member\","
			    "\"limits\":{\"rooms\":64,\"text\":16384}}");
	world_pump(w);
	check_events(w, NULL);
	fake_json(&w->fake, "{\"type\":\"welcome\",\"account\":\"alice\","
			    "\"password\":false,\"role\":\"owner\","
			    "\"limits\":{\"rooms\":64,\"text\":16384}}");
	world_pump(w);
	check_events(w, "role owner", NULL);
	session_status(w->s, &st);
	assert_int_equal(st.role, ROLE_OWNER);
	assert_int_equal(st.rooms_max, 64);
	world_free(w);
}

/* The room of the card is refused, but there is another to be in. */
TEST(a_refused_card_is_no_end)
{
	struct world *w = in_lobby();
	const struct chatroom *den;
	struct fake *f = &w->fake;

	(void)state;
	OK(session_join(w->s, "den", &den));
	world_pump(w);
	check_got(w, "join den 1", NULL);
	world_lose(w, "gone");
	f->member++;
	f->n_people = 0;
	world_tick(w, 2000);
	world_connect(w);
	assert_string_equal(f->asked_room, "lobby");
	fake_bye(f, CODE_NO_ROOM);
	world_pump(w);
	check_events(w, "reconnect gone", "connecting 1",
	    "left no_room by : the server has no such room",
	    "reconnect the server has no such room", NULL);
	world_tick(w, 30000);
	world_connect(w);
	assert_string_equal(f->asked_room, "den");
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
#define ADD(name) check_add(&g, name, NULL, #name)
	ADD(a_kick_is_out_of_one_room);
	ADD(room_left_of_another_room);
	ADD(voice_of_another_room);
	ADD(muted_and_unmuted);
	ADD(unmuted_before_the_fresh_secret);
	ADD(muted_on_entering);
	ADD(acts_and_the_room_are_told);
	ADD(an_act_that_a_member_tells);
	ADD(the_role_on_the_server);
	ADD(a_refused_card_is_no_end);
#undef ADD
	return check_run("what is done to a session", &g);
}
