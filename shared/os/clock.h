/* clock.h - the system's clocks in milliseconds. */
#ifndef SHARED_OS_CLOCK_H
#define SHARED_OS_CLOCK_H

#include <stdint.h>

uint64_t clock_monotonic_ms(void); /* stops while the machine sleeps */
uint64_t clock_boot_ms(void);	   /* keeps running during sleep */
uint64_t clock_real_ms(void);	   /* since 1970; may jump */

#endif
