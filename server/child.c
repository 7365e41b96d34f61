/* child.c - what every process that the server forks does first and last. */
#include "server/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shared/os/harden.h"

enum { FD_MAX = 65536 };

/* Some containers refuse close_range. */
static void close_each(unsigned from, unsigned to)
{
	struct rlimit most;
	unsigned fd;

	if (close_range(from, to, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_cur > FD_MAX)
		most.rlim_cur = FD_MAX;
	for (fd = from; fd <= to && fd < most.rlim_cur; fd++)
		close((int)fd);
}

void child_close_others(int but)
{
	unsigned fd = (unsigned)but;

	if (fd > 3)
		close_each(3, fd - 1);
	close_each(fd + 1, ~0u);
}

int child_to_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), r = 0;

	if (fd < 0)
		return 0; /* a bare chroot */
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		r = ERR_IO;
	if (fd > STDERR_FILENO)
		close(fd);
	return r;
}

/* The arguments follow each other; one that held a password is shorter than it was
 * by now. */
void child_title(char **argv, const char *title, const char *name)
{
	char *at, *end;
	size_t i;

	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
	if (argv == NULL || argv[0] == NULL)
		return;
	at = end = argv[0];
	for (i = 0; argv[i] != NULL; i++)
		if (argv[i] >= end)
			end = argv[i] + strlen(argv[i]) + 1;
	memset(at, 0, (size_t)(end - at));
	strncpy(at, title, (size_t)(end - at) - 1);
}

void child_ignore_stops(void)
{
	static const int sigs[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		signal(sigs[i], SIG_IGN);
}

void child_leave(int status)
{
	if (harden_measured())
		exit(status); /* writes its coverage */
	_exit(status);
}
