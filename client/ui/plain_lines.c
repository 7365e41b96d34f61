/* plain_lines.c - the lines of each room as they were shown, with what was said
 * about them later; and the commands that look into them: /search, /mentions,
 * /held, /info and /export. The store, the search and the file are those of the
 * full screen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/ui/plain_ui.h"
#include "client/ui/reaction.h"
#include "client/ui/export.h"
#include "client/ui/line_info.h"
#include "client/ui/search.h"
#include "client/ui/words.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

enum {
	FILTERED_MAX = 4 * WIRE_TEXT_MAX, /* bytes of a text after the filter */
	FOUND_MAX = 20,			  /* lines that /search shows */
	QUOTE_MAX = RECENT_QUOTE * 4,
};

static const uint8_t nobody[WIRE_HASH];

void ui_plain_lines_free(struct ui *f)
{
	struct plain_room *p;
	size_t i;

	for (i = 0; (p = room_record_at(&f->rooms.all, i)) != NULL; i++)
		scrollback_free(p->lines);
}

/* The lines of a room, made if necessary; NULL without memory. */
static struct scrollback *lines_of(struct ui *f, const struct chatroom *room)
{
	struct plain_room *p = room_record(&f->rooms.all, room);

	if (p == NULL)
		return NULL;
	if (p->lines == NULL && (p->lines = scrollback_new()) != NULL)
		scrollback_ascii(p->lines, f->env->ascii);
	return p->lines;
}

static int filtered(
    const struct ui *f, struct buf *out, const char *text, size_t n)
{
	buf_init_secret(out, FILTERED_MAX);
	return text_filter(
	    out, text, n, TEXT_LINES | (f->env->ascii ? TEXT_ASCII : 0u));
}

/* --- what is kept --------------------------------------------------------- */

/* Without memory for it, a line is not kept. */
static void keep(struct ui *f, const struct chatroom *room, struct line_new *l,
    const char *text, size_t n)
{
	struct scrollback *ls = lines_of(f, room);
	char time[UI_LINE_TIME_MAX];
	struct buf b;

	if (f->past.page != NULL)
		ls = f->past.page;
	l->at_ms = f->past.at_ms != 0 ? f->past.at_ms : f->env->wall_ms();
	l->offset = f->past.offset;
	ui_line_time(time, l->at_ms, l->at_ms);
	time[strcspn(time, " ")] = '\0';
	l->time = time;
	if (filtered(f, &b, text, n) == 0 && ls != NULL) {
		l->text = (const char *)b.p;
		l->len = b.len;
		(void)!scrollback_add(ls, l);
	}
	buf_free(&b);
}

void ui_plain_keep_notice(struct ui *f, const char *text, size_t n)
{
	struct line_new l = {.kind = LINE_NOTICE, .name = ""};

	keep(f, f->about != NULL ? f->about : f->io.room, &l, text, n);
}

static void keep_message(struct ui *f, const struct event *e)
{
	const char *name = e->person != NULL ? e->person->name : f->env->name;
	const struct recent_message *m;
	char quote[QUOTE_MAX] = "a message that is not here";
	struct line_new l = {.kind = e->action ? LINE_ACTION : LINE_CHAT,
	    .name = name,
	    .own = e->own,
	    .pending = e->own && !e->past,
	    .mention = ui_plain_names_me(f, e),
	    .trust = e->person != NULL ? e->person->trust : TRUST_VERIFIED,
	    .id = e->id,
	    .author = e->person != NULL ? e->person->fingerprint : nobody};
	struct buf b;

	if (e->has_about && (m = recent_about(f->recent, e)) != NULL) {
		if (filtered(f, &b, m->quote, strlen(m->quote)) == 0)
			snprintf(quote, sizeof(quote), "%s: %.*s",
			    m->own ? f->env->name : m->name, (int)b.len,
			    m->deleted ? "deleted" : (const char *)b.p);
		buf_free(&b);
	}
	if (e->has_about) {
		l.about = quote;
		l.about_id = e->about;
	}
	keep(f, e->room, &l, e->text, e->text_len);
	secret_wipe(quote, sizeof(quote));
}

/* The lines that have the message which an event is about, or NULL. */
static struct scrollback *find(
    struct ui *f, const struct event *e, uint64_t *line)
{
	struct scrollback *in[] = {
	    f->older.page, f->older.all, lines_of(f, e->room)};
	size_t i;

