/* Unit tests for input in the full-screen user interface, without a terminal:
 * the editor, keys, history, completion. */
#include "tests/unit/check.h"

#include "client/ui/cells.h"
#include "client/ui/tui/complete.h"
#include "client/ui/tui/editor.h"
#include "client/ui/tui/history.h"
#include "shared/wire/text.h"

#define FAMILY                                                                 \
	"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"             \
	"\xf0\x9f\x91\xa7\xe2\x80\x8d\xf0\x9f\x91\xa6"
#define HEART  "\xe2\x9d\xa4\xef\xb8\x8f"
#define THUMB  "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"
#define FLAG   "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"
#define KANJI  "\xe6\xbc\xa2\xe5\xad\x97"
#define EACUTE "e\xcc\x81"
#define DEVA   "\xe0\xa4\xa8\xe0\xa4\xbf"	      /* NA, spacing vowel I */
#define HANGUL "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab" /* conjoining HAN */

/* Makes random text of words, wide characters, combining marks and newlines. */
static size_t random_text(uint64_t *rnd, char *out, size_t max)
{
	static const char *const bits[] = {"a", "bc", "def ", " ", "  ", KANJI,
	    FAMILY, EACUTE, HEART, THUMB, FLAG, DEVA, HANGUL, "\n", "word ",
	    "longerword", "\xe2\x80\x8b", ".", "\xe2\x80\x8d"};
	size_t n = 0, want = check_random(rnd) % max, k;
	const char *b;

	for (;;) {
		b = bits[check_random(rnd) % (sizeof(bits) / sizeof(bits[0]))];
		k = strlen(b);
		if (n + k > want)
			return n;
		memcpy(out + n, b, k);
		n += k;
	}
}

/* --- the editor ----------------------------------------------------------- */

static void text_is(const struct editor *e, const char *want, size_t cursor)
{
	assert_int_equal(e->text.len, strlen(want));
	if (e->text.len > 0)
		assert_memory_equal(e->text.p, want, e->text.len);
	assert_int_equal(e->cursor, cursor);
}

static void test_editor(void **state)
{
	struct editor e;

	(void)state;
	editor_init(&e);
	assert_true(editor_insert(&e, "hello brave world", 17));
	editor_move(&e, EDITOR_WORD_LEFT);
	text_is(&e, "hello brave world", 12);
	editor_delete(&e, EDITOR_WORD_LEFT);
	text_is(&e, "hello world", 6);
	editor_delete(&e, EDITOR_END);
	text_is(&e, "hello ", 6);
	editor_yank(&e); /* two kills in a row form one */
	text_is(&e, "hello brave world", 17);
	editor_move(&e, EDITOR_HOME);
	editor_move(&e, EDITOR_WORD_RIGHT);
	text_is(&e, "hello brave world", 5);
	editor_delete(&e, EDITOR_HOME);
	text_is(&e, " brave world", 0);
	editor_delete(&e, EDITOR_RIGHT);
	editor_move(&e, EDITOR_END);
	editor_kill_blank_word(&e);
	text_is(&e, "brave ", 6);
	editor_clear(&e);
	editor_insert(&e, KANJI FAMILY "x", strlen(KANJI FAMILY "x"));
	editor_move(&e, EDITOR_LEFT);
	editor_delete(&e, EDITOR_LEFT); /* the whole cluster is deleted */
	text_is(&e, KANJI "x", 6);
	editor_transpose(&e);
	text_is(&e, "\xe6\xbc\xa2x\xe5\xad\x97", 7);
	editor_free(&e);
}

static void test_editor_window(void **state)
{
	struct editor e;
	size_t from, i;
	int col;

	(void)state;
	editor_init(&e);
	for (i = 0; i < 50; i++) {
		editor_insert(&e, KANJI, 6);
		editor_window(&e, 20, &from, &col);
		assert_in_range(col, 0, 19);
		assert_int_equal(
		    editor_cells((char *)e.text.p + from, e.cursor - from),
		    col);
	}
	assert_true(from > 0);
	while (e.cursor > 0) {
		editor_move(&e, EDITOR_LEFT);
		editor_window(&e, 20, &from, &col);
		assert_in_range(col, 0, 19);
		assert_true(from <= e.cursor);
		/* Some text before the cursor is visible, if there is any. */
		assert_true(col > 0 || e.cursor == 0);
	}
	assert_int_equal(from, 0);
	editor_free(&e);
}

