/* Unit tests for the full-screen user interface and its terminal: which
 * terminals it accepts, what it sends, and the state it leaves. */
#include <fcntl.h>
#include <ftw.h>

#include "tests/unit/tui_stage.h"

#define KANJI "\xe6\xbc\xa2\xe5\xad\x97"

static const struct stage_opts wide = {.rows = 24, .cols = 80};

/* The input line of 24 rows. */
static void expect_input(struct stage *s, const char *text)
{
	stage_expect_row(s, 23, text);
}

/* --- the terminal's state afterwards ------------------------------------ */

static void expect_restored(struct stage *s)
{
	struct termios t;

	vt_read(s->vt, 0);
	vt_modes(s->vt, &t);
	assert_true(t.c_lflag & ECHO);
	assert_true(t.c_lflag & ICANON);
	assert_true(t.c_lflag & ISIG);
	assert_true(t.c_iflag & ICRNL);
	assert_false(s->vt->alt);
	assert_true(s->vt->cursor);
	assert_string_equal(vt_row(s->vt, 0), "before");
	/* The last mode set for bracketed paste is "off". */
	assert_true(vt_log_has(s->vt, "\033[?2004l"));
	assert_int_equal(buf_u8(&s->vt->log, 0), 0);
	assert_null(
	    strstr(strstr((char *)s->vt->log.p, "\033[?2004l"), "\033[?2004h"));
}

static struct stage *stage_taken(void)
{
	struct stage_opts o = wide;
	struct stage *s;
	struct termios t;

	o.color = true;
	s = stage_in(&o);
	vt_modes(s->vt, &t);
	assert_false(t.c_lflag & ECHO);
	assert_false(t.c_lflag & ICANON);
	assert_true(s->vt->alt);
	return s;
}

static void test_restored_by_close(void **state)
{
	struct stage *s = stage_taken();

	(void)state;
	stage_send(s, ORDER_CLOSE);
	vt_wait_exit(s->vt);
	assert_true(WIFEXITED(s->vt->status));
	assert_int_equal(WEXITSTATUS(s->vt->status), 0);
	expect_restored(s);
	stage_free(s);
}

static void test_restored_by_exit(void **state)
{
	struct stage *s = stage_taken();

	(void)state;
	stage_send(s, ORDER_EXIT);
	vt_wait_exit(s->vt);
	assert_int_equal(WEXITSTATUS(s->vt->status), 3);
	expect_restored(s);
	stage_free(s);
}

/* The terminal is restored, then the signal takes its default action. */
static void test_restored_after_signal(void **state)
{
	static const int sigs[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
	    SIGTERM, SIGHUP, SIGINT, SIGQUIT};
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		s = stage_taken();
		kill(s->vt->pid, sigs[i]);
		vt_wait_exit(s->vt);
		/* Sanitizers turn some signals into an exit of their own. */
		assert_true(WIFSIGNALED(s->vt->status)
				? WTERMSIG(s->vt->status) == sigs[i]
				: WEXITSTATUS(s->vt->status) != 0);
		expect_restored(s);
		stage_free(s);
	}
}

static void test_restored_after_crash(void **state)
{
	static const enum order_what crashes[] = {ORDER_ABORT, ORDER_OVERFLOW};
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		s = stage_taken();
		stage_send(s, crashes[i]);
		vt_wait_exit(s->vt);
		assert_true(WIFSIGNALED(s->vt->status) ||
			    WEXITSTATUS(s->vt->status) != 0);
		expect_restored(s);
		stage_free(s);
	}
}

/* The window is closed and SIGHUP is ignored: the client asks for the end once,
 * and the dead terminal does not make it spin. */
static void test_terminal_gone(void **state)
{
	static const struct stage_opts o = {
	    .rows = 24, .cols = 80, .no_hangup = true};
	struct stage *s = stage_in(&o);
	uint64_t end = stage_now() + VT_WAIT_MS;

	(void)state;
	close(s->vt->master);
	s->vt->master = open("/dev/null", O_RDWR | O_CLOEXEC);
	stage_expect_end(s, false);
	s->sleeps_ms = 0;
	stage_send(s, ORDER_SYNC);
	while (!stage_listen(s, 50))
		assert_true(stage_now() < end);
	assert_true(s->sleeps_ms > 1000);
	assert_int_equal(s->n_ends, 0);
	stage_free(s);
}

