/* escape.h - JSON for a terminal. */
#ifndef CONCLAVE_ESCAPE_H
#define CONCLAVE_ESCAPE_H

#include "shared/bytes.h"

/* Valid JSON from byte `from` on: what the filter would keep from a terminal
 * becomes \uXXXX, which is the same JSON. ERR_NOMEM, ERR_LIMIT: part of it is
 * lost. */
int escape_json(struct buf *out, size_t from) MUST_CHECK;

#endif
