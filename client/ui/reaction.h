/* reaction.h - reactions as people type and see them without emoji. Pure. */
#ifndef CONCLAVE_UI_REACTION_H
#define CONCLAVE_UI_REACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/wire/wire.h"

/* The reaction that somebody types as +1, -1, <3, :) or ok; any other text as
 * it is. */
void reaction_typed(const char **text, size_t *n);

/* How a reaction is shown: filtered, or in ASCII as it is typed. Empty for an
 * empty one only. */
enum { REACTION_SHOWN = 3 * WIRE_REACTION_MAX + 1 };
void reaction_shown(
    char out[REACTION_SHOWN], const char *with, size_t n, bool ascii);

#endif
