/* notice.c - adds events to the scrollback of their room. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/ui/mention.h"
#include "client/ui/reaction.h"
#include "client/ui/roll.h"
#include "client/ui/tui/comings.h"
#include "client/ui/tui/tui.h"
#include "client/ui/words.h"
#include "client/ui/words_rooms.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

enum {
	NOTICE_MAX = 128 << 10,
	NAMES_MAX = 500, /* limit of /names */
};

static bool local_time(uint64_t ms, struct tm *tm)
{
	time_t s = (time_t)(ms / 1000);

	return localtime_r(&s, tm) != NULL;
}

static void clock_text(char out[SCROLLBACK_TIME + 1], uint64_t ms)
{
	struct tm tm;

	if (!local_time(ms, &tm) ||
	    strftime(out, SCROLLBACK_TIME + 1, "%H:%M", &tm) == 0)
		snprintf(out, SCROLLBACK_TIME + 1, "--:--");
}

void notice_clock(
    const struct tui *t, uint64_t ago_ms, char out[SCROLLBACK_TIME + 1])
{
	clock_text(out, t->env->wall_ms() - ago_ms);
}

/* Filters `text` and adds it to a buffer as a line; our own text `tail` is
 * appended. */
static void add(struct tui *t, struct buffer *b, struct line_new *l,
    const char *text, size_t n, unsigned flags, const char *tail)
{
	struct scrollback *to = t->past.page != NULL ? t->past.page : b->lines;
	uint64_t now = t->env->wall_ms();
	char time_text[SCROLLBACK_TIME + 1];
	struct buf out;

	buf_init_secret(&out, NOTICE_MAX);
	l->at_ms = t->past.at_ms != 0 ? t->past.at_ms : now;
	l->offset = t->past.offset;
	clock_text(time_text, l->at_ms);
	lookback_date(to, l->at_ms, t->past.page != NULL, now);
	if (t->env->ascii)
		flags |= TEXT_ASCII;
	if (text_filter(&out, text, n, flags) == 0 &&
	    buf_str(&out, tail) == 0) {
		l->time = time_text;
		l->text = (const char *)out.p;
		l->len = out.len;
		if (scrollback_add(to, l) == 0 && t->past.page == NULL)
			unread_line(t, b, l);
		/* These point to local buffers. */
		l->time = l->text = NULL;
		l->len = 0;
	}
	buf_free(&out);
}

static void add_fmt(struct tui *t, struct buffer *b, enum line_kind kind,
    const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));

