/* json_ui.h - the JSON front end, internal to this folder. json.c is the front
 * end and writes events; json_actions.c does what the other program asks for;
 * json_said.c keeps the refs of what was said; json_rooms.c is about rooms,
 * json_direct.c about direct messages, json_history.c about what was said there before, json_trust.c answers about people's keys and the server's. */
#ifndef CONCLAVE_UI_JSON_UI_H
#define CONCLAVE_UI_JSON_UI_H

#include "client/ui/line.h"
#include "client/ui/room_records.h"
#include "shared/wire/json.h"
#include "shared/wire/wire.h"

enum { UI_JSON_REF_MAX = 64, UI_JSON_OPEN = WIRE_REQUESTS };

struct json_room {
	struct room_record of;
	char ref[UI_JSON_REF_MAX + 1];	/* of the last join or leave */
	char held[UI_JSON_REF_MAX + 1]; /* of the last send_held, drop_held */
};

/* What was said with a ref, until the server has it. */
struct json_said {
	uint64_t number; /* the how manieth of all that was said */
	bool shown;	 /* its event came: the id is known */
	uint8_t id[WIRE_ID];
	char ref[UI_JSON_REF_MAX + 1];
};

struct ui {
	struct ui_line io;
	const struct ui_env *env; /* borrowed */
	bool escape;		  /* the output is a terminal: escape it */
	bool joined;		  /* joined at least once */
	bool linked;		  /* "connected" was written for this link */
	bool closed;		  /* "closed" was written: the last line */
	char told[WIRE_CODE_MAX + 1]; /* the code of the last error */
	/* People who joined or left, collected into one line. */
	struct {
		const struct chatroom *room;
		const char *verb;   /* "join" or "leave"; NULL: nobody */
		bool past;	    /* from the history */
		const char *reason; /* of leaving, static; or NULL */
		bool elsewhere; /* they have another connection in the room */
		struct buf names;   /* each NUL-terminated */
	} batch;
	char ref[UI_JSON_REF_MAX + 1]; /* of the line that is done now, or "" */
	struct {		       /* requests that wait for an answer */
		uint32_t req;	       /* 0: free */
		const char *doing;     /* the line's "do" */
		enum act act;	       /* ACT_NONE: no act */
		uint32_t room;	       /* its number; 0: none */
		char name[WIRE_ROOM_MAX + 1]; /* or the room's name */
		char who[WIRE_NAME_MAX + 1];
		char ref[UI_JSON_REF_MAX + 1];
	} open[UI_JSON_OPEN];
	char quit[UI_JSON_REF_MAX + 1]; /* of the line "quit" */
	struct {
		bool next; /* the next line is a password, or the secret of: */
		const struct chatroom *seal;
		char ref[UI_JSON_REF_MAX + 1];
	} password;
	struct {
		uint32_t number; /* 0: free */
		char ref[UI_JSON_REF_MAX + 1];
	} files[UI_JSON_OPEN]; /* whose end is to be told with a ref */
	char seal_new[UI_JSON_REF_MAX + 1]; /* of the line "seal_new" */
	struct room_records rooms;	/* of struct json_room */
	struct {
		struct json_said *all; /* owned; the oldest first */
		size_t n, cap;
		uint64_t asked, shown; /* how much was said in all */
	} said;
};

/* json.c: begins and ends one line of output. */
void ui_json_begin(struct ui *f, struct json_w *w, const char *event);
void ui_json_end(struct ui *f, struct json_w *w);
/* A fingerprint in base64url. */
void ui_json_put_fp(struct json_w *w, const char *key, const uint8_t *fp);
void ui_json_error(struct ui *f, const char *code, const char *text);
/* The array "users": who is in the room. */
void ui_json_put_users(
    struct ui *f, struct json_w *w, const struct chatroom *room);

/* json_actions.c: does what one line says; arg is the struct ui, for
 * ui_line_take. False: retry the line later. */
bool ui_json_line(void *arg, enum linein_got got, const char *line, size_t n);
/* An error in what the other program wrote. */
void ui_json_refuse(struct ui *f, const char *text);
/* The string at `key`, NULL when there is none. */
const char *ui_json_text(const json_t *o, const char *key, size_t *n);

/* Sends a request, and keeps its ref until the answer; `doing` is the line's
 * "do". */
bool ui_json_ask(struct ui *f, const struct request *q, const char *doing);

