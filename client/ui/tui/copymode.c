/* copymode.c - shows the lines for copying with the terminal's own selection.
 * There is no column of names and no indent, and each line is written whole:
 * the terminal wraps it and joins it again when it is copied. Any key leaves
 * this mode. */
#include <string.h>

#include "client/ui/cells.h"
#include "client/ui/tui/tui.h"

/* Counts the rows that a text takes when the terminal wraps it and `used` cells
 * precede it. */
static int rows_of(const char *s, size_t n, int used, int cols)
{
	int rows = 1 + (used - 1) / cols, w;
	size_t pos = 0;

	used = (used - 1) % cols + 1;
	while (pos < n) {
		if (s[pos] == '\n') {
			rows++;
			used = 0;
			pos++;
			continue;
		}
		pos += cells_cluster(s + pos, n - pos, &w);
		if (used + w > cols) {
			rows++;
			used = 0;
		}
		used += w;
	}
	return rows;
}

/* Appends one line and its line end. Its text was filtered when it was
 * stored. */
static int put_line(struct buf *out, const struct line *l)
{
	char head[WRAP_HEAD_MAX];
	const char *s = l->text, *nl;
	size_t n = l->len;
	int e;

	wrap_label(l, head);
	if ((e = buf_str(out, l->time)) != 0 || (e = buf_str(out, " ")) != 0 ||
	    (e = buf_str(out, head)) != 0)
		return e;
	while ((nl = memchr(s, '\n', n)) != NULL) {
		if ((e = buf_put(out, s, (size_t)(nl - s))) != 0 ||
		    (e = buf_str(out, "\r\n")) != 0)
			return e;
		n -= (size_t)(nl - s) + 1;
		s = nl + 1;
	}
	if ((e = buf_put(out, s, n)) != 0)
		return e;
	return buf_str(out, "\r\n");
}

static int line_rows(const struct line *l, int cols)
{
	char head[WRAP_HEAD_MAX];
	int used = SCROLLBACK_TIME + 1 + (int)wrap_label(l, head);

	return rows_of(l->text, l->len, used, cols);
}

/* Returns the first line to show: the oldest one that fits together with all
 * later lines, or the top one when the user has scrolled back. */
static uint64_t first_line(const struct tui *t, int rows, int cols)
{
	uint64_t first = scrollback_first(t->cur->lines);
	uint64_t id = scrollback_end(t->cur->lines);

	if (t->cur->view.back && t->cur->view.id >= first)
		return t->cur->view.id;
	while (id > first) {
		rows -= line_rows(scrollback_at(t->cur->lines, id - 1), cols);
		/* Show the newest line even if it does not fit. */
		if (rows < 0 && id != scrollback_end(t->cur->lines))
			break;
		id--;
	}
	return id;
}

void copymode_show(struct tui *t)
{
	int cols = display_cols(t->display);
	int rows = display_rows(t->display) - 1;
	uint64_t first = first_line(t, rows, cols), id = first;
	const struct line *l;
	struct buf out;

	buf_init_secret(&out, 1 << 20);
	for (; (l = scrollback_at(t->cur->lines, id)) != NULL; id++) {
		rows -= line_rows(l, cols);
		if ((rows < 0 && id != first) || put_line(&out, l) != 0)
			break;
	}
	if (buf_str(&out, "(any key: back)") == 0) {
		t->copying = true;
		display_plain(t->display, (const char *)out.p, out.len);
		unread_look(t);
	}
	buf_free(&out);
}

void copymode_message(struct tui *t, const struct line *l)
{
	const char *s, *nl;
	struct buf out;
	size_t n;
	int e = 0;

	s = message_text(l->message, &n);
	buf_init_secret(&out, 1 << 20);
	while (e == 0 && (nl = memchr(s, '\n', n)) != NULL) {
		if ((e = buf_put(&out, s, (size_t)(nl - s))) == 0)
			e = buf_str(&out, "\r\n");
		n -= (size_t)(nl - s) + 1;
		s = nl + 1;
	}
	if (e == 0 && (e = buf_put(&out, s, n)) == 0 &&
	    (e = buf_str(&out, "\r\n(any key: back)")) == 0) {
		t->copying = true;
		display_plain(t->display, (const char *)out.p, out.len);
		unread_look(t);
	}
	buf_free(&out);
}

void copymode_leave(struct tui *t)
{
	if (!t->copying)
		return;
	t->copying = false;
	display_redraw(t->display);
	unread_look(t);
	redraw_want_now(&t->redraw, REDRAW_ALL);
}
