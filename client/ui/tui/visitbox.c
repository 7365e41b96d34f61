/* visitbox.c - asks about the key of a server that is visited for the first
 * time. The question stays in sight, whatever is said in the room meanwhile. */
#include <stdio.h>
#include <string.h>

#include "client/ui/tui/theme.h"
#include "client/ui/tui/tui.h"

enum { WIDE_COLS = 80, HIGH_ROWS = 16 };

static struct look look(const struct tui *t, enum theme_role r)
{
	return theme_look(r, display_colors(t->display));
}

static int count(const char *text, size_t width)
{
	int rows = 0;

	for (; text != NULL; rows++)
		(void)layout_row_of(text, width, &text);
	return rows;
}

/* The last column stays free for the cursor. */
static size_t width_of(int cols)
{
	return cols > 2 ? (size_t)cols - 1 : 1;
}

static int most_rows(int rows)
{
	return rows > 3 ? rows - 2 : 1;
}

/* Writes the question. False: the window is too small for the code, and the text
 * says so instead. */
static bool text_of(
    char out[VISIT_TEXT_MAX], const struct tui *t, int rows, int cols)
{
	const char *code;

	visit_text(out, &t->visit, t->env->server,
	    cols < WIDE_COLS || rows < HIGH_ROWS);
	/* Too low a window shows the end, where the answer stands. Only the
	 * first line can be missed. */
	code = strchr(out, '\n') + 1;
	if (rows >= TUI_ROWS_MIN && cols >= TUI_COLS_MIN &&
	    count(code, width_of(cols)) <= most_rows(rows))
		return true;
	snprintf(out, VISIT_TEXT_MAX, "%s", visit_too_small);
	return false;
}

int visitbox_rows(const struct tui *t, int rows, int cols)
{
	char text[VISIT_TEXT_MAX];
	int n, most = most_rows(rows);

	(void)text_of(text, t, rows, cols);
	n = count(text, width_of(cols));
	return n < most ? n : most;
}

void visitbox_draw(struct tui *t, const struct layout *y)
{
	int row = y->rows - y->input_rows, col = 0, skip;
	char text[VISIT_TEXT_MAX];
	const char *s = text, *next;
	size_t n;

	(void)text_of(text, t, y->rows, y->cols);
	skip = count(text, width_of(y->cols)) - y->input_rows;
	for (; s != NULL; s = next) {
		n = layout_row_of(s, width_of(y->cols), &next);
		if (skip-- > 0)
			continue;
		display_blank(t->display, row, 0, y->cols, look(t, ROLE_TEXT));
		col = display_put(t->display, row, 0, y->cols - 1, s, n,
		    look(t, ROLE_PROMPT));
		row++;
	}
	row--;
	col += display_put(t->display, row, col, y->cols - 1 - col,
	    t->visitbox.answer, t->visitbox.n, look(t, ROLE_TEXT));
	display_cursor(t->display, row, col);
}

void visitbox_begin(struct tui *t)
{
	if (t->ended || !visit_begins(&t->visit, t->env->session))
		return;
	copymode_leave(t);
	question_drop(&t->question);
	t->visitbox.open = true;
	t->visitbox.n = 0;
	redraw_want_now(&t->redraw, REDRAW_ALL);
}

static void done(struct tui *t)
{
	t->visitbox.open = false;
	redraw_want(&t->redraw, REDRAW_ALL);
}

static void refused(struct tui *t)
{
	done(t);
	t->ended = true;
	t->link.state = STATUS_LEAVING;
	t->env->refuse_server(t->env->arg);
}

/* Suspending, redrawing and scrolling go on. */
static bool is_harmless(const struct input_event *k)
{
	return k->key == INPUT_PAGE_UP || k->key == INPUT_PAGE_DOWN ||
	       (k->key == INPUT_CTRL && (k->letter == 'Z' || k->letter == 'L'));
}

/* A code that is not in sight cannot have been compared: no yes then. */
static void answered(struct tui *t)
{
	struct visit after = t->visit;
	enum visit_answer answer =
	    visit_answer(&after, t->visitbox.answer, t->visitbox.n);
	char text[VISIT_TEXT_MAX];

	t->visitbox.n = 0;
	if (answer == VISIT_NO) {
		refused(t);
	} else if (answer == VISIT_YES &&
		   text_of(text, t, display_rows(t->display),
		       display_cols(t->display))) {
		t->visit = after;
		done(t);
		notice_add(t, LINE_NOTICE, "%s", visit_kept);
	} else {
		display_bell(t->display);
	}
}

/* The answer ends with Enter, so that no key that was meant for a message
 * answers. */
bool visitbox_press(struct tui *t, const struct input_event *k)
{
	if (is_harmless(k))
		return false;
	if (k->key == INPUT_PASTE)
		notice_add(
		    t, LINE_ALERT, "not pasted: first answer the question");
	if (k->key == INPUT_CTRL && (k->letter == 'C' || k->letter == 'D'))
		refused(t);
	else if (k->key == INPUT_BACKSPACE && t->visitbox.n > 0)
		t->visitbox.n--;
	else if (k->key == INPUT_TEXT && k->n == 1 &&
		 t->visitbox.n < sizeof(t->visitbox.answer))
		t->visitbox.answer[t->visitbox.n++] = *k->text;
	else if (k->key == INPUT_ENTER)
		answered(t);
	else
		display_bell(t->display);
	return true;
}
