/* rooms.c - changes between the buffers of rooms, and the commands that enter
 * and leave them. */
#include <stdio.h>
#include <string.h>

#include "client/ui/seal_commands.h"
#include "client/ui/tui/tui.h"
#include "client/ui/words_rooms.h"
#include "client/ui/words.h"
#include "shared/wire/b64.h"

struct hot_room rooms_hot(const struct buffer *b)
{
	return (struct hot_room){.slot = b->slot,
	    .name = b->name,
	    .lines = b->unread.lines,
	    .mentions = b->unread.mentions,
	    .draft = buffer_has_draft(b)};
}

void rooms_unsent(const struct tui *t, size_t *unacked, size_t *held)
{
	struct session_room_status st;
	const struct chatroom *const *rooms;
	size_t n, i;

	*unacked = *held = 0;
	rooms = session_rooms(t->env->session, &n);
	for (i = 0; i < n; i++) {
		session_room_status(t->env->session, rooms[i], &st);
		*unacked += st.unacked;
		*held += st.held;
	}
}

/* --- changing ------------------------------------------------------------- */

static void show(struct tui *t, struct buffer *b)
{
	if (b == t->cur)
		return;
	unread_leave(t, t->cur);
	complete_end(&t->complete);
	t->before = t->cur;
	t->cur = b;
	/* The people of another room make a column of another width. */
	t->laid_out.for_cols = 0;
	unread_look(t);
	redraw_want_now(&t->redraw, REDRAW_ALL);
}

/* Closes the list that hides the lines. */
static void close_list(struct tui *t)
{
	if (!t->roomlist.over)
		return;
	t->roomlist.over = false;
	unread_look(t);
	redraw_want_now(&t->redraw, REDRAW_ALL);
}

void rooms_show(struct tui *t, struct buffer *b)
{
	t->home = NULL;
	show(t, b);
	close_list(t);
}

void rooms_slot(struct tui *t, int slot)
{
	struct buffer *b = buffers_slot(&t->buffers, (unsigned)slot);

	if (b == NULL)
		display_bell(t->display);
	else
		rooms_show(t, b);
}

void rooms_step(struct tui *t, int direction)
{
	struct buffer *b, *p;

	if (direction > 0) {
		b = buffers_next(&t->buffers, t->cur);
		if (b == NULL)
			b = buffers_next(&t->buffers, NULL);
	} else if ((b = buffers_before(&t->buffers, t->cur)) == NULL) {
		for (p = t->cur; p != NULL; p = buffers_next(&t->buffers, p))
			b = p;
	}
	if (b == t->cur) {
		display_bell(t->display);
		return;
	}
	/* The list stays: one goes through it with this key. */
	t->home = NULL;
	show(t, b);
}

void rooms_step_or_word(struct tui *t, int direction)
{
	if (buffer_has_draft(t->cur))
		editor_move(&t->cur->editor,
		    direction < 0 ? EDITOR_WORD_LEFT : EDITOR_WORD_RIGHT);
	else
		rooms_step(t, direction);
}

void rooms_needy(struct tui *t, int unused)
{
	struct buffer *b = buffers_needy(&t->buffers, t->cur), *home = t->home;

	(void)unused;
	if (b == NULL && (home == NULL || home == t->cur || home->closed)) {
		t->home = NULL;
		display_bell(t->display);
		return;
	}
	if (b == NULL) {
		b = home;
		home = NULL;
	} else if (home == NULL) {
		home = t->cur;
	}
	rooms_show(t, b);
	t->home = home;
}

void rooms_before(struct tui *t, int unused)
{
	(void)unused;
	if (t->before == NULL || t->before->closed)
		display_bell(t->display);
	else
		rooms_show(t, t->before);
}

void rooms_list(struct tui *t, int unused)
{
	(void)unused;
	if (buffers_count(&t->buffers) < 2) {
		notice_add(t, LINE_NOTICE,
		    "this is the only room; /rooms lists those of the server");
		return;
	}
	if (display_cols(t->display) < TUI_ROOMS_COLS)
		t->roomlist.over = !t->roomlist.over;
	else
		t->roomlist.hidden = !t->roomlist.hidden;
	unread_look(t);
	redraw_want(&t->redraw, REDRAW_ALL);
}

void rooms_people(struct tui *t, int unused)
{
	(void)unused;
	if (display_cols(t->display) < TUI_USERS_COLS) {
		notice_names(t); /* there is no room for a column */
		return;
	}
	t->people_hidden = !t->people_hidden;
	unread_look(t);
	redraw_want(&t->redraw, REDRAW_ALL);
}

void rooms_read(struct tui *t, int unused)
{
	struct buffer *b = NULL;
	bool here = t->cur->unread.lines > 0;

	(void)unused;
	/* Twice: what is unread elsewhere too. */
	if (here) {
		unread_clear(t, t->cur);
		return;
	}
	while ((b = buffers_next(&t->buffers, b)) != NULL)
		unread_clear(t, b);
}

