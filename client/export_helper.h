/* export_helper.h - new files for /export, in one folder. The main process runs
 * in a sandbox (sandbox.h) that cannot tell a user's document from a file that
 * a program reads by itself. A helper process can: it only creates files that
 * do not exist yet, are not executable, are below the folder that the user's
 * settings name, and have a name that no program looks for. It follows no
 * symbolic link below that folder, and does nothing else. */
#ifndef CONCLAVE_EXPORT_HELPER_H
#define CONCLAVE_EXPORT_HELPER_H

#include "client/helper.h"
#include "shared/os/errmsg.h"

/* Whether a name is one to write to: below the folder, of parts that begin with
 * neither a dot nor a dash, and that end in .txt, .log, .md or .jsonl. NULL, or
 * what is wrong with it. */
const char *export_helper_wrong(const char *name);

/* Starts the helper, with its sandbox or without; see helper_new. folder is an
 * absolute path. */
struct helper *export_helper_new(
    const char *folder, bool sandboxed, struct buf *wipe);

/* Creates the file NAME in the folder, and missing folders on the way, done by
 * the helper of that folder; with h NULL, done in this process. The file is
 * complete or absent, and has mode 0600. ERR_STATE: something has that name
 * already. ERR_USAGE: such a name is not written to. ERR_IO, ERR_NOMEM. *why
 * has a sentence. */
int export_helper_write(struct helper *h, const char *folder, const char *name,
    const void *p, size_t n, struct errmsg *why) MUST_CHECK;

#endif
