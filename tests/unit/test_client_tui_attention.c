/* Unit tests for notifications (bell, OSC 9, title) to a user in another
 * window, and that no peer can inject anything into them. */
#include "client/ui/tui/attention.h"
#include "tests/unit/tui_stage.h"

#define FOCUS_OUT "\033[O"
#define FOCUS_IN  "\033[I"

/* --- the escape sequences ----------------------------------------------- */

static void test_title(void **state)
{
	char out[ATTENTION_MAX];

	(void)state;
	assert_int_equal(attention_title(out, 0, "lobby", false), 16);
	assert_string_equal(out, "lobby - conclave");
	attention_title(out, 12, "lobby", false);
	assert_string_equal(out, "(12) lobby - conclave");
	attention_title(out, 0, "", false);
	assert_string_equal(out, "conclave");
}

static void test_calls(void **state)
{
	static const struct {
		enum client_options_notify how;
		const char *bytes;
	} rows[] = {
	    {NOTIFY_NONE, ""},
	    {NOTIFY_BELL, "\a"},
	    {NOTIFY_OSC9, "\033]9;bob: hi; me\a"},
	    {NOTIFY_OSC777, "\033]777;notify;bob in conclave;hi; me\a"},
	};
	char out[ATTENTION_MAX];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = attention_call(out, rows[i].how, "bob", "hi; me", 6, false);
		assert_int_equal(n, strlen(rows[i].bytes));
		assert_memory_equal(out, rows[i].bytes, n);
	}
}

/* Every byte inside the sequence is visible text, whatever a peer sent. */
static void test_nothing_is_smuggled(void **state)
{
	static const char *const evil[] = {"\033\\\033]52;c;eA==\a", "\a",
	    "\x9c", "\xc2\x9c", "\xc2\x9d", "a\nb\rc", "\xe2\x80\xae", "\x7f",
	    "\xff\xfe", "\033[2J", "\x18\x1a"};
	char text[2000], out[ATTENTION_MAX];
	size_t i, k, n;
	int how, ascii;

	(void)state;
	for (i = 0; i < sizeof(evil) / sizeof(evil[0]); i++)
		for (how = NOTIFY_OSC9; how <= NOTIFY_OSC777; how++)
			for (ascii = 0; ascii < 2; ascii++) {
				n = attention_call(out,
				    (enum client_options_notify)how, evil[i], evil[i],
				    strlen(evil[i]), ascii);
				assert_true(n > 5);
				assert_int_equal(out[0], '\033');
				assert_int_equal(out[n - 1], '\a');
				for (k = 1; k < n - 1; k++) {
					assert_true(
					    (unsigned char)out[k] >= 0x20);
					assert_int_not_equal(out[k], 0x7f);
					if (ascii)
						assert_true(
						    (unsigned char)out[k] <
						    0x7f);
				}
				assert_null(memmem(out, n, "\xc2\x9c", 2));
				assert_null(memmem(out, n, "\xc2\x9d", 2));
				attention_title(out, 1, evil[i], ascii);
				assert_null(strpbrk(out, "\033\a\n\r\x7f"));
			}
	/* A long text is cut, but the sequence stays complete. */
	memset(text, 'x', sizeof(text));
	n = attention_call(out, NOTIFY_OSC9, "bob", text, sizeof(text), false);
	assert_true(n > 100 && n < 2 * ATTENTION_TEXT);
	assert_int_equal(out[n - 1], '\a');
}

/* --- here or away --------------------------------------------------------- */

static void test_here_or_away(void **state)
{
	struct attention a;

	(void)state;
	attention_init(&a);
	assert_true(attention_reads(&a, 1000));
	assert_false(attention_away(&a, 1000));
	/* The terminal reports no focus: only keys tell. */
	attention_key(&a, 1000);
	assert_true(attention_reads(&a, 60999));
	assert_false(attention_away(&a, 60999));
	assert_int_equal(attention_gone_ms(&a, 60999), 0);
	assert_false(attention_reads(&a, 61000));
	assert_true(attention_away(&a, 61000));
	assert_int_equal(attention_gone_ms(&a, 3661000), 3600000);
	attention_key(&a, 62000);
	assert_true(attention_reads(&a, 62001));
	/* It does: one reads without keys, but may still be called. */
	attention_focus(&a, false);
	assert_false(attention_reads(&a, 62001));
	assert_true(attention_away(&a, 62001));
	attention_focus(&a, true);
	assert_true(attention_reads(&a, 200000));
	assert_true(attention_away(&a, 200000));
	assert_int_equal(attention_gone_ms(&a, 200000), 0);
	/* Who types is here, whatever was reported last. */
	attention_focus(&a, false);
	attention_key(&a, 300000);
	assert_true(attention_reads(&a, 300000));
	assert_false(attention_away(&a, 300000));
}

