/* commands.c - what an entered line does: messages and commands. */
#include <stdlib.h>
#include <string.h>

#include "client/ui/keep_command.h"
#include "client/ui/decide.h"
#include "client/ui/export.h"
#include "client/ui/file_commands.h"
#include "client/ui/tui/comings.h"
#include "client/ui/tui/tui.h"

void commands_quit(struct tui *t, bool flush)
{
	t->ended = true;
	question_drop(&t->question);
	t->link.state = STATUS_LEAVING;
	redraw_want(&t->redraw, REDRAW_STATUS | REDRAW_INPUT);
	t->env->end(t->env->arg, flush);
}

/* Quits at once if every message is acknowledged, else waits for that; Ctrl-C
 * quits without waiting. Held messages are the user's to decide. */
static void quit_kindly(struct tui *t)
{
	size_t unacked, held;
	char sentence[WORDS_MAX];

	rooms_unsent(t, &unacked, &held);
	if (held > 0) {
		words_quit_held(sentence, sizeof(sentence), held);
		notice_add(t, LINE_ALERT, "%s", sentence);
		return;
	}
	if (unacked > 0)
		notice_add(t, LINE_NOTICE,
		    "waiting until the server has your "
		    "messages; Ctrl-C leaves at once");
	commands_quit(t, unacked > 0);
}

bool commands_post(struct tui *t, const struct session_post *p)
{
	const struct ui_env *env = t->env;
	char sentence[WORDS_MAX];
	int r;

	if (t->visit.state != VISIT_SETTLED) {
		notice_add(t, LINE_NOTICE, "%s", visit_first(&t->visit));
		return false;
	}
	r = t->cur->with[0] != '\0'
		? talk_post(t, p, sentence, sizeof(sentence))
		: session_post(
		      env->session, t->cur->room, env->wall_ms(), p);
	if (r != 0 && t->cur->with[0] == '\0')
		words_not_said(sentence, sizeof(sentence), r, p->text, p->n);
	if (r == ERR_TEXT && p->what == EVENT_REACT) {
		notice_add(t, LINE_ALERT, "%s", words_not_reaction);
	} else if (r != 0) {
		notice_add(t, LINE_ALERT, "%s; it is kept in the input line",
		    sentence);
	}
	return r == 0;
}

/* Whose messages commands name. */
static struct recent_of here(const struct tui *t)
{
	return (struct recent_of){t->cur->room, t->cur->with};
}

static void show_numbered(void *arg, const struct recent_message *m)
{
	notice_add(arg, LINE_NOTICE, "%zu %s: %s", m->number,
	    m->own ? "you" : m->name, m->quote);
}

/* A message, an answer, or an edit, whichever was begun. */
static bool say(struct tui *t, const struct command *c)
{
	struct about *a = &t->cur->about;
	struct session_post p = {
	    EVENT_MESSAGE, NULL, c->text, c->n, c->kind == COMMAND_ME};

	about_apply(a, &p);
	a->said = commands_post(t, &p);
	return a->said;
}

/* The line of a message that a command names; NULL: it is gone. */
static const struct line *line_of(struct tui *t, const struct recent_message *m)
{
	const struct scrollback *ls = t->cur->lines;
	const struct line *l =
	    scrollback_at(ls, scrollback_find(ls, m->id, m->author));

	if (l == NULL)
		notice_add(t, LINE_NOTICE,
		    "that message is no longer in the scrollback");
	return l;
}

/* /reply N and /edit without a text: it is written in the editor, where the
 * command is now. */
static bool begin(struct tui *t, const struct session_post *p)
{
	struct buffer *b = t->cur;
	const struct recent_message *m =
	    recent_find(t->recent, here(t), p->about, NULL);
	const struct line *l = m != NULL ? line_of(t, m) : NULL;

	if (l == NULL)
		return false;
	if (p->what == EVENT_EDIT && !l->own) {
		notice_add(
		    t, LINE_NOTICE, "only its author can change a message");
		return false;
	}
	editor_clear(&b->editor);
	(void)about_begin(&b->about,
	    p->what == EVENT_EDIT ? ABOUT_EDIT : ABOUT_REPLY, l, &b->editor);
	redraw_want(&t->redraw, REDRAW_ALL);
	return false;
}

static bool info(struct tui *t, const struct command *c)
{
	const char *text = c->text;
	size_t n = c->n, number = 0;
	const struct recent_message *m = NULL;
	const struct line *l;

	if (command_number(&text, &n, &number) && n == 0)
		m = recent_number(t->recent, here(t), number);
	if (m == NULL) {
		notice_add(t, LINE_NOTICE, "%s", recent_no_number);
		return false;
	}
	if ((l = line_of(t, m)) != NULL)
		choose_info(t, l);
	return l != NULL;
}

/* The commands that name a message. */
static bool about(struct tui *t, const struct command *c)
{
	struct session_post p;
	const char *why;

	if (c->kind == COMMAND_INFO)
		return info(t, c);
	if (c->kind == COMMAND_LAST) {
		why = recent_last(t->recent, here(t), c, show_numbered, t);
	} else if ((why = recent_post(&p, t->recent, here(t), c)) == NULL) {
		if (p.n == 0 && c->kind != COMMAND_DELETE &&
		    c->kind != COMMAND_REACT)
			return begin(t, &p);
		return commands_post(t, &p);
	}
	if (why != NULL)
		notice_add(t, LINE_NOTICE, "%s", why);
	return why == NULL;
}

