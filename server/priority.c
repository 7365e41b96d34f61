/* priority.c - asks the scheduler for short slices, for a lower priority, or for
 * somebody else's turn. */
#include "server/priority.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SLICE_NS = 100000 }; /* the least that the kernel grants */

/* The kernel's first struct sched_attr. glibc has it since 2.41 only. */
struct slice_request {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* 0: the usual length. */
static void slice(uint64_t ns)
{
	struct slice_request a = {.size = sizeof(a), .policy = SCHED_OTHER};

	/* Whoever started it as a real-time or batch process wants that. */
	if (sched_getscheduler(0) != SCHED_OTHER)
		return;
	a.nice = getpriority(PRIO_PROCESS, 0); /* of this thread, in Linux */
	a.runtime = ns;
	(void)syscall(SYS_sched_setattr, 0, &a, 0);
}

void priority_prompt(void)
{
	slice(SLICE_NS);
}

void priority_patient(int nice)
{
	(void)setpriority(
	    PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + nice);
	slice(0);
}

void priority_pass(void)
{
	(void)sched_yield();
}
