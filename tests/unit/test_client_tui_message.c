/* Unit tests for what is known of a message in the scrollback: whether it was
 * sent, is held, was edited, deleted or reacted to, and what it quotes. */
#include "tests/unit/check.h"

#include "client/ui/cells.h"
#include "client/ui/scrollback.h"
#include "client/ui/tui/status.h"
#include "client/ui/tui/theme.h"
#include "client/ui/tui/view.h"

static const struct line *put(
    struct scrollback *ls, const char *name, const char *text, size_t n)
{
	struct line_new l = {.kind = LINE_CHAT,
	    .time = "12:34",
	    .name = name,
	    .text = text,
	    .len = n};

	assert_int_equal(scrollback_add(ls, &l), 0);
	return scrollback_at(ls, scrollback_end(ls) - 1);
}

static const uint8_t me[WIRE_HASH] = {1}, bob[WIRE_HASH] = {2};

/* Our own message with that id. */
static void say(struct scrollback *ls, uint8_t id)
{
	const uint8_t its[WIRE_ID] = {id};
	const struct line_new l = {.kind = LINE_CHAT,
	    .time = "12:34",
	    .name = "me",
	    .own = true,
	    .pending = true,
	    .text = "x",
	    .len = 1,
	    .id = its,
	    .author = me};

	assert_int_equal(scrollback_add(ls, &l), 0);
}

static bool sent(struct scrollback *ls, uint8_t id)
{
	return scrollback_sent(ls, (const uint8_t[WIRE_ID]){id});
}

static void test_sent(void **state)
{
	struct scrollback *ls = scrollback_new();
	uint8_t i;
	int k;

	(void)state;
	for (i = 1; i <= 3; i++) {
		say(ls, i);
		put(ls, "bob", "between", 7);
	}
	assert_false(sent(ls, 9)); /* an edit, say */
	assert_true(sent(ls, 1));
	assert_false(sent(ls, 1));
	assert_false(scrollback_at(ls, SCROLLBACK_START)->pending);
	assert_true(scrollback_at(ls, SCROLLBACK_START + 2)->pending);
	assert_true(sent(ls, 3));
	assert_false(scrollback_at(ls, SCROLLBACK_START + 4)->pending);
	/* Lines that were evicted from the front are not found. */
	for (k = 0; k < SCROLLBACK_MAX; k++)
		put(ls, "bob", "x", 1);
	assert_false(sent(ls, 2));
	say(ls, 4);
	assert_true(sent(ls, 4));
	scrollback_free(ls);
}

static void came(struct scrollback *ls, enum message_way way, const char *want)
{
	struct message *m = scrollback_change(ls, SCROLLBACK_START);

	assert_non_null(m);
	message_came(m, way);
	scrollback_changed(ls, SCROLLBACK_START);
	assert_string_equal(scrollback_at(ls, SCROLLBACK_START)->text, want);
}

/* How far a direct message has come: it does not go back, and what is deleted says
 * nothing of it. */
static void test_the_way(void **state)
{
	struct scrollback *ls = scrollback_new();
	const uint8_t id[WIRE_ID] = {7};
	struct message *m;

	(void)state;
	say(ls, 1);
	came(ls, MESSAGE_ON_ITS_WAY, "x");
	came(ls, MESSAGE_KEPT, "x  kept");
	/* What is behind the body was not said by its author. */
	assert_int_equal(scrollback_at(ls, SCROLLBACK_START)->body, 1);
	came(ls, MESSAGE_ON_ITS_WAY, "x  kept");
	came(ls, MESSAGE_DELIVERED, "x  delivered");
	came(ls, MESSAGE_KEPT, "x  delivered");
	came(ls, MESSAGE_KNOWN, "x");
	came(ls, MESSAGE_KEPT, "x");
	came(ls, MESSAGE_DELIVERED, "x  delivered");
	m = scrollback_change(ls, SCROLLBACK_START);
	assert_int_equal(message_edit(m, id, "better", 6), 0);
	scrollback_changed(ls, SCROLLBACK_START);
	came(ls, MESSAGE_DELIVERED, "better  edited  delivered");
	m = scrollback_change(ls, SCROLLBACK_START);
	message_delete(m, id, "me");
	scrollback_changed(ls, SCROLLBACK_START);
	came(ls, MESSAGE_DELIVERED, "deleted by me");
	scrollback_free(ls);
}

