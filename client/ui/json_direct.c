/* json_direct.c - direct messages in the JSON front end: lines from the other
 * program, and events. A reaction has its character in "with", so lines about an
 * earlier direct message have the person in "direct". */
#include <string.h>

#include "client/ui/json_ui.h"
#include "client/ui/words.h"
#include "client/ui/words_direct.h"
#include "shared/wire/text.h"

/* --- what the other program asks ------------------------------------------ */

bool ui_json_direct_post(
    struct ui *f, const char *name, const struct session_post *p)
{
	char sentence[WORDS_MAX];
	int r = session_direct(
	    f->env->session, name, f->env->wall_ms(), p);

	if (r == ERR_LIMIT)
		return false;
	if (r == 0) {
		ui_json_said(f);
		return true;
	}
	if (r == ERR_TEXT && p->what == EVENT_REACT)
		memcpy(sentence, words_not_reaction,
		    strlen(words_not_reaction) + 1);
	else
		words_direct_not_said(
		    sentence, sizeof(sentence), r, name, p->text, p->n);
	ui_json_error(f,
	    r == ERR_TEXT || r == ERR_NAME ? "usage"
	    : r == ERR_RANGE		   ? "clock"
	    : r == ERR_AUTHOR		   ? "not_yours"
	    : r == ERR_ABSENT		   ? "no_message"
	    : r == ERR_REFUSED		   ? "unavailable"
					   : "error",
	    sentence);
	ui_line_refused(&f->io, sentence);
	return true;
}

bool ui_json_direct(struct ui *f, const json_t *o)
{
	struct session_post p = {.what = EVENT_MESSAGE,
	    .action = json_is_true(json_object_get(o, "action"))};
	uint8_t about[WIRE_ID];
	size_t n;
	const char *to = ui_json_text(o, "to", &n);

	p.text = ui_json_text(o, "text", &p.n);
	if (to == NULL || strlen(to) != n || p.text == NULL) {
		ui_json_refuse(f,
		    "\"direct\" needs \"to\", a name, and a string \"text\"");
		return true;
	}
	if (json_object_get(o, "re") != NULL) {
		if (json_b64(o, "re", about, WIRE_ID) != 0) {
			ui_json_refuse(f, "\"re\" is not the id of a message");
			return true;
		}
		p.about = about;
	}
	return ui_json_direct_post(f, to, &p);
}

bool ui_json_block(struct ui *f, const json_t *o)
{
	struct request q = {.type = REQUEST_BLOCK, .on = true};
	const json_t *on = json_object_get(o, "on");
	size_t n;
	const char *who = ui_json_text(o, "who", &n);

	if (json_object_get(o, "who") == NULL) {
		q.type = REQUEST_BLOCKS;
		return ui_json_ask(f, &q, "block");
	}
	if (who == NULL || !text_name(who, n) ||
	    (on != NULL && !json_is_boolean(on))) {
		ui_json_refuse(f,
		    "\"block\" may have \"who\", a name, and \"on\", true or "
		    "false");
		return true;
	}
	memcpy(q.who, who, n);
	q.on = on == NULL || json_is_true(on);
	return ui_json_ask(f, &q, "block");
}

const char *ui_json_direct_name(struct ui *f, const json_t *o, const char *key)
{
	size_t n;
	const char *name = ui_json_text(o, key, &n);

	if (name != NULL && text_name(name, n))
		return name;
	ui_json_refuse(f, "that is not a name");
	return NULL;
}

bool ui_json_direct_held(struct ui *f, const json_t *o, bool send)
{
	const char *name = ui_json_direct_name(f, o, "with");

	if (name != NULL &&
	    session_direct_decide(f->env->session, name, send) != 0)
		ui_json_error(f, "held", words_direct_none_held);
	return true;
}

/* --- events ----------------------------------------------------------------- */

static void begin_said(
    struct ui *f, struct json_w *w, const char *event, const struct event *e)
{
	const struct person *p = e->person;

	ui_json_begin(f, w, event);
	json_put_str(w, e->type == EVENT_MESSAGE ? "with" : "direct", e->with);
	json_put_str(w, "from", p != NULL ? p->name : "");
	json_put_b64(w, "id", e->id, WIRE_ID);
	json_put_u63(w, "ts", e->ts_ms);
	if (e->past)
		json_put_bool(w, "past", true);
}

static void end_said(struct ui *f, struct json_w *w, const struct event *e)
{
	json_put_bool(w, "verified", true);
	json_put_str(w, "trust",
	    words_trust(e->person != NULL ? e->person->trust : TRUST_CHANGED));
	ui_json_end(f, w);
}

