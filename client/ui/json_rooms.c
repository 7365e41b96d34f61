/* json_rooms.c - rooms in the JSON front end: what the other program asks about
 * them, and what becomes of it. A line may have a "ref", a text that its answer
 * repeats. */
#include <stdio.h>
#include <string.h>

#include "client/ui/json_ui.h"
#include "client/ui/words.h"
#include "client/ui/words_acts.h"
#include "client/ui/words_rooms.h"
#include "shared/wire/text.h"

static struct json_room *record(struct ui *f, const struct chatroom *room)
{
	return room_record(&f->rooms, room);
}

/* --- what the other program asks ------------------------------------------ */

bool ui_json_ref(struct ui *f, const json_t *o)
{
	size_t n;
	const char *ref = ui_json_text(o, "ref", &n);

	f->ref[0] = '\0';
	if (json_object_get(o, "ref") == NULL)
		return true;
	if (ref == NULL || n > UI_JSON_REF_MAX || strlen(ref) != n) {
		ui_json_refuse(f, "\"ref\" is a string of at most 64 bytes");
		return false;
	}
	memcpy(f->ref, ref, n + 1);
	return true;
}

void ui_json_put_ref(struct json_w *w, const char *ref)
{
	if (ref[0] != '\0')
		json_put_str(w, "ref", ref);
}

const struct chatroom *ui_json_room(struct ui *f, const json_t *o)
{
	size_t n;
	const char *name = ui_json_text(o, "room", &n);
	const struct chatroom *room;

	if (json_object_get(o, "room") == NULL)
		return f->io.room;
	room = name != NULL ? room_record_named(&f->rooms, name) : NULL;
	if (room == NULL)
		ui_json_refuse(
		    f, "\"room\" is the name of a room that was joined");
	return room;
}

bool ui_json_too_many(struct ui *f)
{
	ui_json_refuse(f, "64 requests wait for the server already");
	return true;
}

bool ui_json_join(struct ui *f, const json_t *o)
{
	size_t n;
	const char *name = ui_json_text(o, "room", &n);
	struct session_room_status st;
	const struct chatroom *room;
	struct json_room *p;
	int r;

	if (name == NULL || !text_room(name, n)) {
		ui_json_refuse(f, "\"join\" needs \"room\", a room's name");
		return true;
	}
	r = session_join(f->env->session, name, &room);
	if (r != 0 || (p = record(f, room)) == NULL) {
		ui_json_error(f, r == ERR_LIMIT ? "full" : "error",
		    r == ERR_LIMIT ? "this is in too many rooms already"
				   : err_str(r));
		return true;
	}
	memcpy(p->of.name, name, n + 1);
	session_room_status(f->env->session, room, &st);
	if (st.joined) /* nothing else will follow */
		ui_json_show_joined(f, room, f->ref);
	else
		memcpy(p->ref, f->ref, sizeof(p->ref));
	return true;
}

bool ui_json_leave(struct ui *f, const json_t *o)
{
	const struct chatroom *room = ui_json_room(f, o);
	struct json_room *p;

	if (room == NULL)
		return true;
	if (session_leave(f->env->session, room) != 0)
		ui_json_refuse(f, "that room was left already");
	else if ((p = record(f, room)) != NULL)
		memcpy(p->ref, f->ref, sizeof(p->ref));
	return true;
}

/* Sends a request, and keeps its ref until the answer. */
bool ui_json_ask(struct ui *f, const struct request *q, const char *doing)
{
	size_t i;
	int r;

	for (i = 0; i < UI_JSON_OPEN; i++)
		if (f->open[i].req == 0)
			break;
	if (i == UI_JSON_OPEN)
		return ui_json_too_many(f);
	r = session_ask(f->env->session, q, &f->open[i].req);
	if (r != 0) {
		f->open[i].req = 0;
		if (r == ERR_LIMIT)
			return ui_json_too_many(f);
		ui_json_error(f, "error",
		    r == ERR_REFUSED
			? "of a sealed room the server would read it: \"topic\" sets it"
			: err_str(r));
		return true;
	}
	f->open[i].doing = doing;
	f->open[i].act = q->type == REQUEST_ACT ? q->act : ACT_NONE;
	f->open[i].room = q->room;
	memcpy(f->open[i].name, q->name, sizeof(q->name));
	memcpy(f->open[i].who, q->who, sizeof(q->who));
	memcpy(f->open[i].ref, f->ref, sizeof(f->ref));
	return true;
}

