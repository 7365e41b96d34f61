/* json_seal.c - sealed rooms in the JSON front end. A secret stands in the line
 * after the one that gives it, as a password does. */
#include <string.h>

#include "client/ui/json_ui.h"
#include "client/ui/seal_commands.h"
#include "shared/wire/text.h"

/* How the room is sealed, and the invite that holds its secret. */
static void put_seal(struct ui *f, struct json_w *w, const struct chatroom *room)
{
	const struct seal_place at = {f->env->session, room, f->env->uri};
	struct session_room_status st;
	struct buf text;

	session_room_status(f->env->session, room, &st);
	json_put_str(w, "room", st.name);
	json_put_bool(w, "sealed", st.seal != SEAL_NONE);
	json_put_bool(w, "may_speak", st.seal != SEAL_OTHER);
	json_put_u63(w, "number", st.seal_number);
	buf_init_secret(&text, URI_TEXT_MAX);
	if (seal_invite(&text, &at))
		json_put_strn(w, "invite", (const char *)text.p, text.len);
	buf_free(&text);
}

static const char *gets_word(enum session_heir_how how)
{
	static const char *const word[] = {
	    [HEIR_READY] = "all",
	    [HEIR_HAS] = "has",
	    [HEIR_GONE] = "named",
	    [HEIR_STALE] = "named",
	    [HEIR_REMOVED] = "removed",
	    [HEIR_UNPINNED] = "unpinned",
	};
	return word[how];
}

/* Whom it can be handed to. */
static void put_people(
    struct ui *f, struct json_w *w, const struct chatroom *room)
{
	struct session_heir all[SESSION_HEIRS_MAX];
	const size_t n = session_seal_heirs(
	    f->env->session, room, all, SESSION_HEIRS_MAX);
	size_t i;

