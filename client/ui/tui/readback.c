/* readback.c - reads older lines of a room from its history: when the user scrolls
 * to the top, and for a search. A part that is read is gathered in a page of its
 * own, and put above the lines when it is complete; the view does not move. */
#include <stdio.h>
#include <string.h>

#include "client/ui/tui/tui.h"
#include "client/ui/words_rooms.h"

/* --- asking --------------------------------------------------------------- */

static bool ended(const struct buffer *b)
{
	return b->lookback.end == scrollback_first(b->lines);
}

/* Up to where the lines reach; 0: none of them is in the log. */
static uint64_t reached(const struct buffer *b)
{
	/* Since then no line was dropped from the top. */
	if (b->lookback.before != 0 &&
	    b->lookback.from == scrollback_first(b->lines))
		return b->lookback.before;
	return scrollback_first_offset(b->lines);
}

static const char *ask(struct tui *t, struct buffer *b, uint32_t count)
{
	struct lookback *l = &b->lookback;
	struct session_room_status st;
	uint32_t req;
	int r;

	session_room_status(t->env->session, b->room, &st);
	if (!st.joined)
		return "you are not in this room, or not connected";
	if (st.settings.history == HISTORY_NONE)
		return "this room keeps nothing of what was said";
	if (ended(b))
		return "nothing older can be read";
	if (l->req != 0)
		return NULL; /* it comes */
	if (l->page == NULL && (l->page = scrollback_new()) == NULL)
		return err_str(ERR_NOMEM);
	scrollback_ascii(l->page, t->env->ascii);
	r = session_history(t->env->session, b->room, reached(b), count, &req);
	if (r != 0)
		return err_str(r);
	l->req = req;
	l->fold_at = SCROLLBACK_NO_MARK;
	return NULL;
}

const char *readback_ask(struct tui *t, uint32_t count)
{
	t->cur->lookback.empty = 0;
	return ask(t, t->cur, count);
}

void readback_scrolled(struct tui *t)
{
	struct layout y = layout_of(t);
	struct place top = {0, 0};
	int rows;

	if (y.tiny || !view_top(&t->cur->view, t->cur->lines, y.chat_cols,
			  view_pane(t->cur->view.back, y.chat_rows).main, &top))
		return;
	/* Within a screen of the first line. */
	rows = y.chat_rows;
	if (top.id - scrollback_first(t->cur->lines) < (uint64_t)rows)
		(void)readback_ask(t, LOOKBACK_COUNT);
}

/* --- what comes ----------------------------------------------------------- */

/* The day of the first line stands above it, once. */
static void join_days(struct buffer *b)
{
	struct scrollback *page = b->lookback.page;
	uint64_t id = scrollback_first(b->lines);
	const struct line *first = scrollback_at(b->lines, id);
	const struct line *last = scrollback_at(page, scrollback_end(page) - 1);

	if (first == NULL || last == NULL)
		return;
	if (first->kind != LINE_DATE)
		lookback_date(page, first->at_ms, false, first->at_ms);
	else if (lookback_same_day(first->at_ms, last->at_ms)) {
		if (b->view.id == id)
			b->view.id++;
		if (scrollback_mark(b->lines) == id)
			scrollback_set_mark(b->lines, id + 1);
		scrollback_drop(b->lines);
	}
}

static bool put_end(struct tui *t, struct buffer *b, const char *text)
{
	struct scrollback *page = b->lookback.page;
	bool put = scrollback_add(page, &(struct line_new){.kind = LINE_NOTICE,
					    .at_ms = t->env->wall_ms(),
					    .time = lookback_no_time,
					    .text = text,
					    .len = strlen(text)}) == 0 &&
		   scrollback_prepend(b->lines, page);

	b->lookback.end = put ? scrollback_first(b->lines) : SCROLLBACK_NO_MARK;
	return put;
}

static void finish_search(
    struct tui *t, struct buffer *b, const struct event *e, bool more);

/* The page is complete. */
static void complete(struct tui *t, struct buffer *b, const struct event *e)
{
	struct lookback *l = &b->lookback;
	bool none = scrollback_empty(l->page), more = e->reason[0] == '\0';
	bool all;

	join_days(b);
	t->looking.next_id = scrollback_first(b->lines);
	all = scrollback_prepend(b->lines, l->page);
	l->before = e->first;
	l->from = scrollback_first(b->lines);
	if (!all)
		l->before = 0; /* what did not fit would be asked for again */
	if (!more) {
		(void)put_end(t, b, words_history_end(e->reason));
	} else if (!all) {
		more = false;
		scrollback_drop(b->lines); /* for the line that says so */
		(void)put_end(t, b, words_history_full);
	}
	redraw_want(&t->redraw, REDRAW_CHAT);
	if (t->looking.in == b)
		finish_search(t, b, e, more);
	else if (more && none && l->empty++ < LOOKBACK_EMPTY)
		(void)ask(t, b, LOOKBACK_COUNT);
	if (!none)
		l->empty = 0;
}

