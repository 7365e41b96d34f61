/* prekeys.h - the user's own prekeys, by which direct messages reach this device
 * while it is away, and which of those messages were shown (direct_ids.h).
 *
 * One file for each server and identity, in the folder `direct` beside
 * known_servers, readable by nobody else: a sealed_file.h of
 *   pairs: u8 once || u64 made || u64 ends || key(32) || private key(32)
 *
 * Only one program at a time has a device's direct messages: it holds a lock. */
#ifndef CONCLAVE_TRUST_PREKEYS_H
#define CONCLAVE_TRUST_PREKEYS_H

#include "client/session/direct_ops.h"
#include "shared/crypto/keys.h"
#include "shared/os/errmsg.h"

enum { PREKEYS_MAX = 256 };

struct prekeys;
/* Reads both files; those that do not exist are empty. Takes a copy of the path;
 * the identity is borrowed. Errors, with a sentence: ERR_STATE: another program
 * has them; ERR_IO, ERR_USAGE: a file cannot be read, is not ours alone or is
 * damaged; ERR_NOMEM, ERR_CRYPTO. */
int prekeys_open(struct prekeys **out, const char *path,
    const struct identity *identity, struct errmsg *why) MUST_CHECK;
void prekeys_free(struct prekeys *p); /* wipes; NULL is a no-op */

/* The user does not accept the server's key, on a first visit: removes the files, and
 * writes them no more. NULL is a no-op. */
void prekeys_forget(struct prekeys *p);
/* For session_opts; p NULL: there are no direct messages. */
struct direct_ops prekeys_ops(struct prekeys *p);
/* The last change was not written: why, once until one is. */
bool prekeys_failed(struct prekeys *p, struct errmsg *why);

#endif
