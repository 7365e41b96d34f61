/* The full screen with several rooms: each has its own lines, draft, scroll
 * position, input history and unread line; keys and commands go between them;
 * the status line and the list say where something is new. */
#include <stdlib.h>

#include "tests/unit/tui_stage.h"

#define DOT "\xc2\xb7"
#define BAR "\xe2\x94\x82"

#define ALT_UP	  "\033[1;3A"
#define ALT_DOWN  "\033[1;3B"
#define ALT_RIGHT "\033[1;3C"
#define ALT_LEFT  "\033[1;3D"

static const struct stage_opts wide = {.rows = 24, .cols = 80};
static const struct stage_opts large = {.rows = 30, .cols = 100};
static const struct stage_opts small = {.rows = 10, .cols = 40};

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

/* With one room nothing names it but the status line. */
static void test_one_room_has_a_bare_prompt(void **state)
{
	struct stage *s = stage_in(&large);

	(void)state;
	assert_string_equal(last_row(s), ">");
	assert_null(strstr(vt_row(s->vt, 0), BAR " "
						 "server"));
	type(s, "\033"
		"2");
	assert_int_equal(s->vt->bells, 1); /* there is no room 2 */
	stage_free(s);
}

static void test_prompt_names_the_room(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	assert_string_equal(last_row(s), "lobby>");
	type(s, "\033"
		"2");
	assert_string_equal(last_row(s), "ops>");
	assert_int_equal(vt_cursor(s->vt).col, 5);
	type(s, "hi\r");
	stage_until_said(s);
	assert_int_equal(s->said[0].at, 1);
	stage_expect_said(s, "hi", false);
	stage_free(s);
}

/* A name longer than a quarter of the window is cut. */
static void test_long_name_is_cut(void **state)
{
	struct stage *s = three(&small);

	(void)state;
	stage_enter(s, 3, "a-name-of-thirty-two-characters-");
	stage_sync(s);
	type(s, "\033"
		"4");
	assert_string_equal(last_row(s), "a-name-of~>");
	type(s, "x");
	assert_string_equal(last_row(s), "a-name-of~> x");
	stage_free(s);
}

/* What is typed stays in its room, whatever changes the room meanwhile. */
static void test_draft_never_changes_rooms(void **state)
{
	static const char *const keys[] = {"\033"
					   "2",
	    ALT_DOWN,
	    "\033"
	    "a"};
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		s = three(&wide);
		stage_message_at(s, 1, "alice", "me: look");
		stage_sync(s);
		type(s, "half a sec");
		type(s, keys[i]);
		assert_string_equal(last_row(s), "ops>");
		assert_non_null(strstr(status_row(s), "1 lobby draft"));
		type(s, "to ops\r");
		stage_until_said(s);
		assert_int_equal(s->said[0].at, 1);
		stage_expect_said(s, "to ops", false);
		type(s, "\033/");
		assert_string_equal(last_row(s), "lobby> half a sec");
		type(s, "ret\r");
		stage_until_said(s);
		assert_int_equal(s->said[0].at, 0);
		stage_expect_said(s, "half a secret", false);
		stage_free(s);
	}
}

/* A command that changes the room is cleared in, and remembered by, the room
 * in which it was typed. */
static void test_command_leaves_no_text(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	type(s, "\033"
		"2draft of ops\033"
		"1");
	type(s, "/go ops\r");
	assert_string_equal(last_row(s), "ops> draft of ops");
	type(s, "\033[A");
	assert_string_equal(last_row(s), "ops> draft of ops");
	type(s, "\033"
		"1");
	assert_string_equal(last_row(s), "lobby>");
	type(s, "\033[A");
	assert_string_equal(last_row(s), "lobby> /go ops");
	stage_free(s);
}

static void test_history_is_the_rooms(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	type(s, "said in lobby\r\033"
		"2said in ops\r\033"
		"1\033[A");
	assert_string_equal(last_row(s), "lobby> said in lobby");
	type(s, "\033[A");
	assert_string_equal(last_row(s), "lobby> said in lobby");
	stage_free(s);
}

