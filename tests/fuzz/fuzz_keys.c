/* Fuzzes the line editor: terminal input in pieces, decoded to keys, and their
 * effect on the edited line, its window and rows, history and completion. The
 * first byte is the width. A byte ff ends a piece; after every second length the
 * terminal is silent, so that the rest of a sequence comes late. A byte fe begins
 * a whole control sequence of ECMA-48: its introducer, how it is split, and its
 * content. Such a report sends nothing, and unless it is a key it changes
 * nothing. At the end, silence and Enter send what the line shows. */
#include "client/options.h"
#include "client/ui/cells.h"
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
	struct complete_speakers speakers;
	int width;
	uint64_t now;
	unsigned entered; /* how often Enter was pressed */
	unsigned changes; /* keys, but for Enter and the focus */
	struct buf sent;  /* the line at the last Enter */
};

enum { SILENCE_MS = 200 };
_Static_assert(
    (int)SILENCE_MS >= (int)ESCAPE_WAIT_MS, "the default wait is over by then");

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
	const struct complete_from from = {
	    .speakers = &w->speakers, .people = people, .n_people = 2};

	/* Do not complete paths in the real file system. */
	if (w->e.text.len > 1 && memcmp(w->e.text.p, "/e", 2) == 0)
		return;
	(void)complete_tab(&w->c, &w->e, back, &from);
}

