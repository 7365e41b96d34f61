/* roomlist.h - the rooms of a session, and which of them a received frame is
 * for. A table lists the phases of a room in which each message is legal;
 * elsewhere it is a protocol error. */
#ifndef CONCLAVE_SESSION_ROOMLIST_H
#define CONCLAVE_SESSION_ROOMLIST_H

#include "client/session/certified.h"
#include "client/session/chatroom.h"
#include "client/session/ending.h"
#include "client/session/requests.h"

/* Rooms that were ever asked for in this run. */
enum { ROOMLIST_MAX = 1024 };

struct roomlist {
	struct chatroom **all; /* owned; NULL: none yet */
	size_t n;
	struct events *events;	   /* borrowed */
	struct requests *requests; /* borrowed */
	struct certified certified;
	struct chatroom *carded;   /* asked for by this connection's card */
	struct chatroom *reading;  /* entries of its past may wait; or NULL */
	uint64_t flush_ms;	   /* until then at most */
};

/* Takes ownership of the room, or fails and frees it: ERR_NOMEM, also for
 * NULL. */
int roomlist_add(struct roomlist *l, struct chatroom *r) MUST_CHECK;
void roomlist_free(struct roomlist *l); /* frees the contents */

/* The room with that address, or NULL: user interfaces use it as a handle. */
struct chatroom *roomlist_find(
    const struct roomlist *l, const struct chatroom *handle);
struct chatroom *roomlist_named(const struct roomlist *l, const char *name);
/* Those that the user wants to be in: how many, and the first, or NULL. */
size_t roomlist_wanted(const struct roomlist *l);
struct chatroom *roomlist_first(const struct roomlist *l);
/* The name of the room that the next card asks for: the first that the user wants
 * to be in. */
const char *roomlist_card(struct roomlist *l);

/* chatroom_linked, _lost and _disconnect, _late, _tick, _deadline, _bye, _forked,
 * _meet_again and _quit of all of them. */
void roomlist_linked(struct roomlist *l, bool new_run, uint64_t now_ms);
void roomlist_lost(struct roomlist *l, bool honest);
const char *roomlist_late(const struct roomlist *l, uint64_t now_ms);
int roomlist_tick(struct roomlist *l, uint64_t now_ms) MUST_CHECK;
uint64_t roomlist_deadline(const struct roomlist *l);
int roomlist_bye(struct roomlist *l) MUST_CHECK;
bool roomlist_forked(const struct roomlist *l);
void roomlist_meet_again(struct roomlist *l, const char *name);
void roomlist_quit(struct roomlist *l, bool flush);
void roomlist_keep(struct roomlist *l, bool on); /* chatroom_keep */
/* Whether one of them is JOINED. */
bool roomlist_joined(const struct roomlist *l);
/* The connection ended because the card's room is refused, which is no reason to
 * stay out of others: that room is left, and true returned. */
bool roomlist_refused(struct roomlist *l, const struct ending *why);
/* chatroom_due of all rooms. */
size_t roomlist_due(const struct roomlist *l);

/* Dispatches a frame from a record. Entries of the past are opened together: they
 * wait until a frame of another kind comes, but not for long (roomlist_tick). */
void roomlist_read(struct roomlist *l, uint64_t now_ms); /* no more is there now */
int roomlist_control(
    struct roomlist *l, const struct control *c, uint64_t now_ms) MUST_CHECK;
int roomlist_group(
    struct roomlist *l, const uint8_t *body, size_t n) MUST_CHECK;
int roomlist_mark(struct roomlist *l, const uint8_t *body, size_t n) MUST_CHECK;
/* A frame of a batch of history. */
int roomlist_past(struct roomlist *l, const uint8_t *body, size_t n) MUST_CHECK;
/* Asks for what rooms want: to be let in, once the first is, or to leave. */
bool roomlist_asks(const struct roomlist *l);
int roomlist_ask(struct roomlist *l, uint64_t now_ms) MUST_CHECK;
/* Seals what may be sealed, one message per room in rotation. */
int roomlist_seal(struct roomlist *l) MUST_CHECK;
bool roomlist_ready(const struct roomlist *l);

#endif
