/* plain_ui.h - the plain front end, internal to this folder. plain.c is the front
 * end and shows events; plain_messages.c shows what is said, and does the
 * commands about one message; plain_lines.c keeps what was shown, and looks into
 * it; plain_commands.c does all else that the user types, and plain_rooms.c
 * changes between rooms. */
#ifndef CONCLAVE_UI_PLAIN_UI_H
#define CONCLAVE_UI_PLAIN_UI_H

#include "client/trust/trust.h"
#include "client/ui/file_commands.h"
#include "client/ui/fold.h"
#include "client/ui/command.h"
#include "client/ui/line.h"
#include "client/ui/password_entry.h"
#include "client/ui/recent.h"
#include "client/ui/room_commands.h"
#include "client/ui/room_records.h"
#include "client/ui/scrollback.h"
#include "client/ui/search.h"
#include "client/ui/visit.h"

struct plain_room {
	struct room_record of;
	struct scrollback *lines; /* owned; NULL: none yet */
	bool here, was_in;	  /* the user is in it; has been */
	size_t unread, mentions;  /* said while lines went elsewhere */
	uint64_t before;   /* the least offset that was shown; 0: none was */
	const char *ended; /* why nothing older can be read; NULL: it can */
};

struct ui {
	struct ui_line io;
	const struct ui_env *env; /* borrowed */
	bool echoes;		  /* the terminal shows what is typed */
	bool full_said;		  /* warned about pending messages */
	bool joined_once;
	struct recent *recent; /* owned */
	char with[WIRE_NAME_MAX + 1]; /* whose direct messages have numbers, and
				       * are meant by /edit; "": the room's */
	struct trust_compare compare;
	bool clock_said;    /* warned that clocks differ */
	bool kept_said;	    /* said that messages wait for the server */
	struct visit visit; /* asks only a user at a terminal */
	bool uncompared;    /* say so: a first visit that asks nobody */
	enum { PACE_UNKNOWN, PACE_FAST, PACE_SLOW } pace; /* as last reported */
	/* Joins, departures and new keys of one loop step, collected into one
	 * line. All are of one room. */
	struct {
		const struct chatroom *room;
		uint32_t epoch;	  /* 0: no new key */
		bool timed;	  /* the key was changed by the timer */
		const char *verb; /* from words.h; NULL: nobody */
		struct buf names;
	} batch;
	struct {
		struct room_records all;	      /* of struct plain_room */
		const struct chatroom *before, *home; /* for /back, /next */
	} rooms;
	struct room_commands asked;
	struct { /* waits for y or n */
		bool open;
		struct request act;
		const struct chatroom *room;
		char text[ROOM_COMMANDS_QUESTION];
		bool purge;	     /* of this message: */
		uint8_t id[WIRE_ID];
	} question;
	enum fold_mode events; /* comings, goings and keys, in all rooms */
	struct { /* the event that is shown is from the history */
		struct scrollback *page; /* where it is kept; NULL: below */
		uint64_t at_ms, offset;	 /* 0: it is live; not in the log */
	} past;
	struct { /* plain_older.c: older lines are read */
		const struct chatroom *room; /* NULL: they are not */
		uint32_t req;
		struct scrollback *page, *all; /* owned: this part; all */
		struct search word;	       /* n 0: it is /older */
		size_t wanted, parts;	       /* messages; so far */
		uint64_t read;		       /* entries so far */
	} older;
	struct file_progress files;
	struct password_entry password; /* /password is asking */
	bool looking;	     /* shows lines again, which are not kept twice */
	char why[WORDS_MAX]; /* of ui_plain_rooms_command */
	bool named; /* ... which are about a room that was left just now */
	const struct chatroom *about; /* the room of the lines shown now */
};

/* plain.c: writes untrusted text through the filter. With `lines` the text may
 * have several lines; all but the first are indented. */
void ui_plain_put(struct ui *f, const char *s, size_t n, bool lines);
/* Begins a line about a room: with its name, where the user is in several. */
void ui_plain_begin(struct ui *f);
/* "12:34 ", and the date unless it is today: the time is the sender's, so a
 * replayed old message shows its age. */
