/* helper.h - a process beside ours that makes new files where the user says,
 * for /export. Ours is in a cage (cage.h) that cannot tell a file of the
 * user's from one that is run at his next login; the helper can: it makes files
 * that are not there yet, in no folder and under no name that begins with a
 * dot, not to be executed, and does nothing else. It knows no secret, and ends
 * when we do. */
#ifndef CONCLAVE_HELPER_H
#define CONCLAVE_HELPER_H

#include <stddef.h>

#include "shared/os/errmsg.h"

struct helper;

/* Forks: to be called while there is one thread and no secret but `wipe`,
 * which the child wipes (NULL: none). NULL when it cannot be. */
struct buf;
struct helper *helper_new(struct buf *wipe);
void helper_free(struct helper *c); /* NULL is a no-op */

/* As file_write without `replace`, by the helper; of c NULL, by ourselves.
 * ERR_USAGE: he does not write there. */
int helper_write(struct helper *c, const char *path, const void *p, size_t n,
    struct errmsg *why) MUST_CHECK;

#endif