bool readback_event(struct tui *t, struct buffer *b, const struct event *e)
{
	struct lookback *l = &b->lookback;

	if (e->req == 0 || e->req != l->req || l->page == NULL)
		return false;
	if (e->type != EVENT_HISTORY)
		return true;
	l->req = 0;
	if (e->word == NULL || e->word[0] == '\0') {
		complete(t, b, e);
		return true;
	}
	/* A part of it would leave a gap. */
	while (!scrollback_empty(l->page))
		scrollback_drop(l->page);
	if (t->looking.in == b)
		t->looking.in = NULL;
	notice_to(t, b, LINE_NOTICE, "what is older cannot be read now: %s",
	    e->text_len > 0 ? e->text : wire_code_str(e->code));
	redraw_want(&t->redraw, REDRAW_ALL);
	return true;
}

/* --- searching ------------------------------------------------------------ */

static void say_found(struct tui *t, const char *how)
{
	const struct search *s = &t->looking.word;

	notice_add(t, LINE_NOTICE, "not found: %.*s%s",
	    s->n < 64 ? (int)s->n : 64, s->word, how);
}

static void finish_search(
    struct tui *t, struct buffer *b, const struct event *e, bool more)
{
	struct lookback_search *s = &t->looking;

	if (e->first != 0)
		s->read += e->offset - e->first + 1;
	redraw_want(&t->redraw, REDRAW_STATUS);
	if (b != t->cur) { /* another room is shown: it is given up */
		s->in = NULL;
		return;
	}
	if (search_find(&s->word, b->lines, s->next_id, 0, -1)) {
		s->in = NULL;
		(void)keys_search_word(t, s->word.word, s->word.n);
		return;
	}
	if (more && s->read < LOOKBACK_SEARCH &&
	    ask(t, b, WIRE_HISTORY_MAX) == NULL)
		return;
	s->in = NULL;
	say_found(t, more ? ", in the last 10,000 entries either; /search "
			    "again goes on"
			  : "");
}

const char *readback_search(struct tui *t, const char *word, size_t n)
{
	struct lookback_search *s = &t->looking;
	const char *why;

	if (n > SEARCH_MAX)
		return "that is too long to look for";
	if ((why = ask(t, t->cur, WIRE_HISTORY_MAX)) != NULL)
		return why;
	*s = (struct lookback_search){.in = t->cur, .word.n = n};
	memcpy(s->word.word, word, n);
	redraw_want(&t->redraw, REDRAW_STATUS);
	return NULL;
}

bool readback_stop(struct tui *t)
{
	if (t->looking.in == NULL)
		return false;
	t->looking.in = NULL;
	redraw_want(&t->redraw, REDRAW_STATUS);
	return true;
}

bool readback_row(const struct tui *t, char out[READBACK_ROW_MAX])
{
	const struct lookback_search *s = &t->looking;

	if (s->in == NULL || s->in != t->cur)
		return false;
	snprintf(out, READBACK_ROW_MAX,
	    "searching what is older: %llu read; Esc stops",
	    (unsigned long long)s->read);
	return true;
}

/* --- events --------------------------------------------------------------- */

/* Whether an own message, or one that was read before, is here already. */
static bool is_here(const struct tui *t, const struct buffer *b,
    const struct event *e)
{
	const uint8_t *author = e->person->fingerprint;

	return scrollback_find(b->lines, e->id, author) !=
		   SCROLLBACK_NO_MARK ||
	       scrollback_find(t->past.page, e->id, author) !=
		   SCROLLBACK_NO_MARK;
}

bool readback_begins(struct tui *t, struct buffer *b, const struct event *e)
{
	static const bool in_log[EVENT_CLOSED + 1] = {[EVENT_MESSAGE] = true,
	    [EVENT_JOIN] = true,
	    [EVENT_LEAVE] = true,
	    [EVENT_ACT] = true,
	    [EVENT_ROOM] = true,
	    [EVENT_GONE] = true};
	const struct scrollback *ls;
	const struct line *last;

	memset(&t->past, 0, sizeof(t->past));
	if (in_log[e->type])
		t->past.offset = e->offset;
	if (!e->past)
		return true;
	if (e->req != 0) {
		if (e->req != b->lookback.req)
			return false;
		t->past.page = b->lookback.page;
	}
	ls = e->req != 0 ? b->lookback.page : b->lines;
	last = scrollback_at(ls, scrollback_end(ls) - 1);
	t->past.at_ms = e->ts_ms != 0 ? e->ts_ms
			: last != NULL ? last->at_ms
				       : 0;
	return e->req == 0 || e->type != EVENT_MESSAGE || !is_here(t, b, e);
}
