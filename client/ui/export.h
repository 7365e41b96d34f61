/* export.h - /export: writes the scrollback to a new file. */
#ifndef CONCLAVE_UI_EXPORT_H
#define CONCLAVE_UI_EXPORT_H

#include "client/ui/scrollback.h"
#include "shared/os/errmsg.h"

/* Writes all lines to a new file in the folder: as JSON, one object per line, if
 * it ends in .jsonl, else as text. `name` is below the folder; the folder's own
 * path may stand before it. Returns what export_helper_write does, or ERR_LIMIT.
 * *n is the number of lines, and *path the file's, which the caller frees. */
struct helper;
int export_lines(size_t *n, char **path, const struct scrollback *ls,
    struct helper *helper, const char *folder, const char *name,
    struct errmsg *why) MUST_CHECK;

#endif
