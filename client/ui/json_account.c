/* json_account.c - the account of the user, its devices and invites, in the JSON
 * front end. A password stands in the line after the one that asks for it, so that
 * no program puts it into a log of its requests. */
#include <stdio.h>
#include <string.h>

#include "client/ui/json_ui.h"
#include "client/ui/words.h"
#include "shared/base/secret.h"
#include "shared/os/password.h"
#include "shared/wire/text.h"
#include "shared/wire/uri.h"

static void set_password(struct ui *f, const struct buf *pw)
{
	int r = f->env->set_password(f->env->arg, pw);

	if (r == 0)
		return;
	f->password.ref[0] = '\0';
	ui_json_error(f, "error",
	    r == ERR_STATE ? "the last new password is still being set"
			   : err_str(r));
}

bool ui_json_password(struct ui *f, const json_t *o)
{
	struct buf none;

	memcpy(f->password.ref, f->ref, sizeof(f->password.ref));
	if (!json_is_true(json_object_get(o, "none"))) {
		f->password.next = true;
		return true;
	}
	buf_init(&none, 1);
	set_password(f, &none);
	buf_free(&none);
	return true;
}

void ui_json_password_line(struct ui *f, const char *line, size_t n)
{
	struct buf pw;

	f->password.next = false;
	buf_init_secret(&pw, WIRE_PASSWORD_MAX);
	if (password_take(&pw, line, n) == 0)
		set_password(f, &pw);
	else
		ui_json_refuse(
		    f, "the line after \"password\" is not a password");
	buf_free(&pw);
}

bool ui_json_devices(struct ui *f, const json_t *o)
{
	const struct request q = {.type = REQUEST_ACCOUNT_DEVICES};

	(void)o;
	return ui_json_ask(f, &q, "devices");
}

bool ui_json_forget_device(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_ACCOUNT_FORGET};

	if (json_b64(o, "key", q.identity, WIRE_ED25519) == 0)
		return ui_json_ask(f, &q, "forget_device");
	ui_json_refuse(f, "\"forget_device\" needs \"key\", as in \"devices\"");
	return true;
}

/* To the room of "room", the first one by default. */
bool ui_json_invite(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_INVITE_NEW,
	    .invite = {.uses = 1, .role = ROLE_MEMBER}};
	const struct chatroom *room = ui_json_room(f, o);
	struct session_room_status st;
	size_t n;
	const char *role = ui_json_text(o, "role", &n);

	if (room == NULL)
		return true;
	session_room_status(f->env->session, room, &st);
	q.invite.room = st.number;
	snprintf(q.name, sizeof(q.name), "%s", st.name);
	if ((json_object_get(o, "uses") != NULL &&
		json_u32(o, "uses", &q.invite.uses) != 0) ||
	    (json_object_get(o, "seconds") != NULL &&
		json_u32(o, "seconds", &q.invite.seconds) != 0) ||
	    (json_object_get(o, "role") != NULL &&
		(role == NULL || !role_of(&q.invite.role, role))) ||
	    q.invite.uses < 1 || q.invite.uses > WIRE_INVITE_USES) {
		ui_json_refuse(f,
		    "\"invite\" may have \"uses\" (1 to 1000), \"seconds\", "
		    "\"role\" and \"room\"");
		return true;
	}
	return ui_json_ask(f, &q, "invite");
}

bool ui_json_invites(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_INVITE_LIST};
	size_t n;
	const char *after = ui_json_text(o, "after", &n);

	if (after != NULL && n > 0) {
		if (!text_invite_id(after, n)) {
			ui_json_refuse(f, "\"after\" is the id of an invite");
			return true;
		}
		memcpy(q.id, after, n);
	}
	return ui_json_ask(f, &q, "invites");
}

bool ui_json_revoke(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_INVITE_REVOKE};
	size_t n;
	const char *id = ui_json_text(o, "id", &n);

	if (id == NULL || !text_invite_id(id, n)) {
		ui_json_refuse(f, "\"revoke\" needs the \"id\" of an invite");
		return true;
	}
	memcpy(q.id, id, n);
	return ui_json_ask(f, &q, "revoke");
}

