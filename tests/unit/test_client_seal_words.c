/* /seal send and what is said of secrets that are handed over: to whom it goes, who
 * does not get it, and why one that came is not taken. */
#include "client/ui/seal_commands.h"
#include "client/ui/words_acts.h"
#include "tests/unit/plain_stage.h"

struct told {
	char text[4096];
	size_t alerts;
};

static void take(void *arg, enum words_weight weight, const char *line)
{
	struct told *t = arg;

	assert_true(strlen(t->text) + strlen(line) + 2 < sizeof(t->text));
	strcat(t->text, line);
	strcat(t->text, "\n");
	t->alerts += weight == WORDS_ALERT;
}

static void heir(struct session *s, const char *name,
    enum session_heir_how how, enum trust trust)
{
	struct session_heir *h = &s->heirs[s->n_heirs++];

	memset(h, 0, sizeof(*h));
	strcpy(h->name, name);
	h->how = how;
	h->trust = trust;
}

static void everybody(struct session *s)
{
	memset(s, 0, sizeof(*s));
	heir(s, "bob", HEIR_READY, TRUST_VERIFIED);
	heir(s, "carol", HEIR_REMOVED, TRUST_SEEN);
	heir(s, "dave", HEIR_READY, TRUST_SEEN);
	heir(s, "erin", HEIR_GONE, TRUST_SEEN);
	heir(s, "frank", HEIR_STALE, TRUST_CERTIFIED);
	heir(s, "grace", HEIR_UNPINNED, TRUST_CHANGED);
	heir(s, "heidi", HEIR_HAS, TRUST_SEEN);
	heir(s, "Bob", HEIR_GONE, TRUST_SEEN); /* another device */
}

/* Runs it; what it says. */
static void command(struct session *s, const char *text, struct told *t)
{
	const struct seal_place at = {s, NULL, NULL};

	memset(t, 0, sizeof(*t));
	assert_false(seal_command(&at, text, strlen(text),
	    &(struct account_commands_sink){take, t}));
}

static void test_to_all(void **state)
{
	struct session s;
	struct told t;

	(void)state;
	everybody(&s);
	command(&s, "send", &t);
	assert_string_equal(s.handed_to, "bob dave ");
	assert_string_equal(t.text, "");
	memset(&s, 0, sizeof(s));
	heir(&s, "heidi", HEIR_HAS, TRUST_SEEN);
	command(&s, "send  ", &t);
	assert_string_equal(s.handed_to, "");
	assert_int_equal(t.alerts, 1);
	assert_non_null(strstr(t.text, "nobody to hand the room's secret to"));
	/* the room is not one to hand over: one sentence, not one for each */
	everybody(&s);
	s.seal_result = ERR_STATE;
	command(&s, "send", &t);
	assert_int_equal(t.alerts, 1);
	assert_non_null(strstr(t.text, "not sealed with a secret of yours"));
}

static void test_to_some(void **state)
{
	struct session s;
	struct told t;

	(void)state;
	everybody(&s);
	/* all of bob's devices, and whom it does not go to by itself */
	command(&s, "send BOB\terin  frank heidi", &t);
	assert_string_equal(s.handed_to, "bob Bob erin frank heidi ");
	assert_int_equal(t.alerts, 0);
	everybody(&s);
	command(&s, "send carol grace mallory", &t);
	assert_string_equal(s.handed_to, "");
	assert_int_equal(t.alerts, 3);
	assert_non_null(strstr(t.text, "carol does not get the room's secret: "
				       "they were removed"));
	assert_non_null(strstr(t.text, "grace does not get the room's secret: "
				       "their key is not the one"));
	assert_non_null(strstr(t.text,
	    "mallory does not get the room's secret: they have not spoken"));
	everybody(&s);
	command(&s, "send bob no/name dave", &t);
	assert_string_equal(s.handed_to, "bob Bob ");
	assert_non_null(strstr(t.text, "that is no name"));
	/* no other word begins so */
	everybody(&s);
	command(&s, "sends bob", &t);
	assert_string_equal(s.handed_to, "");
	assert_non_null(strstr(t.text, "/seal send hands it over"));
}

/* After /seal new: who gets it, and who does not. */
static void test_who_gets_it(void **state)
{
	struct session s;
	struct event e = {.type = EVENT_SEAL, .reason = "new"};
	struct told t = {.alerts = 0};
	const struct uri uri = {.port = "1"};
	const struct seal_place at = {&s, NULL, &uri};
	const char *line;

	(void)state;
	everybody(&s);
	seal_event(&at, &e, &(struct account_commands_sink){take, &t});
	line = strstr(t.text, "/seal send hands it over");
	assert_non_null(line);
	assert_non_null(strstr(line, ": bob (verified), dave\n"));
	line = strstr(t.text, "they have left");
	assert_non_null(line);
	assert_non_null(strstr(line, ": erin, Bob\n"));
	assert_non_null(strstr(t.text, "the last secret, and get it only if "
				       "you name them (/seal send NAME): frank\n"));
	assert_non_null(strstr(t.text, "not the one you know: grace\n"));
	assert_non_null(
	    strstr(t.text, "removed, and do not get it by /seal send: carol\n"));
	assert_null(strstr(t.text, "heidi"));
	/* of any other event nothing is added */
	memset(&t, 0, sizeof(t));
	e.reason = "taken";
	e.who = "bob";
	seal_event(&at, &e, &(struct account_commands_sink){take, &t});
	assert_string_equal(t.text, "");
}

