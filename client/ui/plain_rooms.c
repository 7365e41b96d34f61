/* plain_rooms.c - the rooms of the plain front end: the one in which lines are
 * said, what came in the others, and the commands that change it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/ui/mention.h"
#include "client/ui/plain_ui.h"
#include "client/ui/seal_commands.h"
#include "client/ui/words_rooms.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

static struct plain_room *record(struct ui *f, const struct chatroom *room)
{
	return room_record(&f->rooms.all, room);
}

static const char *name_of(const struct ui *f, const struct chatroom *room)
{
	return room_record_name(&f->rooms.all, f->env->session, room);
}

/* Whether the user has been told that the room is entered. */
static bool is_here(const struct ui *f, const struct chatroom *room)
{
	const struct plain_room *p = room_record_find(&f->rooms.all, room);

	return p != NULL && p->here;
}

/* In how many rooms the user is. */
static size_t count(const struct ui *f)
{
	const struct plain_room *p;
	size_t i, n = 0;

	for (i = 0; (p = room_record_at(&f->rooms.all, i)) != NULL; i++)
		n += p->here;
	return n;
}

static void join(struct ui *f, const char *name);

static void tell(void *arg, const struct chatroom *room,
    enum words_weight weight, const char *line)
{
	struct ui *f = arg;
	const struct chatroom *about = f->about;

	(void)weight;
	f->about = room;
	ui_plain_notice(f, "%s", line);
	f->about = about;
}

static void made(void *arg, const char *name)
{
	join(arg, name);
}

/* A script is not asked. */
static void confirm(
    void *arg, const struct chatroom *room, const struct request *q)
{
	struct ui *f = arg;

	if (f->echoes && room_commands_question(f->question.text,
			     sizeof(f->question.text), q, "")) {
		f->question.open = true;
		f->question.act = *q;
		f->question.room = room;
		ui_plain_notice(f, "%s", f->question.text);
	} else if (!room_commands_ask(
		       &f->asked, f->env->session, room, q, "", f->why)) {
		ui_plain_refuse(f, f->why);
	}
}

bool ui_plain_was_in(struct ui *f, const struct chatroom *room)
{
	struct plain_room *p = room != NULL ? record(f, room) : NULL;
	bool was_in = p != NULL ? p->was_in : f->joined_once;

	if (p != NULL)
		p->was_in = true;
	return was_in;
}

bool ui_plain_rooms_event(struct ui *f, const struct event *e)
{
	const struct room_commands_sink sink = {
	    tell, made, confirm, f, f->env->uri};
	struct plain_room *p;

	if (room_commands_answer(&f->asked, f->env->session, e, &sink))
		return true;
	if (e->room == NULL || (p = record(f, e->room)) == NULL)
		return false;
	if (e->type == EVENT_CONNECTED)
		p->here = true;
	if (e->type == EVENT_LEFT)
		p->here = false;
	if (e->type != EVENT_MESSAGE || e->own || e->room == f->io.room)
		return false;
	p->unread++;
	p->mentions += mention_in(e->text, e->text_len, f->env->name);
	return false;
}

const char *ui_plain_prefix(const struct ui *f, const struct chatroom *room)
{
	struct session_room_status st;
	const struct chatroom *const *rooms;
	size_t n, i, wanted = 0;

	rooms = session_rooms(f->env->session, &n);
	for (i = 0; i < n; i++) {
		session_room_status(f->env->session, rooms[i], &st);
		wanted += st.wanted;
	}
	if (room == NULL || (wanted < 2 && !f->named))
		return "";
	return name_of(f, room);
}

/* Lines go to this room from now on. */
static void go_to(struct ui *f, const struct chatroom *room)
{
	struct session_room_status st;
	char kept[WORDS_KEPT_MAX];
	struct plain_room *p = record(f, room);

	if (room != f->io.room)
		f->rooms.before = f->io.room;
	f->io.room = room;
	if (p != NULL)
		p->unread = p->mentions = 0;
	session_room_status(f->env->session, room, &st);
	words_room_kept(kept, &st.settings);
	ui_plain_notice(f, "you write to %s now: %s, %s; %zu %s here", st.name,
	    words_room_reads(&st), kept, st.total,
	    st.total == 1 ? "person is" : "people are");
}

