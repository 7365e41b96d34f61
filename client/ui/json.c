/* json.c - the front end for programs: one JSON object per line, both ways. The
 * fields are a stable interface (conclave(1)): add fields, never change one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/os/exit.h"
#include "shared/wire/b64.h"
#include "shared/wire/json.h"
#include "shared/wire/text.h"
#include "client/trust/ignored.h"
#include "client/ui/escape.h"
#include "client/ui/json_ui.h"
#include "client/ui/words.h"

enum { LINE_BYTES = WIRE_JSON_MAX, BATCH_BYTES = 32 << 10 };

/* --- out ----------------------------------------------------------------- */

void ui_json_begin(struct ui *f, struct json_w *w, const char *event)
{
	json_begin(w, ui_line_buf(&f->io));
	json_put_str(w, "event", event);
}

void ui_json_end(struct ui *f, struct json_w *w)
{
	struct buf *out = ui_line_buf(&f->io);
	size_t from = w->start;
	int r = json_end(w);

	if (r == 0 && f->escape)
		r = escape_json(out, from);
	if (r == 0)
		r = buf_u8(out, '\n');
	ui_line_check(&f->io, r);
	ui_line_done(&f->io);
}

void ui_json_put_fp(struct json_w *w, const char *key, const uint8_t *fp)
{
	char text[B64URL_32 + 1];

	b64url_encode32(text, fp);
	json_put_str(w, key, text);
}

void ui_json_put_users(
    struct ui *f, struct json_w *w, const struct chatroom *room)
{
	size_t n, i;
	const struct person *p = session_people(f->env->session, room, &n);

	json_open_arr(w, "users");
	for (i = 0; i < n; i++) {
		json_open_obj(w, NULL);
		json_put_u63(w, "member", p[i].member);
		json_put_str(w, "name", p[i].name);
		ui_json_put_fp(w, "identity", p[i].fingerprint);
		json_put_str(w, "trust", words_trust(p[i].trust));
		if (p[i].certified >= CERTIFIED_BAD)
			json_put_bool(w, "certified",
			    p[i].certified == CERTIFIED_GOOD);
		json_put_bool(w, "self", p[i].self);
		json_put_str(w, "role", role_word(p[i].role));
		json_put_bool(w, "voice", p[i].voice);
		if (ignored_has(f->env->ignored, p[i].fingerprint))
			json_put_bool(w, "ignored", true);
		json_close(w, '}');
	}
	json_close(w, ']');
}

void ui_json_error(struct ui *f, const char *code, const char *text)
{
	struct json_w w;

	ui_json_begin(f, &w, "error");
	json_put_str(&w, "code", code);
	escape_sentence(&w, "text", text);
	ui_json_put_ref(&w, f->ref);
	ui_json_end(f, &w);
}

static void put_person(struct json_w *w, const struct person *p)
{
	json_put_str(w, "from", p != NULL ? p->name : "");
	json_put_u63(w, "member", p != NULL ? p->member : 0);
}

/* --- events -------------------------------------------------------------- */

static void flush_names(struct ui *f)
{
	const char *name = (const char *)f->batch.names.p;
	size_t left = f->batch.names.len, n;
	struct session_room_status st;
	struct json_w w;

	if (f->batch.verb == NULL)
		return;
	session_room_status(f->env->session, f->batch.room, &st);
	ui_json_begin(f, &w, f->batch.verb);
	json_put_str(&w, "room", st.name);
	json_open_arr(&w, "names");
	for (; left > 0; name += n, left -= n) {
		n = strlen(name) + 1;
		json_put_str(&w, NULL, name);
	}
	json_close(&w, ']');
	if (f->batch.past)
		json_put_bool(&w, "past", true);
	if (f->batch.reason != NULL)
		json_put_str(&w, "reason", f->batch.reason);
	if (f->batch.elsewhere)
		json_put_bool(&w, "elsewhere", true);
	ui_json_end(f, &w);
	f->batch.verb = f->batch.reason = NULL;
	buf_clear(&f->batch.names);
}

