/* roomlist.h - the rooms of a session, and which of them a received frame is
 * for. A table says in which phase of a room each message is legal; any other
 * is a protocol error. */
#ifndef CONCLAVE_SESSION_ROOMLIST_H
#define CONCLAVE_SESSION_ROOMLIST_H

#include "client/session/chatroom.h"

struct roomlist {
	struct chatroom **all; /* owned; NULL: none yet */
	size_t n;
	struct events *events; /* borrowed */
};

/* The list takes the room over, or fails and frees it: ERR_NOMEM, also for
 * NULL. */
int roomlist_add(struct roomlist *l, struct chatroom *r) MUST_CHECK;
void roomlist_free(struct roomlist *l); /* its contents */

/* The room with that address, or NULL: a handle that a user interface has. */
struct chatroom *roomlist_find(
    const struct roomlist *l, const struct chatroom *handle);
/* Of all rooms. */
size_t roomlist_unacked(const struct roomlist *l);

/* A control or group frame that came in a record. */
int roomlist_control(
    struct roomlist *l, const struct control *c, uint64_t now_ms) MUST_CHECK;
int roomlist_group(
    struct roomlist *l, const uint8_t *body, size_t n) MUST_CHECK;
/* Seals what may be sealed, one message of each room in turn. */
int roomlist_seal(struct roomlist *l) MUST_CHECK;
bool roomlist_ready(const struct roomlist *l);

#endif
