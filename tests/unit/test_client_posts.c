/* Unit tests for who wrote what (posts.h), and for edits, deletions, reactions
 * and answers in a session. */
#include "tests/unit/fake_server.h"

#include "client/session/posts.h"
#include "shared/wire/b64.h"

#define TEST(name) static void name(void **state)

/* --- posts.h ------------------------------------------------------------- */

static const uint8_t alice[WIRE_HASH] = {1}, bob[WIRE_HASH] = {2};

static struct content_said about(uint32_t id, uint32_t message)
{
	struct content_said s = {.has_about = message != 0};

	put_u32(s.id, id);
	put_u32(s.about, message);
	return s;
}

/* What somebody says as `id` about `message` (0: none); remembered if it
 * counts. *of is the message it turned out to be about. */
static enum posts_verdict say(struct posts *p, const uint8_t *who,
    enum content_type type, uint32_t id, uint32_t message, uint32_t *of)
{
	const struct content_said s = about(id, message);
	struct event e = {0};
	enum posts_verdict v = posts_judge(p, &e, who, type, &s);

	if (of != NULL)
		*of = get_u32(e.about);
	if (v == POSTS_DONE)
		assert_int_equal(posts_add(p, &e, who, type, &s), 0);
	return v;
}

TEST(only_the_author_changes_a_message)
{
	struct posts *p = posts_new(alice, NULL);

	(void)state;
	assert_int_equal(
	    say(p, alice, CONTENT_MESSAGE, 1, 0, NULL), POSTS_DONE);
	assert_int_equal(
	    say(p, bob, CONTENT_EDIT, 2, 1, NULL), POSTS_NOT_THEIRS);
	assert_int_equal(
	    say(p, bob, CONTENT_DELETE, 3, 1, NULL), POSTS_NOT_THEIRS);
	assert_int_equal(say(p, bob, CONTENT_REACT, 4, 1, NULL), POSTS_DONE);
	assert_int_equal(say(p, alice, CONTENT_EDIT, 5, 1, NULL), POSTS_DONE);
	assert_int_equal(say(p, alice, CONTENT_REACT, 6, 1, NULL), POSTS_DONE);
	assert_int_equal(say(p, alice, CONTENT_DELETE, 7, 1, NULL), POSTS_DONE);
	posts_free(p);
	posts_free(NULL);
}

TEST(edits_of_edits_are_about_the_message)
{
	struct posts *p = posts_new(alice, NULL);
	uint32_t of;

	(void)state;
	(void)say(p, alice, CONTENT_MESSAGE, 1, 0, NULL);
	assert_int_equal(say(p, alice, CONTENT_EDIT, 2, 1, &of), POSTS_DONE);
	assert_int_equal(of, 1);
	assert_int_equal(say(p, alice, CONTENT_EDIT, 3, 2, &of), POSTS_DONE);
	assert_int_equal(of, 1);
	assert_int_equal(say(p, bob, CONTENT_REACT, 4, 3, &of), POSTS_DONE);
	assert_int_equal(of, 1);
	assert_int_equal(say(p, bob, CONTENT_MESSAGE, 5, 3, &of), POSTS_DONE);
	assert_int_equal(of, 1);
	assert_int_equal(
	    say(p, bob, CONTENT_EDIT, 6, 3, NULL), POSTS_NOT_THEIRS);
	/* A reaction is nothing to react to, and no edit is about itself. */
	assert_int_equal(
	    say(p, alice, CONTENT_REACT, 7, 4, NULL), POSTS_UNKNOWN);
	assert_int_equal(
	    say(p, alice, CONTENT_EDIT, 8, 8, NULL), POSTS_UNKNOWN);
	assert_int_equal(say(p, alice, CONTENT_DELETE, 9, 3, &of), POSTS_DONE);
	assert_int_equal(of, 1);
	assert_int_equal(
	    say(p, alice, CONTENT_EDIT, 10, 2, NULL), POSTS_DELETED);
	posts_free(p);
}