static void add_name(struct ui *f, const struct event *e)
{
	const char *verb = e->type == EVENT_JOIN ? "join" : "leave";
	const char *reason = NULL;
	bool elsewhere = e->people > 0;

	if (e->person == NULL)
		return;
	if (e->type == EVENT_LEAVE)
		reason = e->reason == NULL		  ? "leave"
			 : strcmp(e->reason, "kick") == 0 ? "kick"
			 : strcmp(e->reason, "quit") == 0 ? "quit"
							  : "leave";
	if (f->batch.verb != NULL &&
	    (f->batch.room != e->room || f->batch.verb[0] != verb[0] ||
		f->batch.reason != reason ||
		f->batch.elsewhere != elsewhere ||
		f->batch.past != e->past ||
		f->batch.names.len > BATCH_BYTES - WIRE_NAME_MAX - 1))
		flush_names(f);
	f->batch.room = e->room;
	f->batch.verb = verb;
	f->batch.past = e->past;
	f->batch.reason = reason;
	f->batch.elsewhere = elsewhere;
	ui_line_check(&f->io, buf_put(&f->batch.names, e->person->name,
				  strlen(e->person->name) + 1));
}

static void show_connected(struct ui *f, const struct event *e)
{
	struct session_room_status room;
	struct session_status st;
	struct json_w w;

	f->joined = true;
	session_status(f->env->session, &st);
	session_room_status(f->env->session, e->room, &room);
	ui_json_begin(f, &w, "connected");
	ui_json_put_fp(&w, "server", st.server);
	json_put_bool(&w, "first_visit", f->env->first_visit);
	json_put_str(&w, "exchange", exchange_word(st.exchange));
	json_put_str(&w, "room", room.name);
	json_put_str(&w, "topic", room.topic);
	json_put_u63(&w, "member", room.member);
	json_put_u63(&w, "epoch", room.epoch);
	ui_json_put_users(f, &w, e->room);
	ui_json_end(f, &w);
}

/* The keys of every line about what a person said. */
static void begin_said(
    struct ui *f, struct json_w *w, const char *event, const struct event *e)
{
	ui_json_begin(f, w, event);
	json_put_str(w, "room", e->room_name);
	put_person(w, e->person);
	json_put_b64(w, "id", e->id, WIRE_ID);
	json_put_u63(w, "ts", e->ts_ms);
}

static void put_trust(struct json_w *w, const struct event *e)
{
	enum trust trust = e->person != NULL ? e->person->trust : TRUST_CHANGED;

	/* The session reports nothing whose signature does not hold. */
	json_put_bool(w, "verified", true);
	json_put_str(w, "trust", words_trust(trust));
}

static void put_certified(struct json_w *w, const struct event *e)
{
	const struct person *p = e->person;
	const bool renewed = strcmp(e->reason, "renewed") == 0;

	put_person(w, p);
	if (p == NULL)
		return;
	ui_json_put_fp(w, "identity", p->fingerprint);
	json_put_str(w, "trust", words_trust(p->trust));
	json_put_bool(w, "certified", p->certified == CERTIFIED_GOOD);
	json_put_bool(w, "renewed", renewed);
	if (p->certified == CERTIFIED_BAD)
		json_put_str(w, "fault", certifier_word(p->fault));
}

static void show_message(struct ui *f, const struct event *e)
{
	struct json_w w;

	begin_said(f, &w, "message", e);
	if (e->past)
		json_put_bool(&w, "past", true);
	json_put_u63(&w, "seq", e->seq);
	json_put_u63(&w, "offset", e->offset);
	json_put_u63(&w, "epoch", e->epoch);
	if (e->has_about)
		json_put_b64(&w, "re", e->about, WIRE_ID);
	json_put_strn(&w, "text", e->text, e->text_len);
	put_trust(&w, e);
	if (e->action)
		json_put_bool(&w, "action", true);
	ui_json_end(f, &w);
}

/* Something about an earlier message. */
static void show_about(struct ui *f, const struct event *e)
{
	static const char *const words[] = {[EVENT_EDIT] = "edit",
	    [EVENT_DELETE] = "delete",
	    [EVENT_REACT] = "react",
	    [EVENT_REFUSED] = "refused"};
	const bool refused = e->type == EVENT_REFUSED;
	struct json_w w;

	begin_said(f, &w, words[e->type], e);
	if (e->past)
		json_put_bool(&w, "past", true);
	if (refused)
		json_put_str(&w, "what", words[e->tried]);
	json_put_b64(
	    &w, e->type == EVENT_REACT ? "to" : "of", e->about, WIRE_ID);
	if (e->type == EVENT_EDIT || e->type == EVENT_REACT)
		json_put_strn(&w, e->type == EVENT_EDIT ? "text" : "with",
		    e->text, e->text_len);
	if (refused)
		json_put_str(&w, "reason", e->reason);
	put_trust(&w, e);
	ui_json_end(f, &w);
}

