/* status.h - the status line: what needs attention, which room, who can read it.
 * Pure. It is one row, from the left:
 *
 *   FORK with ben  lobby  transcript - sealed - verified 1 of 4 - kept 7 days
 *
 * and at the right what the user has to do, how far a file is, and what is new in
 * other rooms: "held 1  file 2 62 %  2 ops +5 @1". That a connection works is not said. In a narrow window
 * parts are shortened or dropped in a fixed order; the alarms, and who can read,
 * stay to the end. */
#ifndef CONCLAVE_UI_TUI_STATUS_H
#define CONCLAVE_UI_TUI_STATUS_H

#include "client/session/session.h"
#include "client/ui/tui/hotlist.h"

enum status_link {
	STATUS_CONNECTING,
	STATUS_CONNECTED,
	STATUS_RECONNECTING, /* in wait_s seconds */
	STATUS_LEAVING,	     /* until all messages are acknowledged */
	STATUS_CLOSED,
};

struct status_in {
	enum status_link link;
	uint32_t wait_s;
	const char *server; /* all strings here passed text_filter */
	const char *room;   /* "": unknown */
	bool joined;
	enum exchange exchange;	  /* of the link */
	size_t others, verified;  /* people without the user; of them */
	size_t changed;		  /* members whose key is not the pinned one */
	const char *changed_name; /* the name of one */
	size_t unacked, held;
	size_t unread, mentions; /* arrived while the user was not reading */
	/* The room's label, see words_rooms.h. */
	const char *reads, *reads_short, *kept;
	bool keeps;	   /* the user keeps a transcript */
	const char *fork;  /* a person whose log differs, "" for nobody */
	bool rewritten;	   /* the log is not the one that we had */
	bool full;	   /* the server cannot keep what is said */
	const char *muted; /* "MUTED until 15:00", "" when one may speak */
	const char *out;   /* "NOT IN THIS ROOM", "" when one is in it */
	const char *file, *file_short; /* how far a file is, NULL: none */
	const struct hot_room *rooms; /* the others; NULL: none */
	size_t n_rooms;
	bool ascii;
};

/* Writes one row of at most `width` cells, NUL-terminated; returns its length
 * in bytes. *alarm is how many of them, at the beginning, are alarms. */
#define STATUS_MAX 2048
size_t status_line(
    char out[STATUS_MAX], const struct status_in *in, int width, size_t *alarm);

#endif