static bool purge(struct tui *t, const struct command *c)
{
	const char *why;
	const struct recent_message *m =
	    recent_purge(t->recent, here(t), c, &why);

	if (m == NULL)
		notice_add(t, LINE_NOTICE, "%s", why);
	else
		rooms_ask_purge(t, m->id, m->name, m->own);
	return m != NULL;
}

/* /older N, and /history N. */
static bool older(struct tui *t, const struct command *c)
{
	const char *text = c->text, *why;
	size_t n = c->n, number = LOOKBACK_COUNT;

	if (n > 0 && (!command_number(&text, &n, &number) || n > 0)) {
		notice_add(t, LINE_NOTICE,
		    "/older takes a number from 1 to 9999, or nothing");
		return false;
	}
	why = readback_ask(t, number < WIRE_HISTORY_MAX
				  ? (uint32_t)number
				  : (uint32_t)WIRE_HISTORY_MAX);
	if (why != NULL)
		notice_add(t, LINE_NOTICE, "%s", why);
	else
		keys_scroll(t, -1);
	return true;
}

static bool is_number(const struct command *c)
{
	const char *text = c->text;
	size_t n = c->n, number;

	return c->n > 0 && command_number(&text, &n, &number) && n == 0;
}

static void export(struct tui *t, const char *s, size_t n)
{
	char name[4096], *path;
	struct errmsg why;
	size_t lines;

	if (n >= sizeof(name) || memchr(s, '\n', n) != NULL) {
		notice_add(t, LINE_ALERT, "that is not the name of a file");
		return;
	}
	memcpy(name, s, n);
	name[n] = '\0';
	if (export_lines(&lines, &path, t->cur->lines, t->env->helper,
		t->env->export_folder, name, &why) != 0)
		notice_add(t, LINE_ALERT, "nothing was written: %s", why.text);
	else
		notice_add(t, LINE_NOTICE, "%zu lines were written to %s",
		    lines, path);
	free(path);
}

/* /held: what is held here. */
static void show_held(struct tui *t)
{
	const struct scrollback *ls = t->cur->lines;
	const struct line *l;
	const char *text;
	size_t n, found = 0;
	uint64_t id, end = scrollback_end(ls);

	for (id = scrollback_first(ls); id < end; id++) {
		l = scrollback_at(ls, id);
		if (l == NULL || !l->held || l->message == NULL)
			continue;
		text = message_text(l->message, &n);
		notice_add(t, LINE_NOTICE, "held %zu: %.*s", ++found,
		    n < WORDS_MAX ? (int)n : WORDS_MAX, text);
	}
	notice_add(t, LINE_NOTICE, "%s",
	    found == 0 ? words_none_held
		       : "/send sends them to everybody who is here now, "
			 "/drop drops them");
}

static bool mentions(struct tui *t, const struct command *c)
{
	bool back = c->n == 4 && memcmp(c->text, "back", 4) == 0;

	if (c->n > 0 && !back) {
		notice_add(t, LINE_NOTICE,
		    "/mentions goes to the next one, /mentions back to the one "
		    "before");
		return false;
	}
	if (!unread_go_mention(t, back ? -1 : 1))
		notice_add(t, LINE_NOTICE, "there is no other mention of you");
	return true;
}

static void tell(void *arg, const char *line)
{
	notice_add(arg, LINE_NOTICE, "%s", line);
}

static void answer_held(struct tui *t, bool send)
{
	int r = send ? session_send_held(t->env->session, t->cur->room)
		     : session_drop_held(t->env->session, t->cur->room);

	if (r != 0)
		notice_add(t, LINE_NOTICE, "%s", words_none_held);
	redraw_want(&t->redraw, REDRAW_ALL);
}

static void search(struct tui *t, const struct command *c)
{
	/* Else the history is searched, and says so. */
	if (!keys_search_word(t, c->text, c->n) &&
	    readback_search(t, c->text, c->n) != NULL)
		notice_add(t, LINE_NOTICE, "not found: %.*s",
		    c->n < 64 ? (int)c->n : 64, c->text);
}

/* Somebody's keys, and whether they are shown. False: it is another command. */
static bool person(struct tui *t, const struct command *c)
{
	const struct trust_sink out = {tell, t};
	const struct trust_scope in = {
	    t->env->session, t->cur->room, t->env->people, t->env->ignored, false};

	switch (c->kind) {
	case COMMAND_WHOIS:
		trust_whois(&in, c->text, c->n, &out);
		break;
	case COMMAND_VERIFY:
		trust_verify(&t->compare, &in, c->text, c->n, &out);
		break;
	case COMMAND_TRUST:
	case COMMAND_IGNORE:
	case COMMAND_UNIGNORE:
		decide(&in, c, &out);
		break;
	default:
		return false;
	}
	redraw_want(&t->redraw, REDRAW_USERS | REDRAW_STATUS);
	return true;
}

