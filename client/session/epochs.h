/* epochs.h - a room's epochs as a member keeps them: the newest secret, and the
 * keys of every epoch back to the last fresh secret. PROTOCOL.md section 5. All
 * of it is in secret memory. */
#ifndef CONCLAVE_SESSION_EPOCHS_H
#define CONCLAVE_SESSION_EPOCHS_H

#include "shared/proto/group.h"

/* Joins come at most once a second and a fresh secret at least once an hour,
 * so an honest server never makes this many. Past it the oldest is erased. */
enum { EPOCHS_MAX = 8192 };

struct epochs;
struct epochs *epochs_new(struct crypto *c); /* borrowed */
void epochs_free(struct epochs *e);	     /* wipes */
/* The connection is gone: erases everything. */
void epochs_clear(struct epochs *e);

/* A secret from the server, the first or a fresh one: erases all older epochs
 * that no frame waits for. ERR_EPOCH if `epoch` is not higher than the last,
 * ERR_COMMIT; on an error nothing has changed. */
int epochs_fresh(struct epochs *e, uint32_t room, uint32_t epoch,
    const uint8_t secret[WIRE_KEY], const uint8_t commit[WIRE_HASH]) MUST_CHECK;
/* A join's step to `epoch`, which must be the next one. The same errors. */
int epochs_step(struct epochs *e, uint32_t epoch,
    const uint8_t commit[WIRE_HASH]) MUST_CHECK;

/* The newest, or NULL; one by its number (borrowed until the next change). */
const struct group_epoch *epochs_newest(const struct epochs *e);
const struct group_epoch *epochs_find(const struct epochs *e, uint32_t epoch);

/* For frames whose sender is not known yet: a held epoch outlives a fresh
 * secret until its last frame is released. Then only epochs_find_held sees
 * it. */
int epochs_hold(struct epochs *e, uint32_t epoch) MUST_CHECK; /* ERR_EPOCH */
const struct group_epoch *epochs_find_held(
    const struct epochs *e, uint32_t epoch);
void epochs_release(struct epochs *e, uint32_t epoch);

#endif
