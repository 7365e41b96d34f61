/* unread.c - tracks what the user has not seen.
 *
 * The user is reading while the window has the focus and shows the newest
 * lines. When reading stops, that position is stored. The first line from
 * somebody else after it puts the unread marker there, and the marker never
 * moves while the user reads. When the user has scrolled back, an old marker
 * may be among the visible rows: it stays until a key scrolls them, because
 * removing it would shift them. Only the buffer on the screen can be read. */
#include <string.h>

#include "client/ui/tui/tui.h"
#include "shared/base/secret.h"

static bool at_end(struct tui *t)
{
	struct layout y = layout_of(t);

	return !y.tiny && !t->copying && !t->helpbox.open &&
	       !t->compose.away && !y.rooms_over &&
	       !view_back(
		   &t->cur->view, t->cur->lines, y.chat_cols, y.chat_rows);
}

static void place_mark(struct tui *t, struct buffer *b)
{
	if (!b->unread.mark_due)
		return;
	scrollback_set_mark(b->lines, b->unread.left_at);
	b->unread.mark_due = false;
	b->unread.marked = b->unread.lines;
	memcpy(b->unread.mark_since, b->unread.since,
	    sizeof(b->unread.mark_since));
	redraw_want(&t->redraw, REDRAW_CHAT);
}

/* Reading has stopped, perhaps long ago: this is noticed when a line comes. */
static void stopped(const struct tui *t, struct buffer *b)
{
	b->unread.left_at = scrollback_end(b->lines);
	notice_clock(t, attention_gone_ms(&t->attention, t->env->now_ms()),
	    b->unread.since);
}

void unread_look(struct tui *t)
{
	bool now;

	t->cur->unread.at_end = at_end(t);
	now = attention_reads(&t->attention, t->env->now_ms()) &&
	      t->cur->unread.at_end;
	if (now == t->cur->unread.reading)
		return;
	t->cur->unread.reading = now;
	if (!now) {
		stopped(t, t->cur);
		return;
	}
	place_mark(t, t->cur);
	t->cur->unread.lines = t->cur->unread.mentions = 0;
	redraw_want(&t->redraw, REDRAW_STATUS);
}

void unread_leave(struct tui *t, struct buffer *b)
{
	struct unread *u = &b->unread;

	if (u->reading)
		stopped(t, b);
	u->reading = u->at_end = false;
}

void unread_clear(struct tui *t, struct buffer *b)
{
	b->unread.lines = b->unread.mentions = 0;
	redraw_want(&t->redraw, REDRAW_STATUS);
}

void unread_moved(struct tui *t)
{
	place_mark(t, t->cur);
	unread_look(t);
}

void unread_line(struct tui *t, struct buffer *b, const struct line_new *l)
{
	struct unread *u = &b->unread;
	uint64_t mark = scrollback_mark(b->lines);

	/* If the window has grown to show all lines, keep following them. */
	if (u->at_end)
		view_follow(&b->view);
	if (b == t->cur)
		redraw_want(&t->redraw, REDRAW_CHAT);
	if (u->reading || l->own || l->kind == LINE_NOTICE || b->closed)
		return;
	if (u->lines++ == 0) {
		u->mark_due = true;
		if (!b->view.back || mark == SCROLLBACK_NO_MARK ||
		    mark < scrollback_first(b->lines))
			place_mark(t, b);
	}
	if (!u->mark_due)
		u->marked = u->lines;
	u->mentions += l->mention;
	redraw_want(&t->redraw, REDRAW_STATUS);
}

void unread_missed(struct tui *t, struct buffer *b)
{
	struct unread *u = &b->unread;

	if (u->reading) {
		if (!b->catching) {
			scrollback_set_mark(
			    b->lines, scrollback_end(b->lines) - 1);
			u->marked = 0;
			u->mark_since[0] = '\0'; /* it is not known */
		}
		u->marked++;
		redraw_want(&t->redraw, REDRAW_CHAT);
	}
	b->catching = true;
}

void unread_call(struct tui *t, const struct buffer *b, const char *name,
    const char *text, size_t n)
{
	char bytes[ATTENTION_MAX];

	if ((b->unread.reading &&
		!attention_away(&t->attention, t->env->now_ms())) ||
	    !attention_due(&t->attention, t->env->now_ms()))
		return;
	n = attention_call(bytes, t->env->notify, name, text, n, t->env->ascii);
	display_send(t->display, bytes, n);
	secret_wipe(bytes, sizeof(bytes));
}

void unread_offer(struct tui *t, struct buffer *b, const struct event *e)
{
	const struct line_new l = {
	    .kind = LINE_CHAT, .mention = event_direct(e)};
	const char *file = e->file->name;

	if (e->own || t->past.page != NULL)
		return;
	unread_line(t, b, &l);
	if (e->past)
		unread_missed(t, b);
	b->missed = b->missed || (l.mention && e->past);
	if (l.mention && !e->past)
		unread_call(t, b, e->file->from, file, strlen(file));
}

void unread_focus(struct tui *t, bool focused)
{
	attention_focus(&t->attention, focused);
	unread_look(t);
}

/* --- keys ----------------------------------------------------------------- */

static bool jump(struct tui *t, uint64_t id, size_t at)
{
	struct layout y = layout_of(t);

	if (y.tiny)
		return false;
	view_goto(
	    &t->cur->view, t->cur->lines, y.chat_cols, y.chat_rows, id, at);
	redraw_want(&t->redraw, REDRAW_CHAT);
	unread_look(t);
	return true;
}

bool unread_go(struct tui *t)
{
	uint64_t mark;

	place_mark(t, t->cur);
	mark = scrollback_mark(t->cur->lines);
	return mark >= scrollback_first(t->cur->lines) &&
	       mark < scrollback_end(t->cur->lines) && jump(t, mark, VIEW_MARK);
}

/* Jumps to the next mention below or above the last jump. If the user has
 * scrolled elsewhere since, it starts at the unread marker or, going up, at the
 * end. */
bool unread_go_mention(struct tui *t, int direction)
{
	uint64_t first = scrollback_first(t->cur->lines);
	uint64_t end = scrollback_end(t->cur->lines), at, mark;
	const struct line *l;

	place_mark(t, t->cur);
	mark = scrollback_mark(t->cur->lines);
	if (t->cur->view.back && t->cur->unread.mention_at >= first &&
	    t->cur->unread.mention_at < end)
		at = direction > 0 ? t->cur->unread.mention_at + 1
				   : t->cur->unread.mention_at;
	else if (direction < 0)
		at = end;
	else
		at = mark >= first && mark < end ? mark : first;
	while (direction > 0 ? at < end : at > first) {
		l = scrollback_at(t->cur->lines, direction > 0 ? at : at - 1);
		if (l->mention) {
			t->cur->unread.mention_at = l->id;
			return jump(t, l->id, 0);
		}
		at = direction > 0 ? at + 1 : at - 1;
	}
	return false;
}
