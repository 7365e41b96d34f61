/* export.h - /export: the lines that are kept, as a new file. */
#ifndef CONCLAVE_UI_TUI_EXPORT_H
#define CONCLAVE_UI_TUI_EXPORT_H

#include "client/ui/tui/scrollback.h"
#include "shared/os/errmsg.h"

/* Writes all lines to `path` ("~/" is the home directory): as JSON, one object
 * a line, when it ends in .json or .jsonl, else as text. The file is new, 0600
 * and whole, or not there: ERR_STATE when something is there already, a
 * symbolic link included; ERR_USAGE: the helper, who writes it (NULL: we do),
 * does not write there; ERR_IO, ERR_NOMEM, ERR_LIMIT. *n is how many. */
struct helper;
int export_lines(size_t *n, const struct scrollback *ls, struct helper *helper,
    const char *path, struct errmsg *why) MUST_CHECK;

#endif
