/* Unit tests for views of the log of a room: what others have of it, and what we
 * say of it. */
#include "client/session/asides.h"
#include "client/session/views.h"
#include "tests/unit/away.h"

#define TEST(name) static void name(void **state)
#define OK(call)   assert_int_equal(call, 0)

/* alice is in the lobby with bob and carol; the server has a log, with entries
 * before her. */
static struct world *with_log(void)
{
	struct world *w = world_new();

	w->fake.head.offset = w->fake.offset = 30;
	world_join(w, 2);
	return w;
}

/* --- views ---------------------------------------------------------------- */

TEST(what_is_said_carries_the_view)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;

	(void)state;
	fake_say(f, &f->peers[0], "hello");
	world_pump(w);
	world_say(w, "hi");
	world_pump(w);
	check_got(w, "message 4 1 hi", NULL);
	assert_true(f->has_view);
	assert_int_equal(f->view.head.offset, 31);
	assert_memory_equal(f->view.head.chain, f->head.chain, WIRE_HASH);
	assert_memory_equal(f->view.log, fake_place(f)->log, WIRE_VIEW_LOG);
	/* Sealed again, it is the same content. */
	fake_fresh(f, "timer");
	fake_say(f, &f->peers[0], "two");
	world_pump(w);
	check_got(w, "message 5 1 hi", NULL);
	assert_int_equal(f->view.head.offset, 31);
	world_free(w);
}

TEST(equal_views_say_nothing)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;
	struct log_head before = f->head;

	(void)state;
	fake_say_view(&w->fake, &w->fake.peers[0], &f->head);
	fake_say_view(&w->fake, &w->fake.peers[0], &f->head);
	fake_say_view(&w->fake, &w->fake.peers[0], &before);
	world_pump(w);
	check_events(
	    w, "message bob 1 x", "message bob 2 x", "message bob 3 x", NULL);
	assert_false(world_status(w, NULL).forked);
	world_free(w);
}

TEST(a_fork_is_told_once)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;
	struct log_head other = f->head;

	(void)state;
	other.chain[0] ^= 1;
	fake_say_view(&w->fake, &w->fake.peers[0], &other);
	fake_say_view(&w->fake, &w->fake.peers[0], &other);
	world_pump(w);
	check_events(
	    w, "fork bob 30", "message bob 1 x", "message bob 2 x", NULL);
	assert_true(world_status(w, NULL).forked);
	assert_true(world_status(w, NULL).joined);
	world_free(w);
}

TEST(a_fork_ends_a_strict_session)
{
	struct world *w = world_new();
	struct log_head other;

	(void)state;
	w->opts.strict = true;
	world_join(w, 1);
	other = w->fake.head;
	other.chain[0] ^= 1;
	fake_say_view(&w->fake, &w->fake.peers[0], &other);
	world_pump(w);
	check_events(w, "fork bob 0", "message bob 1 x",
	    "closed 6 : the server shows two people two logs of a room, or "
	    "somebody's client lies, and --strict is set",
	    NULL);
	check_got(w, "bye quit", NULL);
	world_free(w);
}

/* bob has more than the server gave us; later it shows that it is not the
 * same. */
TEST(a_view_ahead_is_compared_later)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;
	struct log_head other = f->head;

	(void)state;
	other.offset += 2;
	fake_say_view(&w->fake, &w->fake.peers[0], &other);
	world_pump(w);
	check_events(w, "message bob 1 x", NULL);
	fake_pass(f);
	world_pump(w);
	check_events(w, "fork bob 32", NULL);
	world_free(w);
}