TEST(a_deleted_message_stays_deleted)
{
	struct posts *p = posts_new(alice, NULL);
	uint32_t of;

	(void)state;
	(void)say(p, bob, CONTENT_MESSAGE, 1, 0, NULL);
	(void)say(p, bob, CONTENT_DELETE, 2, 1, NULL);
	assert_int_equal(say(p, bob, CONTENT_EDIT, 3, 1, NULL), POSTS_DELETED);
	assert_int_equal(
	    say(p, bob, CONTENT_DELETE, 4, 1, NULL), POSTS_DELETED);
	assert_int_equal(
	    say(p, alice, CONTENT_REACT, 5, 1, NULL), POSTS_DELETED);
	assert_int_equal(
	    say(p, alice, CONTENT_EDIT, 6, 1, NULL), POSTS_NOT_THEIRS);
	/* An answer to it is still a message. */
	assert_int_equal(say(p, alice, CONTENT_MESSAGE, 7, 1, &of), POSTS_DONE);
	assert_int_equal(of, 1);
	posts_free(p);
}

/* Whoever copies an id can change their own message only, and what others say
 * stays with the first one. */
TEST(an_id_that_two_people_used)
{
	struct posts *p = posts_new(alice, NULL);
	struct content_said s = about(4, 1);
	struct event e = {0};

	(void)state;
	(void)say(p, alice, CONTENT_MESSAGE, 1, 0, NULL);
	(void)say(p, bob, CONTENT_MESSAGE, 1, 0, NULL);
	assert_int_equal(say(p, bob, CONTENT_DELETE, 2, 1, NULL), POSTS_DONE);
	assert_int_equal(say(p, alice, CONTENT_EDIT, 3, 1, NULL), POSTS_DONE);
	assert_int_equal(
	    posts_judge(p, &e, bob, CONTENT_REACT, &s), POSTS_DONE);
	assert_memory_equal(e.author, alice, WIRE_HASH);
	posts_free(p);
}

TEST(what_was_never_seen)
{
	struct posts *p = posts_new(alice, NULL);
	struct content_said s = about(4, 77);
	struct event e = {0};

	(void)state;
	assert_int_equal(say(p, bob, CONTENT_EDIT, 1, 77, NULL), POSTS_UNKNOWN);
	assert_int_equal(
	    say(p, bob, CONTENT_DELETE, 2, 77, NULL), POSTS_UNKNOWN);
	assert_int_equal(
	    say(p, bob, CONTENT_REACT, 3, 77, NULL), POSTS_UNKNOWN);
	/* An answer to it is a message, and names nobody. */
	assert_int_equal(
	    posts_judge(p, &e, bob, CONTENT_MESSAGE, &s), POSTS_DONE);
	assert_true(e.has_about);
	assert_int_equal(get_u32(e.about), 77);
	assert_memory_equal(e.author, ((uint8_t[WIRE_HASH]){0}), WIRE_HASH);
	posts_free(p);
}

TEST(the_newest_are_remembered)
{
	struct posts *p = posts_new(alice, NULL);
	uint32_t i;

	(void)state;
	for (i = 1; i <= POSTS_MAX; i++)
		(void)say(p, alice, CONTENT_MESSAGE, i, 0, NULL);
	assert_int_equal(say(p, alice, CONTENT_REACT, 9, 1, NULL), POSTS_DONE);
	/* This edit takes the place of the oldest message. */
	assert_int_equal(
	    say(p, alice, CONTENT_EDIT, 10001, 2, NULL), POSTS_DONE);
	assert_int_equal(
	    say(p, alice, CONTENT_EDIT, 9, 1, NULL), POSTS_UNKNOWN);
	(void)say(p, bob, CONTENT_MESSAGE, 10002, 0, NULL);
	/* Its edit is here, the message is not: nobody's to change. */
	assert_int_equal(
	    say(p, alice, CONTENT_EDIT, 9, 10001, NULL), POSTS_UNKNOWN);
	assert_int_equal(
	    say(p, bob, CONTENT_EDIT, 9, 10001, NULL), POSTS_NOT_THEIRS);
	for (i = 0; i < 3 * POSTS_MAX; i++)
		(void)say(p, bob, CONTENT_MESSAGE, 20000 + i, 0, NULL);
	assert_int_equal(
	    say(p, bob, CONTENT_DELETE, 9, 20000 + 2 * POSTS_MAX, NULL),
	    POSTS_DONE);
	assert_int_equal(
	    say(p, bob, CONTENT_DELETE, 9, 20000 + 2 * POSTS_MAX - 1, NULL),
	    POSTS_UNKNOWN);
	posts_free(p);
}

