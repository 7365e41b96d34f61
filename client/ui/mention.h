/* mention.h - whether a text speaks to somebody. Pure. */
#ifndef CONCLAVE_UI_MENTION_H
#define CONCLAVE_UI_MENTION_H

#include <stdbool.h>
#include <stddef.h>

/* True when `name` (of the form of names, not empty) occurs in the text as a
 * word, whatever its case: neither a character of names nor one outside ASCII
 * stands beside it, but for a full stop or hyphen that ends there. */
bool mention_in(const char *text, size_t n, const char *name);

#endif
