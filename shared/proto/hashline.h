/* hashline.h - lines of JSON that are chained: the last key of each object is
 * "hash" (PROTOCOL.md section 5e). Pure.
 *   hash = SHA-256 of the hash of the line before || the line up to ,"hash":
 * So a line that was changed, taken out, doubled or moved shows at the next. */
#ifndef SHARED_PROTO_HASHLINE_H
#define SHARED_PROTO_HASHLINE_H

#include "shared/crypto/crypto.h"
#include "shared/wire/bytes.h"

/* What a line ends with: ,"hash":"44 characters"} */
enum { HASHLINE_TAIL = 9 + 44 + 2 };

/* Ends the object that begins at `start` of out: its last brace gives way to the
 * hash, and a line feed follows. *hash is that of the line before, and becomes
 * its own. On an error out ends at `start`, and *hash is unchanged. */
int hashline_end(struct crypto *c, struct buf *out, size_t start,
    uint8_t hash[WIRE_HASH]) MUST_CHECK;
/* Checks that a line, without its line feed, ends with its hash, given that of
 * the line before; *hash becomes its own. ERR_TRUNC, ERR_BASE64: it does not end
 * with one; ERR_MAC: with another. */
int hashline_check(struct crypto *c, uint8_t hash[WIRE_HASH], const char *line,
    size_t n) MUST_CHECK;
/* The hash that a line ends with, unchecked. ERR_TRUNC, ERR_BASE64. */
int hashline_hash(
    uint8_t out[WIRE_HASH], const char *line, size_t n) MUST_CHECK;

#endif
