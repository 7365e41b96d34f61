/* Unit tests for a history that comes late, in pieces, or not at all: nothing is
 * lost, nothing is said twice, and everything stays in its order. */
#include "shared/crypto/library.h"
#include "tests/unit/away.h"

#define TEST(name) static void name(void **state)

/* A laptop that is closed meanwhile: they wait on, and stay in their order. */
TEST(they_wait_after_a_sleep)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	fake_say(f, &f->peers[0], "four");
	world_pump(w);
	world_tick(w, 25000);
	check_events(w, "connecting 1", "connected 5", NULL);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	check_events(w, "message bob 2 two past", "message bob 3 three past",
	    "history 2 to 3 of 1", "message bob 4 four", NULL);
	world_free(w);
}

TEST(lost_again_before_the_answer)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	fake_say(f, &f->peers[0], "four");
	fake_batch(f, 1, 2, 2, NULL);
	world_pump(w);
	world_lose(w, "gone");
	check_events(w, "connecting 1", "connected 5", "message bob 2 two past",
	    "reconnect gone", NULL);
	lines_free(&f->got);
	away_enter(w);
	/* The third was not shown yet, and so what came live after it was not
	 * either: both are asked for again. */
	check_got(w, "history 1 after 2 x 2 2", NULL);
	fake_batch(f, 2, 3, 4, NULL);
	fake_done(f, 2, 0);
	world_pump(w);
	check_events(w, "connecting 1", "connected 6",
	    "message bob 3 three past", "message bob 4 four past",
	    "history 2 to 4 of 1", NULL);
	world_free(w);
}

/* Nothing was read before the connection was lost again: all of it is still to
 * be read, though we know a newer head of the log. */
TEST(lost_again_before_anything_was_read)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;
	uint8_t log[WIRE_LOG];
	struct log_head shown;
	size_t i;

	(void)state;
	away(w);
	check_got(w, "history 1 after 1 x 2 1", NULL);
	for (i = 0; i < 2; i++) {
		world_lose(w, "gone");
		lines_free(&w->events);
		assert_true(session_room_shown(
		    w->s, session_first_room(w->s), log, &shown));
		assert_int_equal(shown.offset, 1);
		away_missed(w, "more");
		away_enter(w);
		check_got(w,
		    i == 0 ? "history 1 after 1 x 3 2"
			   : "history 1 after 1 x 4 3",
		    NULL);
	}
	lines_free(&w->events);
	fake_batch(f, 3, 2, 5, NULL);
	fake_done(f, 3, 0);
	world_pump(w);
	check_events(w, "message bob 2 two past", "message bob 3 three past",
	    "message bob 4 more past", "message bob 5 more past",
	    "history 4 to 5 of 1", NULL);
	world_free(w);
}

/* A client without any knowledge of the log, and so without a chain. */
TEST(a_new_client_that_is_interrupted)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	uint8_t log[WIRE_LOG];
	struct log_head shown;
	size_t i;

	(void)state;
	world_start(w);
	world_connect(w);
	lines_free(&w->events);
	fake_person(f, &fake_peer(f, 1, "bob")->user);
	fake_keep(f);
	for (i = 0; i < 3; i++)
		away_missed(w, "before");
	fake_admit(f);
	world_pump(w);
	check_got(w, "history 1 after 0 x 3 1", NULL);
	world_lose(w, "gone");
	assert_false(
	    session_room_shown(w->s, session_first_room(w->s), log, &shown));
	away_missed(w, "more");
	away_enter(w);
	check_got(w, "history 1 after 0 x 4 2", NULL);
	world_free(w);
}

/* The server does not give us what was sealed under an older key than ours: the
 * history does. */
TEST(what_was_under_way_is_read)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	lines_free(&f->got);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	lines_free(&w->events);
	/* A mark, and what comes after it waits. */
	fake_say(f, &f->peers[0], "four");
	fake_unseen(f);
	fake_say(f, &f->peers[0], "five");
	world_pump(w);
	check_got(w, "history 1 after 3 x 1 2", NULL);
	check_events(w, NULL);
	fake_batch(f, 2, 4, 4, NULL);
	fake_done(f, 2, 0);
	world_pump(w);
	check_events(w, "message bob 4 four past", "history 1 to 4 of 1",
	    "message bob 5 five", NULL);
	world_free(w);
}

