/* roll.h - the people of a room by name, for lists: somebody with several
 * connections is there once. */
#ifndef CONCLAVE_UI_ROLL_H
#define CONCLAVE_UI_ROLL_H

#include <stddef.h>

#include "client/session/person.h"

/* Above this many connections each is listed by itself, because finding the same
 * names takes the square of their number. */
enum { ROLL_MAX = 256 };

/* The i-th of n connections: NULL if an earlier one has its name. Otherwise one to
 * show for all of that name, the user's own or one with a changed key before
 * others, and in *same how many there are. */
const struct person *roll_person(
    const struct person *p, size_t n, size_t i, size_t *same);

#endif
