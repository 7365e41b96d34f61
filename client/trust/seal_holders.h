/* seal_holders.h - who holds the secrets of a server's sealed rooms
 * (client/session/holders.h), and what they have handed over that no room has yet.
 *
 * One file for each server and identity, in the folder `holders` beside
 * known_servers, readable by nobody else: a sealed_file.h, whose text has lines
 *   ROOM LOG NAME FINGERPRINT NUMBER REMOVED FLAGS HANDED SECRET
 * with LOG, FINGERPRINT and SECRET in base64url, the oldest first; FLAGS is the sum
 * of 1 (gone) and 2 (an operator). The lines of the rooms' topics follow
 * (seal_topics.h). */
#ifndef CONCLAVE_TRUST_SEAL_HOLDERS_H
#define CONCLAVE_TRUST_SEAL_HOLDERS_H

#include "client/session/holders.h"
#include "client/trust/seal_topics.h"
#include "shared/crypto/keys.h"
#include "shared/os/errmsg.h"

/* Of all rooms; past it the oldest goes. */
enum { SEAL_HOLDERS_MAX = 2048 };

struct seal_holders;
/* Reads the file; one that does not exist is empty. Takes a copy of the path;
 * NULL: nothing is written. The identity is used only here. Errors, with a
 * sentence, as sealed_rooms_open's. */
int seal_holders_open(struct seal_holders **out, const char *path,
    const struct identity *identity, struct errmsg *why) MUST_CHECK;
void seal_holders_free(struct seal_holders *s); /* wipes; NULL is a no-op */

/* For session_opts. */
struct holders_ops seal_holders_ops(struct seal_holders *s);
/* Those of the file, which keeps them. Borrowed; NULL if s is. */
struct seal_topics *seal_holders_topics(struct seal_holders *s);
/* Writes the file if they or the topics have changed since. An error is told once for each
 * change. s NULL: a no-op. */
int seal_holders_flush(struct seal_holders *s, struct errmsg *why) MUST_CHECK;

#endif
