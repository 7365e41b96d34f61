/* talk.c - direct messages in the full screen: lines that name both people, in the
 * window that is shown. */
#include <stdio.h>
#include <string.h>

#include "client/ui/tui/tui.h"
#include "client/ui/words_direct.h"

/* "carol to you", "you to carol" */
static void both(char *out, size_t size, const struct event *e)
{
	snprintf(out, size, "%s%s to %s", e->own ? "you" : e->with,
	    e->person != NULL && e->person->trust == TRUST_CHANGED && !e->own
		? " (key changed)"
		: "",
	    e->own ? e->with : "you");
}

static void said(struct tui *t, const struct event *e)
{
	static const char *const what[] = {[EVENT_MESSAGE] = "",
	    [EVENT_EDIT] = ", corrected",
	    [EVENT_DELETE] = " deleted a message",
	    [EVENT_REACT] = " reacts"};
	char names[2 * WIRE_NAME_MAX + 32];
	struct buf line;
	int r;

	both(names, sizeof(names), e);
	buf_init_secret(&line, WORDS_MAX + WIRE_TEXT_MAX);
	if ((r = buf_str(&line, "[direct] ")) == 0 &&
	    (r = buf_str(&line, names)) == 0 &&
	    (r = buf_str(&line, what[e->type])) == 0 && e->text_len > 0 &&
	    (r = buf_str(&line, ": ")) == 0)
		r = buf_put(&line, e->text, e->text_len);
	if (r == 0)
		notice_text(t, (const char *)line.p, line.len);
	buf_free(&line);
}

void talk_event(struct tui *t, const struct event *e)
{
	struct words_about about = {.server = t->env->server,
	    .name = t->env->name,
	    .now_ms = t->env->wall_ms()};
	char text[WORDS_MAX];

	if (e->type >= EVENT_MESSAGE && e->type <= EVENT_REACT) {
		said(t, e);
		return;
	}
	if (e->type == EVENT_DELIVERED) {
		notice_add(t, LINE_NOTICE, "[direct] shown to %s: %zu message%s",
		    e->with, e->n_ids, e->n_ids == 1 ? "" : "s");
		return;
	}
	if (e->type == EVENT_CHANGED)
		about.was_verified = trust_find_verified(
		    t->env->session, t->env->people, e->person);
	if (words_direct(text, e, &about))
		notice_add(t,
		    words_weight(e->type) == WORDS_ALERT ? LINE_ALERT
							 : LINE_NOTICE,
		    "[direct] %s", text);
}

/* /msg NAME TEXT */
bool talk_say(struct tui *t, const struct command *c)
{
	struct session_post p = {EVENT_MESSAGE, NULL, c->text, c->n, false};
	char name[WIRE_NAME_MAX + 1], sentence[WORDS_MAX];
	int r;

	if (!words_direct_name(name, &p.text, &p.n) || p.n == 0) {
		notice_add(t, LINE_NOTICE, "%s", words_direct_usage);
		return false;
	}
	r = session_direct(t->env->session, name, t->env->wall_ms(), &p);
	if (r == 0)
		return true;
	words_direct_not_said(
	    sentence, sizeof(sentence), r, name, p.text, p.n);
	notice_add(t, LINE_ALERT, "%s", sentence);
	return false;
}

/* /known NAME, /drop NAME */
bool talk_held(struct tui *t, const struct command *c, bool send)
{
	char name[WIRE_NAME_MAX + 1];
	const char *text = c->text;
	size_t n = c->n;

	if (words_direct_name(name, &text, &n) && n == 0 &&
	    session_direct_decide(t->env->session, name, send) == 0)
		return true;
	notice_add(t, LINE_NOTICE, "%s", words_direct_none_held);
	return false;
}
