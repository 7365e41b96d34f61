/* Unit tests for reading what was said while the user was away: once, in order,
 * before what is live, and nothing that the server makes up. */
#include "client/parallel.h"
#include "shared/crypto/library.h"
#include "tests/unit/away.h"

#define TEST(name) static void name(void **state)

TEST(what_was_missed_is_read)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	check_got(w, "history 1 after 1 x 2 1", NULL);
	check_events(w, "connecting 1", "connected 5", NULL);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	check_events(w, "message bob 2 two past", "message bob 3 three past",
	    "history 2 to 3 of 1", NULL);
	/* And it is live again. */
	fake_say(f, &f->peers[0], "four");
	world_pump(w);
	check_events(w, "message bob 4 four", NULL);
	world_free(w);
}

TEST(live_messages_wait_for_the_past)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	fake_say(f, &f->peers[0], "four");
	world_pump(w);
	world_say(w, "mine"); /* is shown at once */
	check_events(
	    w, "connecting 1", "connected 5", "message alice 1 mine own", NULL);
	fake_batch(f, 1, 2, 3, NULL);
	fake_say(f, &f->peers[0], "five");
	fake_done(f, 1, 0);
	world_pump(w);
	check_events(w, "message bob 2 two past", "message bob 3 three past",
	    "history 2 to 3 of 1", "message bob 4 four", "message bob 5 five",
	    NULL);
	world_free(w);
}

/* Ids that were shown are not shown again, whatever the history says. */
TEST(nothing_is_shown_twice)
{
	static const uint8_t id[WIRE_ID] = {5};
	struct saying once = {.seq = 1, .id = id, .text = "once"};
	struct world *w = away_joined();
	struct fake *f = &w->fake;
	struct peer *bob = &f->peers[0];

	(void)state;
	fake_say_as(f, bob, &once);
	world_pump(w);
	check_events(w, "message bob 1 once", NULL);
	world_lose(w, "gone");
	check_events(w, "reconnect gone", NULL);
	once.seq = 2;
	fake_say_as(f, bob, &once);
	fake_away(f);
	bob->seq = 2;
	away_missed(w, "new");
	away_enter(w);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	check_events(w, "connecting 1", "connected 5", "message bob 3 new past",
	    "history 1 to 3 of 1", NULL);
	world_free(w);
}

static void answer(struct world *w, uint32_t number, uint64_t first,
    uint64_t last, const char *next)
{
	lines_free(&w->events);
	fake_batch(&w->fake, number, first, last, NULL);
	fake_done(&w->fake, number, 0);
	world_pump(w);
	check_got(w, next, NULL);
}

TEST(in_batches)
{
	struct world *w = away_joined();
	char text[16];
	size_t i;

	(void)state;
	world_lose(w, "gone");
	for (i = 0; i < 700; i++) {
		snprintf(text, sizeof(text), "%zu", i);
		away_missed(w, text);
	}
	away_enter(w);
	check_got(w, "history 1 after 0 x 500 1", NULL);
	/* The server may give less than was asked for. */
	answer(w, 1, 1, 200, "history 1 after 200 x 500 2");
	assert_int_equal(w->events.n, 200);
	assert_string_equal(w->events.text[199], "message bob 200 199 past");
	answer(w, 2, 201, 400, "history 1 after 400 x 300 3");
	answer(w, 3, 401, 600, "history 1 after 600 x 100 4");
	answer(w, 4, 601, 700, NULL);
	assert_int_equal(w->events.n, 101);
	assert_string_equal(w->events.text[100], "history 700 to 700 of 1");
	world_free(w);
}

/* With threads the next batch is asked for while entries of this one wait. They come
 * in a moment, or before the next, or when the connection is lost: each once. */