void rooms_names(void *arg, void (*offer)(void *to, const char *name), void *to)
{
	const struct tui *t = arg;
	const struct buffer *b = NULL;
	size_t i;

	while ((b = buffers_next(&t->buffers, b)) != NULL)
		if (b->name[0] != '\0')
			offer(to, b->name);
	for (i = 0; i < t->asked.n_known; i++)
		offer(to, t->asked.known[i]);
}

/* --- commands ------------------------------------------------------------- */

static bool go(struct tui *t, const char *text, size_t n)
{
	bool several;
	struct buffer *b = buffers_find(&t->buffers, text, n, &several);
	int len = n < 64 ? (int)n : 64;

	if (b == NULL && n == 2 && memcmp(text, "up", n) == 0)
		rooms_step(t, -1);
	else if (b == NULL && n == 4 && memcmp(text, "down", n) == 0)
		rooms_step(t, 1);
	else if (b == NULL && several)
		notice_add(t, LINE_NOTICE,
		    "several of your rooms have %.*s in their names; write "
		    "more of it",
		    len, text);
	else if (b == NULL)
		notice_add(t, LINE_NOTICE,
		    "you are in no room %.*s; /join enters one, /rooms lists "
		    "them",
		    len, text);
	else
		rooms_show(t, b);
	return b != NULL;
}

static bool join(struct tui *t, const char *text, size_t n)
{
	char name[WIRE_ROOM_MAX + 1], like[WORDS_MAX];
	const struct chatroom *room;
	struct buffer *b;
	int r = ERR_NAME;

	if (n <= WIRE_ROOM_MAX) {
		memcpy(name, text, n);
		name[n] = '\0';
		r = session_join(t->env->session, name, &room);
	}
	if (r == ERR_NAME) {
		notice_add(t, LINE_NOTICE, "%s", words_no_room(text, n));
		return false;
	}
	b = r == 0 ? buffers_of(&t->buffers, room) : NULL;
	if (b == NULL) {
		notice_add(t, LINE_ALERT, "cannot enter it: %s", err_str(r));
		return false;
	}
	buffers_reopen(&t->buffers, b);
	if (b->name[0] == '\0')
		snprintf(b->name, sizeof(b->name), "%s", name);
	rooms_show(t, b);
	room_commands_like(like, t->env->session, name);
	if (like[0] != '\0')
		notice_add(t, LINE_ALERT, "%s", like);
	return true;
}

/* Leaves a room, and takes it out of the list unless it is the only one. */
static bool leave(struct tui *t, const char *text, size_t n)
{
	bool several, left;
	struct buffer *b = t->cur, *to;

	if (n > 0 &&
	    (b = buffers_find(&t->buffers, text, n, &several)) == NULL) {
		notice_add(t, LINE_NOTICE, "you are in no room %.*s",
		    n < 64 ? (int)n : 64, text);
		return false;
	}
	left = b->room != NULL &&
	       session_leave(t->env->session, b->room) == 0;
	if (buffers_count(&t->buffers) < 2) {
		if (!left)
			notice_add(t, LINE_NOTICE,
			    "you are not in it; /join enters a room, /rooms "
			    "lists them");
		return true;
	}
	if (b == t->cur) {
		to = t->before != NULL && !t->before->closed && t->before != b
			 ? t->before
			 : buffers_next(&t->buffers, NULL);
		if (to == b)
			to = buffers_next(&t->buffers, b);
		rooms_show(t, to);
	}
	buffers_close(&t->buffers, b);
	if (t->home == b)
		t->home = NULL;
	notice_add(t, LINE_NOTICE, "you left %s", b->name);
	redraw_want(&t->redraw, REDRAW_ALL);
	return true;
}

static void ask_server(struct tui *t, const char *key)
{
	char why[WORDS_MAX];

	if (!room_commands_ask(
		&t->asked, t->env->session, t->cur->room, &t->act, key, why))
		notice_add(t, LINE_ALERT, "%s", why);
}

/* Sends a request, or asks the user first. */
static bool ask(struct tui *t, const struct command *c)
{
	const struct seal_place at = {
	    t->env->session, t->cur->room, t->env->uri};
	char key[B64URL_32 + 1] = "";
	struct session_room_status st;
	char why[WORDS_MAX], text[QUESTION_TEXT_MAX];
	const char *topic;
	size_t n;

	session_room_status(t->env->session, t->cur->room, &st);
	if (c->kind == COMMAND_TOPIC && c->n == 0) {
		words_topic(why, &st);
		notice_add(t, LINE_NOTICE, "%s", why);
		return true;
	}
	if (c->kind == COMMAND_TOPIC && st.seal != SEAL_NONE) {
		topic = command_topic(c, &n);
		if (seal_topic(&at, t->env->wall_ms(), topic, n, why))
			return true;
		notice_add(t, LINE_NOTICE, "%s", why);
		return false;
	}
	if (c->kind == COMMAND_HISTORY && c->n == 0) {
		words_room_keeps(why, &st.settings);
		notice_add(t, LINE_NOTICE, "%s", why);
		return true;
	}
	if (!room_commands_request(&t->act, c, &st, why)) {
		notice_add(t, LINE_NOTICE, "%s", why);
		return false;
	}
	if (room_commands_question(text, sizeof(text), &t->act, t->cur->name)) {
		question_ask_text(&t->question, QUESTION_ACT, text);
		return true;
	}
	if (c->kind == COMMAND_FORGET)
		memcpy(key, c->text, c->n);
	ask_server(t, key);
	return true;
}

