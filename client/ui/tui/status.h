/* status.h - the status line: who can read here, what needs attention, what is
 * new in other rooms. Pure. It is one row:
 *
 *   FORK with ben  lobby  chat.example:2528  server can read · kept nothing
 *   group key 7 · AES-256-GCM · hybrid · members verified 2/3  12 ms
 *   2 ops +5 @1  connected
 *
 * In a narrow window its parts are shortened or dropped in a fixed order. The
 * alarms, who can read, and a mention in another room stay to the end. */
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
	uint32_t epoch;
	enum exchange exchange;	  /* of the link */
	size_t others, verified;  /* how many of the others are compared */
	size_t changed;		  /* members whose key is not the pinned one */
	const char *changed_name; /* the name of one */
	uint32_t rtt_ms;	  /* UINT32_MAX: unknown */
	size_t unacked, held;
	size_t unread, mentions; /* arrived while the user was not reading */
	/* The room's label, see words_rooms.h. */
	const char *reads, *reads_short, *kept;
	const char *fork;  /* a person whose log differs, "" for nobody */
	const char *muted; /* "MUTED until 15:00", "" when one may speak */
	const char *out;   /* "NOT IN THIS ROOM", "" when one is in it */
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
