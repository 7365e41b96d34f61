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

uint64_t clock_boot_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

uint64_t clock_real_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}