/* The i-th room that the user is in, counted from 1 in the order of entering;
 * NULL: there are not so many. */
static const struct plain_room *nth(const struct ui *f, size_t i)
{
	const struct plain_room *p;
	size_t k;

	for (k = 0; (p = room_record_at(&f->rooms.all, k)) != NULL; k++)
		if (p->here && --i == 0)
			return p;
	return NULL;
}

static bool has_part(const char *name, const char *text, size_t n)
{
	for (; strlen(name) >= n; name++)
		if (strncasecmp(name, text, n) == 0)
			return true;
	return false;
}

/* The room that is meant by a number, a name or a part of one; NULL, and how
 * many it could be in *found. */
static const struct plain_room *find(
    const struct ui *f, const char *text, size_t n, size_t *found)
{
	const struct plain_room *p, *part = NULL;
	size_t i, number = 0;

	*found = 0;
	for (i = 1; (p = nth(f, i)) != NULL; i++) {
		if (strlen(name_of(f, p->of.room)) == n &&
		    strncasecmp(name_of(f, p->of.room), text, n) == 0)
			return p;
		if (has_part(name_of(f, p->of.room), text, n)) {
			part = p;
			(*found)++;
		}
	}
	for (i = 0; i < n && i < 4 && text[i] >= '0' && text[i] <= '9'; i++)
		number = number * 10 + (size_t)(text[i] - '0');
	if (i == n && number > 0 && (p = nth(f, number)) != NULL)
		return p;
	return *found == 1 ? part : NULL;
}

/* The room that is `step` further in the list, around its ends. */
static const struct plain_room *beside(const struct ui *f, bool up)
{
	size_t n = count(f), i;

	for (i = 1; i <= n; i++)
		if (nth(f, i)->of.room == f->io.room)
			break;
	if (n == 0)
		return NULL;
	return nth(f, up ? (i > 1 ? i - 1 : n) : i < n ? i + 1 : 1);
}

static const char *go(struct ui *f, const char *text, size_t n)
{
	const struct plain_room *p;
	size_t found = 0;

	p = find(f, text, n, &found);
	if (p == NULL && n == 2 && memcmp(text, "up", n) == 0)
		p = beside(f, true);
	else if (p == NULL && n == 4 && memcmp(text, "down", n) == 0)
		p = beside(f, false);
	if (p != NULL) {
		go_to(f, p->of.room);
		return NULL;
	}
	return found > 1 ? "several of your rooms have that in their names"
			 : "you are in no such room";
}

/* The next room with a mention, or with unread lines; then back to where this
 * began. */
static const char *next(struct ui *f)
{
	const struct chatroom *home = f->rooms.home;
	const struct plain_room *p, *best = NULL;
	size_t i;

	for (i = 1; (p = nth(f, i)) != NULL; i++)
		if (p->unread > 0 &&
		    (best == NULL || (p->mentions > 0 && best->mentions == 0)))
			best = p;
	if (best == NULL && (home == NULL || home == f->io.room))
		return "no other room needs you";
	f->rooms.home = best == NULL ? NULL : home != NULL ? home : f->io.room;
	go_to(f, best != NULL ? best->of.room : home);
	return NULL;
}

/* Lines go to the room at once: they wait until it is entered, and are refused
 * when it is not. */
static void join(struct ui *f, const char *name)
{
	const struct chatroom *room;
	struct plain_room *p;
	int r = session_join(f->env->session, name, &room);

	if (r != 0) {
		ui_plain_notice(f, "%s cannot be entered: %s", name,
		    r == ERR_LIMIT   ? "you are in too many rooms"
		    : r == ERR_STATE ? "the program is ending"
				     : err_str(r));
		return;
	}
	if ((p = record(f, room)) != NULL)
		snprintf(p->of.name, sizeof(p->of.name), "%s", name);
	if (room != f->io.room)
		f->rooms.before = f->io.room;
	f->io.room = room;
}

