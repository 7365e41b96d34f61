/* counters.c - the histogram of loop steps, and sums over threads. */
#include "server/net/counters.h"

#include <stddef.h>

void counters_step(struct counters *c, uint64_t us)
{
	static const uint32_t bounds[COUNTERS_STEPS - 1] = COUNTERS_STEPS_US;
	size_t i = 0;

	while (i < COUNTERS_STEPS - 1 && us > bounds[i])
		i++;
	c->step[i]++;
	c->step_us += us;
}

static void sum(uint64_t *to, const uint64_t *from, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] += from[i];
}

void counters_sum(struct counters *to, const struct counters *from)
{
	sum(to->n, from->n, COUNTERS);
	sum(to->refused, from->refused, CODE_UNKNOWN + 1);
	sum(to->step, from->step, COUNTERS_STEPS);
	sum(&to->step_us, &from->step_us, 1);
}
