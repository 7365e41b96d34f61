/* signals.c - how both programs begin with signals. */
#include "shared/os/signals.h"

int signals_begin(void)
{
	static const int ignored[] = {SIGPIPE, SIGXFSZ};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction normal = {.sa_handler = SIG_DFL};
	sigset_t none;
	size_t i;
	int r = 0;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (sigaction(ignored[i], &ignore, NULL) != 0)
			r = ERR_IO;
	if (sigaction(SIGCHLD, &normal, NULL) != 0)
		r = ERR_IO;
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		r = ERR_IO;
	return r;
}

bool signals_ignored(int sig)
{
	struct sigaction now;

	return sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void signals_take(sigset_t *set, const int *sigs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!signals_ignored(sigs[i]))
			sigaddset(set, sigs[i]);
}
