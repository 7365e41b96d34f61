/* Unit tests for the full screen and the history of a room: scrolling back beyond
 * the first line, days, the end, searching, and what was purged. */
#include "tests/unit/tui_stage.h"

static const struct stage_opts small = {.rows = 12, .cols = 60},
			       tall = {.rows = 24, .cols = 60};
static const uint64_t now_ms = UINT64_C(1795005240000), day_ms = 86400000;

static void kept_in(struct stage *s)
{
	static const char *const names[] = {"alice", NULL};

	s->order.room.status.settings.history = HISTORY_MEMBERS;
	s->order.room.status.settings.keep_days = 7;
	stage_room(s, 7, names);
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
}

/* In a room that keeps what is said, with some lines of today at these offsets. */
static struct stage *kept(int first, int end)
{
	struct stage *s = stage_new(&small);
	char text[40];

	kept_in(s);
	for (; first < end; first++) {
		snprintf(text, sizeof(text), "line %d", first);
		s->order.event.offset = (uint64_t)first;
		s->order.event.id[0] = (uint8_t)first;
		stage_message(s, "alice", text);
	}
	stage_sync(s);
	return s;
}

/* The number of the request that was made; fails without one. */
static uint32_t asked(struct stage *s)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	while (s->n_asked == 0 && stage_now() < end)
		(void)stage_listen(s, 20);
	assert_int_equal(s->n_asked, 1);
	s->n_asked = 0;
	return s->asked.number;
}

static void past(
    struct stage *s, uint32_t req, int offset, uint64_t ts_ms, const char *text)
{
	s->order.event.past = true;
	s->order.event.req = req;
	s->order.event.offset = (uint64_t)offset;
	s->order.event.id[0] = (uint8_t)offset;
	s->order.event.ts_ms = ts_ms;
	stage_message(s, "alice", text);
}

static void part_ends(
    struct stage *s, uint32_t req, int first, int last, const char *reason)
{
	s->order.event.req = req;
	s->order.event.first = (uint64_t)first;
	s->order.event.offset = (uint64_t)last;
	stage_event(s, EVENT_HISTORY, NULL, reason);
	stage_sync(s);
}

#define PGUP "\x1b[5~"

static void test_scrolls_beyond_the_first_line(void **state)
{
	struct stage *s = kept(40, 60);
	char text[20], *before, *after;
	uint32_t req;
	int i;

	(void)state;
	vt_type(s->vt, PGUP);
	vt_type(s->vt, PGUP);
	req = asked(s);
	assert_int_equal(s->asked.type, REQUEST_HISTORY);
	assert_true(s->asked.before);
	assert_int_equal(s->asked.offset, 40);
	stage_sync(s);
	before = vt_dump(s->vt);
	for (i = 20; i < 40; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		past(s, req, i, now_ms - day_ms, text);
	}
	/* Nothing moves, not even for who came live meanwhile. */
	part_ends(s, req, 20, 39, "");
	after = vt_dump(s->vt);
	assert_string_equal(after, before);
	free(after);
	free(before);
	vt_type(s->vt, PGUP PGUP);
	stage_expect(s, "line 39");
	/* Near the top the next part is asked for. */
	for (i = 0; i < 4; i++)
		vt_type(s->vt, PGUP);
	req = asked(s);
	assert_int_equal(s->asked.offset, 20);
	past(s, req, 19, now_ms - day_ms, "the first of all");
	part_ends(s, req, 19, 19, "oldest");
	for (i = 0; i < 3; i++)
		vt_type(s->vt, PGUP);
	stage_expect(s, "the beginning of what is kept");
	stage_expect(s, "Tuesday, 2026-11-17");
	stage_expect(s, "the first of all");
	assert_int_equal(s->n_asked, 0);
	vt_type(s->vt, "\x1b[1;5F");
	stage_expect(s, "line 59");
	stage_free(s);
}

/* A window that changes its size keeps the place; a part that fails leaves no
 * gap. */
