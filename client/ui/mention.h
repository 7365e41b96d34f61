/* mention.h - whether a text names somebody. Pure. */
#ifndef CONCLAVE_UI_MENTION_H
#define CONCLAVE_UI_MENTION_H

#include <stdbool.h>
#include <stddef.h>

/* True when `name` (a valid name) occurs in the text as a word, in any case: the
 * characters beside it are neither characters of names nor outside ASCII,
 * except a full stop or hyphen that ends the word. */
bool mention_in(const char *text, size_t n, const char *name);

#endif
