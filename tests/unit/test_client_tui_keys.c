/* Unit tests for the full-screen user interface at a keyboard: typed keys and
 * confirmation prompts. */
#include "tests/unit/tui_stage.h"

#define KANJI "\xe6\xbc\xa2\xe5\xad\x97"

static const struct stage_opts wide = {.rows = 24, .cols = 80};

/* The input line of 24 rows. */
static void expect_input(struct stage *s, const char *text)
{
	stage_expect_row(s, 23, text);
}

static void test_typing(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "hello w\xc3\xb6rld");
	expect_input(s, "> hello w\xc3\xb6rld");
	vt_type(s->vt, "\r");
	stage_expect_said(s, "hello w\xc3\xb6rld", false);
	expect_input(s, ">");
	stage_free(s);
}

static void test_editing_keys(void **state)
{
	static const struct {
		const char *keys, *line;
		int col;
	} t[] = {
	    {"abc\033[D\033[DX", "> aXbc", 4},
	    {"abc\033[H.", "> .abc", 3},
	    {"abc\033[H\033[C\033[3~", "> ac", 3},
	    {"abc\x01X\x05Y", "> XabcY", 7},
	    {"one two\033b\x0b", "> one", 6},
	    {"one two\x15", ">", 2},
	    {"one two\x17", "> one", 6},
	    {"one two\x17\x17\x19!", "> one two!", 10},
	    {"one two\033b\033bX\033f.", "> Xone. two", 7},
	    {"one two\033\x7f", "> one", 6},
	    {"one two\x01\033d", ">  two", 2},
	    {"ab\x02\x14", "> ba", 4},
	    {KANJI "\x7f", "> \xe6\xbc\xa2", 4},
	    {KANJI "\033[Dx", "> \xe6\xbc\xa2x\xe5\xad\x97", 5},
	    {"e\xcc\x81\x7f"
	     "a",
		"> a", 3},
	    {"one\033[1;5D.", "> .one", 3},
	};
	struct stage *s = stage_in(&wide);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		vt_type(s->vt, t[i].keys);
		expect_input(s, t[i].line);
		/* The same write also moves the cursor there. */
		assert_int_equal(vt_cursor(s->vt).row, 23);
		while (vt_cursor(s->vt).col != t[i].col) {
			stage_sync(s);
			assert_string_equal(vt_row(s->vt, 23), t[i].line);
			if (vt_cursor(s->vt).col != t[i].col)
				vt_read(s->vt, 100);
			assert_int_equal(vt_cursor(s->vt).col, t[i].col);
		}
		vt_type(s->vt, "!!");
		stage_expect(s, "!!");
		vt_type(s->vt, "\003");
		expect_input(s, ">");
	}
	stage_free(s);
}

static void test_long_input_scrolls(void **state)
{
	static const struct stage_opts o = {.rows = 8, .cols = 30};
	struct stage *s = stage_in(&o);
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		vt_type(s->vt, "0123456789");
	vt_type(s->vt, "END");
	stage_expect(s, "END");
	assert_true(vt_cursor(s->vt).col < 30);
	vt_type(s->vt, "\001BEGIN");
	stage_expect_row(s, 7, "> BEGIN01234567890123456789012");
	vt_type(s->vt, "\r");
	stage_until_said(s);
	assert_int_equal(s->said[0].n, 1008);
	stage_free(s);
}

static void test_history(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "first\rsecond\rdraft");
	expect_input(s, "> draft");
	vt_type(s->vt, "\033[A");
	expect_input(s, "> second");
	vt_type(s->vt, "\020");
	expect_input(s, "> first");
	vt_type(s->vt, "\033[B\033[B");
	expect_input(s, "> draft");
	vt_type(s->vt, "\003");
	expect_input(s, ">");
	vt_type(s->vt, "\033[A");
	expect_input(s, "> draft"); /* the cleared text can be recalled */
	stage_free(s);
}

