/* roomlog.h - the log of a room as this client has it (PROTOCOL.md section 4):
 * offsets without a gap, the chain over them, and the digests of the user's own
 * frames, which come back as marks.
 *
 * A server that shows two members different logs gives them different chains
 * from that offset on; views.h compares. The newest WIRE_CHAIN_KEPT values are
 * kept, 32 bytes each, in memory that grows with the log. */
#ifndef CONCLAVE_SESSION_ROOMLOG_H
#define CONCLAVE_SESSION_ROOMLOG_H

#include "shared/proto/logchain.h"

/* How many own frames may wait for their mark: more than can be without an
 * acknowledgement. */
enum { ROOMLOG_OWN_MAX = 16384 };

struct roomlog;
struct roomlog *roomlog_new(struct crypto *c); /* borrowed */
void roomlog_free(struct roomlog *l);	       /* NULL is a no-op */

/* We enter the room: the head of its log, in which nothing of ours is on its
 * way. ERR_LOG: it is a log that we know, but shorter than what we had, or with
 * another chain; or empty, with another chain than an empty log has. */
int roomlog_enter(struct roomlog *l, const uint8_t log[WIRE_LOG],
    const struct log_head *head) MUST_CHECK;
/* A log that we have from an earlier run of the client, before the first
 * roomlog_enter. Whether roomlog_enter would find the log that we know shorter or
 * another. Forgets the log that we know. */
int roomlog_seed(struct roomlog *l, const uint8_t log[WIRE_LOG],
    const struct log_head *head) MUST_CHECK;
bool roomlog_differs(const struct roomlog *l, const uint8_t log[WIRE_LOG],
    const struct log_head *head);
void roomlog_forget(struct roomlog *l);
void roomlog_forget_before(struct roomlog *l); /* roomlog_before is NULL */
bool roomlog_known(const struct roomlog *l, const uint8_t log[WIRE_LOG]);
/* The newest entry that we had when we entered last; NULL: we had none of this
 * log. The head of the log then. */
const struct log_head *roomlog_before(const struct roomlog *l);
uint64_t roomlog_entered(const struct roomlog *l);
/* We have left it: only the chain stays, for roomlog_enter. */
void roomlog_leave(struct roomlog *l);

/* The entry with this offset: a frame's body, or the digest in a mark. ERR_GAP,
 * ERR_REPLAYED: not the next one. */
int roomlog_frame(struct roomlog *l, uint64_t offset, const uint8_t *body,
    size_t n) MUST_CHECK;
int roomlog_mark(struct roomlog *l, const struct log_mark *m) MUST_CHECK;

/* We have sealed our frame `seq`, the one after the last; the server has
 * acknowledged all up to `seq`; a fresh secret: what it has not acknowledged
 * will be sealed again. roomlog_mark returns ERR_LOG for a mark of ours that is
 * not the next, or not of the frame that we sealed; roomlog_acked for another
 * offset than the mark's; roomlog_fence if it has marked what it has not
 * acknowledged. */
int roomlog_sealed(
    struct roomlog *l, uint64_t seq, const uint8_t *body, size_t n) MUST_CHECK;
int roomlog_acked(struct roomlog *l, uint64_t seq, uint64_t offset) MUST_CHECK;
int roomlog_fence(struct roomlog *l, uint64_t acked) MUST_CHECK;

/* The offset of our frame `seq`; 0: its mark has not come, or it is acknowledged
 * already. */
uint64_t roomlog_place(const struct roomlog *l, uint64_t seq);
/* The newest of our frames that is marked; 0: none. */
uint64_t roomlog_marked(const struct roomlog *l);

/* The newest offset; 0 before the first roomlog_enter. */
uint64_t roomlog_offset(const struct roomlog *l);
/* The chain at that offset, or NULL: it is not kept. */
const uint8_t *roomlog_chain(const struct roomlog *l, uint64_t offset);
/* Whether the view is of this log; our own view of it. */
bool roomlog_same(const struct roomlog *l, const struct log_view *v);
void roomlog_view(const struct roomlog *l, uint8_t out[WIRE_VIEW]);

#endif
