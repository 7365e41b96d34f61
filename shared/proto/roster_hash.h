/* roster_hash.h - the roster of an epoch: a digest of all members that are
 * present, which every signature of the epoch covers (PROTOCOL.md sections 4
 * and 5). A relay that hides or invents a member makes signatures fail.
 *
 *   H over all present members, ascending by member, of
 *     u32 member || u8 length of name || name || identity(32) || H(card)(32) */
#ifndef SHARED_PROTO_ROSTER_HASH_H
#define SHARED_PROTO_ROSTER_HASH_H

#include "shared/crypto/crypto.h"
#include "shared/proto/users.h"

struct roster_hash;
/* The crypto is borrowed. NULL: no memory. */
struct roster_hash *roster_hash_new(struct crypto *c);
void roster_hash_free(struct roster_hash *h); /* NULL is a no-op */
/* Adds the next member. ERR_USAGE: not above the one before. */
int roster_hash_add(struct roster_hash *h, const struct user *u) MUST_CHECK;
/* The digest of all members added so far. */
int roster_hash_get(
    const struct roster_hash *h, uint8_t out[WIRE_HASH]) MUST_CHECK;

#endif