static const uint8_t *two_and_one(void *arg, size_t newer, bool *held)
{
	static const uint8_t ids[][WIRE_ID] = {{8}, {2}, {9}, {1}};

	(void)arg;
	*held = newer > 1;
	return newer < 4 ? ids[newer] : NULL;
}

/* Among what is not sent are changes, which have no line. */
static void test_held(void **state)
{
	struct scrollback *ls = scrollback_new();

	(void)state;
	say(ls, 1);
	say(ls, 2);
	assert_true(scrollback_hold(ls, two_and_one, NULL));
	assert_true(scrollback_at(ls, SCROLLBACK_START)->held);
	assert_false(scrollback_at(ls, SCROLLBACK_START + 1)->held);
	assert_false(scrollback_hold(ls, two_and_one, NULL));
	scrollback_unsay(ls, (const uint8_t[WIRE_ID]){1});
	assert_true(scrollback_at(ls, SCROLLBACK_START)->unsaid);
	scrollback_free(ls);
}

/* A message of bob, changed in several ways; what it looks like. */
static struct message *change(struct scrollback *ls)
{
	struct message *m = scrollback_change(ls, SCROLLBACK_START);

	assert_non_null(m);
	return m;
}

static void expect_shown(struct scrollback *ls, const char *want)
{
	scrollback_changed(ls, SCROLLBACK_START);
	assert_string_equal(scrollback_at(ls, SCROLLBACK_START)->text, want);
}

static void test_changes(void **state)
{
	const uint8_t id[WIRE_ID] = {7}, e1[WIRE_ID] = {8}, e2[WIRE_ID] = {9};
	const struct line_new l = {.kind = LINE_CHAT,
	    .time = "12:34",
	    .name = "bob",
	    .text = "one",
	    .len = 3,
	    .id = id,
	    .author = bob,
	    .about = "me: what?"};
	struct scrollback *ls = scrollback_new();
	struct message *m;
	size_t n;

	(void)state;
	assert_int_equal(scrollback_add(ls, &l), 0);
	assert_int_equal(scrollback_find(ls, id, bob), SCROLLBACK_START);
	assert_int_equal(scrollback_find(ls, id, me), SCROLLBACK_NO_MARK);
	assert_int_equal(scrollback_find(ls, e1, bob), SCROLLBACK_NO_MARK);
	assert_null(scrollback_change(ls, SCROLLBACK_START + 1));
	assert_string_equal(
	    scrollback_at(ls, SCROLLBACK_START)->text, "\xe2\x86\xb3 me: what?\none");
	m = change(ls);
	message_react(m, e1, me, "me", "+");
	message_react(m, e1, bob, "bob", "+");
	expect_shown(ls, "\xe2\x86\xb3 me: what?\none\n+ me, bob");
	m = change(ls);
	message_react(m, e2, me, "me", "-");
	assert_int_equal(message_edit(m, e1, "two", 3), 0);
	expect_shown(ls, "\xe2\x86\xb3 me: what?\ntwo  edited\n- me   + bob");
	assert_int_equal(scrollback_at(ls, SCROLLBACK_START)->quote, 14);
	assert_int_equal(scrollback_at(ls, SCROLLBACK_START)->body, 17);
	m = change(ls);
	message_react(m, e2, me, "me", "");
	assert_int_equal(message_edit(m, e2, "three", 5), 0);
	expect_shown(ls, "\xe2\x86\xb3 me: what?\nthree  edited\n+ bob");
	assert_string_equal(message_before(m, 0, &n), "one");
	assert_string_equal(message_before(m, 1, &n), "two");
	assert_null(message_before(m, 2, &n));
	/* Dropped before anybody had it. */
	m = change(ls);
	assert_true(message_unsay(m, e2));
	assert_false(message_unsay(m, (const uint8_t[WIRE_ID]){77}));
	expect_shown(ls, "\xe2\x86\xb3 me: what?\ntwo  edited\n+ bob");
	message_delete(change(ls), e2, "bob");
	scrollback_ascii(ls, true);
	expect_shown(ls, "> me: what?\ndeleted by bob");
	assert_true(message_unsay(change(ls), e2));
	expect_shown(ls, "> me: what?\ntwo  edited\n(+: bob)");
	scrollback_free(ls);
}

