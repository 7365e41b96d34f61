/* records.h - the line format of known_servers and known_people: words
 * separated by blanks, and a sentence for each line that cannot be parsed. */
#ifndef CONCLAVE_TRUST_RECORDS_H
#define CONCLAVE_TRUST_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Receives the sentence about a bad line; fn may be NULL. */
struct complain {
	void (*fn)(void *arg, const char *sentence);
	void *arg;
};
/* c may be NULL. */
void records_complain(const struct complain *c, const char *path, unsigned line,
    const char *what);

/* Returns the next line of a text, without its newline; false after the last.
 * Advances *text and *n. */
bool records_line(const char **text, size_t *n, const char **line, size_t *len);
/* Returns the next word of a line; false when there is none. */
bool records_word(const char **line, size_t *n, const char **word, size_t *len);

/* Today in UTC, YYYY-MM-DD. */
enum { RECORDS_DATE = 16 };
void records_date(char out[RECORDS_DATE]);

#endif
