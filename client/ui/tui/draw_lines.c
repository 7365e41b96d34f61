/* draw_lines.c - draws the lines of a room: what was said, in its columns. */
#include <stdio.h>
#include <string.h>

#include "client/ui/cells.h"
#include "client/ui/tui/tui.h"
#include "client/ui/url.h"

static struct look look(struct tui *t, enum theme_role r)
{
	return theme_look(r, display_colors(t->display));
}

/* The message that is chosen is inverse. */
static struct look inverse(struct look l, bool chosen)
{
	if (chosen)
		l.flags = (l.flags & ~(unsigned)LOOK_DIM) | LOOK_REVERSE;
	return l;
}

/* Draws the rule between the two columns; `wall` keeps right-to-left text on
 * its left. */
static void draw_bar(struct tui *t, const struct layout *y, int row, bool wall)
{
	struct look l = look(t, ROLE_RULE);

	if (y->users_cols == 0)
		return;
	if (wall)
		display_wall(t->display, row, y->users_col - 1, 0, l);
	else
		display_bar(t->display, row, y->users_col - 1, l);
}

/* A rule with a text in it. */
static void draw_titled(struct tui *t, const struct layout *y, int row,
    const char *text, size_t n, struct look l)
{
	int room = y->chat_cols - 2, at = y->chat_col + 3, w;

	display_rule(t->display, row, y->chat_col, y->chat_cols, l);
	if (room < 3)
		return;
	w = display_put(t->display, row, at, room - 2, text, n, l);
	display_blank(t->display, row, at - 1, 1, l);
	display_blank(t->display, row, at + w, 1, l);
}

/* The unread marker: "2 unread since 14:09". */
static void draw_mark(struct tui *t, const struct layout *y, int row)
{
	const struct unread *u = &t->cur->unread;
	char text[64];
	int n;

	n = snprintf(text, sizeof(text), "%zu unread%s%s", u->marked,
	    u->mark_since[0] != '\0' ? " since " : "", u->mark_since);
	draw_titled(t, y, row, text, (size_t)n, look(t, ROLE_MARK));
}

/* Returns the look of the cluster [from, to) of a line. `s` is the match that
 * ends after `from`, if any. */
static struct look found_look(struct tui *t, const struct line *l, size_t from,
    size_t to, struct span *s, struct look plain)
{
	const struct view *v = &t->cur->view;

	while (s->to > s->from && s->to <= from)
		if (!v->match(v->match_arg, l, s->to, s))
			*s = (struct span){0};
	if (s->to <= s->from || s->from >= to)
		return plain;
	if (v->hit_id == l->id && v->hit.from == s->from &&
	    v->hit.to > v->hit.from)
		return look(t, ROLE_HIT);
	return look(t, ROLE_FOUND);
}

/* Draws [from, to) of a line in one look, but for search matches and addresses.
 * Returns the cells. */
static int draw_part(struct tui *t, int row, int col, int room,
    const struct line *l, size_t from, size_t to, struct look plain)
{
	const struct view *v = &t->cur->view;
	struct span s = {0};
	size_t pos, next, url = to, url_len = 0;
	bool found = v->match != NULL && v->match(v->match_arg, l, 0, &s);
	struct look here;
	int at = col;

	if (!url_next(l->text, l->len, from, &url, &url_len))
		url = to;
	if (!found && url >= to)
		return display_put(t->display, row, col, room, l->text + from,
		    to - from, plain);
	for (pos = from; pos < to; pos = next) {
		next = cells_next(l->text, to, pos);
		if (pos >= url + url_len &&
		    !url_next(l->text, l->len, pos, &url, &url_len))
			url = to;
		here = plain;
		if (pos >= url && pos < url + url_len)
			here.flags |= LOOK_UNDERLINE;
		if (found)
			here = found_look(t, l, pos, next, &s, here);
		at += display_put(t->display, row, at, room - (at - col),
		    l->text + pos, next - pos, here);
	}
	return at - col;
}

/* Draws the text of a row. What the author did not say is not in the look of
 * what they did. */
static void draw_text(struct tui *t, const struct layout *y, int row,
    const struct line *l, const struct row *r, struct look plain,
    struct look aside)
{
	int col = y->chat_col + r->indent, room = y->chat_cols - r->indent, w;
	size_t end = r->from + r->len, split = end;

	if (r->from < l->quote || r->from >= l->body)
		plain = aside;
	else if (l->body < end)
		split = l->body;
	w = draw_part(t, row, col, room, l, r->from, split, plain);
	if (split < end)
		w += draw_part(t, row, col + w, room - w, l, split, end, aside);
	if (r->cut)
		display_str(t->display, row, col + w, room - w,
		    t->env->ascii ? "~" : "\xe2\x80\xa6", aside);
}

/* Our own message gets its time when the server acknowledges it. */
static const char *time_text(const struct tui *t, const struct line *l)
{
	if (l->held)
		return " held";
	if (l->unsaid)
		return " drop";
	if (l->pending)
		return t->env->ascii ? " ... " : "  \xe2\x80\xa6  ";
	return l->time;
}

/* A message of the same minute as the line above it has no time, unless that is
 * not on the screen. */
static bool timed(const struct tui *t, const struct line *l, bool top)
{
	const struct line *above = scrollback_at(t->cur->lines, l->id - 1);

	if (top || l->pending || l->unsaid ||
	    (l->kind != LINE_CHAT && l->kind != LINE_ACTION))
		return true;
	return above == NULL || above->pending || above->unsaid ||
	       above->kind == LINE_DATE ||
	       scrollback_mark(t->cur->lines) == l->id ||
	       strcmp(above->time, l->time) != 0;
}