	for (i = 0; i < 3; i++) {
		if (in[i] == NULL)
			continue;
		*line = scrollback_find(in[i], e->about, e->author);
		if (*line != SCROLLBACK_NO_MARK)
			return in[i];
	}
	return NULL;
}

/* What was purged is wiped here too. */
static void keep_purge(struct ui *f, const struct event *e)
{
	struct scrollback *in[] = {
	    f->older.page, f->older.all, lines_of(f, e->room)};
	struct event gone = *e;
	char by[WIRE_NAME_MAX * 4], text[WORDS_MAX];
	uint64_t at;
	size_t i;

	gone.by = e->by != NULL ? e->by : "";
	text_filter_fixed(by, sizeof(by), gone.by, strlen(gone.by));
	gone.by = by;
	gone.type = EVENT_GONE;
	if (!words_event(text, &gone, NULL))
		return;
	for (i = 0; i < 3; i++) {
		if (in[i] == NULL)
			continue;
		if (e->has_about)
			(void)scrollback_purge(in[i], e->about, e->author, by);
		at = scrollback_find_offset(in[i], e->offset);
		if (at != SCROLLBACK_NO_MARK)
			scrollback_reword(in[i], at, text);
	}
}

static void keep_change(struct ui *f, const struct event *e)
{
	uint64_t line;
	struct scrollback *ls = find(f, e, &line);
	struct message *m = ls == NULL ? NULL : scrollback_change(ls, line);
	const char *name = e->person != NULL ? e->person->name : f->env->name;
	char with[REACTION_SHOWN];
	struct buf b;

	if (m == NULL)
		return;
	if (e->type == EVENT_EDIT) {
		if (filtered(f, &b, e->text, e->text_len) == 0)
			(void)!message_edit(m, e->id, (const char *)b.p, b.len);
		buf_free(&b);
	} else if (e->type == EVENT_DELETE) {
		message_delete(m, e->id, e->own ? "you" : name);
	} else {
		reaction_shown(with, e->text, e->text_len, f->env->ascii);
		message_react(m, e->id,
		    e->person != NULL ? e->person->fingerprint : nobody, name,
		    with);
	}
	scrollback_changed(ls, line);
}

void ui_plain_keep_event(struct ui *f, const struct event *e)
{
	struct scrollback *ls;

	switch (e->type) {
	case EVENT_MESSAGE:
		keep_message(f, e);
		break;
	case EVENT_EDIT:
	case EVENT_DELETE:
	case EVENT_REACT:
		keep_change(f, e);
		break;
	case EVENT_PURGE:
		keep_purge(f, e);
		break;
	case EVENT_SENT:
		if ((ls = lines_of(f, e->room)) != NULL)
			(void)scrollback_sent(ls, e->id);
		break;
	case EVENT_UNSAID:
		if ((ls = lines_of(f, e->room)) != NULL)
			scrollback_unsay(ls, e->id);
		break;
	default:
		break;
	}
}

/* --- commands ------------------------------------------------------------- */

void ui_plain_show_line(struct ui *f, const struct line *l)
{
	char head[96 + UI_LINE_TIME_MAX], time[UI_LINE_TIME_MAX];
	struct buf b;

	ui_line_time(time, l->at_ms, f->env->wall_ms());
	snprintf(head, sizeof(head), "%s%s%s%s", time,
	    l->kind == LINE_ACTION   ? "* "
	    : l->kind == LINE_NOTICE ? "-- "
				     : "",
	    l->name,
	    l->kind == LINE_CHAT     ? ": "
	    : l->kind == LINE_ACTION ? " "
				     : "");
	buf_init_secret(&b, sizeof(head) + FILTERED_MAX);
	if (buf_str(&b, head) == 0 && buf_put(&b, l->text, l->len) == 0)
		ui_plain_text(f, (const char *)b.p, b.len);
	buf_free(&b);
}

/* Shows the newest lines of the room that have the word or, without a word, that
 * name the user; returns how many there are. What is shown now is not found
 * again. */
