/* sealed_file.h - small secret files of the user, sealed so that whoever has no
 * private key of the identity cannot read them:
 *
 *   magic || salt(32) || AEAD(key, 0, aad = the bytes before it, text)
 *   key = Expand(Extract(label, identity's signature of the label), label || salt)
 *
 * The signature is always the same, and only the identity's private key makes it:
 * such a file is as safe as the identity's, passphrase included. The salt is new
 * each time, so a copy that is restored shares no key with the file it replaces. */
#ifndef CONCLAVE_TRUST_SEALED_FILE_H
#define CONCLAVE_TRUST_SEALED_FILE_H

#include "shared/crypto/crypto.h"
#include "shared/crypto/keys.h"
#include "shared/os/errmsg.h"
#include "shared/wire/bytes.h"

enum { SEALED_FILE_SALT = 32, SEALED_FILE_MAGIC_MAX = 64 };

/* The files of one kind. */
struct sealed_file_kind {
	const char *magic; /* begins the file */
	const char *label; /* separates its keys from those of other kinds */
	const char *lost;  /* for a sentence: what a damaged one means, and what
			      to do */
};

struct sealed_file;
/* The kind is borrowed; the identity is used only here. ERR_NOMEM, ERR_CRYPTO. */
int sealed_file_new(struct sealed_file **out,
    const struct sealed_file_kind *kind,
    const struct identity *identity) MUST_CHECK;
void sealed_file_free(struct sealed_file *f); /* wipes; NULL is a no-op */

/* Reads the file at path, which must be ours alone and no link, and adds its text
 * to out, a secret buffer. A file that does not exist has no text. Earlier versions
 * wrote some kinds in the clear: *clear says that this one is, and its bytes are the
 * text; with clear NULL it counts as damaged. Errors, with a sentence; out is
 * unchanged then: ERR_USAGE: it is damaged, or another identity's; ERR_NOMEM,
 * ERR_CRYPTO, and those of file_read. */
int sealed_file_read(struct sealed_file *f, const char *path, struct buf *out,
    bool *clear, struct errmsg *why) MUST_CHECK;
/* Replaces the file at path by one with this text, which is borrowed; it is safe
 * from a power cut on return. Errors, with a sentence; the old file is still there
 * then: ERR_NOMEM, ERR_CRYPTO, ERR_IO. */
int sealed_file_write(struct sealed_file *f, const char *path,
    const struct buf *text, struct errmsg *why) MUST_CHECK;
/* Sets the sentence of a damaged file, and returns ERR_USAGE. */
int sealed_file_damaged(
    const struct sealed_file *f, const char *path, struct errmsg *why);

/* The same on bytes. Adds the whole file to out. */
int sealed_file_seal(struct sealed_file *f, struct buf *out,
    const uint8_t *text, size_t n) MUST_CHECK;
/* Adds the text of a whole file to out, which should be a secret buffer.
 * ERR_USAGE: it begins otherwise; ERR_TRUNC; ERR_MAC: it is damaged, or another
 * identity's. out is unchanged then. */
int sealed_file_open(struct sealed_file *f, struct buf *out,
    const uint8_t *file, size_t n) MUST_CHECK;

#endif