/* Random keys: the text stays valid UTF-8 within its limit, and the cursor
 * stays between clusters. */
static void test_editor_random(void **state)
{
	struct editor e;
	uint64_t rnd = 5;
	char text[80];
	size_t from, at;
	int i, col;

	(void)state;
	editor_init(&e);
	for (i = 0; i < 20000; i++) {
		switch (check_random(&rnd) % 8) {
		case 0:
		case 1:
		case 2:
			editor_insert(
			    &e, text, random_text(&rnd, text, sizeof(text)));
			break;
		case 3:
		case 4:
			editor_move(&e, check_random(&rnd) % 6);
			break;
		case 5:
			editor_delete(&e, check_random(&rnd) % 6);
			break;
		case 6:
			editor_kill_blank_word(&e);
			break;
		default:
			editor_yank(&e);
			editor_transpose(&e);
			break;
		}
		if (e.text.len > 2000)
			editor_clear(&e);
		assert_true(e.cursor <= e.text.len);
		assert_true(
		    e.text.len == 0 || text_utf8((char *)e.text.p, e.text.len));
		editor_window(&e, 30, &from, &col);
		assert_in_range(col, 0, 29);
		for (at = 0; at < e.cursor;)
			at = cells_next((char *)e.text.p, e.text.len, at);
		assert_int_equal(at, e.cursor);
	}
	editor_free(&e);
}

static void test_editor_bound(void **state)
{
	static char big[WIRE_TEXT_MAX + 100];
	struct editor e;
	size_t i;

	(void)state;
	editor_init(&e);
	for (i = 0; i + 3 <= sizeof(big); i += 3)
		memcpy(big + i, "\xe6\xbc\xa2", 3);
	assert_false(editor_insert(&e, big, i));
	assert_int_equal(e.text.len, WIRE_TEXT_MAX / 3 * 3);
	assert_true(text_utf8((char *)e.text.p, e.text.len));
	assert_false(editor_insert(&e, big, 3));
	editor_delete(&e, EDITOR_LEFT);
	assert_true(editor_insert(&e, big, 3));
	editor_free(&e);
}

static void test_history(void **state)
{
	struct history h;
	struct editor e;
	char text[40];
	int i;

	(void)state;
	history_init(&h);
	editor_init(&e);
	assert_false(history_older(&h, &e));
	history_add(&h, "one", 3);
	history_add(&h, "two", 3);
	history_add(&h, "two", 3);
	editor_set(&e, "draft", 5);
	assert_true(history_older(&h, &e));
	text_is(&e, "two", 3);
	assert_true(history_older(&h, &e));
	text_is(&e, "one", 3);
	assert_false(history_older(&h, &e));
	assert_true(history_newer(&h, &e));
	assert_true(history_newer(&h, &e));
	text_is(&e, "draft", 5);
	assert_false(history_newer(&h, &e));
	for (i = 0; i < 3 * HISTORY_MAX; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		history_add(&h, text, strlen(text));
	}
	assert_int_equal(h.n, HISTORY_MAX);
	for (i = 0; history_older(&h, &e); i++)
		;
	assert_int_equal(i, HISTORY_MAX);
	text_is(&e, "line 400", 8);
	editor_free(&e);
	history_free(&h);
}

/* --- completion ----------------------------------------------------------- */

static const struct complete_speakers *speakers;

static void offer_rooms(
    void *arg, void (*offer)(void *to, const char *name), void *to)
{
	(void)arg;
	offer(to, "lobby");
	offer(to, "ops");
	offer(to, "Opera");
}

static void tabs(struct complete *c, const char *typed, int n, const char *want)
{
	static const struct person people[] = {{.name = "alice"},
	    {.name = "albert"}, {.name = "Alma"}, {.name = "me", .self = true}};
	const struct complete_from from = {.speakers = speakers,
	    .people = people,
	    .n_people = 4,
	    .rooms = offer_rooms};
	struct editor e;
	int i;

	editor_init(&e);
	editor_set(&e, typed, strlen(typed));
	for (i = 0; i < n; i++)
		assert_true(complete_tab(c, &e, false, &from));
	text_is(&e, want, strlen(want));
	complete_end(c);
	editor_free(&e);
}

