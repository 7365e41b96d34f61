/* json_files.c - files in the JSON front end. A file is named by the id of the
 * message that offers it, which is given to one of our own when it is begun. */
#include <string.h>

#include "client/ui/json_ui.h"
#include "client/ui/escape.h"
#include "client/ui/words.h"

static const char *state_word(enum file_state s)
{
	static const char *const words[] = {[FILE_OFFERED] = "offered",
	    [FILE_WAITING] = "waiting",
	    [FILE_READING] = "reading",
	    [FILE_MOVING] = "moving",
	    [FILE_SHARED] = "shared",
	    [FILE_SAVED] = "saved",
	    [FILE_ENDED] = "ended"};

	return words[s];
}

static void put_file(struct json_w *w, const struct session_file *f)
{
	if (f->with[0] != '\0')
		json_put_str(w, "with", f->with);
	else
		json_put_str(w, "room", f->room_name);
	json_put_b64(w, "id", f->id, WIRE_ID);
	json_put_u63(w, "number", f->number);
	json_put_u63(w, "size", f->size);
}

/* --- refs --------------------------------------------------------------------- */

static void keep_ref(struct ui *f, uint32_t number)
{
	size_t i;

	for (i = 0; f->ref[0] != '\0' && i < UI_JSON_OPEN; i++) {
		if (f->files[i].number != 0 && f->files[i].number != number)
			continue;
		f->files[i].number = number;
		memcpy(f->files[i].ref, f->ref, sizeof(f->ref));
		return;
	}
}

static void put_ref(struct ui *f, struct json_w *w, const struct event *e)
{
	size_t i;

	for (i = 0; i < UI_JSON_OPEN; i++) {
		if (f->files[i].number != e->file->number)
			continue;
		ui_json_put_ref(w, f->files[i].ref);
		if (e->type == EVENT_FILE_DONE)
			f->files[i].number = 0;
		return;
	}
}

/* --- lines from the other program ----------------------------------------------- */

/* The file of that "id"; NULL: refused. */
static const struct session_file *file_of(struct ui *f, const json_t *o)
{
	const struct session_file *file;
	uint8_t id[WIRE_ID];
	size_t i;

	if (json_b64(o, "id", id, WIRE_ID) != 0) {
		ui_json_refuse(f, "\"id\" is the id of a file");
		return NULL;
	}
	for (i = 0; (file = session_file_at(f->env->session, i)) != NULL; i++)
		if (memcmp(file->id, id, WIRE_ID) == 0)
			return file;
	ui_json_error(f, "no_file", "there is no file with this id");
	return NULL;
}

/* To the person "to", or in the room. *again: the room is being entered. */
static int begin(struct ui *f, const json_t *o, const char *path,
    uint32_t *number, bool *again, struct errmsg *why)
{
	struct session_room_status st;
	const struct chatroom *room;
	const char *to;

	if (json_object_get(o, "to") != NULL) {
		to = ui_json_direct_name(f, o, "to");
		return to == NULL ? ERR_NAME
				  : session_file_send_direct(f->env->session,
					to, path, number, why);
	}
	if ((room = ui_json_room(f, o)) == NULL)
		return ERR_ROOM;
	session_room_status(f->env->session, room, &st);
	*again = st.wanted && !st.joined;
	return *again ? ERR_AGAIN
		      : session_file_send(
			    f->env->session, room, path, number, why);
}

bool ui_json_send_file(struct ui *f, const json_t *o)
{
	const struct session_file *file;
	struct errmsg why = {""};
	bool again = false;
	uint32_t number;
	const char *path;
	struct json_w w;
	size_t n;

	if ((path = ui_json_text(o, "path", &n)) == NULL || n == 0) {
		ui_json_refuse(f, "\"send_file\" needs \"path\"");
		return true;
	}
	if (begin(f, o, path, &number, &again, &why) != 0) {
		if (why.text[0] != '\0')
			ui_json_error(f, "file", why.text);
		return !again;
	}
	keep_ref(f, number);
	if ((file = session_file(f->env->session, number)) == NULL)
		return true;
	ui_json_begin(f, &w, "sending");
	put_file(&w, file);
	json_put_str(&w, "name", file->name);
	ui_json_put_ref(&w, f->ref);
	ui_json_end(f, &w);
	return true;
}

bool ui_json_get_file(struct ui *f, const json_t *o)
{
	const struct session_file *file = file_of(f, o);
	struct errmsg why = {""};
	const char *name;
	size_t n;

	if (file == NULL)
		return true;
	name = ui_json_text(o, "path", &n);
	keep_ref(f, file->number);
	if (session_file_get(f->env->session, file->number, name, &why) != 0)
		ui_json_error(f, "file", why.text);
	return true;
}

bool ui_json_cancel_file(struct ui *f, const json_t *o)
{
	const struct session_file *file = file_of(f, o);

	if (file != NULL &&
	    session_file_cancel(f->env->session, file->number) != 0)
		ui_json_error(f, "file", "that file is not on its way");
	return true;
}

bool ui_json_files(struct ui *f, const json_t *o)
{
	const struct session_file *file;
	struct json_w w;
	size_t i;

	(void)o;
	ui_json_begin(f, &w, "files");
	json_open_arr(&w, "files");
	for (i = 0; (file = session_file_at(f->env->session, i)) != NULL; i++) {
		json_open_obj(&w, NULL);
		put_file(&w, file);
		json_put_str(&w, "name", file->name);
		json_put_str(&w, "from", file->from);
		json_put_str(&w, "state", state_word(file->state));
		json_put_u63(&w, "done", file->done);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	ui_json_put_ref(&w, f->ref);
	ui_json_end(f, &w);
	return true;
}

/* --- events ----------------------------------------------------------------------- */

static void show_offer(struct ui *f, const struct event *e)
{
	const struct person *p = e->person;
	struct json_w w;

	ui_json_begin(f, &w, "file");
	put_file(&w, e->file);
	json_put_str(&w, "name", e->file->name);
	json_put_str(&w, "from", p != NULL ? p->name : e->file->from);
	json_put_u63(&w, "ts", e->ts_ms);
	json_put_bool(&w, "verified", true);
	json_put_str(
	    &w, "trust", words_trust(p != NULL ? p->trust : TRUST_CHANGED));
	if (e->own)
		json_put_bool(&w, "own", true);
	if (e->past)
		json_put_bool(&w, "past", true);
	put_ref(f, &w, e);
	ui_json_end(f, &w);
}

void ui_json_file_event(struct ui *f, const struct event *e)
{
	struct json_w w;

	if (e->type == EVENT_FILE) {
		show_offer(f, e);
		return;
	}
	ui_json_begin(
	    f, &w, e->type == EVENT_PROGRESS ? "progress" : "file_done");
	put_file(&w, e->file);
	if (e->type == EVENT_PROGRESS) {
		json_put_u63(&w, "done", e->file->done);
		json_put_u63(&w, "rate", e->file->rate);
	} else if (e->word[0] != '\0') {
		json_put_str(&w, "code", e->word);
		escape_sentence(&w, "text", e->text);
	} else if (!e->file->own) {
		escape_sentence(&w, "path", e->file->path);
	}
	put_ref(f, &w, e);
	ui_json_end(f, &w);
}
