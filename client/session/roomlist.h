/* roomlist.h - the rooms of a session, and which of them a received frame is
 * for. A table lists the phases of a room in which each message is legal;
 * elsewhere it is a protocol error. */
#ifndef CONCLAVE_SESSION_ROOMLIST_H
#define CONCLAVE_SESSION_ROOMLIST_H

#include "client/session/chatroom.h"

struct roomlist {
	struct chatroom **all; /* owned; NULL: none yet */
	size_t n;
	struct events *events; /* borrowed */
};

/* Takes ownership of the room, or fails and frees it: ERR_NOMEM, also for
 * NULL. */
int roomlist_add(struct roomlist *l, struct chatroom *r) MUST_CHECK;
void roomlist_free(struct roomlist *l); /* frees the contents */

/* The room with that address, or NULL: user interfaces use it as a handle. */
struct chatroom *roomlist_find(
    const struct roomlist *l, const struct chatroom *handle);
/* chatroom_due of all rooms. */
size_t roomlist_due(const struct roomlist *l);

/* Dispatches a control or group frame from a record. */
int roomlist_control(
    struct roomlist *l, const struct control *c, uint64_t now_ms) MUST_CHECK;
int roomlist_group(
    struct roomlist *l, const uint8_t *body, size_t n) MUST_CHECK;
/* Seals what may be sealed, one message per room in rotation. */
int roomlist_seal(struct roomlist *l) MUST_CHECK;
bool roomlist_ready(const struct roomlist *l);

#endif
