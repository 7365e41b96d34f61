/* clock.h - a sentence for somebody whose clock is not ours. Pure. */
#ifndef CONCLAVE_UI_CLOCK_H
#define CONCLAVE_UI_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What clocks and networks differ by without anything being wrong. */
#define CLOCK_SLACK_MS UINT64_C(300000)

/* True when what `name` said just now is dated too far from `now_ms`: the
 * sentence says by how much, and what to do. Names are filtered before. */
bool clock_differs(
    char *out, size_t size, const char *name, uint64_t ts_ms, uint64_t now_ms);

#endif
