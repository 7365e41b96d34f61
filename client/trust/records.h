/* records.h - the lines of known_servers and known_people: words divided by
 * blanks, and a sentence for a line that is not understood. */
#ifndef CONCLAVE_TRUST_RECORDS_H
#define CONCLAVE_TRUST_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Where the sentence about a bad line goes; fn may be NULL. */
struct complain {
	void (*fn)(void *arg, const char *sentence);
	void *arg;
};
/* c may be NULL. */
void records_complain(const struct complain *c, const char *path, unsigned line,
    const char *what);

/* The next line of a text, without its end; false after the last. *text and
 * *n move on. */
bool records_line(const char **text, size_t *n, const char **line, size_t *len);
/* The next word of a line; false when there is none. */
bool records_word(const char **line, size_t *n, const char **word, size_t *len);

/* Today in UTC, YYYY-MM-DD. */
enum { RECORDS_DATE = 16 };
void records_date(char out[RECORDS_DATE]);

#endif
