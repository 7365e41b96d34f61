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
#include "shared/wire/bytes.h"

enum { SEALED_FILE_SALT = 32, SEALED_FILE_MAGIC_MAX = 64 };

struct sealed_file;
/* For files of one kind. Both texts are borrowed: the magic begins the file, the
 * label separates its keys from those of other kinds. ERR_NOMEM, ERR_CRYPTO. */
int sealed_file_new(struct sealed_file **out, const char *magic,
    const char *label, const struct identity *identity) MUST_CHECK;
void sealed_file_free(struct sealed_file *f); /* wipes; NULL is a no-op */

/* The bytes that a file with this text has more. */
size_t sealed_file_more(const struct sealed_file *f);
/* Adds the whole file to out. */
int sealed_file_seal(struct sealed_file *f, struct buf *out,
    const uint8_t *text, size_t n) MUST_CHECK;
/* Adds the text of a whole file to out, which should be a secret buffer.
 * ERR_USAGE: it begins otherwise; ERR_TRUNC; ERR_MAC: it is damaged, or another
 * identity's. out is unchanged then. */
int sealed_file_open(struct sealed_file *f, struct buf *out,
    const uint8_t *file, size_t n) MUST_CHECK;

#endif
