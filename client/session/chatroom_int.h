/* chatroom_int.h - the fields of a room, for chatroom.c and chatroom_seal.c. */
#ifndef CONCLAVE_SESSION_CHATROOM_INT_H
#define CONCLAVE_SESSION_CHATROOM_INT_H

#include "client/session/chatroom.h"
#include "client/session/patience.h"
#include "client/session/room_parts.h"

struct chatroom {
	struct chatroom_opts o;
	enum chatroom_phase phase;
	struct patience patience;

	/* These persist across connections. */
	char sought[WIRE_ROOM_MAX + 1];
	char name[WIRE_ROOM_MAX + 1]; /* "" before the first key */
	uint32_t number;
	bool joined_once;
	struct person self;
	struct stay stay; /* partly */
	bool was_here;	  /* before this entry, in this run of the server */
	bool carded;	  /* the connection's card asks for it */
	bool refused;	  /* we leave it: it has another secret */
	bool had_epoch;	  /* in this run of the server; if so: */
	uint32_t last_epoch;
	struct room_parts part;

	/* This is per connection, as much of the parts is. */
	uint64_t since; /* what may be read comes later; UINT64_MAX: nothing */
};

/* EVENT_LEFT. */
int chatroom_left(
    struct chatroom *r, const struct chatroom_why *why) MUST_CHECK;
/* What the server says of the room: compares it with our secrets, and tells the
 * user what has changed while in the room. Errors as seals_look. */
int chatroom_seal_look(struct chatroom *r) MUST_CHECK;
/* Whether our program may tell the others something by itself. */
bool chatroom_may_say_aside(const struct chatroom *r);
/* A notice of the room, NOTICE_ACT or NOTICE_ROOM. */
int chatroom_seal_told(
    struct chatroom *r, const struct notice *n) MUST_CHECK;
/* After EVENT_CONNECTED: that the room has a secret that the user does not have, or
 * got from somebody while they were away. */
int chatroom_seal_entered(struct chatroom *r) MUST_CHECK;
/* The list is complete, and the room has a secret that the user never had: out
 * again. ERR_SEAL: it is the room that the connection is for. */
int chatroom_seal_refuse(struct chatroom *r, uint64_t now_ms) MUST_CHECK;

#endif