TEST(a_view_that_is_none_is_dropped)
{
	struct world *w = with_log();
	struct peer *bob = &w->fake.peers[0];
	static const char *const bad[] = {"1", "\"\"", "\"AAAA\"", "null",
	    ("\"/////////////////////////////////////////////////////////////"
	     "///\"")};
	struct saying s = {0};
	char json[400];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(json, sizeof(json),
		    "{\"type\":\"message\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAA==\","
		    "\"text\":\"x\",\"ts\":1,\"view\":%s}",
		    bad[i]);
		s.seq = ++bob->seq;
		s.json = json;
		fake_say_as(&w->fake, bob, &s);
		world_pump(w);
		check_events(w, "dropped bob not a message", NULL);
	}
	s.seq = ++bob->seq;
	s.json =
	    "{\"type\":\"view\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"ts\":0}";
	fake_say_as(&w->fake, bob, &s);
	world_pump(w);
	check_events(w, "dropped bob not a message", NULL);
	world_free(w);
}

/* --- our own view --------------------------------------------------------- */

/* Time passes until a view comes, or 40 min. Whether one came, with what was
 * wanted; everything else that the client sends is a ping. */
static bool view_comes(struct world *w, const char *want)
{
	struct lines *got = &w->fake.got;
	bool came = false;
	uint64_t end = w->now + 4 * VIEWS_MS;
	size_t i;

	while (!came && w->now < end) {
		w->now += 20000;
		fake_ping(&w->fake, false, 7);
		world_pump(w);
		for (i = 0; i < got->n; i++)
			if (strncmp(got->text[i], "view", 4) == 0) {
				assert_string_equal(got->text[i], want);
				came = true;
			} else if (strcmp(got->text[i], "pong 7") != 0)
				assert_memory_equal(got->text[i], "ping", 4);
		lines_free(got);
	}
	return came;
}

TEST(the_silent_send_a_view_now_and_then)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;

	(void)state;
	assert_false(view_comes(w, ""));
	fake_say(f, &f->peers[0], "hello");
	world_pump(w);
	assert_true(view_comes(w, "view 4 1 of 31"));
	assert_int_equal(world_status(w, NULL).unacked, 0);
	fake_ack(f, 1);
	world_pump(w);
	/* Nothing of it is shown, and it is sent once. */
	check_events(w, "message bob 1 hello", NULL);
	assert_false(view_comes(w, ""));
	world_say(w, "hi");
	world_pump(w);
	check_got(w, "message 4 2 hi", NULL);
	world_free(w);
}

TEST(the_silent_send_a_view_before_they_go)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;

	(void)state;
	fake_say(f, &f->peers[0], "hello");
	world_pump(w);
	session_quit(w->s, true);
	world_pump(w);
	check_got(w, "view 4 1 of 31", "bye quit", NULL);
	world_free(w);
}

TEST(who_has_spoken_sends_no_view)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;

	(void)state;
	fake_say(f, &f->peers[0], "hello");
	world_pump(w);
	world_say(w, "hi");
	world_pump(w);
	fake_ack(f, 1);
	world_pump(w);
	session_quit(w->s, true);
	world_pump(w);
	check_got(w, "message 4 1 hi", "bye quit", NULL);
	world_free(w);
}

/* What a view would be sealed with was used for a message that is dropped. */
TEST(no_view_in_the_place_of_a_dropped_message)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;

	(void)state;
	world_say(w, "hi");
	world_pump(w);
	fake_say(f, &f->peers[0], "hello");
	world_pump(w);
	session_quit(w->s, false);
	world_pump(w);
	check_got(w, "message 4 1 hi", "bye quit", NULL);
	world_free(w);
}

/* A view that is not acknowledged is not sealed again at a fence. */
TEST(a_fence_drops_a_view)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;

	(void)state;
	fake_say(f, &f->peers[0], "hello");
	world_pump(w);
	assert_true(view_comes(w, "view 4 1 of 31"));
	world_say(w, "hi");
	fake_fresh(f, "timer");
	world_pump(w);
	check_got(w, "message 4 2 hi", "message 5 1 hi", NULL);
	fake_ack(f, 1);
	world_pump(w);
	check_events(w, "message bob 1 hello", "message alice 2 hi own",
	    "epoch 5 timer", "sent 1", NULL);
	world_free(w);
}

/* --- receipts ------------------------------------------------------------- */

