/* guess.c - asks zxcvbn how guessable a password is. */
#include "shared/os/guess.h"

#include <stdio.h>
#include <string.h>
#include <zxcvbn.h>

#include "shared/base/secret.h"

/* Its time grows with the cube of the length. */
enum { GUESS_LOOKED_AT = 100 };

double guess_bits(const struct buf *password)
{
	/* Words that everybody would try first. */
	static const char *obvious[] = {"conclave", "lobby", NULL};
	char text[GUESS_LOOKED_AT + 1] = "";
	size_t n = password->len;
	double bits;

	if (n > GUESS_LOOKED_AT)
		n = GUESS_LOOKED_AT;
	memcpy(text, password->p, n);
	bits = ZxcvbnMatch(text, obvious, NULL);
	secret_wipe(text, sizeof(text));
	return bits;
}

void guess_words(char *out, size_t size, const struct buf *password)
{
	double bits = guess_bits(password);
	int digits = (int)(bits * 0.30103) + 1; /* log10(2) */

	if (bits < GUESS_WEAK_BITS)
		snprintf(out, size,
		    "this password is weak: some 10^%d guesses find it; a "
		    "longer one is better",
		    digits);
	else
		snprintf(out, size,
		    "this password is strong: some 10^%d guesses find it",
		    digits < 99 ? digits : 99);
}
