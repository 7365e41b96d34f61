/* editor.c - edits the input line with readline's commands, and wraps it. */
#include "client/ui/tui/editor.h"

#include <ctype.h>
#include <string.h>

#include "client/ui/cells.h"
#include "shared/base/secret.h"
#include "shared/wire/wire.h"

void editor_init(struct editor *e)
{
	*e = (struct editor){0};
	buf_init_secret(&e->text, WIRE_TEXT_MAX);
	buf_init_secret(&e->killed, WIRE_TEXT_MAX);
}

void editor_free(struct editor *e)
{
	buf_free(&e->text);
	buf_free(&e->killed);
}

static const char *str(const struct editor *e)
{
	return e->text.p != NULL ? (const char *)e->text.p : "";
}

/* Returns the length of the longest prefix of s of at most `max` bytes that
 * ends at a character boundary. */
static size_t whole(const char *s, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* Returns the cluster boundary at or after p: an edit may have joined the text
 * on both sides of the cursor into one cluster. */
static size_t snap(const struct editor *e, size_t p)
{
	return p == 0 ? 0
		      : cells_next(str(e), e->text.len,
			    cells_prev(str(e), e->text.len, p));
}

bool editor_insert(struct editor *e, const char *s, size_t n)
{
	size_t k = whole(s, n, e->text.max - e->text.len);
	size_t tail = e->text.len - e->cursor;

	if (k == 0 || buf_reserve(&e->text, k) != 0)
		return n == 0;
	memmove(e->text.p + e->cursor + k, e->text.p + e->cursor, tail);
	memcpy(e->text.p + e->cursor, s, k);
	e->text.len += k;
	e->cursor += k;
	e->kill_grows = false;
	e->cursor = snap(e, e->cursor);
	return k == n;
}

void editor_clear(struct editor *e)
{
	buf_clear(&e->text);
	e->cursor = e->scroll = 0;
	e->kill_grows = false;
}

void editor_trim(struct editor *e)
{
	size_t n = e->text.len;

	while (n > 0 && e->text.p[n - 1] == '\n')
		n--;
	buf_truncate(&e->text, n);
	if (e->cursor > n)
		e->cursor = n;
}

void editor_set(struct editor *e, const char *s, size_t n)
{
	editor_clear(e);
	(void)editor_insert(e, s, n);
}

static void cut(struct editor *e, size_t from, size_t to)
{
	memmove(e->text.p + from, e->text.p + to, e->text.len - to);
	buf_truncate(&e->text, e->text.len - (to - from));
	e->cursor = snap(e, from);
}

void editor_replace(struct editor *e, size_t from, const char *s, size_t n)
{
	if (from < e->cursor)
		cut(e, from, e->cursor);
	(void)editor_insert(e, s, n);
}

/* Letters, digits and all characters outside ASCII belong to words. */
static bool in_word(char c)
{
	return (unsigned char)c >= 0x80 || isalnum((unsigned char)c);
}

static size_t target(const struct editor *e, enum editor_move m)
{
	const char *s = str(e);
	size_t n = e->text.len, p = e->cursor;

	switch (m) {
	case EDITOR_LEFT:
		return cells_prev(s, n, p);
	case EDITOR_RIGHT:
		return cells_next(s, n, p);
	case EDITOR_WORD_LEFT:
		while (p > 0 && !in_word(s[p - 1]))
			p--;
		while (p > 0 && in_word(s[p - 1]))
			p--;
		return p;
	case EDITOR_WORD_RIGHT:
		while (p < n && !in_word(s[p]))
			p++;
		while (p < n && in_word(s[p]))
			p++;
		return p;
	case EDITOR_HOME:
		return 0;
	case EDITOR_END:
		return n;
	}
	return p;
}

void editor_move(struct editor *e, enum editor_move m)
{
	e->cursor = snap(e, target(e, m));
	e->kill_grows = false;
}

/* Kills to a position. Consecutive kills accumulate, as in readline. */
static void kill_to(struct editor *e, size_t to)
{
	size_t a = to < e->cursor ? to : e->cursor;
	size_t b = to < e->cursor ? e->cursor : to;
	bool backwards = to < e->cursor;
	size_t old = e->killed.len, n = b - a;

	if (n == 0)
		return;
	if (!e->kill_grows || old > e->killed.max - n) {
		buf_clear(&e->killed);
		old = 0;
	}
	if (buf_put(&e->killed, str(e) + a, n) == 0 && backwards && old > 0) {
		memmove(e->killed.p + n, e->killed.p, old);
		memcpy(e->killed.p, str(e) + a, n);
	}
	cut(e, a, b);
	e->kill_grows = true;
}

void editor_delete(struct editor *e, enum editor_move m)
{
	size_t to = snap(e, target(e, m));

	if (m != EDITOR_LEFT && m != EDITOR_RIGHT) {
		kill_to(e, to);
		return;
	}
	e->kill_grows = false;
	if (to < e->cursor)
		cut(e, to, e->cursor);
	else if (to > e->cursor)
		cut(e, e->cursor, to);
}

void editor_kill_blank_word(struct editor *e)
{
	const char *s = str(e);
	size_t p = e->cursor;

	while (p > 0 && (s[p - 1] == ' ' || s[p - 1] == '\n'))
		p--;
	while (p > 0 && s[p - 1] != ' ' && s[p - 1] != '\n')
		p--;
	kill_to(e, snap(e, p));
}

void editor_yank(struct editor *e)
{
	if (e->killed.len > 0)
		(void)editor_insert(
		    e, (const char *)e->killed.p, e->killed.len);
}

void editor_transpose(struct editor *e)
{
	const char *s = str(e);
	size_t n = e->text.len, a, b, c, len;
	char tmp[64];

	c = e->cursor == n ? n : cells_next(s, n, e->cursor);
	b = cells_prev(s, n, c);
	a = cells_prev(s, n, b);
	len = b - a;
	if (b == 0 || len == 0 || len > sizeof(tmp))
		return;
	memcpy(tmp, s + a, len);
	memmove(e->text.p + a, e->text.p + b, c - b);
	memcpy(e->text.p + a + (c - b), tmp, len);
	secret_wipe(tmp, sizeof(tmp));
	e->cursor = snap(e, c);
	e->kill_grows = false;
}

/* Returns the width of the next cluster; a newline is shown as one symbol. */
static int step(const char *s, size_t n, size_t pos, size_t *next)
{
	int w;

	if (s[pos] == '\n') {
		*next = pos + 1;
		return 1;
	}
	*next = pos + cells_cluster(s + pos, n - pos, &w);
	return w;
}

int editor_cells(const char *s, size_t n)
{
	size_t pos = 0;
	int sum = 0;

	while (pos < n)
		sum += step(s, n, pos, &pos);
	return sum;
}

void editor_window(struct editor *e, int width, size_t *from, int *col)
{
	const char *s = str(e);
	size_t n = e->text.len, pos, next;
	int before, drop, w, back;

	if (e->scroll > n || editor_cells(s, n) < width)
		e->scroll = 0;
	if (e->scroll > e->cursor)
		e->scroll = e->cursor;
	/* After an edit `scroll` may be inside a cluster: move it back to the
	 * start. */
	if (e->scroll > 0 && e->scroll < n)
		e->scroll = cells_prev(s, n, e->scroll + 1);
	before = editor_cells(s + e->scroll, e->cursor - e->scroll);
	if (before >= width) {
		/* Scroll by another third, so that not every key scrolls. */
		drop = before - width + 1 + width / 3;
		for (pos = e->scroll; drop > 0 && pos < e->cursor; pos = next) {
			w = step(s, n, pos, &next);
			drop -= w;
			before -= w;
		}
		e->scroll = pos;
	} else if (e->scroll == e->cursor && e->scroll > 0) {
		for (w = 0; e->scroll > 0 && w < width / 3;) {
			pos = cells_prev(s, n, e->scroll);
			back = step(s, n, pos, &next);
			if (back >= width - w) /* no room for the cursor */
				break;
			w += back;
			e->scroll = pos;
		}
		before = w;
	}
	*from = e->scroll;
	*col = before;
}

size_t editor_lines(const struct editor *e)
{
	size_t i, n = 1;

	for (i = 0; i < e->text.len; i++)
		n += e->text.p[i] == '\n';
	return n;
}

void editor_row(
    const struct editor *e, int width, size_t from, struct editor_row *out)
{
	const char *s = str(e);
	size_t n = e->text.len, pos = from, next;
	int w, used = 0;

	*out = (struct editor_row){from, n, EDITOR_NO_ROW};
	for (; pos < n; pos = next) {
		if (s[pos] == '\n') {
			out->to = pos;
			out->next = pos + 1;
			return;
		}
		w = step(s, n, pos, &next);
		if (w > width - used && pos > from) {
			out->to = out->next = pos;
			return;
		}
		used += w;
	}
}

size_t editor_rows(const struct editor *e, int width, size_t *cursor_row)
{
	struct editor_row r = {0};
	size_t n = 0;

	if (cursor_row != NULL)
		*cursor_row = 0;
	while (r.next != EDITOR_NO_ROW) {
		editor_row(e, width, r.next, &r);
		if (cursor_row != NULL && e->cursor >= r.from)
			*cursor_row = n;
		n++;
	}
	return n;
}

size_t editor_top(const struct editor *e, int width, size_t max)
{
	size_t at, n = editor_rows(e, width, &at);

	if (n <= max || at < max / 2)
		return 0;
	return at - max / 2 < n - max ? at - max / 2 : n - max;
}

bool editor_move_row(struct editor *e, int width, int rows)
{
	struct editor_row r = {0}, above = {0};
	int col, used;
	size_t k;

	do {
		above = r;
		editor_row(e, width, r.next, &r);
	} while (r.next != EDITOR_NO_ROW && e->cursor >= r.next);
	if (rows < 0 ? r.from == 0 : r.next == EDITOR_NO_ROW)
		return false;
	col = cells_width(str(e) + r.from, e->cursor - r.from);
	if (rows < 0)
		r = above;
	else
		editor_row(e, width, r.next, &r);
	k = cells_fit(str(e) + r.from, r.to - r.from, col, &used);
	/* The end of a row that is merely full is the start of the next one. */
	if (r.from + k == r.to && r.next == r.to && k > 0)
		k = cells_prev(str(e) + r.from, k, k);
	e->cursor = snap(e, r.from + k);
	e->kill_grows = false;
	return true;
}