bool ui_json_rooms(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_ROOM_LIST};
	size_t n;
	const char *after = ui_json_text(o, "after", &n);

	if (after != NULL && n > 0) {
		if (!text_room(after, n)) {
			ui_json_refuse(f, "\"after\" is a room's name");
			return true;
		}
		memcpy(q.name, after, n + 1);
	}
	return ui_json_ask(f, &q, "rooms");
}

/* The topic and settings of a line. False: refused. */
static bool take_settings(
    struct ui *f, struct request *q, const json_t *o, const char *topic_key)
{
	const json_t *settings = json_object_get(o, "settings");
	size_t n;
	const char *topic = ui_json_text(o, topic_key, &n);

	q->settings = room_settings_default;
	if (settings != NULL && room_settings_decode(&q->settings,
				    &q->settings_named, o) != 0) {
		ui_json_refuse(f,
		    "\"settings\" has some of listed, entry, history, "
		    "keep_days, keep_count, voice, sealed");
		return false;
	}
	q->has_topic = topic != NULL;
	if (topic == NULL)
		return true;
	if (n > WIRE_SHORT_TEXT_MAX) {
		ui_json_refuse(f, "a topic has at most 512 bytes");
		return false;
	}
	memcpy(q->topic, topic, n + 1);
	return true;
}

bool ui_json_room_new(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_ROOM_NEW};
	size_t n;
	const char *name = ui_json_text(o, "room", &n);

	if (name == NULL || !text_room(name, n)) {
		ui_json_refuse(f, "\"room_new\" needs \"room\", a room's name");
		return true;
	}
	memcpy(q.name, name, n + 1);
	return !take_settings(f, &q, o, "topic") || ui_json_ask(f, &q, "room_new");
}

/* The number of the room for a request about it; 0: refused. */
static uint32_t number(struct ui *f, const json_t *o)
{
	const struct chatroom *room = ui_json_room(f, o);
	struct session_room_status st = {0};

	if (room == NULL)
		return 0;
	session_room_status(f->env->session, room, &st);
	if (st.number == 0)
		ui_json_refuse(f, "not in that room (yet)");
	return st.number;
}

bool ui_json_room_set(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_ROOM_SET, .room = number(f, o)};

	return q.room == 0 || !take_settings(f, &q, o, "topic") ||
	       ui_json_ask(f, &q, "room_set");
}

bool ui_json_topic(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_ROOM_SET, .room = number(f, o)};

	if (q.room == 0 || !take_settings(f, &q, o, "text"))
		return true;
	if (!q.has_topic) {
		ui_json_refuse(f, "\"topic\" needs a string \"text\"");
		return true;
	}
	q.settings_named = 0;
	if (ui_json_seal_topic(f, o, q.topic))
		return true;
	return ui_json_ask(f, &q, "topic");
}

