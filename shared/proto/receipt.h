/* receipt.h - what the server signs when a member asks for a receipt: the head of a
 * room's log at a time (PROTOCOL.md section 5a). It proves itself to whoever has
 * the server's key, without the room and without a transcript. Pure.
 *
 *   signature = Ed25519("conclave/1 receipt". || log || u64 offset || chain ||
 *               u64 ts) */
#ifndef SHARED_PROTO_RECEIPT_H
#define SHARED_PROTO_RECEIPT_H

#include "shared/crypto/keys.h"
#include "shared/proto/logchain.h"
#include "shared/wire/json.h"

struct receipt {
	uint8_t log[WIRE_LOG];
	struct log_head head;
	uint64_t ts_ms; /* the server's unix time */
	uint8_t signature[WIRE_SIGNATURE];
};
/* Signs what is above `signature`. ERR_NOMEM, ERR_CRYPTO. */
int receipt_sign(struct receipt *r, const struct identity *server) MUST_CHECK;
/* ERR_SIGNATURE: it is not this server's. */
int receipt_verify(struct crypto *c, const struct receipt *r,
    const uint8_t server[WIRE_ED25519]) MUST_CHECK;

/* Its keys in an object: log, offset, chain, ts, signature. */
void receipt_put(struct json_w *w, const struct receipt *r);
/* ERR_JSON, ERR_BASE64, ERR_RANGE. */
int receipt_get(struct receipt *out, const json_t *o) MUST_CHECK;

#endif
