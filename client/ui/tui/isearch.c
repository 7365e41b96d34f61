/* isearch.c - keys and state of the incremental search. */
#include "client/ui/tui/isearch.h"

#include <stdio.h>
#include <string.h>

/* The view borrows pointers to the search; they are valid while it is on. */
static void show(const struct isearch *f, const struct isearch_pane *p)
{
	const struct search *s = &f->search;

	p->view->match = search_match;
	p->view->match_arg = s;
	p->view->hit_id = s->id;
	p->view->hit = s->hit;
	if (s->hit.to > s->hit.from && !p->hidden)
		view_goto(
		    p->view, p->lines, p->cols, p->rows, s->id, s->hit.from);
}

static void end(struct isearch *f, const struct isearch_pane *p, bool back)
{
	f->on = false;
	if (back)
		*p->view = f->saved;
	p->view->match = NULL;
	p->view->match_arg = NULL;
	p->view->hit = (struct span){0};
}

/* Searches from the current match, or from the starting point. `next` skips the
 * current match. */
static bool look_on(struct isearch *f, const struct isearch_pane *p, bool next)
{
	struct search *s = &f->search;
	bool at_hit = s->hit.to > s->hit.from, found;

	if (at_hit)
		found = search_find(s, p->lines, s->id,
		    s->hit.from + (f->direction < 0 ? !next : next),
		    f->direction);
	else
		found = search_find(s, p->lines, f->from_id, 0, f->direction);
	f->failed = !found;
	return found;
}

/* Returns the line where the search starts; an upward search starts below the
 * last visible row. */
static uint64_t origin(const struct isearch *f, const struct isearch_pane *p)
{
	struct place at;
	int rows;

	if (!p->view->back)
		return f->direction < 0 ? scrollback_end(p->lines)
					: scrollback_first(p->lines);
	if (f->direction > 0 ||
	    !view_top(p->view, p->lines, p->cols, p->rows, &at))
		return p->view->id;
	for (rows = view_pane(true, p->rows).main; rows > 1; rows--)
		(void)view_down(p->lines, p->cols, &at);
	return at.id + 1;
}

void isearch_begin(struct isearch *f, const struct view *view, int direction)
{
	f->on = true;
	f->failed = false;
	f->direction = direction;
	f->saved = *view;
	f->search.hit = (struct span){0};
	f->search.n = 0;
}

void isearch_start(struct isearch *f, const struct isearch_pane *p)
{
	f->from_id = origin(f, p);
	show(f, p);
}

bool isearch_next(
    struct isearch *f, const struct isearch_pane *p, int direction)
{
	bool found;

	f->direction = direction;
	found = look_on(f, p, true);
	show(f, p);
	return found;
}

bool isearch_word(
    struct isearch *f, const struct isearch_pane *p, const char *word, size_t n)
{
	f->on = false;
	if (n > SEARCH_MAX)
		return false;
	f->from_id = origin(f, p);
	memcpy(f->search.word, word, n);
	f->search.n = n;
	if (!look_on(f, p, false))
		return false;
	f->on = true;
	show(f, p);
	return true;
}

/* Searches again after the word changed. A longer word may still match at the
 * current position; a shorter one may match nearer to the starting point. */
static enum isearch_result changed(
    struct isearch *f, const struct isearch_pane *p, bool longer)
{
	bool found = true;

	if (!longer)
		f->search.hit = (struct span){0};
	if (f->search.n == 0)
		f->failed = false;
	else
		found = look_on(f, p, false);
	show(f, p);
	return found ? ISEARCH_MOVED : ISEARCH_NOT_FOUND;
}

static enum isearch_result next(
    struct isearch *f, const struct isearch_pane *p, int direction)
{
	return isearch_next(f, p, direction) ? ISEARCH_MOVED
					     : ISEARCH_NOT_FOUND;
}

/* Appends typed text, or the first line of a paste. */
static enum isearch_result append(struct isearch *f,
    const struct isearch_pane *p, const struct input_event *k)
{
	struct search *s = &f->search;
	const char *nl = memchr(k->text, '\n', k->n);
	size_t n = nl != NULL ? (size_t)(nl - k->text) : k->n;

	if (n > SEARCH_MAX - s->n)
		return ISEARCH_NOT_FOUND;
	memcpy(s->word + s->n, k->text, n);
	s->n += n;
	return changed(f, p, true);
}

enum isearch_result isearch_key(struct isearch *f, const struct isearch_pane *p,
    const struct input_event *k)
{
	struct search *s = &f->search;

	if (k->key == INPUT_TEXT || k->key == INPUT_PASTE)
		return append(f, p, k);
	if (k->key == INPUT_BACKSPACE && s->n > 0) {
		while (s->n > 0 && (s->word[--s->n] & 0xc0) == 0x80)
			;
		return changed(f, p, false);
	}
	if (k->key == INPUT_UP || (k->key == INPUT_CTRL && k->letter == 'R'))
		return next(f, p, -1);
	if (k->key == INPUT_DOWN || (k->key == INPUT_CTRL && k->letter == 'S'))
		return next(f, p, 1);
	if (k->key == INPUT_ESCAPE || k->key == INPUT_BACKSPACE ||
	    (k->key == INPUT_CTRL && (k->letter == 'C' || k->letter == 'G'))) {
		end(f, p, true);
		return ISEARCH_MOVED;
	}
	if (k->key == INPUT_NONE)
		return ISEARCH_SAME;
	end(f, p, false);
	return k->key == INPUT_ENTER ? ISEARCH_MOVED : ISEARCH_LEFT;
}

size_t isearch_prompt(const struct isearch *f, char *out, size_t size)
{
	int n = snprintf(out, size, "%s %s: %.*s",
	    f->failed && f->search.n > 0 ? "Not found" : "Search",
	    f->direction < 0 ? "up" : "down", (int)f->search.n, f->search.word);

	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}
