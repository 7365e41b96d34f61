/* recorded.h - an entry of a room's log with what proves who wrote it, for a
 * transcript (shared/proto/transcript.h). Or a direct frame: then it has the server,
 * the name and the identity of the device at its other end, its key || iv and its
 * body. */
#ifndef CONCLAVE_SESSION_RECORDED_H
#define CONCLAVE_SESSION_RECORDED_H

#include "shared/proto/logchain.h"

struct recorded {
	uint8_t server[WIRE_ED25519], log[WIRE_LOG];
	uint64_t offset;
	uint8_t before[WIRE_HASH]; /* the chain at offset - 1 */
	uint8_t digest[WIRE_HASH];
	bool opened; /* it opened and verified; then: */
	uint8_t session[WIRE_NONCE];
	uint32_t member; /* 0: the server, without the next three */
	char name[WIRE_NAME_MAX + 1];
	uint8_t identity[WIRE_ED25519], card[WIRE_HASH];
	uint32_t epoch;
	uint8_t commit[WIRE_HASH], roster[WIRE_HASH];
	uint8_t key[WIRE_KEY_IV]; /* the sender's key || iv */
	size_t n;
	uint8_t body[]; /* n bytes: the frame, from its offset or number on */
};

/* Memory for one with a body of n bytes, zeroed; NULL: there is none. A copy.
 * Freeing wipes it; NULL is a no-op. */
struct recorded *recorded_new(size_t n);
struct recorded *recorded_copy(const struct recorded *e);
void recorded_free(struct recorded *e);

#endif