static void test_sentences(void **state)
{
	static const struct {
		const char *reason, *by, *text;
		enum wire_code code;
		const char *want;
	} each[] = {
	    {"sent", "", "", CODE_NONE, "on its way to bob"},
	    {"unsent", "", "the server has no key of theirs", CODE_NONE,
		"bob does not get the room's secret: the server has no key of "
		"theirs"},
	    {"unsent", "", "", CODE_QUOTA, "bob does not get the room's secret: "},
	    {"taken", "", "", CODE_NONE, "bob has sent you this room's new"},
	    {"handed", "", "", CODE_NONE,
		"bob has sent a new secret for vault: it is used once"},
	    {"ignored", "room", "", CODE_NONE, "you have no secret of that room"},
	    {"ignored", "unpinned", "", CODE_NONE, "not one that you know"},
	    {"ignored", "stranger", "", CODE_NONE, "have not spoken there"},
	    {"ignored", "removed", "", CODE_NONE, "they were removed"},
	    {"ignored", "old", "", CODE_NONE, "not newer than yours"},
	};
	const struct words_about about = {.name = "me"};
	char out[WORDS_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		words_seal(out,
		    &(struct event){.type = EVENT_SEAL,
			.reason = each[i].reason,
			.who = "bob",
			.word = "vault",
			.by = each[i].by,
			.code = each[i].code,
			.text = each[i].text},
		    &about);
		assert_int_equal(words_weight(&(struct event){
				     .type = EVENT_SEAL,
				     .reason = each[i].reason}),
		    i == 0 ? WORDS_NOTICE : WORDS_ALERT);
		if (strstr(out, each[i].want) == NULL)
			fail_msg("no \"%s\" in %s", each[i].want, out);
	}
}

static void test_topic(void **state)
{
	static const struct {
		int result;
		const char *want;
	} each[] = {
	    {0, ""},
	    {ERR_ROOM, "you are not in this room"},
	    {ERR_STATE, "you do not have the secret"},
	    {ERR_REFUSED, "only operators"},
	    {ERR_TEXT, "at most 512 bytes"},
	    {ERR_LIMIT, ""},
	};
	struct session_room_status st = {.seal = SEAL_SEALED, .topic = ""};
	struct person bob = {.name = "bob"};
	struct event e = {.type = EVENT_TOPIC, .person = &bob, .text = ""};
	char out[WORDS_MAX];
	struct session s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		const struct seal_place at = {&s, NULL, NULL};

		memset(&s, 0, sizeof(s));
		s.seal_result = each[i].result;
		out[0] = '\0';
		assert_int_equal(
		    seal_topic(&at, 1, "at noon!", 7, out), each[i].result == 0);
		assert_string_equal(s.topic_set, "at noon");
		assert_non_null(strstr(out, each[i].want));
		assert_int_equal(out[0] == '\0', each[i].result == 0);
	}
	words_topic(out, &st);
	assert_string_equal(out, "there is no topic");
	assert_string_equal(words_room_reads(&st), "sealed");
	/* Not let in: nothing says that the server can read a sealed room. */
	st.seal = SEAL_NONE;
	st.settings.sealed = true;
	assert_string_equal(words_room_reads(&st), "sealed: /seal give");
	assert_string_equal(words_room_reads_short(&st), "sealed");
	st.joined = true;
	assert_string_equal(words_room_reads(&st), "server can read");
	assert_string_equal(words_room_reads_short(&st), "server reads");
	st = (struct session_room_status){.seal = SEAL_SEALED, .topic = ""};
	st.topic = "tea";
	words_topic(out, &st);
	assert_non_null(strstr(out, "tea (sealed: the server cannot read"));
	words_topic_set(out, &e, NULL);
	assert_string_equal(out, "bob took away the topic");
	e.text = "tea";
	e.text_len = 3;
	words_topic_set(out, &e, NULL);
	assert_string_equal(out, "bob set the topic: tea");
	e.own = true;
	words_topic_set(out, &e, NULL);
	assert_string_equal(out, "you set the topic: tea");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_to_all),
	    cmocka_unit_test(test_to_some),
	    cmocka_unit_test(test_who_gets_it),
	    cmocka_unit_test(test_sentences),
	    cmocka_unit_test(test_topic),
	};

	return cmocka_run_group_tests_name(
	    "client_seal_words", tests, NULL, NULL);
}
