/* ignored.h - ignored_people: whose messages the user does not want to see, by
 * identity, on all servers.
 *
 * A text file beside known_people with one record per line:
 *   IDENTITY NAME YYYY-MM-DD
 * IDENTITY is a fingerprint in base64url; NAME is what the person was called
 * when the user ignored them, for the user to read. A line that is not
 * understood is an error (ERR_USAGE). */
#ifndef CONCLAVE_TRUST_IGNORED_H
#define CONCLAVE_TRUST_IGNORED_H

#include <stdbool.h>

#include "client/session/event.h"
#include "client/trust/records.h"
#include "shared/os/errmsg.h"
#include "shared/wire/wire.h"

enum { IGNORED_MAX = 4096 };

struct ignored_person {
	uint8_t identity[WIRE_HASH];
	char name[WIRE_NAME_MAX + 1];
	char since[RECORDS_DATE];
};

struct ignored;
/* Sets *out to the file beside known_people, which the caller frees. */
int ignored_path(
    char **out, const char *known_people, struct errmsg *why) MUST_CHECK;
/* Reads the file, which may be missing. `path` is borrowed. */
int ignored_open(
    struct ignored **out, const char *path, struct errmsg *why) MUST_CHECK;
void ignored_free(struct ignored *g); /* NULL is a no-op */

/* NULL: nobody is ignored. */
bool ignored_has(const struct ignored *g, const uint8_t identity[WIRE_HASH]);
/* Whether it is something that an ignored person says, edits, deletes or reacts to,
 * which no front end sees. All else about the person is shown, a changed key above
 * all. */
bool ignored_event(const struct ignored *g, const struct event *e);
/* The i-th; NULL after the last. Borrowed until a change. */
const struct ignored_person *ignored_at(const struct ignored *g, size_t i);

/* Change the file at once, with what other clients of this user wrote to it,
 * and then the list. ERR_LIMIT: there are too many. After a failure both are as
 * they were. */
int ignored_add(struct ignored *g, const uint8_t identity[WIRE_HASH],
    const char *name, struct errmsg *why) MUST_CHECK;
int ignored_remove(struct ignored *g, const uint8_t identity[WIRE_HASH],
    struct errmsg *why) MUST_CHECK;

#endif
