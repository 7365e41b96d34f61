/* people.h - known_people: which identity a name has on a server.
 *
 * A text file, one line each, like OpenSSH's known_hosts:
 *   SERVER NAME IDENTITY seen|verified YYYY-MM-DD
 * SERVER and IDENTITY are fingerprints, base64url; NAME is without regard to
 * case. A name is pinned at first sight. Another identity under it is
 * TRUST_CHANGED and changes nothing until the user accepts it. Lines that
 * are not understood are reported, skipped, and kept. */
#ifndef CONCLAVE_TRUST_PEOPLE_H
#define CONCLAVE_TRUST_PEOPLE_H

#include "client/session/session.h"
#include "shared/os/file.h"
#include "client/trust/records.h"
#include "shared/os/errmsg.h"

struct people;

/* Reads the file, which need not exist. `path` is borrowed. */
int people_open(struct people **out, const char *path,
    const struct complain *complain, struct errmsg *why) MUST_CHECK;
/* Does not write: people_flush does. NULL is a no-op. */
void people_free(struct people *p);

/* The hook for session.h; the struct's arg is p. */
struct people_ops people_ops(struct people *p);

/* What is known of a name; pins one that was not, in memory. A pin that is
 * not in the file yet is found by the next people_flush. */
enum trust people_meet(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH]);

/* Appends new pins to the file: one lock, one write, one fsync for all of
 * them. A pin that another client has written meanwhile stays as it is. A
 * failure is returned once, until a flush has succeeded again. */
int people_flush(struct people *p, struct errmsg *why) MUST_CHECK;

/* The user accepts (TRUST_SEEN) or has compared (TRUST_VERIFIED) this identity
 * of a name: it replaces the pinned one, at once and on disk. */
int people_trust(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH], enum trust trust,
    struct errmsg *why) MUST_CHECK;

/* Another identity than the pinned one has had this name since people_open.
 * True of any name once there were too many to remember. */
bool people_disputed(const struct people *p, const uint8_t server[WIRE_HASH],
    const char *name);

/* What a name is pinned to; false when it is not known. */
struct pinned {
	uint8_t identity[WIRE_HASH];
	bool verified;
	char since[RECORDS_DATE]; /* first seen, or last decided on; "" when the
				   file does not say */
};
bool people_pinned(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, struct pinned *out);

#endif
