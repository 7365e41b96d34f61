/* The full screen with several rooms: entering and leaving them, being removed,
 * and acts on people; and how all of that is seen. */
#include <stdlib.h>

#include "tests/unit/tui_stage.h"

#define DOT "\xc2\xb7"
#define BAR "\xe2\x94\x82"

#define ALT_UP	  "\033[1;3A"
#define ALT_DOWN  "\033[1;3B"
#define ALT_RIGHT "\033[1;3C"
#define ALT_LEFT  "\033[1;3D"

static const struct stage_opts wide = {.rows = 24, .cols = 80};

/* In lobby, ops and dev; lobby is shown. */
static struct stage *three(const struct stage_opts *o)
{
	struct stage *s = stage_in(o);

	stage_enter(s, 1, "ops");
	stage_enter(s, 2, "dev");
	stage_sync(s);
	return s;
}

static const char *last_row(struct stage *s)
{
	return vt_row(s->vt, s->vt->rows - 1);
}

static const char *status_row(struct stage *s)
{
	return vt_row(s->vt, s->vt->rows - 2);
}

static void type(struct stage *s, const char *keys)
{
	vt_type(s->vt, keys);
	stage_sync(s);
}

static void until_asked(struct stage *s)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	while (s->n_asked == 0) {
		if (stage_now() > end)
			fail_msg("nothing was asked:\n%s", vt_dump(s->vt));
		(void)stage_listen(s, 20);
	}
	s->n_asked = 0;
}

static void test_join_and_leave(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	/* What is typed next is for the room that is being entered. */
	type(s, "/join ops\rhello\r");
	assert_string_equal(last_row(s), "ops>");
	stage_until_said(s);
	assert_int_equal(s->said[0].at, 1);
	stage_expect_said(s, "hello", false);
	stage_enter(s, 1, "ops");
	stage_sync(s);
	assert_true(vt_find(s->vt, "you are in ops on") > 0);
	type(s, "/join no name\r");
	assert_true(vt_find(s->vt, "that is no name of a room") > 0);
	type(s, "\003/leave\r");
	/* Alone again: the prompt names no room. */
	assert_string_equal(last_row(s), ">");
	assert_true(vt_find(s->vt, "you left ops") > 0);
	/* Coming back shows the lines from before. */
	type(s, "/join ops\r");
	assert_string_equal(last_row(s), "ops>");
	assert_true(vt_find(s->vt, "you are in ops on") > 0);
	stage_free(s);
}

static void test_leave_another_room(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	type(s, "draft\033"
		"3/leave lobby\r");
	assert_string_equal(last_row(s), "dev>");
	type(s, "/leave nothing\r");
	assert_true(vt_find(s->vt, "you are in no room nothing") > 0);
	/* The numbers of the others stay. */
	type(s, "\003\033"
		"1");
	assert_int_equal(s->vt->bells, 1);
	type(s, "\033"
		"2");
	assert_string_equal(last_row(s), "ops>");
	/* The next room that is entered gets the lowest number, and a room that
	 * is entered again its draft. */
	type(s, "/join lobby\r");
	assert_string_equal(last_row(s), "lobby> draft");
	stage_free(s);
}

/* Removed by somebody: the room stays, and says so in words. */
static void test_removed(void **state)
{
	struct stage *s = three(&wide);
	struct room *r = &s->order.room;

	(void)state;
	strcpy(r->name, "ops");
	r->left = true;
	s->order.at = 1;
	stage_send(s, ORDER_ROOM);
	s->order.at = 1;
	s->order.event.code = CODE_KICKED;
	s->order.event.by = NULL;
	strcpy(s->order.text, "spam");
	stage_event(s, EVENT_LEFT, NULL, NULL);
	stage_sync(s);
	assert_non_null(strstr(status_row(s), "2 ops +1"));
	type(s, "\033"
		"2");
	assert_true(
	    vt_find(s->vt, "!!        you were removed from the room: spam") > 0);
	assert_string_equal(
	    vt_cols(s->vt, 22, 0, 23), " NOT IN THIS ROOM  ops");
	vt_resize(s->vt, 10, 40);
	stage_sync(s);
	assert_non_null(strstr(status_row(s), "NOT IN THIS ROOM"));
	assert_string_equal(last_row(s), "ops>");
	type(s, "/leave\r");
	assert_string_equal(last_row(s), "lobby>");
	stage_free(s);
}