bool ui_json_act(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_ACT};
	size_t n, who_n, value_n;
	const char *act = ui_json_text(o, "act", &n);
	const char *who = ui_json_text(o, "who", &who_n);
	const char *value = ui_json_text(o, "value", &value_n);
	const char *reason = ui_json_text(o, "reason", &n);
	bool server = json_is_true(json_object_get(o, "server"));

	q.act = act != NULL ? act_of(act) : ACT_NONE;
	if (q.act == ACT_NONE || who == NULL || !text_name(who, who_n) ||
	    (reason != NULL && n > WIRE_SHORT_TEXT_MAX) ||
	    (json_object_get(o, "seconds") != NULL &&
		json_u32(o, "seconds", &q.seconds) != 0) ||
	    (q.act == ACT_ROLE &&
		(value == NULL || !role_of(&q.role, value)))) {
		ui_json_refuse(f,
		    "\"act\" needs \"act\" (kick, ban, unban, mute, unmute, "
		    "role, invite, uninvite) and \"who\"; a role a \"value\"; "
		    "\"seconds\" and \"reason\" may be there");
		return true;
	}
	if (!server && (q.room = number(f, o)) == 0)
		return true;
	memcpy(q.who, who, who_n + 1);
	if (reason != NULL)
		memcpy(q.reason, reason, n + 1);
	return ui_json_ask(f, &q, "act");
}

/* --- what becomes of it --------------------------------------------------- */

/* sealed: as we know it, whatever the server says. */
static void put_settings(
    struct json_w *w, const struct room_settings *s, bool sealed)
{
	char kept[WORDS_KEPT_MAX];

	room_settings_encode(w, s, SETTINGS_ALL);
	words_room_kept(kept, s);
	json_open_obj(w, "label");
	json_put_str(w, "reads", sealed ? "members" : "server");
	json_put_str(w, "kept",
	    s->history == HISTORY_NONE ? "nothing" : kept + strlen("kept "));
	json_close(w, '}');
}

void ui_json_show_joined(
    struct ui *f, const struct chatroom *room, const char *ref)
{
	struct session_room_status st;
	struct json_w w;

	session_room_status(f->env->session, room, &st);
	ui_json_begin(f, &w, "joined");
	json_put_str(&w, "room", st.name);
	json_put_str(&w, "topic", st.topic);
	json_put_u63(&w, "member", st.member);
	json_put_u63(&w, "epoch", st.epoch);
	json_put_u63(&w, "offset", st.offset);
	json_put_str(&w, "role", role_word(st.role));
	put_settings(&w, &st.settings, st.seal != SEAL_NONE);
	ui_json_put_users(f, &w, room);
	ui_json_put_ref(&w, ref);
	ui_json_end(f, &w);
}

void ui_json_joined(struct ui *f, const struct event *e)
{
	struct json_room *p = record(f, e->room);

	ui_json_show_joined(f, e->room, p != NULL ? p->ref : "");
	if (p == NULL)
		return;
	snprintf(p->of.name, sizeof(p->of.name), "%s", e->room_name);
	p->ref[0] = '\0';
}

static void show_left(struct ui *f, const struct event *e)
{
	struct json_room *p = record(f, e->room);
	struct json_w w;

	ui_json_begin(f, &w, "left");
	json_put_str(&w, "room",
	    p != NULL && p->of.name[0] != '\0' ? p->of.name : e->room_name);
	json_put_str(&w, "code", words_code(e));
	json_put_str(&w, "by", e->by != NULL ? e->by : "");
	json_put_strn(&w, "text", e->text != NULL ? e->text : "",
	    e->text != NULL ? strlen(e->text) : 0);
	if (p != NULL) {
		ui_json_put_ref(&w, p->ref);
		p->ref[0] = '\0';
	}
	ui_json_end(f, &w);
}

/* The room that a request is about. */
static void put_asked_room(struct ui *f, struct json_w *w, size_t i)
{
	const struct json_room *p;
	struct session_room_status st;
	size_t k;

	if (f->open[i].name[0] != '\0')
		json_put_str(w, "room", f->open[i].name);
	for (k = 0; (p = room_record_at(&f->rooms, k)) != NULL; k++) {
		session_room_status(f->env->session, p->of.room, &st);
		if (f->open[i].room != 0 && st.number == f->open[i].room)
			json_put_str(w, "room", st.name);
	}
}

/* The ref of the request that has caused an event: our own act, or change of a
 * room. The answer to it comes later. */
