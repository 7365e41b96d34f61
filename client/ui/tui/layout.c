/* layout.c - divides the window into areas. */
#include <stdio.h>
#include <string.h>

#include "client/ui/tui/column.h"
#include "client/ui/tui/tui.h"

/* Returns the rows of the input area: enough for the whole text if that leaves
 * two thirds of the window to the room. A question needs one row; so does a low
 * window, where the text scrolls sideways instead. */
static int input_rows(
    const struct tui *t, int rows, int cols, int prompt, int *about)
{
	size_t max = rows < TUI_ABOUT_ROWS ? 1 : (size_t)rows / 3, n;

	*about = 0;
	if (t->visitbox.open)
		return visitbox_rows(t, rows, cols);
	if (question_open(&t->question) || passwordbox_open(t) || t->find.on || menus_typing(t) ||
	    max == 1 ||
	    cols < TUI_COLS_MIN)
		return 1;
	*about =
	    t->cur->about.kind != ABOUT_NOTHING || t->complete.active;
	n = editor_rows(&t->cur->editor, cols - prompt - 1, NULL);
	return (int)(n < max ? n : max) + *about;
}

void layout_prompt(const struct tui *t, int cols, char out[TUI_PROMPT_MAX])
{
	const char *name = t->cur->name;
	int max = cols / 4 < WIRE_ROOM_MAX ? cols / 4 : WIRE_ROOM_MAX;

	/* A low window has no row to say it in. */
	if (t->cur->about.kind != ABOUT_NOTHING &&
	    display_rows(t->display) < TUI_ABOUT_ROWS) {
		snprintf(out, TUI_PROMPT_MAX, "%s> ",
		    t->cur->about.kind == ABOUT_EDIT ? "edit" : "reply");
		return;
	}
	/* A single room needs no name here; the status line has it. */
	if (name[0] == '\0' || buffers_count(&t->buffers) < 2)
		name = "";
	if ((int)strlen(name) > max)
		snprintf(out, TUI_PROMPT_MAX, "%.*s~> ", max - 1, name);
	else
		snprintf(out, TUI_PROMPT_MAX, "%s> ", name);
}

/* The column of rooms, or the list in place of the lines. */
static void place_rooms(const struct tui *t, struct layout *l)
{
	if (buffers_count(&t->buffers) < 2)
		return;
	if (l->cols < TUI_ROOMS_COLS)
		l->rooms_over = t->roomlist.over;
	else if (!t->roomlist.hidden)
		l->rooms_cols = TUI_ROOMS_WIDTH;
	if (l->rooms_cols > 0)
		l->chat_col = l->rooms_cols + 1;
}

struct layout layout_of(struct tui *t)
{
	char prompt[TUI_PROMPT_MAX];
	struct layout l = {0};
	const struct person *p;
	size_t n;
	int w, widest = 6;

	l.rows = display_rows(t->display);
	l.cols = display_cols(t->display);
	l.tiny = l.rows < TUI_ROWS_MIN || l.cols < TUI_COLS_MIN;
	layout_prompt(t, l.cols, prompt);
	l.prompt_cols = (int)strlen(prompt);
	l.input_rows =
	    input_rows(t, l.rows, l.cols, l.prompt_cols, &l.about_rows);
	l.chat_rows = l.rows - 1 - l.input_rows;
	place_rooms(t, &l);
	l.chat_cols = l.cols - l.chat_col;
	if (l.cols < TUI_USERS_COLS || t->people_hidden)
		return l;
	/* When scrolled back, joins and departures must not rewrap the text
	 * being read. */
	if (t->cur->view.back && t->laid_out.for_cols == l.cols) {
		l.users_cols = t->laid_out.users_cols;
		l.users_col = l.cols - l.users_cols;
		l.chat_cols = l.users_col - 1 - l.chat_col;
		return l;
	}
	p = talk_people(t, &n);
	w = column_width(p, n, (size_t)l.chat_rows) - 1;
	widest = w > widest ? w : widest;
	l.users_cols = widest + 2 < l.cols / 4 ? widest + 2 : l.cols / 4;
	l.users_col = l.cols - l.users_cols;
	l.chat_cols = l.users_col - 1 - l.chat_col;
	t->laid_out.users_cols = l.users_cols;
	t->laid_out.for_cols = l.cols;
	return l;
}

size_t layout_row_of(const char *s, size_t width, const char **next)
{
	size_t n = strcspn(s, "\n"), cut = width;

	*next = s[n] == '\n' ? s + n + 1 : NULL;
	if (n <= width)
		return n;
	while (cut > 1 && s[cut] != ' ')
		cut--;
	cut = cut > 1 ? cut : width;
	*next = s + cut + (s[cut] == ' ');
	return cut;
}
