/* dedup.h - ids of messages that have been shown: the last WIRE_IDS_KEPT of
 * each identity, across connections. A message that its sender seals again
 * after a reconnect is not shown twice. */
#ifndef CONCLAVE_SESSION_DEDUP_H
#define CONCLAVE_SESSION_DEDUP_H

#include <stdbool.h>

#include "shared/base/err.h"
#include "shared/wire/wire.h"

/* Past this the identity that has been silent longest is forgotten. */
enum { DEDUP_IDENTITIES = 1024 };

struct dedup;
struct dedup *dedup_new(void);
void dedup_free(struct dedup *s);

/* Remembers the id; *again says whether it was there. ERR_NOMEM. */
int dedup_check(struct dedup *s, const uint8_t identity[WIRE_ED25519],
    const uint8_t id[WIRE_ID], bool *again) MUST_CHECK;

/* It was not shown after all. */
void dedup_forget(struct dedup *s, const uint8_t identity[WIRE_ED25519],
    const uint8_t id[WIRE_ID]);

#endif