TEST(what_was_dropped_was_never_said)
{
	struct posts *p = posts_new(alice, NULL);

	(void)state;
	(void)say(p, alice, CONTENT_MESSAGE, 1, 0, NULL);
	(void)say(p, alice, CONTENT_MESSAGE, 2, 0, NULL);
	(void)say(p, alice, CONTENT_DELETE, 3, 2, NULL);
	posts_forget(p, about(1, 0).id);
	assert_int_equal(
	    say(p, alice, CONTENT_EDIT, 4, 1, NULL), POSTS_UNKNOWN);
	assert_int_equal(
	    say(p, alice, CONTENT_EDIT, 4, 2, NULL), POSTS_DELETED);
	posts_forget(p, about(3, 0).id);
	assert_int_equal(say(p, alice, CONTENT_EDIT, 4, 2, NULL), POSTS_DONE);
	/* Nothing of other people, whatever ids they use. */
	(void)say(p, bob, CONTENT_MESSAGE, 5, 0, NULL);
	(void)say(p, bob, CONTENT_DELETE, 6, 5, NULL);
	posts_forget(p, about(5, 0).id);
	posts_forget(p, about(6, 0).id);
	assert_int_equal(say(p, bob, CONTENT_EDIT, 7, 5, NULL), POSTS_DELETED);
	posts_free(p);
}

/* --- in a session -------------------------------------------------------- */

static const uint8_t first[WIRE_ID] = {0x11, 0x11},
		     second[WIRE_ID] = {0x22, 0x22};

static struct world *joined(size_t peers)
{
	struct world *w = world_new();

	world_join(w, peers);
	return w;
}

/* A member says this JSON with that id in place of both %s. */
static void put(struct world *w, size_t peer, const char *type, uint8_t own,
    const char *key, const uint8_t about_id[WIRE_ID], const char *more)
{
	uint8_t id[WIRE_ID] = {0x77, own};
	char a[B64_LEN(WIRE_ID) + 1], b[B64_LEN(WIRE_ID) + 1], json[512];
	struct peer *p = &w->fake.peers[peer];

	b64_encode(a, id, WIRE_ID);
	b64_encode(b, about_id, WIRE_ID);
	snprintf(json, sizeof(json),
	    "{\"type\":\"%s\",\"id\":\"%s\",\"%s\":\"%s\",%s\"ts\":5}", type, a,
	    key, b, more);
	fake_say_as(
	    &w->fake, p, &(struct saying){.seq = ++p->seq, .json = json});
	world_pump(w);
}

static void message(struct world *w, size_t peer, const uint8_t *id)
{
	struct peer *p = &w->fake.peers[peer];

	fake_say_as(&w->fake, p,
	    &(struct saying){.seq = ++p->seq, .id = id, .text = "hello"});
	world_pump(w);
}

static int post(
    struct world *w, enum event_type what, const uint8_t *of, const char *text)
{
	return session_post(w->s, session_first_room(w->s), 1,
	    &(struct session_post){what, of, text, strlen(text), false});
}