static void test_scroll_position_is_the_rooms(void **state)
{
	struct stage *s = three(&wide);
	char text[40], *before;
	int i;

	(void)state;
	for (i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		stage_message_at(s, 0, "alice", text);
		stage_message_at(s, 1, "carol", text);
	}
	stage_sync(s);
	type(s, "\033[5~\033[5~");
	assert_true(vt_find(s->vt, " below, PgDn") > 0);
	before = strdup(vt_cols(s->vt, 3, 0, 40));
	type(s, "\033"
		"2");
	assert_true(vt_find(s->vt, "carol    line 59") > 0);
	assert_int_equal(vt_find(s->vt, " below, PgDn"), -1);
	type(s, "\033"
		"1");
	assert_true(vt_find(s->vt, " below, PgDn") > 0);
	assert_string_equal(vt_cols(s->vt, 3, 0, 40), before);
	free(before);
	stage_free(s);
}

static void test_unread_line_is_the_rooms(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	stage_message_at(s, 1, "alice", "seen");
	stage_sync(s);
	type(s, "\033"
		"2\033"
		"1");
	stage_message_at(s, 1, "alice", "not seen");
	stage_message_at(s, 0, "bob", "read at once");
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, " 1 unread since 12:34 "), -1);
	assert_non_null(strstr(status_row(s), "2 ops +1"));
	type(s, "\033"
		"2");
	assert_int_equal(vt_find(s->vt, " 1 unread since 12:34 ") + 1,
	    vt_find(s->vt, "alice    not seen"));
	assert_null(strstr(status_row(s), "+1"));
	type(s, "\033"
		"1");
	assert_int_equal(vt_find(s->vt, " 1 unread since 12:34 "), -1);
	stage_free(s);
}

/* Alt-A: mentions first, then unread lines, then back. */
static void test_next_that_needs_me(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	stage_enter(s, 3, "random");
	stage_message_at(s, 1, "alice", "hello");
	stage_message_at(s, 3, "alice", "me: look");
	stage_sync(s);
	assert_non_null(strstr(status_row(s), "4 random +1 @1  2 ops +1"));
	type(s, "\033"
		"a");
	assert_string_equal(last_row(s), "random>");
	type(s, "\033"
		"a");
	assert_string_equal(last_row(s), "ops>");
	type(s, "\033"
		"a");
	assert_string_equal(last_row(s), "lobby>");
	assert_int_equal(s->vt->bells, 0);
	type(s, "\033"
		"a");
	assert_string_equal(last_row(s), "lobby>");
	assert_int_equal(s->vt->bells, 1); /* nothing needs me */
	/* The commands do the same. */
	stage_message_at(s, 2, "alice", "me: and here");
	stage_sync(s);
	type(s, "/next\r");
	assert_string_equal(last_row(s), "dev>");
	type(s, "/next\r");
	assert_string_equal(last_row(s), "lobby>");
	type(s, "/back\r");
	assert_string_equal(last_row(s), "dev>");
	stage_free(s);
}

static void test_up_and_down(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	type(s, ALT_DOWN);
	assert_string_equal(last_row(s), "ops>");
	type(s, ALT_DOWN ALT_DOWN);
	assert_string_equal(last_row(s), "lobby>");
	type(s, ALT_UP);
	assert_string_equal(last_row(s), "dev>");
	type(s, ALT_RIGHT);
	assert_string_equal(last_row(s), "lobby>");
	type(s, ALT_LEFT);
	assert_string_equal(last_row(s), "dev>");
	/* In a text Alt-Left and Alt-Right move by words, as ever. */
	type(s, "one two" ALT_LEFT ".");
	assert_string_equal(last_row(s), "dev> one .two");
	type(s, ALT_LEFT ALT_LEFT ALT_RIGHT "!");
	assert_string_equal(last_row(s), "dev> one! .two");
	type(s, "\003/go up\r");
	assert_string_equal(last_row(s), "ops>");
	stage_free(s);
}

static void test_go(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	stage_enter(s, 3, "ops-night");
	stage_sync(s);
	type(s, "/go 3\r");
	assert_string_equal(last_row(s), "dev>");
	type(s, "/window OPS\r"); /* a whole name goes before a part */
	assert_string_equal(last_row(s), "ops>");
	type(s, "/go nig\r");
	assert_string_equal(last_row(s), "ops-night>");
	type(s, "/go op\r");
	assert_true(vt_find(s->vt, "several of your rooms have op in") > 0);
	assert_string_equal(last_row(s), "ops-night> /go op");
	type(s, "\003/go none\r");
	assert_true(vt_find(s->vt, "you are in no room none") > 0);
	type(s, "\003/go l\t");
	assert_string_equal(last_row(s), "ops-night> /go lobby");
	stage_free(s);
}

