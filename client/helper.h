/* helper.h - a helper process that creates new files where the user asks, for
 * /export. The main process runs in a sandbox (sandbox.h) that cannot tell a
 * user's document from a file that is executed at the next login. The helper
 * can: it only creates files that do not exist yet and are not executable, with
 * no path component that begins with a dot, and does nothing else. It holds no
 * secret, and exits when the main process does. */
#ifndef CONCLAVE_HELPER_H
#define CONCLAVE_HELPER_H

#include <stddef.h>

#include "shared/os/errmsg.h"

struct helper;

/* Forks. Call while there is only one thread and no secret but `wipe`, which
 * the child wipes (NULL: none). Returns NULL on failure. */
struct buf;
struct helper *helper_new(struct buf *wipe);
void helper_free(struct helper *c); /* NULL is a no-op */

/* Like file_write without `replace`, done by the helper; with c NULL, done in
 * this process. ERR_USAGE: the helper refuses that path. */
int helper_write(struct helper *c, const char *path, const void *p, size_t n,
    struct errmsg *why) MUST_CHECK;

#endif
