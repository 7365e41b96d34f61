/* url.h - finds addresses in a text, to underline them and to keep them whole.
 * Pure. */
#ifndef CONCLAVE_UI_URL_H
#define CONCLAVE_UI_URL_H

#include <stdbool.h>
#include <stddef.h>

/* The address that begins at s: a scheme that we know and what follows it up to
 * a blank or the end of the line, without the punctuation of the sentence around
 * it. Returns its length, 0 if there is none. */
size_t url_here(const char *s, size_t n);

/* The first address of a text that ends after byte `from`: [*at, *at + *len).
 * False: there is none. */
bool url_next(const char *s, size_t n, size_t from, size_t *at, size_t *len);

#endif
