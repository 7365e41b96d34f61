/* password.h - the room's password, from where it may come. It is normalized
 * (NFC) and secret. */
#ifndef CONCLAVE_PASSWORD_H
#define CONCLAVE_PASSWORD_H

#include "shared/wire/bytes.h"
#include "shared/os/errmsg.h"

/* Takes the place of what *out has. ERR_USAGE: it cannot be a password. */
int password_take(
    struct buf *out, const char *pw, size_t n, struct errmsg *why) MUST_CHECK;
/* The first line of a file, which may be a pipe. */
int password_file(
    struct buf *out, const char *path, struct errmsg *why) MUST_CHECK;

#endif