TEST(on_several_threads)
{
	struct world *w = world_new();
	struct parallel *p = parallel_new(w->crypto, 3);
	char text[16];
	size_t i;

	(void)state;
	assert_non_null(p);
	w->opts.parallel = parallel_ops(p);
	world_join(w, 1);
	fake_keep(&w->fake);
	world_lose(w, "gone");
	for (i = 0; i < 900; i++) {
		snprintf(text, sizeof(text), "%zu", i);
		away_missed(w, text);
	}
	away_enter(w);
	check_got(w, "history 1 after 0 x 500 1", NULL);
	answer(w, 1, 1, 200, "history 1 after 200 x 500 2");
	assert_in_range(w->events.n, 1, 199);
	i = w->events.n;
	answer(w, 2, 201, 400, "history 1 after 400 x 500 3");
	assert_in_range(i + w->events.n, 201, 399);
	snprintf(text, sizeof(text), "bob %zu ", i + 1);
	assert_non_null(strstr(w->events.text[0], text));
	i += w->events.n;
	lines_free(&w->events);
	world_tick(w, 25);
	assert_int_equal(i + w->events.n, 400);
	assert_string_equal(
	    w->events.text[w->events.n - 1], "message bob 400 399 past");
	answer(w, 3, 401, 600, "history 1 after 600 x 300 4");
	assert_in_range(w->events.n, 1, 199);
	i = w->events.n;
	lines_free(&w->events);
	world_lose(w, "gone");
	assert_int_equal(i + w->events.n, 200 + 1); /* and that it is lost */
	assert_non_null(strstr(w->events.text[w->events.n - 2], "bob 600 "));
	lines_free(&w->events);
	away_enter(w);
	check_got(w, "history 1 after 600 x 300 5", NULL);
	answer(w, 5, 601, 800, "history 1 after 800 x 100 6");
	i = w->events.n;
	answer(w, 6, 801, 900, NULL);
	assert_int_equal(i + w->events.n, 301);
	assert_string_equal(
	    w->events.text[w->events.n - 1], "history 300 to 900 of 1");
	world_free(w);
	parallel_free(p);
}

/* A room without a history, and one where the newcomer may read nothing. */
TEST(nothing_is_asked_for)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;

	(void)state;
	world_join(w, 1);
	world_lose(w, "gone");
	away_missed(w, "two");
	away_enter(w);
	check_got(w, NULL);
	world_lose(w, "gone");
	fake_keep(f);
	f->since = f->head.offset;
	away_enter(w);
	check_got(w, NULL);
	world_free(w);
}

/* One who had nothing of this log reads the newest 200. */
TEST(a_new_client)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	size_t i;

	(void)state;
	world_start(w);
	world_connect(w);
	lines_free(&w->events);
	fake_person(f, &fake_peer(f, 1, "bob")->user);
	fake_keep(f);
	for (i = 0; i < 300; i++)
		away_missed(w, "before");
	fake_admit(f);
	world_pump(w);
	check_got(w, "history 1 after 100 x 200 1", NULL);
	world_free(w);
}

/* The server started again: what it acknowledged is not said again; a room with a
 * history has it, and one without has forgotten it. */
static void after_a_restart(bool keeps)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;

	world_start(w);
	world_connect(w);
	if (keeps)
		fake_keep(f);
	fake_admit(f);
	world_pump(w);
	world_say(w, "mine");
	world_pump(w);
	fake_ack(f, 1);
	world_pump(w);
	world_lose(w, "gone");
	lines_free(&f->got);
	f->session[0] ^= 1;
	f->n_people = 0;
	f->epoch = 0;
	fake_step(f);
	world_tick(w, w->wait_ms);
	if (!keeps)
		fake_log(f);
	world_connect(w);
	fake_admit(f);
	world_pump(w);
	world_say(w, "new");
	world_pump(w);
	check_got(w, "message 1 1 new", NULL);
	world_free(w);
}

TEST(what_was_acknowledged_is_not_said_again)
{
	(void)state;
	after_a_restart(true);
	after_a_restart(false);
}

/* --- lies ----------------------------------------------------------------- */

static void other_chain(struct log_batch *h)
{
	h->chain[0] ^= 1;
}

static void other_number(struct log_batch *h)
{
	h->number++;
}

static void other_base(struct log_batch *h)
{
	size_t i;

	for (i = 0; i < h->run[0].n_epochs; i++)
		h->run[0].epoch[i].base[0] ^= 1;
}

static void bent(void (*bend)(struct log_batch *h), int err)
{
	struct world *w = away_joined();

	away(w);
	lines_free(&w->fake.got);
	lines_free(&w->events);
	fake_batch(&w->fake, 1, 2, 3, bend);
	world_pump(w);
	check_breach(w, err);
	world_free(w);
}

TEST(another_chain_is_a_breach)
{
	(void)state;
	bent(other_chain, ERR_LOG);
}

