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

/* An error about what was to be said. */
static void not_said(struct ui *f, int r, const struct session_post *p)
{
	char sentence[WORDS_MAX];
	const char *code = r == ERR_TEXT      ? "usage"
			   : r == ERR_RANGE   ? "clock"
			   : r == ERR_AUTHOR  ? "not_yours"
			   : r == ERR_ABSENT  ? "no_message"
			   : r == ERR_ROOM    ? "no_room"
			   : r == ERR_REFUSED ? "muted"
			   : r == ERR_SECRET  ? "secret"
					      : "error";

	if (r == ERR_TEXT && p->what == EVENT_REACT)
		snprintf(sentence, sizeof(sentence), "%s", words_not_reaction);
	else if (strcmp(code, "error") == 0)
		snprintf(sentence, sizeof(sentence), "%s", err_str(r));
	else
		words_not_said(sentence, sizeof(sentence), r, p->text, p->n);
	ui_json_error(f, code, sentence);
	ui_line_refused(&f->io, sentence);
}

/* Says it, in answer to or about the message whose id is at `key`. Returns false
 * when the line must be retried once there is room for it. */
static bool post(struct ui *f, const json_t *o, const char *key, bool must,
    struct session_post *p)
{
	const struct ui_env *env = f->env;
	const struct chatroom *room;
	uint8_t about[WIRE_ID];
	char sentence[64];
	int r;

	if (must || json_object_get(o, key) != NULL) {
		if (json_b64(o, key, about, WIRE_ID) != 0) {
			snprintf(sentence, sizeof(sentence),
			    "\"%s\" is not the id of a message", key);
			ui_json_refuse(f, sentence);
			return true;
		}
		p->about = about;
	}
	if (json_object_get(o, "direct") != NULL) {
		const char *to = ui_json_direct_name(f, o, "direct");

		return to == NULL || ui_json_direct_post(f, to, p);
	}
	if ((room = ui_json_room(f, o)) == NULL)
		return true;
	r = session_post(env->session, room, env->wall_ms(), p);
	if (r == ERR_LIMIT && ui_line_held(&f->io) > 0) {
		ui_json_error(f, "held", words_full_held);
		ui_line_refused(&f->io, words_full_held);
		return true;
	}
	if (r == ERR_LIMIT)
		return false;
	if (r != 0)
		not_said(f, r, p);
	else
		ui_json_said(f);
	return true;
}

static bool do_say(struct ui *f, const json_t *o)
{
	struct session_post p = {.what = EVENT_MESSAGE,
	    .action = json_is_true(json_object_get(o, "action"))};

	if ((p.text = ui_json_text(o, "text", &p.n)) != NULL)
		return post(f, o, "re", false, &p);
	ui_json_refuse(f, "\"say\" needs a string \"text\"");
	return true;
}

static bool do_edit(struct ui *f, const json_t *o)
{
	struct session_post p = {.what = EVENT_EDIT};

	if ((p.text = ui_json_text(o, "text", &p.n)) != NULL)
		return post(f, o, "of", true, &p);
	ui_json_refuse(f, "\"edit\" needs a string \"text\"");
	return true;
}

static bool do_delete(struct ui *f, const json_t *o)
{
	struct session_post p = {.what = EVENT_DELETE};

	return post(f, o, "of", true, &p);
}

static bool do_react(struct ui *f, const json_t *o)
{
	struct session_post p = {.what = EVENT_REACT};

	if ((p.text = ui_json_text(o, "with", &p.n)) != NULL)
		return post(f, o, "to", true, &p);
	ui_json_refuse(f, "\"react\" needs a string \"with\"");
	return true;
}

static bool do_users(struct ui *f, const json_t *o)
{
	struct json_w w;

	const struct chatroom *room;
	struct session_room_status st;

	if (!f->joined)
		return false; /* no member list yet: retry */
	if ((room = ui_json_room(f, o)) == NULL)
		return true;
	session_room_status(f->env->session, room, &st);
	ui_json_begin(f, &w, "users");
	json_put_str(&w, "room", st.name);
	ui_json_put_users(f, &w, room);
	ui_json_put_ref(&w, f->ref);
	ui_json_end(f, &w);
	return true;
}