static void show_closed(struct ui *f, const struct event *e)
{
	const char *text = e->text != NULL ? e->text : "";
	struct json_w w;

	/* Do not report the same error twice. */
	if (e->exit_status != 0 && strcmp(words_code(e), f->told) != 0)
		ui_json_error(f, words_code(e), text);
	ui_json_begin(f, &w, "closed");
	json_put_str(&w, "reason", words_code(e));
	escape_sentence(&w, "text", text);
	json_put_int(&w, "status", e->exit_status);
	ui_json_put_ref(&w, f->quit);
	ui_json_end(f, &w);
	f->closed = true;
}

static void put_held(struct ui *f, struct json_w *w, const struct event *e)
{
	struct json_room *room = room_record_find(&f->rooms, e->room);
	const char *p = e->text, *end = p + e->text_len, *nl;
	size_t n;

	json_put_str(w, "room", e->room_name);
	json_put_str(w, "reason", e->reason);
	json_put_u63(w, "count", e->count);
	json_put_u63(w, "people", e->people);
	json_open_arr(w, "names");
	for (; p < end; p += n + (nl != NULL)) {
		nl = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((nl != NULL ? nl : end) - p);
		json_put_strn(w, NULL, p, n);
	}
	json_close(w, ']');
	if (room == NULL ||
	    (strcmp(e->reason, "send") != 0 && strcmp(e->reason, "drop") != 0))
		return;
	ui_json_put_ref(w, room->held);
	room->held[0] = '\0';
}

/* What became of an own message. False: it is about something else. */
static bool put_own(struct ui *f, struct json_w *w, const struct event *e)
{
	const char *reason = e->reason != NULL ? e->reason : "";

	switch (e->type) {
	case EVENT_SENT:
		ui_json_begin(f, w, "sent");
		json_put_b64(w, "id", e->id, WIRE_ID);
		json_put_u63(w, "seq", e->seq);
		if (e->offset != 0)
			json_put_u63(w, "offset", e->offset);
		ui_json_said_ref(f, w, e);
		return true;
	case EVENT_UNSAID:
		ui_json_begin(f, w, "unsaid");
		json_put_b64(w, "id", e->id, WIRE_ID);
		json_put_str(w, "reason", reason[0] != '\0' ? reason : "held");
		ui_json_said_ref(f, w, e);
		return true;
	case EVENT_HELD:
		ui_json_begin(f, w, "held");
		put_held(f, w, e);
		return true;
	default:
		return false;
	}
}

static void show_other(struct ui *f, const struct event *e)
{
	const char *reason = e->reason != NULL ? e->reason : "";
	struct json_w w;

	switch (e->type) {
	case EVENT_CONNECTING:
		ui_json_begin(f, &w, "connecting");
		json_put_u63(&w, "attempt", e->attempt);
		break;
	case EVENT_EPOCH:
		ui_json_begin(f, &w, "epoch");
		json_put_u63(&w, "epoch", e->epoch);
		json_put_str(&w, "reason", reason);
		break;
	case EVENT_MISSING:
		ui_json_begin(f, &w, "missing");
		put_person(&w, e->person);
		json_put_u63(&w, "count", e->count);
		break;
	case EVENT_CHANGED:
		ui_json_begin(f, &w, "changed");
		put_person(&w, e->person);
		if (e->person != NULL)
			ui_json_put_fp(&w, "identity", e->person->fingerprint);
		break;
	case EVENT_CERTIFIED:
		ui_json_begin(f, &w, "certified");
		put_certified(&w, e);
		break;
	case EVENT_DROPPED:
		ui_json_begin(f, &w, "dropped");
		put_person(&w, e->person);
		json_put_str(&w, "reason", reason);
		break;
	case EVENT_RTT:
		ui_json_begin(f, &w, "rtt");
		json_put_u63(&w, "ms", e->rtt_ms);
		break;
	case EVENT_RECONNECT:
		ui_json_begin(f, &w, "reconnect");
		escape_sentence(&w, "reason", reason);
		json_put_u63(&w, "wait_ms", e->wait_ms);
		break;
	default:
		if (!put_own(f, &w, e))
			return;
	}
	if (e->room != NULL && e->type != EVENT_HELD)
		json_put_str(&w, "room", e->room_name);
	if (e->past)
		json_put_bool(&w, "past", true);
	ui_json_end(f, &w);
}