TEST(a_batch_for_another_request)
{
	(void)state;
	bent(other_number, ERR_STATE);
}

TEST(a_batch_that_nobody_asked_for)
{
	struct world *w = away_joined();

	(void)state;
	fake_say(&w->fake, &w->fake.peers[0], "one");
	world_pump(w);
	lines_free(&w->events);
	fake_batch(&w->fake, 1, 1, 1, NULL);
	world_pump(w);
	check_breach(w, ERR_STATE);
	world_free(w);
}

TEST(done_before_the_whole_batch)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	lines_free(&w->fake.got);
	lines_free(&w->events);
	fake_batch(f, 1, 2, 3, NULL);
	f->n_frames--;
	fake_done(f, 1, 0);
	world_pump(w);
	assert_string_equal(w->events.text[0], "message bob 2 two past");
	w->events.next = 1;
	check_breach(w, ERR_STATE);
	world_free(w);
}

/* Messages that do not open are dropped, each with a word. */
TEST(what_does_not_open)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	fake_batch(f, 1, 2, 3, other_base);
	fake_done(f, 1, 0);
	world_pump(w);
	check_events(w, "connecting 1", "connected 5",
	    "dropped bob does not open", "dropped bob does not open",
	    "history 0 to 3 of 1", NULL);
	world_free(w);
}

/* --- what an earlier run of the client knew -------------------------------- */

struct knowledge {
	uint8_t log[WIRE_LOG];
	struct log_head shown;
};

static bool known(
    void *arg, const char *room, uint8_t log[WIRE_LOG], struct log_head *shown)
{
	const struct knowledge *k = arg;

	assert_string_equal(room, "lobby");
	memcpy(log, k->log, WIRE_LOG);
	*shown = k->shown;
	return true;
}

/* Bob has said three things; the client knows the log up to `offset`. */
static struct world *begun(struct knowledge *k, uint64_t offset)
{
	struct world *w = world_new();
	struct fake *f = &w->fake;
	size_t i;

	w->opts.rooms = (struct rooms_ops){.known = known, .arg = k};
	world_start(w);
	world_connect(w);
	fake_person(f, &fake_peer(f, 1, "bob")->user);
	fake_keep(f);
	for (i = 0; i < 3; i++) {
		if (f->head.offset == offset)
			k->shown = f->head;
		away_missed(w, "before");
	}
	if (f->head.offset == offset)
		k->shown = f->head;
	memcpy(k->log, fake_place(f)->log, WIRE_LOG);
	lines_free(&w->events);
	return w;
}

static bool shown(struct world *w, struct log_head *head)
{
	uint8_t log[WIRE_LOG];

	return session_room_shown(w->s, session_first_room(w->s), log, head);
}

/* It comes in, tells this after "connected", and asks for that; NULL: nothing. */
static void comes(struct world *w, const char *tells, const char *asks)
{
	fake_admit(&w->fake);
	world_pump(w);
	check_events(w, "connected 4", tells, NULL);
	check_got(w, asks, NULL);
}

TEST(a_client_that_starts_again)
{
	struct knowledge k = {{0}, {0}};
	struct world *w = begun(&k, 2);
	struct log_head head;

	(void)state;
	comes(w, NULL, "history 1 after 2 x 1 1");
	assert_true(shown(w, &head)); /* not more than before */
	assert_int_equal(head.offset, 2);
	assert_memory_equal(&head, &k.shown, sizeof(head));
	fake_batch(&w->fake, 1, 3, 3, NULL);
	fake_done(&w->fake, 1, 0);
	world_pump(w);
	check_events(
	    w, "message bob 3 before past", "history 1 to 3 of 1", NULL);
	assert_true(shown(w, &head));
	assert_memory_equal(&head, &w->fake.head, sizeof(head));
	fake_say(&w->fake, &w->fake.peers[0], "live");
	world_pump(w);
	check_events(w, "message bob 4 live", NULL);
	assert_true(shown(w, &head));
	assert_int_equal(head.offset, 4);
	world_free(w);
}

TEST(all_is_known)
{
	struct knowledge k = {{0}, {0}};
	struct world *w = begun(&k, 3);

	(void)state;
	comes(w, NULL, NULL);
	world_free(w);
}

