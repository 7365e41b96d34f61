/* checked.h - what the checker of transcripts says of bytes in memory, for tests. */
#ifndef CONCLAVE_CHECKED_H
#define CONCLAVE_CHECKED_H

#include "client/verify/check.h"

/* Before and after the tests. */
int checked_begin(void **state);
int checked_end(void **state);
int checked_file(const void *p, size_t n); /* a descriptor */
struct check *checked_new(void);
/* Of one whose messages go to `o`, which has no pool and no crypto. */
struct check *checked_told(
    const void *p, size_t n, const struct check_opts *o);
struct check *checked_one(const void *p, size_t n, bool unfinished);
/* Whether it is right, and the number of the first line that is not. */
bool checked_right(const void *p, size_t n, uint64_t *line);
/* It is right; with any bit changed, or cut anywhere, it is not. The same with any
 * line taken out or doubled, or two that changed places. */
void checked_every_bit(const struct buf *b);
void checked_every_line(const struct buf *b);

#endif
