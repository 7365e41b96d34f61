/* Unit tests for /editor in the full-screen user interface: what is made of the
 * text that comes back, and the keys before and after. The editor itself is
 * tested in tests/e2e/test_editor.py. */
#include "tests/unit/tui_stage.h"

#include "client/ui/tui/tui.h"

/* --- the text ------------------------------------------------------------- */

#define TEXT(s) s, sizeof(s) - 1

static void test_text_is_read(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
		bool shown;
	} rows[] = {
	    {TEXT("one\n"), "one", false},
	    {TEXT("one"), "one", false},
	    {TEXT("\n\n"), "", false},
	    {TEXT(""), "", false},
	    {TEXT("one\r\ntwo\r\n"), "one\ntwo", false},
	    {TEXT("one\rtwo\r"), "one\ntwo", false},
	    {TEXT("one\r\r\ntwo"), "one\n\ntwo", false},
	    {TEXT("\nmiddle\n\nend\n\n\n"), "\nmiddle\n\nend", false},
	    {TEXT("\xef\xbb\xbfmark\n"), "mark", false},
	    {TEXT("a\tb\n"), "a    b", false},
	    {TEXT("a\033b"), "a\xe2\x90\x9b" "b", true},
	    {TEXT("a\0b"), "a\xe2\x90\x80" "b", true},
	    {TEXT("\x7f"), "\xe2\x90\xa1", true},
	    {TEXT("\xe2\x80\xae" "x"), "\xef\xbf\xbdx", false},
	};
	struct buf out;
	bool shown;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init_secret(&out, 1 << 20);
		assert_null(
		    compose_text(&out, rows[i].in, rows[i].n, &shown));
		assert_int_equal(out.len, strlen(rows[i].out));
		assert_memory_equal(out.p, rows[i].out, out.len);
		assert_int_equal(shown, rows[i].shown);
		buf_free(&out);
	}
}

static void test_text_is_refused(void **state)
{
	static const struct {
		const char *in;
		size_t n;
	} rows[] = {
	    {TEXT("caf\xe9")},
	    {TEXT("\xff\xfe" "a\0b\0")},
	    {TEXT("a\0b\0c\0d\0")},
	    {TEXT("\xed\xa0\x80")},
	    {TEXT("cut \xe2\x82")},
	};
	struct buf out;
	bool shown;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init_secret(&out, 1 << 20);
		assert_string_equal(
		    compose_text(&out, rows[i].in, rows[i].n, &shown),
		    "it is not UTF-8: save it as UTF-8");
		buf_free(&out);
	}
}

static void test_length_is_exact(void **state)
{
	static char text[WIRE_TEXT_MAX + 2];
	struct buf out;
	bool shown;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[WIRE_TEXT_MAX] = '\n'; /* editors end the last line */
	buf_init_secret(&out, 1 << 20);
	assert_null(compose_text(&out, text, WIRE_TEXT_MAX + 1, &shown));
	assert_int_equal(out.len, WIRE_TEXT_MAX);
	buf_clear(&out);
	text[WIRE_TEXT_MAX] = 'x';
	assert_non_null(strstr(
	    compose_text(&out, text, WIRE_TEXT_MAX + 1, &shown),
	    "longer than a message can be"));
	buf_free(&out);
	/* Without memory for the result there is a sentence too. */
	buf_init_secret(&out, 4);
	assert_non_null(strstr(
	    compose_text(&out, text, 100, &shown), "not enough memory"));
	buf_free(&out);
}

/* --- the screen ----------------------------------------------------------- */

static struct stage *with_editor(const char *script)
{
	const struct stage_opts o = {
	    .rows = 24, .cols = 80, .color = true, .editor = script};

	return stage_in(&o);
}

static void test_draft_comes_back_in_rows(void **state)
{
	struct stage *s =
	    with_editor("sh -c 'printf \"two\\nthree\\n\" >> \"$1\"' ed");

	(void)state;
	vt_type(s->vt, "one \030\005");
	stage_expect(s, "  three");
	assert_string_equal(vt_row(s->vt, 22), "> one two");
	assert_string_equal(vt_row(s->vt, 23), "  three");
	assert_true(s->vt->alt);
	vt_type(s->vt, "!\r");
	stage_expect_said(s, "one two\nthree!", false);
	stage_free(s);
}

/* An edit that was begun goes on with the text from the editor. */
static void test_edit_goes_on(void **state)
{
	struct stage *s = with_editor("sh -c 'printf better > \"$1\"' ed");

	(void)state;
	vt_type(s->vt, "first\r");
	stage_expect_said(s, "first", false);
	vt_type(s->vt, "/edit\r");
	stage_expect(s, "(Esc: no edit)");
	vt_type(s->vt, "\030e");
	stage_expect(s, "better");
	vt_type(s->vt, "\r");
	stage_until_said(s);
	assert_int_equal(s->said[0].event, EVENT_EDIT);
	assert_string_equal(s->said[0].text, "better");
	stage_free(s);
}

/* The text after the command stays until the editor has brought another. */
static void test_command_keeps_its_text(void **state)
{
	struct stage *s = with_editor("false");

	(void)state;
	vt_type(s->vt, "/editor dear all\r");
	stage_expect(s, "false ended with status 1");
	assert_string_equal(vt_row(s->vt, 23), "> /editor dear all");
	stage_free(s);
}

static void test_no_editor(void **state)
{
	struct stage *s = with_editor(NULL);

	(void)state;
	vt_type(s->vt, "draft\030\005");
	stage_expect(s, "no editor can be started here");
	assert_string_equal(vt_row(s->vt, 23), "> draft");
	stage_free(s);
}

/* Ctrl-X alone does nothing, and the key after it types nothing. */
static void test_prefix(void **state)
{
	struct stage *s = with_editor(NULL);
	int bells;

	(void)state;
	vt_type(s->vt, "a\030");
	stage_sync(s);
	bells = s->vt->bells;
	vt_type(s->vt, "q");
	stage_sync(s);
	assert_int_equal(s->vt->bells, bells + 1);
	vt_type(s->vt, "b\030\r");
	stage_sync(s);
	assert_int_equal(s->vt->bells, bells + 2);
	assert_string_equal(vt_row(s->vt, 23), "> ab");
	/* A paste is no key: all of it is text. */
	vt_type(s->vt, "\030\033[200~e\033[201~");
	stage_sync(s);
	assert_string_equal(vt_row(s->vt, 23), "> abe");
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_is_read),
	    cmocka_unit_test(test_text_is_refused),
	    cmocka_unit_test(test_length_is_exact),
	    cmocka_unit_test(test_draft_comes_back_in_rows),
	    cmocka_unit_test(test_edit_goes_on),
	    cmocka_unit_test(test_command_keeps_its_text),
	    cmocka_unit_test(test_no_editor),
	    cmocka_unit_test(test_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
