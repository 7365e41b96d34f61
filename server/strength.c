/* strength.c - warns of a password that is found by guessing. */
#include "server/strength.h"

#include <stdio.h>

#include "shared/os/guess.h"

/* "in 5 hours" for that many guesses; "" if nothing limits them. */
static void strength_time(
    char *out, size_t size, double guesses, uint32_t a_minute)
{
	static const struct {
		double minutes;
		const char *unit;
	} units[] = {{60.0 * 24 * 365, "years"}, {60.0 * 24, "days"},
	    {60.0, "hours"}, {1.0, "minutes"}};
	double minutes = a_minute > 0 ? guesses / a_minute : 0;
	size_t i = 0;

	out[0] = '\0';
	if (a_minute == 0)
		return;
	while (i < 3 && minutes < 2 * units[i].minutes)
		i++;
	if (minutes < 2)
		snprintf(
		    out, size, ", in two minutes at --guesses %u", a_minute);
	else
		snprintf(out, size, ", in %.0f %s at --guesses %u",
		    minutes / units[i].minutes, units[i].unit, a_minute);
}

void strength_warn(
    const struct buf *password, uint32_t guesses_all, const struct logger *log)
{
	double bits = guess_bits(password), guesses = 1;
	char when[80];
	int digits = 0;

	if (bits >= GUESS_WEAK_BITS)
		return;
	for (; bits >= 1; bits--)
		guesses *= 2;
	strength_time(when, sizeof(when), guesses, guesses_all);
	for (; guesses >= 10; guesses /= 10)
		digits++;
	logger_warn(log, "password",
	    "the password is weak: some 10^%d guesses find it%s; choose a "
	    "longer one, or give none and the server makes one",
	    digits + 1, when);
}
