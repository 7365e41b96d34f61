/* logchain.h - the chain over a room's log, marks, and the view of the log that
 * a member's content carries (PROTOCOL.md section 5a). Pure.
 *
 *   chain(0) = H("conclave/1 log". || log)
 *   chain(O) = H("conclave/1 log". || chain(O-1) || u64 O || D(O))
 *
 * D is the digest of a group frame's body from byte 8 on, as in a record's
 * mac (section 3). Two logs with one chain value at one offset are the same up
 * to there. */
#ifndef SHARED_PROTO_LOGCHAIN_H
#define SHARED_PROTO_LOGCHAIN_H

#include "shared/crypto/crypto.h"

/* The head of a log: its newest offset and the chain there. */
struct log_head {
	uint64_t offset;
	uint8_t chain[WIRE_HASH];
};
/* An empty log. */
int log_head_start(struct crypto *c, struct log_head *h,
    const uint8_t log[WIRE_LOG]) MUST_CHECK;
/* Appends the entry with digest d. On an error *h is unchanged; ERR_LIMIT: the
 * offset is 2^63-1. */
int log_head_add(struct crypto *c, struct log_head *h,
    const uint8_t d[WIRE_HASH]) MUST_CHECK;

/* A mark, the body of a frame of kind 5: it stands for an entry that the
 * connection is not sent. Big-endian:
 *   0 u64 offset   8 u32 room   12 u64 seq   20 D(32) */
struct log_mark {
	uint64_t offset; /* 1 .. 2^63-1 */
	uint32_t room;
	uint64_t seq; /* the receiver's own frame; 0: somebody else's */
	uint8_t digest[WIRE_HASH];
};
void log_mark_encode(uint8_t out[WIRE_MARK], const struct log_mark *m);
/* ERR_RANGE, with *out unchanged: another length, or a number out of bounds. */
int log_mark_decode(
    struct log_mark *out, const uint8_t *body, size_t n) MUST_CHECK;

/* What a member had of the log when it sealed a content:
 *   u64 offset || chain(offset) || first 8 bytes of log */
struct log_view {
	struct log_head head;
	uint8_t log[WIRE_VIEW_LOG];
};
void log_view_encode(uint8_t out[WIRE_VIEW], const struct log_head *h,
    const uint8_t log[WIRE_LOG]);
/* ERR_RANGE: the offset is above 2^63-1. */
int log_view_decode(
    struct log_view *out, const uint8_t in[WIRE_VIEW]) MUST_CHECK;

#endif
