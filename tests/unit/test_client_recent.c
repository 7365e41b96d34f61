/* Unit tests for the messages that commands name (recent.h). */
#include "client/ui/recent.h"
#include "tests/unit/check.h"

#define TEST(name) static void name(void **state)

/* Only for their addresses. */
static const struct chatroom *const lobby = (const void *)"lobby";
static const struct chatroom *const ops = (const void *)"ops";

static struct recent_of in(const struct chatroom *room)
{
	return (struct recent_of){room, ""};
}

static struct person alice = {.name = "alice", .fingerprint = {1}};
static struct person bob = {.name = "bob", .fingerprint = {2}};

static void put(struct recent *r, enum event_type type,
    const struct chatroom *room, const struct person *p, uint32_t id,
    uint32_t about, const char *text)
{
	struct event e = {.type = type,
	    .room = room,
	    .person = p,
	    .own = p == &alice,
	    .has_about = about != 0,
	    .text = text,
	    .text_len = strlen(text)};

	put_u32(e.id, id);
	put_u32(e.about, about);
	memcpy(e.author, p->fingerprint, WIRE_HASH);
	recent_event(r, &e);
}

static void say(struct recent *r, const struct chatroom *room,
    const struct person *p, uint32_t id, const char *text)
{
	put(r, EVENT_MESSAGE, room, p, id, 0, text);
}

static void note(void *arg, const struct recent_message *m)
{
	char *out = arg;
	const size_t n = strlen(out);

	snprintf(
	    out + n, 1024 - n, "%zu %s: %s\n", m->number, m->name, m->quote);
}

static void expect_last(struct recent *r, const struct chatroom *room,
    const char *line, const char *want)
{
	struct command c;
	char got[1024] = "";
	const char *why;

	command_parse(&c, line, strlen(line));
	assert_int_equal(c.kind, COMMAND_LAST);
	why = recent_last(r, in(room), &c, note, got);
	assert_string_equal(why != NULL ? why : got, want);
}

/* The id of the message that a line is about, and its text; or why not. */
static void expect_post(struct recent *r, const char *line, const char *want)
{
	struct session_post p;
	struct command c;
	char got[256];
	const char *why;

	command_parse(&c, line, strlen(line));
	if (c.kind == COMMAND_BAD) {
		assert_string_equal(want, "bad");
		return;
	}
	why = recent_post(&p, r, in(lobby), &c);
	if (why == NULL)
		snprintf(got, sizeof(got), "%d %u %.*s", (int)p.what,
		    get_u32(p.about), (int)p.n, p.text);
	assert_string_equal(why != NULL ? why : got, want);
}

static const char no_number[] =
    "no message has that number; /last numbers the last messages";
static const char nothing[] = "there is no message of yours to edit";

static const char *what(enum event_type type, unsigned id, const char *text)
{
	static char out[64];

	snprintf(out, sizeof(out), "%d %u %s", (int)type, id, text);
	return out;
}

TEST(numbers)
{
	struct recent *r = recent_new();

	(void)state;
	expect_last(r, lobby, "/last", "there are no messages yet");
	say(r, lobby, &alice, 1, "one");
	say(r, ops, &bob, 2, "two");
	say(r, lobby, &bob, 3, "three\nand more");
	expect_last(r, lobby, "/last", "1 alice: one\n2 bob: three...\n");
	expect_last(r, ops, "/last 5", "1 bob: two\n");
	expect_last(r, lobby, "/last 1", "1 bob: three...\n");
	expect_last(r, lobby, "/last 0", "/last takes a number from 1 to 9999");
	expect_last(
	    r, lobby, "/last 1 2", "/last takes a number from 1 to 9999");
	expect_last(
	    r, lobby, "/last 99999", "/last takes a number from 1 to 9999");
	expect_last(r, lobby, "/last x", "/last takes a number from 1 to 9999");
	assert_non_null(recent_number(r, in(lobby), 1));
	assert_null(recent_number(r, in(lobby), 2));
	assert_null(recent_number(r, in(lobby), 0));
	recent_free(r);
	recent_free(NULL);
}

/* What arrives later changes no number. */
TEST(a_number_stays)
{
	struct recent *r = recent_new();

	(void)state;
	say(r, lobby, &bob, 1, "one");
	say(r, lobby, &bob, 2, "two");
	expect_last(r, lobby, "/last", "1 bob: one\n2 bob: two\n");
	say(r, lobby, &bob, 3, "three");
	expect_post(r, "/reply 2 yes", what(EVENT_MESSAGE, 2, "yes"));
	expect_post(r, "/reply 3 yes", no_number);
	put(r, EVENT_EDIT, lobby, &bob, 4, 1, "uno");
	put(r, EVENT_DELETE, lobby, &bob, 5, 2, "");
	expect_last(r, lobby, "/last 2", "1 bob: uno\n2 bob: three\n");
	expect_post(r, "/reply 2 yes", what(EVENT_MESSAGE, 3, "yes"));
	recent_free(r);
}

