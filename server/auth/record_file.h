/* record_file.h - what the server needs of a password, kept in a file: with it
 * the disk holds no password, only what scrypt makes of one. A text:
 *
 *   conclave-record 1
 *   scrypt N R P        the cost, within crypto_kdf_check's bounds
 *   salt BASE64         32 bytes
 *   w0 BASE64           32 bytes, big-endian: from 1 to the order - 1
 *   l BASE64            65 bytes: a point on P-256, uncompressed
 *   sum BASE64          SHA-256 of the lines above
 *
 * Only this very text is read: a file that differs in one bit is refused. */
#ifndef CONCLAVED_AUTH_RECORD_FILE_H
#define CONCLAVED_AUTH_RECORD_FILE_H

#include "shared/crypto/pake.h"
#include "shared/crypto/random.h"
#include "shared/os/errmsg.h"

enum { RECORD_FILE_MAX = 1024 };

struct record_file {
	struct kdf kdf;
	uint8_t salt[WIRE_NONCE];
	uint8_t w0[PAKE_SCALAR]; /* secret, like l */
	uint8_t l[WIRE_SHARE];
};
void record_file_wipe(struct record_file *f);

/* Stretches a password in NFC (scrypt, seconds) under a new salt. ERR_NOMEM,
 * ERR_KDF, ERR_CRYPTO. */
int record_file_make(struct record_file *out, const struct rng *rng,
    const void *pw, size_t pw_len, const struct kdf *kdf) MUST_CHECK;

/* Appends the text. ERR_NOMEM, ERR_CRYPTO. */
int record_file_encode(struct buf *out, const struct record_file *f) MUST_CHECK;
/* ERR_USAGE: *wrong says what is wrong with the text, such as "it is empty".
 * ERR_NOMEM, ERR_CRYPTO. */
int record_file_decode(struct record_file *out, const char **wrong,
    const void *text, size_t n) MUST_CHECK;

/* Reads a file by the rules FILE_PRIVATE and FILE_NO_LINK of file.h. ERR_AGAIN:
 * there is none. ERR_IO, ERR_LIMIT, ERR_USAGE, ERR_NOMEM, ERR_CRYPTO, with a
 * sentence. */
int record_file_read(
    struct record_file *out, const char *path, struct errmsg *why) MUST_CHECK;

#endif
