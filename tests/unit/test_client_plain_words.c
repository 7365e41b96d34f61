/* Unit tests for the plain user interface: it says in words everything that the full
 * screen shows, with a sentence for every kind of event, and prints no byte that
 * moves a cursor. */
#include "client/ui/words.h"
#include "tests/unit/plain_stage.h"

enum { FACTS = 5 };

static const struct session_file sample_file = {.number = 2,
    .state = FILE_MOVING,
    .room_name = "lobby",
    .with = "",
    .from = "alice",
    .name = "disk2.img",
    .path = "",
    .size = 1200000000,
    .done = 750000000,
    .rate = 18000000};

/* An event, and the facts that the full screen shows for it. No `default`: a
 * new kind of event gives a compiler warning here, and fails without words. */
static struct event sample(
    enum event_type type, struct stage *s, const char *facts[FACTS])
{
	struct event e = {.type = type,
	    .room_name = "lobby",
	    .person = &s->session.people[1]};

	switch (type) {
	case EVENT_CONNECTING:
		e.attempt = 1;
		facts[0] = "connecting to chat.example:2528";
		break;
	case EVENT_KEEPS:
		e.may = true;
		facts[0] = "alice keeps a transcript of this room";
		break;
	case EVENT_RECEIPT:
		e.may = true;
		e.offset = 77;
		facts[0] = "alice has signed the log of this room, as you have it, "
			   "up to entry 77";
		break;
	case EVENT_TRANSCRIPT:
		e.may = true;
		e.text = "/home/me/notes";
		facts[0] = "a transcript of every room is written to /home/me/notes";
		break;
	case EVENT_ENTRY:
		break; /* is for the files */
	case EVENT_CONNECTED:
		facts[0] = "you are in lobby on chat.example:2528 as me: 3 people";
		facts[1] = "group key 7, AES-256-GCM";
		facts[2] = "members verified: 1 of 2";
		facts[3] = "topic: tea";
		facts[4] = "me (you), alice, bob (key changed)";
		break;
	case EVENT_MESSAGE:
		e.text = "hello";
		e.ts_ms = wall_ms();
		e.person = &s->session.people[2];
		facts[0] = "12:34 bob (key changed): hello";
		break;
	case EVENT_EDIT:
		e.text = "hello\nthere";
		e.ts_ms = wall_ms();
		facts[0] = "-- 12:34 alice edited: hello\n      there";
		break;
	case EVENT_DELETE:
		e.ts_ms = wall_ms();
		facts[0] = "-- 12:34 alice deleted a message";
		break;
	case EVENT_REACT:
		e.text = "+";
		e.ts_ms = wall_ms();
		facts[0] = "-- 12:34 alice reacts with + to a message that is "
			   "not here";
		break;
	case EVENT_FILE:
		e.file = &sample_file;
		facts[0] = "-- file 2 from alice: disk2.img, 1.2 GB: /get 2 saves "
			   "it";
		break;
	case EVENT_PROGRESS:
		e.file = &sample_file;
		facts[0] = "-- file 2 62 %  18 MB/s  25 s left";
		break;
	case EVENT_FILE_DONE:
		e.file = &sample_file;
		e.word = "disk";
		e.text = "the disk is full";
		facts[0] = "-- file 2 (disk2.img) is not saved: the disk is full";
		break;
	case EVENT_REFUSED:
		e.tried = EVENT_EDIT;
		e.reason = "not_theirs";
		facts[0] = "-- alice tried to edit somebody else's message: "
			   "nothing has changed";
		break;
	case EVENT_SENT:
		/* The message was pending while disconnected. */
		s->session.status.unacked = 2;
		stage_event(s, (struct event){.type = EVENT_RECONNECT});
		s->session.status.unacked = 0;
		facts[0] = "2 of your messages are kept until then";
		facts[1] = "the server has all your messages";
		break;
	case EVENT_JOIN:
		facts[0] = "-- alice joined";
		break;
	case EVENT_DEVICE:
		e.who = "alice";
		e.device_s = 1768478400; /* the middle of the month */
		facts[0] = "your account has another device since 2026-01-";
		facts[1] = "/forget-device AAAAAAAA";
		break;
	case EVENT_SEAL:
		e.reason = "other";
		facts[0] = "a new secret, which you do not have";
		facts[1] = "/seal give";
		break;
	case EVENT_DEVICES: /* shown only in answer to /devices */
	case EVENT_INVITES:
	case EVENT_DELIVERED:
	case EVENT_BLOCKS:
		break;
	case EVENT_LEAVE:
		e.reason = "kick";
		facts[0] = "-- alice was removed from the room";
		break;
	case EVENT_EPOCH:
		e.epoch = 8;
		e.reason = "timer";
		facts[0] = "new group key 8: it is changed regularly";
		break;
	case EVENT_MISSING:
		e.count = 3;
		facts[0] = "3 messages from alice are missing";
		facts[1] = "the server did not deliver them";
		break;
	case EVENT_CERTIFIED:
		s->session.people[1].certified = CERTIFIED_GOOD;
		e.reason = "renewed";
		facts[0] = "alice has another key than before";
		facts[1] = "--ca";
		break;
	case EVENT_CHANGED:
		facts[0] = "WARNING: alice's key has changed";
		facts[1] = "/trust alice";
		facts[2] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
		break;
	case EVENT_DROPPED:
		e.reason = "a bad signature";
		facts[0] = "dropped something sent as alice: a bad signature";
		break;
	case EVENT_ERROR:
		e.code = CODE_FULL;
		e.text = "the room is full";
		facts[0] = "the server says: the room is full";
		break;
	case EVENT_RTT:
		e.rtt_ms = 12;
		facts[0] = "the server answers in 12 ms";
		break;
	case EVENT_HELD:
		e.reason = "ask";
		e.count = 2;
		e.people = 7;
		e.text = "carol\ndora\nemil\nfred\ngus";
		e.text_len = strlen(e.text);
		facts[0] =
		    "2 of your messages are held: carol, dora, emil, fred and "
		    "3 more were not here when you wrote them";
		facts[1] = "/send sends them";
		facts[2] = "/drop drops them";
		break;
	case EVENT_UNSAID: /* HELD says it */
		break;
	case EVENT_RECONNECT:
		e.reason = "it went away.";
		e.wait_ms = 3900;
		facts[0] = "not connected: it went away; trying again in 4 s";
		break;
	case EVENT_DONE: /* the command that asked says it */
	case EVENT_ROOMS:
		break;
	case EVENT_FAILED:
		e.code = CODE_DENIED;
		e.text = "ask alice";
		facts[0] = "your role does not allow this: ask alice";
		break;
	case EVENT_LEFT:
		e.code = CODE_KICKED;
		e.by = "alice";
		e.text = "go home";
		facts[0] = "you were removed from the room by alice: go home";
		break;
	case EVENT_ROOM:
		e.by = "alice";
		e.text = "tea";
		facts[0] = "alice changed the room; its topic is: tea";
		break;
	case EVENT_ACT:
		e.act = ACT_ROLE;
		e.role = ROLE_OPERATOR;
		e.by = "alice";
		e.who = "bob";
		facts[0] = "alice made bob an operator";
		break;
	case EVENT_VOICE:
		e.by = "alice";
		facts[0] = "you are muted by alice";
		break;
	case EVENT_FORK:
		e.offset = 12;
		facts[0] = "WARNING: alice sees a different conversation in this "
			   "room than you, up to entry 12";
		facts[1] = "the server shows you two different logs, or "
			   "alice's client lies";
		break;
	case EVENT_ROLE:
		e.role = ROLE_OWNER;
		facts[0] = "your role on the server is now: owner";
		break;
	case EVENT_HISTORY:
		e.count = 3;
		facts[0] = "3 messages from while you were away";
		break;
	case EVENT_REWRITTEN:
		facts[0] = "WARNING: the server's log of this room is not the one that";
		facts[1] = "restored from an old backup, or the server lies";
		break;
	case EVENT_PURGE:
		e.by = "alice";
		facts[0] = "alice purged a message";
		break;
	case EVENT_GONE:
		e.by = "alice";
		facts[0] = "a message, purged by alice";
		break;
	case EVENT_TOPIC:
		e.text = "at\x1b[31m\nnoon";
		facts[0] = "alice set the topic: at";
		facts[1] = "noon";
		break;
	case EVENT_STORAGE:
		facts[0] = "the server cannot keep messages at present";
		facts[1] = "waits until it can";
		break;
	case EVENT_CLOSED:
		s->session.status.unacked = 1;
		facts[0] = "not connected to chat.example:2528";
		facts[1] = "1 of your messages did not reach the server";
		break;
	}
	return e;
}

