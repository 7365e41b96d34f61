/* plain_commands.c - the lines that a user of the plain front end types: messages,
 * commands, and the answer to the question of a first visit. */
#include <stdio.h>
#include <string.h>

#include "client/ui/command.h"
#include "client/ui/keep_command.h"
#include "client/ui/decide.h"
#include "client/ui/plain_ui.h"

void ui_plain_refuse(struct ui *f, const char *sentence)
{
	ui_plain_notice(f, "%s", sentence);
	ui_line_refused(&f->io, sentence);
}

bool ui_plain_post(struct ui *f, const struct session_post *p)
{
	const struct ui_env *env = f->env;
	int r = session_post(
	    env->session, f->io.room, env->wall_ms(), p);
	char sentence[WORDS_MAX];

	if (r == ERR_LIMIT && ui_line_held(&f->io) > 0) {
		ui_plain_refuse(f, words_full_held);
		return true;
	}
	if (r == ERR_LIMIT) {
		if (!f->full_said)
			ui_plain_notice(f,
			    "too many messages wait for the server: the "
			    "rest follows when it answers");
		f->full_said = true;
		return false;
	}
	if (r == ERR_TEXT && p->what == EVENT_REACT) {
		ui_plain_refuse(f, words_not_reaction);
	} else if (r != 0) {
		words_not_said(sentence, sizeof(sentence), r, p->text, p->n);
		ui_plain_refuse(f, sentence);
	}
	return true;
}

static void help(struct ui *f)
{
	char line[COMMAND_HELP_MAX];
	size_t i;

	for (i = 0; command_help(line, i); i++)
		if (!command_row(i)->screen)
			ui_plain_notice(f, "%s", line);
}

/* Quits after all earlier messages are sent. But a user at a terminal does not
 * wait for a server that is unreachable, and is told that messages are held. */
static void quit(struct ui *f)
{
	struct session_room_status st;
	size_t held = ui_line_held(&f->io);
	char sentence[WORDS_MAX];

	if (held > 0 && f->echoes) {
		words_quit_held(sentence, sizeof(sentence), held);
		ui_plain_notice(f, "%s", sentence);
		return;
	}
	session_room_status(f->env->session, f->io.room, &st);
	ui_line_end(&f->io, st.joined || !f->echoes);
}

static void tell(void *arg, const char *line)
{
	ui_plain_notice(arg, "%s", line);
}

/* A line that was typed before the server's key was accepted. */
static bool on_answer(struct ui *f, const char *line, size_t n)
{
	enum visit_answer answer = VISIT_UNCLEAR;

	if (f->visit.state == VISIT_ASKED)
		answer = visit_answer(&f->visit, line, n);
	if (answer == VISIT_YES)
		ui_plain_notice(f, "%s", visit_kept);
	else if (answer == VISIT_NO)
		f->env->refuse_server(f->env->arg);
	else if (n == 5 && memcmp(line, "/quit", n) == 0)
		ui_line_end(&f->io, false);
	else
		ui_plain_refuse(f, visit_first(&f->visit));
	return true;
}

/* The server's key. Returns false when it must be retried later. */
static bool server(struct ui *f, const struct trust_sink *out)
{
	if (trust_server(f->env->session, f->env->server, out))
		return true;
	if (!f->echoes)
		return false; /* a script waits for it */
	ui_plain_notice(f, "%s", visit_unproved);
	return true;
}

/* /events WHICH. */
static void events(struct ui *f, const struct command *c)
{
	char sentence[FOLD_MAX];

	if (fold_choose(&f->events, c->text, c->n, sentence))
		ui_plain_notice(f, "%s", sentence);
	else
		ui_plain_refuse(f, sentence);
}

static void answer_held(struct ui *f, bool send)
{
	if ((send ? session_send_held : session_drop_held)(
		f->env->session, f->io.room) != 0)
		ui_plain_notice(f, "%s", words_none_held);
}

void ui_plain_progress(struct ui *f, const struct event *e)
{
	char line[WORDS_MAX];

	if (file_progress_line(line, &f->files, e))
		ui_plain_notice(f, "%s", line);
}

static void tell_file(void *arg, enum words_weight weight, const char *line)
{
	if (weight == WORDS_ALERT)
		ui_plain_refuse(arg, line);
	else
		ui_plain_notice(arg, "%s", line);
}

static bool file(struct ui *f, const struct command *c)
{
	const struct account_commands_sink out = {tell_file, f};
	struct session_room_status st;

	session_room_status(f->env->session, f->io.room, &st);
	if (!f->echoes && st.wanted && !st.joined)
		return false; /* a script waits for the room */
	(void)file_command(&(struct file_place){f->env->session, f->io.room, ""},
	    c, &out);
	return true;
}

static void transcript(struct ui *f, const struct command *c)
{
	char line[WORDS_MAX];

	if (!keep_command(line, f->env, c))
		ui_plain_refuse(f, line);
	else if (line[0] != '\0')
		ui_plain_notice(f, "%s", line);
}

static void receipt(struct ui *f, const struct command *c)
{
	char line[WORDS_MAX];

	if (!keep_receipt(line, f->env->session, f->io.room, c))
		ui_plain_refuse(f, line);
}

static const char *const keys[] = {
    "a line is typed with the keys of your terminal, and sent with Enter",
    "usually: Backspace, Ctrl-W and Ctrl-U: remove a letter, a word, all",
    "Ctrl-D in an empty line: leave, when everything is sent; Ctrl-C: at once",
};

static void tell_refused(void *arg, const char *line)
{
	ui_plain_notice(arg, "%s", line);
}

/* Shows nothing of what is typed while a password is asked for, and says for
 * what it waits. */
