/* conf.h - the format of configuration files, parsed with inih:
 *
 *   # a comment; ; also begins one, at the start of a line or after a blank
 *   name = value
 *   name = "a value with # or blanks at its ends; \" and \\ inside"
 *   name = 'the same, without escapes'
 *
 * UTF-8, with or without a byte order mark, lines ending in LF or CR LF; no
 * [sections], no continuation lines, at most CONF_LINE_MAX bytes per
 * line. No value can contain a blank followed by a semicolon. opts.h defines
 * the valid names. */
#ifndef SHARED_OS_CONF_H
#define SHARED_OS_CONF_H

#include "shared/os/errmsg.h"
#include "shared/wire/bytes.h"

enum {
	CONF_LINE_MAX = 190, /* inih's buffer has 200 */
	CONF_FILE_MAX = 64 << 10,
};

/* One setting; all pointers are borrowed for the call. */
struct conf_entry {
	const char *path;
	unsigned line; /* from 1 */
	const char *name, *value;
	bool doubtful; /* not quoted, and the line has a # or ;: part of the
			  value may have been taken for a comment */
};
/* Returns 0, or an error with a sentence in *why, which stops parsing. */
typedef int conf_fn(void *arg, const struct conf_entry *e, struct errmsg *why);

/* Calls fn for each setting in a text, in order. `path` is only for error
 * sentences, which begin with "PATH:LINE: "; fn's errors are passed on
 * unchanged. Copies of the text are wiped. ERR_USAGE, ERR_NOMEM, or fn's
 * error. */
int conf_parse(const char *path, const struct buf *text, conf_fn *fn, void *arg,
    struct errmsg *why) MUST_CHECK;

/* The same for a file. `rules` and errors are those of file_read; ERR_AGAIN:
 * there is no such file. */
int conf_read(const char *path, unsigned rules, conf_fn *fn, void *arg,
    struct errmsg *why) MUST_CHECK;

/* Whether "name = value" written to a file reads back as the same value. */
bool conf_can_hold(const char *name, const char *value);

#endif
