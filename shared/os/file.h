/* file.h - reading and writing whole files so that neither a crash, another
 * process of ours nor somebody who can write to the folder loses, splits or
 * redirects them. Failures leave a sentence in *why. */
#ifndef SHARED_OS_FILE_H
#define SHARED_OS_FILE_H

#include "shared/os/errmsg.h"
#include "shared/wire/bytes.h"

enum { FILE_MAX = 4 << 20 }; /* bytes of any file but FILE_ANY's */

/* --- where ---------------------------------------------------------------- */

enum file_base {
	FILE_CONFIG_HOME, /* $XDG_CONFIG_HOME, else ~/.config */
	FILE_STATE_HOME,  /* $XDG_STATE_HOME, else ~/.local/state */
};
/* *out is BASE/NAME, the caller's to free. A relative $XDG_ or $HOME is
 * ignored, as the XDG specification asks. ERR_USAGE: there is no home
 * directory. ERR_NOMEM. */
int file_user_path(char **out, enum file_base base, const char *name,
    struct errmsg *why) MUST_CHECK;

/* Makes the folder and those above it that are missing, mode 0700; the second
 * one only those above. ERR_IO, ERR_NOMEM. */
int file_make_folder(const char *path, struct errmsg *why) MUST_CHECK;
int file_make_parents(const char *path, struct errmsg *why) MUST_CHECK;

/* --- reading -------------------------------------------------------------- */

enum file_rules {
	FILE_ANY = 0, /* also a pipe or a device; nothing is checked */
	FILE_OWN = 1, /* a regular file, ours or root's, that nobody else can
			 change, up to FILE_MAX */
	FILE_PRIVATE = 3, /* the same, and nobody else can read it */
	FILE_NO_LINK = 4, /* the last part of the path is no symbolic link */
};
/* Appends the whole file to out, up to out->max. A secret buffer never moves
 * meanwhile. ERR_AGAIN: there is no such file. ERR_LIMIT: it is longer.
 * ERR_IO: it breaks a rule or cannot be read. ERR_NOMEM. */
int file_read(const char *path, unsigned rules, struct buf *out,
    struct errmsg *why) MUST_CHECK;

/* Everybody on this machine may read the file: a password in it is no secret.
 * False also when that cannot be told. */
bool file_others_read(const char *path);

/* --- writing -------------------------------------------------------------- */

enum file_mode {
	FILE_NEW,	 /* ERR_STATE when there is one; it stays as it is */
	FILE_REPLACE,	 /* takes the place of the one that is there */
	FILE_NEW_LOCKED, /* FILE_NEW by the only writer of the folder: removes
			    what a crash left of an earlier try */
};
/* Makes the file, mode 0600, and the folders above it. It is written under
 * another name, synced and renamed: whole or not at all. No symbolic link is
 * followed. ERR_IO, ERR_NOMEM. */
int file_write(const char *path, const void *p, size_t n, enum file_mode mode,
    struct errmsg *why) MUST_CHECK;

/* Under flock(2), by FILE_OWN's rules: shows `edit` the file as it is (empty
 * when there is none) and appends what it puts in *out, in one synced write. */
typedef int file_edit(void *arg, const char *text, size_t n, struct buf *out);
int file_append(const char *path, file_edit *edit, void *arg,
    struct errmsg *why) MUST_CHECK;
/* The same, but what edit puts in *out becomes the whole file. A file that is
 * not there is not made: ERR_AGAIN. */
int file_rewrite(const char *path, file_edit *edit, void *arg,
    struct errmsg *why) MUST_CHECK;

#endif
