/* Unit tests for the question of a first visit in the full-screen user
 * interface: it is shown in every window, only a whole answer answers it, and
 * nothing is said before a yes. */
#include "shared/crypto/safety.h"
#include "tests/unit/tui_stage.h"

static const char *const nobody_else[] = {NULL};

/* Of the stage's server. */
static const char *code(void)
{
	static char text[SAFETY_LEN + 1];
	uint8_t server[WIRE_HASH];

	memset(server, 9, sizeof(server));
	assert_int_equal(safety_server_code(text, server), 0);
	return text;
}

static void prove(struct stage *s)
{
	s->order.room.server_proved = true;
	stage_room(s, 7, nobody_else);
	stage_sync(s);
}

/* The server has not proved its key yet. */
static struct stage *stage_before(int rows, int cols)
{
	const struct stage_opts o = {
	    .rows = rows, .cols = cols, .first_visit = true};
	struct stage *s = stage_new(&o);

	stage_room(s, 7, nobody_else);
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
	stage_sync(s);
	return s;
}

static struct stage *stage_asked(int rows, int cols)
{
	struct stage *s = stage_before(rows, cols);

	prove(s);
	return s;
}

/* The last rows of the window are these, above them is the status line, and the
 * cursor is at the end of the last one. */
static void expect_rows(struct stage *s, const char *const *rows, int n)
{
	const char *last = rows[n - 1];
	int i, top = s->vt->rows - n;

	for (i = 0; i < n; i++)
		if (strcmp(vt_row(s->vt, top + i), rows[i]) != 0)
			fail_msg("row %d is not \"%s\":\n%s", i, rows[i],
			    vt_dump(s->vt));
	assert_non_null(strstr(vt_row(s->vt, top - 1), " server "));
	assert_int_equal(vt_cursor(s->vt).row, s->vt->rows - 1);
	assert_int_equal(vt_cursor(s->vt).col, strlen(last) + 1);
}

/* --- the question --------------------------------------------------------- */

static void expect_full(struct stage *s)
{
	char first[64], second[64];
	const char *rows[] = {
	    "This is your first visit to chat.example:2528.",
	    "Compare this code with the one that conclaved printed at its "
	    "start, or call",
	    "the server's owner and compare it:",
	    first,
	    second,
	    "y: it is the same. The key is kept, and any other key is refused "
	    "from now on.",
	    "   A yes without comparing trusts whoever answers now.",
	    "n: it differs, or you cannot tell. You leave, and no key is kept.",
	    "Same code? y/n",
	};

	snprintf(first, sizeof(first), "  %.35s", code());
	snprintf(second, sizeof(second), "  %s", code() + 36);
	expect_rows(s, rows, 9);
}

static void expect_brief(struct stage *s)
{
	char first[64], second[64];
	const char *rows[] = {
	    "First visit. Does conclaved show this?",
	    first,
	    second,
	    "y: yes; keep this key, refuse others",
	    "n: no, or unsure; leave, keep nothing",
	    "Same code? y/n",
	};

	snprintf(first, sizeof(first), "  %.35s", code());
	snprintf(second, sizeof(second), "  %s", code() + 36);
	/* The lowest window with the code does without the first row. */
	if (s->vt->rows < 8)
		expect_rows(s, rows + 1, 5);
	else
		expect_rows(s, rows, 6);
}

/* No part of the code without the rest. */
static void expect_too_small(struct stage *s)
{
	static const char *const rows[] = {
	    "Enlarge this window",
	    "to see the code.",
	    "n: leave",
	};

	expect_rows(s, rows, 3);
}

static const struct size {
	int rows, cols;
	void (*expect)(struct stage *s);
	bool code; /* is in sight */
} sizes[] = {
    {30, 100, expect_full, true},
    {24, 80, expect_full, true},
    {10, 40, expect_brief, true},
    {16, 80, expect_full, true},
    {15, 100, expect_brief, true},
    {7, 40, expect_brief, true},
    {6, 40, expect_too_small, false},
    {5, 100, expect_too_small, false},
    {6, 20, expect_too_small, false},
};
enum { N_SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static void test_every_window(void **state)
{
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < N_SIZES; i++) {
		s = stage_before(sizes[i].rows, sizes[i].cols);
		assert_int_equal(vt_find(s->vt, "y/n"), -1);
		assert_int_equal(vt_find(s->vt, "Enlarge"), -1);
		prove(s);
		sizes[i].expect(s);
		/* What is said in the room does not push it away. */
		stage_message(s, "bob", "hello");
		stage_message(s, "bob", "are you there?");
		stage_sync(s);
		sizes[i].expect(s);
		stage_free(s);
	}
	/* From window to window, with a part of an answer typed. */
	s = stage_asked(sizes[0].rows, sizes[0].cols);
	vt_type(s->vt, "x\177");
	for (i = 0; i < N_SIZES; i++) {
		vt_resize(s->vt, sizes[i].rows, sizes[i].cols);
		stage_sync(s);
		sizes[i].expect(s);
	}
	stage_free(s);
}