static void test_read(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	stage_message_at(s, 1, "alice", "hello");
	stage_message_at(s, 2, "alice", "me: hello");
	stage_sync(s);
	type(s, "/read\r");
	assert_non_null(strstr(status_row(s), "3 dev +1 @1  2 ops +1"));
	type(s, "/read all\r");
	assert_null(strstr(status_row(s), "dev"));
	stage_message_at(s, 1, "alice", "hello");
	stage_sync(s);
	assert_non_null(strstr(status_row(s), "2 ops +1"));
	type(s, "\033m"); /* nothing is unread here: everywhere */
	assert_null(strstr(status_row(s), "ops"));
	stage_free(s);
}

/* From 100 columns on the rooms are a column; below, F2 shows them in place of
 * the lines. The label is always in sight. */
static void test_list_of_rooms(void **state)
{
	struct stage *s = three(&large);

	(void)state;
	stage_message_at(s, 1, "alice", "me: hello");
	stage_message_at(s, 2, "alice", "hello");
	stage_sync(s);
	assert_string_equal(vt_cols(s->vt, 0, 0, 18), "server can read  " BAR);
	assert_string_equal(vt_cols(s->vt, 1, 0, 18), "[1 lobby]        " BAR);
	assert_string_equal(vt_cols(s->vt, 2, 0, 18), " 2 ops      +1 @1" BAR);
	assert_string_equal(vt_cols(s->vt, 3, 0, 18), " 3 dev         +1" BAR);
	assert_string_equal(vt_cols(s->vt, 27, 18, 60),
	    "12:34           /help shows the commands,");
	type(s, "\033OQ");
	assert_string_equal(vt_cols(s->vt, 27, 0, 23), "12:34             /help");
	type(s, "\033OQ");
	vt_resize(s->vt, 10, 40);
	stage_sync(s);
	assert_string_equal(
	    status_row(s), " lobby server can read 1/2 not kept 2@1");
	type(s, "\033OQ");
	assert_string_equal(vt_row(s->vt, 0), "server can read");
	assert_string_equal(vt_row(s->vt, 1), "[1 lobby]");
	assert_string_equal(
	    vt_row(s->vt, 2), " 2 ops                             +1 @1");
	type(s, ALT_DOWN);
	assert_string_equal(vt_row(s->vt, 2), "[2 ops]");
	/* Its lines are not on the screen: they are not read yet. */
	type(s, ALT_DOWN);
	assert_string_equal(
	    vt_row(s->vt, 2), " 2 ops                             +1 @1");
	type(s, "\033");
	stage_expect(s, "alice hello");
	assert_int_equal(vt_find(s->vt, " 2 ops   "), -1);
	stage_free(s);
}

/* No room stands under the label of another. */
static void test_labels_in_the_list(void **state)
{
	struct stage *s = stage_in(&large);

	(void)state;
	s->order.room.status.seal = SEAL_SEALED;
	stage_enter(s, 1, "ops");
	s->order.room.status.seal = SEAL_NONE;
	stage_enter(s, 2, "dev");
	stage_sync(s);
	type(s, "/msg alice hello\r");
	stage_until_said(s);
	stage_sync(s);
	assert_string_equal(vt_cols(s->vt, 0, 0, 18), "server can read  " BAR);
	assert_string_equal(vt_cols(s->vt, 1, 0, 18), " 1 lobby         " BAR);
	assert_string_equal(vt_cols(s->vt, 2, 0, 18), "sealed           " BAR);
	assert_string_equal(vt_cols(s->vt, 3, 0, 18), " 2 ops           " BAR);
	assert_string_equal(vt_cols(s->vt, 4, 0, 18), "server can read  " BAR);
	assert_string_equal(vt_cols(s->vt, 5, 0, 18), " 3 dev           " BAR);
	assert_string_equal(vt_cols(s->vt, 6, 0, 18), "direct, sealed   " BAR);
	assert_string_equal(vt_cols(s->vt, 7, 0, 18), "[4 @alice]       " BAR);
	assert_string_equal(vt_cols(s->vt, 8, 0, 18), "                 " BAR);
	/* The room shown stays in sight, under its label. */
	type(s, "/go dev\r");
	vt_resize(s->vt, 7, 40);
	stage_sync(s);
	type(s, "\033OQ");
	assert_string_equal(vt_row(s->vt, 0), "sealed");
	assert_string_equal(vt_row(s->vt, 1), " 2 ops");
	assert_string_equal(vt_row(s->vt, 2), "server can read");
	assert_string_equal(vt_row(s->vt, 3), "[3 dev]");
	assert_string_equal(vt_row(s->vt, 4), " +1 more");
	stage_free(s);
}

