/* cluster.h - what a person reads as one character: a grapheme cluster of UAX
 * #29, as the installed utf8proc knows them. */
#ifndef SHARED_WIRE_CLUSTER_H
#define SHARED_WIRE_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>

/* Whether these bytes are UTF-8 for exactly one cluster that begins with
 * something visible: not with a control or format character, a blank, a line
 * separator, or a mark that needs a character before it. */
bool cluster_one(const char *s, size_t n);

#endif
