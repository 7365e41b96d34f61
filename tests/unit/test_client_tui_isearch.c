/* Unit tests for searching the scrollback and writing it to a file. */
#include <sys/stat.h>

#include "client/ui/search.h"
#include "tests/unit/folder.h"
#include "tests/unit/tui_stage.h"

static const struct stage_opts wide = {.rows = 24, .cols = 80};

/* Makes lines 0..n-1, with two needles and a wide one. */
static struct stage *lines(const struct stage_opts *o, int n)
{
	struct stage *s = stage_in(o);
	char text[80];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "line %d%s", i,
		    i == 30	 ? " with a Needle in it"
		    : i == 60	 ? " and a needle"
		    : i == n - 3 ? " \xc3\x84rger"
				 : "");
		stage_message(s, "alice", text);
	}
	stage_sync(s);
	return s;
}

/* Checks that the cells of `text`, wherever it is, are in reverse video. */
static bool is_lit(struct stage *s, const char *row_text, const char *text)
{
	int row = vt_find(s->vt, row_text), col;
	const char *at;

	assert_true(row >= 0);
	at = strstr(vt_row(s->vt, row), text);
	assert_non_null(at);
	/* Everything before it is ASCII. */
	col = (int)(at - vt_row(s->vt, row));
	return vt_cell(s->vt, row, col).attrs.reverse &&
	       !vt_cell(s->vt, row, col - 1).attrs.reverse;
}

static void test_up_down_and_back(void **state)
{
	struct stage *s = lines(&wide, 100);
	char *before, *after;

	(void)state;
	vt_type(s->vt, "half a word");
	stage_expect_row(s, 23, "> half a word");
	vt_type(s->vt, "\033[5~");
	stage_expect(s, "more below");
	stage_sync(s);
	before = vt_dump(s->vt);
	vt_type(s->vt, "\022NEED");
	stage_expect_row(s, 23, "Search up: NEED");
	stage_expect(s, "line 60 and a needle");
	assert_true(is_lit(s, "line 60 and a needle", "need"));
	vt_type(s->vt, "\022");
	stage_expect(s, "line 30 with a Needle in it");
	assert_true(is_lit(s, "line 30 with a Needle in it", "Need"));
	stage_expect_not(s, "line 60");
	vt_type(s->vt, "\022");
	stage_expect_row(s, 23, "Not found up: NEED");
	vt_type(s->vt, "\023");
	stage_expect(s, "line 60 and a needle");
	stage_expect_row(s, 23, "Search down: NEED");
	/* Escape restores the same screen and the unfinished message. */
	vt_type(s->vt, "\033");
	stage_expect_row(s, 23, "> half a word");
	stage_sync(s);
	after = vt_dump(s->vt);
	assert_string_equal(before, after);
	free(before);
	free(after);
	stage_free(s);
}

static void test_enter_stays(void **state)
{
	struct stage *s = lines(&wide, 100);

	(void)state;
	vt_type(s->vt, "\022needle i\r");
	stage_expect_row(s, 23, ">");
	stage_expect(s, "line 30 with");
	stage_expect(s, "more below");
	assert_false(is_lit(s, "line 30 with a Needle in it", "Need"));
	/* Keys typed after that form a message again. */
	vt_type(s->vt, "x\r");
	stage_expect_said(s, "x", false);
	stage_expect_not(s, "more below");
	stage_free(s);
}

static void test_letters_and_case(void **state)
{
	struct stage *s = lines(&wide, 100);

	(void)state;
	vt_type(s->vt, "\022\xc3\xa4RGER");
	stage_expect_row(s, 23, "Search up: \xc3\xa4RGER");
	assert_true(is_lit(s, "line 97 \xc3\x84rger", "\xc3\x84rger"));
	/* A shorter word may match nearer again; an empty one matches
	 * nothing. */
	vt_type(s->vt, "zz");
	stage_expect_row(s, 23, "Not found up: \xc3\xa4RGERzz");
	vt_type(s->vt, "\x7f\x7f");
	stage_expect_row(s, 23, "Search up: \xc3\xa4RGER");
	vt_type(s->vt, "\x7f\x7f\x7f\x7f\x7f");
	stage_expect_row(s, 23, "Search up:");
	vt_type(s->vt, "\x7f");
	stage_expect_row(s, 23, ">");
	stage_free(s);
}

static void test_command(void **state)
{
	struct stage *s = lines(&wide, 100);

	(void)state;
	vt_type(s->vt, "/search needle\r");
	stage_expect(s, "line 60 and a needle");
	assert_true(is_lit(s, "line 60 and a needle", "needle"));
	vt_type(s->vt, "\022");
	stage_expect(s, "line 30");
	vt_type(s->vt, "\033");
	stage_expect_row(s, 23, ">");
	vt_type(s->vt, "/search no such thing\r");
	stage_expect(s, "not found: no such thing");
	assert_int_equal(s->n_said, 0);
	stage_free(s);
}

/* The oldest of 10,000 lines is found; one line more drops it. */
static void test_ten_thousand(void **state)
{
	struct stage *s = stage_in(&wide);
	char text[40];
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "number %d!", i);
		stage_message(s, "alice", text);
	}
	stage_sync(s);
	vt_type(s->vt, "/search number 0!\r");
	stage_expect(s, "alice    number 0!");
	vt_type(s->vt, "\033");
	stage_expect_row(s, 23, ">");
	stage_message(s, "bob", "one more");
	stage_sync(s);
	vt_type(s->vt, "/search number 0!\r");
	stage_expect(s, "not found: number 0!");
	stage_free(s);
}

static struct stage *exporting(const char *folder)
{
	struct stage_opts o = wide;

