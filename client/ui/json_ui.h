/* json_ui.h - the JSON front end, internal to this folder. json.c is the front
 * end and writes events; json_actions.c does what the other program asks for;
 * json_rooms.c is about rooms, json_trust.c answers about people's keys and the server's. */
#ifndef CONCLAVE_UI_JSON_UI_H
#define CONCLAVE_UI_JSON_UI_H

#include "client/ui/line.h"
#include "shared/wire/json.h"
#include "shared/wire/wire.h"

enum { UI_JSON_REF_MAX = 64, UI_JSON_OPEN = WIRE_REQUESTS };

struct ui {
	struct ui_line io;
	const struct ui_env *env;     /* borrowed */
	bool escape;		      /* the output is a terminal: escape it */
	bool joined;		      /* joined at least once */
	bool linked;		      /* "connected" was written for this link */
	bool closed;		      /* "closed" was written: the last line */
	char told[WIRE_CODE_MAX + 1]; /* the code of the last error */
	/* People who joined or left, collected into one line. */
	struct {
		const struct chatroom *room;
		const char *verb;   /* "join" or "leave"; NULL: nobody */
		const char *reason; /* of leaving, static; or NULL */
		struct buf names;   /* each NUL-terminated */
	} batch;
	char ref[UI_JSON_REF_MAX + 1]; /* of the line that is done now, or "" */
	struct {		       /* requests that wait for an answer */
		uint32_t req;	       /* 0: free */
		const char *doing;     /* the line's "do" */
		char ref[UI_JSON_REF_MAX + 1];
	} open[UI_JSON_OPEN];
	struct {
		struct json_room *all; /* owned */
		size_t n;
	} rooms;
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
/* Writes an event about rooms, roles and requests; false: it is another one. */
bool ui_json_rooms_event(struct ui *f, const struct event *e);
void ui_json_rooms_free(struct ui *f);

/* json_trust.c: lines from the other program. False: retry the line later. */
bool ui_json_trust(struct ui *f, const json_t *o);
bool ui_json_whois(struct ui *f, const json_t *o);
bool ui_json_verify(struct ui *f, const json_t *o);
bool ui_json_ignore(struct ui *f, const json_t *o);
bool ui_json_unignore(struct ui *f, const json_t *o);
bool ui_json_ignored(struct ui *f, const json_t *o);
bool ui_json_server(struct ui *f, const json_t *o);

#endif
