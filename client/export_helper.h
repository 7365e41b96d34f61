/* export_helper.h - a helper process that creates new files where the user
 * asks, for /export. The main process runs in a sandbox (sandbox.h) that cannot
 * tell a user's document from a file that is executed at the next login. The
 * helper can: it only creates files that do not exist yet and are not
 * executable, with no path component that begins with a dot, and does nothing
 * else. */
#ifndef CONCLAVE_EXPORT_HELPER_H
#define CONCLAVE_EXPORT_HELPER_H

#include "client/helper.h"
#include "shared/os/errmsg.h"

/* See helper_new. */
struct helper *export_helper_new(struct buf *wipe);

/* Like file_write without `replace`, done by the helper; with h NULL, done in
 * this process. ERR_USAGE: the helper refuses that path. */
int export_helper_write(struct helper *h, const char *path, const void *p,
    size_t n, struct errmsg *why) MUST_CHECK;

#endif