/* json_account.c: lines from the other program, about its account and invites. */
bool ui_json_seal(struct ui *f, const json_t *o);
bool ui_json_seal_new(struct ui *f, const json_t *o);
bool ui_json_seal_send(struct ui *f, const json_t *o);
bool ui_json_seal_give(struct ui *f, const json_t *o);
void ui_json_seal_line(struct ui *f, const char *line, size_t n);
/* Sets the topic of a sealed room. False: it is not sealed. */
bool ui_json_seal_topic(struct ui *f, const json_t *o, const char *text);
void ui_json_topic_event(struct ui *f, const struct event *e);
void ui_json_seal_event(struct ui *f, const struct event *e);
bool ui_json_password(struct ui *f, const json_t *o);
/* The line after that one. */
void ui_json_password_line(struct ui *f, const char *line, size_t n);
bool ui_json_devices(struct ui *f, const json_t *o);
bool ui_json_forget_device(struct ui *f, const json_t *o);
bool ui_json_invite(struct ui *f, const json_t *o);
bool ui_json_invites(struct ui *f, const json_t *o);
bool ui_json_revoke(struct ui *f, const json_t *o);
/* What an answer about these has besides "for". */
void ui_json_put_account(
    struct ui *f, struct json_w *w, const struct event *e, const char *room);
/* An answer that needs no request of ours, or EVENT_DEVICE; false: another. */
bool ui_json_account_event(struct ui *f, const struct event *e);

/* json_rooms.c: lines from the other program, about rooms. */
bool ui_json_join(struct ui *f, const json_t *o);
bool ui_json_leave(struct ui *f, const json_t *o);
bool ui_json_rooms(struct ui *f, const json_t *o);
bool ui_json_room_new(struct ui *f, const json_t *o);
bool ui_json_room_set(struct ui *f, const json_t *o);
bool ui_json_topic(struct ui *f, const json_t *o);
bool ui_json_act(struct ui *f, const json_t *o);
/* Takes the "ref" of a line into f->ref. False: refused. */
bool ui_json_ref(struct ui *f, const json_t *o);
void ui_json_put_ref(struct json_w *w, const char *ref);
/* The room of a line, the first one by default; NULL: refused. */
const struct chatroom *ui_json_room(struct ui *f, const json_t *o);
void ui_json_joined(struct ui *f, const struct event *e);
void ui_json_show_joined(
    struct ui *f, const struct chatroom *room, const char *ref);
/* Writes an event about rooms, roles and requests; false: it is another one. */
bool ui_json_rooms_event(struct ui *f, const struct event *e);

/* Refuses: as many requests as may be open are. Returns true. */
bool ui_json_too_many(struct ui *f);

/* json_history.c: lines from the other program, and events. "past" and "ts", if
 * the event is from the history. */
bool ui_json_history(struct ui *f, const json_t *o);
bool ui_json_purge(struct ui *f, const json_t *o);
bool ui_json_receipt(struct ui *f, const json_t *o);
void ui_json_put_past(struct json_w *w, const struct event *e);
void ui_json_show_history(struct ui *f, const struct event *e);
void ui_json_show_purge(struct ui *f, const struct event *e);

/* json_files.c: lines from the other program, and events. */
bool ui_json_send_file(struct ui *f, const json_t *o);
bool ui_json_get_file(struct ui *f, const json_t *o);
bool ui_json_cancel_file(struct ui *f, const json_t *o);
bool ui_json_files(struct ui *f, const json_t *o);
void ui_json_file_event(struct ui *f, const struct event *e);

/* json_said.c: the refs of what was said. Something was said with f->ref; its
 * event came; the server has it, or it is dropped: its ref, "" for none, is
 * written. */
void ui_json_said(struct ui *f);
void ui_json_said_shown(struct ui *f, const struct event *e);
void ui_json_said_ref(struct ui *f, struct json_w *w, const struct event *e);
void ui_json_said_free(struct ui *f);

/* json_direct.c: direct messages; what is said about one, to the person of the
 * line's "direct"; the name at a key (NULL: refused); "send_held" and "drop_held"
 * with "with". False: retry the line later. */
bool ui_json_direct(struct ui *f, const json_t *o);
bool ui_json_block(struct ui *f, const json_t *o);
bool ui_json_direct_post(
    struct ui *f, const char *name, const struct session_post *p);
const char *ui_json_direct_name(struct ui *f, const json_t *o, const char *key);
bool ui_json_direct_held(struct ui *f, const json_t *o, bool send);
void ui_json_direct_event(struct ui *f, const struct event *e);
/* The array "names" of EVENT_BLOCKS. */
void ui_json_put_blocks(struct json_w *w, const struct event *e);

/* json_trust.c: lines from the other program. False: retry the line later. */
bool ui_json_trust(struct ui *f, const json_t *o);
bool ui_json_whois(struct ui *f, const json_t *o);
bool ui_json_verify(struct ui *f, const json_t *o);
bool ui_json_ignore(struct ui *f, const json_t *o);
bool ui_json_unignore(struct ui *f, const json_t *o);
bool ui_json_ignored(struct ui *f, const json_t *o);
bool ui_json_server(struct ui *f, const json_t *o);

#endif
