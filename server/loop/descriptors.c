/* descriptors.c - how many files this process may have open. */
#include "server/loop/descriptors.h"

#include <sys/resource.h>

#include "server/net/limits.h"

enum {
	FDS_SPARE = 32, /* listeners, epoll, log, ... */
	FDS_WORKER = 3,
};

void descriptors_raise(const struct server_options *o, const struct logger *log)
{
	struct rlimit l;
	rlim_t want = (rlim_t)o->users_max + 2 * (rlim_t)o->handshakes_max +
		      LIMIT_CLOSING + LIMIT_IN_TRANSIT + FDS_SPARE +
		      (rlim_t)o->workers * FDS_WORKER;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= want)
		return;
	l.rlim_cur = l.rlim_max < want ? l.rlim_max : want;
	if ((setrlimit(RLIMIT_NOFILE, &l) != 0 &&
		getrlimit(RLIMIT_NOFILE, &l) != 0) ||
	    l.rlim_cur < want)
		logger_warn(log, "limits",
		    "this system allows %llu open files; --max-users and "
		    "--handshakes may need %llu",
		    (unsigned long long)l.rlim_cur, (unsigned long long)want);
}
