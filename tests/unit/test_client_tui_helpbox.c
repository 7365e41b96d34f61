/* F1, /keys and /help: what is shown in place of the lines, how far it scrolls,
 * and that it takes no key that was meant for something else. */
#include "tests/unit/tui_golden.h"

#include "client/ui/command.h"
#include "client/ui/tui/tui.h"

#define F1 "\033OP"

static struct stage *in_window(int rows, int cols)
{
	struct stage_opts o = {.rows = rows, .cols = cols};
	struct stage *s = stage_in(&o);

	stage_message(s, "alice", "good morning");
	stage_sync(s);
	return s;
}

static void test_golden(void **state)
{
	static const int sizes[][2] = {{24, 80}, {10, 40}, {5, 20}};
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		s = in_window(sizes[i][0], sizes[i][1]);
		vt_type(s->vt, "a draft" F1);
		golden(s, "help-keys", true);
		vt_type(s->vt, "\033[6~");
		golden(s, "help-keys-page", true);
		vt_type(s->vt, F1);
		golden(s, "help-commands", true);
		stage_free(s);
	}
}

/* Scrolls down until it is in sight. */
static void scroll_to(struct stage *s, const char *text)
{
	int i;

	for (i = 0; vt_find(s->vt, text) < 0; i++) {
		if (i > 200)
			fail_msg("never seen: %s", text);
		vt_type(s->vt, "\033[B");
		stage_sync(s);
	}
}

/* Every entry of both lists is seen on the way down, also where it is folded, and
 * the way ends at the last. */
static void test_scrolls_through_all(void **state)
{
	struct stage *s = in_window(10, 60);
	char line[COMMAND_HELP_MAX], last[COMMAND_HELP_MAX] = "";
	struct keys_help h;
	size_t i;

	(void)state;
	vt_type(s->vt, "/help\r");
	stage_expect(s, "Esc: back");
	for (i = 0; command_help(line, i); i++) {
		line[18] = '\0';
		scroll_to(s, line);
		strcpy(last, line);
	}
	vt_type(s->vt, "\033[6~\033[B");
	stage_expect_row(s, 0, "commands   Esc: back   F1: the keys   PgDn: more");
	assert_true(vt_find(s->vt, last) > 0);
	for (i = 0; vt_find(s->vt, "/help ") != 1; i++) {
		assert_true(i < 40);
		vt_type(s->vt, "\033[5~\033[A");
		stage_sync(s);
	}
	vt_type(s->vt, F1);
	stage_expect_row(s, 1, "Enter                   send, or run the command");
	for (i = 0; keys_help(&h, i); i++)
		scroll_to(s, h.keys);
	stage_free(s);
}

static void test_back(void **state)
{
	struct stage *s = in_window(24, 80);
	char *before, *after;

	(void)state;
	vt_type(s->vt, "half a");
	stage_sync(s);
	before = vt_dump(s->vt);
	vt_type(s->vt, F1);
	stage_expect_row(s, 0, "keys   Esc: back   F1: the commands   PgDn: more");
	vt_type(s->vt, F1);
	stage_expect_row(s, 0, "commands   Esc: back   F1: the keys   PgDn: more");
	vt_type(s->vt, "\033");
	stage_expect(s, "good morning");
	after = vt_dump(s->vt);
	assert_string_equal(before, after);
	free(before);
	free(after);
	/* The keys of the lines are theirs again. */
	vt_type(s->vt, F1 "\033");
	stage_expect(s, "good morning");
	vt_type(s->vt, "\033[A\033[B");
	stage_sync(s);
	stage_free(s);
}

/* What is typed, pasted or sent over it is not lost. */
static void test_other_keys(void **state)
{
	struct stage *s = in_window(24, 80);

	(void)state;
	vt_type(s->vt, "half a" F1);
	stage_expect(s, "Esc: back");
	vt_type(s->vt, " sentence");
	stage_expect(s, "half a sentence");
	stage_expect(s, "good morning");
	vt_type(s->vt, F1);
	stage_expect(s, "Esc: back");
	vt_type(s->vt, "\r");
	stage_expect_said(s, "half a sentence", false);
	vt_type(s->vt, F1);
	stage_expect(s, "Esc: back");
	vt_type(s->vt, "\033[200~pasted\033[201~");
	stage_expect(s, "> pasted");
	assert_true(vt_find(s->vt, "Esc: back") < 0);
	/* Ctrl-L draws it again. */
	vt_type(s->vt, F1 "\014");
	stage_expect(s, "Esc: back");
	stage_free(s);
}

/* Lines that come behind it were not read. */
static void test_lines_behind_it(void **state)
{
	struct stage *s = in_window(24, 80);

	(void)state;
	vt_type(s->vt, F1);
	stage_expect(s, "Esc: back");
	stage_message(s, "bob", "me: are you there");
	stage_expect(s, "1 unread");
	assert_true(vt_find(s->vt, "are you there") < 0);
	vt_type(s->vt, "\033");
	stage_expect(s, "are you there");
	stage_expect(s, "1 unread since");
	stage_free(s);
}

static void test_sizes(void **state)
{
	static const int sizes[][2] = {
	    {5, 20}, {60, 200}, {6, 59}, {7, 60}, {3, 10}, {40, 30}};
	struct stage *s = in_window(24, 80);
	size_t i;
	int k;

	(void)state;
	vt_type(s->vt, F1);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		vt_resize(s->vt, sizes[i][0], sizes[i][1]);
		for (k = 0; k < 40; k++)
			vt_type(s->vt, i % 2 ? "\033[5~" : "\033[6~");
		stage_sync(s);
	}
	vt_resize(s->vt, 24, 80);
	stage_expect_row(
	    s, 0, "keys   Esc: back   F1: the commands   PgDn: more");
	for (k = 0; k < 40; k++)
		vt_type(s->vt, "\033[5~");
	stage_expect_row(
	    s, 1, "Enter                   send, or run the command");
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_scrolls_through_all),
	    cmocka_unit_test(test_back),
	    cmocka_unit_test(test_other_keys),
	    cmocka_unit_test(test_lines_behind_it),
	    cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests_name("helpbox", tests, NULL, NULL);
}