void rooms_ask(struct tui *t)
{
	ask_server(t, "");
}

void rooms_purge(struct tui *t)
{
	char why[WORDS_MAX];

	if (!room_commands_purge(
		&t->asked, t->env->session, t->cur->room, t->purge, why))
		notice_add(t, LINE_ALERT, "not purged: %s", why);
}

void rooms_ask_purge(
    struct tui *t, const uint8_t id[WIRE_ID], const char *author, bool own)
{
	char text[QUESTION_TEXT_MAX];

	memcpy(t->purge, id, WIRE_ID);
	if (own) {
		rooms_purge(t);
		return;
	}
	room_commands_purge_question(text, sizeof(text), author);
	question_ask_text(&t->question, QUESTION_PURGE, text);
}

static void tell(void *arg, const struct chatroom *room,
    enum words_weight weight, const char *line)
{
	struct tui *t = arg;
	struct buffer *b = room != NULL ? buffers_of(&t->buffers, room) : NULL;

	if (b == NULL || b->closed)
		b = t->cur;
	notice_to(
	    t, b, weight == WORDS_ALERT ? LINE_ALERT : LINE_NOTICE, "%s", line);
}

static void made(void *arg, const char *name)
{
	(void)join(arg, name, strlen(name));
}

static void confirm(
    void *arg, const struct chatroom *room, const struct request *q)
{
	struct tui *t = arg;
	char text[QUESTION_TEXT_MAX];

	(void)room;
	t->act = *q;
	if (room_commands_question(text, sizeof(text), q, t->cur->name))
		question_ask_text(&t->question, QUESTION_ACT, text);
	redraw_want(&t->redraw, REDRAW_INPUT);
}

bool rooms_answer(struct tui *t, const struct event *e)
{
	const struct room_commands_sink sink = {
	    tell, made, confirm, t, t->env->uri};

	return room_commands_answer(&t->asked, t->env->session, e, &sink);
}

/* Where the lines about a seal go. */
struct seal_lines {
	struct tui *t;
	const struct chatroom *room;
};

static void tell_seal(void *arg, enum words_weight weight, const char *line)
{
	const struct seal_lines *to = arg;

	tell(to->t, to->room, weight, line);
}

void rooms_seal_event(struct tui *t, const struct event *e)
{
	const struct seal_place at = {t->env->session, e->room, t->env->uri};
	struct seal_lines to = {t, e->room};

	seal_event(&at, e, &(struct account_commands_sink){tell_seal, &to});
}

static bool seal(struct tui *t, const struct command *c)
{
	const struct seal_place at = {
	    t->env->session, t->cur->room, t->env->uri};
	struct seal_lines to = {t, t->cur->room};

	if (seal_command(&at, c->text, c->n,
		&(struct account_commands_sink){tell_seal, &to}))
		passwordbox_seal(t);
	return true;
}

static bool read_all(struct tui *t, const char *text, size_t n)
{
	struct buffer *b = NULL;

	unread_clear(t, t->cur);
	if (n == 0)
		return true;
	if (n != 3 || memcmp(text, "all", n) != 0) {
		notice_add(t, LINE_NOTICE,
		    "/read reads this room, /read all every room");
		return false;
	}
	while ((b = buffers_next(&t->buffers, b)) != NULL)
		unread_clear(t, b);
	return true;
}

bool rooms_command(struct tui *t, const struct command *c)
{
	switch (c->kind) {
	case COMMAND_JOIN:
		return join(t, c->text, c->n);
	case COMMAND_LEAVE:
		return leave(t, c->text, c->n);
	case COMMAND_ROOMS:
	case COMMAND_TOPIC:
	case COMMAND_NEW:
	case COMMAND_HISTORY:
	case COMMAND_ACT:
	case COMMAND_DEVICES:
	case COMMAND_FORGET:
	case COMMAND_INVITES:
	case COMMAND_REVOKE:
	case COMMAND_BLOCK:
	case COMMAND_UNBLOCK:
		return ask(t, c);
	case COMMAND_GO:
		return go(t, c->text, c->n);
	case COMMAND_NEXT:
		rooms_needy(t, 0);
		return true;
	case COMMAND_BACK:
		rooms_before(t, 0);
		return true;
	case COMMAND_READ:
		return read_all(t, c->text, c->n);
	case COMMAND_SEAL:
		return seal(t, c);
	default:
		return true;
	}
}
