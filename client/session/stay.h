/* stay.h - whether the user wants to be in a room, and what was asked of the
 * server about that on this connection. Pure: a chatroom has one, and the phases
 * of being in. */
#ifndef CONCLAVE_SESSION_STAY_H
#define CONCLAVE_SESSION_STAY_H

#include "shared/proto/request.h"

/* Fields are for stay.c only. */
struct stay {
	bool wanted; /* outlives connections; the rest does not */
	bool in_asked, out_asked;
	bool entered; /* the key came since we asked */
};

void stay_init(struct stay *s); /* wanted */
/* The connection is over, or the server says that we are out: nothing is asked
 * any more. */
void stay_forget(struct stay *s);

/* The user wants to be in the room, or not; or we are out of it for good. */
void stay_want(struct stay *s, bool wanted);
bool stay_wanted(const struct stay *s);

/* What there is to ask of the server, if we are `in` or out; once on each
 * connection. We have asked it, by a request or the card. */
enum stay_ask {
	STAY_ASK_NOTHING,
	STAY_ASK_IN,
	STAY_ASK_OUT,
	STAY_ASK_PAST, /* the chatroom's: what was said before (reads.h) */
};
enum stay_ask stay_asks(const struct stay *s, bool in);
void stay_ask(struct stay *s, enum stay_ask what);
bool stay_asked_in(const struct stay *s);
bool stay_asked_out(const struct stay *s);
/* The room's key has come. */
void stay_enter(struct stay *s);

/* The answer to our request to be let in, with the room's number as its key
 * named it. *refused: we are not in, and `a` says why. ERR_STATE: the server
 * lets us in and refuses us, or neither; ERR_ROOM: into another room. An answer
 * after room_left is nothing new. */
int stay_answer(const struct stay *s, const struct answer *a, uint32_t number,
    bool *refused) MUST_CHECK;

#endif
