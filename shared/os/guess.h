/* guess.h - how many guesses a password of a person's choice withstands. */
#ifndef SHARED_OS_GUESS_H
#define SHARED_OS_GUESS_H

#include "shared/wire/bytes.h"

/* 10^10 guesses: zxcvbn calls what takes more "very unguessable". */
enum { GUESS_WEAK_BITS = 33 };

/* zxcvbn's estimate of how many guesses find it, as a power of two. */
double guess_bits(const struct buf *password);
/* A sentence about it for whoever has just chosen it: "weak: ..." or
 * "strong: ...". */
void guess_words(char *out, size_t size, const struct buf *password);

#endif
