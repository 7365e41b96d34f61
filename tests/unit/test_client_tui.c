/* Unit tests for the full-screen user interface as a terminal shows it. */
#include "tests/unit/tui_stage.h"

#define FAMILY                                                                 \
	"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"             \
	"\xf0\x9f\x91\xa7\xe2\x80\x8d\xf0\x9f\x91\xa6"
#define FAMILY_DRAWN                                                           \
	"\xf0\x9f\x91\xa8\xf0\x9f\x91\xa9\xf0\x9f\x91\xa7"                     \
	"\xf0\x9f\x91\xa6"
#define KANJI "\xe6\xbc\xa2\xe5\xad\x97"
#define BAR   "\xe2\x94\x82"
#define DOT   "\xc2\xb7"

static const struct stage_opts wide = {.rows = 24, .cols = 80};
static const struct stage_opts small = {.rows = 10, .cols = 40};

/* The chat area's part of a row at 80 columns; the list of names takes 8. */
enum { USERS = 72, CHAT = 71, EDGE = 16 };

static void expect_chat(struct stage *s, int row, const char *text)
{
	assert_string_equal(vt_cols(s->vt, row, 0, CHAT), text);
}

static void test_screen_80x24(void **state)
{
	struct stage *s = stage_in(&wide);
	int row;

	(void)state;
	stage_message(s, "alice", "hello everybody");
	s->order.event.action = true;
	stage_message(s, "bob", "waves");
	stage_sync(s);
	assert_true(s->vt->alt);
	row = vt_find(s->vt, "alice    hello");
	assert_int_equal(row, 20);
	expect_chat(
	    s, 17, "12:34           you are in lobby on chat.example:2528 as me: 3 people");
	expect_chat(s, 18,
	    "12:34           the server does not keep what is said here");
	expect_chat(s, 20, "       alice    hello everybody");
	expect_chat(s, 21, "       * bob    waves");
	assert_string_equal(vt_cols(s->vt, 0, USERS - 1, 80), BAR " me");
	assert_string_equal(vt_cols(s->vt, 1, USERS, 80), " alice");
	assert_string_equal(vt_cols(s->vt, 2, USERS, 80), " bob");
	assert_string_equal(vt_cols(s->vt, 21, USERS - 1, 80), BAR);
	assert_string_equal(vt_row(s->vt, 22),
	    " lobby  server can read " DOT " verified 1 of 2 " DOT
	    " not kept");
	assert_true(vt_cell(s->vt, 22, 40).attrs.reverse);
	assert_string_equal(vt_row(s->vt, 23), ">");
	assert_int_equal(vt_cursor(s->vt).row, 23);
	assert_int_equal(vt_cursor(s->vt).col, 2);
	stage_free(s);
}

static void test_screen_40x10(void **state)
{
	struct stage *s = stage_in(&small);

	(void)state;
	stage_message(s, "alice", "a longer line that has to be wrapped here");
	stage_sync(s);
	assert_string_equal(
	    vt_row(s->vt, 6), "       alice a longer line that has to");
	assert_string_equal(vt_row(s->vt, 7), "  be wrapped here");
	assert_string_equal(
	    vt_row(s->vt, 8), " lobby  server can read 1/2 not kept");
	assert_string_equal(vt_row(s->vt, 9), ">");
	assert_int_equal(vt_find(s->vt, BAR), -1);
	stage_free(s);
}

/* What the status line has no place for. */
static void test_room_state(void **state)
{
	static const struct stage_opts o = {.rows = 24, .cols = 150};
	struct stage *s = stage_in(&o);

	(void)state;
	assert_string_equal(vt_row(s->vt, 22),
	    " lobby  server can read " DOT " verified 1 of 2 " DOT
	    " not kept");
	vt_type(s->vt, "/room\r");
	stage_expect(s,
	    "lobby on chat.example:2528, which answers in 12 ms: server can "
	    "read, kept nothing");
	stage_expect(s, "group key 7, AES-256-GCM; the link to the server is "
			"hybrid");
	stage_expect(s, "you have verified 1 of 2 others");
	stage_free(s);
}

