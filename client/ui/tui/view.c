/* view.c - maps a scroll position to rows of the scrollback. */
#include "client/ui/tui/view.h"

enum { VIEW_CONTEXT = 2 }; /* rows of context above a jump target */

static bool marked(const struct scrollback *ls, uint64_t id)
{
	return scrollback_mark(ls) == id;
}

/* The first row of a line: the unread marker if it is there, else byte 0. */
static size_t line_top(const struct scrollback *ls, uint64_t id)
{
	return marked(ls, id) ? VIEW_MARK : 0;
}

/* Counts the rows of a line above `start`; all rows for WRAP_NO_ROW. */
static size_t rows_above(
    const struct scrollback *ls, int width, uint64_t id, size_t start)
{
	if (start == VIEW_MARK)
		return 0;
	return (marked(ls, id) ? 1 : 0) +
	       wrap_rows(scrollback_at(ls, id), width, start);
}

static size_t nth_row(
    const struct scrollback *ls, int width, uint64_t id, size_t n)
{
	if (marked(ls, id) && n-- == 0)
		return VIEW_MARK;
	return wrap_nth(scrollback_at(ls, id), width, n);
}

static bool earlier(const struct place *a, const struct place *b)
{
	if (a->id != b->id)
		return a->id < b->id;
	if (a->start == VIEW_MARK || b->start == VIEW_MARK)
		return b->start != VIEW_MARK;
	return a->start < b->start;
}

struct pane view_pane(bool back, int height)
{
	struct pane p = {height, 0, 0};

	if (!back || height < 2)
		return p;
	p.rule = 1;
	p.tail = height >= 12 ? 3 : height >= 7 ? 2 : height >= 3 ? 1 : 0;
	p.main = height - p.rule - p.tail;
	return p;
}

bool view_down(const struct scrollback *ls, int width, struct place *p)
{
	const struct line *l = scrollback_at(ls, p->id);
	struct row r;

	if (l == NULL)
		return false;
	if (p->start == VIEW_MARK) {
		p->start = 0;
		return true;
	}
	wrap_row(l, width, p->start, &r);
	if (r.next != WRAP_NO_ROW) {
		p->start = r.next;
		return true;
	}
	if (p->id + 1 >= scrollback_end(ls))
		return false;
	p->id++;
	p->start = line_top(ls, p->id);
	return true;
}

/* Moves up by `rows`, or to the first row of all. Each line is scanned at most
 * twice, because one message can have thousands of rows. */
static void back_up(
    const struct scrollback *ls, int width, struct place *p, size_t rows)
{
	size_t above = rows_above(ls, width, p->id, p->start);

	while (above < rows) {
		if (p->id == scrollback_first(ls)) {
			p->start = line_top(ls, p->id);
			return;
		}
		rows -= above;
		p->id--;
		above = rows_above(ls, width, p->id, WRAP_NO_ROW);
	}
	p->start = nth_row(ls, width, p->id, above - rows);
}

bool view_bottom(
    const struct scrollback *ls, int width, int rows, struct place *out)
{
	if (scrollback_first(ls) == scrollback_end(ls))
		return false;
	out->id = scrollback_end(ls) - 1;
	out->start = WRAP_NO_ROW; /* just past its last row */
	back_up(ls, width, out, rows > 0 ? (size_t)rows : 1);
	return true;
}

/* Finds the row that holds a byte of a line. */
static struct place row_at(
    const struct scrollback *ls, int width, uint64_t id, size_t at)
{
	struct place p = {id, at};

	if (id < scrollback_first(ls)) {
		p.id = scrollback_first(ls);
		p.start = line_top(ls, p.id);
	} else if (at == VIEW_MARK) {
		p.start = line_top(ls, id);
	} else {
		p.start = wrap_row_of(scrollback_at(ls, id), width, at);
	}
	return p;
}

bool view_back(
    const struct view *v, const struct scrollback *ls, int width, int height)
{
	struct place p, bottom;

	if (!v->back || !view_bottom(ls, width, height, &bottom))
		return false;
	p = row_at(ls, width, v->id, v->at);
	return earlier(&p, &bottom);
}

bool view_top(const struct view *v, const struct scrollback *ls, int width,
    int rows, struct place *out)
{
	struct place p;

	if (!view_bottom(ls, width, rows, out))
		return false;
	if (v->back) {
		p = row_at(ls, width, v->id, v->at);
		if (earlier(&p, out))
			*out = p;
	}
	return true;
}

static void hold(
    struct view *v, const struct place *p, const struct place *bottom)
{
	v->back = earlier(p, bottom);
	v->id = p->id;
	v->at = p->start;
}

void view_scroll(struct view *v, const struct scrollback *ls, int width,
    int height, int rows)
{
	struct place p, bottom;
	bool moved = true;

	if (rows == 0 || !view_bottom(ls, width, height, &bottom))
		return;
	p = view_back(v, ls, width, height) ? row_at(ls, width, v->id, v->at)
					    : bottom;
	if (rows < 0)
		back_up(ls, width, &p, (size_t)-rows);
	for (; rows > 0 && moved; rows--)
		moved = view_down(ls, width, &p);
	hold(v, &p, &bottom);
}

void view_home(
    struct view *v, const struct scrollback *ls, int width, int height)
{
	struct place p, bottom;

	if (!view_bottom(ls, width, height, &bottom))
		return;
	p.id = scrollback_first(ls);
	p.start = line_top(ls, p.id);
	hold(v, &p, &bottom);
}

void view_follow(struct view *v)
{
	v->back = false;
}

void view_goto(struct view *v, const struct scrollback *ls, int width,
    int height, uint64_t id, size_t at)
{
	struct place p, bottom;

	if (!view_bottom(ls, width, height, &bottom))
		return;
	p = row_at(ls, width, id, at);
	if (!earlier(&p, &bottom)) {
		view_follow(v);
		return;
	}
	if (view_pane(true, height).main > 2 * VIEW_CONTEXT)
		back_up(ls, width, &p, VIEW_CONTEXT);
	hold(v, &p, &bottom);
}