static void test_ctrl_z(void **state)
{
	static const struct stage_opts o = {
	    .rows = 24, .cols = 80, .is_shell = true};
	struct stage *s = stage_in(&o);
	struct termios t;
	int round;

	(void)state;
	vt_type(s->vt, "kept");
	expect_input(s, "> kept");
	for (round = 0; round < 2; round++) {
		vt_type(s->vt, "\032");
		/* Numbered, because the ordinary screen still shows the
		 * previous one. */
		vt_expect(s->vt,
		    round == 0 ? "stopped 1 with echo" : "stopped 2 with echo");
		assert_false(s->vt->alt);
		vt_modes(s->vt, &t);
		assert_true(t.c_lflag & ICANON);
		/* The window is resized while the client is stopped. */
		vt_resize(s->vt, 24, round == 0 ? 70 : 80);
		vt_type(s->vt, "\n");
		expect_input(s, "> kept");
		assert_true(s->vt->alt);
		vt_modes(s->vt, &t);
		assert_false(t.c_lflag & ICANON);
		assert_false(t.c_lflag & ECHO);
		stage_sync(s);
		assert_true(vt_find(s->vt, "you are in lobby") >= 0);
		assert_int_equal(vt_find(s->vt, "stopped"), -1);
	}
	stage_free(s);
}

/* The shell sets its own title while the client is stopped. */
static void test_title_and_ctrl_z(void **state)
{
	static const struct stage_opts o = {
	    .rows = 24, .cols = 80, .is_shell = true, .title = true};
	struct stage *s = stage_in(&o);

	(void)state;
	vt_type(s->vt, "\032");
	vt_expect(s->vt, "stopped 1 with echo");
	assert_true(vt_log_has(s->vt, TITLE_POP));
	vt_log_clear(s->vt);
	vt_type(s->vt, "\n");
	stage_expect_log(s, "\033]2;lobby - conclave\a");
	assert_true(vt_log_has(s->vt, TITLE_PUSH));
	stage_free(s);
}

/* --- unsupported terminals ---------------------------------------------- */

static void refused(const struct stage_opts *o, const char *sentence)
{
	struct stage *s = stage_new(o);
	struct termios t;

	vt_wait_exit(s->vt);
	assert_true(WIFEXITED(s->vt->status));
	assert_int_equal(WEXITSTATUS(s->vt->status), 7);
	assert_false(s->vt->alt);
	vt_modes(s->vt, &t);
	assert_true(t.c_lflag & ECHO);
	if (vt_find(s->vt, sentence) < 0)
		fail_msg("no \"%s\" in\n%s", sentence, vt_dump(s->vt));
	/* One sentence on one line. */
	assert_int_equal(vt_find(s->vt, sentence), 1);
	stage_free(s);
}

static void test_wrong_term(void **state)
{
	struct stage_opts o = {.rows = 24, .cols = 160};

	(void)state;
	o.term = "no-such-terminal";
	refused(&o,
	    "nothing is known here about the terminal "
	    "\"no-such-terminal\": try TERM=xterm-256color, or use --plain");
	o.term = "";
	refused(&o, "TERM is not set");
	o.term = "dumb";
	refused(
	    &o, "the terminal \"dumb\" cannot move its cursor: use --plain");
}

static void no_tty_child(void *arg)
{
	struct ui_env env = {.session = &stage_session,
	    .now_ms = stage_now,
	    .wall_ms = stage_wall};
	int fds[2];

	(void)arg;
	if (pipe(fds) != 0 || dup2(fds[0], 0) < 0)
		_exit(9);
	setenv("TERM", "xterm-256color", 1);
	exit(ui_tui.open(&env) == NULL ? 7 : 0);
}

static void test_not_a_terminal(void **state)
{
	struct vt *v = vt_spawn(24, 100, no_tty_child, NULL);

	(void)state;
	vt_wait_exit(v);
	assert_int_equal(WEXITSTATUS(v->status), 7);
	assert_true(vt_find(v, "standard input and output are not a terminal: "
			       "use --plain or --json") >= 0);
	vt_free(v);
}

static void test_terms(void **state)
{
	static const char *const terms[] = {"tmux-256color", "screen-256color",
	    "screen", "linux", "rxvt", "vt100", "ansi"};
	struct stage_opts o = {.rows = 24, .cols = 80, .color = true};
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		o.term = terms[i];
		s = stage_in(&o);
		stage_message(s, "alice", "hello");
		stage_sync(s);
		assert_true(vt_find(s->vt, "       alice    hello") >= 0);
		assert_non_null(strstr(vt_row(s->vt, 22), "verified 1 of 2"));
		stage_free(s);
	}
}