static void test_paste_is_text(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	assert_true(vt_log_has(s->vt, "\033[?2004h"));
	vt_type(s->vt, "\033[200~/quit\rtwo\nthree\t\033[A\003\033[201~");
	expect_input(s, "  three    \xe2\x90\x9b[A\xe2\x90\x83");
	stage_expect_row(s, 21, "> /quit");
	stage_expect_row(s, 22, "  two");
	vt_type(s->vt, "!");
	expect_input(s, "  three    \xe2\x90\x9b[A\xe2\x90\x83!");
	assert_int_equal(s->n_said, 0);
	vt_type(s->vt, "\003");
	expect_input(s, ">");
	/* A few lines are sent directly; more need a confirmation. */
	vt_type(s->vt, "\033[200~one\r\ntwo\033[201~\r");
	stage_expect_said(s, "one\ntwo", false);
	stage_expect(s, "me       one");
	stage_expect(s, "two");
	assert_int_equal(vt_find(s->vt, "me       one") + 1, vt_find(s->vt, "two"));
	/* The newline at the end does not count as a line. */
	vt_type(s->vt, "\033[200~one\ntwo\nthree\n\033[201~\r");
	stage_expect_said(s, "one\ntwo\nthree", false);
	vt_type(s->vt, "\033[200~\r\n\r\n\033[201~\r");
	expect_input(s, ">");
	vt_type(s->vt, "\033[200~/names\n\033[201~\r");
	stage_expect(s, "in the room: me (you), alice, bob");
	vt_type(s->vt, "\033[200~\n/quit\033[201~\r");
	stage_expect(s, "not sent: a blank stands before ");
	vt_type(s->vt, "\003");
	expect_input(s, ">");
	assert_int_equal(s->n_said, 0);
	vt_type(s->vt, "\033[200~1\n2\n3\n4\n\033[201~\r");
	expect_input(s, "Send 4 lines to lobby as one message? y = send, Enter = back");
	vt_type(s->vt, "n");
	expect_input(s, "  4");
	stage_expect_row(s, 20, "> 1");
	/* A paste does not answer a prompt. */
	vt_type(s->vt, "\r");
	expect_input(s, "Send 4 lines to lobby as one message? y = send, Enter = back");
	vt_type(s->vt, "\033[200~y\033[201~");
	stage_sync(s);
	expect_input(s, "Send 4 lines to lobby as one message? y = send, Enter = back");
	assert_int_equal(s->n_said, 0);
	vt_type(s->vt, "y");
	stage_expect_said(s, "1\n2\n3\n4", false);
	stage_free(s);
}

static void test_paste_too_long(void **state)
{
	struct stage *s = stage_in(&wide);
	static char big[40000];
	size_t i;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	vt_type(s->vt, "\033[200~");
	vt_type(s->vt, big);
	vt_type(s->vt, "\033[201~");
	stage_expect(s, "a message holds at most 16 KiB: the last 23 KiB of the");
	vt_type(s->vt, "\r");
	stage_until_said(s);
	assert_int_equal(s->said[0].n, WIRE_TEXT_MAX);
	s->n_said = 0;
	/* Of lines, none is cut in two, and the question says how much it is. */
	for (i = 99; i < sizeof(big) - 1; i += 100)
		big[i] = '\n';
	vt_type(s->vt, "\033[200~");
	vt_type(s->vt, big);
	vt_type(s->vt, "\033[201~");
	stage_sync(s);
	vt_type(s->vt, "\r");
	expect_input(s, "Send 163 lines (15 KiB) to lobby as one message? y = "
			"send, Enter = back");
	vt_type(s->vt, "y");
	stage_until_said(s);
	assert_int_equal(s->said[0].n, 163 * 100 - 1);
	stage_free(s);
}

static void test_commands(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "/me waves\r");
	stage_expect_said(s, "waves", true);
	stage_expect(s, "* me     waves");
	vt_type(s->vt, "//slash\r");
	stage_expect_said(s, "/slash", false);
	vt_type(s->vt, "/nmaes\r");
	stage_expect(s, "did you mean /names?");
	expect_input(s, "> /nmaes"); /* stays in the input, to be corrected */
	vt_type(s->vt, "\003 /quit\r");
	stage_expect(s, "not sent: a blank stands before ");
	assert_int_equal(s->n_ends, 0);
	vt_type(s->vt, "\003/names\r");
	stage_expect(s, "in the room: me (you), alice, bob");
	vt_type(s->vt, "/help\r");
	stage_expect(s, "/names              who is in the room");
	vt_type(s->vt, "/trust bob\r");
	stage_expect(s, "bob's key has not changed");
	stage_expect(s, "/verify bob");
	stage_sync(s);
	assert_int_equal(s->n_said, 0);
	vt_type(s->vt, "no room for this\r");
	stage_expect(s, "not sent: too many messages wait");
	expect_input(s, "> no room for this"); /* stays in the input */
	stage_free(s);
}

static void test_quit(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "/quit\r");
	stage_expect_end(s, false);
	stage_free(s);
	/* With a message in flight /quit waits for it; Ctrl-C does not. */
	s = stage_in(&wide);
	vt_type(s->vt, "hello\r/quit\r");
	stage_expect_end(s, true);
	stage_expect(s, "waiting until the server has your messages");
	stage_expect(s, "  leaving");
	vt_type(s->vt, "\003");
	stage_expect_end(s, false);
	stage_free(s);
}

static void test_ctrl_c_clears_then_asks(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "half a sentence");
	expect_input(s, "> half a sentence");
	vt_type(s->vt, "\003");
	expect_input(s, ">");
	vt_type(s->vt, "\003");
	expect_input(s, "Quit? y/n");
	vt_type(s->vt, "n");
	expect_input(s, ">");
	vt_type(s->vt, "\003");
	expect_input(s, "Quit? y/n");
	vt_type(s->vt, "\r");
	expect_input(s, ">");
	vt_type(s->vt, "\003");
	expect_input(s, "Quit? y/n");
	vt_type(s->vt, "/he"); /* the user continues to type */
	expect_input(s, "> /he");
	vt_type(s->vt, "\003");
	expect_input(s, ">");
	stage_sync(s);
	assert_int_equal(s->n_ends, 0);
	vt_type(s->vt, "\004"); /* Ctrl-D in an empty line asks too */
	expect_input(s, "Quit? y/n");
	vt_type(s->vt, "\003");
	stage_expect_end(s, false);
	stage_free(s);
}

