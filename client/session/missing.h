/* absent.h - who was in the room when the connection was lost, and is not back
 * yet. A person is an identity: after a restart of the server all have other
 * member ids. */
#ifndef CONCLAVE_SESSION_MISSING_H
#define CONCLAVE_SESSION_MISSING_H

#include "client/session/session.h"

struct missing;
struct missing *missing_new(void);
void missing_free(struct missing *a);
/* Nobody is expected any more. */
void missing_clear(struct missing *a);

/* These were there (without oneself) and are expected back, besides those who
 * were expected and have not come. Without memory for it nobody is. */
void missing_expect(struct missing *a, const struct person *p, size_t n);
/* This one is there again; somebody else changes nothing. */
void missing_back(struct missing *a, const uint8_t identity[WIRE_ED25519]);
/* Was among them, back or not. */
bool missing_knows(
    const struct missing *a, const uint8_t identity[WIRE_ED25519]);
/* Who is still missing. */
size_t missing_count(const struct missing *a);
/* Their names, the first few of them: "ben, carol and 3 more". */
void missing_names(const struct missing *a, char *out, size_t size);

#endif
