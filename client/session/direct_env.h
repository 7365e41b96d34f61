/* direct_env.h - what the parts of direct messages share. All borrowed. For
 * client/session/direct*.c and letters.c only. */
#ifndef CONCLAVE_SESSION_DIRECT_ENV_H
#define CONCLAVE_SESSION_DIRECT_ENV_H

#include "client/session/direct_ops.h"
#include "client/session/events.h"
#include "client/session/outgoing.h"
#include "client/session/parties.h"
#include "client/session/requests.h"
#include "client/session/talks.h"
#include "client/session/whoami.h"
#include "shared/proto/content.h"

/* The secret with that number of that room is for one device alone: no other is ever
 * tried. */
struct chatroom;
struct direct_hand {
	const struct chatroom *room;
	uint32_t number;
	uint8_t to[WIRE_HASH]; /* fingerprint */
};

struct direct_env {
	const struct parties *parties;
	const struct whoami *whoami;
	struct events *events;
	struct outgoing *out;
	struct requests *requests;
	struct talks *talks;
	struct direct_ops ops; /* change NULL: there are no direct messages */
	/* A secret of a sealed room that `who` hands over. */
	int (*handed)(void *arg, const struct person *who,
	    const struct content_seal *c);
	/* The server keeps one for `who`; or why not, and with which code. */
	int (*handed_over)(void *arg, const struct direct_hand *h,
	    const char *who, enum wire_code code, const char *why);
	void *arg;
	bool receipts;	       /* tell people that their messages were shown */
	bool keeps; /* the user keeps a transcript: EVENT_ENTRY for each frame */
};

#endif
