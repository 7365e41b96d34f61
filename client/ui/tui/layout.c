/* layout.c - divides the window into areas. */
#include <string.h>

#include "client/ui/tui/tui.h"

/* Returns the rows of the input area: enough for the whole text if that leaves
 * two thirds of the window to the room. A question needs one row; so does a low
 * window, where the text scrolls sideways instead. */
static int input_rows(const struct tui *t, int rows, int cols)
{
	size_t max = rows < 10 ? 1 : (size_t)rows / 3, n;

	if (t->visitbox.open)
		return visitbox_rows(t, rows, cols);
	if (question_open(&t->question) || t->find.on || max == 1 ||
	    cols < TUI_COLS_MIN)
		return 1;
	n = editor_rows(&t->cur->editor, cols - 3, NULL);
	return (int)(n < max ? n : max);
}

struct layout layout_of(struct tui *t)
{
	struct layout l = {0};
	const struct person *p;
	size_t i, n;
	int w, widest = 6;

	l.rows = display_rows(t->display);
	l.cols = display_cols(t->display);
	l.tiny = l.rows < TUI_ROWS_MIN || l.cols < TUI_COLS_MIN;
	l.input_rows = input_rows(t, l.rows, l.cols);
	l.chat_rows = l.rows - 1 - l.input_rows;
	l.chat_cols = l.cols;
	if (l.cols < TUI_USERS_COLS)
		return l;
	/* When scrolled back, joins and departures must not rewrap the text
	 * being read. */
	if (t->cur->view.back && t->laid_out.for_cols == l.cols) {
		l.users_cols = t->laid_out.users_cols;
		l.users_col = l.cols - l.users_cols;
		l.chat_cols = l.users_col - 1;
		return l;
	}
	/* Only the people who fit into the column determine its width. */
	p = session_people(t->env->session, t->cur->room, &n);
	for (i = 0; i < n && (int)i < l.chat_rows; i++) {
		w = (int)strlen(p[i].name);
		widest = w > widest ? w : widest;
	}
	l.users_cols = widest + 2 < l.cols / 4 ? widest + 2 : l.cols / 4;
	l.users_col = l.cols - l.users_cols;
	l.chat_cols = l.users_col - 1;
	t->laid_out.users_cols = l.users_cols;
	t->laid_out.for_cols = l.cols;
	return l;
}
