/* Unit tests for the menus of the full-screen user interface: Alt-G, Alt-W, Alt-O
 * and Alt-H, and the table of keys and commands. */
#include "tests/unit/tui_stage.h"

#include "client/ui/tui/tui.h"

/* --- the tables ----------------------------------------------------------- */

/* Keys of the input line, the view and the terminal: what a command would do
 * nothing for. A key that is not here has a command. */
static const char *const own_keys[] = {"Enter", "Alt-Enter", "Tab", "Shift-Tab",
    "Up", "Ctrl-P", "Down", "Ctrl-N", "PgUp", "PgDn", "Shift-Up", "Shift-Down",
    "Ctrl-Home", "Alt-<", "Ctrl-End", "Alt->", "Esc", "Left", "Ctrl-B", "Right",
    "Ctrl-F", "Ctrl-Left", "Alt-B", "Ctrl-Right", "Alt-F", "Home", "Ctrl-A",
    "End", "Ctrl-E", "Backspace", "Delete", "Alt-Backspace", "Ctrl-W",
    "Ctrl-Delete", "Alt-D", "Ctrl-U", "Ctrl-K", "Ctrl-Y", "Ctrl-T", "Ctrl-L",
    "Ctrl-Z"};
/* Commands that say a text, which needs no key but Enter. */
static const char *const texts[] = {"me", "/", "msg", "dm", "query",
    "block", "unblock", "known"};

static bool is_in(const char *const *list, size_t n, const char *s)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(list[i], s) == 0)
			return true;
	return false;
}
#define IS_IN(list, s) is_in(list, sizeof(list) / sizeof(list[0]), s)

static bool is_command(const char *word)
{
	const struct command_row *c;
	size_t i;

	for (i = 0; (c = command_row(i)) != NULL; i++)
		if (strcmp(c->word, word) == 0)
			return true;
	return false;
}

static void test_each_key_has_a_command(void **state)
{
	struct keys_command k;
	size_t i;

	(void)state;
	for (i = 0; keys_command(&k, i); i++) {
		if (k.command == NULL && !IS_IN(own_keys, k.key))
			fail_msg("%s has no command", k.key);
		if (k.command != NULL && !is_command(k.command))
			fail_msg("%s: no command %s", k.key, k.command);
		if (k.undo != NULL && !is_command(k.undo))
			fail_msg("%s: no command %s", k.key, k.undo);
	}
	assert_true(i > 90);
}

/* Some do the same as another: /window is /go, F1 twice is /help. */
static const char *same_as(enum command_kind kind)
{
	return kind == COMMAND_HELP   ? "keys"
	       : kind == COMMAND_GO   ? "go"
	       : kind == COMMAND_JOIN ? "go"
				      : NULL;
}

static void test_each_command_has_a_key(void **state)
{
	const struct command_row *c;
	struct keys_command k;
	const char *word;
	size_t i, at;

	(void)state;
	for (i = 0; (c = command_row(i)) != NULL; i++) {
		if (IS_IN(texts, c->word))
			continue;
		word = same_as(c->kind);
		word = word != NULL ? word : c->word;
		for (at = 0; keys_command(&k, at); at++)
			if ((k.command != NULL && strcmp(k.command, word) == 0) ||
			    (k.undo != NULL && strcmp(k.undo, word) == 0))
				break;
		if (!keys_command(&k, at))
			fail_msg("/%s has no key", c->word);
	}
}

/* No key is bound twice, and none that tmux, screen or readline users need: the
 * prefixes Ctrl-B (which moves in the line, as in readline) and Ctrl-A, yank-pop,
 * revert, transpose, downcase, upcase and capitalize. Alt-C is older than this
 * rule. */
static void test_no_key_collides(void **state)
{
	static const char *const left_alone[] = {
	    "Alt-Y", "Alt-R", "Alt-T", "Alt-L", "Ctrl-V", "Ctrl-Q", "Ctrl-X"};
	struct keys_command a, b;
	size_t i, k;

	(void)state;
	for (i = 0; keys_command(&a, i); i++) {
		if (IS_IN(left_alone, a.key))
			fail_msg("%s is bound", a.key);
		for (k = i + 1; keys_command(&b, k); k++)
			if (strcmp(a.key, b.key) == 0 &&
			    strcmp(a.key, "Alt-W m") != 0)
				fail_msg("%s is bound twice", a.key);
	}
}