static void show_said(struct ui *f, const struct event *e)
{
	static const char *const words[] = {[EVENT_MESSAGE] = "direct",
	    [EVENT_EDIT] = "edit",
	    [EVENT_DELETE] = "delete",
	    [EVENT_REACT] = "react",
	    [EVENT_REFUSED] = "refused"};
	struct json_w w;

	if (e->own && !e->past) { /* "sent" reports our own */
		ui_json_said_shown(f, e);
		return;
	}
	begin_said(f, &w, words[e->type], e);
	if (e->type == EVENT_REFUSED)
		json_put_str(&w, "what", words[e->tried]);
	if (e->has_about)
		json_put_b64(&w,
		    e->type == EVENT_MESSAGE ? "re"
		    : e->type == EVENT_REACT ? "to"
					     : "of",
		    e->about, WIRE_ID);
	if (e->type == EVENT_MESSAGE || e->type == EVENT_EDIT)
		json_put_strn(&w, "text", e->text, e->text_len);
	if (e->type == EVENT_REACT)
		json_put_strn(&w, "with", e->text, e->text_len);
	if (e->type == EVENT_REFUSED)
		json_put_str(&w, "reason", e->reason);
	if (e->type == EVENT_MESSAGE && e->action)
		json_put_bool(&w, "action", true);
	end_said(f, &w, e);
}

static void put_ids(struct json_w *w, const struct event *e)
{
	size_t i;

	json_open_arr(w, "ids");
	for (i = 0; i < e->n_ids; i++)
		json_put_b64(w, NULL, e->ids[i], WIRE_ID);
	json_close(w, ']');
}

static void put_unsaid(struct ui *f, struct json_w *w, const struct event *e)
{
	json_put_b64(w, "id", e->id, WIRE_ID);
	json_put_str(w, "reason", "refused");
	json_put_str(w, "code", words_code(e));
	json_put_strn(w, "text", e->text, e->text_len);
	ui_json_said_ref(f, w, e);
}

static void put_changed(struct json_w *w, const struct event *e)
{
	json_put_str(w, "from", e->person != NULL ? e->person->name : "");
	if (e->person != NULL)
		ui_json_put_fp(w, "identity", e->person->fingerprint);
}

static void show_other(struct ui *f, const struct event *e)
{
	static const char *const words[] = {[EVENT_SENT] = "sent",
	    [EVENT_UNSAID] = "unsaid",
	    [EVENT_HELD] = "held",
	    [EVENT_CHANGED] = "changed",
	    [EVENT_DROPPED] = "dropped",
	    [EVENT_KEEPS] = "keeps",
	    [EVENT_DELIVERED] = "delivered"};
	struct json_w w;

	if ((size_t)e->type >= sizeof(words) / sizeof(words[0]) ||
	    words[e->type] == NULL)
		return;
	ui_json_begin(f, &w, words[e->type]);
	json_put_str(&w, "with", e->with);
	if (e->type == EVENT_SENT) {
		json_put_b64(&w, "id", e->id, WIRE_ID);
		ui_json_said_ref(f, &w, e);
	} else if (e->type == EVENT_UNSAID) {
		put_unsaid(f, &w, e);
	} else if (e->type == EVENT_HELD) {
		json_put_str(&w, "reason", e->reason);
		json_put_u63(&w, "count", e->count);
		json_put_u63(&w, "people", e->people);
	} else if (e->type == EVENT_CHANGED) {
		put_changed(&w, e);
	} else if (e->type == EVENT_DROPPED) {
		json_put_str(&w, "from",
		    e->person != NULL ? e->person->name : "");
		json_put_str(&w, "reason", e->reason);
	} else if (e->type == EVENT_KEEPS) {
		json_put_str(&w, "name", e->person->name);
		json_put_bool(&w, "on", e->may);
	} else {
		put_ids(&w, e);
	}
	ui_json_end(f, &w);
}

void ui_json_direct_event(struct ui *f, const struct event *e)
{
	if (e->type >= EVENT_MESSAGE && e->type <= EVENT_REFUSED)
		show_said(f, e);
	else
		show_other(f, e);
}

void ui_json_put_blocks(struct json_w *w, const struct event *e)
{
	const char *p = e->text, *end = p + e->text_len, *nl;
	size_t n;

	json_open_arr(w, "names");
	for (; p < end; p += n + (nl != NULL)) {
		nl = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((nl != NULL ? nl : end) - p);
		json_put_strn(w, NULL, p, n);
	}
	json_close(w, ']');
}
