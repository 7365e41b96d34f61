/* Unit tests for messages of a session: both directions, order, and reports. */
#include "tests/unit/fake_server.h"

#define TEST(name) static void name(void **state)

static struct world *joined(size_t peers)
{
	struct world *w = world_new();

	world_join(w, peers);
	return w;
}

TEST(messages_both_ways)
{
	struct world *w = joined(1);

	(void)state;
	fake_say(&w->fake, &w->fake.peers[0], "hello");
	world_say(w, "hi bob");
	assert_int_equal(
	    session_say(w->s, session_first_room(w->s), 1, "waves", 5, true),
	    0);
	world_pump(w);
	check_events(w, "message alice 1 hi bob own",
	    "message alice 2 waves own action", "message bob 1 hello", NULL);
	check_got(w, "message 4 1 hi bob", "message 4 2 waves action", NULL);
	fake_ack(&w->fake, 2);
	world_pump(w);
	check_events(w, "sent 1", "sent 2", NULL);
	world_free(w);
}

/* Messages said before the driver seals share one record. */
TEST(a_step_is_one_record)
{
	struct world *w = joined(0);
	size_t i, n;

	(void)state;
	w->fake.records = 0;
	for (i = 0; i < 40; i++)
		world_say(w, "in one step");
	(void)session_output(w->s, &n);
	assert_int_equal(n, 0);
	assert_int_equal(session_needs(w->s), SESSION_NEED_SEAL);
	world_pump(w);
	assert_int_equal(w->fake.got.n, 40);
	assert_int_equal(w->fake.records, 1);
	assert_int_equal(session_deadline(w->s), w->now + 1000);
	world_free(w);
}

/* Frames that are ready together leave in one record. */
TEST(many_messages_are_one_record)
{
	struct world *w = world_new();
	size_t i;

	(void)state;
	world_start(w);
	for (i = 0; i < 40; i++)
		world_say(w, "before the room");
	world_connect(w);
	fake_admit(&w->fake);
	world_pump(w);
	assert_int_equal(w->fake.got.n, 40);
	assert_int_equal(w->fake.records, 1);
	world_free(w);
}

TEST(a_flood_of_our_own_stays_bounded)
{
	struct world *w = joined(1);
	char *text = malloc(WIRE_TEXT_MAX);
	size_t n, said = 0;
	int r;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', WIRE_TEXT_MAX);
	w->fake.open = false; /* the socket is full */
	do {
		r = session_say(w->s, session_first_room(w->s), 1, text,
		    WIRE_TEXT_MAX, false);
		said += r == 0;
		(void)session_output(w->s, &n);
		assert_true(n < 600 << 10);
	} while (r == 0);
	assert_int_equal(r, ERR_LIMIT);
	assert_true(said > 200 && said < 300);
	w->fake.open = true;
	world_pump(w);
	assert_int_equal(w->fake.got.n, said);
	free(text);
	world_free(w);
}

TEST(what_cannot_be_said)
{
	struct world *w = joined(0);
	char *text = calloc(1, WIRE_TEXT_MAX + 1);

	(void)state;
	assert_non_null(text);
	assert_int_equal(
	    session_say(w->s, session_first_room(w->s), 0, text, 0, false),
	    ERR_TEXT);
	assert_int_equal(
	    session_say(w->s, session_first_room(w->s), 0, text, 1, false),
	    ERR_TEXT);
	memset(text, 'x', WIRE_TEXT_MAX + 1);
	assert_int_equal(session_say(w->s, session_first_room(w->s), 0, text,
			     WIRE_TEXT_MAX + 1, false),
	    ERR_TEXT);
	/* Escaping makes it longer than a content may be. */
	memset(text, 1, WIRE_TEXT_MAX);
	assert_int_equal(session_say(w->s, session_first_room(w->s), 0, text,
			     WIRE_TEXT_MAX, false),
	    ERR_TEXT);
	assert_int_equal(
	    session_say(w->s, session_first_room(w->s), 0, "\xff", 1, false),
	    ERR_TEXT);
	check_events(w, NULL);
	free(text);
	world_free(w);
}

/* The most control characters that fit into a content, at six bytes each. */
TEST(the_longest_content_is_sent)
{
	struct world *w = joined(0);
	size_t n = WIRE_TEXT_MAX;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, 1, n);
	while (session_say(w->s, session_first_room(w->s), 1, text, n, false) ==
	       ERR_TEXT)
		n--;
	assert_in_range(n, 10880, WIRE_JSON_MAX / 6);
	world_pump(w);
	assert_int_equal(w->fake.got.n, 1);
	free(text);
	world_free(w);
}

TEST(a_gap_a_replay_and_a_first_frame)
{
	struct world *w = joined(1);
	struct peer *bob = &w->fake.peers[0];

	(void)state;
	/* A member who was there before us starts at any seq. */
	bob->seq = 41;
	fake_say(&w->fake, bob, "first");
	bob->seq += 3;
	fake_say(&w->fake, bob, "after three");
	bob->seq -= 2;
	fake_say(&w->fake, bob, "old");
	bob->seq += 1;
	fake_say(&w->fake, bob, "next");
	world_pump(w);
	check_events(w, "message bob 42 first", "missing bob 3",
	    "message bob 46 after three", "dropped bob replayed",
	    "message bob 47 next", NULL);
	fake_say(&w->fake, bob, "go on");
	world_pump(w);
	check_events(w, "message bob 48 go on", NULL);
	world_free(w);
}

