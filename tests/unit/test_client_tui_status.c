/* Unit tests for the status line and the colours of the full-screen user
 * interface, without a terminal. */
#include "tests/unit/check.h"

#include "client/ui/cells.h"
#include "client/ui/tui/status.h"
#include "client/ui/tui/theme.h"

static struct status_in status_in(void)
{
	return (struct status_in){.link = STATUS_CONNECTED,
	    .server = "h:2528",
	    .room = "lobby",
	    .joined = true,
	    .exchange = EXCHANGE_HYBRID,
	    .others = 4,
	    .verified = 1,
	    .changed_name = "",
	    .reads = "server can read",
	    .reads_short = "server reads",
	    .kept = "7 d kept",
	    .fork = "",
	    .muted = "",
	    .out = ""};
}

static char *status(const struct status_in *in, int width)
{
	static char line[STATUS_MAX];
	size_t alarm;

	status_line(line, in, width, &alarm);
	assert_true(cells_width(line, strlen(line)) <= width);
	assert_true(alarm <= strlen(line));
	return line;
}

static void test_status_of_own_messages(void **state)
{
	struct status_in in = status_in();
	int w;

	(void)state;
	in.unacked = 2;
	/* Who can read it is dropped last. */
	for (w = 200; w >= 12; w--)
		assert_true(
		    strstr(status(&in, w), "server can read") ||
		    (w < 60 && strstr(status(&in, w), "server reads")));
	/* What the user has to do stands at the right. */
	in.unacked = 0;
	in.held = 1;
	assert_string_equal(status(&in, 76),
	    "lobby  server can read \xc2\xb7 verified 1 of 4 \xc2\xb7 7 d kept"
	    "   held 1: /send or /drop");
	assert_string_equal(status(&in, 38),
	    "lobby server reads 1/4 7 d kept held 1");
	for (w = 200; w >= 18; w--)
		assert_non_null(strstr(status(&in, w), "held"));
}

/* How far a file is goes in three steps, before what the user has to do. */
static void test_status_of_files(void **state)
{
	struct status_in in = status_in();
	int w;

	(void)state;
	in.file = "file 2 62 %  18 MB/s  25 s left";
	in.file_short = "file 2 62 %";
	assert_non_null(strstr(status(&in, 100), in.file));
	assert_null(strstr(status(&in, 70), in.file));
	assert_non_null(strstr(status(&in, 70), in.file_short));
	assert_null(strstr(status(&in, 22), "file"));
	in.held = 1;
	for (w = 200; w >= 18; w--)
		assert_non_null(strstr(status(&in, w), "held"));
}

static void test_status(void **state)
{
	struct status_in in = status_in();

	(void)state;
	assert_string_equal(status(&in, 80),
	    "lobby  server can read \xc2\xb7 verified 1 of 4 \xc2\xb7 "
	    "7 d kept");
	in.ascii = true;
	assert_string_equal(status(&in, 80),
	    "lobby  server can read | verified 1 of 4 | 7 d kept");
	in.ascii = false;
	/* Only their absence is news: the other half of an exchange, too. */
	in.exchange = EXCHANGE_CLASSICAL;
	assert_non_null(strstr(status(&in, 80), " \xc2\xb7 classical \xc2\xb7 "));
	assert_non_null(strstr(status(&in, 38), "classical"));
	in.exchange = EXCHANGE_HYBRID;
	/* The words around the numbers go first; what is kept stays at 40
	 * columns. */
	assert_string_equal(status(&in, 50),
	    "lobby  server can read \xc2\xb7 1/4 \xc2\xb7 7 d kept");
	assert_string_equal(
	    status(&in, 38), "lobby  server can read 1/4 7 d kept");
	assert_string_equal(
	    status(&in, 37), "lobby  server can read \xc2\xb7 1/4");
	assert_string_equal(status(&in, 18), "lobby server reads");
	in.reads = in.reads_short = "sealed";
	assert_string_equal(status(&in, 18), "lobby  sealed 1/4");
	assert_string_equal(status(&in, 16), "lobby sealed 1/4");
	/* Alone there is nobody to verify. */
	in = status_in();
	in.others = in.verified = 0;
	assert_string_equal(status(&in, 80),
	    "lobby  server can read \xc2\xb7 7 d kept");
	in = (struct status_in){.link = STATUS_CONNECTING,
	    .server = "h",
	    .room = "",
	    .changed_name = "",
	    .reads = "",
	    .reads_short = "",
	    .kept = "",
	    .fork = "",
	    .muted = "",
	    .out = ""};
	assert_string_equal(status(&in, 40),
	    "h  no group key yet           connecting");
}