static void test_resize_80_40_80(void **state)
{
	struct stage *s = stage_in(&wide);
	char *before, *after;

	(void)state;
	stage_message(s, "alice",
	    "one two three four five six seven eight nine "
	    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen");
	stage_sync(s);
	before = vt_dump(s->vt);
	vt_resize(s->vt, 10, 40);
	stage_sync(s);
	assert_string_equal(
	    vt_row(s->vt, 7), "  seventeen");
	assert_string_equal(vt_row(s->vt, 9), ">");
	vt_resize(s->vt, 24, 80);
	stage_sync(s);
	after = vt_dump(s->vt);
	assert_string_equal(before, after);
	free(before);
	free(after);
	stage_free(s);
}

static void test_tiny(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_resize(s->vt, 4, 19);
	stage_sync(s);
	assert_string_equal(vt_row(s->vt, 0), "make this window la");
	assert_string_equal(vt_row(s->vt, 1), "rger: 20x5 at least");
	vt_resize(s->vt, 1, 1);
	stage_sync(s);
	vt_resize(s->vt, 5, 20);
	stage_sync(s);
	assert_string_equal(vt_row(s->vt, 4), ">");
	assert_non_null(strstr(vt_row(s->vt, 3), "lobby server reads"));
	assert_int_equal(vt_find(s->vt, "larger"), -1);
	vt_resize(s->vt, 100, 300);
	stage_sync(s);
	assert_string_equal(vt_row(s->vt, 99), ">");
	stage_free(s);
}

static void test_wide_characters(void **state)
{
	struct stage *s = stage_in(&wide);
	VTermScreenCell cell;
	char line[400] = "";
	int i, row;

	(void)state;
	stage_message(s, "alice",
	    KANJI " e\xcc\x81 " FAMILY " \xe2\x9d\xa4\xef\xb8\x8f x");
	for (i = 0; i < 40; i++)
		strcat(line, "\xe6\xbc\xa2");
	stage_message(s, "bob", line);
	stage_sync(s);
	row = vt_find(s->vt, "alice    \xe6");
	assert_int_equal(row, 19);
	expect_chat(s, 19,
	    "       alice    " KANJI " e\xcc\x81 " FAMILY_DRAWN " \xe2\x9d\xa4 x");
	assert_int_equal(vt_cell(s->vt, row, EDGE).chars[0], 0x6f22);
	assert_int_equal(vt_cell(s->vt, row, EDGE).width, 2);
	assert_int_equal(vt_cell(s->vt, row, EDGE + 5).chars[0], 'e');
	assert_int_equal(vt_cell(s->vt, row, EDGE + 5).chars[1], 0x301);
	assert_int_equal(vt_cell(s->vt, row, EDGE + 7).chars[0], 0x1f468);
	assert_int_equal(vt_cell(s->vt, row, EDGE + 13).chars[0], 0x1f466);
	assert_int_equal(vt_cell(s->vt, row, EDGE + 18).chars[0], 'x');
	/* 55 cells are for the text: 27 wide characters fit, 13 continue
	 * below. */
	assert_int_equal(vt_cell(s->vt, 20, EDGE + 52).chars[0], 0x6f22);
	assert_string_equal(vt_cols(s->vt, 20, EDGE + 54, CHAT), "");
	assert_int_equal(vt_cell(s->vt, 21, EDGE).chars[0], 0x6f22);
	assert_string_equal(vt_cols(s->vt, 21, EDGE + 26, CHAT), "");
	/* U+1FAE8 dates from 2022. If the C library does not know its width
	 * yet, the client draws U+FFFD and a blank in its two cells. If it
	 * does, the character is drawn, and libvterm, whose tables are older,
	 * may give it one cell. */
	stage_message(s, "eve", "\xf0\x9f\xab\xa8x");
	stage_sync(s);
	cell = vt_cell(s->vt, 21, EDGE);
	if (cell.chars[0] != 0x1fae8) {
		assert_int_equal(cell.chars[0], 0xfffd);
		cell.width = 2;
	}
	assert_int_equal(vt_cell(s->vt, 21, EDGE + cell.width).chars[0], 'x');
	/* The column of names has not moved. */
	for (i = 0; i < 22; i++)
		assert_int_equal(vt_cell(s->vt, i, USERS - 1).chars[0], 0x2502);
	stage_free(s);
}

static const char *const evil[] = {"\033[2J\033[H", "\033]0;owned\007",
    "\033]52;c;ZXZpbA==\033\\",
    "\xc2\x9b"
    "31m",
    "\xc2\x9d"
    "0;x\xc2\x9c",
    "\xe2\x80\xae"
    "desrever",
    "\xe2\x81\xa6iso\xe2\x81\xa9",
    "\x9b"
    "5n",
    "a\rb\bc\x07\x0e\x7f", "\xe2\x80\xa8line", "\xff\xfe\xc0\x80",
    "\033P+q544e\033\\", "\033c", "\xef\xbb\xbf", "\xf3\xa0\x81\x81tag",
    "\n\n99:99 me I never said this"};

/* What must never reach the terminal. */
static const char *const never[] = {"\033]", "\033P", "\033c",
    "\033[2J\033[H", "\xc2\x9b", "\xc2\x9d", "\xc2\x9c", "\xe2\x80\xae",
    "\xe2\x81\xa6", "\xe2\x81\xa9", "\xe2\x80\xa8", "\007", "\x0e",
    "\x7f", "\xff", "\xfe", "\xc0\x80", "\xef\xbb\xbf",
    "\xf3\xa0\x81\x81", "\033[5n"};

/* Nothing that a peer sends controls the terminal. */
static void test_hostile_text(void **state)
{
	struct stage *s = stage_in(&wide);
	size_t i;
	int row;

	(void)state;
	vt_log_clear(s->vt);
	for (i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		stage_message(s, "mallory", evil[i]);
		strcpy(s->order.text, evil[i]);
		stage_event(s, EVENT_ERROR, NULL, NULL);
		stage_event(s, EVENT_DROPPED, "mallory", evil[i]);
		stage_event(
		    s, EVENT_JOIN, strlen(evil[i]) < 20 ? evil[i] : "x", NULL);
		stage_event(s, EVENT_RECONNECT, NULL, evil[i]);
		stage_sync(s);
	}
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (vt_log_has(s->vt, never[i]))
			fail_msg("%zu reached the terminal", i);
	assert_true(s->vt->log.len > 1000); /* something was drawn */
	assert_int_equal(s->vt->bells, 0);
	assert_non_null(strstr(vt_row(s->vt, 22), "verified 1 of 2"));
	/* Control bytes are shown as visible text. */
	stage_message(s, "mallory", evil[0]);
	stage_message(s, "mallory", evil[5]);
	stage_sync(s);
	assert_true(
	    vt_find(s->vt, "       mallory  \xe2\x90\x9b[2J\xe2\x90\x9b[H") >= 0);
	assert_true(vt_find(s->vt, "       mallory  \xef\xbf\xbd"
				   "desrever") >= 0);
	/* A line inside a message does not start in the column of the times. */
	row = vt_find(s->vt, "99:99 me I never said this");
	assert_true(row >= 0);
	assert_string_equal(vt_cols(s->vt, row, 0, 10), "");
	/* Hostile names in the list of people, the room's name and the
	 * topic. */
	strcpy(s->order.room.name, "r\033]0;x\007");
	strcpy(s->order.room.topic, "t\xc2\x9b"
				    "2J");
	strcpy(s->order.room.people[0].name, "\033[31mred\xe2\x80\xae");
	s->order.room.n = 1;
	stage_send(s, ORDER_ROOM);
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
	stage_sync(s);
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (vt_log_has(s->vt, never[i]))
			fail_msg("%zu reached the terminal", i);
	assert_int_equal(vt_find(s->vt, "\xe2\x90\x9b[31mred") >= 0 ||
			     vt_find(s->vt, "\xe2\x90\x9b[31m") >= 0,
	    1);
	stage_free(s);
}

static size_t random_text(uint64_t *rnd, char *out, size_t max)
{
	static const char *const bits[] = {"a", "bcd ", " ", KANJI, FAMILY,
	    "e\xcc\x81", "\n", "word ", "longerword", "\xf0\x9f\x87\xa9",
	    "\xd7\xa9\xd7\x9c", "\xe0\xa4\xa8\xe0\xa4\xbf"};
	size_t n = 0, want = 1 + check_random(rnd) % max, k;
	const char *b;

	do {
		b = bits[check_random(rnd) % (sizeof(bits) / sizeof(bits[0]))];
		k = strlen(b);
		memcpy(out + n, b, k);
		n += k;
	} while (n < want);
	return n;
}

static void say_random(struct stage *s, uint64_t seed, int n)
{
	char text[1200];

	while (n-- > 0)
		stage_message_n(s, n % 3 ? "alice" : "bob", text,
		    random_text(&seed, text, 1000));
}

/* After many resizes the screen equals what a new program draws at the last
 * size, both following and scrolled back by the same amount. */
static void resizes(bool back)
{
	struct stage *s = stage_in(&wide), *fresh;
	struct stage_opts o = {.rows = 24, .cols = 80};
	uint64_t rnd = back ? 3 : 4;
	char *want, *got;
	int i;

	say_random(s, 42, 60);
	stage_sync(s);
	if (back) {
		vt_type(s->vt, "\033[5~\033[5~\033[5~");
		stage_expect(s, "more below");
	}
	for (i = 0; i < 500; i++) {
		/* libvterm 0.1.4 writes past a row of one cell when it gets a
		 * wide character that was drawn for the previous size. */
		vt_resize(s->vt, 1 + (int)(check_random(&rnd) % 60),
		    2 + (int)(check_random(&rnd) % 160));
		if (i % 4 == 0)
			stage_sync(s);
	}
	vt_resize(s->vt, 24, 80);
	stage_sync(s);
	got = vt_dump(s->vt);
	fresh = stage_in(&o);
	say_random(fresh, 42, 60);
	stage_sync(fresh);
	if (back) {
		vt_type(fresh->vt, "\033[5~\033[5~\033[5~");
		stage_expect(fresh, "more below");
		/* The third page is drawn last. */
		for (i = 0;
		     i < 200 && strcmp(want = vt_dump(fresh->vt), got) != 0;
		     i++) {
			free(want);
			vt_read(fresh->vt, 20);
		}
		if (i < 200)
			free(want);
	}
	want = vt_dump(fresh->vt);
	assert_string_equal(got, want);
	assert_int_equal(vt_cursor(s->vt).col, vt_cursor(fresh->vt).col);
	free(got);
	free(want);
	stage_free(s);
	stage_free(fresh);
}

static void test_resizes_equal_fresh(void **state)
{
	(void)state;
	resizes(false);
}

static void test_resizes_equal_fresh_back(void **state)
{
	(void)state;
	resizes(true);
}

static void test_reading_position(void **state)
{
	struct stage *s = stage_in(&wide);
	char text[40], *before, *after;
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		stage_message(s, "alice", text);
	}
	stage_sync(s);
	expect_chat(s, 21, "       alice    line 99");
	vt_type(s->vt, "\033[5~");
	stage_expect(s, "more below");
	/* A page less one row: 18 rows of it, a rule, the newest three rows. */
	expect_chat(s, 0, "12:34  alice    line 61");
	expect_chat(s, 17, "       alice    line 78");
	assert_non_null(strstr(vt_row(s->vt, 18), " 21 more below"));
	expect_chat(s, 21, "       alice    line 99");
	before = vt_dump(s->vt);
	for (i = 100; i < 130; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		stage_message(s, "alice", text);
	}
	stage_sync(s);
	after = vt_dump(s->vt);
	/* No cell of the old text has moved; the new text is below. */
	assert_memory_equal(
	    before, after, (size_t)(strstr(before, " 21 more below") - before));
	assert_non_null(strstr(vt_row(s->vt, 18), " 51 more below"));
	expect_chat(s, 21, "       alice    line 129");
	vt_type(s->vt, "\033[6~\033[6~\033[6~");
	stage_expect_not(s, "more below");
	expect_chat(s, 21, "       alice    line 129");
	expect_chat(s, 0, "12:34  alice    line 108");
	vt_type(s->vt, "\033<");
	stage_expect(s, "you are in lobby");
	vt_type(s->vt, "\033>");
	stage_expect_not(s, "you are in lobby");
	free(before);
	free(after);
	stage_free(s);
}

