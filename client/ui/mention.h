/* mention.h - detects whether a text mentions a name. Pure. */
#ifndef CONCLAVE_UI_MENTION_H
#define CONCLAVE_UI_MENTION_H

#include <stdbool.h>
#include <stddef.h>

/* True when `name` (a valid name) occurs in the text as a whole word; case is
 * ignored. A character next to the word may be neither a name character nor
 * outside ASCII, except that a full stop or hyphen may end the word. */
bool mention_in(const char *text, size_t n, const char *name);

#endif