static const char *join_named(struct ui *f, const char *text, size_t n)
{
	char name[WIRE_ROOM_MAX + 1];

	if (!text_room(text, n))
		return words_no_room(text, n);
	memcpy(name, text, n);
	name[n] = '\0';
	join(f, name);
	return NULL;
}

static const char *leave(struct ui *f, const char *text, size_t n)
{
	const struct chatroom *room = f->io.room;
	const struct plain_room *to = NULL;
	struct plain_room *p;
	size_t found;

	if (n > 0) {
		if ((to = find(f, text, n, &found)) == NULL)
			return "you are in no such room";
		room = to->of.room;
	}
	if (session_leave(f->env->session, room) != 0)
		return "you are not in this room";
	if ((p = record(f, room)) != NULL)
		p->here = false;
	if (room != f->io.room)
		return NULL;
	/* Lines go to another room that the user is in, if there is one. */
	to = f->rooms.before != NULL ? record(f, f->rooms.before) : NULL;
	if (to == NULL || !to->here)
		to = nth(f, 1);
	if (to != NULL)
		go_to(f, to->of.room);
	return NULL;
}

static const char *set_sealed_topic(struct ui *f, const struct command *c)
{
	const struct seal_place at = {
	    f->env->session, f->io.room, f->env->uri};
	size_t n;
	const char *text = command_topic(c, &n);

	return seal_topic(&at, f->env->wall_ms(), text, n, f->why) ? NULL
								   : f->why;
}

static const char *ask(struct ui *f, const struct command *c)
{
	char key[B64URL_32 + 1] = "";
	struct session_room_status st;
	struct request q;

	session_room_status(f->env->session, f->io.room, &st);
	if (c->kind == COMMAND_TOPIC && c->n == 0) {
		words_topic(f->why, &st);
		ui_plain_notice(f, "%s", f->why);
		return NULL;
	}
	if (c->kind == COMMAND_TOPIC && st.seal != SEAL_NONE)
		return set_sealed_topic(f, c);
	if (c->kind == COMMAND_HISTORY && c->n == 0) {
		words_room_keeps(f->why, &st.settings);
		ui_plain_notice(f, "%s", f->why);
		return NULL;
	}
	if (!room_commands_request(&q, c, &st, f->why))
		return f->why;
	/* A script is not asked. */
	if (f->echoes && room_commands_question(f->question.text,
			     sizeof(f->question.text), &q, st.name)) {
		f->question.open = true;
		f->question.purge = false;
		f->question.act = q;
		f->question.room = f->io.room;
		ui_plain_notice(f, "%s", f->question.text);
		return NULL;
	}
	if (c->kind == COMMAND_FORGET)
		memcpy(key, c->text, c->n);
	return room_commands_ask(
		   &f->asked, f->env->session, f->io.room, &q, key, f->why)
		   ? NULL
		   : f->why;
}

/* A script is not asked, nor somebody about an own message. */
static const char *purge(struct ui *f, const struct command *c)
{
	const char *why;
	const struct recent_message *m =
	    recent_purge(f->recent, (struct recent_of){f->io.room, ""}, c, &why);

	if (m == NULL)
		return why;
	if (f->echoes && !m->own) {
		memset(&f->question.act, 0, sizeof(f->question.act));
		f->question.open = f->question.purge = true;
		f->question.room = f->io.room;
		memcpy(f->question.id, m->id, WIRE_ID);
		room_commands_purge_question(
		    f->question.text, sizeof(f->question.text), m->name);
		ui_plain_notice(f, "%s", f->question.text);
		return NULL;
	}
	return room_commands_purge(
		   &f->asked, f->env->session, f->io.room, m->id, f->why)
		   ? NULL
		   : f->why;
}