/* The same while we read, and where the history does not give it either. */
TEST(what_was_under_way_at_other_times)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;
	struct peer *carol;

	(void)state;
	away(w);
	check_got(w, "history 1 after 1 x 2 1", NULL);
	carol = fake_peer(f, 2, "carol");
	fake_join(f, carol); /* 4 */
	fake_say(f, carol, "five");
	fake_say(f, &f->peers[0], "six");
	fake_unseen(f);
	fake_say(f, carol, "seven");
	world_pump(w);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	check_got(w, "history 1 after 3 x 3 2", NULL);
	fake_batch(f, 2, 4, 6, NULL);
	fake_done(f, 2, 0);
	world_pump(w);
	check_events(w, "connecting 1", "connected 5", "message bob 2 two past",
	    "message bob 3 three past", "join carol", "epoch 6 join",
	    "message carol 1 five", "message bob 4 six past",
	    "history 3 to 6 of 1", "message carol 2 seven", NULL);
	fake_pass(f);
	world_pump(w);
	check_got(w, "history 1 after 7 x 1 3", NULL);
	fake_batch(f, 3, 8, 8, NULL);
	fake_done(f, 3, 0);
	world_pump(w);
	check_events(w, "gone 8 by -", NULL);
	world_free(w);
}

/* The server got this line, or none but pings (NULL). */
static void check_asked(struct world *w, const char *line)
{
	struct lines *got = &w->fake.got;
	size_t i;

	for (i = 0; i < got->n; i++)
		if (strncmp(got->text[i], "ping", 4) != 0) {
			assert_non_null(line);
			assert_string_equal(got->text[i], line);
			line = NULL;
		}
	assert_null(line);
	lines_free(got);
}

/* The history cannot be read at present: it is asked for again, and what was not
 * read stays unread. */
TEST(asked_again_after_a_refusal)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;
	uint8_t log[WIRE_LOG];
	struct log_head shown;
	char asked[64];
	uint32_t number;
	uint64_t pause, ms;
	size_t i;

	(void)state;
	away(w);
	check_got(w, "history 1 after 1 x 2 1", NULL);
	check_events(w, "connecting 1", "connected 5", NULL);
	fake_say(f, &f->peers[0], "four");
	for (i = 0, number = 1, pause = 1000; i < 7; i++, number++) {
		fake_failed(f, number, CODE_UNAVAILABLE, "not now");
		world_pump(w);
		assert_true(session_room_shown(
		    w->s, session_first_room(w->s), log, &shown));
		assert_int_equal(shown.offset, 1);
		for (ms = 1000; ms < pause; ms += 1000)
			world_tick(w, 1000);
		world_tick(w, 999);
		check_asked(w, NULL);
		world_tick(w, 1);
		world_pump(w);
		snprintf(asked, sizeof(asked), "history 1 after 1 x 2 %u",
		    number + 1);
		check_asked(w, asked);
		pause = pause < 15000 ? 2 * pause : 30000;
	}
	/* Told once; and what is live has waited for a minute. */
	check_events(
	    w, "history 0 to 1 of 0 unavailable", "message bob 4 four", NULL);
	fake_batch(f, number, 2, 3, NULL);
	fake_done(f, number, 0);
	world_pump(w);
	check_events(w, "message bob 2 two past", "message bob 3 three past",
	    "history 2 to 3 of 1", NULL);
	assert_true(
	    session_room_shown(w->s, session_first_room(w->s), log, &shown));
	assert_int_equal(shown.offset, 4);
	world_free(w);
}

/* The server can read again, and says so. */
TEST(asked_again_when_the_storage_is_back)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	check_got(w, "history 1 after 1 x 2 1", NULL);
	fake_failed(f, 1, CODE_UNAVAILABLE, "not now");
	world_pump(w);
	check_got(w, NULL);
	fake_json(f, "{\"type\":\"storage\",\"room\":1,\"ok\":true}");
	fake_say(f, &f->peers[0], "four");
	world_pump(w);
	check_got(w, "history 1 after 1 x 2 2", NULL);
	fake_batch(f, 2, 2, 3, NULL);
	fake_done(f, 2, 0);
	world_pump(w);
	check_events(w, "connecting 1", "connected 5",
	    "history 0 to 1 of 0 unavailable", "message bob 2 two past",
	    "message bob 3 three past", "history 2 to 3 of 1", "storage 1",
	    "message bob 4 four", NULL);
	world_free(w);
}

/* The first of three reached the log, and the client does not know. */
static void half_said(struct world *w)
{
	struct fake *f = &w->fake;

	world_say(w, "first");
	world_say(w, "second");
	world_say(w, "third");
	world_pump(w);
	check_got(w, "message 4 1 first", "message 4 2 second",
	    "message 4 3 third", NULL);
	fake_logged(f, 1);
	world_lose(w, "gone");
	lines_free(&w->events);
	away_enter(w);
}

/* It is not said again, and the others are when that is known. */
TEST(what_is_in_the_log_is_not_said_again)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	half_said(w);
	world_say(w, "fourth");
	world_pump(w);
	check_got(w, "history 1 after 0 x 1 1", NULL);
	check_events(w, "connecting 1", "connected 5",
	    "message alice 4 fourth own", NULL);
	fake_batch(f, 1, 1, 1, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	check_events(w, "sent 1", "history 0 to 1 of 1", NULL);
	check_got(w, "message 5 1 second", "message 5 2 third",
	    "message 5 3 fourth", NULL);
	fake_ack(f, 3);
	world_pump(w);
	check_events(w, "sent 1", "sent 2", "sent 3", NULL);
	world_free(w);
}