static void test_failed_and_resized(void **state)
{
	struct stage *s = kept(40, 60);
	uint32_t req;

	(void)state;
	vt_type(s->vt, PGUP PGUP);
	req = asked(s);
	past(s, req, 30, now_ms, "half of it");
	vt_resize(s->vt, 12, 44);
	s->order.event.req = req;
	strcpy(s->order.text, "not now");
	s->order.event.text_len = 7;
	s->order.event.code = CODE_UNAVAILABLE;
	s->order.event.word = "unavailable";
	stage_event(s, EVENT_HISTORY, NULL, "");
	stage_sync(s);
	vt_type(s->vt, "\x1b[1;5H"); /* Ctrl-Home: it is asked for again */
	req = asked(s);
	assert_int_equal(s->asked.offset, 40);
	past(s, req, 39, now_ms, "all of it");
	part_ends(s, req, 39, 39, "since");
	vt_type(s->vt, "\x1b[1;5H");
	stage_expect(s, "you may read no further");
	stage_expect(s, "all of it");
	assert_int_equal(vt_find(s->vt, "half of it"), -1);
	stage_free(s);
}

/* A room that keeps nothing is not asked. */
static void test_nothing_is_kept(void **state)
{
	static const char *const names[] = {"alice", NULL};
	struct stage *s = stage_new(&small);

	(void)state;
	stage_room(s, 7, names);
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
	stage_expect(s, "the server does not keep what is");
	vt_type(s->vt, PGUP "/older\r");
	stage_expect(s, "this room keeps nothing of what was");
	assert_int_equal(s->n_asked, 0);
	stage_free(s);
}

/* What is kept is not said before the server has said it. */
static void test_kept_is_not_known(void **state)
{
	struct stage *s = stage_new(&small);

	(void)state;
	strcpy(s->order.room.name, "lobby");
	stage_send(s, ORDER_ROOM);
	stage_sync(s);
	stage_expect(s, "server can read");
	stage_expect_not(s, "kept");
	stage_free(s);
}

/* What was missed while the screen was looked at is counted in the marker. */
static void test_missed_are_counted(void **state)
{
	struct stage *s = kept(40, 42);

	(void)state;
	past(s, 0, 42, now_ms, "the first");
	past(s, 0, 43, now_ms, "the second");
	s->order.event.count = 2;
	part_ends(s, 0, 42, 43, "");
	assert_int_equal(
	    vt_find(s->vt, " 2 unread \xe2\x94\x80") + 1,
	    vt_find(s->vt, "the first"));
	stage_free(s);
}

/* What was missed for two days: the unread line is where the reading stopped, and
 * each day has its line, in their order. */
static void test_missed_days(void **state)
{
	static const char *const order[] = {"line 41", "Tuesday, 2026-11-17",
	    " 3 unread ", "one", "two", "three"};
	struct stage *s = stage_new(&tall);
	int i, at = 0, before = -1;

	(void)state;
	kept_in(s);
	past(s, 0, 40, now_ms - 2 * day_ms, "line 40");
	past(s, 0, 41, now_ms - 2 * day_ms, "line 41");
	s->order.event.count = 2;
	part_ends(s, 0, 40, 41, "");
	past(s, 0, 42, now_ms - day_ms, "one");
	past(s, 0, 43, now_ms - day_ms + 1000, "two");
	past(s, 0, 44, now_ms, "three");
	s->order.event.count = 3;
	part_ends(s, 0, 42, 44, "");
	for (i = 0; i < 6; i++) {
		at = vt_find(s->vt, order[i]);
		if (at <= before)
			fail_msg("%s in line %d\n%s", order[i], at,
			    vt_dump(s->vt));
		before = at;
	}
	assert_non_null(strstr(vt_row(s->vt, at - 1), "Wednesday, 2026-11-18"));
	stage_free(s);
}

static void test_account_answers(void **state)
{
	struct stage *s = kept(40, 42);

	(void)state;
	vt_type(s->vt, "/invites\r");
	s->order.event.req = asked(s);
	assert_int_equal(s->asked.type, REQUEST_INVITE_LIST);
	stage_event(s, EVENT_INVITES, NULL, NULL);
	stage_expect(s, "there are no invites that can still");
	vt_type(s->vt, "/forget-device ABCDEFGH\r");
	s->order.event.req = asked(s);
	assert_int_equal(s->asked.type, REQUEST_ACCOUNT_DEVICES);
	stage_event(s, EVENT_DEVICES, NULL, NULL);
	stage_expect(s, "none of your devices has a key");
	stage_free(s);
}