static bool transcript(struct tui *t, const struct command *c)
{
	char line[WORDS_MAX];
	bool done = keep_command(line, t->env, c);

	if (line[0] != '\0')
		notice_add(t, done ? LINE_NOTICE : LINE_ALERT, "%s", line);
	redraw_want(&t->redraw, REDRAW_ALL);
	return done;
}

static bool receipt(struct tui *t, const struct command *c)
{
	char line[WORDS_MAX];

	if (keep_receipt(line, t->env->session, t->cur->room, c))
		return true;
	notice_add(t, LINE_ALERT, "%s", line);
	return false;
}

static void server(struct tui *t, const struct trust_sink *out)
{
	if (!trust_server(t->env->session, t->env->server, out))
		notice_add(t, LINE_NOTICE, "%s", visit_unproved);
}

/* What is done with the lines that there are. */
static bool lines(struct tui *t, const struct command *c)
{
	switch (c->kind) {
	case COMMAND_SEARCH:
		search(t, c);
		break;
	case COMMAND_EXPORT:
		export(t, c->text, c->n);
		break;
	case COMMAND_UNREAD:
		if (!unread_go(t))
			notice_add(t, LINE_NOTICE, "nothing here is unread");
		break;
	case COMMAND_MENTIONS:
		return mentions(t, c);
	case COMMAND_EVENTS:
		return comings_mode(t, c->text, c->n);
	case COMMAND_BARE:
		copymode_show(t);
		break;
	default:
		break;
	}
	return true;
}

/* Says what there is, and how it is. False: it is another command. */
static bool tell_of(struct tui *t, enum command_kind what)
{
	const struct trust_sink out = {tell, t};

	switch (what) {
	case COMMAND_HELP:
		helpbox_open(t, true);
		break;
	case COMMAND_KEYS:
		helpbox_open(t, false);
		break;
	case COMMAND_SERVER:
		server(t, &out);
		break;
	case COMMAND_NAMES:
		notice_names(t);
		break;
	case COMMAND_ROOM:
		room_commands_state(t->env->session, t->cur->room,
		    t->env->server, tell, t);
		break;
	default:
		return false;
	}
	return true;
}

static void tell_file(void *arg, enum words_weight weight, const char *line)
{
	notice_add(arg, weight == WORDS_ALERT ? LINE_ALERT : LINE_NOTICE, "%s",
	    line);
}

static bool file(struct tui *t, const struct command *c)
{
	const struct account_commands_sink out = {tell_file, t};
	const struct file_place at = {
	    t->env->session, t->cur->room, t->cur->with};

	return file_command(&at, c, &out);
}

bool commands_run(struct tui *t, const char *s, size_t n)
{
	struct command c;

	command_parse(&c, s, n);
	if (tell_of(t, c.kind) || person(t, &c))
		return true;
	switch (c.kind) {
	case COMMAND_NOTHING:
		break;
	case COMMAND_SAY:
	case COMMAND_ME:
		return say(t, &c);
	case COMMAND_INFO:
	case COMMAND_LAST:
	case COMMAND_REPLY:
	case COMMAND_EDIT:
	case COMMAND_DELETE:
	case COMMAND_REACT:
		return about(t, &c);
	case COMMAND_SEARCH:
	case COMMAND_EXPORT:
	case COMMAND_UNREAD:
	case COMMAND_MENTIONS:
	case COMMAND_EVENTS:
	case COMMAND_BARE:
		return lines(t, &c);
	case COMMAND_PURGE:
		return purge(t, &c);
	case COMMAND_OLDER:
		return older(t, &c);
	case COMMAND_HISTORY:
		return is_number(&c) ? older(t, &c) : rooms_command(t, &c);
	case COMMAND_HELD:
		show_held(t);
		break;
	case COMMAND_EDITOR:
		/* A text after the command is there until it returns. */
		return compose_begin(t, c.text, c.n) && c.n == 0;
	case COMMAND_TRANSCRIPT:
		return transcript(t, &c);
	case COMMAND_RECEIPT:
		return receipt(t, &c);
	case COMMAND_MSG:
		return talk_begin(t, &c);
	case COMMAND_FILES:
	case COMMAND_GET:
	case COMMAND_CANCEL:
		return file(t, &c);
	case COMMAND_SEND:
		if (file_commands_is(&c))
			return file(t, &c);
		answer_held(t, true);
		break;
	case COMMAND_DROP:
	case COMMAND_KNOWN:
		if (c.n > 0 || c.kind == COMMAND_KNOWN ||
		    (c.kind == COMMAND_DROP && t->cur->with[0] != '\0'))
			return talk_held(t, &c, c.kind == COMMAND_KNOWN);
		answer_held(t, false);
		break;
	case COMMAND_PASSWORD:
		passwordbox_begin(t, c.text, c.n);
		break;
	case COMMAND_QUIT:
		quit_kindly(t);
		break;
	case COMMAND_BAD:
		notice_add(t, LINE_NOTICE, "%s", c.sentence);
		return false;
	default:
		return rooms_command(t, &c);
	}
	return true;
}
