/* file.h - reads and writes whole files so that no crash, no other process of
 * ours and no attacker who can write to the folder can lose, truncate or
 * redirect them. Failures leave a sentence in *why. */
#ifndef SHARED_OS_FILE_H
#define SHARED_OS_FILE_H

#include "shared/os/errmsg.h"
#include "shared/wire/bytes.h"

enum { FILE_MAX = 4 << 20 }; /* bytes, except for FILE_ANY */

/* --- where ---------------------------------------------------------------- */

/* $HOME, or the home directory in the user database if that is not set or
 * relative; NULL if there is none. Borrowed until the next call. */
const char *file_home(void);

enum file_base {
	FILE_CONFIG_HOME, /* $XDG_CONFIG_HOME, else ~/.config */
	FILE_STATE_HOME,  /* $XDG_STATE_HOME, else ~/.local/state */
};
/* Sets *out to BASE/NAME, which the caller frees. A relative $XDG_ variable or
 * $HOME is ignored, as the XDG specification requires. ERR_USAGE: there is no
 * home directory. ERR_NOMEM. */
int file_user_path(char **out, enum file_base base, const char *name,
    struct errmsg *why) MUST_CHECK;

/* Creates the folder and its missing parents with mode 0700; file_make_parents
 * creates only the parents. ERR_IO, ERR_NOMEM. */
int file_make_folder(const char *path, struct errmsg *why) MUST_CHECK;
int file_make_parents(const char *path, struct errmsg *why) MUST_CHECK;

/* --- reading -------------------------------------------------------------- */

enum file_rules {
	FILE_ANY = 0, /* allows a pipe or a device; checks nothing */
	FILE_OWN = 1, /* a regular file of ours or root's, writable by nobody
			 else, at most FILE_MAX */
	FILE_PRIVATE = 3, /* FILE_OWN, and readable by nobody else */
	FILE_NO_LINK = 4, /* the last path component is not a symlink */
};
/* Appends the whole file to out, up to out->max. A secret buffer is never
 * reallocated meanwhile. ERR_AGAIN: there is no such file. ERR_LIMIT: it is too
 * long. ERR_IO: it breaks a rule, cannot be read, or is a symbolic link to
 * nothing. ERR_NOMEM. */
int file_read(const char *path, unsigned rules, struct buf *out,
    struct errmsg *why) MUST_CHECK;

/* Whether every user on this machine can read the file, so that a password in
 * it is no secret. False also if that cannot be determined. */
bool file_others_read(const char *path);

/* --- writing -------------------------------------------------------------- */

/* What an errno of a write means, for a sentence. */
const char *file_error(int error);

/* All n bytes, over interruptions and short calls. ERR_IO, with errno; of a read
 * also ERR_STATE: the file ends before. */
int file_write_all(int fd, const void *p, size_t n) MUST_CHECK;
int file_write_at(int fd, const void *p, size_t n, uint64_t at) MUST_CHECK;
int file_read_at(int fd, void *p, size_t n, uint64_t at) MUST_CHECK;
/* What was written is on the disk, or the file system knows no such thing. ERR_IO,
 * with errno. */
int file_sync(int fd) MUST_CHECK;

/* Locks an open file or folder with flock(2). ERR_STATE: somebody else has it,
 * and `wait` is false. ERR_AGAIN: there are no locks on this file system.
 * ERR_IO, with errno. */
int file_lock(int fd, bool wait) MUST_CHECK;

enum file_mode {
	FILE_NEW,	 /* ERR_STATE if the file exists; it is kept */
	FILE_REPLACE,	 /* replaces an existing file */
	FILE_CACHE,	 /* FILE_REPLACE without waiting for the disk, for what
			    can be had again: after a power cut the file may
			    have any content */
	FILE_NEW_LOCKED, /* FILE_NEW for a folder's only writer: also removes
			    the leftovers of a crashed attempt */
};
/* Creates the file with mode 0600, and its parent folders. It is written under
 * a temporary name, synced and renamed, so it is complete or absent. Symlinks
 * are not followed. ERR_IO, ERR_NOMEM. */
int file_write(const char *path, const void *p, size_t n, enum file_mode mode,
    struct errmsg *why) MUST_CHECK;

/* Locks the file, where the file system has locks, and checks it by FILE_OWN's rules. Passes its
 * text (empty if missing) to `edit`, and appends *out in one synced write. */
typedef int file_edit(void *arg, const char *text, size_t n, struct buf *out);
int file_append(const char *path, file_edit *edit, void *arg,
    struct errmsg *why) MUST_CHECK;
/* The same, but *out replaces the whole file. A missing file is not created:
 * ERR_AGAIN. */
int file_rewrite(const char *path, file_edit *edit, void *arg,
    struct errmsg *why) MUST_CHECK;

#endif
