/* password.h - the room's password, from an argument or a file. */
#ifndef SHARED_OS_PASSWORD_H
#define SHARED_OS_PASSWORD_H

#include "shared/os/errmsg.h"
#include "shared/os/opts.h"
#include "shared/wire/bytes.h"

enum password_lines {
	PASSWORD_ONLY_LINE,  /* reject a file of several lines */
	PASSWORD_FIRST_LINE, /* ignore further lines */
};

/* Describes a valid password in error sentences: "give 1 to 1024 bytes of
 * ...". */
extern const char password_expects[];

/* Replaces the contents of *out, a secret buffer, with the password in NFC. A
 * newline at its end and a byte order mark at its beginning are not part of it:
 * files and programs add them. ERR_USAGE: it cannot be a password. ERR_NOMEM. */
int password_take(struct buf *out, const char *pw, size_t n) MUST_CHECK;
/* Says why password_take refused it: "it is empty", ... */
const char *password_wrong(const char *pw, size_t n);

/* The same from a file or pipe. Warns on standard
 * error, as `program`, if every user on the machine can read the file.
 * ERR_USAGE, ERR_IO, ERR_NOMEM, with a sentence. */
int password_file(struct buf *out, const char *path, enum password_lines lines,
    const char *program, struct errmsg *why) MUST_CHECK;

/* Reads the password from the file `path` into *out when the option
 * password-file comes from a higher source than the option password; otherwise
 * leaves *out alone. ERR_USAGE: one source gives both. Or password_file's
 * errors. */
int password_resolve(struct buf *out, const struct opts *m, const char *path,
    enum password_lines lines, struct errmsg *why) MUST_CHECK;

/* Warns "everybody on this machine can read the password in PATH: chmod 600
 * PATH" if that is so. */
void password_warn(const char *path, const char *program);

#endif
