/* json_actions.c - the lines of the other program: one table of what it can ask
 * for. Answers about keys are in json_trust.c. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "client/ui/json_ui.h"
#include "client/ui/words.h"

void ui_json_refuse(struct ui *f, const char *text)
{
	ui_json_error(f, "usage", text);
	ui_line_refused(&f->io, text);
}

const char *ui_json_text(const json_t *o, const char *key, size_t *n)
{
	const char *s;

	return json_str(o, key, &s, n) == 0 ? s : NULL;
}

/* Returns false when the line must be retried once there is room for it. */
static bool do_say(struct ui *f, const json_t *o)
{
	const struct ui_env *env = f->env;
	size_t n = 0;
	const char *text = ui_json_text(o, "text", &n);
	bool action = json_is_true(json_object_get(o, "action"));
	char sentence[WORDS_MAX];
	int r;

	if (text == NULL) {
		ui_json_refuse(f, "\"say\" needs a string \"text\"");
		return true;
	}
	r = session_say(env->session, f->io.room, env->now_ms(), env->wall_ms(),
	    text, n, action);
	if (r == ERR_LIMIT && ui_line_held(&f->io) > 0) {
		ui_json_error(f, "held", words_full_held);
		ui_line_refused(&f->io, words_full_held);
		return true;
	}
	if (r == ERR_LIMIT)
		return false;
	if (r == ERR_TEXT || r == ERR_RANGE) {
		words_not_said(sentence, sizeof(sentence), r, text, n);
		ui_json_error(f, r == ERR_TEXT ? "usage" : "clock", sentence);
		ui_line_refused(&f->io, sentence);
	} else if (r != 0) {
		ui_json_error(f, "error", err_str(r));
		ui_line_refused(&f->io, err_str(r));
	}
	return true;
}

static bool do_users(struct ui *f, const json_t *o)
{
	struct json_w w;

	(void)o;
	if (!f->joined)
		return false; /* no member list yet: retry */
	ui_json_begin(f, &w, "users");
	ui_json_put_users(f, &w, f->io.room);
	ui_json_end(f, &w);
	return true;
}

/* The event "held" says what was done. */
static bool do_send_held(struct ui *f, const json_t *o)
{
	(void)o;
	if (session_send_held(f->env->session, f->io.room) != 0)
		ui_json_error(f, "held", words_none_held);
	return true;
}

static bool do_drop_held(struct ui *f, const json_t *o)
{
	(void)o;
	if (session_drop_held(f->env->session, f->io.room) != 0)
		ui_json_error(f, "held", words_none_held);
	return true;
}

static bool do_quit(struct ui *f, const json_t *o)
{
	(void)o;
	ui_line_end(&f->io, true);
	return true;
}

static const struct action {
	const char *word;
	bool (*fn)(struct ui *f, const json_t *o); /* false: retry later */
} actions[] = {
    {"say", do_say},
    {"users", do_users},
    {"trust", ui_json_trust},
    {"whois", ui_json_whois},
    {"verify", ui_json_verify},
    {"ignore", ui_json_ignore},
    {"unignore", ui_json_unignore},
    {"ignored", ui_json_ignored},
    {"send_held", do_send_held},
    {"drop_held", do_drop_held},
    {"server", ui_json_server},
    {"quit", do_quit},
};

bool ui_json_line(void *arg, enum linein_got got, const char *line, size_t n)
{
	struct ui *f = arg;
	json_t *o = NULL;
	bool done = true;
	size_t i;

	if (line == NULL) {
		ui_json_refuse(f, "a line is longer than 65536 bytes");
		return true;
	}
	if (got == LINEIN_CUT) {
		ui_json_refuse(f, words_line_cut);
		return true;
	}
	while (n > 0 && isspace((unsigned char)line[n - 1]))
		n--;
	for (; n > 0 && isspace((unsigned char)*line); line++)
		n--;
	if (n == 0)
		return true;
	if (json_parse(&o, line, n) != 0) {
		ui_json_refuse(f, words_not_json(line, n));
		return true;
	}
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (json_is(o, "do", actions[i].word))
			break;
	if (i < sizeof(actions) / sizeof(actions[0]))
		done = actions[i].fn(f, o);
	else
		ui_json_refuse(f,
		    "\"do\" is one of say, users, whois, verify, trust, "
		    "server, "
		    "ignore, unignore, ignored, send_held, drop_held, quit");
	json_decref(o);
	return done;
}