static const char *caused_by(const struct ui *f, const struct event *e)
{
	struct session_room_status st;
	size_t i;

	session_room_status(f->env->session, e->room, &st);
	if (e->past || e->by == NULL || !text_same_name(e->by, f->env->name))
		return "";
	for (i = 0; i < UI_JSON_OPEN; i++) {
		if (f->open[i].req == 0 ||
		    (f->open[i].room != st.number && !e->server))
			continue;
		if (e->type == EVENT_ROOM
			? f->open[i].room != 0 && f->open[i].act == ACT_NONE
			: f->open[i].act == e->act &&
			      text_same_name(f->open[i].who, e->who))
			return f->open[i].ref;
	}
	return "";
}

static void show_answer(struct ui *f, const struct event *e)
{
	struct json_w w;
	size_t i, k;

	for (i = 0; i < UI_JSON_OPEN; i++)
		if (f->open[i].req == e->req && e->req != 0)
			break;
	if (i == UI_JSON_OPEN)
		return;
	ui_json_begin(f, &w,
	    e->type == EVENT_ROOMS     ? "rooms"
	    : e->type == EVENT_DEVICES ? "devices"
	    : e->type == EVENT_INVITES ? "invites"
	    : e->type == EVENT_BLOCKS  ? "blocks"
	    : e->type == EVENT_DONE    ? "done"
				       : "failed");
	if (e->type == EVENT_ROOMS) {
		json_open_arr(&w, "rooms");
		for (k = 0; k < e->n_rooms; k++) {
			json_open_obj(&w, NULL);
			json_put_str(&w, "room", e->rooms[k].name);
			json_put_str(&w, "topic",
			    e->rooms[k].settings.sealed ? ""
							: e->rooms[k].topic);
			json_put_u63(&w, "people", e->rooms[k].people);
			json_put_bool(&w, "mine", e->rooms[k].mine);
			put_settings(&w, &e->rooms[k].settings,
			    session_seal_known(
				f->env->session, e->rooms[k].name));
			json_close(&w, '}');
		}
		json_close(&w, ']');
		json_put_u63(&w, "total", e->total);
	} else if (e->type == EVENT_DEVICES || e->type == EVENT_INVITES) {
		ui_json_put_account(f, &w, e, "");
	} else if (e->type == EVENT_BLOCKS) {
		ui_json_put_blocks(&w, e);
	} else {
		json_put_str(&w, "for", f->open[i].doing);
		put_asked_room(f, &w, i);
		ui_json_put_account(f, &w, e, f->open[i].name);
		if (e->receipt != NULL)
			receipt_put(&w, e->receipt);
	}
	if (e->type == EVENT_FAILED) {
		json_put_str(&w, "code", words_code(e));
		json_put_str(&w, "text", e->text != NULL ? e->text : "");
	}
	ui_json_put_ref(&w, f->open[i].ref);
	f->open[i].req = 0;
	ui_json_end(f, &w);
}

static void show_act(struct ui *f, const struct event *e)
{
	struct json_w w;

	ui_json_begin(f, &w, "act");
	json_put_str(&w, "room", e->room_name);
	json_put_str(&w, "act", act_word(e->act));
	json_put_str(&w, "by", e->by != NULL ? e->by : "");
	json_put_str(&w, "who", e->who != NULL ? e->who : "");
	if (e->act == ACT_ROLE)
		json_put_str(&w, "value", role_word(e->role));
	if (e->until_ms > 0)
		json_put_u63(&w, "until", e->until_ms);
	json_put_str(&w, "reason", e->text != NULL ? e->text : "");
	json_put_bool(&w, "server", e->server);
	ui_json_put_past(&w, e);
	ui_json_put_ref(&w, caused_by(f, e));
	ui_json_end(f, &w);
}

static void show_voice(struct ui *f, const struct event *e)
{
	struct json_w w;

	ui_json_begin(f, &w, "voice");
	json_put_str(&w, "room", e->room_name);
	json_put_bool(&w, "may", e->may);
	if (e->until_ms > 0)
		json_put_u63(&w, "until", e->until_ms);
	json_put_str(&w, "by", e->by != NULL ? e->by : "");
	ui_json_end(f, &w);
}