/* The columns before the text of the first row. */
static void draw_head(struct tui *t, const struct layout *y, int row,
    const struct line *l, bool top, bool chosen, struct look text)
{
	struct look time = look(t, l->held ? ROLE_ALERT : ROLE_TIME);
	struct look mark = look(t, ROLE_MENTION), name;
	char head[WRAP_HEAD_MAX], m = wrap_mark(l, y->chat_cols);

	if (timed(t, l, top))
		display_str(t->display, row, y->chat_col, y->chat_cols,
		    time_text(t, l), inverse(time, chosen));
	name = l->kind == LINE_NOTICE || l->kind == LINE_ALERT ? text
	       : l->trust == TRUST_CHANGED ? look(t, ROLE_ALERT)
	       : l->own			   ? look(t, ROLE_OWN)
	       : l->mention		   ? look(t, ROLE_MENTION)
			    : theme_name(l->name, display_colors(t->display));
	if (m != '@')
		mark = name;
	if (WRAP_NAME >= y->chat_cols)
		return;
	display_put(t->display, row, y->chat_col + WRAP_MARK, 1, &m, 1,
	    inverse(mark, chosen));
	wrap_head(l, y->chat_cols, head);
	display_str(t->display, row, y->chat_col + WRAP_NAME,
	    y->chat_cols - WRAP_NAME, head, inverse(name, chosen));
}

/* `top`: it is the first one of an area. */
static void draw_row(struct tui *t, const struct layout *y, int row,
    const struct place *at, bool top)
{
	const struct line *l = scrollback_at(t->cur->lines, at->id);
	struct look text = look(t, ROLE_TEXT), aside = look(t, ROLE_NOTICE);
	bool chosen = choose_is(t, at->id) && at->start != VIEW_MARK;
	struct row r;

	display_blank(
	    t->display, row, y->chat_col, y->chat_cols, inverse(text, chosen));
	if (l == NULL)
		return;
	if (at->start == VIEW_MARK) {
		draw_mark(t, y, row);
		return;
	}
	if (l->kind == LINE_DATE) {
		draw_titled(t, y, row, l->text, l->len, look(t, ROLE_RULE));
		return;
	}
	wrap_row(l, y->chat_cols, at->start, &r);
	text = look(t, l->kind == LINE_NOTICE  ? ROLE_NOTICE
		       : l->kind == LINE_ALERT ? ROLE_ALERT
					       : ROLE_TEXT);
	if (at->start == 0)
		draw_head(t, y, row, l, top, chosen, text);
	if (cells_rtl(l->text + r.from, r.len)) {
		if (r.indent > 0)
			display_wall(t->display, row,
			    y->chat_col + r.indent - 1, ' ', text);
		draw_bar(t, y, row, true);
	}
	draw_text(
	    t, y, row, l, &r, inverse(text, chosen), inverse(aside, chosen));
}

/* Draws `n` rows of the area from `row` on: the lines from p on, at the bottom
 * of the area if they do not fill it. Returns the number of the last line
 * drawn. */
static uint64_t draw_rows(struct tui *t, const struct layout *y, int row, int n,
    struct place p, bool any)
{
	struct place q = p;
	int have = any ? 1 : 0;
	bool top = true;

	while (
	    have > 0 && have < n && view_down(t->cur->lines, y->chat_cols, &q))
		have++;
	for (; n > have; n--)
		display_blank(t->display, row++, y->chat_col, y->chat_cols,
		    look(t, ROLE_TEXT));
	for (; n-- > 0; row++) {
		draw_row(t, y, row, &p, top);
		top = top && p.start != 0; /* the first that has a time */
		if (n > 0)
			(void)view_down(t->cur->lines, y->chat_cols, &p);
	}
	return p.id;
}

static void draw_rule(
    struct tui *t, const struct layout *y, int row, uint64_t below)
{
	char text[80];

	snprintf(text, sizeof(text), " %llu more below, PgDn ",
	    (unsigned long long)below);
	display_rule(
	    t->display, row, y->chat_col, y->chat_cols, look(t, ROLE_RULE));
	if (y->chat_cols > 4)
		display_str(t->display, row, y->chat_col + 2, y->chat_cols - 4,
		    text, look(t, ROLE_PROMPT));
}

void draw_lines(struct tui *t, const struct layout *y)
{
	struct pane pane;
	struct place p = {0, 0};
	uint64_t last;
	bool any;
	int row;

	for (row = 0; row < y->chat_rows; row++)
		draw_bar(t, y, row, false);
	pane = view_pane(
	    view_back(&t->cur->view, t->cur->lines, y->chat_cols, y->chat_rows),
	    y->chat_rows);
	any =
	    view_top(&t->cur->view, t->cur->lines, y->chat_cols, pane.main, &p);
	last = draw_rows(t, y, 0, pane.main, p, any);
	if (pane.rule == 0)
		return;
	draw_rule(t, y, pane.main,
	    any ? scrollback_end(t->cur->lines) - 1 - last : 0);
	if (pane.tail > 0) {
		any = view_bottom(t->cur->lines, y->chat_cols, pane.tail, &p);
		draw_rows(t, y, pane.main + 1, pane.tail, p, any);
	}
}