static void add_fmt(struct tui *t, struct buffer *b, enum line_kind kind,
    const char *fmt, va_list ap)
{
	struct line_new l = {.kind = kind};
	char text[WORDS_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	add(t, b, &l, text, strlen(text), 0, "");
}

void notice_to(
    struct tui *t, struct buffer *b, enum line_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_fmt(t, b, kind, fmt, ap);
	va_end(ap);
}

void notice_add(struct tui *t, enum line_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_fmt(t, t->cur, kind, fmt, ap);
	va_end(ap);
}

void notice_text(struct tui *t, const char *text, size_t n)
{
	struct line_new l = {.kind = LINE_NOTICE};

	add(t, t->cur, &l, text, n, TEXT_LINES, "");
}

/* Adds a line when the date has changed. */
static void new_day(struct tui *t)
{
	struct buffer *b;
	struct tm tm;
	bool first = t->day.year == 0;

	if (!local_time(t->env->wall_ms(), &tm) ||
	    (tm.tm_year == t->day.year && tm.tm_yday == t->day.yday))
		return;
	t->day.year = tm.tm_year;
	t->day.yday = tm.tm_yday;
	if (first)
		return;
	for (b = buffers_next(&t->buffers, NULL); b != NULL;
	     b = buffers_next(&t->buffers, b)) {
		lookback_date(b->lines, t->env->wall_ms(), true,
		    t->env->wall_ms());
		redraw_want(&t->redraw, REDRAW_CHAT);
	}
}

/* Nobody's fingerprint. */
static const uint8_t nobody[WIRE_HASH];

static void person_name(
    const struct tui *t, const struct event *e, char *out, size_t size)
{
	const char *name = e->person != NULL ? e->person->name : t->env->name;

	text_filter_fixed(out, size, name, strlen(name));
}

/* The lines that have the message which an event is about; *line: which. */
static struct scrollback *lines_of(const struct tui *t, const struct buffer *b,
    const struct event *e, uint64_t *line)
{
	struct scrollback *page = t->past.page;

	if (page != NULL) {
		*line = scrollback_find(page, e->about, e->author);
		if (*line != SCROLLBACK_NO_MARK)
			return page;
	}
	*line = scrollback_find(b->lines, e->about, e->author);
	return b->lines;
}

/* "dave: The restore test is on Thursday", of the message that one answers. */
enum { QUOTE_MAX = 256 };
static const char *quote(const struct tui *t, const struct buffer *b,
    const struct event *e, char out[QUOTE_MAX])
{
	uint64_t at;
	const struct scrollback *ls = lines_of(t, b, e, &at);
	const struct line *l = scrollback_at(ls, at);
	const char *text, *nl;
	size_t n;

	if (l == NULL) {
		snprintf(out, QUOTE_MAX, "a message that is not here");
		return out;
	}
	if (message_deleted(l->message)) {
		snprintf(out, QUOTE_MAX, "%s: %s", l->name,
		    message_purged(l->message) ? "purged" : "deleted");
		return out;
	}
	text = message_text(l->message, &n);
	if ((nl = memchr(text, '\n', n)) != NULL)
		n = (size_t)(nl - text);
	if (n > QUOTE_MAX / 2)
		for (n = QUOTE_MAX / 2; n > 0 && text_trail((uint8_t)text[n]);)
			n--;
	snprintf(out, QUOTE_MAX, "%s: %.*s", l->name, (int)n, text);
	return out;
}

static void message(struct tui *t, struct buffer *b, const struct event *e)
{
	struct line_new l = {0};
	uint64_t now = t->env->wall_ms();
	uint64_t off = now > e->ts_ms ? now - e->ts_ms : e->ts_ms - now;
	char tail[64] = "", name[WIRE_NAME_MAX * 4], clock[WORDS_MAX];
	char about[QUOTE_MAX];
	struct tm tm;

	person_name(t, e, name, sizeof(name));
	l.kind = e->action ? LINE_ACTION : LINE_CHAT;
	l.name = name;
	l.own = e->own;
	l.pending = e->own && !e->past;
	l.trust = e->person != NULL ? e->person->trust : TRUST_VERIFIED;
	l.mention = !e->own && (event_direct(e) || mention_in(e->text, e->text_len,
						       t->env->name));
	l.id = e->id;
	l.author = e->person != NULL ? e->person->fingerprint : nobody;
	if (e->has_about) {
		l.about = quote(t, b, e, about);
		l.about_id = e->about;
	}
	if (!e->past && !e->own && off > WORDS_CLOCK_SLACK_MS &&
	    local_time(e->ts_ms, &tm) &&
	    strftime(tail, sizeof(tail), " [dated %Y-%m-%d %H:%M]", &tm) == 0)
		tail[0] = '\0';
	add(t, b, &l, e->text, e->text_len, TEXT_LINES, tail);
	if (t->past.page != NULL)
		return;
	if (e->past && !e->own)
		unread_missed(t, b);
	/* The sender's clock is wrong, or ours is, or the relay replays an old
	 * message. Each such message shows its date; the warning appears
	 * once. */
	if (tail[0] != '\0' && !t->clock_said && !e->past &&
	    words_clock(clock, sizeof(clock), name, e->ts_ms, now)) {
		t->clock_said = true;
		notice_to(t, b, LINE_ALERT, "%s", clock);
	}
	/* What was missed is marked, and rings once (EVENT_HISTORY). */
	b->missed = b->missed || (l.mention && e->past);
	if (l.mention && !e->past)
		unread_call(t, b, name, e->text, e->text_len);
	if (!e->own)
		complete_spoke(&b->speakers, name);
}

void notice_say(struct tui *t, struct buffer *b, const struct event *e)
{
	struct session_room_status room = {0};
	struct session_status link;
	static const char direct[] = "[direct] "; /* the window says it */
	char text[WORDS_MAX];
	size_t at = 0;
	struct words_about about = {.server = t->env->server,
	    .name = t->env->name,
	    .now_ms = t->env->wall_ms(),
	    .again = b->was_in};

	if (e->type == EVENT_CONNECTED) {
		session_room_status(t->env->session, e->room, &room);
		session_status(t->env->session, &link);
		about.people = room.total;
		about.invite = words_invite(&link, &room);
	}
	if (e->type == EVENT_CHANGED)
		about.was_verified = trust_find_verified(
		    t->env->session, t->env->people, e->person);
	if (!words_event(text, e, &about))
		return;
	if (b->with[0] != '\0' && strncmp(text, direct, strlen(direct)) == 0)
		at = strlen(direct);
	notice_to(t, b,
	    words_weight(e) == WORDS_ALERT ? LINE_ALERT : LINE_NOTICE, "%s",
	    text + at);
}

static void connected(struct tui *t, struct buffer *b, const struct event *e)
{
	struct session_room_status st;
	char keeps[WORDS_MAX];

	notice_say(t, b, e);
	session_room_status(t->env->session, e->room, &st);
	words_topic(keeps, &st);
	if (st.topic[0] != '\0')
		notice_to(t, b, LINE_NOTICE, "%s", keeps);
	words_room_keeps(keeps, &st.settings);
	if (!b->was_in)
		notice_to(t, b, LINE_NOTICE, "%s", keeps);
	if (!b->was_in && !t->help_said)
		notice_to(
		    t, b, LINE_NOTICE, "/help shows the commands, F1 the keys");
	b->was_in = t->help_said = true;
	b->fold_key = 0;
	b->full = false;
}

/* What an own reaction, edit or deletion looks like is seen at its message;
 * where that is gone from the scrollback, in words. */
static void change_in_words(
    struct tui *t, struct buffer *b, const struct event *e, const char *name)
{
	char with[REACTION_SHOWN];

	reaction_shown(with, e->text, e->text_len, t->env->ascii);
	if (e->type == EVENT_EDIT)
		notice_to(t, b, LINE_NOTICE, "%s edited: %.*s", name,
		    (int)(e->text_len < WORDS_MAX / 2 ? e->text_len
						      : WORDS_MAX / 2),
		    e->text);
	else if (e->type == EVENT_DELETE)
		notice_to(t, b, LINE_NOTICE, "%s deleted an old message", name);
	else if (e->text_len > 0)
		notice_to(t, b, LINE_NOTICE, "%s reacts with %s to an old message",
		    name, with);
}

/* What is done to an earlier message is shown in its place. */
static void change(struct tui *t, struct buffer *b, const struct event *e)
{
	uint64_t line;
	struct scrollback *ls = lines_of(t, b, e, &line);
	struct message *m = scrollback_change(ls, line);
	char name[WIRE_NAME_MAX * 4], with[REACTION_SHOWN];
	struct buf text;

	person_name(t, e, name, sizeof(name));
	if (m == NULL) {
		if (t->past.page == NULL)
			change_in_words(t, b, e, name);
		return;
	}
	buf_init_secret(&text, NOTICE_MAX);
	if (e->type == EVENT_EDIT) {
		/* Without memory the old text stays. */
		if (text_filter(&text, e->text, e->text_len,
			TEXT_LINES | (t->env->ascii ? TEXT_ASCII : 0u)) == 0)
			(void)!message_edit(
			    m, e->id, (const char *)text.p, text.len);
	} else if (e->type == EVENT_DELETE) {
		message_delete(m, e->id, e->own ? "you" : name);
	} else {
		reaction_shown(with, e->text, e->text_len, t->env->ascii);
		message_react(m, e->id,
		    e->person != NULL ? e->person->fingerprint : nobody, name,
		    with);
	}
	buf_free(&text);
	scrollback_changed(ls, line);
	if (b == t->cur)
		redraw_want(&t->redraw, REDRAW_CHAT | REDRAW_STATUS);
}

/* Its text is gone from the screen too, with what others quote of it. */
static void purged(struct tui *t, struct buffer *b, const struct event *e)
{
	struct scrollback *all[] = {t->past.page, b->lines};
	char by[WIRE_NAME_MAX * 4], text[WORDS_MAX];
	struct event gone = *e;
	bool found = false;
	uint64_t at;
	size_t i;

	gone.by = e->by != NULL ? e->by : "";
	text_filter_fixed(by, sizeof(by), gone.by, strlen(gone.by));
	gone.by = by;
	words_gone(text, &gone, NULL);
	for (i = 0; i < 2; i++) {
		if (all[i] == NULL)
			continue;
		if (e->has_about &&
		    scrollback_purge(all[i], e->about, e->author, by)) {
			found = true;
			continue;
		}
		at = scrollback_find_offset(all[i], e->offset);
		if (at != SCROLLBACK_NO_MARK) {
			scrollback_reword(all[i], at, text);
			found = true;
		}
	}
	if (!found && t->past.page == NULL)
		notice_say(t, b, e);
	redraw_want(&t->redraw, REDRAW_CHAT);
}

/* The missed messages have been shown. */
static void caught_up(struct tui *t, struct buffer *b, const struct event *e)
{
	static const char text[] = "somebody has named you";

	notice_say(t, b, e);
	b->catching = false;
	if (b->missed)
		unread_call(t, b, b->name, text, sizeof(text) - 1);
	b->missed = false;
}

static void show(struct tui *t, struct buffer *b, const struct event *e);

void notice_event(struct tui *t, const struct event *e)
{
	struct buffer *b = t->cur;

	if (event_direct(e))
		b = talk_buffer(t, e);
	else if (e->room != NULL)
		b = buffers_of(&t->buffers, e->room);
	if (b == NULL)
		return; /* no memory: drop the event, as for a line */
	if (e->room != NULL && e->room_name != NULL && e->room_name[0] != '\0')
		text_filter_fixed(b->name, sizeof(b->name), e->room_name,
		    strlen(e->room_name));
	scrollback_ascii(b->lines, t->env->ascii);
	/* Perhaps the user has not been here for a while. */
	if (t->cur->unread.reading &&
	    !attention_reads(&t->attention, t->env->now_ms()))
		unread_look(t);
	if (!e->past)
		new_day(t);
	b->own_news = b->own_news || (e->own && !e->past) || e->type == EVENT_SENT ||
		      e->type == EVENT_HELD || e->type == EVENT_CONNECTED;
	if (readback_begins(t, b, e))
		show(t, b, e);
	memset(&t->past, 0, sizeof(t->past));
	if (e->req == 0)
		recent_event(t->recent, e);
}

/* The page and the lines of the buffer change places. */
static void swap_page(struct buffer *b)
{
	struct lookback *l = &b->lookback;
	struct scrollback *lines = b->lines;
	const struct fold fold = b->fold;
	const uint64_t at = b->fold_at;

	b->lines = l->page;
	b->fold = l->fold;
	b->fold_at = l->fold_at;
	l->page = lines;
	l->fold = fold;
	l->fold_at = at;
}

/* Those of a page are folded apart from the live ones. */
static void came_or_went(
    struct tui *t, struct buffer *b, const struct event *e)
{
	const bool page = t->past.page != NULL;

	if (page)
		swap_page(b);
	comings_person(t, b, e);
	if (page)
		swap_page(b);
}

static void answered(struct tui *t, struct buffer *b, const struct event *e)
{
	if (!rooms_answer(t, e))
		notice_say(t, b, e);
	/* Perhaps a list shows what the answer tells. */
	if (t->menu.kind == MENU_ROOMS)
		redraw_want(&t->redraw, REDRAW_ALL);
}

static void left_room(struct tui *t, struct buffer *b, const struct event *e)
{
	notice_say(t, b, e);
	if (e->code == CODE_NO_ROOM && b->name[0] != '\0')
		notice_to(t, b, LINE_NOTICE,
		    "/new %s makes a room of that name; /rooms lists those that "
		    "there are",
		    b->name);
}

/* What the status line goes on to say of a room. */
static void alarm_of(struct buffer *b, const struct event *e)
{
	if (e->type == EVENT_FORK)
		snprintf(b->fork, sizeof(b->fork), "%s",
		    e->person != NULL ? e->person->name : "");
	else if (e->type == EVENT_REWRITTEN)
		b->rewritten = true;
	else
		b->full = !e->may;
}

static void show(struct tui *t, struct buffer *b, const struct event *e)
{
	switch (e->type) {
	case EVENT_CONNECTED:
		connected(t, b, e);
		break;
	case EVENT_MESSAGE:
		message(t, b, e);
		break;
	case EVENT_EDIT:
	case EVENT_DELETE:
	case EVENT_REACT:
		change(t, b, e);
		break;
	case EVENT_SENT:
		talk_sent(t, b, e);
		break;
	case EVENT_RTT: /* the status line shows it */
	case EVENT_PROGRESS:
		break;
	case EVENT_DONE:
	case EVENT_FAILED:
	case EVENT_ROOMS:
	case EVENT_DEVICES:
	case EVENT_INVITES:
	case EVENT_BLOCKS:
		answered(t, b, e);
		break;
	case EVENT_FORK:
	case EVENT_REWRITTEN:
	case EVENT_STORAGE:
		alarm_of(b, e);
		notice_say(t, b, e);
		break;
	case EVENT_PURGE:
		purged(t, b, e);
		break;
	case EVENT_SEAL:
		notice_say(t, b, e);
		rooms_seal_event(t, e);
		break;
	case EVENT_HISTORY:
		if (!readback_event(t, b, e) && e->req == 0)
			caught_up(t, b, e);
		break;
	case EVENT_UNSAID:
		if (event_direct(e))
			talk_event(t, b, e);
		else
			scrollback_unsay(b->lines, e->id);
		break;
	case EVENT_JOIN:
	case EVENT_LEAVE:
		came_or_went(t, b, e);
		break;
	case EVENT_EPOCH:
		comings_key(t, b, e);
		break;
	case EVENT_LEFT:
		left_room(t, b, e);
		break;
	case EVENT_FILE:
		notice_say(t, b, e);
		unread_offer(t, b, e);
		break;
	default:
		if (event_direct(e))
			talk_event(t, b, e);
		else
			notice_say(t, b, e);
		break;
	}
}

/* Adds one line with all names; it wraps like any other. */
void notice_names(struct tui *t)
{
	static const char *const trust[] = {[TRUST_NEW] = "",
	    [TRUST_SEEN] = "",
	    [TRUST_CERTIFIED] = " (certified)",
	    [TRUST_VERIFIED] = " (verified)",
	    [TRUST_CHANGED] = " (key changed)"};
	struct line_new l = {.kind = LINE_NOTICE};
	const struct person *p, *who;
	char word[WIRE_NAME_MAX + 140], tail[40] = "", places[40];
	struct buf b;
	size_t i, n, same;

	buf_init(&b, NOTICE_MAX);
	p = talk_people(t, &n);
	for (i = 0; i < n && i < NAMES_MAX; i++) {
		if ((who = roll_person(p, n, i, &same)) == NULL)
			continue;
		snprintf(places, sizeof(places), " (from %zu places)", same);
		snprintf(word, sizeof(word), "%s%s%s%s%s%s%s",
		    i > 0 ? ", " : "in the room: ", who->name,
		    who->self ? " (you)" : "",
		    who->self ? "" : trust[who->trust],
		    same > 1 ? places : "", words_person_role(who),
		    ignored_has(t->env->ignored, who->fingerprint)
			? " (ignored)"
			: "");
		if (buf_str(&b, word) != 0)
			break;
	}
	if (n > NAMES_MAX)
		snprintf(tail, sizeof(tail), " and %zu more", n - NAMES_MAX);
	if (n == 0)
		notice_add(t, LINE_NOTICE, "not in a room yet");
	else
		add(t, t->cur, &l, (const char *)b.p, b.len, 0, tail);
	buf_free(&b);
}
