/* bend.h - messages that are nearly right: JSON of the protocol with something
 * wrong in its structure or in its bytes, and bytes with something wrong.
 * Deterministic: the same seed bends the same way. */
#ifndef CONCLAVE_BEND_H
#define CONCLAVE_BEND_H

#include "shared/wire/json.h"
#include "tests/fuzz/fuzz.h"

/* 0..n-1 */
size_t bend_below(uint64_t *seed, size_t n);

/* Appends `json` (a good object) with one to three things wrong in it. */
void bend_json(struct buf *out, uint64_t *seed, const char *json);
/* Changes, cuts, repeats or lengthens bytes from `from` on. */
void bend_bytes(struct buf *b, uint64_t *seed, size_t from);

#endif
