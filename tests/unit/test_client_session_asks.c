/* Unit tests for what a session asks of the server: lists, rooms entered and
 * left, acts. */
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)
#define OK(call)   assert_int_equal(call, 0)

static uint32_t ask(struct world *w, const struct request *q)
{
	uint32_t req = 0;

	OK(session_ask(w->s, q, &req));
	world_pump(w);
	return req;
}

static uint32_t list_after(struct world *w, const char *name)
{
	struct request q = {.type = REQUEST_ROOM_LIST};

	snprintf(q.name, sizeof(q.name), "%s", name);
	return ask(w, &q);
}

static void answer_page(struct world *w, uint32_t req, const char *first)
{
	struct room_info r = {.id = 3, .people = 2};
	struct buf b;

	snprintf(r.name, sizeof(r.name), "%s", first);
	r.settings = room_settings_default;
	buf_init(&b, WIRE_JSON_MAX);
	OK(answer_rooms(&b, req, &r, 1, 7));
	fake_control(&w->fake, &b, false);
	world_pump(w);
}

/* alice is in the lobby with bob. */
static struct world *in_lobby(void)
{
	struct world *w = world_new();

	w->opts.room = "lobby";
	world_join(w, 1);
	return w;
}

/* --- requests ------------------------------------------------------------- */

TEST(answers_find_their_request)
{
	struct world *w = in_lobby();
	struct request act = {.type = REQUEST_ACT, .act = ACT_KICK, .room = 1};
	struct request new = {.type = REQUEST_ROOM_NEW, .name = "den"};

	(void)state;
	snprintf(act.who, sizeof(act.who), "bob");
	assert_int_equal(list_after(w, ""), 1);
	assert_int_equal(ask(w, &act), 2);
	assert_int_equal(ask(w, &new), 3);
	check_got(
	    w, "rooms after \"\" 1", "act kick bob in 1 2", "new den 3", NULL);
	/* In any order. */
	fake_done(&w->fake, 3, 9);
	fake_failed(&w->fake, 2, CODE_DENIED, "no");
	answer_page(w, 1, "den");
	check_events(w, "done 3 9", "failed 2 denied no",
	    "rooms 1 1 of 7 first den", NULL);
	world_free(w);
}

/* What is asked about the account, and what is told of it. */
TEST(devices_and_invites)
{
	struct world *w = in_lobby();
	struct account_device d[2] = {{.first_s = 5, .last_s = 7, .here = true},
	    {.first_s = 8, .last_s = 9}};
	struct account_invite v = {.id = "abcdefg7",
	    .uses = 3,
	    .left = 2,
	    .role = ROLE_GUEST,
	    .by = "bob"};
	struct request q = {.type = REQUEST_ACCOUNT_DEVICES};
	struct buf b;

	(void)state;
	memcpy(d[0].identity, identity_public(w->opts.identity), WIRE_ED25519);
	memcpy(d[1].identity, w->fake.peers[0].user.identity, WIRE_ED25519);
	assert_int_equal(ask(w, &q), 1);
	q.type = REQUEST_INVITE_LIST;
	assert_int_equal(ask(w, &q), 2);
	q = (struct request){.type = REQUEST_INVITE_NEW,
	    .invite = {.room = 1, .uses = 2, .role = ROLE_MEMBER}};
	assert_int_equal(ask(w, &q), 3);
	q = (struct request){.type = REQUEST_ACCOUNT_PASSWORD};
	memset(&q.password, 5, sizeof(q.password));
	q.password.none = false;
	assert_int_equal(ask(w, &q), 4);
	buf_init(&b, WIRE_JSON_MAX);
	OK(answer_devices(&b, 1, d, 2));
	fake_control(&w->fake, &b, false);
	buf_init(&b, WIRE_JSON_MAX);
	OK(answer_invites(&b, 2, &v, 1, 1));
	fake_control(&w->fake, &b, false);
	buf_init(&b, WIRE_JSON_MAX);
	OK(answer_invite(&b, 3, "abcdefg7", "AAECAwQFBgcICQoLDA0ODw"));
	fake_control(&w->fake, &b, false);
	fake_done(&w->fake, 4, 0);
	world_pump(w);
	check_events(w, "devices 1 of 2: self 5 7 here, other 8 9",
	    "invites 2 1 of 1 first abcdefg7 2/3 guest bob",
	    "done 3 0 abcdefg7 AAECAwQFBgcICQoLDA0ODw", "done 4 0", NULL);
	world_free(w);
}

