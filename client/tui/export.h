/* export.h - /export: the lines that are kept, as a new file. */
#ifndef CONCLAVE_TUI_EXPORT_H
#define CONCLAVE_TUI_EXPORT_H

#include "client/tui/scrollback.h"
#include "client/why.h"

/* Writes all lines to `path` ("~/" is the home directory): as JSON, one object
 * a line, when it ends in .json or .jsonl, else as text. The file is new, 0600
 * and whole, or not there: ERR_STATE when something is there already, a
 * symbolic link included; ERR_USAGE: the clerk, who writes it (NULL: we do),
 * does not write there; ERR_IO, ERR_NOMEM, ERR_LIMIT. *n is how many. */
struct clerk;
int export_lines(size_t *n, const struct scrollback *ls, struct clerk *clerk,
    const char *path, struct why *why) MUST_CHECK;

#endif