/* Kick and ban ask first, and Enter means no. */
static void test_kick_asks(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	type(s, "/kick bob spam and more\r");
	assert_string_equal(last_row(s), "Remove bob from lobby? y/n");
	type(s, "\r");
	assert_string_equal(last_row(s), "lobby>");
	assert_int_equal(s->n_asked, 0);
	type(s, "\033[A\r");
	assert_string_equal(last_row(s), "Remove bob from lobby? y/n");
	type(s, "y");
	until_asked(s);
	assert_int_equal(s->asked.type, REQUEST_ACT);
	assert_int_equal(s->asked.act, ACT_KICK);
	assert_int_equal(s->asked.room, 1);
	assert_string_equal(s->asked.who, "bob");
	assert_string_equal(s->asked.reason, "spam and more");
	type(s, "/ban bob 2h enough\r");
	assert_string_equal(last_row(s), "Ban bob from lobby? y/n");
	type(s, "y");
	until_asked(s);
	assert_int_equal(s->asked.act, ACT_BAN);
	assert_int_equal(s->asked.seconds, 7200);
	assert_string_equal(s->asked.reason, "enough");
	/* The answer, when the server does not. */
	s->order.event.req = s->asked.number;
	s->order.event.code = CODE_DENIED;
	stage_event(s, EVENT_FAILED, NULL, NULL);
	stage_expect(s, "!!        /ban bob: not done: ");
	stage_free(s);
}

static void test_acts(void **state)
{
	static const struct {
		const char *line;
		enum act act;
		uint32_t seconds;
		enum role role;
		const char *reason;
	} t[] = {{"/unban bob", ACT_UNBAN, 0, ROLE_MEMBER, ""},
	    {"/mute bob 10m", ACT_MUTE, 600, ROLE_MEMBER, ""},
	    {"/mute bob 3D too loud", ACT_MUTE, 259200, ROLE_MEMBER,
		"too loud"},
	    {"/mute bob too loud", ACT_MUTE, 0, ROLE_MEMBER, "too loud"},
	    {"/unmute bob", ACT_UNMUTE, 0, ROLE_MEMBER, ""},
	    {"/role bob operator", ACT_ROLE, 0, ROLE_OPERATOR, ""},
	    {"/invite erin", ACT_INVITE, 0, ROLE_MEMBER, ""},
	    {"/uninvite erin", ACT_UNINVITE, 0, ROLE_MEMBER, ""}};
	struct stage *s = three(&wide);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		type(s, t[i].line);
		type(s, "\r");
		until_asked(s);
		assert_int_equal(s->asked.type, REQUEST_ACT);
		assert_int_equal(s->asked.act, t[i].act);
		assert_int_equal(s->asked.seconds, t[i].seconds);
		assert_int_equal(s->asked.role, t[i].role);
		assert_string_equal(s->asked.reason, t[i].reason);
	}
	type(s, "/role bob king\r");
	assert_true(vt_find(s->vt, "/role needs a name and one of owner") > 0);
	type(s, "\003/mute b!b\r");
	assert_true(vt_find(s->vt, "that is no name of a person") > 0);
	assert_int_equal(s->n_asked, 0);
	stage_free(s);
}

static void test_topic_and_new(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	type(s, "/topic\r");
	assert_true(vt_find(s->vt, "there is no topic") > 0);
	type(s, "/topic  tea at four\r");
	until_asked(s);
	assert_int_equal(s->asked.type, REQUEST_ROOM_SET);
	assert_true(s->asked.has_topic);
	assert_string_equal(s->asked.topic, "tea at four");
	type(s, "/topic n\t\r");
	until_asked(s);
	assert_int_equal(s->asked.type, REQUEST_ROOM_SET);
	assert_true(s->asked.has_topic);
	assert_string_equal(s->asked.topic, "");
	type(s, "/topic none of this\r");
	until_asked(s);
	assert_string_equal(s->asked.topic, "none of this");
	type(s, "/new cellar invited unlisted\r");
	until_asked(s);
	assert_int_equal(s->asked.type, REQUEST_ROOM_NEW);
	assert_string_equal(s->asked.name, "cellar");
	assert_true(s->asked.settings.invited);
	assert_false(s->asked.settings.listed);
	assert_int_equal(
	    s->asked.settings_named, SETTING_ENTRY | SETTING_LISTED);
	/* When it is made, it is entered. */
	s->order.event.req = s->asked.number;
	s->order.event.asked = REQUEST_ROOM_NEW;
	stage_event(s, EVENT_DONE, NULL, NULL);
	stage_sync(s);
	assert_string_equal(last_row(s), "cellar>");
	type(s, "/new attic not-kept\r");
	until_asked(s);
	assert_int_equal(s->asked.settings.history, HISTORY_NONE);
	assert_int_equal(s->asked.settings_named, SETTING_HISTORY);
	type(s, "/new a b\r");
	assert_true(vt_find(s->vt, "after the room's name come") > 0);
	stage_free(s);
}