/* --- answers -------------------------------------------------------------- */

static void put_devices(struct json_w *w, const struct event *e)
{
	size_t i;

	json_open_arr(w, "devices");
	for (i = 0; i < e->n_devices; i++) {
		json_open_obj(w, NULL);
		ui_json_put_fp(w, "identity", e->devices[i].fingerprint);
		json_put_b64(w, "key", e->devices[i].identity, WIRE_ED25519);
		json_put_u63(w, "first", e->devices[i].first_s);
		json_put_u63(w, "last", e->devices[i].last_s);
		json_put_bool(w, "here", e->devices[i].here);
		json_put_bool(w, "self", e->devices[i].self);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void put_invites(struct json_w *w, const struct event *e)
{
	const struct account_invite *v;
	size_t i;

	json_open_arr(w, "invites");
	for (i = 0; i < e->n_invites; i++) {
		v = &e->invites[i];
		json_open_obj(w, NULL);
		json_put_str(w, "id", v->id);
		json_put_u63(w, "uses", v->uses);
		json_put_u63(w, "left", v->left);
		json_put_u63(w, "until", v->until_s);
		json_put_str(w, "role", role_word(v->role));
		json_put_str(w, "room", v->room);
		json_put_str(w, "by", v->by);
		json_put_str(w, "account", v->account);
		json_close(w, '}');
	}
	json_close(w, ']');
	json_put_u63(w, "total", e->total);
}

static void put_invite(
    struct ui *f, struct json_w *w, const struct event *e, const char *room)
{
	struct uri u = *f->env->uri;
	const struct chatroom *in;
	struct session_status st;
	struct buf text;

	session_status(f->env->session, &st);
	u.has_fingerprint = true;
	memcpy(u.fingerprint, st.server, WIRE_HASH);
	snprintf(u.room, sizeof(u.room), "%s", room);
	in = room_record_named(&f->rooms, room);
	u.has_seal =
	    in != NULL && session_seal_secret(f->env->session, in, u.seal);
	snprintf(u.invite, sizeof(u.invite), "%s", e->word);
	snprintf(u.secret, sizeof(u.secret), "%s", e->text);
	buf_init_secret(&text, URI_TEXT_MAX);
	json_put_str(w, "id", e->word);
	if (uri_build(&text, &u) == 0)
		json_put_strn(w, "invite", (const char *)text.p, text.len);
	buf_free(&text);
	uri_wipe(&u);
}

void ui_json_put_account(
    struct ui *f, struct json_w *w, const struct event *e, const char *room)
{
	if (e->type == EVENT_DEVICES)
		put_devices(w, e);
	else if (e->type == EVENT_INVITES)
		put_invites(w, e);
	else if (e->type == EVENT_DONE && e->asked == REQUEST_INVITE_NEW)
		put_invite(f, w, e, room);
}

bool ui_json_account_event(struct ui *f, const struct event *e)
{
	bool answer = e->type == EVENT_DONE || e->type == EVENT_FAILED;
	struct json_w w;

	if (e->type == EVENT_DEVICE) {
		ui_json_begin(f, &w, "device");
		if (e->room != NULL)
			json_put_str(&w, "room", e->room_name);
		json_put_str(&w, "who", e->who);
		ui_json_put_fp(&w, "identity", e->device);
		if (e->device_s != 0)
			json_put_u63(&w, "first", e->device_s);
		ui_json_end(f, &w);
		return true;
	}
	if (!answer || e->asked != REQUEST_ACCOUNT_PASSWORD)
		return false;
	ui_json_begin(f, &w, e->type == EVENT_DONE ? "done" : "failed");
	json_put_str(&w, "for", "password");
	if (e->type == EVENT_FAILED) {
		json_put_str(&w, "code", words_code(e));
		json_put_str(&w, "text", e->text != NULL ? e->text : "");
	}
	ui_json_put_ref(&w, f->password.ref);
	f->password.ref[0] = '\0';
	ui_json_end(f, &w);
	return true;
}