/* However often a message is edited, and whoever reacts, memory is bounded and
 * counted. */
static void test_changes_are_bounded(void **state)
{
	const uint8_t id[WIRE_ID] = {7};
	uint8_t who[WIRE_HASH] = {0};
	char *big = malloc(16 << 10);
	struct line_new l = {.kind = LINE_CHAT,
	    .time = "12:34",
	    .name = "bob",
	    .text = "first",
	    .len = 5,
	    .id = id,
	    .author = bob};
	struct scrollback *ls = scrollback_new();
	struct message *m;
	uint64_t line;
	size_t n, k;
	int i;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', 16 << 10);
	assert_int_equal(scrollback_add(ls, &l), 0);
	for (i = 0; i < 100; i++) {
		m = change(ls);
		assert_int_equal(message_edit(m, id, big, 16 << 10), 0);
		put_u32(who, (uint32_t)i);
		message_react(m, id, who, "bob", "+");
		scrollback_changed(ls, SCROLLBACK_START);
	}
	assert_int_equal(message_edits(change(ls)), 100);
	assert_string_equal(message_before(m, 0, &n), "first");
	assert_null(message_before(m, MESSAGE_BEFORE, &n));
	assert_non_null(strstr(
	    scrollback_at(ls, SCROLLBACK_START)->text, "+ bob, bob, bob, bob, bob +59"));
	scrollback_changed(ls, SCROLLBACK_START);
	/* 1,000 such messages are more than the scrollback keeps. */
	for (k = 0; k < 1000; k++) {
		line = scrollback_end(ls);
		assert_int_equal(scrollback_add(ls, &l), 0);
		for (i = 0; i < 5; i++) {
			m = scrollback_change(ls, line);
			assert_non_null(m);
			assert_int_equal(message_edit(m, id, big, 16 << 10), 0);
			scrollback_changed(ls, line);
		}
	}
	assert_true(scrollback_end(ls) - scrollback_first(ls) <
		    SCROLLBACK_BYTES_MAX / (5 * (16 << 10)));
	scrollback_free(ls);
	free(big);
}

/* What a message answers is one row at any width, and cut with a mark. */
static void test_quotation_rows(void **state)
{
	const uint8_t id[WIRE_ID] = {7};
	const struct line_new l = {.kind = LINE_CHAT,
	    .time = "12:34",
	    .name = "bob",
	    .text = "yes",
	    .len = 3,
	    .id = id,
	    .author = bob,
	    .about = "dave: \xe5\x82\x99\xe4\xbb\xbd is on Thursday"};
	struct scrollback *ls = scrollback_new();
	const struct line *line;
	struct row r;
	int width;

	(void)state;
	assert_int_equal(scrollback_add(ls, &l), 0);
	line = scrollback_at(ls, SCROLLBACK_START);
	for (width = 20; width < 60; width++) {
		wrap_row(line, width, 0, &r);
		assert_int_equal(r.next, line->quote);
		assert_int_equal(r.cut, r.len + 1 < line->quote);
		assert_true(
		    r.indent + cells_width(line->text, r.len) + r.cut <= width);
		assert_int_not_equal(line->text[r.len] & 0xc0, 0x80);
		wrap_row(line, width, r.next, &r);
		assert_int_equal(r.next, WRAP_NO_ROW);
		assert_int_equal(wrap_rows(line, width, SIZE_MAX), 2);
	}
	scrollback_free(ls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sent),
	    cmocka_unit_test(test_the_way),
	    cmocka_unit_test(test_held),
	    cmocka_unit_test(test_changes),
	    cmocka_unit_test(test_changes_are_bounded),
	    cmocka_unit_test(test_quotation_rows),
	};

	return cmocka_run_group_tests_name("tui message", tests, NULL, NULL);
}