/* Alarms come first and stay to the end. */
static void test_status_alarms(void **state)
{
	static const char all[] =
	    "offline, again in 4 s: 2 wait  FORK with ben  REWRITTEN  "
	    "CHANGED mallory  SERVER FULL: 2 wait  MUTED until 15:00";
	struct status_in in = status_in();
	char line[STATUS_MAX];
	size_t alarm;
	int w;

	(void)state;
	in.changed = 1;
	in.changed_name = "mallory";
	for (w = 200; w >= 18; w--) {
		assert_true(strstr(status(&in, w), "CHANGED") ||
			    strstr(status(&in, w), "!1"));
		assert_non_null(strstr(status(&in, w), "server"));
	}
	in.fork = "ben";
	in.muted = "MUTED until 15:00";
	in.rewritten = in.full = true;
	in.link = STATUS_RECONNECTING;
	in.wait_s = 4;
	in.unacked = 2;
	status_line(line, &in, 200, &alarm);
	assert_int_equal(alarm, strlen(all));
	assert_memory_equal(line, all, alarm);
	assert_memory_equal(line + alarm, "  lobby  ", 9);
	in.rewritten = in.full = false;
	in.link = STATUS_CONNECTED;
	for (w = 200; w >= 16; w--) {
		assert_non_null(strstr(status(&in, w), "FORK"));
		assert_non_null(strstr(status(&in, w), "MUTED"));
		assert_true(strstr(status(&in, w), "CHANGED") ||
			    strstr(status(&in, w), "!1"));
	}
}

static void test_status_of_other_rooms(void **state)
{
	struct hot_room rooms[30] = {{0}};
	struct status_in in = status_in();
	char name[30][16], text[HOTLIST_BYTES];
	unsigned i;
	int w, form;

	(void)state;
	for (i = 0; i < 30; i++) {
		snprintf(name[i], sizeof(name[i]), "room%u", i + 2);
		rooms[i].slot = i + 2;
		rooms[i].name = name[i];
	}
	in.unacked = 0;
	in.rooms = rooms;
	in.n_rooms = 30;
	/* Only those with something new. */
	assert_null(strstr(status(&in, 300), "room"));
	rooms[3].lines = 14;
	rooms[7].draft = true;
	rooms[5].lines = 2;
	rooms[5].mentions = 1;
	assert_non_null(strstr(
	    status(&in, 300), "  7 room7 +2 @1  5 room5 +14  9 room9 draft"));
	for (i = 0; i < 30; i++)
		rooms[i].lines++;
	/* The mention comes first, and is there at any width. */
	for (w = 300; w >= 16; w--)
		assert_non_null(strstr(status(&in, w), "@1"));
	assert_string_equal(
	    status(&in, 38), "lobby server can read 1/4 7 d kept 7@1");
	assert_string_equal(status(&in, 18), "server reads   7@1");
	for (form = 0; form < HOTLIST_FORMS; form++) {
		hotlist_text(text, rooms, 30, form);
		assert_non_null(strstr(text, "@1"));
	}
	hotlist_text(text, rooms, 30, 1);
	assert_string_equal(
	    text, "7 room7 +3 @1  2 room2 +1  3 room3 +1  27 more");
	hotlist_text(text, rooms, 30, 3);
	assert_string_equal(text, "7 room7 @1  29 more");
}

static void test_theme(void **state)
{
	(void)state;
	assert_int_equal(
	    theme_name("alice", 256).color, theme_name("ALICE", 256).color);
	assert_int_not_equal(
	    theme_name("alice", 256).color, theme_name("bob", 256).color);
	/* Of eight colours, only one is readable everywhere. */
	assert_true(theme_name("alice", 8).color == -1 ||
		    theme_name("alice", 8).color == 5);
	assert_int_equal(theme_look(ROLE_NOTICE, 256).color, 244);
	assert_false(theme_look(ROLE_NOTICE, 256).flags & LOOK_DIM);
	assert_true(theme_look(ROLE_NOTICE, 8).flags & LOOK_DIM);
	assert_int_equal(theme_look(ROLE_ALERT, 256).color, 196);
	/* Never the red of eight colours. */
	assert_int_equal(theme_look(ROLE_ALERT, 8).color, -1);
	assert_true(theme_look(ROLE_ALERT, 8).flags & LOOK_REVERSE);
	assert_int_equal(theme_name("alice", 0).color, -1);
	assert_int_equal(theme_look(ROLE_ALERT, 0).color, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_status_of_files),
	    cmocka_unit_test(test_status),
	    cmocka_unit_test(test_status_of_own_messages),
	    cmocka_unit_test(test_status_alarms),
	    cmocka_unit_test(test_status_of_other_rooms),
	    cmocka_unit_test(test_theme),
	};

	return cmocka_run_group_tests_name("tui status", tests, NULL, NULL);
}
