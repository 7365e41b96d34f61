/* json_seal.c - sealed rooms in the JSON front end. A secret stands in the line
 * after the one that gives it, as a password does. */
#include <string.h>

#include "client/ui/json_ui.h"
#include "client/ui/seal_commands.h"

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

static void show(struct ui *f, const struct chatroom *room, const char *reason)
{
	struct json_w w;

	ui_json_begin(f, &w, "seal");
	put_seal(f, &w, room);
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

void ui_json_seal_event(struct ui *f, const struct event *e)
{
	struct json_w w;

	ui_json_begin(f, &w, "seal");
	put_seal(f, &w, e->room);
	json_put_str(&w, "reason", e->reason);
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