void ui_plain_time(struct ui *f, uint64_t ts_ms);
void ui_plain_end(struct ui *f); /* of the line */
/* A line of the program's own, after "-- ", through the filter. */
void ui_plain_notice(struct ui *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with a text of any length, and perhaps several lines. */
void ui_plain_text(struct ui *f, const char *text, size_t n);
/* Who is in the room; with `marks`, who is verified too. */
void ui_plain_names(struct ui *f, const struct chatroom *room, bool marks);

/* plain_rooms.c: notes what an event changes; true: it is shown already. */
bool ui_plain_rooms_event(struct ui *f, const struct event *e);
/* What follows the sentence of EVENT_SEAL. */
void ui_plain_seal_event(struct ui *f, const struct event *e);
/* /seal. True: the secret is to be asked for. */
bool ui_plain_seal(struct ui *f, const struct command *c);
/* Whether the user has been in that room before, which is so from now on; of no
 * room: in any. */
bool ui_plain_was_in(struct ui *f, const struct chatroom *room);
/* What stands in brackets before a line about a room: its name, or "" for none
 * while the user is in one room only. */
const char *ui_plain_prefix(const struct ui *f, const struct chatroom *room);
/* Whether a command is about rooms that are still being entered: a script waits
 * until they are. */
bool ui_plain_rooms_early(const struct ui *f, const struct command *c);
/* Does what a command about rooms says: NULL, or a sentence why not. */
const char *ui_plain_rooms_command(struct ui *f, const struct command *c);

/* Takes the answer to an open question. True: that is all that the line was. */
bool ui_plain_rooms_answer(struct ui *f, const char *line, size_t n);

/* plain_lines.c: keeps what is shown, and what an event changes of it. A notice
 * is kept in the room that it is about, or in the one where lines are said. */
void ui_plain_keep_notice(struct ui *f, const char *text, size_t n);
void ui_plain_keep_event(struct ui *f, const struct event *e);
/* /search, /mentions, /held, /info, /export: NULL, or a sentence why not. */
const char *ui_plain_lines_command(struct ui *f, const struct command *c);
void ui_plain_lines_free(struct ui *f);

void ui_plain_show_line(struct ui *f, const struct line *l);

/* plain_older.c: an event of a part of the history that was asked for. /older [N],
 * and a search in older lines: NULL, or a sentence why not. Stops a search; false:
 * there is none. */
void ui_plain_older_event(struct ui *f, const struct event *e);
const char *ui_plain_older(struct ui *f, const struct command *c);
const char *ui_plain_older_search(struct ui *f, const char *word, size_t n);
bool ui_plain_older_stop(struct ui *f);
void ui_plain_older_free(struct ui *f);

/* plain_messages.c: whether somebody else names the user. */
bool ui_plain_names_me(const struct ui *f, const struct event *e);
/* A message, edit, deletion or reaction as a line. */
void ui_plain_said(struct ui *f, const struct event *e);
/* /last, /reply, /edit, /delete, /react. False: retry the line later. */
bool ui_plain_obey(struct ui *f, const struct command *c);

/* plain_direct.c: an event about direct messages; /msg NAME TEXT (false: retry the
 * line later); /known NAME and /drop NAME. */
void ui_plain_direct_event(struct ui *f, const struct event *e);
bool ui_plain_msg(struct ui *f, const struct command *c);
/* Says something to the person in f->with. False: not now. */
bool ui_plain_direct_post(struct ui *f, const struct session_post *p);
/* Takes the name from "/last @NAME [N]"; without one the room is meant from now on. */
void ui_plain_last_of(struct ui *f, struct command *c);
/* Whose messages commands name. */
struct recent_of ui_plain_of(const struct ui *f);
void ui_plain_direct_held(struct ui *f, const struct command *c, bool send);

/* plain_commands.c: how far a file is. */
void ui_plain_progress(struct ui *f, const struct event *e);
/* plain_commands.c: says it, or says why not. False: retry it later. */
bool ui_plain_post(struct ui *f, const struct session_post *p);
/* Answers a line that asks for what cannot be done. */
void ui_plain_refuse(struct ui *f, const char *sentence);
/* Does what one line says; arg is the struct ui, for
 * ui_line_take. False: retry the line later. */
bool ui_plain_line(void *arg, enum linein_got got, const char *line, size_t n);

#endif
