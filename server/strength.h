/* strength.h - warns of a password of the owner's choice that is found by
 * guessing. */
#ifndef CONCLAVED_STRENGTH_H
#define CONCLAVED_STRENGTH_H

#include <stdint.h>

#include "server/logger.h"
#include "shared/wire/bytes.h"

/* Warns if the password is weak: how many guesses find it, and how long those
 * take at guesses_all a minute (0: no limit). */
void strength_warn(
    const struct buf *password, uint32_t guesses_all, const struct logger *log);

#endif
