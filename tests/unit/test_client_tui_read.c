/* Unit tests for reading: the position, the unread marker, bidirectional text,
 * multi-line input, and the cost of all that. */
#include <dlfcn.h>

#include "tests/unit/tui_stage.h"

#define HEBREW "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"
#define LRM    0x200e
#define MARK   " unread since 12:34 \xe2\x94\x80"

static const struct stage_opts wide = {.rows = 24, .cols = 80};
static const struct stage_opts narrow = {.rows = 10, .cols = 40};

/* The number of drawn frames and their times; shared with the child. */
enum { FRAMES_MAX = 4096 };
struct frames {
	volatile size_t n;
	volatile uint64_t ms[FRAMES_MAX];
	volatile size_t n_keys, late; /* keys; those with a late frame */
};
static struct frames *frames;

/* How long a key may wait for its frame, counted from when the client could
 * read it. The time that the machine takes to wake the client, or the test,
 * does not count. */
enum { KEY_MS = 12 };

/* Replaces the library's function, through which all drawing goes. */
int wrefresh(void *win);
int wrefresh(void *win)
{
	int (*real)(void *);

	*(void **)&real = dlsym(RTLD_NEXT, "wrefresh");
	if (frames != NULL && frames->n < FRAMES_MAX)
		frames->ms[frames->n++] = stage_now();
	if (frames != NULL && stage_session.key_ms != 0) {
		frames->n_keys++;
		frames->late += stage_now() - stage_session.key_ms > KEY_MS;
	}
	stage_session.key_ms = 0;
	return real(win);
}

static void say_lines(struct stage *s, int from, int to)
{
	char text[40];

	for (; from < to; from++) {
		snprintf(text, sizeof(text), "line %d", from);
		stage_message(s, "alice", text);
	}
}

static void type_expect(struct stage *s, const char *k, const char *text)
{
	vt_type(s->vt, k);
	stage_expect(s, text);
	stage_sync(s);
}

/* Returns the chat area's rows of a window of 80 columns, as one text. */
static char *chat(struct stage *s, int rows)
{
	size_t n;
	char *out = NULL;
	FILE *f = open_memstream(&out, &n);
	int i;

	for (i = 0; i < rows; i++)
		fprintf(f, "%s\n", vt_cols(s->vt, i, 0, 50));
	fclose(f);
	return out;
}

static void expect_same(struct stage *s, char *before, int rows)
{
	char *after = chat(s, rows);

	assert_string_equal(after, before);
	free(after);
}

/* --- the reading position ------------------------------------------------- */

/* While scrolled back by a row or a page, no cell moves: not for a message, nor
 * a person with a long name, nor the unread marker. */
static void stays(const struct stage_opts *o, const char *k, int rows)
{
	static const char *const more[] = {
	    "alice", "bob", "averyveryverylongname", NULL};
	struct stage *s = stage_in(o);
	char *before;

	stage_message(s, "bob",
	    "a message that fills its row up to the names at "
	    "the right, and would need another if these took more columns than "
	    "they do, or be cut");
	say_lines(s, 0, 60);
	stage_sync(s);
	type_expect(s, k, " below");
	before = chat(s, rows);
	say_lines(s, 60, 63);
	stage_sync(s);
	expect_same(s, before, rows);
	assert_true(vt_find(s->vt, "line 62") == rows + o->rows - 3 - rows);
	stage_room(s, 8, more);
	stage_event(s, EVENT_JOIN, more[2], NULL);
	stage_event(s, EVENT_EPOCH, NULL, "join");
	stage_sync(s);
	expect_same(s, before, rows);
	vt_type(s->vt, "\033[O");
	say_lines(s, 63, 90);
	stage_sync(s);
	expect_same(s, before, rows);
	vt_type(s->vt, "\033[I");
	stage_sync(s);
	expect_same(s, before, rows);
	free(before);
	stage_free(s);
}

static void test_place_holds(void **state)
{
	static const struct stage_opts low = {.rows = 5, .cols = 20};

	(void)state;
	stays(&wide, "\033[5~", 18);
	stays(&wide, "\033[1;2A", 18);
	stays(&wide, "\033<", 18);
	stays(&narrow, "\033[5~", 5);
	stays(&low, "\033[5~", 1);
}