static void test_complete(void **state)
{
	static const struct complete_from nobody;
	struct complete_speakers spoke = {0};
	struct complete c = {0};
	struct editor e;

	(void)state;
	speakers = &spoke;
	tabs(&c, "al", 1, "alice: ");
	tabs(&c, "AL", 2, "albert: ");
	tabs(&c, "hi al", 3, "hi Alma ");
	tabs(&c, "hi al", 4, "hi alice ");
	complete_spoke(&spoke, "alice");
	complete_spoke(&spoke, "Alma");
	complete_spoke(&spoke, "alan"); /* no longer here */
	tabs(&c, "al", 1, "Alma: ");
	tabs(&c, "al", 2, "alice: ");
	tabs(&c, "al", 3, "albert: ");
	tabs(&c, "/n", 1, "/names ");
	tabs(&c, "/", 1, "/help ");
	tabs(&c, "/", 2, "/keys ");
	tabs(&c, "/VER", 1, "/verify ");
	/* In a command's argument a name gets no colon, and Tab lists all
	 * names. */
	tabs(&c, "/whois al", 1, "/whois Alma ");
	tabs(&c, "/verify ", 2, "/verify alice ");
	tabs(&c, "/me al", 1, "/me Alma ");
	/* Words of a command, and names behind them. */
	tabs(&c, "/seal ", 1, "/seal new ");
	tabs(&c, "/seal s", 1, "/seal send ");
	tabs(&c, "/seal send alb", 1, "/seal send albert ");
	tabs(&c, "/history m", 1, "/history members ");
	/* A command that takes a room completes rooms only. */
	tabs(&c, "/go ", 1, "/go lobby ");
	tabs(&c, "/go op", 1, "/go ops ");
	tabs(&c, "/go op", 2, "/go Opera ");
	editor_init(&e);
	editor_set(&e, "zz", 2);
	assert_false(complete_tab(&c, &e, false, &nobody));
	text_is(&e, "zz", 2);
	editor_free(&e);
}

static void row_is(const struct complete *c, int cols, const char *want)
{
	char row[COMPLETE_ROW];

	complete_row(c, cols, row);
	assert_string_equal(row, want);
	assert_true(cells_width(row, strlen(row)) <= cols);
}

/* The row of choices: the chosen one in brackets, and a page at a time. */
static void test_complete_row(void **state)
{
	static const char *const words[] = {
	    "/help", "/held", "/history", "/hosts"};
	struct complete c = {.n_choices = 4};
	size_t i;

	(void)state;
	for (i = 0; i < c.n_choices; i++)
		strcpy(c.choices[i], words[i]);
	row_is(&c, 80, ""); /* Tab does not choose now */
	c.active = true;
	row_is(&c, 80, "[/help] /held  /history  /hosts ");
	c.at = 2;
	row_is(&c, 80, " /help  /held [/history] /hosts ");
	row_is(&c, 18, "[/history] +3");
	c.at = 1;
	row_is(&c, 18, " /help [/held] +2");
	c.at = 3;
	row_is(&c, 18, "[/hosts] +3");
	/* Of a file, what is behind its folder; a folder keeps its slash. */
	c.from = 8;
	strcpy(c.choices[0], "old/talk.txt");
	strcpy(c.choices[1], "old/talks/");
	strcpy(c.choices[2], "talk");
	c.n_choices = 3;
	c.at = 1;
	row_is(&c, 80, " talk.txt [talks/] talk ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_editor),
	    cmocka_unit_test(test_editor_window),
	    cmocka_unit_test(test_editor_random),
	    cmocka_unit_test(test_editor_bound),
	    cmocka_unit_test(test_history),
	    cmocka_unit_test(test_complete),
	    cmocka_unit_test(test_complete_row),
	};

	return cmocka_run_group_tests_name("tui edit", tests, NULL, NULL);
}