static size_t show_lines(struct ui *f, const struct search *s)
{
	const struct scrollback *ls = lines_of(f, f->io.room);
	uint64_t found[FOUND_MAX], id;
	const struct line *l;
	size_t all = 0, i;
	struct span at;

	for (id = ls == NULL ? 0 : scrollback_end(ls);
	     ls != NULL && id > scrollback_first(ls); id--) {
		l = scrollback_at(ls, id - 1);
		if ((s != NULL ? search_match(s, l, 0, &at) : l->mention) &&
		    all++ < FOUND_MAX)
			found[all - 1] = id - 1;
	}
	f->looking = true;
	if (all > FOUND_MAX)
		ui_plain_notice(f,
		    "%zu lines have that; the last %d of them:", all,
		    FOUND_MAX);
	for (i = all < FOUND_MAX ? all : FOUND_MAX; i > 0; i--)
		ui_plain_show_line(f, scrollback_at(ls, found[i - 1]));
	f->looking = false;
	return all;
}

static const char *search(struct ui *f, const char *word, size_t n)
{
	struct search s = {.n = n};

	if (n > SEARCH_MAX)
		return "that is too long to look for";
	memcpy(s.word, word, n);
	if (show_lines(f, &s) == 0 &&
	    ui_plain_older_search(f, word, n) != NULL) {
		f->looking = true;
		ui_plain_notice(f, "not found: %.*s", (int)n, word);
		f->looking = false;
	}
	return NULL;
}

static const char *mentions(struct ui *f, const struct command *c)
{
	if (c->n > 0 && (c->n != 4 || memcmp(c->text, "back", 4) != 0))
		return "/mentions takes \"back\", or nothing";
	return show_lines(f, NULL) == 0 ? "nobody has named you here" : NULL;
}

/* What is held in the room, the oldest first. */
static const char *held(struct ui *f)
{
	const struct recent_message *m;
	const uint8_t *id;
	size_t i, n = 0;
	bool is;

	for (i = 0;
	     (id = session_unsent(f->env->session, f->io.room, i, &is)) != NULL;
	     i++) {
		m = is ? recent_find(f->recent, (struct recent_of){f->io.room, ""},
			     id, NULL) : NULL;
		if (m != NULL)
			ui_plain_notice(f, "held: %s", m->quote);
		n += is;
	}
	if (n == 0)
		return words_none_held;
	ui_plain_notice(f,
	    "/send sends %s to everybody who is here, /drop drops %s",
	    n == 1 ? "it" : "them", n == 1 ? "it" : "them");
	return NULL;
}

static void show_info(void *arg, const char *text, size_t n)
{
	ui_plain_text(arg, text, n);
}

static const char *info(struct ui *f, const struct command *c)
{
	const struct scrollback *ls = lines_of(f, f->io.room);
	const struct recent_message *m = NULL;
	const struct line *l = NULL;
	const char *text = c->text;
	size_t n = c->n, number = 0;

	if (command_number(&text, &n, &number) && n == 0)
		m = recent_number(f->recent, ui_plain_of(f), number);
	if (f->with[0] != '\0')
		return "/info is about what was said in a room: /last numbers "
		       "that";
	if (m == NULL)
		return recent_no_number;
	if (ls != NULL)
		l = scrollback_at(ls, scrollback_find(ls, m->id, m->author));
	if (l == NULL)
		return "that message is no longer among the lines that are "
		       "kept";
	line_info(l, show_info, f);
	return NULL;
}

static const char *export(struct ui *f, const struct command *c)
{
	const struct scrollback *ls = lines_of(f, f->io.room);
	char name[4096], *path = NULL;
	char sentence[sizeof(((struct errmsg *)NULL)->text) + 32];
	struct errmsg why;
	size_t lines;

	if (c->n >= sizeof(name))
		return "that is not the name of a file";
	if (ls == NULL)
		return err_str(ERR_NOMEM);
	memcpy(name, c->text, c->n);
	name[c->n] = '\0';
	if (export_lines(&lines, &path, ls, f->env->helper,
		f->env->export_folder, name, &why) != 0) {
		snprintf(sentence, sizeof(sentence), "nothing was written: %s",
		    why.text);
		ui_plain_refuse(f, sentence);
		return NULL;
	}
	ui_plain_notice(f, "%zu lines were written to %s", lines, path);
	free(path);
	return NULL;
}

const char *ui_plain_lines_command(struct ui *f, const struct command *c)
{
	switch (c->kind) {
	case COMMAND_SEARCH:
		return search(f, c->text, c->n);
	case COMMAND_MENTIONS:
		return mentions(f, c);
	case COMMAND_HELD:
		return held(f);
	case COMMAND_INFO:
		return info(f, c);
	default:
		return export(f, c);
	}
}