/* The rule shows the count, and the newest lines stay below it at any size. */
static void test_rule_and_tail(void **state)
{
	static const struct {
		int rows, rule, tail;
	} t[] = {{24, 18, 3}, {14, 8, 3}, {10, 5, 2}, {9, 4, 2}, {8, 4, 1},
	    {5, 1, 1}};
	struct stage_opts o = {.cols = 59};
	struct stage *s;
	char text[40];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		o.rows = t[i].rows;
		s = stage_in(&o);
		say_lines(s, 0, 60);
		stage_sync(s);
		type_expect(s, "\033[5~\033[5~", " below");
		say_lines(s, 60, 100);
		stage_sync(s);
		assert_int_equal(vt_find(s->vt, " more below"), t[i].rule);
		assert_int_equal(vt_find(s->vt, "line 99"), t[i].rows - 3);
		snprintf(text, sizeof(text), "line %d", 100 - t[i].tail);
		assert_int_equal(vt_find(s->vt, text) >= t[i].rule, 1);
		/* The count is the number of lines after the last one read. */
		snprintf(text, sizeof(text), " %d more below",
		    99 - atoi(strstr(vt_row(s->vt, t[i].rule - 1), "line ") +
			      5));
		assert_int_equal(vt_find(s->vt, text), t[i].rule);
		stage_free(s);
	}
}

/* A room with few lines has nothing to scroll back to: new lines are shown. */
static void test_few_lines_follow(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	vt_type(s->vt, "\033<\033[5~");
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, "below"), -1);
	say_lines(s, 0, 40);
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, "below"), -1);
	assert_int_equal(vt_find(s->vt, "line 39"), 21);
	stage_free(s);
}

/* --- the unread marker ---------------------------------------------------- */

static void test_marker_at_focus(void **state)
{
	struct stage *s = stage_in(&wide);
	int row;

	(void)state;
	assert_true(vt_log_has(s->vt, "\033[?1004h"));
	say_lines(s, 0, 3);
	stage_sync(s);
	vt_type(s->vt, "\033[O");
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, MARK), -1); /* nothing is unread yet */
	stage_event(s, EVENT_JOIN, "carol", NULL);
	say_lines(s, 3, 6);
	stage_message(s, "bob", "ask Me.");
	stage_sync(s);
	row = vt_find(s->vt, MARK);
	assert_int_equal(row, vt_find(s->vt, "line 2") + 1);
	assert_non_null(strstr(vt_row(s->vt, 22), "4 unread, 1 for you"));
	/* Focus returns: the marker stays while the new lines are read. */
	vt_type(s->vt, "\033[I");
	stage_sync(s);
	assert_null(strstr(vt_row(s->vt, 22), "unread"));
	say_lines(s, 6, 9);
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, MARK), vt_find(s->vt, "line 2") + 1);
	/* Focus is lost, nothing new: it is still there. Then it moves. */
	vt_type(s->vt, "\033[O\033[I\033[O");
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, MARK), vt_find(s->vt, "line 2") + 1);
	say_lines(s, 9, 10);
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, MARK), vt_find(s->vt, "line 8") + 1);
	stage_free(s);
}

static void test_marker_at_scroll(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	say_lines(s, 0, 60);
	stage_sync(s);
	type_expect(s, "\033[5~", " below");
	assert_int_equal(vt_find(s->vt, MARK), -1);
	say_lines(s, 60, 90);
	stage_sync(s);
	assert_non_null(strstr(vt_row(s->vt, 22), "30 unread"));
	type_expect(s, "\033u", MARK);
	assert_int_equal(vt_find(s->vt, MARK), vt_find(s->vt, "line 59") + 1);
	assert_int_equal(vt_find(s->vt, MARK) + 1, vt_find(s->vt, "line 60"));
	vt_type(s->vt, "\033>");
	stage_expect_not(s, "below");
	stage_sync(s);
	assert_null(strstr(vt_row(s->vt, 22), "unread"));
	/* Scrolling back to read does not move the marker. */
	type_expect(s, "\033[5~", MARK);
	assert_int_equal(vt_find(s->vt, MARK) + 1, vt_find(s->vt, "line 60"));
	vt_resize(s->vt, 10, 40);
	stage_sync(s);
	vt_resize(s->vt, 24, 80);
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, MARK) + 1, vt_find(s->vt, "line 60"));
	stage_free(s);
}

static void test_jump_to_mention(void **state)
{
	struct stage *s = stage_in(&wide);
	int bells;

	(void)state;
	stage_message(s, "bob", "first for me");
	say_lines(s, 0, 50);
	stage_sync(s);
	vt_type(s->vt, "\033[O");
	stage_sync(s);
	say_lines(s, 50, 100);
	stage_message(s, "bob", "second, @me!");
	say_lines(s, 100, 150);
	stage_message(s, "bob", "third for ME");
	stage_message(s, "bob", "meme some.me me-too: none");
	say_lines(s, 150, 200);
	stage_sync(s);
	vt_type(s->vt, "\033[I");
	stage_sync(s);
	type_expect(s, "\033n", "second, @me");
	assert_int_equal(vt_find(s->vt, "first"), -1);
	type_expect(s, "\033n", "third for ME");
	assert_true(
	    vt_cell(s->vt, vt_find(s->vt, "third for ME"), 7).attrs.reverse);
	bells = s->vt->bells;
	vt_type(s->vt, "\033n");
	stage_sync(s);
	vt_read(s->vt, 50);
	assert_int_equal(s->vt->bells, bells + 1);
	type_expect(s, "\033p", "second, @me");
	type_expect(s, "\033p", "first for me");
	stage_free(s);
}

