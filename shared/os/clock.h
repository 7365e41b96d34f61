/* clock.h - the system's clocks in milliseconds. */
#ifndef SHARED_OS_CLOCK_H
#define SHARED_OS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

uint64_t clock_monotonic_ms(void); /* stops while the machine sleeps */
uint64_t clock_monotonic_us(void); /* the same in microseconds */
uint64_t clock_boot_ms(void);	   /* keeps running during sleep */
uint64_t clock_real_ms(void);	   /* since 1970; may jump */

/* Notices that the time of day was set. Nothing tells a program that its machine
 * is a copy, made by starting a snapshot of memory twice or late; but the time
 * of day is then set, and CLOCK_BOOTTIME, which goes on during sleep, is not.
 * CLOCK_PARTED_MS is more than a leap second. */
enum { CLOCK_PARTED_MS = 2000 };
struct clock_watch {
	int64_t apart_ms; /* real minus boot */
};
void clock_watch_begin(struct clock_watch *w);
/* True if the two have parted since _begin, or since it last returned true. */
bool clock_watch_parted(struct clock_watch *w);

#endif
