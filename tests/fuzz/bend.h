/* bend.h - almost valid messages: protocol JSON with an error in its structure
 * or its bytes, and byte strings with an error. Deterministic: the same seed
 * makes the same changes. */
#ifndef CONCLAVE_BEND_H
#define CONCLAVE_BEND_H

#include "shared/wire/json.h"
#include "tests/fuzz/fuzz.h"

/* 0..n-1 */
size_t bend_below(uint64_t *seed, size_t n);

/* Appends `json` (a valid object) with one to three errors in it. */
void bend_json(struct buf *out, uint64_t *seed, const char *json);
/* Changes, truncates, repeats or extends the bytes from `from` on. */
void bend_bytes(struct buf *b, uint64_t *seed, size_t from);

#endif
