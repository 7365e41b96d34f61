/* known_rooms.h - what of the logs of a server's rooms this user has seen: for
 * each room its log, and the newest entry that was shown. So a client that
 * starts again reads on from there, and finds out if the server gives it another
 * log, an older one, or one that was changed.
 *
 * One file for each server and identity, in the folder `rooms` beside
 * known_servers, readable by nobody else. A line is
 *   NAME LOG OFFSET CHAIN [# comment]
 * with LOG and CHAIN in base64url. It says what was said where, but no word of
 * it. */
#ifndef CONCLAVE_TRUST_KNOWN_ROOMS_H
#define CONCLAVE_TRUST_KNOWN_ROOMS_H

#include "client/session/session.h"
#include "shared/os/errmsg.h"
#include "shared/proto/logchain.h"

enum {
	KNOWN_ROOMS_MAX = 1024
}; /* past it the one that is longest unused goes */

struct known_room {
	char name[WIRE_ROOM_MAX + 1];
	uint8_t log[WIRE_LOG];
	struct log_head shown; /* the newest entry that was shown */
};

struct known_rooms;
/* Reads the file; one that does not exist is empty. Takes a copy of the path.
 * Errors, with a sentence: it cannot be read, is not ours alone, or (ERR_USAGE)
 * has a line that is not understood, as after a power cut: then *out knows
 * nothing, and its next flush replaces the file. */
int known_rooms_open(
    struct known_rooms **out, const char *path, struct errmsg *why) MUST_CHECK;
void known_rooms_free(struct known_rooms *k); /* NULL is a no-op */

/* By name, whatever its case; NULL: unknown. Borrowed until the next call. */
const struct known_room *known_rooms_find(
    const struct known_rooms *k, const char *name);
/* Without memory it is not remembered. */
void known_rooms_set(struct known_rooms *k, const struct known_room *room);
/* For session_opts. k may be NULL. */
struct rooms_ops known_rooms_ops(struct known_rooms *k);
/* Takes over what the session has shown of all its rooms, and writes it, at most
 * every KNOWN_ROOMS_MS and then at known_rooms_deadline. Errors as
 * known_rooms_flush. k NULL: a no-op. */
enum { KNOWN_ROOMS_MS = 2000 };
int known_rooms_keep(struct known_rooms *k, const struct session *s,
    uint64_t now_ms, struct errmsg *why) MUST_CHECK;
uint64_t known_rooms_deadline(const struct known_rooms *k);
/* Writes the file if something has changed since. An error is told once for
 * each change. k NULL: a no-op. */
int known_rooms_flush(struct known_rooms *k, struct errmsg *why) MUST_CHECK;

#endif