TEST(others_change_their_messages)
{
	struct world *w = joined(2);

	(void)state;
	message(w, 0, first);
	put(w, 0, "edit", 1, "of", first, "\"text\":\"hullo\",");
	put(w, 1, "react", 2, "to", first, "\"with\":\"+\",");
	put(w, 1, "react", 3, "to", first, "\"with\":\"\",");
	put(w, 1, "message", 4, "re", first, "\"text\":\"yes\",");
	put(w, 0, "delete", 5, "of", first, "");
	put(w, 0, "edit", 6, "of", first, "\"text\":\"again\",");
	put(w, 1, "react", 7, "to", first, "\"with\":\"+\",");
	check_events(w, "message bob 1 hello", "edit bob 1111 by bob hullo",
	    "react carol 1111 by bob +", "react carol 1111 by bob",
	    "message carol 3 yes re 1111 by bob", "delete bob 1111 by bob",
	    NULL);
	world_free(w);
}

/* The attacks: on somebody else's message, on ids that were never seen, and the
 * same id twice. The connection goes on. */
TEST(others_change_nothing_else)
{
	struct world *w = joined(2);

	(void)state;
	message(w, 0, first);
	put(w, 1, "edit", 1, "of", first, "\"text\":\"lies\",");
	put(w, 1, "delete", 2, "of", first, "");
	put(w, 1, "edit", 3, "of", second, "\"text\":\"lies\",");
	put(w, 1, "react", 4, "to", second, "\"with\":\"+\",");
	put(w, 1, "react", 4, "to", first, "\"with\":\"+\","); /* an old id */
	message(w, 1, first); /* bob's id, in carol's message */
	put(w, 1, "delete", 5, "of", first, "");
	put(w, 0, "edit", 6, "of", first, "\"text\":\"mine\",");
	check_events(w, "message bob 1 hello",
	    "refused carol edit 1111 not_theirs",
	    "refused carol delete 1111 not_theirs",
	    "refused carol edit 2222 unknown",
	    "refused carol react 2222 unknown", "message carol 6 hello",
	    "delete carol 1111 by carol", "edit bob 1111 by bob mine", NULL);
	world_free(w);
}

TEST(what_is_no_content)
{
	struct world *w = joined(1);

	(void)state;
	message(w, 0, first);
	put(w, 0, "edit", 1, "of", first, "\"text\":\"\",");
	put(w, 0, "edit", 2, "of", first, "");
	put(w, 0, "edit", 3, "re", first, "\"text\":\"x\",");
	put(w, 0, "react", 4, "to", first, "\"with\":\"\\u0007\",");
	put(w, 0, "react", 5, "to", first, "\"with\":\"ab\",");
	put(w, 0, "react", 6, "to", first,
	    "\"with\":"
	    "\"e\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301"
	    "\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\",");
	put(w, 0, "later", 7, "of", first, "");
	check_events(w, "message bob 1 hello", "dropped bob not a message",
	    "dropped bob not a message", "dropped bob not a message",
	    "dropped bob not a message", "dropped bob not a message",
	    "dropped bob not a message", NULL);
	world_free(w);
}

TEST(a_change_is_the_first_that_somebody_says)
{
	struct world *w = joined(1);

	(void)state;
	message(w, 0, first);
	check_events(w, "message bob 1 hello", NULL);
	/* He is back with another key: said before his edit counts. */
	fake_leave(&w->fake, &w->fake.peers[0], "leave");
	world_pump(w);
	w->changed = "bob";
	fake_join(&w->fake, fake_peer(&w->fake, 70, "bob"));
	world_pump(w);
	put(w, 1, "edit", 1, "of", first, "\"text\":\"lies\",");
	check_events(w, "epoch 5 leave", "leave bob leave", "changed bob",
	    "join bob", "epoch 6 join", "refused bob edit 1111 not_theirs",
	    NULL);
	world_free(w);
}

