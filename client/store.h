/* store.h - the user's own files: where they are, and how they are read and
 * changed so that neither a crash, another client nor somebody with write
 * access to the directory can lose or redirect what is in them.
 *
 * Reading takes only a regular file that belongs to us (or root) and that
 * nobody else can write. Creating never follows a symbolic link. Changes are
 * made under flock(2); a rewrite goes through a new file and rename(2). */
#ifndef CONCLAVE_STORE_H
#define CONCLAVE_STORE_H

#include "shared/wire/bytes.h"
#include "shared/os/errmsg.h"

enum { STORE_MAX = 4 << 20 }; /* bytes of any of these files */

/* Where a sentence about a line that is not understood goes; fn may be NULL. */
struct complain {
	void (*fn)(void *arg, const char *sentence);
	void *arg;
};
void store_complain(const struct complain *c, const char *path, unsigned line,
    const char *what);

/* $XDG_CONFIG_HOME/conclave/FILE, else ~/.config/conclave/FILE. Owned by the
 * caller (free). ERR_USAGE when there is no home directory. */
int store_path(char **out, const char *file, struct errmsg *why) MUST_CHECK;

/* Makes the folders above path that are missing, 0700. */
int store_folder(const char *path, struct errmsg *why) MUST_CHECK;

/* The whole file, appended to out. ERR_AGAIN: there is none. ERR_IO otherwise.
 * `private`: refuses one that group or others can even read. */
int store_read(const char *path, bool private, struct buf *out,
    struct errmsg *why) MUST_CHECK;

/* Under a lock: shows `edit` the file as it is (empty when there is none) and
 * appends what it puts in *add, in one write, synced. */
typedef int store_edit(void *arg, const char *text, size_t n, struct buf *out);
int store_append(
    const char *path, store_edit *edit, void *arg, struct errmsg *why) MUST_CHECK;
/* The same, and what edit puts in *out becomes the whole file, atomically.
 * A file that is not there is not made: ERR_AGAIN. */
int store_rewrite(
    const char *path, store_edit *edit, void *arg, struct errmsg *why) MUST_CHECK;

/* A new file, 0600, whole or not at all. Without `replace` an existing one is
 * left alone and the result is ERR_STATE. */
int store_write(const char *path, const void *p, size_t n, bool replace,
    struct errmsg *why) MUST_CHECK;

/* Today, YYYY-MM-DD, UTC. */
enum { STORE_DATE = 16 };
void store_date(char out[STORE_DATE]);

/* The next line of a text, without its end; false after the last. *text and
 * *n move on. */
bool store_line(const char **text, size_t *n, const char **line, size_t *len);
/* The next word of a line; blanks divide words. */
bool store_word(const char **line, size_t *n, const char **word, size_t *len);

#endif