	o.export_folder = folder;
	return stage_in(&o);
}

static char *exported(void **state, struct stage *s, const char *name)
{
	char *path = strdup(folder_path(state, name)), line[4200], *text;
	uint64_t end = stage_now() + VT_WAIT_MS;
	struct stat st;

	snprintf(line, sizeof(line), "/export %s\r", name);
	vt_type(s->vt, line);
	/* The file appears at once and complete. */
	while (lstat(path, &st) != 0 && stage_now() < end)
		vt_read(s->vt, 20);
	stage_expect(s, "lines were written to");
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	text = folder_read(path);
	assert_non_null(text);
	free(path);
	return text;
}

static void test_export(void **state)
{
	struct stage *s = exporting(*state);
	char *text;

	s->order.person.trust = TRUST_VERIFIED;
	stage_message(s, "alice", "one\ntwo \"2\"");
	s->order.person.trust = TRUST_NEW;
	stage_message(s, "carol", "first");
	s->order.person.trust = TRUST_SEEN;
	stage_message(s, "carol", "second");
	s->order.person.trust = TRUST_CHANGED;
	s->order.event.action = true;
	stage_message(s, "bob", "waves");
	stage_sync(s);
	text = exported(state, s, "a.txt");
	assert_non_null(strstr(text,
	    "2026-11-18 12:34 alice: one\n      two \"2\"\n"
	    "2026-11-18 12:34 carol: first\n"
	    "2026-11-18 12:34 carol: second\n"
	    "2026-11-18 12:34 * bob (key changed) waves\n"));
	free(text);
	text = exported(state, s, "a.jsonl");
	assert_non_null(strstr(text,
	    "{\"kind\":\"message\",\"time\":\"2026-11-18T12:34:00Z\","
	    "\"from\":\"alice\",\"own\":false,\"verified\":true,"
	    "\"trust\":\"verified\",\"text\":\"one\\ntwo \\\"2\\\"\"}\n"));
	assert_non_null(strstr(text, "\"kind\":\"action\""));
	/* Only who was compared is verified. */
	assert_non_null(strstr(text, "\"verified\":true,\"trust\":\"new\","
				     "\"text\":\"first\""));
	assert_non_null(strstr(text, "\"verified\":true,\"trust\":\"seen\","
				     "\"text\":\"second\""));
	assert_non_null(strstr(text, "\"verified\":true,\"trust\":\"changed\","
				     "\"text\":\"waves\""));
	free(text);
	stage_free(s);
}

/* Neither a file nor a link is overwritten, whatever the link points to. */
static void test_export_takes_no_place(void **state)
{
	struct stage *s = exporting(*state);
	char *link = strdup(folder_path(state, "link.txt"));
	char *to = strdup(folder_path(state, "to")), *text;

	assert_int_equal(symlink(to, link), 0);
	vt_type(s->vt, "/export link.txt\r");
	stage_expect(s, "!!        nothing was written: ");
	stage_sync(s);
	assert_int_equal(access(to, F_OK), -1);
	free(exported(state, s, "file.txt"));
	text = folder_read(folder_path(state, "file.txt"));
	stage_message(s, "alice", "more");
	vt_type(s->vt, "\014/export file.txt\r");
	stage_sync(s);
	vt_type(s->vt, "/names\r");
	stage_expect(s, "in the room: me");
	free(to);
	to = folder_read(folder_path(state, "file.txt"));
	assert_string_equal(text, to);
	free(to);
	free(text);
	free(link);
	stage_free(s);
}

/* In the folder that /export writes to. */
static void test_tab_completes_files(void **state)
{
	struct stage *s = exporting(*state);

	folder_write(folder_path(state, "longer-name.txt"), "", 0600);
	assert_int_equal(mkdir(folder_path(state, "sub"), 0700), 0);
	vt_type(s->vt, "/exp\tlonger\t!");
	stage_expect(s, "/export longer-name.txt !");
	vt_type(s->vt, "\003");
	vt_type(s->vt, "/export su\t!");
	stage_expect(s, "/export sub/!");
	stage_free(s);
}

/* Names that are not written to, and why. */
static void test_export_refuses(void **state)
{
	static const char *const names[][2] = {
	    {"notes", "the name has to end"}, {"a.json", "the name has to end"},
	    {"conftest.py", "the name has to end"},
	    {".profile.txt", "begins with a dot"},
	    {"/tmp/a.txt", "files go into"}, {"~/a.txt", "files go into"},
	    {"../a.txt", "begins with a dot"}};
	struct stage *s = exporting(*state);
	char line[128], *whole;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(line, sizeof(line), "\014/export %s\r", names[i][0]);
		vt_type(s->vt, line);
		stage_expect(s, "!!        nothing was written: ");
		stage_expect(s, names[i][1]);
	}
	assert_int_equal(folder_count(state), 0);
	/* The whole path of a file in the folder is fine. */
	assert_true(asprintf(&whole, "/export %s/b.txt\r", (char *)*state) > 0);
	vt_type(s->vt, whole);
	stage_expect(s, "lines were written to");
	free(whole);
	stage_free(s);
	s = stage_in(&wide);
	vt_type(s->vt, "/export c.txt\r");
	stage_expect(s, "there is no home directory");
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_up_down_and_back),
	    cmocka_unit_test(test_enter_stays),
	    cmocka_unit_test(test_letters_and_case),
	    cmocka_unit_test(test_command),
	    cmocka_unit_test(test_ten_thousand),
	    cmocka_unit_test_setup_teardown(
		test_export, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		test_export_takes_no_place, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		test_export_refuses, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		test_tab_completes_files, folder_make, folder_remove),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui find", tests, NULL, NULL);
}