static void test_letters_fit(void **state)
{
	char out[200];

	(void)state;
	assert_true(menu_words(out, sizeof(out), MENU_ROLE, 80));
	assert_string_equal(out, "o owner  p operator  m member  g guest");
	assert_true(menu_words(out, sizeof(out), MENU_ROLE, 36));
	assert_string_equal(out, "o owner p operator m member g guest");
	assert_false(menu_words(out, sizeof(out), MENU_ROLE, 20));
	assert_string_equal(out, "o owner  p operator  m member  g guest");
	assert_true(menu_words(out, sizeof(out), MENU_ROOMS, 80));
	assert_string_equal(out, "");
}

static void test_match(void **state)
{
	(void)state;
	assert_int_equal(menu_match("lobby", "", 0), MENU_BEGINS);
	assert_int_equal(menu_match("lobby", "LOB", 3), MENU_BEGINS);
	assert_int_equal(menu_match("lobby", "BY", 2), MENU_HAS);
	assert_int_equal(menu_match("lobby", "lobby2", 6), MENU_NOT);
	assert_int_equal(menu_match("lobby", "x", 1), MENU_NOT);
	assert_int_equal(menu_match("", "", 0), MENU_BEGINS);
	assert_int_equal(menu_match("", "x", 1), MENU_NOT);
}

/* --- the screen ----------------------------------------------------------- */

static struct stage *in_rooms(int rows, int cols)
{
	const struct stage_opts o = {.rows = rows, .cols = cols};
	struct stage *s = stage_new(&o);

	stage_enter(s, 0, "lobby");
	stage_enter(s, 1, "ops");
	stage_enter(s, 2, "dev");
	stage_sync(s);
	return s;
}

static void test_go(void **state)
{
	struct stage *s = in_rooms(24, 80);

	(void)state;
	vt_type(s->vt, "draft\033g");
	stage_expect(s, "go to:");
	assert_int_equal(s->n_asked, 1); /* what rooms there are */
	assert_int_equal(s->asked.type, REQUEST_ROOM_LIST);
	assert_true(vt_find(s->vt, "  3 dev") > 0);
	vt_type(s->vt, "o");
	stage_sync(s);
	assert_true(vt_find(s->vt, "  3 dev") < 0);
	/* ops begins with it, lobby only has it. */
	assert_true(vt_find(s->vt, "  2 ops") < vt_find(s->vt, "  1 lobby"));
	vt_type(s->vt, "\r");
	stage_expect(s, "ops>");
	vt_type(s->vt, "\033g\033[B\r");
	stage_expect(s, "ops>"); /* the second is the one shown */
	vt_type(s->vt, "\033glob\r");
	stage_expect(s, "lobby> draft");
	vt_type(s->vt, "\033gx\033");
	stage_expect(s, "lobby> draft");
	stage_free(s);
}

/* A name that is no room's is joined. */
static void test_go_joins(void **state)
{
	struct stage *s = in_rooms(24, 80);

	(void)state;
	vt_type(s->vt, "\033gcellar\r");
	stage_expect(s, "cellar>");
	vt_type(s->vt, "\033gno good\r");
	stage_expect(s, "that is no name of a room");
	assert_string_equal(vt_row(s->vt, 23), "go to: no good");
	stage_free(s);
}

/* A room that is gone, as after a restart of the server. */
static void test_no_such_room(void **state)
{
	struct stage *s = in_rooms(24, 120);

	(void)state;
	s->order.event.code = CODE_NO_ROOM;
	strcpy(s->order.text, "the server has no such room");
	stage_event(s, EVENT_LEFT, NULL, NULL);
	stage_expect(s, "/new lobby makes a room of that name");
	stage_free(s);
}

