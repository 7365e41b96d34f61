/* sealed_rooms.h - the secrets of a server's sealed rooms, which make a room's
 * members read what the server cannot, and by which a room is known as sealed.
 *
 * One file for each server and identity, in the folder `sealed` beside
 * known_servers, readable by nobody else: a sealed_file.h, whose text has lines
 *   NAME NUMBER SECRET
 * with the secret in base64url, the oldest of a room first. Earlier versions wrote
 * the text in the clear: such a file is read, and sealed at once. */
#ifndef CONCLAVE_TRUST_SEALED_ROOMS_H
#define CONCLAVE_TRUST_SEALED_ROOMS_H

#include "client/session/person.h"
#include "shared/crypto/keys.h"
#include "shared/os/errmsg.h"

/* Of all rooms; past it the oldest goes. */
enum { SEALED_ROOMS_MAX = 512 };

struct sealed_rooms;
/* Reads the file; one that does not exist is empty. Takes a copy of the path;
 * NULL: nothing is written. The identity is used only here. Errors, with a
 * sentence: it cannot be read, is not ours alone, is damaged or another identity's,
 * or has a line that is not understood; without it a room could pass for an open
 * one, so the program must not go on. */
int sealed_rooms_open(struct sealed_rooms **out, const char *path,
    const struct identity *identity, struct errmsg *why) MUST_CHECK;
void sealed_rooms_free(struct sealed_rooms *s); /* wipes; NULL is a no-op */

/* For session_opts. A secret that is put is written at once: an error is told by
 * the next sealed_rooms_failed, once. */
struct seals_ops sealed_rooms_ops(struct sealed_rooms *s);
/* The room has a secret here. */
bool sealed_rooms_has(const struct sealed_rooms *s, const char *room);
/* The user gives the secret of a room, for this run: it is written when the room
 * turns out to have it. */
void sealed_rooms_give(struct sealed_rooms *s, const char *room,
    const uint8_t secret[WIRE_KEY]);
bool sealed_rooms_failed(struct sealed_rooms *s, struct errmsg *why);

#endif