TEST(other_types_are_refused)
{
	struct world *w = in_lobby();
	struct request q = {.type = REQUEST_ROOM_JOIN, .name = "den"};
	uint32_t req;

	(void)state;
	assert_int_equal(session_ask(w->s, &q, &req), ERR_USAGE);
	q.type = REQUEST_ROOM_LEAVE;
	assert_int_equal(session_ask(w->s, &q, &req), ERR_USAGE);
	q.type = REQUEST_UNKNOWN;
	assert_int_equal(session_ask(w->s, &q, &req), ERR_USAGE);
	world_free(w);
}

TEST(so_many_may_be_open)
{
	struct world *w = in_lobby();
	struct request q = {.type = REQUEST_ROOM_LIST};
	uint32_t req, i;

	(void)state;
	for (i = 1; i <= WIRE_REQUESTS; i++)
		assert_int_equal(ask(w, &q), i);
	assert_int_equal(session_ask(w->s, &q, &req), ERR_LIMIT);
	lines_free(&w->fake.got);
	answer_page(w, 5, "den");
	assert_int_equal(ask(w, &q), WIRE_REQUESTS + 1);
	world_free(w);
}

TEST(an_answer_to_nothing)
{
	struct world *w = in_lobby();

	(void)state;
	fake_done(&w->fake, 1, 0);
	check_lie(w, ERR_STATE);
}

TEST(an_answer_twice)
{
	struct world *w = in_lobby();

	(void)state;
	list_after(w, "");
	check_got(w, "rooms after \"\" 1", NULL);
	answer_page(w, 1, "den");
	check_events(w, "rooms 1 1 of 7 first den", NULL);
	fake_failed(&w->fake, 1, CODE_DENIED, "");
	check_lie(w, ERR_STATE);
}

TEST(an_answer_of_another_kind)
{
	struct world *w = in_lobby();

	(void)state;
	list_after(w, "");
	check_got(w, "rooms after \"\" 1", NULL);
	fake_done(&w->fake, 1, 0);
	check_lie(w, ERR_JSON);
}

/* Else a program that asks for page after page would never end. */
TEST(a_page_that_goes_back)
{
	struct world *w = in_lobby();

	(void)state;
	list_after(w, "kitchen");
	check_got(w, "rooms after \"kitchen\" 1", NULL);
	answer_page(w, 1, "Kitchen");
	check_lie(w, ERR_RANGE);
}

TEST(a_page_that_is_too_long)
{
	struct world *w = in_lobby();
	struct buf b;
	int i;

	(void)state;
	list_after(w, "");
	check_got(w, "rooms after \"\" 1", NULL);
	buf_init(&b, WIRE_JSON_MAX);
	OK(buf_str(&b, "{\"type\":\"done\",\"req\":1,\"total\":10000,"
		       "\"rooms\":["));
	for (i = 0; i <= WIRE_ROOM_PAGE; i++) {
		char one[300];

		snprintf(one, sizeof(one),
		    "%s{\"id\":%d,\"name\":\"r%03d\",\"topic\":\"\","
		    "\"people\":0,\"mine\":false,\"settings\":{\"listed\":true,"
		    "\"entry\":\"open\",\"history\":\"none\",\"keep_days\":0,"
		    "\"keep_count\":0,\"voice\":\"all\",\"sealed\":false}}",
		    i > 0 ? "," : "", i + 1, i);
		OK(buf_str(&b, one));
	}
	OK(buf_str(&b, "]}"));
	fake_control(&w->fake, &b, false);
	check_lie(w, ERR_RANGE);
}

TEST(a_lost_connection_fails_what_may_be_done)
{
	struct world *w = in_lobby();
	struct request new = {.type = REQUEST_ROOM_NEW, .name = "den"};

	(void)state;
	list_after(w, "");
	ask(w, &new);
	check_got(w, "rooms after \"\" 1", "new den 2", NULL);
	world_lose(w, "gone");
	check_events(w,
	    "failed 2 lost the connection was lost before the server answered",
	    "reconnect gone", NULL);
	w->fake.member++;
	w->fake.n_people = 0;
	world_tick(w, 2000);
	/* What is asked meanwhile waits as well. */
	list_after(w, "m");
	world_connect(w);
	fake_person(&w->fake, &w->fake.peers[0].user);
	fake_step(&w->fake);
	fake_admit(&w->fake);
	world_pump(w);
	check_got(w, "rooms after \"\" 1", "rooms after \"m\" 3", NULL);
	check_events(w, "connecting 1", "connected 5", NULL);
	answer_page(w, 3, "n");
	check_events(w, "rooms 3 1 of 7 first n", NULL);
	world_free(w);
}

