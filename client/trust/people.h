/* people.h - known_people: which identities each name has on a server, one for
 * each of its devices.
 *
 * A text file with one record per line, like OpenSSH's known_hosts:
 *   SERVER NAME IDENTITY seen|known|certified|verified YYYY-MM-DD
 * SERVER and IDENTITY are fingerprints in base64url; NAME is compared without
 * regard to case, and may stand in several lines, with another identity in each.
 * (Earlier versions wrote one for each name; their files are read as they are.)
 * A name is pinned by its first message. An identity that is none of its known
 * ones is TRUST_CHANGED until the user accepts it beside them: that it is a
 * device of the same person is only the server's word. The date may be missing.
 * A line that is not understood, or that contradicts another, is an error
 * (ERR_USAGE).
 *
 * People who have not spoken are TRUST_NEW. They are remembered in memory only,
 * some thousands of them, so that another identity under such a name is
 * TRUST_CHANGED in this run. How the file's space is shared: pin_file.h. */
#ifndef CONCLAVE_TRUST_PEOPLE_H
#define CONCLAVE_TRUST_PEOPLE_H

#include "client/session/session.h"
#include "shared/os/file.h"
#include "client/trust/records.h"
#include "shared/os/errmsg.h"

struct people;

/* Reads the file, which may be missing. `path` is borrowed. */
int people_open(
    struct people **out, const char *path, struct errmsg *why) MUST_CHECK;
/* Does not save: people_flush does. NULL is a no-op. */
void people_free(struct people *p);

/* The callbacks for session.h; their arg is p. */
struct people_ops people_ops(struct people *p);

/* Looks up a name. TRUST_NEW: it is not pinned; TRUST_CERTIFIED: by a certificate,
 * which the caller has to see again. */
enum trust people_meet(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH]);
/* The person has spoken: pins a TRUST_NEW identity in memory. The next
 * people_flush writes it. */
void people_spoke(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH]);

/* A certificate says that the name has this identity: marks its pin, in memory
 * until the next flush; an identity that is not pinned is added beside the name's
 * others at once. */
void people_certified(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH]);

/* Writes new pins to the file: one lock, one write, one fsync for all of one
 * server's. A pin that another client has written meanwhile is kept. A failure
 * is returned once, until a flush succeeds again. ERR_LIMIT, once in a run: a
 * pin does not fit into the file. It holds in memory until the end, and the
 * user has to be told. */
int people_flush(struct people *p, struct errmsg *why) MUST_CHECK;
/* After a failure the next flush tries again, every PEOPLE_AGAIN_MS. */
enum { PEOPLE_AGAIN_MS = 10000 };
void people_again(struct people *p, uint64_t now_ms);

/* Adds an identity to those of a name, or changes its mark, in memory and on disk
 * at once: the user has accepted it (TRUST_SEEN) or compared fingerprints
 * (TRUST_VERIFIED), or a CA says so (TRUST_CERTIFIED). */
int people_trust(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH], enum trust trust,
    struct errmsg *why) MUST_CHECK;

/* Whether an identity other than the known one has used this name since
 * people_open. True for every name once there were too many to remember. */
bool people_disputed(
    const struct people *p, const uint8_t server[WIRE_HASH], const char *name);

/* The i-th pin of a name, the oldest first; people_pinned returns false when
 * there are not so many. */
struct pinned {
	uint8_t identity[WIRE_HASH];
	bool verified, certified;
	char since[RECORDS_DATE]; /* first message, or last decision; "" if not
				     in the file */
};
bool people_pinned(const struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, size_t i, struct pinned *out);

#endif
