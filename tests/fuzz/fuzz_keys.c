/* Fuzzes the line editor: terminal input in pieces, decoded to keys, and their
 * effect on the edited line, its window and rows, history and completion. The
 * first byte is the width. A byte ff ends a piece, and the rest of an ESC
 * sequence in it may arrive late. */
#include "client/ui/tui/cells.h"
#include "client/ui/tui/complete.h"
#include "client/ui/tui/editor.h"
#include "client/ui/tui/history.h"
#include "client/ui/tui/input.h"
#include "shared/wire/text.h"
#include "tests/fuzz/fuzz.h"

struct world {
	struct input in;
	struct editor e;
	struct history h;
	struct complete c;
	int width;
};

static void check(struct world *w)
{
	const char *s = (const char *)w->e.text.p;
	size_t n = w->e.text.len, from, row, rows, at, k;
	struct editor_row r;
	int col;

	FUZZ_CHECK(n <= WIRE_TEXT_MAX && w->e.cursor <= n);
	FUZZ_CHECK(n == 0 || text_utf8(s, n));
	/* The cursor is at a cluster boundary. */
	for (at = 0; at < w->e.cursor; at = cells_next(s, n, at))
		;
	FUZZ_CHECK(at == w->e.cursor);
	editor_window(&w->e, w->width, &from, &col);
	FUZZ_CHECK(from <= w->e.cursor && col >= 0 && col < w->width);
	rows = editor_rows(&w->e, w->width, &row);
	FUZZ_CHECK(rows >= 1 && row < rows);
	FUZZ_CHECK(editor_top(&w->e, w->width, 3) < rows);
	for (k = 0, at = 0; k < rows; k++, at = r.next) {
		editor_row(&w->e, w->width, at, &r);
		FUZZ_CHECK(r.from == at && r.to >= at && r.to <= n);
		FUZZ_CHECK((r.next == EDITOR_NO_ROW) == (k + 1 == rows));
	}
}

static void tab(struct world *w, bool back)
{
	static const struct person people[] = {
	    {.member = 1, .name = "alice"}, {.member = 2, .name = "bob"}};

	/* Do not complete paths in the real file system. */
	if (w->e.text.len > 1 && memcmp(w->e.text.p, "/e", 2) == 0)
		return;
	(void)complete_tab(&w->c, &w->e, back, people, 2);
}

static void enter(struct world *w)
{
	if (w->e.text.len > 0)
		history_add(&w->h, (const char *)w->e.text.p, w->e.text.len);
	editor_clear(&w->e);
}

static void ctrl(struct world *w, char letter)
{
	switch (letter) {
	case 'W':
		editor_kill_blank_word(&w->e);
		break;
	case 'U':
		editor_delete(&w->e, EDITOR_HOME);
		break;
	case 'K':
		editor_delete(&w->e, EDITOR_END);
		break;
	case 'Y':
		editor_yank(&w->e);
		break;
	case 'T':
		editor_transpose(&w->e);
		break;
	case 'A':
		editor_move(&w->e, EDITOR_HOME);
		break;
	default:
		editor_move(&w->e, EDITOR_LEFT);
	}
}

static void key(struct world *w, const struct input_event *k)
{
	switch (k->key) {
	case INPUT_TEXT:
	case INPUT_PASTE:
		FUZZ_CHECK(k->n == 0 || text_utf8(k->text, k->n));
		(void)editor_insert(&w->e, k->text, k->n);
		break;
	case INPUT_CTRL:
		ctrl(w, k->letter);
		break;
	case INPUT_ENTER:
		enter(w);
		break;
	case INPUT_ALT_ENTER:
		(void)editor_insert(&w->e, "\n", 1);
		break;
	case INPUT_TAB:
	case INPUT_BACK_TAB:
		tab(w, k->key == INPUT_BACK_TAB);
		return;
	case INPUT_BACKSPACE:
		editor_delete(&w->e, EDITOR_LEFT);
		break;
	case INPUT_DELETE:
		editor_delete(&w->e, EDITOR_RIGHT);
		break;
	case INPUT_ALT_BACKSPACE:
		editor_delete(&w->e, EDITOR_WORD_LEFT);
		break;
	case INPUT_UP:
		if (!editor_move_row(&w->e, w->width, -1))
			(void)history_older(&w->h, &w->e);
		break;
	case INPUT_DOWN:
		if (!editor_move_row(&w->e, w->width, 1))
			(void)history_newer(&w->h, &w->e);
		break;
	case INPUT_RIGHT:
		editor_move(&w->e, EDITOR_RIGHT);
		break;
	case INPUT_WORD_RIGHT:
		editor_move(&w->e, EDITOR_WORD_RIGHT);
		break;
	case INPUT_END:
		editor_move(&w->e, EDITOR_END);
		break;
	default:
		editor_move(&w->e, EDITOR_WORD_LEFT);
	}
	complete_end(&w->c);
}

static void feed(struct world *w, const uint8_t *p, size_t n, bool late)
{
	uint8_t *exact = fuzz_copy(p, n);
	struct input_event k;

	(void)!input_feed(&w->in, exact, n);
	free(exact);
	for (;;) {
		input_next(&w->in, false, &k);
		if (k.key == INPUT_NONE && late && input_waits(&w->in))
			input_next(&w->in, true, &k);
		if (k.key == INPUT_NONE)
			return;
		key(w, &k);
		check(w);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w; /* the completion list is large */
	struct fuzz f = fuzz_of(data, size);
	const uint8_t *end;
	size_t n;

	input_init(&w.in);
	editor_init(&w.e);
	history_init(&w.h);
	memset(&w.c, 0, sizeof(w.c));
	complete_spoke(&w.c, "bob");
	w.width = 1 + fuzz_u8(&f) % 80;
	while (f.left > 0) {
		end = memchr(f.p, 0xff, f.left);
		n = end != NULL ? (size_t)(end - f.p) : f.left;
		feed(&w, f.p, n, n % 2 == 0);
		f.p += n;
		f.left -= n;
		if (end != NULL)
			(void)fuzz_u8(&f);
	}
	input_free(&w.in);
	editor_free(&w.e);
	history_free(&w.h);
	return 0;
}
