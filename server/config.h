/* config.h - a file of `key = value` lines, and small files that hold secrets.
 *
 *   # a comment, alone or after a value
 *   key = value
 *   key = "a value with # or spaces at its ends; \" and \\ inside"
 *   key = 'the same, without escapes'
 *
 * Knows nothing of which keys there are. */
#ifndef CONCLAVED_CONFIG_H
#define CONCLAVED_CONFIG_H

#include "shared/wire/bytes.h"

enum { CONFIG_FILE_MAX = 64 << 10 };

struct config {
	struct buf text;     /* secret: a password may be in it */
	size_t at;	     /* where the next line begins */
	unsigned line;	     /* of what config_next gave last, from 1 */
	bool others_read;    /* everybody on this machine may read the file */
	const char *problem; /* after ERR_USAGE: a sentence */
};

struct config_entry {
	char *key, *value; /* terminated; borrowed from the config */
	bool quoted;
	bool hash; /* an unquoted value has a # or a comment after it */
};

/* ERR_IO (errno says why), ERR_LIMIT: too long, ERR_NOMEM. config_close in
 * any case. */
int config_open(struct config *c, const char *path) MUST_CHECK;
void config_close(struct config *c);
/* 0 and the next line that says something; ERR_AGAIN: no more; ERR_USAGE. */
int config_next(struct config *c, struct config_entry *e) MUST_CHECK;

/* Appends a whole file (or pipe) to a buffer, up to the buffer's maximum. */
int config_read_file(
    struct buf *out, const char *path, bool *others_read) MUST_CHECK;

#endif
