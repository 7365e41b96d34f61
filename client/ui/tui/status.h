/* status.h - the status line: am I safe, who is here, what needs me. Pure.
 *
 *   lobby  chat.example:2528  group key 7 · AES-256-GCM · members verified 2/3
 *   12 ms  connected
 *
 * in one row. When the row is narrow its parts get shorter or go, in a fixed
 * order; what is last to go is the state of the keys and of identities. */
#ifndef CONCLAVE_UI_TUI_STATUS_H
#define CONCLAVE_UI_TUI_STATUS_H

#include "client/session/session.h"

enum status_link {
	STATUS_CONNECTING,
	STATUS_CONNECTED,
	STATUS_RECONNECTING,	/* in wait_s seconds */
	STATUS_LEAVING,		/* until what was said is acknowledged */
	STATUS_CLOSED,
};

struct status_in {
	enum status_link link;
	uint32_t wait_s;
	const char *server;	/* all text here went through text_filter */
	const char *room;	/* "": not known yet */
	bool joined;
	uint32_t epoch;
	size_t total, verified;
	size_t changed;		/* members whose identity is not the pinned one */
	const char *changed_name; /* one of them */
	uint32_t rtt_ms;	/* UINT32_MAX: unknown */
	size_t unacked;
	size_t unread, mentions; /* came while the user did not read */
	bool ascii;
};

/* One row of at most `width` cells, terminated; returns its bytes. */
#define STATUS_MAX 1024
size_t status_line(char out[STATUS_MAX], const struct status_in *in, int width);

#endif
