/* unfinished.h - the files of a server that are not sent or fetched yet, so that a
 * later run of the client goes on with them. Each is a file of its own in the folder
 * `transfers` beside known_servers, readable by nobody else: a sealed_file.h, since
 * it holds the key of the file that moves. Those of earlier versions were in clear,
 * and are sealed when they are found. It is locked as long as a client works on it, so that two clients
 * of a user never move the same file. */
#ifndef CONCLAVE_TRUST_UNFINISHED_H
#define CONCLAVE_TRUST_UNFINISHED_H

#include "client/session/file.h"
#include "shared/crypto/keys.h"

enum { UNFINISHED_MAX = 256 };

struct unfinished;
/* prefix: what the names of this server's and identity's files begin with
 * (server_files_path). A copy is taken; the identity is not needed afterwards. NULL:
 * nothing is kept. ERR_NOMEM, ERR_CRYPTO. */
int unfinished_open(struct unfinished **out, const char *prefix,
    const struct identity *identity, struct errmsg *why) MUST_CHECK;
void unfinished_free(struct unfinished *u); /* unlocks; NULL is a no-op */

/* The next that an earlier run has left and nobody works on: it is ours from then
 * on. False: there are no more. What cannot be read is left alone. */
bool unfinished_next(struct unfinished *u, struct file_record *out);
/* ERR_IO, ERR_LIMIT, with a sentence. */
int unfinished_keep(struct unfinished *u, const struct file_record *r,
    struct errmsg *why) MUST_CHECK;
void unfinished_forget(
    struct unfinished *u, bool own, const uint8_t id[WIRE_ID]);

#endif
