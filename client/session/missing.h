/* missing.h - people who were in the room when the connection was lost and have
 * not returned. A person is an identity here, because a restarted server gives
 * everybody a new member number. */
#ifndef CONCLAVE_SESSION_MISSING_H
#define CONCLAVE_SESSION_MISSING_H

#include <stddef.h>

#include "client/session/person.h"
#include "shared/base/err.h"

struct missing;
struct missing *missing_new(void);
void missing_free(struct missing *a);
/* Expects nobody any more. */
void missing_clear(struct missing *a);

/* Adds these people, except the user, to those expected. Without memory nobody
 * is expected. */
void missing_expect(struct missing *a, const struct person *p, size_t n);
/* This person is back. Ignores others. */
void missing_back(struct missing *a, const uint8_t identity[WIRE_ED25519]);
/* The people still missing, in the order of their identities: the first at or
 * after *pos; false after the last. Borrowed. */
struct missing_person {
	const uint8_t *identity;
	const char *name;
};
bool missing_at(
    const struct missing *a, size_t *pos, struct missing_person *out);
/* The number still missing. */
size_t missing_count(const struct missing *a);
/* Their names, the first few of them: "ben, carol and 3 more". */
void missing_names(const struct missing *a, char *out, size_t size);

#endif
