/* session_status.h - the state of a session's link and of a room, as user
 * interfaces show it: see session_status and session_room_status. */
#ifndef CONCLAVE_SESSION_SESSION_STATUS_H
#define CONCLAVE_SESSION_SESSION_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/proto/exchange.h"
#include "shared/wire/wire.h"

/* The link. */
struct session_status {
	bool linked;		   /* the handshake is done, the link is up */
	enum exchange exchange;	   /* of the link, or of the last one */
	uint8_t server[WIRE_HASH]; /* fingerprint; zero before it is proved */
	bool server_proved;
	uint32_t rtt_ms; /* UINT32_MAX: not measured yet */
};

/* A room. Strings are borrowed as session_people's are. */
struct session_room_status {
	bool joined;
	const char *name, *topic; /* "" before the first join */
	uint32_t member, epoch;
	size_t unacked;	 /* said, but not acknowledged by the server */
	size_t held;	 /* of these, until the user sends or drops them */
	size_t total;	 /* people in the room */
	size_t verified; /* how many the user has compared */
	size_t changed;	 /* how many differ from the pinned identity */
	const char
	    *changed_name; /* one of the changed, "" when there is none */
};

#endif
