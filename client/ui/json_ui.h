/* json_ui.h - the JSON front end, internal to this folder. json.c is the front
 * end and writes events; json_actions.c does what the other program asks for;
 * json_trust.c answers about people's keys and the server's. */
#ifndef CONCLAVE_UI_JSON_UI_H
#define CONCLAVE_UI_JSON_UI_H

#include "client/ui/line.h"
#include "shared/wire/json.h"
#include "shared/wire/wire.h"

struct ui {
	struct ui_line io;
	const struct ui_env *env;     /* borrowed */
	bool escape;		      /* the output is a terminal: escape it */
	bool joined;		      /* joined at least once */
	bool closed;		      /* "closed" was written: the last line */
	char told[WIRE_CODE_MAX + 1]; /* the code of the last error */
	/* People who joined or left, collected into one line. */
	struct {
		const struct chatroom *room;
		const char *verb;   /* "join" or "leave"; NULL: nobody */
		const char *reason; /* of leaving, static; or NULL */
		struct buf names;   /* each NUL-terminated */
	} batch;
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

/* json_trust.c: lines from the other program. False: retry the line later. */
bool ui_json_trust(struct ui *f, const json_t *o);
bool ui_json_whois(struct ui *f, const json_t *o);
bool ui_json_verify(struct ui *f, const json_t *o);
bool ui_json_ignore(struct ui *f, const json_t *o);
bool ui_json_unignore(struct ui *f, const json_t *o);
bool ui_json_ignored(struct ui *f, const json_t *o);
bool ui_json_server(struct ui *f, const json_t *o);

#endif
