/* plain_direct.c - direct messages as lines, and the commands about them. They stand
 * in no room, so each carries "[direct]" and both names. */
#include <stdio.h>
#include <string.h>

#include "client/ui/plain_ui.h"
#include "client/ui/words.h"
#include "client/ui/words_direct.h"

static void put_str(struct ui *f, const char *s)
{
	ui_plain_put(f, s, strlen(s), false);
}

static void begin(struct ui *f, const struct event *e)
{
	put_str(f, "[direct] ");
	if (e->type == EVENT_MESSAGE)
		ui_plain_time(f, e->ts_ms);
}

/* "carol to you", "you to carol" */
static void put_both(struct ui *f, const struct event *e)
{
	put_str(f, e->own ? "you" : e->with);
	if (!e->own && e->person != NULL && e->person->trust == TRUST_CHANGED)
		put_str(f, " (key changed)");
	put_str(f, " to ");
	put_str(f, e->own ? e->with : "you");
}

static void show_message(struct ui *f, const struct event *e)
{
	/* The terminal shows what is typed. */
	if (e->own && !e->past && f->echoes)
		return;
	begin(f, e);
	if (e->action)
		put_str(f, "* ");
	put_both(f, e);
	if (e->has_about)
		put_str(f, ", in reply");
	put_str(f, ": ");
	ui_plain_put(f, e->text, e->text_len, true);
	ui_plain_end(f);
}

/* "[direct] -- carol to you, corrected: ..." */
static void show_change(struct ui *f, const struct event *e)
{
	if (e->own && !e->past && f->echoes)
		return;
	begin(f, e);
	put_str(f, "-- ");
	put_both(f, e);
	put_str(f, e->type == EVENT_EDIT     ? ", corrected: "
		   : e->type == EVENT_DELETE ? ": a message is deleted"
		   : e->text_len == 0	     ? ": a reaction is taken back"
					     : ", a reaction: ");
	ui_plain_put(f, e->text, e->text_len, true);
	ui_plain_end(f);
}

void ui_plain_direct_event(struct ui *f, const struct event *e)
{
	struct words_about about = {.server = f->env->server,
	    .name = f->env->name,
	    .now_ms = f->env->wall_ms()};
	char text[WORDS_MAX];

	if (e->type == EVENT_MESSAGE) {
		show_message(f, e);
	} else if (e->type >= EVENT_EDIT && e->type <= EVENT_REACT) {
		show_change(f, e);
	} else if (e->type == EVENT_DELIVERED) {
		ui_plain_notice(f, "[direct] delivered to %s: %zu message%s",
		    e->with, e->n_ids, e->n_ids == 1 ? "" : "s");
	} else {
		if (e->type == EVENT_CHANGED)
			about.was_verified = trust_find_verified(
			    f->env->session, f->env->people, e->person);
		if (words_direct(text, e, &about))
			ui_plain_notice(f, "[direct] %s", text);
	}
}

/* --- commands --------------------------------------------------------------- */

static bool post(
    struct ui *f, const char *name, const struct session_post *p)
{
	char sentence[WORDS_MAX];
	int r = session_direct(f->env->session, name, f->env->wall_ms(), p);

	if (r == ERR_LIMIT)
		return false;
	if (r == ERR_TEXT && p->what == EVENT_REACT) {
		ui_plain_refuse(f, words_not_reaction);
	} else if (r != 0) {
		words_direct_not_said(
		    sentence, sizeof(sentence), r, name, p->text, p->n);
		ui_plain_refuse(f, sentence);
	}
	return true;
}

bool ui_plain_msg(struct ui *f, const struct command *c)
{
	struct session_post p = {EVENT_MESSAGE, NULL, c->text, c->n, false};
	char name[WIRE_NAME_MAX + 1];

	if (words_direct_name(name, &p.text, &p.n) && p.n > 0)
		return post(f, name, &p);
	ui_plain_refuse(f, words_direct_usage);
	return true;
}

bool ui_plain_direct_post(struct ui *f, const struct session_post *p)
{
	return post(f, f->with, p);
}

void ui_plain_last_of(struct ui *f, struct command *c)
{
	const char *text = c->text + 1;
	size_t n = c->n - 1;

	f->with[0] = '\0';
	if (c->n == 0 || c->text[0] != '@' ||
	    !words_direct_name(f->with, &text, &n))
		return;
	c->text = text;
	c->n = n;
	ui_plain_notice(f,
	    "[direct] the numbers are of what was said with %s, until /last or "
	    "something said in a room",
	    f->with);
}

struct recent_of ui_plain_of(const struct ui *f)
{
	if (f->with[0] != '\0')
		return (struct recent_of){NULL, f->with};
	return (struct recent_of){f->io.room, ""};
}

void ui_plain_direct_held(struct ui *f, const struct command *c, bool send)
{
	char name[WIRE_NAME_MAX + 1];
	const char *text = c->text;
	size_t n = c->n;

	if (!words_direct_name(name, &text, &n) || n > 0 ||
	    session_direct_decide(f->env->session, name, send) != 0)
		ui_plain_refuse(f, words_direct_none_held);
}
