/* epochs.h - a room's epochs as a member keeps them: the newest secret, and the
 * keys of every epoch back to the last fresh secret. PROTOCOL.md section 5. All
 * of it is in secure memory. */
#ifndef CONCLAVE_SESSION_EPOCHS_H
#define CONCLAVE_SESSION_EPOCHS_H

#include "shared/proto/group.h"

/* Joins come at most once a second and a fresh secret at least once an hour, so
 * an honest server never makes this many. Above it the oldest is erased. */
enum { EPOCHS_MAX = 8192 };

struct epochs;
struct epochs *epochs_new(struct crypto *c); /* borrowed */
void epochs_free(struct epochs *e);	     /* wipes */
/* The connection is lost: erases everything. */
void epochs_clear(struct epochs *e);

/* Adds a secret from the server, the first or a fresh one, and erases all older
 * epochs without pending frames. ERR_EPOCH if `epoch` is not higher than the
 * last, ERR_COMMIT; an error changes nothing. */
int epochs_fresh(struct epochs *e, uint32_t room, uint32_t epoch,
    const uint8_t secret[WIRE_KEY], const uint8_t commit[WIRE_HASH]) MUST_CHECK;
/* Steps to `epoch` after a join; it must be the next one. The same errors. */
int epochs_step(struct epochs *e, uint32_t epoch,
    const uint8_t commit[WIRE_HASH]) MUST_CHECK;

/* The roster that the server announces for the newest epoch. ERR_ROSTER: it
 * has announced another one; ERR_STATE: there is no epoch. */
int epochs_announce(
    struct epochs *e, const uint8_t roster[WIRE_HASH]) MUST_CHECK;
/* The announced roster of an epoch, on hold or not, or NULL. Borrowed until
 * the next change. */
const uint8_t *epochs_roster(const struct epochs *e, uint32_t epoch);
/* Whether the list of people gave the announced roster, and has not changed
 * since. */
bool epochs_agreed(const struct epochs *e, uint32_t epoch);
void epochs_agree(struct epochs *e, uint32_t epoch, bool agreed);

/* The newest, or NULL; or one by number (borrowed until the next change). */
const struct group_epoch *epochs_newest(const struct epochs *e);
const struct group_epoch *epochs_find(const struct epochs *e, uint32_t epoch);

/* For frames whose sender is not known yet: an epoch on hold survives a fresh
 * secret until its last frame is released. Only epochs_find_held finds it
 * then. */
int epochs_hold(struct epochs *e, uint32_t epoch) MUST_CHECK; /* ERR_EPOCH */
const struct group_epoch *epochs_find_held(
    const struct epochs *e, uint32_t epoch);
void epochs_release(struct epochs *e, uint32_t epoch);

/* Why a secret is fresh, as a static word: the server's word if this version
 * knows it, else "other". */
const char *epochs_reason(const char *word);

#endif