/* A narrow window breaks the rows at blanks, and the whole code is there. */
static void test_narrow(void **state)
{
	struct stage *s = stage_asked(14, 24);
	char want[8];
	size_t i;

	(void)state;
	for (i = 0; i < SAFETY_LEN; i += 6) {
		snprintf(want, sizeof(want), "%.5s", code() + i);
		assert_true(vt_find(s->vt, want) > 0);
	}
	assert_string_equal(vt_row(s->vt, 13), "Same code? y/n");
	stage_free(s);
}

/* Only a server that nothing pins is asked about. */
static void test_no_question(void **state)
{
	static const struct stage_opts o = {.rows = 24, .cols = 80};
	struct stage *s = stage_in(&o);

	(void)state;
	prove(s);
	assert_int_equal(vt_find(s->vt, "y/n"), -1);
	vt_type(s->vt, "hello\r");
	stage_expect_said(s, "hello", false);
	stage_free(s);
}

/* --- answers -------------------------------------------------------------- */

static void expect_silence(struct stage *s)
{
	stage_sync(s);
	assert_int_equal(s->n_said, 0);
	assert_int_equal(s->n_ends, 0);
	assert_int_equal(s->n_refused, 0);
}

/* What was typed too early is kept in the line, or is no answer. */
static void test_yes(void **state)
{
	static const char *const answers[] = {"y", "YES", " y ", "Y", "yes"};
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < N_SIZES; i++) {
		if (!sizes[i].code)
			continue;
		s = stage_before(sizes[i].rows, sizes[i].cols);
		vt_type(s->vt, "early\r");
		stage_expect(s, "not sent: wait");
		expect_silence(s);
		prove(s);
		vt_type(s->vt,
		    "\rhello\ryesterday\ryn\r/quit\r\033[200~y\r\033[201~\r");
		expect_silence(s);
		sizes[i].expect(s);
		vt_type(s->vt, answers[i % 5]);
		expect_silence(s);
		assert_true(vt_find(s->vt, "y/n") > 0);
		vt_type(s->vt, "\r");
		stage_expect(s, "the server's key is kept");
		expect_silence(s);
		assert_int_equal(vt_find(s->vt, "Same code?"), -1);
		assert_string_equal(
		    vt_row(s->vt, sizes[i].rows - 1), "> early");
		vt_type(s->vt, "\025later\r");
		stage_expect_said(s, "later", false);
		prove(s); /* asked once */
		vt_type(s->vt, "again\r");
		stage_expect_said(s, "again", false);
		expect_silence(s);
		stage_free(s);
	}
}

static void test_no(void **state)
{
	static const char *const answers[] = {
	    "n\r", "No\r", "N\r", "\003", "\004", "yes\177\177\177no\r"};
	struct stage *s;
	size_t i, a;

	(void)state;
	for (i = 0; i < N_SIZES; i++)
		for (a = 0; a < sizeof(answers) / sizeof(answers[0]); a++) {
			s = stage_before(sizes[i].rows, sizes[i].cols);
			vt_type(s->vt, "early\r");
			expect_silence(s);
			prove(s);
			vt_type(s->vt, answers[a]);
			/* Too late for another answer, or a message. */
			vt_type(s->vt, "y\rlate\r\r");
			stage_sync(s);
			assert_int_equal(s->n_refused, 1);
			assert_int_equal(s->n_said, 0);
			assert_int_equal(s->n_ends, 0);
			assert_int_equal(vt_find(s->vt, "is kept"), -1);
			vt_type(s->vt, "\003"); /* impatient */
			stage_expect_end(s, false);
			stage_free(s);
		}
}

/* Nobody accepts a code that is not in sight. */
static void test_no_yes_without_the_code(void **state)
{
	static const int tiny[][2] = {{4, 80}, {40, 19}, {1, 1}};
	struct stage *s = stage_asked(24, 80);
	size_t i;

	(void)state;
	for (i = 0; i < N_SIZES; i++) {
		if (sizes[i].code)
			continue;
		vt_resize(s->vt, sizes[i].rows, sizes[i].cols);
		stage_sync(s);
		vt_type(s->vt, "y\ryes\r");
		expect_silence(s);
		sizes[i].expect(s);
	}
	/* Below 20x5 nothing is drawn at all. */
	for (i = 0; i < 3; i++) {
		vt_resize(s->vt, tiny[i][0], tiny[i][1]);
		stage_sync(s);
		vt_type(s->vt, "y\r");
		expect_silence(s);
	}
	vt_resize(s->vt, 24, 80);
	stage_sync(s);
	expect_full(s);
	vt_type(s->vt, "y\r");
	stage_expect(s, "the server's key is kept");
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_window),
	    cmocka_unit_test(test_narrow),
	    cmocka_unit_test(test_no_question),
	    cmocka_unit_test(test_yes),
	    cmocka_unit_test(test_no),
	    cmocka_unit_test(test_no_yes_without_the_code),
	};

	return cmocka_run_group_tests_name("tui_visit", tests, NULL, NULL);
}