TEST(of_a_joiner_the_first_is_one)
{
	struct world *w = joined(0);
	struct peer *zoe = fake_peer(&w->fake, 60, "zoe");

	(void)state;
	fake_join(&w->fake, zoe);
	zoe->seq = 2;
	fake_say(&w->fake, zoe, "third");
	world_pump(w);
	check_events(w, "join zoe", "epoch 5 join", "missing zoe 2",
	    "message zoe 3 third", NULL);
	world_free(w);
}

TEST(seq_zero_is_a_replay)
{
	struct world *w = joined(1);

	(void)state;
	fake_say_as(&w->fake, &w->fake.peers[0],
	    &(struct saying){.seq = 0, .text = "none"});
	world_pump(w);
	check_events(w, "dropped bob replayed", NULL);
	world_free(w);
}

/* Each frame is dropped and reported, with no side effect: seq 1 still
 * opens. */
TEST(what_does_not_fit_is_dropped)
{
	struct world *w = joined(2);
	struct fake *f = &w->fake;
	struct peer *bob = &f->peers[0], *none;

	(void)state;
	none = fake_peer(f, 70, "nobody");
	fake_say_as(
	    f, bob, &(struct saying){.seq = 9, .text = "x", .flip = 40});
	fake_say_as(f, bob,
	    &(struct saying){.seq = 9, .text = "x", .signer = f->peers[1].id});
	fake_say_as(f, bob, &(struct saying){.seq = 9, .text = "x", .room = 2});
	fake_say_as(
	    f, bob, &(struct saying){.seq = 9, .text = "x", .member = 50});
	/* With another sender's number. */
	fake_say_as(
	    f, bob, &(struct saying){.seq = 9, .text = "x", .member = 2});
	fake_say(f, none, "who");
	fake_say(f, bob, "still one");
	world_pump(w);
	check_events(w, "dropped bob does not open", "dropped bob signature",
	    "dropped - another room", "dropped - our own",
	    "dropped carol does not open", "dropped - unknown sender",
	    "message bob 1 still one", NULL);
	world_free(w);
}

TEST(bad_content_is_dropped_and_counted)
{
	struct world *w = joined(1);
	struct fake *f = &w->fake;
	struct peer *bob = &f->peers[0];

	(void)state;
	fake_say(f, bob, "one");
	fake_say_as(f, bob, &(struct saying){.seq = 2, .json = "no json"});
	fake_say_as(f, bob,
	    &(struct saying){.seq = 3,
		.json =
		    "{\"type\":\"system\",\"event\":\"leave\",\"epoch\":5}"});
	fake_say_as(f, bob,
	    &(struct saying){.seq = 4,
		.json = "{\"type\":\"message\",\"text\":\"no id\",\"ts\":1}"});
	/* A type of a later version: neither shown nor reported. */
	fake_say_as(f, bob,
	    &(struct saying){.seq = 5, .json = "{\"type\":\"picture\"}"});
	bob->seq = 5;
	fake_say(f, bob, "six");
	world_pump(w);
	check_events(w, "message bob 1 one", "dropped bob not a message",
	    "dropped bob not a message", "dropped bob not a message",
	    "message bob 6 six", NULL);
	world_free(w);
}

TEST(an_id_is_shown_once)
{
	static const uint8_t id[WIRE_ID] = {9, 9};
	struct world *w = joined(2);
	struct fake *f = &w->fake;

	(void)state;
	fake_say_as(f, &f->peers[0],
	    &(struct saying){.seq = 1, .id = id, .text = "once"});
	fake_say_as(f, &f->peers[0],
	    &(struct saying){.seq = 2, .id = id, .text = "once"});
	/* Message ids are per sender: the same id from another is new. */
	fake_say_as(f, &f->peers[1],
	    &(struct saying){.seq = 1, .id = id, .text = "mine"});
	f->peers[0].seq = 2;
	fake_say(f, &f->peers[0], "on");
	world_pump(w);
	check_events(w, "message bob 1 once", "message carol 1 mine",
	    "message bob 3 on", NULL);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(messages_both_ways);
	ADD(a_step_is_one_record);
	ADD(many_messages_are_one_record);
	ADD(a_flood_of_our_own_stays_bounded);
	ADD(what_cannot_be_said);
	ADD(the_longest_content_is_sent);
	ADD(a_gap_a_replay_and_a_first_frame);
	ADD(of_a_joiner_the_first_is_one);
	ADD(seq_zero_is_a_replay);
	ADD(what_does_not_fit_is_dropped);
	ADD(bad_content_is_dropped_and_counted);
	ADD(an_id_is_shown_once);
	return check_run("client session talk", &g);
}
