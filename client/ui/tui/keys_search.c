/* keys_search.c - the keys and the command that search the current buffer. */
#include "client/ui/tui/tui.h"

static struct isearch_pane pane_of(struct tui *t)
{
	struct layout y = layout_of(t);

	return (struct isearch_pane){.view = &t->cur->view,
	    .lines = t->cur->lines,
	    .cols = y.chat_cols,
	    .rows = y.chat_rows,
	    .hidden = y.tiny};
}

static void moved(struct tui *t)
{
	redraw_want(&t->redraw, REDRAW_CHAT);
	unread_moved(t);
}

void keys_search(struct tui *t, int direction)
{
	bool begins = !t->find.on;
	struct isearch_pane p;

	if (begins)
		isearch_begin(&t->find, &t->cur->view, direction);
	p = pane_of(t);
	if (begins)
		isearch_start(&t->find, &p);
	else if (!isearch_next(&t->find, &p, direction))
		display_bell(t->display);
	moved(t);
}

bool keys_search_word(struct tui *t, const char *word, size_t n)
{
	struct isearch_pane p;

	isearch_begin(&t->find, &t->cur->view, -1);
	p = pane_of(t);
	if (!isearch_word(&t->find, &p, word, n))
		return false;
	moved(t);
	return true;
}

bool keys_search_press(struct tui *t, const struct input_event *k)
{
	struct isearch_pane p = pane_of(t);
	enum isearch_result r = isearch_key(&t->find, &p, k);

	if (r == ISEARCH_NOT_FOUND)
		display_bell(t->display);
	if (r != ISEARCH_SAME)
		moved(t);
	return r != ISEARCH_LEFT;
}