TEST(commands)
{
	struct recent *r = recent_new();

	(void)state;
	expect_post(r, "/reply 1 yes", no_number);
	expect_post(r, "/reply yes", no_number);
	expect_post(r, "/reply", "bad");
	expect_post(r, "/delete", "bad");
	expect_post(r, "/react", "bad");
	expect_post(r, "/edit x", nothing);
	say(r, ops, &alice, 9, "in another room");
	expect_post(r, "/edit x", nothing);
	say(r, lobby, &alice, 1, "one");
	say(r, lobby, &bob, 2, "two");
	/* No number was shown, so this is none. */
	expect_post(r, "/edit 2 is right", what(EVENT_EDIT, 1, "2 is right"));
	expect_post(r, "/edit", what(EVENT_EDIT, 1, ""));
	expect_last(r, lobby, "/last", "1 alice: one\n2 bob: two\n");
	expect_post(r, "/edit 1 uno", what(EVENT_EDIT, 1, "uno"));
	expect_post(r, "/edit 2 is right", what(EVENT_EDIT, 2, "is right"));
	expect_post(r, "/edit uno", what(EVENT_EDIT, 1, "uno"));
	expect_post(r, "/delete 1", what(EVENT_DELETE, 1, ""));
	expect_post(r, "/delete 1 2", "/delete takes one number: /delete N");
	expect_post(r, "/react 2 +", what(EVENT_REACT, 2, "+"));
	expect_post(r, "/react 2", what(EVENT_REACT, 2, ""));
	expect_post(
	    r, "/react 2 +1", what(EVENT_REACT, 2, "\xf0\x9f\x91\x8d"));
	expect_post(r, "/react 2 +2", what(EVENT_REACT, 2, "+2"));
	expect_post(r, "/react 22 +", no_number);
	/* Dropped before it was sent, it is not the last one. */
	say(r, lobby, &alice, 3, "three");
	put(r, EVENT_UNSAID, lobby, &alice, 3, 0, "");
	expect_post(r, "/edit uno", what(EVENT_EDIT, 1, "uno"));
	recent_free(r);
}

TEST(the_same_id_of_two_people)
{
	struct recent *r = recent_new();
	uint8_t id[WIRE_ID] = {0};

	(void)state;
	put_u32(id, 1);
	say(r, lobby, &alice, 1, "hers");
	say(r, lobby, &bob, 1, "his");
	put(r, EVENT_DELETE, lobby, &bob, 2, 1, "");
	assert_true(recent_find(r, in(lobby), id, bob.fingerprint)->deleted);
	assert_false(recent_find(r, in(lobby), id, alice.fingerprint)->deleted);
	assert_null(recent_find(r, in(ops), id, alice.fingerprint));
	recent_free(r);
}

/* What was said with a person is no room's, nor another person's. */
TEST(of_people)
{
	static const char *const with[] = {"bob", "carol", "bob"};
	const struct recent_of bobs = {NULL, "BOB"}, carols = {lobby, "carol"};
	struct recent *r = recent_new();
	struct command c;
	char got[1024] = "";
	uint32_t i;

	(void)state;
	say(r, lobby, &alice, 9, "to all");
	for (i = 0; i < 3; i++) {
		struct event e = {.type = EVENT_MESSAGE,
		    .with = with[i],
		    .person = &alice,
		    .own = true,
		    .id = {0, 0, 0, (uint8_t)i},
		    .text = with[i],
		    .text_len = strlen(with[i])};

		recent_event(r, &e);
	}
	command_parse(&c, "/last", 5);
	assert_null(recent_last(r, bobs, &c, note, got));
	assert_string_equal(got, "1 alice: bob\n2 alice: bob\n");
	assert_int_equal(recent_number(r, bobs, 2)->id[3], 2);
	assert_null(recent_number(r, in(lobby), 1));
	assert_null(recent_number(r, carols, 1));
	assert_int_equal(recent_own(r, carols)->id[3], 1);
	assert_string_equal(recent_own(r, in(lobby))->quote, "to all");
	assert_null(recent_own(r, in(NULL)));
	expect_last(r, lobby, "/last", "1 alice: to all\n");
	assert_null(recent_number(r, bobs, 2));
	/* A message that is not sent is taken back there alone. */
	recent_event(r, &(struct event){.type = EVENT_UNSAID,
			    .with = "bob",
			    .id = {0, 0, 0, 2}});
	assert_int_equal(recent_own(r, bobs)->id[3], 0);
	recent_free(r);
}

/* Quotations end at a character's end, and the oldest messages go. */
TEST(bounds)
{
	struct recent *r = recent_new();
	const struct recent_message *m;
	char text[300] = "";
	uint32_t i;

	(void)state;
	while (strlen(text) + 3 < sizeof(text))
		strcat(text, "\xe2\x82\xac");
	for (i = 0; i < 3 * RECENT_MAX; i++)
		say(r, lobby, i % 2 ? &alice : &bob, i, text);
	m = recent_own(r, in(lobby));
	assert_non_null(m);
	assert_int_equal(strlen(m->quote), RECENT_QUOTE / 3 * 3 + 3);
	assert_string_equal(m->quote + RECENT_QUOTE / 3 * 3, "...");
	expect_last(r, ops, "/last", "there are no messages yet");
	say(r, lobby, &bob, 1, "");
	say(r, lobby, &bob, 2, "\n");
	expect_last(r, lobby, "/last 2", "1 bob: \n2 bob: ...\n");
	/* Without memory there is none. */
	recent_event(NULL, &(struct event){.type = EVENT_MESSAGE});
	expect_last(NULL, lobby, "/last", "there are no messages yet");
	expect_post(NULL, "/edit x", nothing);
	recent_free(r);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(numbers);
	ADD(a_number_stays);
	ADD(commands);
	ADD(the_same_id_of_two_people);
	ADD(of_people);
	ADD(bounds);
	return check_run("client recent", &g);
}