bool ui_plain_rooms_answer(struct ui *f, const char *line, size_t n)
{
	enum visit_answer answer = visit_word(line, n);

	/* A command is no answer: it withdraws the question. */
	f->question.open = answer == VISIT_UNCLEAR && (n == 0 || *line != '/');
	if (f->question.open) {
		snprintf(f->why, sizeof(f->why), "not sent: first answer: %s",
		    f->question.text);
		ui_plain_refuse(f, f->why);
	} else if (answer != VISIT_YES) {
		ui_plain_notice(f, "nothing is done%s%s%s",
		    f->question.act.who[0] != '\0' ? ": " : "",
		    f->question.act.who,
		    f->question.act.who[0] != '\0' ? " stays" : "");
	} else if (f->question.purge
		       ? !room_commands_purge(&f->asked, f->env->session,
			     f->question.room, f->question.id, f->why)
		       : !room_commands_ask(&f->asked, f->env->session,
			     f->question.room, &f->question.act, "", f->why)) {
		ui_plain_refuse(f, f->why);
	}
	return answer != VISIT_UNCLEAR || f->question.open;
}

bool ui_plain_rooms_early(const struct ui *f, const struct command *c)
{
	struct session_room_status st;
	const struct chatroom *const *rooms;
	size_t n, i;

	if (c->kind == COMMAND_JOIN || c->kind == COMMAND_NEW ||
	    c->kind == COMMAND_ROOMS || c->kind == COMMAND_READ)
		return false;
	rooms = session_rooms(f->env->session, &n);
	for (i = 0; i < n; i++) {
		session_room_status(f->env->session, rooms[i], &st);
		if (st.wanted && !is_here(f, rooms[i]))
			return true;
	}
	return false;
}

static void tell_seal(void *arg, enum words_weight weight, const char *line)
{
	(void)weight;
	ui_plain_notice(arg, "%s", line);
}

void ui_plain_seal_event(struct ui *f, const struct event *e)
{
	const struct seal_place at = {f->env->session, e->room, f->env->uri};

	seal_event(&at, e, &(struct account_commands_sink){tell_seal, f});
}

bool ui_plain_seal(struct ui *f, const struct command *c)
{
	const struct seal_place at = {
	    f->env->session, f->io.room, f->env->uri};

	return seal_command(&at, c->text, c->n,
	    &(struct account_commands_sink){tell_seal, f});
}

const char *ui_plain_rooms_command(struct ui *f, const struct command *c)
{
	struct plain_room *p;
	size_t i;

	switch (c->kind) {
	case COMMAND_JOIN:
		return join_named(f, c->text, c->n);
	case COMMAND_LEAVE:
		return leave(f, c->text, c->n);
	case COMMAND_ROOMS:
	case COMMAND_NEW:
	case COMMAND_TOPIC:
	case COMMAND_ACT:
	case COMMAND_DEVICES:
	case COMMAND_FORGET:
	case COMMAND_INVITES:
	case COMMAND_REVOKE:
	case COMMAND_BLOCK:
	case COMMAND_UNBLOCK:
		return ask(f, c);
	case COMMAND_HISTORY:
		return c->n > 0 && c->text[0] >= '0' && c->text[0] <= '9'
			   ? ui_plain_older(f, c)
			   : ask(f, c);
	case COMMAND_OLDER:
		return ui_plain_older(f, c);
	case COMMAND_PURGE:
		return purge(f, c);
	case COMMAND_GO:
		f->rooms.home = NULL;
		return go(f, c->text, c->n);
	case COMMAND_NEXT:
		return next(f);
	case COMMAND_BACK:
		f->rooms.home = NULL;
		if (f->rooms.before == NULL)
			return "you have been in no other room";
		go_to(f, f->rooms.before);
		return NULL;
	case COMMAND_READ: /* what is shown is read; all: what came elsewhere */
		if (c->n > 0 && (c->n != 3 || memcmp(c->text, "all", 3) != 0))
			return "/read reads this room, /read all every room";
		for (i = 0;
		     c->n > 0 && (p = room_record_at(&f->rooms.all, i)) != NULL;
		     i++)
			p->unread = p->mentions = 0;
		return NULL;
	default:
		return NULL;
	}
}