static void test_c_locale_is_no_obstacle(void **state)
{
	static const char *const locales[] = {"C", "POSIX", "xx_YY.ISO-8859-1"};
	struct stage_opts o = {.rows = 24, .cols = 80};
	struct stage *s;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		o.locale = locales[i];
		s = stage_in(&o);
		stage_message(s, "alice", KANJI);
		stage_sync(s);
		assert_true(vt_find(s->vt, "alice    " KANJI) >= 0);
		stage_free(s);
	}
}

static int remove_one(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void test_latin1_locale_is_refused(void **state)
{
	char dir[] = "/tmp/conclave-locale-XXXXXX", cmd[200];
	struct stage_opts o = {
	    .rows = 24, .cols = 160, .locale = "de_DE.ISO-8859-1"};
	int r;

	(void)state;
	if (access("/usr/share/i18n/locales/de_DE", R_OK) != 0 ||
	    access("/usr/share/i18n/charmaps/ISO-8859-1.gz", R_OK) != 0)
		skip(); /* no locale of another charset can be generated here */
	assert_non_null(mkdtemp(dir));
	snprintf(cmd, sizeof(cmd),
	    "localedef -i de_DE -f ISO-8859-1 "
	    "%s/de_DE.ISO-8859-1 2>/dev/null",
	    dir);
	r = system(cmd);
	o.locpath = dir;
	if (r == 0)
		refused(&o,
		    "the locale de_DE.ISO-8859-1 writes ISO-8859-1 and "
		    "this needs UTF-8: set LC_ALL=C.UTF-8, or use --plain");
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	if (r != 0)
		skip();
}

/* --- bytes sent to the terminal ----------------------------------------- */

static void test_no_color(void **state)
{
	static const struct stage_opts colors = {
	    .rows = 24, .cols = 80, .color = true};
	struct stage *s;
	const char *p, *end;
	int round, n, v;

	(void)state;
	for (round = 0; round < 2; round++) {
		s = stage_in(round == 0 ? &wide : &colors);
		stage_message(s, "alice", "hello");
		stage_event(s, EVENT_DROPPED, "bob", "x");
		stage_sync(s);
		stage_send(s, ORDER_CLOSE);
		vt_wait_exit(s->vt);
		n = 0;
		/* ESC [ numbers m that includes a colour. */
		assert_int_equal(buf_u8(&s->vt->log, 0), 0);
		p = (const char *)s->vt->log.p;
		while ((p = strstr(p, "\033[")) != NULL) {
			end = p + 2 + strspn(p + 2, "0123456789;");
			for (p += 2; *end == 'm' && p < end;
			     p += strcspn(p, ";m") + 1) {
				v = atoi(p);
				n += (v >= 30 && v <= 49) || v >= 90;
			}
		}
		if (round == 0)
			assert_int_equal(n, 0);
		else
			assert_true(n > 0);
		stage_free(s);
	}
}

static void test_ascii(void **state)
{
	static const struct stage_opts o = {
	    .rows = 24, .cols = 80, .ascii = true};
	struct stage *s = stage_in(&o);
	size_t i;

	(void)state;
	stage_message(s, "alice", "caf\xc3\xa9 " KANJI);
	for (i = 0; i < 40; i++)
		stage_message(s, "bob", "more");
	stage_sync(s);
	vt_type(s->vt, "\033[5~");
	stage_expect(s, "more below");
	for (i = 0; i < s->vt->log.len; i++)
		assert_in_range(s->vt->log.p[i], 1, 0x7e);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_restored_by_close),
	    cmocka_unit_test(test_restored_by_exit),
	    cmocka_unit_test(test_restored_after_signal),
	    cmocka_unit_test(test_restored_after_crash),
	    cmocka_unit_test(test_terminal_gone),
	    cmocka_unit_test(test_ctrl_z),
	    cmocka_unit_test(test_title_and_ctrl_z),
	    cmocka_unit_test(test_wrong_term),
	    cmocka_unit_test(test_not_a_terminal),
	    cmocka_unit_test(test_terms),
	    cmocka_unit_test(test_c_locale_is_no_obstacle),
	    cmocka_unit_test(test_latin1_locale_is_refused),
	    cmocka_unit_test(test_no_color),
	    cmocka_unit_test(test_ascii),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui terminal", tests, NULL, NULL);
}
