/* json_history.c - the JSON front end and a room's history: parts of it that are
 * asked for, and entries that were destroyed. */
#include <string.h>

#include "client/ui/json_ui.h"
#include "client/ui/keep_command.h"
#include "client/ui/words.h"

void ui_json_put_past(struct json_w *w, const struct event *e)
{
	if (!e->past)
		return;
	json_put_bool(w, "past", true);
	json_put_u63(w, "ts", e->ts_ms);
}

/* A free place for what is asked; NULL: refused. */
static size_t free_place(const struct ui *f)
{
	size_t i;

	for (i = 0; i < UI_JSON_OPEN; i++)
		if (f->open[i].req == 0)
			break;
	return i;
}

/* What was asked; its answer has the number. */
static void asked(struct ui *f, size_t i, uint32_t req, const char *doing)
{
	memset(&f->open[i], 0, sizeof(f->open[i]));
	f->open[i].req = req;
	f->open[i].doing = doing;
	f->open[i].act = ACT_NONE;
	memcpy(f->open[i].ref, f->ref, sizeof(f->ref));
}

bool ui_json_history(struct ui *f, const json_t *o)
{
	const struct chatroom *room = ui_json_room(f, o);
	uint32_t count = WIRE_HISTORY_MAX, req;
	uint64_t before = 0;
	size_t i = free_place(f);
	int r;

	if (room == NULL)
		return true;
	if ((json_object_get(o, "before") != NULL &&
		json_u63(o, "before", &before) != 0) ||
	    (json_object_get(o, "count") != NULL &&
		(json_u32(o, "count", &count) != 0 || count < 1 ||
		    count > WIRE_HISTORY_MAX))) {
		ui_json_refuse(f,
		    "\"history\" may have \"before\", an offset, and "
		    "\"count\", 1 to 500");
		return true;
	}
	if (i == UI_JSON_OPEN)
		return ui_json_too_many(f);
	r = session_history(f->env->session, room, before, count, &req);
	if (r == ERR_LIMIT)
		return false; /* another part is being read: retry */
	if (r != 0)
		ui_json_refuse(f, "not in that room (yet)");
	else
		asked(f, i, req, "history");
	return true;
}

bool ui_json_purge(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_PURGE};
	const struct chatroom *room = ui_json_room(f, o);
	bool by_id = json_object_get(o, "of") != NULL;
	struct session_room_status st;
	uint8_t id[WIRE_ID];
	size_t i = free_place(f);
	uint32_t req;
	int r;

	if (room == NULL)
		return true;
	session_room_status(f->env->session, room, &st);
	q.room = st.number;
	if (by_id ? json_b64(o, "of", id, WIRE_ID) != 0
		  : json_u63(o, "offset", &q.offset) != 0 || q.offset == 0) {
		ui_json_refuse(f,
		    "\"purge\" needs \"of\", the id of a message, or "
		    "\"offset\", that of an entry");
		return true;
	}
	if (i == UI_JSON_OPEN)
		return ui_json_too_many(f);
	r = q.room == 0 ? ERR_ROOM
	    : by_id	? session_purge(f->env->session, room, id, &req)
			: session_ask(f->env->session, &q, &req);
	if (r == ERR_LIMIT)
		return ui_json_too_many(f);
	if (r == ERR_ABSENT)
		ui_json_error(f, "no_message",
		    "this message is not in the history of the room");
	else if (r != 0)
		ui_json_refuse(f, "not in that room (yet)");
	else
		asked(f, i, req, "purge");
	if (r == 0)
		snprintf(f->open[i].name, sizeof(f->open[i].name), "%s",
		    st.name);
	return true;
}

bool ui_json_receipt(struct ui *f, const json_t *o)
{
	const struct chatroom *room = ui_json_room(f, o);
	const json_t *all = json_object_get(o, "all");
	const size_t i = free_place(f);
	struct session_room_status st;
	uint32_t req;
	int r;

	if (room == NULL)
		return true;
	if (all != NULL && !json_is_boolean(all)) {
		ui_json_refuse(f, "\"all\" is true or false");
		return true;
	}
	if (i == UI_JSON_OPEN)
		return ui_json_too_many(f);
	r = session_receipt(f->env->session, room, json_is_true(all), &req);
	if (r == ERR_LIMIT)
		return ui_json_too_many(f);
	if (r != 0) {
		ui_json_error(f, r == ERR_REFUSED ? "muted" : "no_room",
		    keep_receipt_refused(r));
		return true;
	}
	asked(f, i, req, "receipt");
	session_room_status(f->env->session, room, &st);
	snprintf(f->open[i].name, sizeof(f->open[i].name), "%s", st.name);
	return true;
}

/* After the messages, which have "past":true. */
void ui_json_show_history(struct ui *f, const struct event *e)
{
	struct json_w w;
	size_t i;

	ui_json_begin(f, &w, "history");
	json_put_str(&w, "room", e->room_name);
	json_put_u63(&w, "count", e->count);
	if (e->req != 0)
		json_put_u63(&w, "first", e->first);
	json_put_u63(&w, "last", e->offset);
	json_put_u63(&w, "oldest", e->total);
	if (e->reason != NULL && e->reason[0] != '\0')
		json_put_str(&w, "end", e->reason);
	for (i = 0; e->req != 0 && i < UI_JSON_OPEN; i++)
		if (f->open[i].req == e->req) {
			ui_json_put_ref(&w, f->open[i].ref);
			f->open[i].req = 0;
		}
	if (e->word != NULL && e->word[0] != '\0') {
		json_put_str(&w, "code", words_code(e));
		json_put_str(&w, "text", e->text != NULL ? e->text : "");
	}
	ui_json_end(f, &w);
}

/* An entry was destroyed, or is not given. */
void ui_json_show_purge(struct ui *f, const struct event *e)
{
	struct json_w w;

	ui_json_begin(f, &w, e->type == EVENT_PURGE ? "purge" : "gone");
	json_put_str(&w, "room", e->room_name);
	json_put_str(&w, "by", e->by);
	json_put_u63(&w, "offset", e->offset);
	if (e->has_about)
		json_put_b64(&w, "of", e->about, WIRE_ID);
	if (e->past)
		json_put_bool(&w, "past", true);
	ui_json_end(f, &w);
}
