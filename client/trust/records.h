/* records.h - the lines of known_servers, known_people and other files of
 * the user: words separated by blanks, and comments that begin with #. These files
 * say whom to trust, so a line that is not understood is an error, never skipped. */
#ifndef CONCLAVE_TRUST_RECORDS_H
#define CONCLAVE_TRUST_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/os/errmsg.h"

/* A reader of the text of a file; all pointers are borrowed. */
struct records {
	const char *path; /* for sentences */
	const char *text; /* the text not yet read */
	size_t n;
	unsigned line; /* the number of the line read last, from 1 */
};
/* Starts reading. A byte order mark at the front is skipped. ERR_USAGE: the
 * file is UTF-16. */
int records_begin(struct records *r, const char *path, const void *text,
    size_t n, struct errmsg *why) MUST_CHECK;
/* Returns the next line without its newline; false after the last. The CR of a
 * line that ends in CR LF is left in it, and is a blank for records_word. */
bool records_line(struct records *r, const char **line, size_t *n);

/* Says what no line may hold (a zero byte, a CR inside), or returns NULL. */
const char *records_wrong(const char *line, size_t n);
/* Returns the next word of a line; false when there is none, or only a
 * comment. */
bool records_word(const char **line, size_t *n, const char **word, size_t *len);

/* Takes a word of digits, with no needless zero, as a number. False: it is none, or
 * above max. */
bool records_number(
    const char *word, size_t len, uint64_t max, uint64_t *out);

/* Sets "PATH line N: WHAT: correct the line ...", and returns ERR_USAGE. */
int records_refuse(
    const struct records *r, const char *what, struct errmsg *why);

/* Takes a line that is not blank. ERR_USAGE: it is not understood, and *wrong says
 * why. Other errors are the reader's own. */
typedef int records_fn(
    void *arg, const char *line, size_t n, const char **wrong);
/* Calls fn for the lines of a whole text, until one fails. Errors, with a sentence:
 * those of fn, and ERR_USAGE where records_begin or records_wrong say so. */
int records_each(const char *path, const void *text, size_t n, records_fn *fn,
    void *arg, struct errmsg *why) MUST_CHECK;

/* Today in UTC, YYYY-MM-DD. */
enum { RECORDS_DATE = 16 };
void records_date(char out[RECORDS_DATE]);
/* Takes a word of digits and "-" as a date: only people read it. */
bool records_since(char out[RECORDS_DATE], const char *word, size_t len);

#endif