static void test_search_reads_on(void **state)
{
	struct stage *s = kept(40, 44);
	uint32_t req;

	(void)state;
	vt_type(s->vt, "/search needle\r");
	req = asked(s);
	assert_int_equal(s->asked.count, 500);
	stage_expect(s, "searching what is older: 0 read; Esc stops");
	past(s, req, 39, now_ms, "hay");
	part_ends(s, req, 39, 39, "");
	req = asked(s);
	stage_expect(s, "searching what is older: 1 read; Esc stops");
	past(s, req, 38, now_ms, "a needle here");
	part_ends(s, req, 38, 38, "");
	stage_expect(s, "Search up: needle");
	stage_expect(s, "a needle here");
	vt_type(s->vt, "\r");
	/* Stopped: what comes still is above the lines. */
	vt_type(s->vt, "/search nothing\r");
	req = asked(s);
	stage_expect(s, "searching what is older");
	vt_type(s->vt, "\x1b");
	stage_expect_not(s, "searching what is older");
	past(s, req, 37, now_ms, "more hay");
	part_ends(s, req, 37, 37, "oldest");
	assert_int_equal(s->n_asked, 0);
	vt_type(s->vt, "/search nothing\r");
	stage_expect(s, "not found: nothing");
	assert_int_equal(s->n_asked, 0);
	stage_free(s);
}

static void test_purged(void **state)
{
	struct stage *s = kept(40, 43);

	(void)state;
	/* By a key; somebody else's asks first. */
	vt_type(s->vt, "\x1bs");
	stage_expect(s, "p purge");
	vt_type(s->vt, "p");
	stage_expect(s, "Destroy it for everybody");
	vt_type(s->vt, "y");
	(void)asked(s);
	assert_int_equal(s->asked.type, REQUEST_PURGE);
	assert_int_equal(s->asked.who[0], 42);
	/* By a command; an own one is not asked about. */
	vt_type(s->vt, "mine\r");
	stage_expect_said(s, "mine", false);
	vt_type(s->vt, "/purge\r");
	(void)asked(s);
	assert_int_equal((uint8_t)s->asked.who[0], 0xee);
	vt_type(s->vt, "/last 4\r");
	stage_expect(s, "1 alice: line 40");
	vt_type(s->vt, "/purge 1\r");
	stage_expect(s, "Destroy the message of alice for everybody? y/n");
	vt_type(s->vt, "n");
	stage_sync(s);
	assert_int_equal(s->n_asked, 0);
	/* And it is done. */
	s->order.event.has_about = true;
	s->order.event.about[0] = 41;
	s->order.event.offset = 41;
	s->order.event.by = "ben";
	stage_event(s, EVENT_PURGE, NULL, NULL);
	stage_expect(s, "purged by ben");
	assert_int_equal(vt_find(s->vt, "alice    line 41"), -1);
	stage_free(s);
}

static void test_settings(void **state)
{
	struct stage *s = kept(1, 3);

	(void)state;
	stage_expect(s, "7 d kept");
	vt_type(s->vt, "/history\r");
	stage_expect(s, "the server keeps what is said here");
	vt_type(s->vt, "/history all keep 2w count 5000\r");
	(void)asked(s);
	assert_int_equal(s->asked.type, REQUEST_ROOM_SET);
	assert_int_equal(s->asked.settings_named,
	    SETTING_HISTORY | SETTING_KEEP_DAYS | SETTING_KEEP_COUNT);
	assert_int_equal(s->asked.settings.history, HISTORY_ALL);
	assert_int_equal(s->asked.settings.keep_days, 14);
	assert_int_equal(s->asked.settings.keep_count, 5000);
	vt_type(s->vt, "/history none\r");
	stage_expect(s, "Destroy all that is kept of lobby? y/n");
	vt_type(s->vt, "y");
	(void)asked(s);
	assert_int_equal(s->asked.settings.history, HISTORY_NONE);
	vt_type(s->vt, "/history keep 90m\r");
	stage_expect(s, "comes a time in days");
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scrolls_beyond_the_first_line),
	    cmocka_unit_test(test_failed_and_resized),
	    cmocka_unit_test(test_nothing_is_kept),
	    cmocka_unit_test(test_kept_is_not_known),
	    cmocka_unit_test(test_missed_are_counted),
	    cmocka_unit_test(test_missed_days),
	    cmocka_unit_test(test_account_answers),
	    cmocka_unit_test(test_search_reads_on),
	    cmocka_unit_test(test_purged),
	    cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests_name("tui lookback", tests, NULL, NULL);
}