static void signs(struct world *w, const struct log_head *head)
{
	fake_checkpoint(&w->fake, head);
	world_pump(w);
}

/* The answer to the request, with a signature; flip: one that is wrong. */
static void answers(
    struct world *w, uint32_t number, struct receipt *r, uint8_t flip)
{
	struct fake *f = &w->fake;
	struct buf b;

	if (r->log[0] == 0)
		memcpy(r->log, f->log, sizeof(r->log));
	OK(receipt_sign(r, f->id));
	r->signature[9] ^= flip;
	buf_init(&b, WIRE_JSON_MAX);
	OK(answer_receipt(&b, number, r));
	fake_control(f, &b, false);
	world_pump(w);
}

/* Asks, has this answer, and says how the connection ended, if it did. */
static void answered_with(struct receipt *r, uint8_t flip, const char *end)
{
	struct world *w = with_log();
	uint32_t req;

	OK(session_receipt(w->s, session_first_room(w->s), false, &req));
	world_pump(w);
	check_got(w, "request 9", NULL);
	if (r->head.offset == 0)
		r->head = w->fake.head;
	answers(w, req, r, flip);
	check_events(w, "done 1 0", end, NULL);
	world_free(w);
}

TEST(receipts_that_are_wrong)
{
	(void)state;
	answered_with(&(struct receipt){.ts_ms = 1}, 0, NULL);
	answered_with(&(struct receipt){.ts_ms = 1}, 4,
	    "closed 6 protocol: the server broke the protocol: a signature "
	    "does not verify");
	answered_with(&(struct receipt){.log = {1}}, 0,
	    "closed 6 protocol: the server broke the protocol: the log of "
	    "a room is not the one that it was");
	answered_with(
	    &(struct receipt){.head = {.offset = 30, .chain = {7}}}, 0,
	    "fork server 30");
}

TEST(what_the_server_signs)
{
	struct world *w = with_log();
	struct log_head other;
	uint32_t req;

	(void)state;
	signs(w, &w->fake.head);
	check_events(w, "receipt server 30", NULL);
	OK(session_receipt(w->s, session_first_room(w->s), false, &req));
	world_pump(w);
	check_got(w, "request 9", NULL);
	signs(w, &w->fake.head);
	check_events(w, "receipt server 31 asked", NULL);
	answers(w, req, &(struct receipt){.head = w->fake.head}, 0);
	check_events(w, "done 1 0", NULL);
	other = w->fake.head;
	other.chain[5] ^= 8;
	signs(w, &other);
	check_events(w, "fork server 32", "receipt server 32", NULL);
	assert_true(world_status(w, NULL).forked);
	world_free(w);
}

static void bob_signs(struct world *w, bool ask, const struct log_head *head)
{
	struct peer *bob = &w->fake.peers[0];
	char json[400];
	const struct saying s = {.seq = ++bob->seq, .json = json};

	snprintf(json, sizeof(json),
	    "{\"type\":\"receipt\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAA==\","
	    "\"ask\":%s,\"ts\":0,\"view\":\"%s\"}",
	    ask ? "true" : "false", fake_view(&w->fake, head));
	fake_say_as(&w->fake, bob, &s);
	world_pump(w);
}

TEST(what_members_sign)
{
	struct world *w = with_log();
	struct fake *f = &w->fake;
	struct log_head other;
	uint32_t req;

	(void)state;
	OK(session_receipt(w->s, session_first_room(w->s), true, &req));
	world_pump(w);
	check_got(w, "receipt ask 4 1 of 30", "request 9", NULL);
	fake_ack(f, 1);
	bob_signs(w, false, &f->head);
	check_events(w, "receipt bob 31 asked", NULL);
	/* Somebody else asks: we answer once in a minute, and the others' answers
	 * are to them. */
	bob_signs(w, true, &f->head);
	check_got(w, "receipt 4 2 of 33", NULL);
	fake_ack(f, 2);
	bob_signs(w, true, &f->head);
	check_got(w, NULL, NULL);
	check_events(w, "receipt bob 32", "receipt bob 34", NULL);
	assert_int_equal(world_status(w, NULL).unacked, 0);
	w->now += ASIDES_RECEIPT_MS;
	fake_ping(f, false, 7);
	world_pump(w);
	check_got(w, "receipt 4 3 of 35", "ping 1", "pong 7", NULL);
	other = f->head;
	other.chain[0] ^= 1;
	bob_signs(w, false, &other);
	check_events(w, "fork bob 35", NULL);
	world_free(w);
}

