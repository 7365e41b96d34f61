/* plain_messages.c - what people say, as lines: messages, and in words what is
 * done to them later; and the commands that name a message. Numbers are given
 * only when the user asks for them, so that nobody hears one in each line. */
#include <stdio.h>
#include <string.h>

#include "client/ui/mention.h"
#include "client/ui/plain_ui.h"
#include "client/ui/words.h"

static void put_str(struct ui *f, const char *s)
{
	ui_plain_put(f, s, strlen(s), false);
}

/* dave ("The restore test is on..."). */
static void put_message(struct ui *f, const struct recent_message *m)
{
	if (m == NULL) {
		put_str(f, "a message that is not here");
		return;
	}
	put_str(f, m->own ? "you" : m->name);
	put_str(f, " (\"");
	put_str(f, m->deleted ? "deleted" : m->quote);
	put_str(f, "\")");
}

static void put_name(struct ui *f, const struct event *e)
{
	const char *name = f->env->name;

	if (e->person != NULL && !e->own)
		name = e->person->name;
	put_str(f, name);
	if (e->person != NULL && e->person->trust == TRUST_CHANGED)
		put_str(f, " (key changed)");
}

static void warn_of_clock(struct ui *f, const struct event *e)
{
	char clock[WORDS_MAX];

	if (e->own || e->past || f->clock_said || e->person == NULL ||
	    !words_clock(clock, sizeof(clock), e->person->name, e->ts_ms,
		f->env->wall_ms()))
		return;
	f->clock_said = true;
	ui_plain_notice(f, "%s", clock);
}

bool ui_plain_names_me(const struct ui *f, const struct event *e)
{
	return !e->own && mention_in(e->text, e->text_len, f->env->name);
}

static void show_message(struct ui *f, const struct event *e)
{
	/* The terminal shows what is typed, but not what it answers. */
	if (e->own && !e->past && f->echoes && !e->has_about)
		return;
	ui_plain_begin(f);
	ui_plain_time(f, e->ts_ms);
	if (ui_plain_names_me(f, e))
		put_str(f, "@ ");
	if (e->action)
		put_str(f, "* ");
	put_name(f, e);
	if (e->has_about) {
		put_str(f, ", replying to ");
		put_message(f, recent_about(f->recent, e));
	}
	put_str(f, e->action && !e->has_about ? " " : ": ");
	ui_plain_put(f, e->text, e->text_len, true);
	ui_plain_end(f);
	warn_of_clock(f, e);
}

/* -- 14:06 ana edited: It has 12 reallocated sectors. */
static void show_change(struct ui *f, const struct event *e)
{
	const struct recent_message *m = recent_about(f->recent, e);

	ui_plain_begin(f);
	put_str(f, "-- ");
	ui_plain_time(f, e->ts_ms);
	put_name(f, e);
	switch (e->type) {
	case EVENT_EDIT:
		put_str(f, " edited: ");
		ui_plain_put(f, e->text, e->text_len, true);
		break;
	case EVENT_DELETE:
		put_str(f, " deleted a message");
		if (m != NULL) {
			put_str(f, ": \"");
			put_str(f, m->quote);
			put_str(f, "\"");
		}
		break;
	default:
		if (e->text_len > 0) {
			put_str(f, " reacts with ");
			ui_plain_put(f, e->text, e->text_len, false);
			put_str(f, " to ");
		} else {
			put_str(f, " takes back the reaction to ");
		}
		put_message(f, m);
		break;
	}
	ui_plain_end(f);
}

void ui_plain_said(struct ui *f, const struct event *e)
{
	if (e->type == EVENT_MESSAGE)
		show_message(f, e);
	else
		show_change(f, e);
}

/* --- commands ------------------------------------------------------------ */

static void show_numbered(void *arg, const struct recent_message *m)
{
	ui_plain_notice(
	    arg, "%zu %s: %s", m->number, m->own ? "you" : m->name, m->quote);
}

bool ui_plain_obey(struct ui *f, const struct command *c)
{
	struct command last = *c;
	struct session_post p;
	const char *why;

	if (c->kind == COMMAND_LAST) {
		ui_plain_last_of(f, &last);
		why = recent_last(
		    f->recent, ui_plain_of(f), &last, show_numbered, f);
	} else if ((why = recent_post(&p, f->recent, ui_plain_of(f), c)) == NULL)
		return f->with[0] != '\0' ? ui_plain_direct_post(f, &p)
					  : ui_plain_post(f, &p);
	if (why != NULL)
		ui_plain_refuse(f, why);
	return true;
}
