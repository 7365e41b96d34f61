/* seal.h - sealed rooms (PROTOCOL.md section 5f): what their members derive from
 * the secret of the room, which the server does not have, and the mark by which
 * they know the secret again. Pure; owns no memory of its own. */
#ifndef SHARED_PROTO_SEAL_H
#define SHARED_PROTO_SEAL_H

#include "shared/proto/group.h"

enum {
	SEAL_CHECK = 16, /* bytes */
	/* "seal ", a number, a blank, base64url, and a zero byte */
	SEAL_MARK = 5 + 10 + 1 + 22 + 1,
	SEAL_GENERATION_MAX = 1000000000,
};

/* Of one secret in the room with that log. Wipe it when the room ends. */
struct seal {
	uint8_t key[WIRE_KEY];	   /* mixed into the base of every epoch */
	uint8_t check[SEAL_CHECK]; /* public */
};
/*@ requires \valid(out) && \valid_read(secret + (0 .. WIRE_KEY - 1));
    requires \valid_read(log + (0 .. WIRE_LOG - 1));
    requires \separated(out, secret + (0 .. WIRE_KEY - 1));
    assigns *out; */
int seal_make(struct crypto *c, struct seal *out,
    const uint8_t secret[WIRE_KEY], const uint8_t log[WIRE_LOG]) MUST_CHECK;
void seal_wipe(struct seal *s);

/* The epoch for members' frames: its base is Extract(key, base of *plain), so
 * whoever has only the group's secret has neither keys nor commit of it. */
/*@ requires \valid(out) && \valid_read(plain);
    requires \valid_read(key + (0 .. WIRE_KEY - 1));
    requires \separated(out, plain);
    assigns *out; */
int seal_epoch(struct crypto *c, struct group_epoch *out,
    const struct group_epoch *plain, const uint8_t key[WIRE_KEY]) MUST_CHECK;

/* The mark stands where an open room has its topic: "seal G CHECK", with G the
 * number of the secret, from 1, one more for each new one. decode: false, with
 * nothing changed: the text is no mark; each mark has one spelling. */
struct seal_mark {
	uint32_t generation; /* 1 .. SEAL_GENERATION_MAX */
	uint8_t check[SEAL_CHECK];
};
void seal_mark_encode(char out[SEAL_MARK], const struct seal_mark *m);
bool seal_mark_decode(struct seal_mark *out, const char *text);

#endif
