/* words_rooms.h - what front ends say of rooms: their labels, and a row of a list.
 * Pure, like words.h: sentences quote names as they came. */
#ifndef CONCLAVE_UI_WORDS_ROOMS_H
#define CONCLAVE_UI_WORDS_ROOMS_H

#include "client/session/session.h"

/* The longest sentence of any event. */
enum { WORDS_MAX = 1024 };

/* A room's label: who can read it, in full and for narrow windows, and what is
 * kept of it: "server can read", "server reads", "kept nothing". Constants, but
 * for what is kept. */
const char *words_room_reads(const struct session_room_status *r);
const char *words_room_reads_short(const struct session_room_status *r);
/* How somebody who is alone in a room can get company: only an operator may invite,
 * by our roles on the server and in the room. */
enum words_invite {
	WORDS_INVITE_OTHERS, /* somebody else may */
	WORDS_INVITE_NAME,   /* an account, to this room */
	WORDS_INVITE_NEW,    /* somebody new */
};
enum words_invite words_invite(
    const struct session_status *s, const struct session_room_status *r);

/* "topic: ...", and who can read it. */
/* Why that is not the name of a room; an invite is a frequent mistake. */
const char *words_no_room(const char *text, size_t n);
void words_topic(char out[WORDS_MAX], const struct session_room_status *r);
enum { WORDS_KEPT_MAX = 48 };
void words_room_kept(char out[WORDS_KEPT_MAX], const struct room_settings *s);

/* The same in a few cells, for the status line: "7 d kept", "not kept",
 * or "" before the server has said it; and as a
 * sentence: "what is said here is kept for 7 days, at most 100,000 messages; its
 * members read it later". */
void words_room_kept_short(
    char out[WORDS_KEPT_MAX], const struct session_room_status *r);
void words_room_keeps(char out[WORDS_MAX], const struct room_settings *s);
/* Where the history ends, from the reason of EVENT_HISTORY; or where the screen
 * does. Constants. */
const char *words_history_end(const char *reason);
extern const char words_history_full[];

/* A row of /rooms. */
void words_room_row(
    char out[WORDS_MAX], const struct room_info *r, bool sealed);

/* The i-th sentence about a room, its key and its server, for /room. False: there
 * is no other. */
bool words_room_state(char out[WORDS_MAX],
    const struct session_room_status *room, const struct session_status *link,
    const char *server, size_t i);

/* "MUTED until 15:00", for the status line; an end of 0 is none. */
void words_muted(char *out, size_t size, uint64_t until_ms, uint64_t now_ms);

/* What stands behind a person's name in a list: "owner", "op", "guest", "muted",
 * or "". A constant. */
const char *words_person_mark(const struct person *p);
/* The same for a line of names: " (operator)", " (operator, muted)", "". A
 * constant. */
const char *words_person_role(const struct person *p);

#endif
