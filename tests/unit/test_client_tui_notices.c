/* Unit tests for what the full screen says besides messages: notices, dates, what
 * is not acknowledged yet, the time until it connects again, and the people. */
#include "tests/unit/tui_stage.h"

#define BAR "\xe2\x94\x82"

static const struct stage_opts wide = {.rows = 24, .cols = 80};

/* The column of the list of names at 80 columns. */
enum { USERS = 72 };

static void test_notices(void **state)
{
	static const char *const want[] = {
	    "12:34           carol joined; bob left (key 8)",
	    "12:34           dave was removed from the room",
	    "12:34 !!        3 messages from alice are missing: the server",
	    "12:34 !!        dropped something sent as alice: the signature",
	    "12:34 !!        the server says: no such thing",
	    "12:34           not connected: the line was cut; trying again",
	    "12:34 !!        disconnected from chat.example:2528: the server"};
	struct stage *s = stage_in(&wide);
	size_t i;

	(void)state;
	stage_event(s, EVENT_JOIN, "carol", NULL);
	stage_event(s, EVENT_LEAVE, "bob", "leave");
	stage_event(s, EVENT_LEAVE, "dave", "kick");
	s->order.event.epoch = 8;
	stage_event(s, EVENT_EPOCH, NULL, "leave");
	s->order.event.count = 3;
	stage_event(s, EVENT_MISSING, "alice", NULL);
	stage_event(s, EVENT_DROPPED, "alice", "the signature is wrong");
	strcpy(s->order.text, "no such thing");
	s->order.event.code = CODE_NO_MEMBER;
	stage_event(s, EVENT_ERROR, NULL, NULL);
	s->order.event.wait_ms = 4000;
	stage_event(s, EVENT_RECONNECT, NULL, "the line was cut");
	strcpy(s->order.text, "the server is full");
	stage_event(s, EVENT_CLOSED, NULL, NULL);
	stage_sync(s);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (vt_find(s->vt, want[i]) < 0)
			fail_msg("no \"%s\" in\n%s", want[i], vt_dump(s->vt));
	stage_free(s);
}

/* A changed identity gives a banner in words before the first message, a mark
 * at each message, and capitals in the status line, at any width. */
static void test_old_message_is_dated(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	s->order.event.ts_ms = UINT64_C(1795005240000) - 2 * 3600 * 1000;
	stage_message(s, "alice", "from before");
	stage_sync(s);
	stage_expect(s, "       alice    from before [dated 2026-11-18 10:34]");
	s->order.wall_ms = UINT64_C(1795005240000) + 24 * 3600 * 1000;
	stage_send(s, ORDER_CLOCK);
	s->order.event.ts_ms = UINT64_C(1795005240000) + 24 * 3600 * 1000;
	stage_message(s, "alice", "next day");
	stage_sync(s);
	assert_true(vt_find(s->vt, " Thursday, 2026-11-19 ") + 1 ==
		    vt_find(s->vt, "12:34  alice    next day"));
	stage_free(s);
}

static void test_pending_until_sent(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "one\rtwo\r");
	stage_expect(s, "  \xe2\x80\xa6    me       one");
	stage_expect(s, "  \xe2\x80\xa6    me       two");
	stage_expect(s, "not acknowledged: 2");
	stage_event(s, EVENT_SENT, NULL, NULL);
	stage_sync(s);
	assert_true(vt_find(s->vt, "       me       one") >= 0);
	assert_true(vt_find(s->vt, "\xe2\x80\xa6    me       two") >= 0);
	assert_true(vt_find(s->vt, "not acknowledged: 1") >= 0);
	stage_event(s, EVENT_SENT, NULL, NULL);
	stage_sync(s);
	assert_true(vt_find(s->vt, "       me       two") >= 0);
	assert_int_equal(vt_find(s->vt, "not acknowledged"), -1);
	stage_free(s);
}

static void test_reconnect_counts_down(void **state)
{
	struct stage *s = stage_in(&wide);
	uint64_t end = stage_now() + VT_WAIT_MS;
	int i, last = 5, seen = 0;
	char text[40];

	(void)state;
	s->order.event.wait_ms = 3500;
	stage_event(s, EVENT_RECONNECT, NULL, "cut");
	stage_expect(s, "offline, again in ");
	/* A busy machine may not show all four. */
	while (vt_find(s->vt, " offline  lobby") < 0) {
		for (i = 4; i > 0; i--) {
			snprintf(
			    text, sizeof(text), "offline, again in %d s", i);
			if (vt_find(s->vt, text) >= 0 && i < last) {
				last = i;
				seen++;
			}
		}
		if (stage_now() > end)
			fail_msg("it does not end:\n%s", vt_dump(s->vt));
		vt_read(s->vt, 20);
	}
	assert_in_range(seen, 2, 4);
	stage_event(s, EVENT_CONNECTING, NULL, NULL);
	stage_expect(s, " connecting");
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
	stage_expect(s, "back in lobby");
	stage_expect_not(s, "offline");
	stage_free(s);
}

static void test_users(void **state)
{
	static const struct stage_opts o = {.rows = 10, .cols = 80};
	struct stage *s = stage_in(&o);
	const char *names[31];
	char text[30][30];
	int i;

	(void)state;
	for (i = 0; i < 30; i++) {
		snprintf(text[i], sizeof(text[i]), "averylongusersname%d", i);
		names[i] = text[i];
	}
	names[30] = NULL;
	stage_room(s, 9, names);
	stage_event(s, EVENT_JOIN, "x", NULL);
	stage_sync(s);
	/* The list takes at most a quarter; a count says how many do not
	 * fit. */
	assert_string_equal(
	    vt_cols(s->vt, 1, 59, 80), BAR " averylongusersname0");
	assert_string_equal(vt_cols(s->vt, 7, 59, 80), BAR " +24 more");
	names[0] = "bob";
	names[1] = NULL;
	stage_room(s, 9, names);
	stage_event(s, EVENT_LEAVE, "x", NULL);
	stage_sync(s);
	assert_string_equal(vt_cols(s->vt, 1, USERS - 1, 80), BAR " bob");
	assert_string_equal(vt_cols(s->vt, 7, USERS - 1, 80), BAR);
	vt_resize(s->vt, 10, 59);
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, BAR), -1);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_notices),
	    cmocka_unit_test(test_old_message_is_dated),
	    cmocka_unit_test(test_pending_until_sent),
	    cmocka_unit_test(test_reconnect_counts_down),
	    cmocka_unit_test(test_users),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui notices", tests, NULL, NULL);
}
