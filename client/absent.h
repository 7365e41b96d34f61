/* absent.h - who was in the room when the connection was lost, and is not back
 * yet. A person is an identity: after a restart of the server all have other
 * member ids. */
#ifndef CONCLAVE_ABSENT_H
#define CONCLAVE_ABSENT_H

#include "client/session.h"

struct absent;
struct absent *absent_new(void);
void absent_free(struct absent *a);
/* Nobody is expected any more. */
void absent_clear(struct absent *a);

/* These were there (without oneself) and are expected back, besides those who
 * were expected and have not come. Without memory for it nobody is. */
void absent_expect(struct absent *a, const struct person *p, size_t n);
/* This one is there again; somebody else changes nothing. */
void absent_back(struct absent *a, const uint8_t identity[WIRE_ED25519]);
/* Was among them, back or not. */
bool absent_knows(const struct absent *a, const uint8_t identity[WIRE_ED25519]);
/* Who is still missing. */
size_t absent_count(const struct absent *a);
/* Their names, the first few of them: "ben, carol and 3 more". */
void absent_names(const struct absent *a, char *out, size_t size);

#endif