TEST(no_receipt_outside_and_no_word_from_the_muted)
{
	struct world *w = with_log();
	uint32_t req;

	(void)state;
	fake_json(&w->fake, "{\"type\":\"voice\",\"room\":1,\"may\":false,"
			    "\"until\":0,\"by\":\"bob\"}");
	world_pump(w);
	assert_int_equal(
	    session_receipt(w->s, session_first_room(w->s), true, &req),
	    ERR_REFUSED);
	OK(session_receipt(w->s, session_first_room(w->s), false, &req));
	OK(session_leave(w->s, session_first_room(w->s)));
	world_pump(w);
	world_free(w);
}

/* bob or the server says of the log, while the client is away, what it is; or, if
 * he lies, something else. */
static struct world *said_of_the_log(bool lies, bool server)
{
	struct world *w = away_joined();
	struct fake *f = &w->fake;
	struct log_head said;

	fake_say(f, &f->peers[0], "one");
	world_pump(w);
	world_lose(w, "gone");
	away_missed(w, "two");
	said = f->head;
	if (lies)
		said.chain[31] ^= 1;
	if (server)
		fake_checkpoint(f, &said);
	else
		fake_say_view(f, &f->peers[0], &said);
	fake_away(f);
	away_enter(w);
	check_events(w, "message bob 1 one", "reconnect gone", "connecting 1",
	    "connected 5", NULL);
	fake_batch(f, 1, 2, 3, NULL);
	fake_done(f, 1, 0);
	world_pump(w);
	assert_int_equal(world_status(w, NULL).forked, lies);
	return w;
}

TEST(views_of_the_past)
{
	struct world *w = said_of_the_log(false, false);

	(void)state;
	check_events(w, "message bob 2 two past", "message bob 3 x past",
	    "history 2 to 3 of 1", NULL);
	world_free(w);
	w = said_of_the_log(true, false);
	check_events(w, "message bob 2 two past", "message bob 3 x past",
	    "history 2 to 3 of 1", "fork bob 2", NULL);
	world_free(w);
}

TEST(checkpoints_of_the_past)
{
	struct world *w = said_of_the_log(false, true);

	(void)state;
	check_events(
	    w, "message bob 2 two past", "history 1 to 3 of 1", NULL);
	world_free(w);
	w = said_of_the_log(true, true);
	check_events(w, "message bob 2 two past", "history 1 to 3 of 1",
	    "fork server 2", NULL);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
#define ADD(name) check_add(&g, name, NULL, #name)
	ADD(what_is_said_carries_the_view);
	ADD(equal_views_say_nothing);
	ADD(views_of_the_past);
	ADD(checkpoints_of_the_past);
	ADD(a_fork_is_told_once);
	ADD(a_fork_ends_a_strict_session);
	ADD(a_view_ahead_is_compared_later);
	ADD(a_view_that_is_none_is_dropped);
	ADD(the_silent_send_a_view_now_and_then);
	ADD(the_silent_send_a_view_before_they_go);
	ADD(who_has_spoken_sends_no_view);
	ADD(no_view_in_the_place_of_a_dropped_message);
	ADD(a_fence_drops_a_view);
	ADD(what_the_server_signs);
	ADD(what_members_sign);
	ADD(receipts_that_are_wrong);
	ADD(no_receipt_outside_and_no_word_from_the_muted);
#undef ADD
	return check_run("views of a room's log", &g);
}
