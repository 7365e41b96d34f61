/* export.h - /export: writes the scrollback to a new file. */
#ifndef CONCLAVE_UI_TUI_EXPORT_H
#define CONCLAVE_UI_TUI_EXPORT_H

#include "client/ui/tui/scrollback.h"
#include "shared/os/errmsg.h"

/* Writes all lines to `path` ("~/" is the home directory): as JSON, one object
 * per line, if it ends in .json or .jsonl, else as text. The file is created
 * with mode 0600, and is either complete or absent. Returns ERR_STATE when
 * something exists at the path, including a symbolic link; ERR_USAGE when the
 * helper, which does the writing (NULL: this process does), may not write
 * there; or ERR_IO, ERR_NOMEM, ERR_LIMIT. *n is the number of lines. */
struct helper;
int export_lines(size_t *n, const struct scrollback *ls, struct helper *helper,
    const char *path, struct errmsg *why) MUST_CHECK;

#endif
