/* session_status.h - the state of a session's link and of a room, as user
 * interfaces show it: see session_status and session_room_status. */
#ifndef CONCLAVE_SESSION_SESSION_STATUS_H
#define CONCLAVE_SESSION_SESSION_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/proto/exchange.h"
#include "shared/proto/room_info.h"
#include "shared/wire/wire.h"

/* What we know of a room's seal; the server's word is not enough. */
enum seal_state {
	SEAL_NONE,     /* the server can read what is said here */
	SEAL_UNMARKED, /* sealed with our secret; nobody has said its mark yet */
	SEAL_SEALED,   /* sealed with our secret, which is the room's */
	SEAL_OTHER,    /* the room has a secret that we do not have: nothing of
			  ours is sealed until the user gives it */
};

/* The link. */
struct session_status {
	bool linked;		   /* the handshake is done, the link is up */
	enum exchange exchange;	   /* of the link, or of the last one */
	uint8_t server[WIRE_HASH]; /* fingerprint; zero before it is proved */
	bool server_proved;
	uint32_t rtt_ms; /* UINT32_MAX: not measured yet */
	enum role role;	 /* on the server, ROLE_MEMBER before it says so */
	size_t rooms_max; /* how many rooms it lets us be in at once */
	bool keeps;	  /* the user keeps a transcript of every room */
	bool keeps_direct; /* and of direct messages */
	bool welcomed;	  /* it has said that, and: */
	bool own_password; /* the account had one of its own then */
};

/* A room. Strings are borrowed as session_people's are. */
struct session_room_status {
	bool joined;
	bool wanted; /* we are in it or on the way; false: we have left, were
			removed, or were not let in */
	const char *name, *topic; /* "" before the first join */
	uint32_t number; /* for a request about it; 0: not in the room */
	uint32_t member, epoch;
	struct room_settings settings;
	enum seal_state seal; /* not settings.sealed, which the server says */
	uint32_t seal_number; /* of its secret; 0: it has none yet */
	bool known; /* topic and settings are what the server said */
	enum role role; /* our own here */
	bool may_speak;
	uint64_t voice_until_ms; /* unix; 0: without an end */
	uint64_t offset; /* of the newest entry of the log that we have */
	bool forked;	 /* somebody has had another log (EVENT_FORK) */
	size_t unacked;	 /* said, but not acknowledged by the server */
	size_t held;	 /* of these, until the user sends or drops them */
	size_t purges;	 /* edits on their way whose message is purged */
	bool purges_kept; /* a later run purges them */
	size_t total;	 /* people in the room */
	size_t others;	 /* of these, without ourselves */
	size_t verified; /* how many of the others the user has compared */
	size_t changed;	 /* how many differ from the pinned identity */
	const char
	    *changed_name; /* one of the changed, "" when there is none */
};

#endif