/* A removal is told in two lines, and a fresh key for it in none. */
static void test_key_of_a_removal(void **state)
{
	struct stage *s = in_rooms(24, 80);

	(void)state;
	s->order.event.epoch = 8;
	stage_event(s, EVENT_EPOCH, NULL, "kick");
	s->order.event.epoch = 9;
	stage_event(s, EVENT_EPOCH, NULL, "leave");
	stage_event(s, EVENT_LEAVE, "bob", "leave");
	stage_expect(s, "bob left (key 9)");
	assert_int_equal(vt_find(s->vt, "new group key 8"), -1);
	stage_free(s);
}

static void expect_asked(struct stage *s, enum act act, const char *who)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	while (s->n_asked == 0 && stage_now() < end)
		(void)stage_listen(s, 20);
	assert_int_equal(s->n_asked, 1);
	assert_int_equal(s->asked.type, REQUEST_ACT);
	assert_int_equal(s->asked.act, act);
	assert_string_equal(s->asked.who, who);
	s->n_asked = 0;
}

static void test_person(void **state)
{
	struct stage *s = in_rooms(24, 80);

	(void)state;
	vt_type(s->vt, "draft\033w");
	stage_expect(s, "who:");
	vt_type(s->vt, "car\r");
	stage_expect(s, "carol:  press a letter");
	assert_string_equal(vt_row(s->vt, 23), "lobby> draft");
	vt_type(s->vt, "K");
	stage_expect(s, "Remove carol from lobby? y/n");
	vt_type(s->vt, "y");
	expect_asked(s, ACT_KICK, "carol");
	vt_type(s->vt, "\033wcar\rM");
	stage_expect(s, "for how long (10m 2h 3d; nothing: no end):");
	vt_type(s->vt, "2h spam\r");
	expect_asked(s, ACT_MUTE, "carol");
	assert_int_equal(s->asked.seconds, 7200);
	assert_string_equal(s->asked.reason, "spam");
	vt_type(s->vt, "\033wali\rR");
	stage_expect(s, "new role of alice:  o owner");
	vt_type(s->vt, "p");
	expect_asked(s, ACT_ROLE, "alice");
	assert_int_equal(s->asked.role, ROLE_OPERATOR);
	stage_expect(s, "lobby> draft");
	stage_free(s);
}

/* Who is muted can only be unmuted. */
static void test_muted_person(void **state)
{
	static const char *const names[] = {"alice", "carol", NULL};
	struct stage *s = in_rooms(24, 80);

	(void)state;
	s->order.room.muted[2] = true;
	stage_room_at(s, 0, "lobby", 7, names);
	stage_sync(s);
	vt_type(s->vt, "\033wcar\rM");
	expect_asked(s, ACT_UNMUTE, "carol");
	stage_free(s);
}

/* Nobody by that name, and Esc at each step: nothing is done. */
static void test_person_not_chosen(void **state)
{
	struct stage *s = in_rooms(24, 80);
	int bells;

	(void)state;
	vt_type(s->vt, "\033wzzz");
	stage_sync(s);
	bells = s->vt->bells;
	vt_type(s->vt, "\r");
	stage_sync(s);
	assert_int_equal(s->vt->bells, bells + 1);
	vt_type(s->vt, "\025car\r");
	stage_expect(s, "carol:  press a letter");
	vt_type(s->vt, "k\033[200~K\033[201~"); /* a paste is no letter */
	stage_sync(s);
	assert_int_equal(s->vt->bells, bells + 3);
	vt_type(s->vt, "\033");
	stage_expect(s, "server can read");
	assert_int_equal(s->n_asked, 0);
	stage_free(s);
}

static void test_room(void **state)
{
	struct stage *s = in_rooms(24, 80);

	(void)state;
	vt_type(s->vt, "\033ot");
	stage_expect(s, "topic (none: clear it):");
	vt_type(s->vt, "no\033[200~ wine\ntoday\033[201~\r");
	while (s->n_asked == 0)
		(void)stage_listen(s, 20);
	assert_int_equal(s->asked.type, REQUEST_ROOM_SET);
	assert_string_equal(s->asked.topic, "no wine today");
	s->n_asked = 0;
	vt_type(s->vt, "\033oiben\r");
	expect_asked(s, ACT_INVITE, "ben");
	vt_type(s->vt, "\033obmallory\r");
	expect_asked(s, ACT_UNBAN, "mallory");
	vt_type(s->vt, "\033ol");
	stage_expect(s, "Leave lobby?  y = leave, Enter = back");
	vt_type(s->vt, "\r");
	stage_expect_not(s, "Leave lobby?");
	vt_type(s->vt, "\033oly");
	stage_expect(s, "you left lobby");
	stage_free(s);
}