/* --- on a screen ---------------------------------------------------------- */

static struct stage *stage(const char *term, enum client_options_notify how)
{
	const struct stage_opts o = {
	    .rows = 24, .cols = 80, .term = term, .title = true, .notify = how};

	return stage_in(&o);
}

static void look_away(struct stage *s)
{
	vt_type(s->vt, "x");
	stage_expect_row(s, 23, "> x");
	vt_type(s->vt, FOCUS_OUT);
	stage_sync(s);
	vt_log_clear(s->vt);
	s->vt->bells = 0;
}

static void test_bell_while_away(void **state)
{
	struct stage *s = stage(NULL, NOTIFY_BELL);

	(void)state;
	s->vt->bells = 0;
	stage_message(s, "alice", "me, look");
	stage_sync(s);
	assert_int_equal(s->vt->bells, 0); /* the window has the focus */
	look_away(s);
	stage_message(s, "alice", "some melody");
	stage_sync(s);
	assert_int_equal(s->vt->bells, 0); /* "me" inside a word is no
					      mention */
	stage_message(s, "alice", "well, ME?");
	stage_sync(s);
	assert_int_equal(s->vt->bells, 1);
	stage_expect_log(s, "\033]2;(1) lobby - conclave\a");
	/* A second bell within 2 s is suppressed, but counted. */
	stage_message(s, "alice", "me me me");
	stage_sync(s);
	assert_int_equal(s->vt->bells, 1);
	stage_expect_log(s, "\033]2;(2) lobby - conclave\a");
	vt_log_clear(s->vt);
	vt_type(s->vt, FOCUS_IN);
	stage_expect_log(s, "\033]2;lobby - conclave\a");
	stage_free(s);
}

static void missed(struct stage *s, int offset, const char *text)
{
	s->order.event.past = true;
	s->order.event.offset = (uint64_t)offset;
	s->order.event.id[0] = (uint8_t)offset;
	s->order.event.ts_ms = UINT64_C(1795005240000);
	stage_message(s, "alice", text);
}

static void all_missed(struct stage *s, int n, int newest)
{
	s->order.event.count = (uint64_t)n;
	s->order.event.offset = (uint64_t)newest;
	stage_event(s, EVENT_HISTORY, NULL, "");
	stage_sync(s);
}

/* Mentions that were missed are counted, each once, and ring together, once, when
 * all is read; what was said to others does not ring. */
static void test_missed_ring_once(void **state)
{
	struct stage *s = stage(NULL, NOTIFY_BELL);
	uint64_t end;
	int i;

	(void)state;
	look_away(s);
	for (i = 1; i < 4; i++)
		missed(s, i, "@me: come");
	missed(s, 4, "to others");
	stage_sync(s);
	assert_int_equal(s->vt->bells, 0);
	all_missed(s, 4, 4);
	assert_int_equal(s->vt->bells, 1);
	assert_true(vt_log_has(s->vt, "\033]2;(3) "));
	assert_false(vt_log_has(s->vt, "\033]2;(4) "));
	assert_non_null(strstr(vt_row(s->vt, 22), " 4 unread, 3 for you"));
	/* Later, when a bell could ring again, with nothing for the user. */
	for (end = stage_now() + 2100; stage_now() < end;)
		(void)stage_listen(s, 50);
	missed(s, 5, "to others again");
	all_missed(s, 1, 5);
	assert_int_equal(s->vt->bells, 1);
	stage_free(s);
}

