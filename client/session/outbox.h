/* outbox.h - what was said and is not with the server yet, in order. The bytes
 * of a content never change: sealed again, they carry the same message id.
 *
 * What was acknowledged a while ago is kept as well: a server that dies may
 * take with it what it had not passed on yet. Its next run is given that again
 * (outbox_again), before anything else; who has seen it knows it by its id.
 * How long a server may take over passing it on is a matter of how busy its
 * machine is: on one with twenty at work, two seconds were seen.
 *
 * Numbers: the oldest message has the seq after the last acknowledged one, the
 * next one more, and so on, so that sealing again in a new epoch gives each
 * its old seq by itself. */
#ifndef CONCLAVE_SESSION_OUTBOX_H
#define CONCLAVE_SESSION_OUTBOX_H

#include <stdbool.h>

#include "shared/wire/bytes.h"
#include "shared/wire/err.h"

enum {
	OUTBOX_MESSAGES = 8192,
	OUTBOX_BYTES = 4 << 20,
	OUTBOX_KEEP_MS = 30000, /* after its acknowledgement */
	/* ... and no more than these, the newest: well below WIRE_IDS_KEPT, or
	 * who has seen them would not know them any more. */
	OUTBOX_KEEP = 1024,
};

struct outbox;
struct outbox *outbox_new(void);
void outbox_free(struct outbox *o);
/* Nothing was said after all. */
void outbox_clear(struct outbox *o);

/* Copies the content to the end. ERR_LIMIT, ERR_NOMEM. */
int outbox_put(struct outbox *o, const void *content, size_t n) MUST_CHECK;
/* Of those that are not acknowledged, by this run of the server: all, and how
 * many, the first ones, an earlier run has acknowledged. */
size_t outbox_count(const struct outbox *o);
size_t outbox_told(const struct outbox *o);

/* The next content to seal and its seq, borrowed until it is acknowledged;
 * false when all are sealed. outbox_sealed: it was. */
bool outbox_next(const struct outbox *o, struct part *content, uint64_t *seq);
void outbox_sealed(struct outbox *o);

/* A fresh secret: what is not acknowledged is sealed again, same seqs. */
void outbox_fence(struct outbox *o);
/* A new connection: the same, and seqs begin at 1. */
void outbox_restart(struct outbox *o);

/* The server has all up to seq: they are kept for OUTBOX_KEEP_MS. ERR_STATE,
 * and nothing changed, when that was not sent (since the fence: what was before
 * it is acknowledged before it or never) or is lower than before. */
int outbox_ack(struct outbox *o, uint64_t seq, uint64_t now_ms) MUST_CHECK;
/* 0, or the ERR_STATE that outbox_ack would return. */
int outbox_ack_check(const struct outbox *o, uint64_t seq) MUST_CHECK;
/* What was acknowledged long enough before is dropped: at the end of a
 * connection, before the last that was heard of the server, however much later
 * the end was seen. */
void outbox_prune(struct outbox *o, uint64_t now_ms);
/* Another run of the server: what is kept comes first again. After
 * outbox_restart and before anything is sealed. */
void outbox_again(struct outbox *o);
/* Somebody has come: what was acknowledged once is dropped, unless it is being
 * sent again, and what is sealed is not kept either: he gets what is said after
 * it, and if it came later he would see it behind that. */
void outbox_forget(struct outbox *o);
uint64_t outbox_acked(const struct outbox *o);
/* The seq that the newest message has or will have on this connection. */
uint64_t outbox_last(const struct outbox *o);

#endif
