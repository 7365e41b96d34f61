/* Unit tests for the bare view for copying text, and for readable colours. */
#include <math.h>

#include "client/ui/tui/theme.h"
#include "tests/unit/tui_stage.h"

#define BAR "\xe2\x94\x82"

static const char long_text[] =
    "one two three four five six seven eight nine "
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen";

static void test_bare_lines(void **state)
{
	static const struct stage_opts o = {.rows = 24, .cols = 80};
	struct stage *s = stage_in(&o);
	char *before, *after;
	int row;

	(void)state;
	stage_message(s, "alice", long_text);
	stage_message(s, "bob", "two\nlines");
	stage_sync(s);
	assert_true(vt_find(s->vt, BAR) >= 0);
	before = vt_dump(s->vt);
	vt_type(s->vt, "\033c");
	stage_expect(s, "(any key: back)");
	/* No border, names or status; lines wrap at the last cell and continue
	 * in the first one. */
	assert_int_equal(vt_find(s->vt, BAR), -1);
	assert_int_equal(vt_find(s->vt, "group key 7"), -1);
	assert_int_equal(vt_find(s->vt, "> "), -1);
	row = vt_find(s->vt, "12:34 alice one two");
	assert_true(row >= 0);
	assert_int_equal(strlen(vt_row(s->vt, row)), 80);
	assert_string_equal(vt_row(s->vt, row + 1), long_text + 80 - 12);
	assert_string_equal(vt_row(s->vt, row + 2), "12:34 bob two");
	assert_string_equal(vt_row(s->vt, row + 3), "lines");
	assert_true(s->vt->alt);
	/* New messages are kept until the view ends, and do not wake the
	 * loop. */
	vt_log_clear(s->vt);
	stage_message(s, "alice", "meanwhile");
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, "meanwhile"), -1);
	assert_true(s->sleeps_ms > 1000);
	/* A focus report is not a key. */
	vt_type(s->vt, "\033[O\033[I");
	stage_sync(s);
	assert_true(vt_find(s->vt, "(any key:") >= 0);
	vt_type(s->vt, "x");
	stage_expect(s, "alice    meanwhile");
	stage_expect_row(s, 23, ">"); /* the key is not typed */
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, "(any key:"), -1);
	assert_true(vt_find(s->vt, BAR) >= 0);
	after = vt_dump(s->vt);
	assert_string_not_equal(before, after);
	free(before);
	free(after);
	stage_free(s);
}

/* The view leaves nothing behind after exit or a resize. */
static void test_bare_ends(void **state)
{
	static const struct stage_opts o = {.rows = 24, .cols = 80};
	struct stage *s = stage_in(&o);

	(void)state;
	vt_type(s->vt, "\033c");
	stage_expect(s, "(any key:");
	vt_resize(s->vt, 10, 40);
	stage_expect(s, "server can read");
	stage_sync(s);
	assert_int_equal(vt_find(s->vt, "(any key:"), -1);
	vt_type(s->vt, "\033c");
	stage_expect(s, "(any key:");
	kill(s->vt->pid, SIGTERM);
	vt_wait_exit(s->vt);
	assert_false(s->vt->alt);
	assert_string_equal(vt_row(s->vt, 0), "before");
	stage_free(s);
}

/* The newest lines fill the window at any size, with no gap above; one line
 * larger than the window is still shown. */
static void test_bare_fills(void **state)
{
	static const int sizes[][2] = {{5, 20}, {24, 80}, {100, 300}};
	struct stage_opts o = {0};
	char text[400];
	struct stage *s;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < 3; i++) {
		o.rows = sizes[i][0];
		o.cols = sizes[i][1];
		s = stage_in(&o);
		for (k = 0; k < 150; k++) {
			snprintf(text, sizeof(text), "n%d", k);
			stage_message(s, "bob", text);
		}
		stage_sync(s);
		vt_type(s->vt, "\033c");
		stage_expect(s, "(any key:");
		snprintf(text, sizeof(text), "12:34 bob n%d", 151 - o.rows);
		assert_string_equal(vt_row(s->vt, 0), text);
		assert_string_equal(
		    vt_row(s->vt, o.rows - 1), "(any key: back)");
		assert_true(vt_find(s->vt, "12:34 bob n149") >= 0);
		vt_type(s->vt, "q");
		stage_expect(s, ">");
		memset(text, 'w', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		stage_message(s, "bob", text);
		stage_sync(s);
		vt_type(s->vt, "\033c");
		stage_expect(s, "any key");
		assert_true(vt_find(s->vt, "wwwwww") >= 0);
		stage_free(s);
	}
}

/* --- colours -------------------------------------------------------------- */

static double channel(int v)
{
	double c = v / 255.0;

	return c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* WCAG 2's relative luminance of an xterm colour. */
static double luminance(int color)
{
	static const int low[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00,
	    0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000,
	    0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
	static const int steps[] = {0, 95, 135, 175, 215, 255};
	int r, g, b;

	if (color < 16) {
		r = low[color] >> 16;
		g = low[color] >> 8 & 255;
		b = low[color] & 255;
	} else if (color < 232) {
		r = steps[(color - 16) / 36];
		g = steps[(color - 16) / 6 % 6];
		b = steps[(color - 16) % 6];
	} else {
		r = g = b = 8 + 10 * (color - 232);
	}
	return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
}

/* Names and other coloured text are readable on light and on dark. With 8 or 16
 * colours the user defines the palette, and the colours that common light or
 * dark palettes show badly are not used. */
/* At least 3:1 on white and on black. */
static bool readable(int color)
{
	double l = luminance(color) + 0.05;

	return 1.05 / l >= 3.0 && l / 0.05 >= 3.0;
}

static void test_contrast(void **state)
{
	static const int counts[] = {0, 8, 16, 88, 256};
	bool used[256] = {false};
	char name[16];
	struct look l;
	size_t i;
	int k, n = 0;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (k = 0; k < 3000; k++) {
			snprintf(name, sizeof(name), "u%d", k);
			l = theme_name(name, counts[i]);
			assert_true(l.color < counts[i] || l.color == -1);
			if (counts[i] == 0)
				assert_int_equal(l.color, -1);
			else if (counts[i] < 256)
				/* Bright or dark, only this one is readable. */
				assert_true(l.color == -1 || l.color == 5);
			else
				used[l.color] = true;
			assert_int_equal(l.flags & LOOK_REVERSE, 0);
		}
	for (k = 0; k < 256; k++) {
		if (!used[k])
			continue;
		n++;
		if (!readable(k))
			fail_msg("colour %d cannot be read", k);
	}
	assert_true(n >= 32);
	for (k = 0; k < ROLE_COUNT; k++) {
		assert_int_equal(theme_look((enum theme_role)k, 0).color, -1);
		/* Accents: a role is distinct without its colour too. Grey is
		 * no accent: what is secondary has a place of its own. */
		l = theme_look((enum theme_role)k, 256);
		if (l.color >= 0)
			assert_true(readable(l.color));
		if (l.color >= 0 && l.color != 244)
			assert_true(l.flags != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bare_lines),
	    cmocka_unit_test(test_bare_ends),
	    cmocka_unit_test(test_bare_fills),
	    cmocka_unit_test(test_contrast),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui bare", tests, NULL, NULL);
}
