/* unread.c - what the user has not seen yet.
 *
 * He reads while the window has the focus and the newest lines are shown.
 * When he stops, the place is kept; the marker goes there with the first line
 * of somebody else that comes then, and never moves while he reads. Scrolled
 * back, an old marker may be among the rows that are looked at: it stays
 * until a key moves them, for taking it out would move them too. */
#include "client/ui/tui/tui.h"

static bool at_end(struct tui *t)
{
	struct layout y = draw_layout(t);

	return !y.tiny && !t->bare &&
	       !view_back(&t->view, t->lines, y.chat_cols, y.chat_rows);
}

static void place_mark(struct tui *t)
{
	if (!t->mark_due)
		return;
	scrollback_set_mark(t->lines, t->left_at);
	t->mark_due = false;
	t->dirty |= DIRTY_CHAT;
}

void unread_look(struct tui *t)
{
	bool now;

	t->at_end = at_end(t);
	now = t->focused && t->at_end;
	if (now == t->reading)
		return;
	t->reading = now;
	if (!now) {
		t->left_at = scrollback_end(t->lines);
		return;
	}
	place_mark(t);
	t->unread.lines = t->unread.mentions = 0;
	t->dirty |= DIRTY_STATUS;
}

void unread_moved(struct tui *t)
{
	place_mark(t);
	unread_look(t);
}

void unread_line(struct tui *t, const struct line_new *l)
{
	uint64_t mark = scrollback_mark(t->lines);

	/* All was shown, in a window that has grown: so is what comes now. */
	if (t->at_end)
		view_follow(&t->view);
	if (t->reading || l->own || l->kind == LINE_NOTICE)
		return;
	if (t->unread.lines++ == 0) {
		t->mark_due = true;
		if (!t->view.back || mark == SCROLLBACK_NO_MARK ||
		    mark < scrollback_first(t->lines))
			place_mark(t);
	}
	t->unread.mentions += l->mention;
	t->dirty |= DIRTY_STATUS;
}

void unread_focus(struct tui *t, bool focused)
{
	t->focused = focused;
	unread_look(t);
}

/* --- keys ----------------------------------------------------------------- */

static bool jump(struct tui *t, uint64_t id, size_t at)
{
	struct layout y = draw_layout(t);

	if (y.tiny)
		return false;
	view_goto(&t->view, t->lines, y.chat_cols, y.chat_rows, id, at);
	t->dirty |= DIRTY_CHAT;
	unread_look(t);
	return true;
}

bool unread_go(struct tui *t)
{
	uint64_t mark;

	place_mark(t);
	mark = scrollback_mark(t->lines);
	return mark >= scrollback_first(t->lines) &&
	       mark < scrollback_end(t->lines) && jump(t, mark, VIEW_MARK);
}

/* The next mention below, or above, the one where the last jump went, as long
 * as the user has not scrolled elsewhere; else the one that is nearest to the
 * unread marker or, upwards, to the end. */
bool unread_go_mention(struct tui *t, int direction)
{
	uint64_t first = scrollback_first(t->lines);
	uint64_t end = scrollback_end(t->lines), at, mark;
	const struct line *l;

	place_mark(t);
	mark = scrollback_mark(t->lines);
	if (t->view.back && t->mention_at >= first && t->mention_at < end)
		at = direction > 0 ? t->mention_at + 1 : t->mention_at;
	else if (direction < 0)
		at = end;
	else
		at = mark >= first && mark < end ? mark : first;
	while (direction > 0 ? at < end : at > first) {
		l = scrollback_at(t->lines, direction > 0 ? at : at - 1);
		if (l->mention) {
			t->mention_at = l->id;
			return jump(t, l->id, 0);
		}
		at = direction > 0 ? at + 1 : at - 1;
	}
	return false;
}