/* While it cannot be known, nothing is said that may be there already. */
TEST(nothing_is_said_again_before_it_is_known)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	half_said(w);
	lines_free(&f->got);
	fake_failed(f, 1, CODE_UNAVAILABLE, "not now");
	world_pump(w);
	check_got(w, NULL);
	world_tick(w, 1000);
	world_pump(w);
	check_asked(w, "history 1 after 0 x 1 2");
	fake_batch(f, 2, 1, 1, NULL);
	fake_done(f, 2, 0);
	world_pump(w);
	check_got(w, "message 5 1 second", "message 5 2 third", NULL);
	world_free(w);
}

/* What was never sealed waits for nothing. */
TEST(new_messages_do_not_wait_for_the_past)
{
	struct world *w = away_joined();

	(void)state;
	away(w);
	check_got(w, "history 1 after 1 x 2 1", NULL);
	world_say(w, "new");
	world_pump(w);
	check_got(w, "message 5 1 new", NULL);
	world_free(w);
}

/* The mark came, and the acknowledgement was lost with the connection. */
TEST(what_is_marked_is_not_said_again)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;
	struct log_mark m = {.offset = 1, .room = 1, .seq = 1};

	(void)state;
	world_say(w, "first");
	world_say(w, "second");
	world_pump(w);
	check_got(w, "message 4 1 first", "message 4 2 second", NULL);
	memcpy(m.digest, f->own.digest[1], WIRE_HASH);
	fake_logged(f, 1);
	fake_mark(f, &m);
	world_pump(w);
	lines_free(&w->events);
	world_lose(w, "gone");
	check_events(w, "sent 1", "reconnect gone", NULL);
	away_enter(w);
	check_got(w, "message 5 1 second", NULL);
	world_free(w);
}

/* The same at an end for good: the user is not told that it was not sent. */
TEST(what_is_marked_was_sent_when_we_are_put_out)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;
	struct log_mark m = {.offset = 1, .room = 1, .seq = 1};

	(void)state;
	world_say(w, "first");
	world_say(w, "second");
	world_pump(w);
	check_got(w, "message 4 1 first", "message 4 2 second", NULL);
	memcpy(m.digest, f->own.digest[1], WIRE_HASH);
	fake_logged(f, 1);
	fake_mark(f, &m);
	world_pump(w);
	lines_free(&w->events);
	fake_bye(f, CODE_KICKED);
	world_pump(w);
	check_events(w, "sent 1",
	    "closed 4 kicked: you were removed from the room", NULL);
	world_free(w);
}

TEST(they_do_not_wait_for_ever)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	fake_say(f, &f->peers[0], "four");
	world_pump(w);
	check_events(w, "connecting 1", "connected 5", NULL);
	world_tick(w, 9999);
	check_events(w, NULL);
	world_tick(w, 1);
	check_events(w, "message bob 4 four", NULL);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	check_events(w, "message bob 2 two past", "message bob 3 three past",
	    "history 2 to 3 of 1", NULL);
	world_free(w);
}

TEST(what_is_no_longer_kept)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;
	struct buf b;

	(void)state;
	away(w);
	buf_init(&b, WIRE_JSON_MAX);
	assert_int_equal(log_batch_encode(&b,
			     &(struct log_batch){.number = 1, .room = f->room}),
	    0);
	fake_control(f, &b, true);
	fake_done(f, 1, 0);
	world_pump(w);
	check_events(
	    w, "connecting 1", "connected 5", "history 0 to 1 of 0", NULL);
	world_free(w);
}

int main(void)
{
#define CASE(fn)                                                               \
	{                                                                      \
#fn, fn                                                        \
	}
	static const struct {
		const char *name;
		void (*fn)(void **state);
	} all[] = {
	    CASE(what_is_no_longer_kept),
	    CASE(they_do_not_wait_for_ever),
	    CASE(they_wait_after_a_sleep),
	    CASE(lost_again_before_the_answer),
	    CASE(lost_again_before_anything_was_read),
	    CASE(a_new_client_that_is_interrupted),
	    CASE(what_was_under_way_is_read),
	    CASE(what_was_under_way_at_other_times),
	    CASE(asked_again_after_a_refusal),
	    CASE(asked_again_when_the_storage_is_back),
	    CASE(what_is_in_the_log_is_not_said_again),
	    CASE(nothing_is_said_again_before_it_is_known),
	    CASE(new_messages_do_not_wait_for_the_past),
	    CASE(what_is_marked_is_not_said_again),
	    CASE(what_is_marked_was_sent_when_we_are_put_out),
	};
	struct check_group g = {0};
	size_t i;

	if (library_setup() != 0)
		return 1;
	json_setup();
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_add(&g, all[i].fn, NULL, "%s", all[i].name);
	return check_run("catchup", &g);
}
