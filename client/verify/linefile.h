/* linefile.h - the lines of an open file, a batch at a time, in constant memory. */
#ifndef CONCLAVE_VERIFY_LINEFILE_H
#define CONCLAVE_VERIFY_LINEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/err.h"

enum { LINEFILE_BATCH = 512 };

struct line {
	const char *p; /* without the line feed */
	size_t n;
};
struct linefile;
struct linefile *linefile_new(
    int fd); /* the descriptor is borrowed; NULL: no memory */
void linefile_free(struct linefile *l); /* NULL is a no-op */
/* The next lines, valid until the next call; *n is 0 at the end of the file.
 * *cut: the file ends amid a line, which is not among them. ERR_IO with errno;
 * ERR_LIMIT: a line is longer than TRANSCRIPT_LINE_MAX. */
int linefile_next(struct linefile *l, const struct line **out, size_t *n,
    bool *cut) MUST_CHECK;
uint64_t linefile_read(const struct linefile *l); /* bytes so far */

#endif