/* The server's answer may be what ends the connection, each time. */
TEST(a_list_is_asked_for_twice)
{
	struct world *w = in_lobby();

	(void)state;
	list_after(w, "");
	world_lose(w, "gone");
	check_events(w, "reconnect gone", NULL);
	w->fake.member++;
	w->fake.n_people = 0;
	world_tick(w, 2000);
	world_connect(w);
	fake_person(&w->fake, &w->fake.peers[0].user);
	fake_step(&w->fake);
	fake_admit(&w->fake);
	world_pump(w);
	check_got(w, "rooms after \"\" 1", "rooms after \"\" 1", NULL);
	check_events(w, "connecting 1", "connected 5", NULL);
	world_lose(w, "gone");
	check_events(w,
	    "failed 1 lost the connection was lost twice before the server "
	    "answered",
	    "reconnect gone", NULL);
	world_free(w);
}

TEST(quitting_waits_for_answers)
{
	struct world *w = in_lobby();

	(void)state;
	list_after(w, "");
	session_quit(w->s, true);
	world_pump(w);
	check_got(w, "rooms after \"\" 1", NULL);
	answer_page(w, 1, "den");
	check_events(w, "rooms 1 1 of 7 first den",
	    "closed 0 quit: ended by the user", NULL);
	check_got(w, "bye quit", NULL);
	world_free(w);
}

/* --- rooms ---------------------------------------------------------------- */

TEST(a_refused_room_does_not_touch_others)
{
	struct world *w = in_lobby();
	const struct chatroom *den, *again;

	(void)state;
	OK(session_join(w->s, "den", &den));
	OK(session_say(w->s, den, 1, "psst", 4, false));
	world_pump(w);
	check_got(w, "join den 1", NULL);
	fake_failed(&w->fake, 1, CODE_NOT_INVITED, "ask erin");
	world_pump(w);
	check_events(w, ": message alice 0 psst own", ": unsaid 0",
	    ": left not_invited by : ask erin", NULL);
	assert_false(world_status(w, den).wanted);
	assert_true(world_status(w, NULL).joined);
	assert_int_equal(session_say(w->s, den, 1, "x", 1, false), ERR_ROOM);
	assert_int_equal(session_leave(w->s, den), ERR_STATE);
	/* The handle is the same at the next try. */
	OK(session_join(w->s, "DEN", &again));
	assert_ptr_equal(den, again);
	world_pump(w);
	check_got(w, "join den 2", NULL);
	world_free(w);
}

TEST(done_without_a_key)
{
	struct world *w = in_lobby();
	const struct chatroom *den;

	(void)state;
	OK(session_join(w->s, "den", &den));
	world_pump(w);
	check_got(w, "join den 1", NULL);
	fake_done(&w->fake, 1, 2);
	check_lie(w, ERR_STATE);
}

TEST(a_key_that_was_not_asked_for)
{
	struct world *w = in_lobby();

	(void)state;
	w->fake.room = 2;
	w->fake.room_name = "den";
	w->fake.epoch = 1;
	w->fake.n_epochs = 0;
	OK(group_epoch_make(w->crypto, &w->fake.epochs[w->fake.n_epochs++], 2,
	    1, w->fake.secret));
	fake_admit(&w->fake);
	check_lie(w, ERR_STATE);
}

TEST(leaving_and_coming_again)
{
	struct world *w = in_lobby();
	struct fake *f = &w->fake;
	const struct chatroom *lobby = session_first_room(w->s), *again;

	(void)state;
	fake_say(f, &f->peers[0], "hello");
	world_pump(w);
	world_say(w, "bye all");
	OK(session_leave(w->s, lobby));
	assert_int_equal(session_leave(w->s, lobby), ERR_STATE);
	assert_int_equal(session_say(w->s, lobby, 1, "x", 1, false), ERR_ROOM);
	world_pump(w);
	check_got(w, "message 4 1 bye all", "leave 1 1", NULL);
	fake_ack(f, 1);
	fake_done(f, 1, 0);
	world_pump(w);
	check_events(w, "message bob 1 hello", "message alice 1 bye all own",
	    "sent 1", "left quit by : ", NULL);
	assert_false(world_status(w, lobby).wanted);
	assert_int_equal(world_status(w, lobby).total, 0);
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
	/* On the same connection: the same number, seqs from 1. */
	OK(session_join(w->s, "lobby", &again));
	assert_ptr_equal(again, lobby);
	world_pump(w);
	check_got(w, "join lobby 2", NULL);
	f->epoch++;
	fake_step(f);
	fake_admit(f);
	fake_done(f, 2, 1);
	world_pump(w);
	check_events(w, "connected 6", NULL);
	world_say(w, "again");
	world_pump(w);
	check_got(w, "message 6 1 again", NULL);
	fake_ack(f, 1);
	world_pump(w);
	check_events(w, "message alice 1 again own", "sent 1", NULL);
	world_free(w);
}

