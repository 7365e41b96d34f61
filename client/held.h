/* held.h - members' frames that came before the whole list of people: kept, in
 * order and within bounds, until the last page; and who of their senders has
 * left meanwhile and will be on no page. */
#ifndef CONCLAVE_HELD_H
#define CONCLAVE_HELD_H

#include "client/roster.h"

enum {
	HELD_FRAMES = 4096,
	HELD_BYTES = 4 << 20,
};

struct held;
struct held *held_new(void);
void held_free(struct held *h);
void held_clear(struct held *h);

/* Copies a body of that sender to the end. ERR_LIMIT, ERR_NOMEM. */
int held_put(
    struct held *h, uint32_t sender, const uint8_t *body, size_t n) MUST_CHECK;
/* The oldest body, or NULL; held_drop removes it. */
const uint8_t *held_first(const struct held *h, size_t *n);
void held_drop(struct held *h);

/* Somebody leaves: remembered as a speaker if a frame of theirs is held. */
int held_gone(
    struct held *h, const struct person *p, struct inorder i) MUST_CHECK;
/* That speaker, or NULL. Borrowed until the next call. */
const struct person *held_speaker(
    const struct held *h, uint32_t member, struct inorder **i);
/* The n-th of those speakers, or NULL. Borrowed as well. */
const struct person *held_speaker_at(const struct held *h, size_t n);

#endif
