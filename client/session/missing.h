/* missing.h - people who were in the room when the connection was lost and are
 * not back yet. A person is an identity here: a restarted server gives everybody
 * a new member number. */
#ifndef CONCLAVE_SESSION_MISSING_H
#define CONCLAVE_SESSION_MISSING_H

#include "client/session/session.h"

struct missing;
struct missing *missing_new(void);
void missing_free(struct missing *a);
/* Nobody is expected any more. */
void missing_clear(struct missing *a);

/* Adds these people, without the user, to those who are still expected. Without
 * memory nobody is expected. */
void missing_expect(struct missing *a, const struct person *p, size_t n);
/* This person is back. Others are ignored. */
void missing_back(struct missing *a, const uint8_t identity[WIRE_ED25519]);
/* They were expected, whether they are back or not. */
bool missing_knows(
    const struct missing *a, const uint8_t identity[WIRE_ED25519]);
/* How many are still missing. */
size_t missing_count(const struct missing *a);
/* Their names, the first few of them: "ben, carol and 3 more". */
void missing_names(const struct missing *a, char *out, size_t size);

#endif