/* --- width ---------------------------------------------------------------- */

static bool has_wall(struct stage *s, int row, int col)
{
	VTermScreenCell c = vt_cell(s->vt, row, col);

	return c.chars[0] != 0 && c.chars[1] == LRM && c.width == 1;
}

/* Every row of right-to-left text is wrapped in direction marks; other rows
 * have none. */
static void test_right_to_left(void **state)
{
	struct stage *s = stage_in(&wide);
	char text[600] = "";
	int i, row;

	(void)state;
	for (i = 0; i < 30; i++)
		strcat(text, HEBREW " ");
	stage_message(s, "alice", text);
	stage_message(s, "bob", "12 \xd9\xa1\xd9\xa2");
	stage_message(s, "bob", "nothing of it \xc3\xa9");
	stage_sync(s);
	row = vt_find(s->vt, "       alice ");
	for (i = row; i < 21; i++) {
		assert_true(has_wall(s, i, 15));
		assert_true(has_wall(s, i, 71));
	}
	assert_false(has_wall(s, 21, 15));
	assert_false(has_wall(s, 21, 71));
	vt_type(s->vt, HEBREW);
	stage_expect(s, HEBREW);
	stage_sync(s);
	assert_true(has_wall(s, 23, 1));
	stage_free(s);
}

/* --- writing -------------------------------------------------------------- */

static void test_compose(void **state)
{
	struct stage *s = stage_in(&wide);

	(void)state;
	say_lines(s, 0, 40);
	vt_type(s->vt, "one\033\rtwo\033\rthree");
	stage_expect_row(s, 23, "  three");
	stage_sync(s);
	assert_string_equal(vt_row(s->vt, 21), "> one");
	assert_string_equal(vt_row(s->vt, 22), "  two");
	assert_non_null(strstr(vt_row(s->vt, 20), "verified 1 of 2"));
	assert_int_equal(vt_find(s->vt, "line 39"), 19);
	assert_int_equal(vt_cursor(s->vt).row, 23);
	assert_int_equal(vt_cursor(s->vt).col, 7);
	vt_type(s->vt, "\033[A\033[A!");
	stage_expect_row(s, 21, "> one!");
	vt_type(s->vt, "\033[B?");
	stage_expect_row(s, 22, "  two?");
	vt_type(s->vt, "\r");
	stage_expect_said(s, "one!\ntwo?\nthree", false);
	stage_expect_row(s, 23, ">");
	stage_expect(s, "me       one!");
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, "me       one!"), 19);
	assert_int_equal(vt_find(s->vt, "two?"), 20);
	assert_int_equal(vt_find(s->vt, "three"), 21);
	stage_free(s);
}

/* Input taller than a third of the window shows the part around the cursor,
 * with marks where there is more. */
static void test_compose_long(void **state)
{
	struct stage *s = stage_in(&wide);
	char line[20];
	int i;

	(void)state;
	for (i = 0; i < 30; i++) {
		snprintf(line, sizeof(line), "%sw%d", i ? "\033\r" : "", i);
		vt_type(s->vt, line);
	}
	stage_expect_row(s, 23, "  w29");
	stage_sync(s);
	assert_string_equal(vt_row(s->vt, 16), "^ w22");
	for (i = 0; i < 15; i++)
		vt_type(s->vt, "\033[A");
	stage_expect_row(s, 20, "  w14");
	stage_sync(s);
	assert_int_equal(vt_cursor(s->vt).row, 20);
	assert_string_equal(vt_row(s->vt, 16), "^ w10");
	assert_string_equal(vt_row(s->vt, 23), "v w17");
	stage_free(s);
}

/* --- cost ----------------------------------------------------------------- */