static void password_ask(struct ui *f)
{
	bool asks = f->password.at != PASSWORD_ENTRY_OFF;

	ui_line_hide(&f->io, asks);
	if (asks)
		ui_plain_notice(
		    f, "%s", password_entry_prompt(&f->password));
}

static void password_begin(struct ui *f, const char *text, size_t n)
{
	const struct password_entry_sink out = {tell_refused, f};

	password_entry_begin(&f->password, f->env, text, n, &out);
	password_ask(f);
}

static void password_line(struct ui *f, const char *line, size_t n)
{
	const struct password_entry_sink out = {tell_refused, f};

	password_entry_line(&f->password, f->env, line, n, &out);
	password_ask(f);
}

static void say_keys(struct ui *f)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		ui_plain_notice(f, "%s", keys[i]);
}

/* Somebody's keys, and whether they are shown. */
static void person(struct ui *f, const struct command *c)
{
	const struct trust_sink out = {tell, f};
	const struct trust_scope in = {f->env->session, f->io.room,
	    f->env->people, f->env->ignored, false};

	if (c->kind == COMMAND_WHOIS)
		trust_whois(&in, c->text, c->n, &out);
	else if (c->kind == COMMAND_VERIFY)
		trust_verify(&f->compare, &in, c->text, c->n, &out);
	else
		decide(&in, c, &out);
}

/* Says what there is, and how it is; or of what no more is said. False: it is
 * another command. */
static bool tell_of(struct ui *f, const struct command *c)
{
	switch (c->kind) {
	case COMMAND_HELP:
		help(f);
		break;
	case COMMAND_KEYS:
		say_keys(f);
		break;
	case COMMAND_NAMES:
		ui_plain_names(f, f->io.room, true);
		break;
	case COMMAND_EVENTS:
		events(f, c);
		break;
	case COMMAND_ROOM:
		room_commands_state(f->env->session, f->io.room,
		    f->env->server, tell, f);
		break;
	default:
		return false;
	}
	return true;
}

/* Does what a command says. Returns false when it must be retried later. */
static bool obey(struct ui *f, const struct command *c)
{
	const struct trust_sink out = {tell, f};
	const char *why;

	if (tell_of(f, c))
		return true;
	switch (c->kind) {
	case COMMAND_NOTHING:
		(void)ui_plain_older_stop(f);
		break;
	case COMMAND_SEARCH:
	case COMMAND_MENTIONS:
	case COMMAND_HELD:
	case COMMAND_INFO:
	case COMMAND_EXPORT:
		if ((why = ui_plain_lines_command(f, c)) != NULL)
			ui_plain_refuse(f, why);
		break;
	case COMMAND_SAY:
	case COMMAND_ME:
		f->with[0] = '\0';
		return ui_plain_post(
		    f, &(struct session_post){EVENT_MESSAGE, NULL, c->text,
			   c->n, c->kind == COMMAND_ME});
	case COMMAND_LAST:
	case COMMAND_REPLY:
	case COMMAND_EDIT:
	case COMMAND_DELETE:
	case COMMAND_REACT:
		return ui_plain_obey(f, c);
	case COMMAND_TRUST:
	case COMMAND_IGNORE:
	case COMMAND_UNIGNORE:
	case COMMAND_WHOIS:
	case COMMAND_VERIFY:
		person(f, c);
		break;
	case COMMAND_SERVER:
		return server(f, &out);
	case COMMAND_TRANSCRIPT:
		transcript(f, c);
		break;
	case COMMAND_RECEIPT:
		receipt(f, c);
		break;
	case COMMAND_FILES:
	case COMMAND_GET:
	case COMMAND_CANCEL:
		return file(f, c);
	case COMMAND_SEND:
		if (file_commands_is(c))
			return file(f, c);
		answer_held(f, true);
		break;
	case COMMAND_DROP:
	case COMMAND_KNOWN:
		if (c->n > 0)
			ui_plain_direct_held(
			    f, c, c->kind == COMMAND_KNOWN);
		else
			answer_held(f, false);
		break;
	case COMMAND_MSG:
		return ui_plain_msg(f, c);
	case COMMAND_PASSWORD:
		password_begin(f, c->text, c->n);
		break;
	case COMMAND_SEAL:
		if (!f->echoes && ui_plain_rooms_early(f, c))
			return false;
		if (ui_plain_seal(f, c)) {
			password_entry_seal(&f->password, f->io.room);
			password_ask(f);
		}
		break;
	case COMMAND_QUIT:
		quit(f);
		break;
	case COMMAND_BAD:
		ui_plain_refuse(f, c->sentence);
		break;
	default:
		if (!f->echoes && ui_plain_rooms_early(f, c))
			return false;
		if ((why = ui_plain_rooms_command(f, c)) != NULL)
			ui_plain_refuse(f, why);
	}
	return true;
}

bool ui_plain_line(void *arg, enum linein_got got, const char *line, size_t n)
{
	struct ui *f = arg;
	char sentence[256];
	struct command c;

	if (line == NULL || got == LINEIN_CUT) {
		words_not_said(
		    sentence, sizeof(sentence), ERR_TEXT, NULL, SIZE_MAX);
		ui_plain_refuse(f, line == NULL ? sentence : words_line_cut);
		return true;
	}
	if (n > 0 && line[n - 1] == '\r')
		n--;
	if (f->password.at != PASSWORD_ENTRY_OFF) {
		password_line(f, line, n);
		return true;
	}
	if (f->visit.state != VISIT_SETTLED)
		return on_answer(f, line, n);
	if (f->question.open && ui_plain_rooms_answer(f, line, n))
		return true;
	command_parse(&c, line, n);
	if (c.kind != COMMAND_BAD && c.screen) {
		ui_plain_refuse(f, "that command needs the full screen");
		return true;
	}
	return obey(f, &c);
}