/* The event "held" says what was done. */
static bool answer_held(struct ui *f, const json_t *o,
    int (*fn)(struct session *s, const struct chatroom *room))
{
	const struct chatroom *room = ui_json_room(f, o);
	struct json_room *p;

	if (room == NULL)
		return true;
	if (fn(f->env->session, room) != 0)
		ui_json_error(f, "held", words_none_held);
	else if ((p = room_record(&f->rooms, room)) != NULL)
		memcpy(p->held, f->ref, sizeof(p->held));
	return true;
}

static bool do_transcript(struct ui *f, const json_t *o)
{
	const json_t *on = json_object_get(o, "on");
	const json_t *direct = json_object_get(o, "direct");
	struct errmsg why;

	if (!json_is_boolean(on) ||
	    (direct != NULL && !json_is_boolean(direct)))
		ui_json_refuse(f,
		    "\"transcript\" needs \"on\": true or false, and may have "
		    "\"direct\", the same");
	else if (f->env->transcript(f->env->arg, json_is_true(direct),
		     json_is_true(on), &why) != 0)
		ui_json_error(f, "transcript", why.text);
	return true;
}

static bool do_send_held(struct ui *f, const json_t *o)
{
	if (json_object_get(o, "with") != NULL)
		return ui_json_direct_held(f, o, true);
	return answer_held(f, o, session_send_held);
}

static bool do_drop_held(struct ui *f, const json_t *o)
{
	if (json_object_get(o, "with") != NULL)
		return ui_json_direct_held(f, o, false);
	return answer_held(f, o, session_drop_held);
}

static bool do_quit(struct ui *f, const json_t *o)
{
	(void)o;
	memcpy(f->quit, f->ref, sizeof(f->quit));
	ui_line_end(&f->io, true);
	return true;
}

static const struct action {
	const char *word;
	bool (*fn)(struct ui *f, const json_t *o); /* false: retry later */
} actions[] = {
    {"say", do_say},
    {"edit", do_edit},
    {"delete", do_delete},
    {"react", do_react},
    {"direct", ui_json_direct},
    {"block", ui_json_block},
    {"users", do_users},
    {"join", ui_json_join},
    {"leave", ui_json_leave},
    {"rooms", ui_json_rooms},
    {"history", ui_json_history},
    {"purge", ui_json_purge},
    {"receipt", ui_json_receipt},
    {"room_new", ui_json_room_new},
    {"room_set", ui_json_room_set},
    {"topic", ui_json_topic},
    {"act", ui_json_act},
    {"trust", ui_json_trust},
    {"whois", ui_json_whois},
    {"verify", ui_json_verify},
    {"ignore", ui_json_ignore},
    {"unignore", ui_json_unignore},
    {"ignored", ui_json_ignored},
    {"send_held", do_send_held},
    {"drop_held", do_drop_held},
    {"server", ui_json_server},
    {"transcript", do_transcript},
    {"seal", ui_json_seal},
    {"seal_new", ui_json_seal_new},
    {"seal_send", ui_json_seal_send},
    {"seal_give", ui_json_seal_give},
    {"password", ui_json_password},
    {"devices", ui_json_devices},
    {"forget_device", ui_json_forget_device},
    {"invite", ui_json_invite},
    {"invites", ui_json_invites},
    {"revoke", ui_json_revoke},
    {"send_file", ui_json_send_file},
    {"get_file", ui_json_get_file},
    {"cancel_file", ui_json_cancel_file},
    {"files", ui_json_files},
    {"quit", do_quit},
};

static void unknown(struct ui *f)
{
	char sentence[512];
	int n = snprintf(sentence, sizeof(sentence), "\"do\" is one of ");
	size_t i, size;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]) && n > 0 &&
		    (size_t)n < sizeof(sentence);
	     i++) {
		size = sizeof(sentence) - (size_t)n;
		n += snprintf(sentence + n, size, "%s%s", i > 0 ? ", " : "",
		    actions[i].word);
	}
	ui_json_refuse(f, sentence);
}

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
	if (f->password.next) {
		if (f->password.seal != NULL)
			ui_json_seal_line(f, line, n);
		else
			ui_json_password_line(f, line, n);
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
	if (!ui_json_ref(f, o))
		done = true;
	else if (i < sizeof(actions) / sizeof(actions[0]))
		done = actions[i].fn(f, o);
	else
		unknown(f);
	f->ref[0] = '\0';
	json_decref(o);
	return done;
}
