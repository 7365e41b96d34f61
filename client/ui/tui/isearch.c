/* isearch.c - keys and state of the incremental search. */
#include <stdio.h>
#include <string.h>

#include "client/ui/tui/tui.h"

/* The view borrows pointers to the search; they are valid while it is on. */
static void show(struct tui *t)
{
	const struct search *s = &t->find.search;
	struct layout y = layout_of(t);

	t->cur->view.match = search_match;
	t->cur->view.match_arg = s;
	t->cur->view.hit_id = s->id;
	t->cur->view.hit = s->hit;
	if (s->hit.to > s->hit.from && !y.tiny)
		view_goto(&t->cur->view, t->cur->lines, y.chat_cols,
		    y.chat_rows, s->id, s->hit.from);
	redraw_want(&t->redraw, REDRAW_CHAT);
	unread_moved(t);
}

static void end(struct tui *t, bool back)
{
	struct isearch *f = &t->find;

	f->on = false;
	if (back)
		t->cur->view = f->saved;
	t->cur->view.match = NULL;
	t->cur->view.match_arg = NULL;
	t->cur->view.hit = (struct span){0};
	redraw_want(&t->redraw, REDRAW_CHAT);
	unread_moved(t);
}

/* Searches from the current match, or from the starting point. `next` skips the
 * current match. */
static bool look_on(struct tui *t, bool next)
{
	struct isearch *f = &t->find;
	struct search *s = &f->search;
	bool at_hit = s->hit.to > s->hit.from, found;

	if (at_hit)
		found = search_find(s, t->cur->lines, s->id,
		    s->hit.from + (f->direction < 0 ? !next : next),
		    f->direction);
	else
		found =
		    search_find(s, t->cur->lines, f->from_id, 0, f->direction);
	f->failed = !found;
	return found;
}

/* Returns the line where the search starts; an upward search starts below the
 * last visible row. */
static uint64_t origin(struct tui *t, int direction)
{
	struct layout y = layout_of(t);
	struct place p;
	int rows;

	if (!t->cur->view.back)
		return direction < 0 ? scrollback_end(t->cur->lines)
				     : scrollback_first(t->cur->lines);
	if (direction > 0 || !view_top(&t->cur->view, t->cur->lines,
				 y.chat_cols, y.chat_rows, &p))
		return t->cur->view.id;
	for (rows = view_pane(true, y.chat_rows).main; rows > 1; rows--)
		(void)view_down(t->cur->lines, y.chat_cols, &p);
	return p.id + 1;
}

static void begin(struct tui *t, int direction)
{
	struct isearch *f = &t->find;

	f->on = true;
	f->failed = false;
	f->direction = direction;
	f->saved = t->cur->view;
	f->from_id = origin(t, direction);
	f->search.hit = (struct span){0};
}

void isearch_open(struct tui *t, int direction)
{
	struct isearch *f = &t->find;

	if (!f->on) {
		begin(t, direction);
		f->search.n = 0;
		show(t);
		return;
	}
	f->direction = direction;
	if (!look_on(t, true))
		display_bell(t->display);
	show(t);
}

bool isearch_word(struct tui *t, const char *word, size_t n)
{
	struct isearch *f = &t->find;

	if (n > SEARCH_MAX)
		return false;
	begin(t, -1);
	memcpy(f->search.word, word, n);
	f->search.n = n;
	if (!look_on(t, false)) {
		f->on = false;
		return false;
	}
	show(t);
	return true;
}

/* Searches again after the word changed. A longer word may still match at the
 * current position; a shorter one may match nearer to the starting point. */
static void changed(struct tui *t, bool longer)
{
	struct isearch *f = &t->find;

	if (!longer)
		f->search.hit = (struct span){0};
	if (f->search.n == 0)
		f->failed = false;
	else if (!look_on(t, false))
		display_bell(t->display);
	show(t);
}

bool isearch_key(struct tui *t, const struct input_event *k)
{
	struct search *s = &t->find.search;

	if (k->key == INPUT_TEXT && k->n <= SEARCH_MAX - s->n) {
		memcpy(s->word + s->n, k->text, k->n);
		s->n += k->n;
		changed(t, true);
	} else if (k->key == INPUT_BACKSPACE && s->n > 0) {
		while (s->n > 0 && (s->word[--s->n] & 0xc0) == 0x80)
			;
		changed(t, false);
	} else if (k->key == INPUT_UP ||
		   (k->key == INPUT_CTRL && k->letter == 'R')) {
		isearch_open(t, -1);
	} else if (k->key == INPUT_DOWN ||
		   (k->key == INPUT_CTRL && k->letter == 'S')) {
		isearch_open(t, 1);
	} else if (k->key == INPUT_ESCAPE || k->key == INPUT_BACKSPACE ||
		   (k->key == INPUT_CTRL &&
		       (k->letter == 'C' || k->letter == 'G'))) {
		end(t, true);
	} else if (k->key == INPUT_ENTER) {
		end(t, false);
	} else if (k->key != INPUT_TEXT && k->key != INPUT_PASTE &&
		   k->key != INPUT_NONE) {
		end(t, false);
		return false;
	}
	return true;
}

size_t isearch_prompt(const struct tui *t, char *out, size_t size)
{
	const struct isearch *f = &t->find;
	int n = snprintf(out, size, "%s %s: %.*s",
	    f->failed && f->search.n > 0 ? "Not found" : "Search",
	    f->direction < 0 ? "up" : "down", (int)f->search.n, f->search.word);

	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}