/* What operators do, and what is done to the user, are sentences, and the
 * states are in the list and in the status line without colour too. */
static void test_states_are_seen(void **state)
{
	struct stage *s = stage_in(&wide);
	struct room *r = &s->order.room;

	(void)state;
	strcpy(r->name, "lobby");
	strcpy(r->people[0].name, "me");
	r->people[0].self = true;
	strcpy(r->people[1].name, "alice");
	r->people[1].role = ROLE_OPERATOR;
	strcpy(r->people[2].name, "bob");
	r->muted[2] = true;
	r->n = 3;
	r->status.joined = r->status.known = true;
	r->status.voice_until_ms = UINT64_C(1795014000000);
	r->mute = true;
	stage_send(s, ORDER_ROOM);
	s->order.event.until_ms = UINT64_C(1795014000000);
	stage_event(s, EVENT_VOICE, NULL, NULL);
	stage_sync(s);
	assert_string_equal(vt_cols(s->vt, 0, 69, 80), "operators");
	assert_string_equal(vt_cols(s->vt, 1, 69, 80), " alice");
	assert_string_equal(vt_cols(s->vt, 2, 69, 80), "members");
	assert_string_equal(vt_cols(s->vt, 3, 69, 80), " me");
	assert_string_equal(vt_cols(s->vt, 4, 69, 80), " bob muted");
	assert_non_null(strstr(status_row(s), " MUTED until 15:00  lobby"));
	type(s, "/names\r");
	assert_true(
	    vt_find(s->vt, "me (you), alice (operator), bob (muted)") > 0);
	stage_event(s, EVENT_FORK, "alice", NULL);
	stage_expect(s, "!!        WARNING: alice sees a different conversation");
	assert_string_equal(vt_cols(s->vt, 22, 0, 42),
	    " FORK with alice  MUTED until 15:00  lobby");
	assert_true(vt_cell(s->vt, 22, 3).attrs.reverse);
	assert_true(vt_cell(s->vt, 22, 3).attrs.bold);
	vt_resize(s->vt, 10, 40);
	stage_sync(s);
	assert_string_equal(status_row(s), " FORK  MUTED server reads not kept");
	/* With --strict it ends at once: why stays on the terminal. */
	vt_resize(s->vt, 24, 80);
	stage_event(s, EVENT_CLOSED, NULL, NULL);
	stage_sync(s);
	stage_send(s, ORDER_CLOSE);
	vt_expect(s->vt, "conclave: lobby: WARNING: alice sees a different");
	stage_free(s);
}

/* A server makes no two rooms whose names look alike, unless it lies. */
static void test_look_alike(void **state)
{
	static const struct stage_opts large = {.rows = 30, .cols = 100};
	struct stage *s = three(&large);

	(void)state;
	type(s, "/join dev\r");
	assert_int_equal(vt_find(s->vt, "looks like"), -1);
	type(s, "/join 0ps\r");
	stage_expect(s, "!!        0ps looks like ops, a room that you are in");
	stage_enter(s, 3, "0ps");
	stage_sync(s);
	assert_string_equal(vt_cols(s->vt, 2, 0, 17), " 2 ops!");
	assert_string_equal(vt_cols(s->vt, 3, 0, 17), " 3 dev");
	assert_string_equal(vt_cols(s->vt, 4, 0, 17), "[4 0ps!]");
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_join_and_leave),
	    cmocka_unit_test(test_leave_another_room),
	    cmocka_unit_test(test_removed),
	    cmocka_unit_test(test_kick_asks),
	    cmocka_unit_test(test_acts),
	    cmocka_unit_test(test_topic_and_new),
	    cmocka_unit_test(test_states_are_seen),
	    cmocka_unit_test(test_look_alike),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui acts", tests, NULL, NULL);
}
