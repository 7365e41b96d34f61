/* status.h - the status line: security, who is here, what needs attention.
 * Pure. It is one row:
 *
 *   lobby  chat.example:2528  group key 7 · AES-256-GCM · hybrid · members
 *   verified 2/3  12 ms  connected
 *
 * In a narrow window its parts are shortened or dropped in a fixed order. The
 * state of the keys and of identities is dropped last. */
#ifndef CONCLAVE_UI_TUI_STATUS_H
#define CONCLAVE_UI_TUI_STATUS_H

#include "client/session/session.h"

enum status_link {
	STATUS_CONNECTING,
	STATUS_CONNECTED,
	STATUS_RECONNECTING,	/* in wait_s seconds */
	STATUS_LEAVING,		/* until all messages are acknowledged */
	STATUS_CLOSED,
};

struct status_in {
	enum status_link link;
	uint32_t wait_s;
	const char *server;	/* all strings here passed text_filter */
	const char *room;	/* "": unknown */
	bool joined;
	uint32_t epoch;
	enum exchange exchange;	/* of the link */
	size_t total, verified;
	size_t changed;		/* members whose key is not the pinned one */
	const char *changed_name; /* the name of one */
	uint32_t rtt_ms;	/* UINT32_MAX: unknown */
	size_t unacked, held;
	size_t unread, mentions; /* arrived while the user was not reading */
	bool ascii;
};

/* Writes one row of at most `width` cells, NUL-terminated; returns its length
 * in bytes. */
#define STATUS_MAX 1024
size_t status_line(char out[STATUS_MAX], const struct status_in *in, int width);

#endif
