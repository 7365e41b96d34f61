/* identity_file.h - the user's identity on disk: an Ed25519 key in PKCS#8 PEM,
 * created at first use, readable only by the user, optionally encrypted with a
 * passphrase. */
#ifndef CONCLAVE_TRUST_IDENTITY_FILE_H
#define CONCLAVE_TRUST_IDENTITY_FILE_H

#include "shared/crypto/keys.h"
#include "shared/os/file.h"

enum { IDENTITY_FILE_PASSPHRASE_MAX = 1024, IDENTITY_FILE_TRIES = 3 };

/* Callback that asks for a passphrase: appends it, without null bytes, to a
 * secret buffer. Returns 0, or an error with a sentence, which aborts. */
struct identity_file_ask {
	int (*fn)(
	    void *arg, struct buf *out, const char *prompt, struct errmsg *why);
	void *arg;
};

/* Loads the identity, or creates one if there is no file (sets *made). Rejects
 * a file that others can read. For an encrypted file, asks up to
 * IDENTITY_FILE_TRIES times. If two clients start at once, one creates the file
 * and the other loads it. */
int identity_file_open(struct identity **out, bool *made, const char *path,
    const struct rng *rng, const struct identity_file_ask *ask,
    struct errmsg *why) MUST_CHECK;

/* Asks for the old passphrase if there is one, then for the new one twice
 * (empty: none), and rewrites the identity with it atomically. */
int identity_file_new_passphrase(const char *path, const struct rng *rng,
    const struct identity_file_ask *ask, struct errmsg *why) MUST_CHECK;

#endif