static void show_room(struct ui *f, const struct event *e)
{
	struct session_room_status st;
	struct json_w w;

	ui_json_begin(f, &w, "room");
	json_put_str(&w, "room", e->room_name);
	json_put_str(&w, "by", e->by != NULL ? e->by : "");
	json_put_str(&w, "topic", e->text != NULL ? e->text : "");
	session_room_status(f->env->session, e->room, &st);
	put_settings(&w, &e->settings, st.seal != SEAL_NONE);
	ui_json_put_past(&w, e);
	ui_json_put_ref(&w, caused_by(f, e));
	ui_json_end(f, &w);
}

bool ui_json_rooms_event(struct ui *f, const struct event *e)
{
	struct json_w w;

	switch (e->type) {
	case EVENT_DONE:
	case EVENT_FAILED:
	case EVENT_ROOMS:
	case EVENT_DEVICES:
	case EVENT_INVITES:
	case EVENT_BLOCKS:
		if (!ui_json_account_event(f, e))
			show_answer(f, e);
		return true;
	case EVENT_LEFT:
		show_left(f, e);
		return true;
	case EVENT_ACT:
		show_act(f, e);
		return true;
	case EVENT_VOICE:
		show_voice(f, e);
		return true;
	case EVENT_ROOM:
		show_room(f, e);
		return true;
	case EVENT_SEAL:
		ui_json_seal_event(f, e);
		return true;
	case EVENT_TOPIC:
		ui_json_topic_event(f, e);
		return true;
	case EVENT_FORK:
		ui_json_begin(f, &w, "fork");
		json_put_str(&w, "room", e->room_name);
		json_put_str(
		    &w, "who", e->person != NULL ? e->person->name : "");
		json_put_u63(&w, "offset", e->offset);
		ui_json_end(f, &w);
		return true;
	case EVENT_KEEPS:
		ui_json_begin(f, &w, "keeps");
		json_put_str(&w, "room", e->room_name);
		json_put_str(&w, "name", e->person->name);
		json_put_bool(&w, "on", e->may);
		ui_json_end(f, &w);
		return true;
	case EVENT_RECEIPT:
		ui_json_begin(f, &w, "receipt");
		json_put_str(&w, "room", e->room_name);
		json_put_str(&w, "who", e->person->name);
		json_put_u63(&w, "offset", e->offset);
		if (e->ts_ms > 0)
			json_put_u63(&w, "ts", e->ts_ms);
		json_put_bool(&w, "asked", e->may);
		ui_json_end(f, &w);
		return true;
	case EVENT_TRANSCRIPT:
		ui_json_begin(f, &w, "transcript");
		json_put_bool(&w, "on", e->may);
		if (e->reason != NULL && e->reason[0] != '\0')
			json_put_bool(&w, "direct", true);
		json_put_str(&w, "folder", e->text);
		ui_json_put_ref(&w, f->ref);
		ui_json_end(f, &w);
		return true;
	case EVENT_HISTORY:
		ui_json_show_history(f, e);
		return true;
	case EVENT_PURGE:
	case EVENT_GONE:
		ui_json_show_purge(f, e);
		return true;
	case EVENT_REWRITTEN:
		ui_json_begin(f, &w, "rewritten");
		json_put_str(&w, "room", e->room_name);
		ui_json_end(f, &w);
		return true;
	case EVENT_STORAGE:
		ui_json_begin(f, &w, "storage");
		json_put_str(&w, "room", e->room_name);
		json_put_bool(&w, "ok", e->may);
		ui_json_end(f, &w);
		return true;
	case EVENT_ROLE:
		ui_json_begin(f, &w, "role");
		json_put_str(&w, "value", role_word(e->role));
		ui_json_end(f, &w);
		return true;
	default:
		return ui_json_account_event(f, e);
	}
}
