/* keyfile.h - the user's identity on disk: an Ed25519 key in PKCS#8 PEM, made
 * at first use, readable by the user alone, with a passphrase or without. */
#ifndef CONCLAVE_TRUST_IDENTITY_FILE_H
#define CONCLAVE_TRUST_IDENTITY_FILE_H

#include "shared/crypto/keys.h"
#include "shared/os/file.h"

enum { IDENTITY_FILE_PASSPHRASE_MAX = 1024, IDENTITY_FILE_TRIES = 3 };

/* Who knows passphrases: appends one, without a zero byte, to a secret buffer.
 * 0, or an error with a sentence, which ends the asking. */
struct identity_file_ask {
	int (*fn)(
	    void *arg, struct buf *out, const char *prompt, struct errmsg *why);
	void *arg;
};

/* Loads the identity, or makes one when there is no file (*made). A file that
 * others can read is refused. Encrypted: asks up to IDENTITY_FILE_TRIES times. Of
 * two clients that start at once one makes it and the other loads that. */
int identity_file_open(struct identity **out, bool *made, const char *path,
    const struct rng *rng, const struct identity_file_ask *ask,
    struct errmsg *why) MUST_CHECK;

/* Asks the old passphrase if there is one, the new one twice (empty: none),
 * and puts the identity back under it, atomically. */
int identity_file_new_passphrase(const char *path, const struct rng *rng,
    const struct identity_file_ask *ask, struct errmsg *why) MUST_CHECK;

#endif