TEST(we_change_our_messages)
{
	struct world *w = joined(1);
	uint8_t own[WIRE_ID];

	(void)state;
	world_say(w, "one");
	world_pump(w);
	memcpy(own, w->fake.last_id, WIRE_ID);
	check_got(w, "message 4 1 one", NULL);
	check_events(w, "message alice 1 one own", NULL);
	message(w, 0, first);
	own[1] = 0; /* never seen */
	assert_int_equal(post(w, EVENT_EDIT, own, "two"), ERR_ABSENT);
	memcpy(own, w->fake.last_id, WIRE_ID);
	own[0] = own[1] = 0xee;
	assert_int_equal(post(w, EVENT_EDIT, first, "two"), ERR_AUTHOR);
	assert_int_equal(post(w, EVENT_DELETE, first, ""), ERR_AUTHOR);
	assert_int_equal(post(w, EVENT_REACT, own, "+"), ERR_ABSENT);
	assert_int_equal(post(w, EVENT_REACT, first, "+1"), ERR_TEXT);
	assert_int_equal(post(w, EVENT_REACT, first, "\a"), ERR_TEXT);
	assert_int_equal(post(w, EVENT_EDIT, w->fake.last_id, ""), ERR_TEXT);
	assert_int_equal(post(w, EVENT_EDIT, NULL, "x"), ERR_ABSENT);
	assert_int_equal(post(w, EVENT_DELETE, w->fake.last_id, "x"), ERR_TEXT);
	assert_int_equal(post(w, EVENT_SENT, first, "x"), ERR_USAGE);
	assert_int_equal(post(w, EVENT_REACT, first, "+"), 0);
	assert_int_equal(post(w, EVENT_MESSAGE, first, "yes"), 0);
	check_events(w, "message bob 1 hello", "react alice 1111 by bob + own",
	    "message alice 3 yes own re 1111 by bob", NULL);
	world_pump(w);
	check_got(
	    w, "react 4 2 + about 1111", "message 4 3 yes about 1111", NULL);
	fake_ack(&w->fake, 3);
	world_pump(w);
	check_events(w, "sent 1", "sent 2", "sent 3", NULL);
	world_free(w);
}

/* The edit is acknowledged when its message is already purged: it goes as well. */
TEST(an_edit_that_comes_after_the_purge)
{
	struct world *w = joined(1);
	const struct chatroom *room = session_first_room(w->s);
	uint8_t own[WIRE_ID];
	uint32_t req;

	(void)state;
	world_say(w, "one");
	world_pump(w);
	memcpy(own, w->fake.last_id, WIRE_ID);
	assert_int_equal(session_purge(w->s, room, own, &req), ERR_ABSENT);
	fake_ack(&w->fake, 1);
	world_pump(w);
	assert_int_equal(post(w, EVENT_EDIT, own, "two"), 0);
	world_pump(w);
	lines_free(&w->fake.got);
	assert_int_equal(session_purge(w->s, room, own, &req), 0);
	world_tick(w, 0);
	world_pump(w);
	check_got(w, "purge 1 1 1", NULL);
	fake_ack(&w->fake, 2);
	world_pump(w);
	world_tick(w, 0);
	world_pump(w);
	check_got(w, "purge 1 2 2", NULL);
	world_tick(w, 0);
	world_pump(w);
	check_got(w, NULL);
	world_free(w);
}

/* Says, edits and deletes; returns the message's id. */
static void say_edit_delete(struct world *w, uint8_t own[WIRE_ID])
{
	world_say(w, "one");
	world_pump(w);
	memcpy(own, w->fake.last_id, WIRE_ID);
	assert_int_equal(post(w, EVENT_EDIT, own, "two"), 0);
	assert_int_equal(post(w, EVENT_DELETE, own, ""), 0);
	assert_int_equal(post(w, EVENT_DELETE, own, ""), ERR_ABSENT);
	world_pump(w);
}