	json_open_arr(w, "people");
	for (i = 0; i < n; i++) {
		json_open_obj(w, NULL);
		json_put_str(w, "name", all[i].name);
		ui_json_put_fp(w, "identity", all[i].fingerprint);
		json_put_bool(w, "verified", all[i].trust == TRUST_VERIFIED);
		json_put_str(w, "gets", gets_word(all[i].how));
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void show(struct ui *f, const struct chatroom *room, const char *reason)
{
	struct json_w w;

	ui_json_begin(f, &w, "seal");
	put_seal(f, &w, room);
	put_people(f, &w, room);
	json_put_str(&w, "reason", reason);
	ui_json_put_ref(&w, f->ref);
	ui_json_end(f, &w);
}

bool ui_json_seal(struct ui *f, const json_t *o)
{
	const struct chatroom *room = ui_json_room(f, o);

	if (room != NULL)
		show(f, room, "state");
	return true;
}

bool ui_json_seal_new(struct ui *f, const json_t *o)
{
	const struct chatroom *room = ui_json_room(f, o);
	int r = room == NULL ? 0 : session_seal_renew(f->env->session, room);

	if (r == ERR_ROOM || r == ERR_STATE)
		ui_json_refuse(f, "\"seal_new\" is for a sealed room that this "
				  "is in and has the secret of");
	else if (r != 0)
		ui_json_error(f, "error", err_str(r));
	else if (room != NULL)
		memcpy(f->seal_new, f->ref, sizeof(f->seal_new));
	return true;
}

bool ui_json_seal_give(struct ui *f, const json_t *o)
{
	f->password.seal = ui_json_room(f, o);
	f->password.next = f->password.seal != NULL;
	memcpy(f->password.ref, f->ref, sizeof(f->password.ref));
	return true;
}

void ui_json_seal_line(struct ui *f, const char *line, size_t n)
{
	const struct seal_place at = {
	    f->env->session, f->password.seal, f->env->uri};
	char why[WORDS_MAX];

	f->password.next = false;
	f->password.seal = NULL;
	memcpy(f->ref, f->password.ref, sizeof(f->ref));
	f->password.ref[0] = '\0';
	if (seal_give(&at, line, n, why))
		show(f, at.room, "given");
	else
		ui_json_refuse(f, why);
	f->ref[0] = '\0';
}

static void refuse(void *arg, enum words_weight weight, const char *line)
{
	(void)weight;
	ui_json_refuse(arg, line);
}

/* The names, with blanks between them. False: it is no list of names. */
static bool get_names(struct buf *out, const json_t *who)
{
	const char *name;
	size_t i;

	if (who != NULL && !json_is_array(who))
		return false;
	for (i = 0; i < json_array_size(who); i++) {
		name = json_string_value(json_array_get(who, i));
		if (name == NULL || !text_name(name, strlen(name)) ||
		    buf_str(out, name) != 0 || buf_u8(out, ' ') != 0)
			return false;
	}
	return true;
}

bool ui_json_seal_send(struct ui *f, const json_t *o)
{
	const struct seal_place at = {
	    f->env->session, ui_json_room(f, o), f->env->uri};
	const struct account_commands_sink tell = {refuse, f};
	struct buf names;

	if (at.room == NULL)
		return true;
	buf_init(&names, SESSION_HEIRS_MAX * (WIRE_NAME_MAX + 1));
	if (get_names(&names, json_object_get(o, "who")))
		seal_send(&at, (const char *)names.p, names.len, &tell);
	else
		ui_json_refuse(f, "\"who\" is an array of names");
	buf_free(&names);
	return true;
}

/* A secret that is handed over: the room need not be one that this is in. */
static void show_handing(struct ui *f, const struct event *e)
{
	struct json_w w;

	ui_json_begin(f, &w, "seal");
	json_put_str(&w, "room", e->word);
	json_put_str(&w, "reason", e->reason);
	json_put_str(&w, "who", e->who);
	if (strcmp(e->reason, "ignored") == 0)
		json_put_str(&w, "code", e->by);
	if (strcmp(e->reason, "unsent") == 0) {
		json_put_str(&w, "code", wire_code_word(e->code));
		json_put_str(&w, "text", e->text);
	}
	ui_json_end(f, &w);
}

void ui_json_seal_event(struct ui *f, const struct event *e)
{
	struct json_w w;

	if (e->who != NULL && e->who[0] != '\0' &&
	    strcmp(e->reason, "taken") != 0) {
		show_handing(f, e);
		return;
	}
	ui_json_begin(f, &w, "seal");
	put_seal(f, &w, e->room);
	json_put_str(&w, "reason", e->reason);
	if (strcmp(e->reason, "taken") == 0)
		json_put_str(&w, "who", e->who);
	if (strcmp(e->reason, "new") == 0)
		put_people(f, &w, e->room);
	if (strcmp(e->reason, "refused") == 0) {
		json_put_str(&w, "code", words_code(e));
		json_put_str(&w, "text", e->text != NULL ? e->text : "");
	}
	if (strcmp(e->reason, "refused") == 0 ||
	    strcmp(e->reason, "new") == 0) {
		ui_json_put_ref(&w, f->seal_new);
		f->seal_new[0] = '\0';
	}
	ui_json_end(f, &w);
}

bool ui_json_seal_topic(struct ui *f, const json_t *o, const char *text)
{
	const struct seal_place at = {
	    f->env->session, ui_json_room(f, o), f->env->uri};
	struct session_room_status st;
	char why[WORDS_MAX];

	session_room_status(f->env->session, at.room, &st);
	if (st.seal == SEAL_NONE)
		return false;
	if (seal_topic(&at, f->env->wall_ms(), text, strlen(text), why))
		ui_json_said(f);
	else
		ui_json_refuse(f, why);
	return true;
}

void ui_json_topic_event(struct ui *f, const struct event *e)
{
	struct json_w w;

	ui_json_begin(f, &w, "topic");
	json_put_str(&w, "room", e->room_name);
	json_put_str(&w, "from", e->person->name);
	json_put_b64(&w, "id", e->id, WIRE_ID);
	json_put_u63(&w, "ts", e->ts_ms);
	json_put_u63(&w, "offset", e->offset);
	json_put_strn(&w, "text", e->text, e->text_len);
	json_put_bool(&w, "past", e->past);
	json_put_bool(&w, "own", e->own);
	ui_json_end(f, &w);
	if (e->own && !e->past)
		ui_json_said_shown(f, e);
}