/* Lines for a screen reader: words only, no control bytes. */
static void expect_words(const char *said)
{
	const char *p;

	assert_true(strlen(said) > 5);
	assert_int_equal(said[strlen(said) - 1], '\n');
	for (p = said; *p != '\0'; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
}

static void test_every_event_has_words(void **state)
{
	const char *facts[FACTS], *said;
	struct stage s;
	struct event e;
	int type, i;

	for (type = 0; type <= EVENT_CLOSED; type++) {
		memset(facts, 0, sizeof(facts));
		stage_begin(&s, state);
		e = sample((enum event_type)type, &s, facts);
		stage_event(&s, e);
		said = stage_end(&s);
		if (type == EVENT_UNSAID || type == EVENT_DONE ||
		    type == EVENT_ROOMS || type == EVENT_DEVICES ||
		    type == EVENT_INVITES || type == EVENT_DELIVERED ||
		    type == EVENT_BLOCKS || type == EVENT_ENTRY) {
			assert_string_equal(said, "");
			free(s.said);
			continue;
		}
		assert_non_null(facts[0]);
		for (i = 0; i < FACTS && facts[i] != NULL; i++)
			if (strstr(said, facts[i]) == NULL)
				fail_msg("event %d: no \"%s\" in\n%s", type,
				    facts[i], said);
		expect_words(said);
		free(s.said);
	}
}

/* Who is alone is told how others come: by /invite only if they may. */
static void test_alone(void **state)
{
	static const struct {
		enum role server, room;
		bool invited;
		const char *want;
	} each[] = {
	    {ROLE_MEMBER, ROLE_MEMBER, false,
		"yet; operators can invite people"},
	    {ROLE_GUEST, ROLE_MEMBER, true,
		"yet; operators can invite people"},
	    {ROLE_MEMBER, ROLE_OWNER, false,
		"yet; operators can invite people"},
	    {ROLE_MEMBER, ROLE_OPERATOR, true, "yet; /invite NAME lets NAME in"},
	    {ROLE_OPERATOR, ROLE_MEMBER, false, "yet; /invite makes an invite"},
	    {ROLE_OWNER, ROLE_OWNER, true, "yet; /invite makes an invite"},
	};
	const struct event e = {.type = EVENT_CONNECTED, .room_name = "den"};
	struct words_about about = {.server = "h", .name = "me", .people = 1};
	struct session_status link = {.linked = true};
	struct session_room_status room = {.joined = true};
	char out[WORDS_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		link.role = each[i].server;
		room.role = each[i].room;
		room.settings.invited = each[i].invited;
		about.invite = words_invite(&link, &room);
		assert_true(words_event(out, &e, &about));
		assert_non_null(strstr(out, "you are in den on h as me: nobody"));
		assert_non_null(strstr(out, each[i].want));
	}
	about.again = true;
	assert_true(words_event(out, &e, &about));
	assert_string_equal(out, "back in den on h as me: nobody else is here");
	about.people = 2;
	assert_true(words_event(out, &e, &about));
	assert_string_equal(out, "back in den on h as me: 2 people");
}

/* Only people who were in the room are reported as gone. */
static void test_no_longer(void **state)
{
	struct stage s;

	stage_begin(&s, state);
	stage_event(&s, (struct event){.type = EVENT_CONNECTED});
	stage_event(&s, (struct event){.type = EVENT_CLOSED});
	assert_non_null(strstr(stage_end(&s),
	    "disconnected from chat.example:2528\n"));
	free(s.said);
}

/* Answers, edits, deletions and reactions quote what they are about, as it was
 * before. */
static void test_messages_in_words(void **state)
{
	static const uint8_t first[WIRE_ID] = {1};
	struct event e = {.type = EVENT_MESSAGE,
	    .id = {1},
	    .text = "tea at five\nor six",
	    .ts_ms = wall_ms()};
	struct stage s;

	stage_begin(&s, state);
	memset(s.session.people[1].fingerprint, 7, WIRE_HASH);
	e.person = &s.session.people[1];
	stage_event(&s, e);
	e.has_about = true;
	memcpy(e.about, first, WIRE_ID);
	memset(e.author, 7, WIRE_HASH);
	e.person = &s.session.people[2];
	e.text = "yes";
	stage_event(&s, e);
	e.action = true;
	stage_event(&s, e);
	e.type = EVENT_REACT;
	e.text = "+";
	stage_event(&s, e);
	e.text = "";
	stage_event(&s, e);
	e.type = EVENT_EDIT;
	e.person = &s.session.people[1];
	e.text = "tea at four";
	stage_event(&s, e);
	e.type = EVENT_DELETE;
	e.text = "";
	stage_event(&s, e);
	e.type = EVENT_MESSAGE;
	e.action = false;
	e.text = "what?";
	stage_event(&s, e);
	/* Somebody else's message with the same id is another one. */
	memset(e.author, 8, WIRE_HASH);
	stage_event(&s, e);
	assert_string_equal(stage_end(&s),
	    "12:34 alice: tea at five\n      or six\n"
	    "12:34 bob (key changed), replying to alice (\"tea at five...\"): "
	    "yes\n"
	    "12:34 * bob (key changed), replying to alice (\"tea at five...\"): "
	    "yes\n"
	    "-- 12:34 bob (key changed) reacts with + to alice (\"tea at "
	    "five...\")\n"
	    "-- 12:34 bob (key changed) takes back the reaction to alice "
	    "(\"tea at five...\")\n"
	    "-- 12:34 alice edited: tea at four\n"
	    "-- 12:34 alice deleted a message: \"tea at four\"\n"
	    "12:34 alice, replying to alice (\"deleted\"): what?\n"
	    "12:34 alice, replying to a message that is not here: what?\n");
	free(s.said);
}

static void test_hostile_text(void **state)
{
	static const char *const evil[] = {"\033[2J",
	    "\xc2\x9b"
	    "2J",
	    "\a\b\r",
	    "\xe2\x80\xae"
	    "x",
	    "\033]0;x\a", "\xff"};
	struct event e = {.type = EVENT_MESSAGE, .tried = EVENT_REACT};
	struct session_file file;
	struct stage s;
	size_t i;
	int type;

	stage_begin(&s, state);
	for (i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		for (type = 0; type <= EVENT_CLOSED; type++) {
			e.type = (enum event_type)type;
			e.person = &s.session.people[1];
			e.text = e.reason = evil[i];
			file = sample_file;
			file.name = file.from = file.path = evil[i];
			e.file = &file;
			e.word = "disk";
			e.code = CODE_FULL;
			stage_event(&s, e);
		}
	}
	expect_words(stage_end(&s));
	assert_null(strstr(s.said, "\xc2\x9b"));
	assert_null(strstr(s.said, "\xe2\x80\xae"));
	free(s.said);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_every_event_has_words),
	    T(test_alone),
	    T(test_no_longer),
	    T(test_messages_in_words),
	    T(test_hostile_text),
	};

	return cmocka_run_group_tests_name("plain words", tests, NULL, NULL);
}
