/* helpbox.c - what the keys and the commands do, in place of the lines. The status
 * line and what is being written stay in sight. A key that does not move in it
 * closes it, and does what it does without it. */
#include <stdio.h>
#include <string.h>

#include "client/ui/command.h"
#include "client/ui/tui/theme.h"
#include "client/ui/tui/tui.h"

enum {
	WIDE_COLS = 60, /* from here on keys have a column of their own */
	KEYS_COLS = 24,
	INDENT = 2, /* of the rows that follow, in a narrower window */
	TEXT_MAX = KEYS_WHAT_MAX + 160,
};

/* Where rows go: those from `top` on, `height` of them. */
struct page {
	struct tui *t;
	size_t top, n; /* n: rows so far */
	int height, cols;
};

static struct look look(const struct tui *t, enum theme_role r)
{
	return theme_look(r, display_colors(t->display));
}

static void put(struct page *p, int col, const char *s, size_t n)
{
	const size_t row = p->n - p->top;

	if (p->n >= p->top && row < (size_t)p->height)
		display_put(p->t->display, 1 + (int)row, col, p->cols - col, s,
		    n, look(p->t, ROLE_TEXT));
}

/* A text with a hanging indent. `left` stands before it where there is room. */
static void put_text(struct page *p, const char *left, const char *s)
{
	const bool wide = left != NULL && p->cols >= WIDE_COLS;
	int col = wide ? KEYS_COLS : 0;
	const char *next;
	size_t n;

	if (wide) {
		put(p, 0, left, strlen(left));
		/* Many keys: the text is below them. */
		p->n += strlen(left) >= KEYS_COLS;
	}
	while (s != NULL) {
		n = layout_row_of(s, (size_t)(p->cols - col), &next);
		put(p, col, s, n);
		p->n++;
		s = next;
		col = wide ? KEYS_COLS : INDENT;
	}
}

static void put_keys(struct page *p)
{
	char text[TEXT_MAX];
	struct keys_help h;
	const bool wide = p->cols >= WIDE_COLS;
	size_t i;

	for (i = 0; keys_help(&h, i); i++) {
		snprintf(text, sizeof(text), "%s%s%s%s%s",
		    wide ? "" : h.keys, wide ? "" : ": ", h.what,
		    h.command != NULL ? "  /" : "",
		    h.command != NULL ? h.command : "");
		put_text(p, h.keys, text);
	}
}

static void put_all(struct page *p)
{
	char line[COMMAND_HELP_MAX];
	size_t i;

	p->n = 0;
	if (!p->t->helpbox.commands) {
		put_keys(p);
		return;
	}
	for (i = 0; command_help(line, i); i++)
		put_text(p, NULL, line);
}

/* The rows below the title. */
static int height_of(const struct layout *y)
{
	return y->rows - y->input_rows - 2;
}

/* The furthest that it can be scrolled. */
static size_t last_top(struct tui *t, const struct layout *y)
{
	struct page p = {.t = t, .cols = y->cols};
	const size_t height = (size_t)height_of(y);

	put_all(&p);
	return p.n > height ? p.n - height : 0;
}

void helpbox_draw(struct tui *t, const struct layout *y)
{
	struct page p = {.t = t, .cols = y->cols, .height = height_of(y)};
	const size_t last = last_top(t, y);
	char title[96];
	int row;

	if (t->helpbox.top > last)
		t->helpbox.top = last;
	p.top = t->helpbox.top;
	for (row = 0; row <= p.height; row++)
		display_blank(t->display, row, 0, y->cols, look(t, ROLE_TEXT));
	snprintf(title, sizeof(title), "%s   Esc: back   F1: the %s%s",
	    t->helpbox.commands ? "commands" : "keys",
	    t->helpbox.commands ? "keys" : "commands",
	    last > 0 && y->cols >= WIDE_COLS ? "   PgDn: more" : "");
	display_str(
	    t->display, 0, 0, y->cols, title, look(t, ROLE_PROMPT));
	put_all(&p);
}

void helpbox_open(struct tui *t, bool commands)
{
	t->helpbox.open = true;
	t->helpbox.commands = commands;
	t->helpbox.top = 0;
	unread_look(t);
	redraw_want_now(&t->redraw, REDRAW_ALL);
}

static void shut(struct tui *t)
{
	t->helpbox.open = false;
	unread_look(t);
	redraw_want_now(&t->redraw, REDRAW_ALL);
}

static void scroll(struct tui *t, int rows)
{
	const struct layout y = layout_of(t);
	const size_t last = last_top(t, &y), top = t->helpbox.top;

	if (rows < 0)
		t->helpbox.top = top > (size_t)-rows ? top - (size_t)-rows : 0;
	else
		t->helpbox.top =
		    last - top > (size_t)rows ? top + (size_t)rows : last;
	redraw_want_now(&t->redraw, REDRAW_ALL);
}

bool helpbox_press(struct tui *t, const struct input_event *k)
{
	const struct layout y = layout_of(t);
	const int page = height_of(&y) > 1 ? height_of(&y) - 1 : 1;

	if (!t->helpbox.open || y.tiny)
		return false;
	switch (k->key) {
	case INPUT_F1:
		helpbox_open(t, !t->helpbox.commands);
		return true;
	case INPUT_ESCAPE:
		shut(t);
		return true;
	case INPUT_UP:
	case INPUT_SHIFT_UP:
		scroll(t, -1);
		return true;
	case INPUT_DOWN:
	case INPUT_SHIFT_DOWN:
		scroll(t, 1);
		return true;
	case INPUT_PAGE_UP:
	case INPUT_PAGE_DOWN:
		scroll(t, k->key == INPUT_PAGE_UP ? -page : page);
		return true;
	case INPUT_CTRL:
		if (k->letter == 'L' || k->letter == 'Z')
			return false;
		break;
	default:
		break;
	}
	shut(t);
	return false;
}
