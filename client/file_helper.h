/* file_helper.h - opens the files that the user sends and gets. The main process
 * runs in a sandbox (sandbox.h) that keeps it from the user's files; a helper
 * process opens these for it, and does nothing else.
 *
 * Sent is a regular file below the folder named in the settings, or below the home
 * and the current folder, through no hidden file or folder: no key, configuration
 * or cookie leaves this machine, even if an attacker takes over the main process.
 *
 * Saved is a file of one folder. While it is incomplete it is NAME.part; it never
 * replaces another file, and is neither executable nor readable by others. */
#ifndef CONCLAVE_FILE_HELPER_H
#define CONCLAVE_FILE_HELPER_H

#include <stdint.h>

#include "client/file_name.h"
#include "client/helper.h"
#include "shared/os/errmsg.h"

enum {
	FILE_HELPER_PATH_MAX = 3072,
	FILE_HELPER_PART = FILE_NAME_SIZE + 24, /* a name, a number, ".part" */
};

struct file_folders {
	const char *save; /* absolute */
	const char *send; /* absolute; NULL: the home and the current folder */
};
/* Starts the helper, with its sandbox or without; see helper_new. Borrowed. */
struct helper *file_helper_new(
    const struct file_folders *f, bool sandboxed, struct buf *wipe);

/* All of these do it in this process with h NULL. ERR_IO, ERR_USAGE, ERR_STATE,
 * ERR_NOMEM, with a sentence. *fd is the caller's. */

/* Opens a file to be sent. A relative path is below the current folder, "~/" is
 * the home. *path (FILE_HELPER_PATH_MAX bytes) is its real path. ERR_USAGE: it
 * is not there, or is no file to be sent. */
int file_helper_send(struct helper *h, const struct file_folders *f,
    const char *name, char *path, int *fd, struct errmsg *why) MUST_CHECK;
/* Creates an empty NAME.part, or with a number if there is one; `name` is safe. */
int file_helper_new_part(struct helper *h, const struct file_folders *f,
    const char *name, char part[FILE_HELPER_PART], int *fd,
    struct errmsg *why) MUST_CHECK;
/* Opens such a file again. ERR_STATE: another program is writing it. */
int file_helper_old_part(struct helper *h, const struct file_folders *f,
    const char *part, int *fd, struct errmsg *why) MUST_CHECK;
/* The part is complete: it gets the name, or one with a number if that is taken.
 * *path (FILE_HELPER_PATH_MAX bytes) is its path. */
int file_helper_finish(struct helper *h, const struct file_folders *f,
    const char *part, const char *name, char *path,
    struct errmsg *why) MUST_CHECK;
/* Removes the part. */
int file_helper_drop(struct helper *h, const struct file_folders *f,
    const char *part, struct errmsg *why) MUST_CHECK;

#endif