static void enter(struct world *w)
{
	w->entered++;
	buf_clear(&w->sent);
	FUZZ_CHECK(buf_put(&w->sent, w->e.text.p, w->e.text.len) == 0);
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
	if (k->key == INPUT_FOCUS_IN || k->key == INPUT_FOCUS_OUT)
		return;
	w->changes += k->key != INPUT_ENTER;
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

static void keys(struct world *w)
{
	struct input_event k;

	for (;;) {
		input_next(&w->in, w->now, &k);
		if (k.key == INPUT_NONE)
			return;
		key(w, &k);
		check(w);
	}
}

static void feed(struct world *w, const uint8_t *p, size_t n)
{
	uint8_t *exact = fuzz_copy(p, n);

	keys(w);
	(void)!input_feed(&w->in, exact, n, w->now);
	free(exact);
	keys(w);
}

static void silence(struct world *w)
{
	w->now += SILENCE_MS;
	keys(w);
	FUZZ_CHECK(input_deadline(&w->in) == UINT64_MAX);
}

/* --- reports --- */

enum { REPORT_MAX = 64 };

/* What stands after ESC in each introducer. */
static const char introducers[] = "[OPX]^_";

/* Makes CSI or SS3 of any bytes: parameters, and a final byte. */
static void make_sequence(
    struct buf *out, char intro, const uint8_t *p, size_t n)
{
	uint8_t b, final = n > 0 ? 0x40 + p[n - 1] % 0x3f : 'M';
	size_t i, more = 0;

	for (i = 0; i + 1 < n; i++) {
		b = (uint8_t)((intro == '[' ? 0x20 : 0x30) + p[i] % 0x20);
		/* Digits and their separator are the interesting ones. */
		if (p[i] >= 0x80 || (intro == 'O' && b > ';'))
			b = '0' + p[i] % 12;
		/* rxvt ends a key with "$", the console begins one with "[". */
		FUZZ_CHECK(buf_put(out, b == '$' ? "#" : (char *)&b, 1) == 0);
	}
	if (intro == '[' && n <= 1 && final == '[')
		final = ']';
	FUZZ_CHECK(buf_put(out, &final, 1) == 0);
	if (intro == '[' && n <= 1)
		more = final == 'M'   ? 3
		       : final == 't' ? 2
		       : final == 'T' ? 6
				      : 0;
	while (more-- > 0)
		FUZZ_CHECK(buf_put(out, "!", 1) == 0);
}

/* Makes a control string of any bytes, and its end. */
static void make_string(
    struct buf *out, char intro, unsigned form, const uint8_t *p, size_t n)
{
	static const char *const ends[] = {"\033\\", "\xc2\x9c", "\x9c"};
	uint8_t b;
	size_t i;

	for (i = 0; i < n; i++) {
		b = p[i] % 0x80;
		if (b == 0x1b || b == 0x18 || b == 0x1a || b == 0x07)
			b = '\r';
		FUZZ_CHECK(buf_put(out, &b, 1) == 0);
	}
	FUZZ_CHECK(
	    buf_str(out, intro == ']' && n % 2 == 0 ? "\a" : ends[form]) == 0);
}

static bool has(const struct buf *b, const char *text)
{
	return b->len >= strlen(text) &&
	       memmem(b->p, b->len, text, strlen(text)) != NULL;
}

/* Could these be keys at all, and could they be Enter? Judged by what stands in
 * them, not by the tables. */
static bool may_be_key(char intro, const struct buf *seq)
{
	const char final = (char)seq->p[seq->len - 1];

	if (intro == 'O')
		return true;
	return intro == '[' && strchr("ABCDFHPZabcdu~^@", final) != NULL &&
	       !has(seq, "?") && !has(seq, "<") && !has(seq, ">") &&
	       !has(seq, "=");
}

static bool may_be_enter(char intro, const struct buf *seq)
{
	const char final = (char)seq->p[seq->len - 1];

	if (intro == 'O')
		return final == 'M';
	return may_be_key(intro, seq) &&
	       ((final == 'u' &&
		    (has(seq, "13") || has(seq, "10") || has(seq, "57414") ||
			has(seq, "74") || has(seq, "77") || has(seq, "106") ||
			has(seq, "109"))) ||
		   (strchr("~^@", final) != NULL && has(seq, "27;")));
}

static void report(
    struct world *w, unsigned which, size_t piece, const uint8_t *p, size_t n)
{
	const char intro = introducers[which % 7];
	const unsigned form = which / 7 % 3;
	unsigned entered, changes;
	const uint8_t c1 = (uint8_t)(intro + 0x40);
	struct buf all, seq;
	size_t at;

	silence(w);
	/* Or it could be the rest of a paste that had no end. */
	w->now += INPUT_LATE_PASTE_MS + 1;
	entered = w->entered;
	changes = w->changes;
	buf_init(&all, 4 * REPORT_MAX);
	buf_init(&seq, 4 * REPORT_MAX);
	if (intro == '[' || intro == 'O')
		make_sequence(&seq, intro, p, n);
	else
		make_string(&seq, intro, form, p, n);
	FUZZ_CHECK(
	    buf_put(&all, form == 0 ? "\033" : "\xc2", form == 2 ? 0 : 1) ==
		0 &&
	    buf_put(&all, form == 0 ? (const void *)&intro : &c1, 1) == 0 &&
	    buf_put(&all, seq.p, seq.len) == 0);
	for (at = 0; at < all.len; at += piece)
		feed(
		    w, all.p + at, all.len - at < piece ? all.len - at : piece);
	if (!may_be_enter(intro, &seq))
		FUZZ_CHECK(w->entered == entered);
	if (!may_be_key(intro, &seq))
		FUZZ_CHECK(w->changes == changes);
	silence(w); /* a paste may have begun */
	buf_free(&all);
	buf_free(&seq);
}

/* After any bytes, silence and Enter send what the line shows. */
static void finish(struct world *w)
{
	struct buf shown;

	silence(w);
	buf_init(&shown, WIRE_TEXT_MAX);
	FUZZ_CHECK(buf_put(&shown, w->e.text.p, w->e.text.len) == 0);
	w->entered = 0;
	feed(w, (const uint8_t *)"\r", 1);
	FUZZ_CHECK(w->entered == 1 && w->sent.len == shown.len);
	FUZZ_CHECK(
	    shown.len == 0 || memcmp(w->sent.p, shown.p, shown.len) == 0);
	buf_free(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w; /* the completion list is large */
	struct fuzz f = fuzz_of(data, size);
	unsigned which;
	size_t n, piece;
	bool whole;

	input_init(&w.in, ESCAPE_WAIT_MS);
	editor_init(&w.e);
	history_init(&w.h);
	buf_init(&w.sent, WIRE_TEXT_MAX);
	memset(&w.c, 0, sizeof(w.c));
	memset(&w.speakers, 0, sizeof(w.speakers));
	complete_spoke(&w.speakers, "bob");
	w.now = 1;
	w.entered = w.changes = 0;
	w.width = 1 + fuzz_u8(&f) % 80;
	while (f.left > 0) {
		whole = *f.p == 0xfe;
		which = 0;
		piece = 1;
		if (whole) {
			(void)fuzz_u8(&f);
			which = fuzz_u8(&f);
			piece = 1 + (size_t)fuzz_u8(&f) % 16;
		}
		for (n = 0; n < f.left && f.p[n] < 0xfe; n++)
			;
		if (whole)
			report(&w, which, piece, f.p,
			    n < REPORT_MAX ? n : REPORT_MAX);
		else
			feed(&w, f.p, n);
		if (!whole && n % 2 == 0)
			silence(&w);
		f.p += n;
		f.left -= n;
		if (f.left > 0 && *f.p == 0xff)
			(void)fuzz_u8(&f);
	}
	finish(&w);
	input_free(&w.in);
	editor_free(&w.e);
	history_free(&w.h);
	buf_free(&w.sent);
	return 0;
}
