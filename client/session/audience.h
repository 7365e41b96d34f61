/* audience.h - who was in a room when something was said there: by identity,
 * through all connections, for as long as somebody asks.
 *
 * Time is counted in moments. A new one begins when somebody came or went. What
 * is said at a moment is meant for the people of that moment. What is said
 * before the first list of people is meant for the people in that list.
 *
 * In a room with a history, who only lost the connection is still a member and
 * reads later what is said meanwhile: it is meant for them as well, until they
 * quit or are put out (audience_parted). */
#ifndef CONCLAVE_SESSION_AUDIENCE_H
#define CONCLAVE_SESSION_AUDIENCE_H

#include <stddef.h>

#include "client/session/person.h"
#include "shared/base/err.h"

struct audience;
struct audience *audience_new(void);
void audience_free(struct audience *a); /* NULL is a no-op */

/* These people are in the room now, the user among them; history: it has one.
 * Nobody will ask about moments before `earliest`. ERR_NOMEM: nothing has
 * changed. O(n log n). */
int audience_set(struct audience *a, const struct person *p, size_t n,
    bool history, uint64_t earliest) MUST_CHECK;
/* Is no longer a member; from the next audience_set on. */
void audience_parted(struct audience *a, const uint8_t identity[WIRE_ED25519]);
uint64_t audience_now(const struct audience *a);

/* The people of now, except the user, in the order of their identities; false
 * after the last. Borrowed until audience_set. */
struct audience_person {
	char name[WIRE_NAME_MAX + 1];
	size_t record; /* for audience_knew */
};
bool audience_at(
    const struct audience *a, size_t *pos, struct audience_person *out);
/* Whether that person was in the audience of that moment. */
bool audience_knew(
    const struct audience *a, const struct audience_person *p, uint64_t moment);
/* Whether all people of now were in the audience of that moment. O(1) when
 * nobody has come since. */
bool audience_same(const struct audience *a, uint64_t moment);

#endif