/* CPU time of the child so far. */
static uint64_t cpu_us(struct stage *s)
{
	struct timespec t;
	clockid_t c;

	if (clock_getcpuclockid(s->vt->pid, &c) != 0 ||
	    clock_gettime(c, &t) != 0)
		fail_msg("no clock of the child");
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void crowd(struct stage *s)
{
	s->order.event.count = 10000;
	stage_send(s, ORDER_CROWD);
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
	stage_sync(s);
	stage_expect(s, "member19");
	assert_non_null(strstr(vt_row(s->vt, 21), "+9979"));
}

/* ThreadSanitizer runs its own thread, which is not idle. */
#if defined(__SANITIZE_THREAD__)
enum { CPU_PERCENT = 60, IDLE_US = 100000 };
#elif defined(__SANITIZE_ADDRESS__)
enum { CPU_PERCENT = 60, IDLE_US = 0 };
#else
enum { CPU_PERCENT = 10, IDLE_US = 0 };
#endif

/* 10,000 people, 200 lines/s, and people joining and leaving: the client only
 * looks at people who have a row (the others' memory is not readable), and uses
 * less than a tenth of a core. */
static void test_crowd(void **state)
{
	struct stage *s = stage_in(&wide);
	uint64_t begin, before, used, took;
	char text[100], name[20];
	int i;

	(void)state;
	crowd(s);
	before = cpu_us(s);
	begin = stage_now();
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "member%d", i * 37 % 10000);
		snprintf(text, sizeof(text),
		    "line %d of a busy room, as long as "
		    "such lines are: %d words",
		    i, i * 7 % 100);
		stage_message(s, name, text);
		if (i % 10 == 0) {
			stage_event(s, i % 20 ? EVENT_JOIN : EVENT_LEAVE, name,
			    "leave");
			stage_event(s, EVENT_EPOCH, NULL, "leave");
		}
		while (stage_now() < begin + (uint64_t)i * 5)
			vt_read(s->vt, 1);
	}
	stage_sync(s);
	used = cpu_us(s) - before;
	took = (stage_now() - begin) * 1000;
	if (used * 100 > took * CPU_PERCENT)
		fail_msg("%llu us of %llu", (unsigned long long)used,
		    (unsigned long long)took);
	stage_free(s);
}

/* At most 60 frames in any second, whatever arrives, and a key gets its frame
 * at once. */
static void test_frames(void **state)
{
	struct stage *s;
	uint64_t begin, end;
	char text[40];
	size_t i, k;

	(void)state;
	frames = mmap(NULL, sizeof(*frames), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(frames != MAP_FAILED);
	s = stage_in(&wide);
	begin = stage_now();
	for (i = 0; i < 1500; i++) {
		snprintf(text, sizeof(text), "%zu", i);
		stage_message(s, "alice", text);
		vt_type(s->vt, i % 2 ? "x" : "\x7f");
		while (stage_now() < begin + i)
			vt_read(s->vt, 1);
	}
	stage_sync(s);
	assert_in_range(frames->n, 20, FRAMES_MAX - 1);
	for (i = 0; i + 60 < frames->n; i++)
		if (frames->ms[i + 60] - frames->ms[i] < 999)
			fail_msg("sixty frames in %d ms",
			    (int)(frames->ms[i + 60] - frames->ms[i]));
	/* A key now and then, while messages keep arriving. */
	vt_read(s->vt, 400);
	stage_sync(s);
	frames->n_keys = frames->late = 0;
	for (k = 0; k < 20; k++) {
		for (i = 0; i < 10; i++) {
			stage_message(s, "bob", "busy");
			vt_read(s->vt, 5);
		}
		text[0] = (char)('A' + k);
		end = stage_now() + VT_WAIT_MS;
		vt_type_n(s->vt, text, 1);
		while (strchr(vt_row(s->vt, 23), text[0]) == NULL &&
		       stage_now() < end)
			vt_read(s->vt, 1);
	}
	stage_sync(s);
	assert_in_range(frames->n_keys, 10, 20);
	assert_in_range(frames->late, 0, 4);
	stage_free(s);
	munmap(frames, sizeof(*frames));
	frames = NULL;
}

/* When nothing happens, the client uses no CPU time at all. */
static void test_idle(void **state)
{
	struct stage *s = stage_in(&wide);
	uint64_t before, used = IDLE_US + 1, end = stage_now() + VT_WAIT_MS;

	(void)state;
	crowd(s);
	assert_true(s->sleeps_ms == UINT64_MAX);
	vt_log_clear(s->vt);
	/* On a busy machine it may take long to go to sleep. */
	while (used > IDLE_US && stage_now() < end) {
		before = cpu_us(s);
		vt_read(s->vt, 1200);
		used = cpu_us(s) - before;
	}
	assert_int_equal(s->vt->log.len, 0);
	assert_in_range(used, 0, IDLE_US);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_place_holds),
	    cmocka_unit_test(test_rule_and_tail),
	    cmocka_unit_test(test_few_lines_follow),
	    cmocka_unit_test(test_marker_at_focus),
	    cmocka_unit_test(test_marker_at_scroll),
	    cmocka_unit_test(test_jump_to_mention),
	    cmocka_unit_test(test_right_to_left),
	    cmocka_unit_test(test_compose),
	    cmocka_unit_test(test_compose_long),
	    cmocka_unit_test(test_crowd),
	    cmocka_unit_test(test_frames),
	    cmocka_unit_test(test_idle),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui reading", tests, NULL, NULL);
}