/* Without a room to come back to, a lost connection is the end. */
TEST(nothing_to_come_back_to)
{
	struct world *w = in_lobby();

	(void)state;
	OK(session_leave(w->s, session_first_room(w->s)));
	world_pump(w);
	check_got(w, "leave 1 1", NULL);
	world_lose(w, "gone");
	check_events(w, "left quit by : ", "closed 3 : gone", NULL);
	world_free(w);
}

TEST(others_may_come_again)
{
	struct world *w = in_lobby();
	struct fake *f = &w->fake;
	struct peer *bob = &f->peers[0];
	const struct notice_more quit = {.quit = true};
	struct notice_of n;
	struct buf b;

	(void)state;
	fake_say(f, bob, "bye");
	fake_gone(f, bob->user.member);
	fake_fresh(f, "leave");
	n = (struct notice_of){NOTICE_LEAVE, f->epoch,
	    fake_epoch(f, f->epoch)->commit, fake_roster(f, f->epoch),
	    &bob->user, 1, &quit, 1};
	buf_init(&b, WIRE_JSON_MAX);
	OK(notice_encode(&b, &n));
	OK(buf_u8(&b, 0));
	fake_notice_json(f, f->epoch, ++f->notice_seq, (const char *)b.p);
	buf_free(&b);
	fake_join(f, bob);
	fake_say_as(f, bob,
	    &(struct saying){.seq = 1, .text = "again", .id = f->session});
	world_pump(w);
	check_events(w, "message bob 1 bye", "epoch 5 leave", "leave bob quit",
	    "join bob", "epoch 6 join", "message bob 1 again", NULL);
	world_free(w);
}

/* ... but not as somebody else. */
TEST(somebody_else_with_their_number)
{
	struct world *w = in_lobby();
	struct fake *f = &w->fake;
	struct peer *bob = &f->peers[0];

	(void)state;
	fake_leave(f, bob, "kick");
	world_pump(w);
	check_events(w, "epoch 5 kick", "leave bob kick", NULL);
	bob->user.card[0] ^= 1;
	fake_join(f, bob);
	check_lie(w, ERR_MEMBER);
}

TEST(up_to_the_servers_limit)
{
	struct world *w = in_lobby();
	const struct chatroom *room;
	char name[16];
	int i;

	(void)state;
	fake_json(&w->fake, "{\"type\":\"welcome\",\"account\":\"alice\","
			    "\"password\":false,\"role\":\"guest\","
			    "\"limits\":{\"rooms\":4,\"text\":16384}}");
	world_pump(w);
	for (i = 1; i < 4; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		OK(session_join(w->s, name, &room));
	}
	assert_int_equal(session_join(w->s, "r4", &room), ERR_LIMIT);
	OK(session_join(w->s, "R3", &room));
	OK(session_leave(w->s, room));
	OK(session_join(w->s, "r4", &room));
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
#define ADD(name) check_add(&g, name, NULL, #name)
	ADD(answers_find_their_request);
	ADD(devices_and_invites);
	ADD(other_types_are_refused);
	ADD(so_many_may_be_open);
	ADD(an_answer_to_nothing);
	ADD(an_answer_twice);
	ADD(an_answer_of_another_kind);
	ADD(a_page_that_goes_back);
	ADD(a_page_that_is_too_long);
	ADD(a_lost_connection_fails_what_may_be_done);
	ADD(a_list_is_asked_for_twice);
	ADD(quitting_waits_for_answers);
	ADD(a_refused_room_does_not_touch_others);
	ADD(done_without_a_key);
	ADD(a_key_that_was_not_asked_for);
	ADD(leaving_and_coming_again);
	ADD(nothing_to_come_back_to);
	ADD(others_may_come_again);
	ADD(somebody_else_with_their_number);
	ADD(up_to_the_servers_limit);
#undef ADD
	return check_run("what a session asks", &g);
}
