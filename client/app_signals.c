/* app_signals.c - the signals that end the client, or resize its window. */
#include "client/app_signals.h"

#include <sys/signalfd.h>

#include "shared/os/signals.h"

int app_signals_open(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t set;

	sigemptyset(&set);
	signals_take(&set, ends, sizeof(ends) / sizeof(ends[0]));
	/* Nobody ignores this one on purpose: that is its default action. */
	sigaddset(&set, SIGWINCH);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}