/* --- cost ----------------------------------------------------------------- */

static void test_idle_and_cheap(void **state)
{
	struct stage *s = stage_in(&wide);
	uint64_t before;
	char text[40];
	int i;

	(void)state;
	assert_true(s->sleeps_ms == UINT64_MAX);
	vt_log_clear(s->vt);
	vt_read(s->vt, 1500);
	assert_int_equal(s->vt->log.len, 0);
	vt_type(s->vt, "x");
	stage_expect(s, "> x");
	assert_in_range(s->vt->log.len, 1, 40);
	/* Many lines at once are drawn once per frame, not one by one: about
	 * 400 bytes, because every row's number changes. */
	vt_log_clear(s->vt);
	before = stage_now();
	for (i = 0; i < 300; i++) {
		snprintf(
		    text, sizeof(text), "%d%d%d", i * 7 % 10, i, i * 3 % 10);
		stage_message(s, "alice", text);
	}
	stage_sync(s);
	assert_in_range(
	    s->vt->log.len, 1, ((stage_now() - before) / 16 + 3) * 800);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_screen_80x24),
	    cmocka_unit_test(test_screen_40x10),
	    cmocka_unit_test(test_room_state),
	    cmocka_unit_test(test_resize_80_40_80),
	    cmocka_unit_test(test_tiny),
	    cmocka_unit_test(test_wide_characters),
	    cmocka_unit_test(test_hostile_text),
	    cmocka_unit_test(test_resizes_equal_fresh),
	    cmocka_unit_test(test_resizes_equal_fresh_back),
	    cmocka_unit_test(test_reading_position),
	    cmocka_unit_test(test_idle_and_cheap),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui screen", tests, NULL, NULL);
}