static void ui_event(struct ui *f, const struct event *e)
{
	if (f->closed)
		return;
	if (e->type != EVENT_JOIN && e->type != EVENT_LEAVE)
		flush_names(f);
	if (event_direct(e) && e->type != EVENT_FILE) {
		ui_json_direct_event(f, e);
		return;
	}
	switch (e->type) {
	case EVENT_JOIN:
	case EVENT_LEAVE:
		add_name(f, e);
		break;
	case EVENT_CONNECTED:
		/* Once for each link; "joined" follows for each room. */
		if (!f->linked)
			show_connected(f, e);
		f->linked = true;
		ui_json_joined(f, e);
		break;
	case EVENT_MESSAGE:
		if (e->own && !e->past) /* "sent" reports our own */
			ui_json_said_shown(f, e);
		else
			show_message(f, e);
		break;
	case EVENT_EDIT:
	case EVENT_DELETE:
	case EVENT_REACT:
	case EVENT_REFUSED:
		if (e->own && !e->past)
			ui_json_said_shown(f, e);
		else
			show_about(f, e);
		break;
	case EVENT_FILE:
	case EVENT_PROGRESS:
	case EVENT_FILE_DONE:
		ui_json_file_event(f, e);
		break;
	case EVENT_ERROR:
		snprintf(f->told, sizeof(f->told), "%s", words_code(e));
		ui_json_error(f, words_code(e), e->text != NULL ? e->text : "");
		break;
	case EVENT_CLOSED:
		show_closed(f, e);
		break;
	default:
		if (e->type == EVENT_CONNECTING)
			f->linked = false;
		if (!ui_json_rooms_event(f, e))
			show_other(f, e);
		break;
	}
}

/* --- the front end -------------------------------------------------------- */

static void ui_close(struct ui *f)
{
	if (f == NULL)
		return;
	ui_line_close(&f->io);
	buf_free(&f->batch.names);
	room_records_free(&f->rooms);
	ui_json_said_free(f);
	free(f);
}

static struct ui *ui_open(const struct ui_env *env)
{
	struct ui *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		errmsg_print("conclave", "out of memory");
		return NULL;
	}
	f->env = env;
	f->rooms.size = sizeof(struct json_room);
	f->escape = isatty(STDOUT_FILENO);
	buf_init(&f->batch.names, BATCH_BYTES);
	if (ui_line_open(&f->io, env, LINE_BYTES) != 0) {
		errmsg_print("conclave", "out of memory");
		ui_close(f);
		return NULL;
	}
	return f;
}

static int ui_fds(struct ui *f, struct pollfd *out, int max)
{
	(void)max; /* two */
	return ui_line_fds(&f->io, out);
}

static void ui_ready(struct ui *f, const struct pollfd *fds, int n)
{
	ui_line_ready(&f->io, fds, n);
}

static void put_lost(struct ui *f)
{
	size_t n = f->closed ? 0 : ui_line_lost(&f->io);
	struct json_w w;

	if (n == 0)
		return;
	ui_json_begin(f, &w, "lost");
	json_put_u63(&w, "count", n);
	ui_json_end(f, &w);
}

static void ui_step(struct ui *f)
{
	if (!f->closed)
		ui_line_take(&f->io, ui_json_line, f);
	flush_names(f);
	put_lost(f);
	ui_line_write(&f->io);
}

static uint64_t ui_deadline(struct ui *f)
{
	return ui_line_deadline(&f->io);
}

static size_t ui_pending(const struct ui *f)
{
	return output_pending(f->io.out);
}

static bool ui_full(const struct ui *f)
{
	return ui_line_full(&f->io);
}

const struct ui_ops ui_json = {
    .open = ui_open,
    .close = ui_close,
    .event = ui_event,
    .fds = ui_fds,
    .ready = ui_ready,
    .step = ui_step,
    .deadline = ui_deadline,
    .pending = ui_pending,
    .full = ui_full,
};