/* Each is told once, and the room goes on. */
TEST(rewritten)
{
	struct session_room_status st;
	struct knowledge k = {{0}, {0}};
	struct world *w;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		w = begun(&k, 3);
		if (i == 0)
			k.shown.offset = 9; /* it was longer */
		if (i == 1)
			k.shown.chain[5] ^= 1;
		if (i == 2)
			k.log[5] ^= 1;
		comes(w, "rewritten", "history 1 after 0 x 3 1");
		session_room_status(w->s, session_first_room(w->s), &st);
		assert_true(st.forked);
		fake_batch(&w->fake, 1, 1, 3, NULL);
		fake_done(&w->fake, 1, 0);
		world_pump(w);
		check_events(w, "message bob 1 before past",
		    "message bob 2 before past", "message bob 3 before past",
		    "history 3 to 3 of 1", NULL);
		world_free(w);
	}
}

/* We knew it when it was empty: a server may begin such a log anew. */
TEST(an_empty_log_is_another_one)
{
	struct knowledge k = {{0}, {0}};
	struct world *w = begun(&k, 3);

	(void)state;
	k.shown.offset = 0;
	k.log[5] ^= 1;
	comes(w, NULL, "history 1 after 0 x 3 1");
	world_free(w);
}

/* A longer log, which parts from the known one before its end: the chain at what
 * was known shows only with the entries behind it. */
TEST(another_past_before_the_head)
{
	struct knowledge k = {{0}, {0}};
	struct world *w = begun(&k, 2);
	struct session_room_status st;

	(void)state;
	k.shown.chain[5] ^= 1;
	comes(w, NULL, "history 1 after 2 x 1 1");
	fake_batch(&w->fake, 1, 3, 3, NULL);
	fake_done(&w->fake, 1, 0);
	world_pump(w);
	check_events(w, "rewritten", "message bob 3 before past",
	    "history 1 to 3 of 1", NULL);
	session_room_status(w->s, session_first_room(w->s), &st);
	assert_true(st.forked);
	world_free(w);
}

/* A room without a history has another log after each start. */
TEST(no_history_no_knowledge)
{
	struct log_head head;
	struct world *w = world_new();

	(void)state;
	world_join(w, 1);
	assert_false(shown(w, &head));
	world_free(w);
}

/* --- leaving -------------------------------------------------------------- */

/* The answer is awaited before the room is left: what comes is in its place. */
TEST(leaving_waits_for_the_answer)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;

	(void)state;
	away(w);
	assert_int_equal(session_leave(w->s, session_first_room(w->s)), 0);
	world_pump(w);
	check_got(w, "history 1 after 1 x 2 1", NULL);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	check_got(w, "leave 1 2", NULL);
	fake_done(f, 2, 0);
	world_pump(w);
	world_free(w);
}

TEST(storage_is_told)
{
	struct world *w = away_joined();

	(void)state;
	fake_json(&w->fake, "{\"type\":\"storage\",\"room\":1,\"ok\":false}");
	fake_json(&w->fake, "{\"type\":\"storage\",\"room\":1,\"ok\":true}");
	world_pump(w);
	check_events(w, "storage 0", "storage 1", NULL);
	fake_json(&w->fake, "{\"type\":\"storage\",\"room\":9,\"ok\":true}");
	lines_free(&w->events);
	world_pump(w);
	check_breach(w, ERR_ROOM);
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
	    CASE(what_was_missed_is_read),
	    CASE(live_messages_wait_for_the_past),
	    CASE(nothing_is_shown_twice),
	    CASE(in_batches),
	    CASE(on_several_threads),
	    CASE(nothing_is_asked_for),
	    CASE(a_new_client),
	    CASE(what_was_acknowledged_is_not_said_again),
	    CASE(another_chain_is_a_breach),
	    CASE(a_batch_for_another_request),
	    CASE(a_batch_that_nobody_asked_for),
	    CASE(done_before_the_whole_batch),
	    CASE(what_does_not_open),
	    CASE(a_client_that_starts_again),
	    CASE(all_is_known),
	    CASE(rewritten),
	    CASE(an_empty_log_is_another_one),
	    CASE(another_past_before_the_head),
	    CASE(no_history_no_knowledge),
	    CASE(leaving_waits_for_the_answer),
	    CASE(storage_is_told),
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
