/* clock.c - the system's clocks in milliseconds. */
#include "shared/os/clock.h"

#include <time.h>

static uint64_t clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t clock_monotonic_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

uint64_t clock_monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t clock_boot_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

uint64_t clock_real_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

static int64_t apart_ms(void)
{
	return (int64_t)(clock_real_ms() - clock_boot_ms());
}

void clock_watch_begin(struct clock_watch *w)
{
	w->apart_ms = apart_ms();
}

bool clock_watch_parted(struct clock_watch *w)
{
	int64_t now = apart_ms(), by = now - w->apart_ms;

	if (by <= CLOCK_PARTED_MS && by >= -CLOCK_PARTED_MS)
		return false;
	w->apart_ms = now;
	return true;
}
