/* pending.h - members' frames that arrived before the list of people was
 * complete: kept in order and within limits until the last page. Also the
 * senders of such frames who have left since, and whom no page will list. */
#ifndef CONCLAVE_SESSION_PENDING_H
#define CONCLAVE_SESSION_PENDING_H

#include "client/session/roster.h"

enum {
	PENDING_FRAMES = 4096,
	PENDING_BYTES = 4 << 20,
};

struct pending;
struct pending *pending_new(void);
void pending_free(struct pending *h);
void pending_clear(struct pending *h);

/* Copies a body of that sender to the end. ERR_LIMIT, ERR_NOMEM. */
int pending_put(struct pending *h, uint32_t sender, const uint8_t *body,
    size_t n) MUST_CHECK;
/* The oldest body, or NULL; pending_drop removes it. */
const uint8_t *pending_first(const struct pending *h, size_t *n);
void pending_drop(struct pending *h);

/* A person leaves: kept as a speaker if one of their frames is pending. */
int pending_gone(
    struct pending *h, const struct person *p, struct inorder i) MUST_CHECK;
/* That speaker, or NULL. Borrowed until the next call. */
const struct person *pending_speaker(
    const struct pending *h, uint32_t member, struct inorder **i);
/* The n-th of those speakers, or NULL. Borrowed as well. */
const struct person *pending_speaker_at(const struct pending *h, size_t n);

#endif