static void test_held(void **state)
{
	struct stage *s = in_rooms(24, 80);

	(void)state;
	vt_type(s->vt, "\033h");
	stage_expect(s, "no message is held");
	vt_type(s->vt, "the code is 4711\r");
	stage_expect_said(s, "the code is 4711", false);
	s->order.room.status.held = 1;
	stage_enter(s, 0, "lobby");
	stage_sync(s);
	vt_type(s->vt, "/held\r");
	stage_expect(s, "held 1: the code is 4711");
	vt_type(s->vt, "\033h");
	stage_expect(s, "1 held:  y send  n drop  e edit");
	vt_type(s->vt, "e");
	stage_expect(s, "lobby> the code is 4711");
	stage_free(s);
}

/* Narrow: the menus shorten, and nothing is drawn past the window. */
static void test_narrow(void **state)
{
	struct stage *s = in_rooms(10, 40);

	(void)state;
	vt_type(s->vt, "\033wcar\r");
	stage_expect(s, " carol:  press a letter   Esc back");
	assert_string_equal(
	    vt_row(s->vt, 5), " v verify  i info  t trust  b ignore");
	assert_string_equal(vt_row(s->vt, 6), " K kick  B ban  M mute  R role  m msg");
	assert_string_equal(vt_row(s->vt, 7), " x block  X unblock");
	vt_type(s->vt, "M");
	stage_expect(s, "/mute:");
	vt_type(s->vt, "\033");
	stage_sync(s);
	vt_type(s->vt, "\033g");
	stage_expect(s, "type or Up Down, Enter goes");
	vt_resize(s->vt, 5, 20);
	stage_sync(s);
	vt_type(s->vt, "\033[B\033[B\033[B\r");
	stage_expect(s, "dev>");
	stage_free(s);
}

static void test_f1_twice(void **state)
{
	struct stage *s = in_rooms(60, 120);

	(void)state;
	vt_type(s->vt, "\033OP");
	stage_expect(s, "choose a person, then: v verify");
	assert_true(vt_find(s->vt, "remove NAME from the room shown") < 0);
	vt_type(s->vt, "\033OP");
	stage_expect(s, "remove NAME from the room shown");
	stage_free(s);
}

static void test_new_commands(void **state)
{
	struct stage *s = in_rooms(24, 120);

	(void)state;
	vt_type(s->vt, "/unread\r");
	stage_expect(s, "nothing here is unread");
	vt_type(s->vt, "/mentions\r");
	stage_expect(s, "there is no other mention of you");
	vt_type(s->vt, "/mentions up\r");
	stage_expect(s, "/mentions back to the one before");
	vt_type(s->vt, "\025/bare\r");
	stage_expect(s, "(any key: back)");
	vt_type(s->vt, " ");
	stage_expect_not(s, "(any key: back)");
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_key_has_a_command),
	    cmocka_unit_test(test_each_command_has_a_key),
	    cmocka_unit_test(test_no_key_collides),
	    cmocka_unit_test(test_letters_fit),
	    cmocka_unit_test(test_match),
	    cmocka_unit_test(test_go),
	    cmocka_unit_test(test_go_joins),
	    cmocka_unit_test(test_no_such_room),
	    cmocka_unit_test(test_key_of_a_removal),
	    cmocka_unit_test(test_person),
	    cmocka_unit_test(test_muted_person),
	    cmocka_unit_test(test_person_not_chosen),
	    cmocka_unit_test(test_room),
	    cmocka_unit_test(test_held),
	    cmocka_unit_test(test_narrow),
	    cmocka_unit_test(test_f1_twice),
	    cmocka_unit_test(test_new_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
