/* purge_file.h - what the user has asked to be destroyed in a server's rooms and the
 * server has not answered: so what was asked for is done, also after the client was
 * killed.
 *
 * One file for each server and identity, in the folder `purges` beside
 * known_servers, readable by nobody else: a sealed_file.h, so that nobody but the
 * user can have something destroyed by it. Its text has lines
 *   ROOM LOG OFFSET        an entry
 *   ROOM LOG 0 ID          an edit on its way
 * with LOG in base64url and ID in base64, the oldest first. Several clients of the
 * user may write it. */
#ifndef CONCLAVE_TRUST_PURGE_FILE_H
#define CONCLAVE_TRUST_PURGE_FILE_H

#include "client/session/purges.h"
#include "shared/crypto/keys.h"
#include "shared/os/errmsg.h"

struct purge_file;
/* Reads the file; one that does not exist is empty. Takes a copy of the path. The
 * identity is used only here. Errors, with a sentence: it cannot be read, is not
 * ours alone; or (ERR_USAGE) it is damaged, another identity's, or has a line that
 * is not understood: then *out knows nothing, and its next flush replaces the
 * file. */
int purge_file_open(struct purge_file **out, const char *path,
    const struct identity *identity, struct errmsg *why) MUST_CHECK;
void purge_file_free(struct purge_file *f); /* NULL is a no-op */

/* For session_opts. f NULL: nothing is kept. */
struct purges_ops purge_file_ops(struct purge_file *f);
/* Writes what has changed since, if something has, safe from a power cut. An error
 * is told once for each change. f NULL: a no-op. */
int purge_file_flush(struct purge_file *f, struct errmsg *why) MUST_CHECK;

#endif
