/* talk.c - direct messages in the full screen: a window for each person. */
#include <stdio.h>
#include <string.h>

#include "client/ui/tui/tui.h"
#include "client/ui/words_direct.h"

const struct person *talk_people(const struct tui *t, size_t *n)
{
	if (t->cur->with[0] == '\0')
		return session_people(t->env->session, t->cur->room, n);
	*n = 0; /* the name of the window says it */
	return NULL;
}

static void names_of(const struct tui *t, const struct chatroom *room,
    void (*offer)(void *to, const char *name), void *to)
{
	const struct person *p;
	size_t n, i;

	p = session_people(t->env->session, room, &n);
	for (i = 0; i < n; i++)
		if (!p[i].self)
			offer(to, p[i].name);
}

void talk_names(
    void *arg, void (*offer)(void *to, const char *name), void *to)
{
	const struct tui *t = arg;
	const struct chatroom *const *rooms;
	const struct buffer *b;
	size_t n, i;

	TAILQ_FOREACH(b, &t->buffers.list, next)
		if (b->with[0] != '\0')
			offer(to, b->with);
	names_of(t, NULL, offer, to);
	rooms = session_rooms(t->env->session, &n);
	for (i = 0; i < n; i++)
		names_of(t, rooms[i], offer, to);
}

size_t talk_verified(const struct tui *t, size_t *devices)
{
	struct session_status st;
	struct pinned pin;
	size_t i, verified = 0;

	session_status(t->env->session, &st);
	for (i = 0; people_pinned(t->env->people, st.server, t->cur->with, i,
		 &pin);
	     i++)
		verified += pin.verified;
	*devices = i > 0 ? i : 1; /* a first message is on its way */
	return verified;
}

struct buffer *talk_buffer(struct tui *t, const struct event *e)
{
	struct buffer *b = buffers_with(&t->buffers, e->with);

	if (b == NULL)
		return NULL;
	buffers_reopen(&t->buffers, b);
	redraw_want(&t->redraw, REDRAW_ALL);
	return b;
}

/* Says at a message how far it has come. Its line; SCROLLBACK_NO_MARK: it is not here. */
static uint64_t came(
    struct buffer *b, const uint8_t id[WIRE_ID], enum message_way way)
{
	const uint64_t line = scrollback_find(b->lines, id, NULL);
	struct message *m = scrollback_change(b->lines, line);

	if (m == NULL)
		return SCROLLBACK_NO_MARK;
	message_came(m, way);
	scrollback_changed(b->lines, line);
	return line;
}

void talk_sent(struct tui *t, struct buffer *b, const struct event *e)
{
	bool changed = scrollback_sent(b->lines, e->id);

	if (event_direct(e) &&
	    came(b, e->id, MESSAGE_KEPT) != SCROLLBACK_NO_MARK)
		changed = true;
	if (changed && b == t->cur)
		redraw_want(&t->redraw, REDRAW_CHAT);
}

/* The word stands at the newest one alone: those before it without a word were
 * delivered too. */
static void delivered(struct tui *t, struct buffer *b, const struct event *e)
{
	struct message *m;
	uint64_t line;
	size_t i;

	for (i = 0; i < e->n_ids; i++) {
		line = came(b, e->ids[i], MESSAGE_DELIVERED);
		if (line == SCROLLBACK_NO_MARK || line == b->delivered)
			continue;
		if (line < b->delivered) {
			(void)came(b, e->ids[i], MESSAGE_KNOWN);
			continue;
		}
		m = scrollback_change(b->lines, b->delivered);
		if (m != NULL) {
			message_came(m, MESSAGE_KNOWN);
			scrollback_changed(b->lines, b->delivered);
		}
		b->delivered = line;
	}
	if (b == t->cur)
		redraw_want(&t->redraw, REDRAW_CHAT);
}

void talk_event(struct tui *t, struct buffer *b, const struct event *e)
{
	struct words_about about = {.server = t->env->server,
	    .name = t->env->name,
	    .now_ms = t->env->wall_ms()};
	char text[WORDS_MAX];

	if (e->type == EVENT_DELIVERED) {
		delivered(t, b, e);
		return;
	}
	if (e->type == EVENT_UNSAID)
		scrollback_unsay(b->lines, e->id);
	if (e->type == EVENT_CHANGED)
		about.was_verified = trust_find_verified(
		    t->env->session, t->env->people, e->person);
	if (words_direct(text, e, &about))
		notice_to(t, b,
		    words_weight(e) == WORDS_ALERT ? LINE_ALERT
							 : LINE_NOTICE,
		    "%s", text);
}

int talk_post(struct tui *t, const struct session_post *p, char *sentence,
    size_t size)
{
	const struct ui_env *env = t->env;
	int r = session_direct(
	    env->session, t->cur->with, env->wall_ms(), p);

	if (r != 0)
		words_direct_not_said(
		    sentence, size, r, t->cur->with, p->text, p->n);
	return r;
}

bool talk_begin(struct tui *t, const struct command *c)
{
	struct session_post p = {EVENT_MESSAGE, NULL, c->text, c->n, false};
	char name[WIRE_NAME_MAX + 1];
	struct buffer *b;

	if (!words_direct_name(name, &p.text, &p.n)) {
		notice_add(t, LINE_NOTICE, "%s", words_direct_usage);
		return false;
	}
	if ((b = buffers_with(&t->buffers, name)) == NULL)
		return false;
	buffers_reopen(&t->buffers, b);
	if (p.n == 0 && scrollback_first(b->lines) == scrollback_end(b->lines))
		notice_to(t, b, LINE_NOTICE,
		    "what you write here goes to %s alone, end to end; /leave "
		    "closes the window",
		    name);
	rooms_show(t, b);
	return p.n == 0 || commands_post(t, &p);
}

bool talk_held(struct tui *t, const struct command *c, bool send)
{
	char name[WIRE_NAME_MAX + 1];
	const char *text = c->text;
	size_t n = c->n;

	if (n == 0 && t->cur->with[0] != '\0') {
		text = t->cur->with;
		n = strlen(text);
	}
	if (words_direct_name(name, &text, &n) && n == 0 &&
	    session_direct_decide(t->env->session, name, send) == 0)
		return true;
	notice_add(t, LINE_NOTICE, "%s", words_direct_none_held);
	return false;
}
