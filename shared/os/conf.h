/* conf.h - the one grammar of configuration files, read with inih:
 *
 *   # a comment, as ; begins one: at the start of a line or after a blank
 *   name = value
 *   name = "a value with # or blanks at its ends; \" and \\ inside"
 *   name = 'the same, without escapes'
 *
 * UTF-8; no [sections], no continued lines, at most CONF_LINE_MAX bytes a
 * line. No value can hold a blank followed by a semicolon. Which names there
 * are is opts.h's. */
#ifndef SHARED_OS_CONF_H
#define SHARED_OS_CONF_H

#include "shared/os/errmsg.h"
#include "shared/wire/bytes.h"

enum {
	CONF_LINE_MAX = 190, /* inih's buffer has 200 */
	CONF_FILE_MAX = 64 << 10,
};

/* One setting; everything is borrowed for the call. */
struct conf_entry {
	const char *path;
	unsigned line; /* from 1 */
	const char *name, *value;
	bool doubtful; /* not quoted, and the line has a # or ; in it: a part
			  may have been taken for a comment */
};
/* Returns 0, or an error with a sentence in *why, which ends the reading. */
typedef int conf_fn(void *arg, const struct conf_entry *e, struct errmsg *why);

/* Calls fn for each setting of a text, in order. path is for the sentences,
 * which begin with "PATH:LINE: "; fn's own are passed on as they are. The
 * bytes of the text that were copied are wiped. ERR_USAGE, ERR_NOMEM, fn's. */
int conf_parse(const char *path, const struct buf *text, conf_fn *fn, void *arg,
    struct errmsg *why) MUST_CHECK;

/* The same for a file; rules are those of file_read, and so are the errors:
 * ERR_AGAIN when there is no such file. */
int conf_read(const char *path, unsigned rules, conf_fn *fn, void *arg,
    struct errmsg *why) MUST_CHECK;

/* Whether "name = value" in a file would give back the same value. */
bool conf_can_hold(const char *name, const char *value);

#endif
