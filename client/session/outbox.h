/* outbox.h - the user's messages that the server has not acknowledged yet, in
 * order. The bytes of a content never change: sealed again, it has the same
 * message id.
 *
 * Numbers: the oldest message has the seq after the last acknowledged one, the
 * next one more, and so on, so that sealing again in a new epoch gives each
 * its old seq by itself. */
#ifndef CONCLAVE_SESSION_OUTBOX_H
#define CONCLAVE_SESSION_OUTBOX_H

#include <stdbool.h>

#include "shared/wire/bytes.h"
#include "shared/base/err.h"
#include "shared/wire/wire.h"

enum {
	OUTBOX_MESSAGES = 8192,
	OUTBOX_BYTES = 4 << 20,
};

struct outbox;
struct outbox *outbox_new(void);
void outbox_free(struct outbox *o);
/* Drops everything. */
void outbox_clear(struct outbox *o);

/* The moments (audience.h) whose people a message may be sealed for: when it
 * was said, and when the user last agreed to more. */
struct outbox_for {
	uint64_t said, agreed;
};

/* Copies the content to the end, said at that moment under that id. ERR_LIMIT,
 * ERR_NOMEM. */
int outbox_put(struct outbox *o, const uint8_t id[WIRE_ID], const void *content,
    size_t n, uint64_t moment) MUST_CHECK;
/* The same for a view of the log, of which the user is not told: not while
 * another content is unacknowledged. A fence or a new connection drops it. */
int outbox_put_view(struct outbox *o, const void *content, size_t n) MUST_CHECK;
/* Whether the first unacknowledged content is one: it is then sealed. */
bool outbox_is_view(const struct outbox *o);
/* How many there are. */
size_t outbox_count(const struct outbox *o);

/* The next content to seal and its seq, borrowed until it is acknowledged;
 * false when all are sealed. Call outbox_sealed after sealing it. */
bool outbox_next(const struct outbox *o, struct part *content, uint64_t *seq);
void outbox_sealed(struct outbox *o);
/* That content, to be completed, if it has never been sealed; else NULL. */
uint8_t *outbox_unfixed(struct outbox *o, size_t *n);
/* How many of them, the first, are sealed. */
size_t outbox_in_flight(const struct outbox *o);

/* Whether the next content to seal was sealed before: the server may have it. */
bool outbox_resends(const struct outbox *o);
/* Which message has this id; SIZE_MAX: none. */
size_t outbox_find(const struct outbox *o, const uint8_t id[WIRE_ID]);
/* The id of the i-th message, counted from 0. Borrowed. */
const uint8_t *outbox_id(const struct outbox *o, size_t i);
/* Whom the i-th message is for, counted from 0. */
const struct outbox_for *outbox_for(const struct outbox *o, size_t i);
/* The user agrees to the people of that moment as well. */
void outbox_agree(struct outbox *o, size_t i, uint64_t moment);
/* Drops the i-th message, which must not be sealed. */
void outbox_drop(struct outbox *o, size_t i);
/* The earliest moment of any message here; UINT64_MAX: there is none. */
uint64_t outbox_earliest(const struct outbox *o);

/* A fresh secret: unacknowledged messages are sealed again, same seqs. */
void outbox_fence(struct outbox *o);
/* A new connection: the same, and seqs restart at 1. */
void outbox_restart(struct outbox *o);

/* The server has everything up to seq: drops these. ERR_STATE, with nothing changed, if seq was not sent since the fence (earlier
 * frames can only be acknowledged before it) or is lower than before. */
int outbox_ack(struct outbox *o, uint64_t seq) MUST_CHECK;
/* 0, or the ERR_STATE that outbox_ack would return. */
int outbox_ack_check(const struct outbox *o, uint64_t seq) MUST_CHECK;
uint64_t outbox_acked(const struct outbox *o);
/* The newest message's seq, now or later, on this connection. */
uint64_t outbox_last(const struct outbox *o);

#endif