static void test_scrolled_away_is_away(void **state)
{
	struct stage *s = stage(NULL, NOTIFY_BELL);
	int i;

	(void)state;
	for (i = 0; i < 60; i++)
		stage_message(s, "bob", "more");
	stage_sync(s);
	vt_type(s->vt, "\033[5~");
	stage_expect(s, "more below");
	s->vt->bells = 0;
	stage_message(s, "alice", "@me: here");
	stage_sync(s);
	assert_int_equal(s->vt->bells, 1);
	stage_free(s);
}

static void test_desktop(void **state)
{
	static const struct {
		enum client_options_notify how;
		const char *bytes;
	} rows[] = {
	    {NOTIFY_OSC9, "\033]9;alice: me"},
	    {NOTIFY_OSC777, "\033]777;notify;alice in conclave;me"},
	};
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		s = stage(NULL, rows[i].how);
		look_away(s);
		stage_message(s, "alice", "me\033]0;owned\a");
		stage_sync(s);
		assert_true(vt_log_has(s->vt, rows[i].bytes));
		assert_false(vt_log_has(s->vt, "\033]0;"));
		assert_int_equal(s->vt->bells, 0);
		stage_free(s);
	}
	s = stage(NULL, NOTIFY_NONE);
	look_away(s);
	stage_message(s, "alice", "me");
	stage_sync(s);
	assert_int_equal(s->vt->bells, 0);
	assert_false(vt_log_has(s->vt, "\033]9;"));
	assert_true(vt_log_has(s->vt, "\033]2;(1) "));
	stage_free(s);
}

/* --- the title is restored ---------------------------------------------- */

/* The title is pushed once on the terminal's stack, and popped once, after our
 * last title. */
static void expect_title_back(struct stage *s)
{
	const char *log, *last = NULL, *p;

	vt_read(s->vt, 0);
	assert_int_equal(buf_u8(&s->vt->log, 0), 0);
	log = (const char *)s->vt->log.p;
	p = strstr(log, TITLE_PUSH);
	assert_non_null(p);
	assert_null(strstr(p + 1, TITLE_PUSH));
	for (p = log; (p = strstr(p, "\033]2;")) != NULL; p++)
		last = p;
	assert_non_null(last);
	assert_true(last > strstr(log, TITLE_PUSH));
	p = strstr(log, TITLE_POP);
	assert_non_null(p);
	assert_true(p > last);
	assert_null(strstr(p + 1, TITLE_POP));
}

static void test_title_comes_back(void **state)
{
	static const enum order_what ends[] = {
	    ORDER_CLOSE, ORDER_EXIT, ORDER_ABORT};
	static const int sigs[] = {SIGTERM, SIGHUP, SIGSEGV};
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < 6; i++) {
		s = stage(i % 2 ? "tmux-256color" : NULL, NOTIFY_BELL);
		if (i < 3)
			stage_send(s, ends[i]);
		else
			kill(s->vt->pid, sigs[i - 3]);
		vt_wait_exit(s->vt);
		expect_title_back(s);
		stage_free(s);
	}
}

/* No title is sent to a terminal without one, or with the option off. */
static void test_no_title(void **state)
{
	static const char *const terms[] = {"linux", "vt100", "screen", NULL};
	struct stage_opts o = {.rows = 24, .cols = 80, .title = true};
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		o.term = terms[i];
		o.title = terms[i] != NULL;
		s = stage_in(&o);
		stage_send(s, ORDER_CLOSE);
		vt_wait_exit(s->vt);
		assert_false(vt_log_has(s->vt, "\033]"));
		assert_false(vt_log_has(s->vt, TITLE_PUSH));
		assert_false(vt_log_has(s->vt, TITLE_POP));
		stage_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_title),
	    cmocka_unit_test(test_calls),
	    cmocka_unit_test(test_here_or_away),
	    cmocka_unit_test(test_nothing_is_smuggled),
	    cmocka_unit_test(test_bell_while_away),
	    cmocka_unit_test(test_missed_ring_once),
	    cmocka_unit_test(test_scrolled_away_is_away),
	    cmocka_unit_test(test_desktop),
	    cmocka_unit_test(test_title_comes_back),
	    cmocka_unit_test(test_no_title),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui attention", tests, NULL, NULL);
}
