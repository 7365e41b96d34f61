#include "client/ui/clock.h"

#include <stdio.h>

bool clock_differs(
    char *out, size_t size, const char *name, uint64_t ts_ms, uint64_t now_ms)
{
	uint64_t off = now_ms > ts_ms ? now_ms - ts_ms : ts_ms - now_ms;
	uint64_t minutes = off / 60000;

	if (off <= CLOCK_SLACK_MS)
		return false;
	snprintf(out, size,
	    "what %s says is dated %llu %s %s this computer's clock: see with "
	    "`date` whether yours is right and set it if not; otherwise it is "
	    "the clock of %s, or somebody plays old messages again",
	    name,
	    (unsigned long long)(minutes < 120	  ? minutes
				 : minutes < 2880 ? minutes / 60
						  : minutes / 1440),
	    minutes < 120    ? "minutes"
	    : minutes < 2880 ? "hours"
			     : "days",
	    now_ms > ts_ms ? "before" : "after", name);
	return true;
}
