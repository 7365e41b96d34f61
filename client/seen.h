/* seen.h - message ids that were shown already: the last WIRE_IDS_KEPT of each
 * identity, across connections, so that what somebody sealed again after a
 * reconnect is not shown twice. */
#ifndef CONCLAVE_SEEN_H
#define CONCLAVE_SEEN_H

#include <stdbool.h>

#include "shared/err.h"
#include "shared/wire.h"

/* Identities that are remembered; the one that was silent longest makes room.
 */
enum { SEEN_IDENTITIES = 1024 };

struct seen;
struct seen *seen_new(void);
void seen_free(struct seen *s);

/* Remembers the id; *again says whether it was there. ERR_NOMEM. */
int seen_check(struct seen *s, const uint8_t identity[WIRE_ED25519],
    const uint8_t id[WIRE_ID], bool *again) MUST_CHECK;

#endif