static void test_quit_says_what_is_unsent(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "hello\r\003");
	expect_input(s, "1 not sent yet! Quit? y/n");
	vt_type(s->vt, "y");
	stage_expect_end(s, false);
	stage_free(s);
}

static void test_tab(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "b\t");
	expect_input(s, "> bob:");
	/* What there is to choose from has a row, until another key. */
	vt_type(s->vt, "\003/he\t");
	stage_expect_row(s, 22, "[/help] /held");
	vt_type(s->vt, "\t");
	stage_expect_row(s, 22, " /help [/held]");
	expect_input(s, "> /held");
	vt_type(s->vt, "\033[Z");
	stage_expect_row(s, 22, "[/help] /held");
	vt_type(s->vt, "x");
	expect_input(s, "> /help x");
	stage_expect_not(s, "[/help]");
	vt_type(s->vt, "\003/tr\t");
	expect_input(s, "> /trust");
	vt_type(s->vt, "a\t");
	expect_input(s, "> /trust alice");
	vt_type(s->vt, "\003zzz\t");
	/* No match: the bell rings and the input stays. */
	vt_type(s->vt, "!");
	expect_input(s, "> zzz!");
	assert_int_equal(s->vt->bells, 1);
	stage_free(s);
}

static void test_escape_is_a_key(void **state)
{
	struct stage *s = stage_in(&wide);
	int i;

	(void)state;
	for (i = 0; i < 60; i++)
		stage_message(s, "alice", "line");
	stage_sync(s);
	vt_type(s->vt, "\033[5~");
	stage_expect(s, "more below");
	vt_type(s->vt, "\033");
	stage_expect_not(s, "more below");
	stage_free(s);
}

/* Presses Ctrl-L and waits for the output. */
static void redraw(struct stage *s)
{
	vt_log_clear(s->vt);
	vt_type(s->vt, "\014");
	vt_log_wait(s->vt, 200);
	stage_sync(s);
}

static void test_redraw(void **state)
{
	struct stage *s = stage_in(&wide);
	static const char dirt[] =
	    "\033[5;1Hsomething else wrote here\033[9;9H###";
	char *before, *after;

	(void)state;
	before = vt_dump(s->vt);
	vterm_input_write(s->vt->term, dirt, sizeof(dirt) - 1);
	redraw(s);
	after = vt_dump(s->vt);
	assert_string_equal(before, after);
	free(before);
	free(after);
	stage_free(s);
}

/* After ten thousand random keys a full redraw changes nothing on the
 * screen. */
static void test_torture(void **state)
{
	static const char *const keys[] = {"a", " ", KANJI, "\033[A", "\033[B",
	    "\033[C", "\033[D", "\033[5~", "\033[6~", "\x01", "\x05", "\x0b",
	    "\x15", "\x17", "\x19", "\t", "\x7f", "\033b", "\033f", "\r",
	    "\014", "\033[200~x\ny\033[201~", "\033\r", "\033<", "\033>",
	    "\033[99~", "word ", "\xff", "\x14", "/h\t", "\022", "\023"};
	struct stage *s = stage_in(&wide);
	uint64_t rnd = 12345;
	char *before, *after;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		vt_type(s->vt, keys[check_random(&rnd) %
				    (sizeof(keys) / sizeof(keys[0]))]);
		if (i % 50 == 0)
			stage_message(s, "alice",
			    "\033[31mred " KANJI " and more of "
			    "it until it has to be wrapped somewhere at the "
			    "right");
		if (i % 400 == 0)
			vt_resize(s->vt, 5 + (int)(check_random(&rnd) % 40),
			    20 + (int)(check_random(&rnd) % 100));
		(void)stage_listen(s, 0);
		s->n_said = 0;
	}
	vt_resize(s->vt, 24, 80);
	vt_type(s->vt, "\007n\003\003nDONE");
	stage_expect_row(s, 23, "> DONE");
	stage_sync(s);
	before = vt_dump(s->vt);
	redraw(s);
	after = vt_dump(s->vt);
	assert_string_equal(before, after);
	free(before);
	free(after);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_typing),
	    cmocka_unit_test(test_editing_keys),
	    cmocka_unit_test(test_long_input_scrolls),
	    cmocka_unit_test(test_history),
	    cmocka_unit_test(test_paste_is_text),
	    cmocka_unit_test(test_paste_too_long),
	    cmocka_unit_test(test_commands),
	    cmocka_unit_test(test_quit),
	    cmocka_unit_test(test_ctrl_c_clears_then_asks),
	    cmocka_unit_test(test_quit_says_what_is_unsent),
	    cmocka_unit_test(test_tab),
	    cmocka_unit_test(test_escape_is_a_key),
	    cmocka_unit_test(test_redraw),
	    cmocka_unit_test(test_torture),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui keys", tests, NULL, NULL);
}
