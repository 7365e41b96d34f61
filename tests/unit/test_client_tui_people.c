/* Unit tests for /whois, /verify and changed identities in the full-screen user
 * interface. */
#include "shared/crypto/safety.h"
#include "tests/unit/tui_stage.h"

static const struct stage_opts wide = {.rows = 24, .cols = 100};
static const struct stage_opts narrow = {.rows = 24, .cols = 80};
enum { USERS = 72 }; /* the column of names */

/* The codes of the stage's me (01..) with its bob (03..). */
static void code_with(char out[SAFETY_LEN + 1], int other)
{
	uint8_t me[WIRE_HASH], them[WIRE_HASH];

	memset(me, 1, sizeof(me));
	memset(them, other, sizeof(them));
	assert_int_equal(safety_code(out, me, them), 0);
}

static void test_whois(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "/whois BOB\r");
	stage_expect(s, "bob has the key "
			"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM");
	stage_expect(s, "verified since 2026-11-01: you compared the key");
	vt_type(s->vt, "/whois alice\r");
	stage_expect(s, "known since 2026-11-01, not verified: /verify alice");
	vt_type(s->vt, "/whois me\r");
	stage_expect(s, "that is you");
	vt_type(s->vt, "/whois zoe\r");
	stage_expect(s, "zoe is not in your rooms; the key was");
	vt_type(s->vt, "/whois nobody\r");
	stage_expect(s, "nobody in your rooms has that name");
	vt_type(s->vt, "/whois a!b\r");
	stage_expect(s, "that is not a name");
	vt_type(s->vt, "/whois bob AwMDA\r");
	stage_expect(s, "bob has the key ");
	vt_type(s->vt, "/whois bob AwMDx\r");
	stage_expect(s, "no key of that name in your rooms");
	stage_free(s);
}

static void test_verify(void **state)
{
	struct stage *s = stage_in(&wide);
	char code[SAFETY_LEN + 1], half[40];

	(void)state;
	code_with(code, 3);
	/* A code cannot be confirmed before it was shown. */
	vt_type(s->vt, "/verify bob yes\r");
	stage_expect(s, "compare the code first: /verify bob shows it");
	vt_type(s->vt, "/verify alice\r");
	stage_expect(s, "the code for you and alice:");
	vt_type(s->vt, "/verify bob yes\r");
	stage_sync(s);
	stage_expect_not(s, "bob is verified");
	vt_type(s->vt, "/verify bob\r");
	stage_expect(s, "the code for you and bob:");
	snprintf(half, sizeof(half), "%.35s", code);
	stage_expect(s, half);
	stage_expect(s, code + 36);
	vt_type(s->vt, "/verify bob YES\r");
	stage_expect(s, "bob is verified: AwMD");
	stage_expect(s, "+bob"); /* in the list of people */
	stage_free(s);
}

/* Another identity takes the name between the code and the "yes". */
static void test_verify_is_of_the_key_shown(void **state)
{
	static const char *const names[] = {"alice", "carol", "bob", NULL};
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "/verify bob\r");
	stage_expect(s, "the code for you and bob:");
	stage_room(s, 8, names); /* bob is 04.. now */
	stage_sync(s);
	vt_type(s->vt, "/verify bob yes\r");
	stage_expect(s, "not verified: bob's key has changed since the code was");
	stage_expect_not(s, "+bob");
	stage_free(s);
}

static void test_changed(void **state)
{
	struct stage *s = stage_in(&wide);
	struct order *o = &s->order;

	(void)state;
	o->person.trust = TRUST_CHANGED;
	stage_event(s, EVENT_CHANGED, "bob", NULL);
	stage_sync(s);
	stage_expect(s, "!!          WARNING: bob's key has changed; you had");
	stage_expect(s, "/verify bob");
	stage_expect(s, "/trust bob");
	o->person.trust = TRUST_CHANGED;
	stage_message(s, "bob", "who am I");
	stage_sync(s);
	stage_expect(s, "!bob        who am I");
	stage_free(s);
}

static void test_changed_identity(void **state)
{
	struct stage *s = stage_in(&narrow);
	struct room *r = &s->order.room;

	(void)state;
	strcpy(r->name, "lobby");
	strcpy(r->people[0].name, "me");
	r->people[0].self = true;
	strcpy(r->people[1].name, "bob");
	r->people[1].trust = TRUST_CHANGED;
	r->n = 2;
	r->status.joined = true;
	r->status.epoch = 9;
	r->rtt_ms = UINT32_MAX;
	stage_send(s, ORDER_ROOM);
	stage_event(s, EVENT_CHANGED, "bob", NULL);
	s->order.person.trust = TRUST_CHANGED;
	stage_message(s, "bob", "it is me");
	stage_sync(s);
	assert_true(vt_find(s->vt, "!!        WARNING: bob's key has changed") <
		    vt_find(s->vt, "!bob      it is me"));
	assert_true(vt_find(s->vt, "!!        WARNING: bob's key has changed") >= 0);
	assert_true(vt_find(s->vt, "/trust bob") >= 0);
	assert_non_null(strstr(vt_row(s->vt, 22), "CHANGED bob"));
	assert_string_equal(vt_cols(s->vt, 1, USERS, 80), "!bob");
	vt_resize(s->vt, 10, 28);
	stage_sync(s);
	assert_string_equal(vt_row(s->vt, 8), " CHANGED 1 server reads");
	vt_resize(s->vt, 10, 24);
	stage_sync(s);
	assert_string_equal(vt_row(s->vt, 8), " CHANGED 1 server reads");
	vt_resize(s->vt, 24, 80);
	vt_type(s->vt, "/trust bob\r");
	stage_expect(s, "bob's new key is accepted, not verified");
	stage_sync(s); /* the rest of that frame may still be in transit */
	assert_null(strstr(vt_row(s->vt, 22), "CHANGED"));
	/* If two identities have used the name, /trust verifies nobody. */
	strcpy(r->name, "lobby");
	strcpy(r->people[0].name, "twin");
	r->n = 1;
	r->status.joined = true;
	stage_send(s, ORDER_ROOM);
	stage_sync(s);
	vt_type(s->vt, "/trust twin\r");
	stage_expect(s, "twin is known, not verified: more than one key");
	assert_true(vt_find(s->vt, "twin is verified") < 0);
	stage_free(s);
}

/* The list under /help is the table, and so is the list under F1. */
static void test_help_and_keys(void **state)
{
	static const struct stage_opts tall = {.rows = 84, .cols = 100};
	struct stage *s = stage_in(&tall);
	char line[COMMAND_HELP_MAX];
	size_t i;

	(void)state;
	vt_type(s->vt, "/help\r");
	for (i = 0; command_help(line, i); i++)
		stage_expect(s, line);
	vt_type(s->vt, "\033OP");
	stage_expect(s, "Enter                   send, or run the command");
	stage_expect(s, "Ctrl-Y                  put back what was cut");
	stage_expect(s, "F1                      these keys");
	vt_type(s->vt, "\033");
	stage_expect(s, "alice");
	vt_type(s->vt, "\014/keys\r");
	stage_expect(s, "Enter                   send, or run the command");
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whois),
	    cmocka_unit_test(test_verify),
	    cmocka_unit_test(test_verify_is_of_the_key_shown),
	    cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_changed_identity),
	    cmocka_unit_test(test_help_and_keys),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui people", tests, NULL, NULL);
}