/* What was not acknowledged is sealed again, in order, with the same ids. */
TEST(ours_are_sealed_again)
{
	struct world *w = joined(1);
	uint8_t own[WIRE_ID], last[WIRE_ID];
	char edit[64], delete[64];
	int i;

	(void)state;
	say_edit_delete(w, own);
	memcpy(last, w->fake.last_id, WIRE_ID);
	snprintf(edit, sizeof(edit), "two about %02x%02x", own[0], own[1]);
	snprintf(delete, sizeof(delete), " about %02x%02x", own[0], own[1]);
	for (i = 0; i < 2; i++) {
		char want[3][96];

		snprintf(want[0], 96, "message %d 1 one", 4 + i);
		snprintf(want[1], 96, "edit %d 2 %s", 4 + i, edit);
		snprintf(want[2], 96, "delete %d 3 %s", 4 + i, delete);
		check_got(w, want[0], want[1], want[2], NULL);
		fake_fresh(&w->fake, "timer");
		world_pump(w);
		assert_memory_equal(w->fake.last_id, last, WIRE_ID);
	}
	world_free(w);
}

/* Held and dropped like messages; dropped, they were never said. */
TEST(ours_are_held)
{
	struct world *w = joined(1);
	uint8_t own[WIRE_ID];
	char edit[64], gone[64], lines[2][96];

	(void)state;
	say_edit_delete(w, own);
	snprintf(edit, sizeof(edit), "edit alice %02x%02x by alice two own",
	    own[0], own[1]);
	snprintf(gone, sizeof(gone), "delete alice %02x%02x by alice own",
	    own[0], own[1]);
	check_events(w, "message alice 1 one own", edit, gone, NULL);
	fake_ack(&w->fake, 2);
	fake_join(&w->fake, fake_peer(&w->fake, 60, "dora"));
	fake_fresh(&w->fake, "timer");
	world_pump(w);
	check_events(w, "sent 1", "sent 2", "join dora", "epoch 5 join",
	    "epoch 6 timer", "held ask 1 1 dora", NULL);
	snprintf(lines[0], sizeof(lines[0]), "edit 4 2 two about %02x%02x",
	    own[0], own[1]);
	snprintf(lines[1], sizeof(lines[1]), "delete 4 3  about %02x%02x",
	    own[0], own[1]);
	check_got(w, "message 4 1 one", lines[0], lines[1], NULL);
	assert_int_equal(session_drop_held(w->s, session_first_room(w->s)), 0);
	check_events(w, "unsaid 0", "held drop 1 1 dora", NULL);
	/* It is not deleted, so it can be edited. */
	assert_int_equal(post(w, EVENT_EDIT, own, "three"), 0);
	world_free(w);
}

/* The authors are known through connections. */
TEST(after_a_reconnect)
{
	struct world *w = joined(1);

	(void)state;
	message(w, 0, first);
	check_events(w, "message bob 1 hello", NULL);
	world_lose(w, "gone");
	world_tick(w, w->wait_ms);
	w->fake.n_people = 0;
	w->fake.member++;
	fake_step(&w->fake);
	fake_step(&w->fake);
	fake_person(&w->fake, &w->fake.peers[0].user);
	world_connect(w);
	fake_admit(&w->fake);
	world_pump(w);
	check_events(w, "reconnect gone", "connecting 1", "connected 6", NULL);
	put(w, 0, "edit", 1, "of", first, "\"text\":\"hullo\",");
	check_events(w, "edit bob 1111 by bob hullo", NULL);
	world_free(w);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(only_the_author_changes_a_message);
	ADD(edits_of_edits_are_about_the_message);
	ADD(a_deleted_message_stays_deleted);
	ADD(an_id_that_two_people_used);
	ADD(what_was_never_seen);
	ADD(the_newest_are_remembered);
	ADD(what_was_dropped_was_never_said);
	ADD(others_change_their_messages);
	ADD(others_change_nothing_else);
	ADD(what_is_no_content);
	ADD(a_change_is_the_first_that_somebody_says);
	ADD(we_change_our_messages);
	ADD(an_edit_that_comes_after_the_purge);
	ADD(ours_are_sealed_again);
	ADD(ours_are_held);
	ADD(after_a_reconnect);
	return check_run("client posts", &g);
}