static void test_list_of_people(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	assert_string_equal(vt_cols(s->vt, 0, 72, 80), " me");
	type(s, "\033OR");
	assert_string_equal(vt_cols(s->vt, 0, 72, 80), "");
	type(s, "\033OR");
	assert_string_equal(vt_cols(s->vt, 0, 72, 80), " me");
	vt_resize(s->vt, 10, 40);
	type(s, "\033OR");
	assert_true(vt_find(s->vt, "in the room: me (you)") >= 0);
	stage_free(s);
}

static void test_thirty_rooms_at_40_columns(void **state)
{
	struct stage *s = stage_in(&small);
	char name[16];
	unsigned i;

	(void)state;
	for (i = 1; i < 30; i++) {
		snprintf(name, sizeof(name), "room%u", i + 1);
		stage_enter(s, i, name);
		stage_message_at(s, i, "alice", "hello");
	}
	stage_message_at(s, 16, "alice", "me: look here");
	stage_sync(s);
	assert_string_equal(
	    status_row(s), " lobby server reads 1/2 not kept   17@1");
	type(s, "\033"
		"a");
	assert_string_equal(last_row(s), "room17>");
	/* The list shows the room that is shown, however far down it is. */
	type(s, "\033OQ");
	assert_true(vt_find(s->vt, "[17 room17]") > 0);
	stage_free(s);
}

/* Events of other rooms change nothing on the screen but the counts. */
static void test_other_rooms_are_quiet(void **state)
{
	struct stage *s = three(&wide);
	char *before, *after;

	(void)state;
	before = vt_dump(s->vt);
	s->order.at = 1;
	stage_event(s, EVENT_JOIN, "dave", NULL);
	s->order.at = 2;
	stage_event(s, EVENT_LEAVE, "alice", "leave");
	stage_sync(s);
	after = vt_dump(s->vt);
	assert_string_equal(after, before);
	free(after);
	type(s, "\033"
		"2");
	assert_true(vt_find(s->vt, "dave joined") > 0);
	free(before);
	stage_free(s);
}

/* Tab completes the people of the room shown, its latest speaker first. */
static void test_tab_in_each_room(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	stage_message_at(s, 0, "bob", "in lobby");
	stage_message_at(s, 1, "carol", "in ops");
	stage_sync(s);
	type(s, "\t");
	type(s, "b\t");
	assert_string_equal(last_row(s), "lobby> bob:");
	type(s, "\033"
		"2c\t");
	assert_string_equal(last_row(s), "ops> carol:");
	type(s, "\003b\t");
	assert_string_equal(last_row(s), "ops> b");
	stage_free(s);
}

static void test_title_counts_all_rooms(void **state)
{
	static const struct stage_opts o = {
	    .rows = 24, .cols = 80, .title = true};
	struct stage *s = three(&o);

	(void)state;
	stage_message_at(s, 1, "alice", "me: one");
	stage_message_at(s, 2, "alice", "me: two");
	stage_expect_log(s, "\033]2;(2) lobby - conclave\a");
	stage_free(s);
}

/* Messages that wait in any room are counted before leaving. */
static void test_quit_counts_all_rooms(void **state)
{
	struct stage *s = three(&wide);

	(void)state;
	type(s, "one\r\033"
		"2two\r\033"
		"3\003");
	stage_expect(s, "2 not sent yet! Quit? y/n");
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_room_has_a_bare_prompt),
	    cmocka_unit_test(test_prompt_names_the_room),
	    cmocka_unit_test(test_long_name_is_cut),
	    cmocka_unit_test(test_draft_never_changes_rooms),
	    cmocka_unit_test(test_command_leaves_no_text),
	    cmocka_unit_test(test_history_is_the_rooms),
	    cmocka_unit_test(test_scroll_position_is_the_rooms),
	    cmocka_unit_test(test_unread_line_is_the_rooms),
	    cmocka_unit_test(test_next_that_needs_me),
	    cmocka_unit_test(test_up_and_down),
	    cmocka_unit_test(test_go),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_list_of_rooms),
	    cmocka_unit_test(test_labels_in_the_list),
	    cmocka_unit_test(test_list_of_people),
	    cmocka_unit_test(test_thirty_rooms_at_40_columns),
	    cmocka_unit_test(test_other_rooms_are_quiet),
	    cmocka_unit_test(test_tab_in_each_room),
	    cmocka_unit_test(test_title_counts_all_rooms),
	    cmocka_unit_test(test_quit_counts_all_rooms),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui rooms", tests, NULL, NULL);
}
