/* warden.c - starts the keeper, and starts it again. */
#include "server/store/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/child.h"
#include "shared/os/clock.h"
#include "shared/os/exit.h"

enum {
	PAUSE_MIN_MS = 100,
	PAUSE_MAX_MS = 5000,
	STEADY_MS = 10000, /* a keeper that lived so long was well */
};

struct warden {
	const struct warden_opts *o;
	int relay;    /* its socket */
	pid_t keeper; /* 0: none */
	int life;     /* a pipe whose other end only the keeper has */
	uint64_t begun_ms, pause_ms;
};

/* --- the keeper --------------------------------------------------------------- */

/* Of its three other descriptors, each would keep somebody from seeing an
 * end. */
static void be_keeper(
    const struct warden *w, const int link[2], const int life[2])
{
	const struct warden_opts *o = w->o;
	int r;

	close(w->relay);
	close(link[0]);
	close(life[0]);
	child_title(o->argv, o->title, o->name);
	r = o->run(link[1], &o->keeper, o->limits.keeper, o->limits.arg);
	child_leave(r == 0 ? EXIT_DONE : EXIT_FAILED);
}

static int pass(int to, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte = 0;
	struct iovec one = {&byte, 1};
	struct msghdr m = {.msg_iov = &one,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	struct cmsghdr *c;

	memset(&control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	while (sendmsg(to, &m, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return ERR_IO;
	return 0;
}

static int start_keeper(struct warden *w)
{
	int link[2], life[2], r = ERR_IO;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) != 0)
		return ERR_IO;
	if (pipe2(life, O_CLOEXEC) != 0) {
		close(link[0]);
		close(link[1]);
		return ERR_IO;
	}
	w->begun_ms = clock_monotonic_ms();
	w->keeper = fork();
	if (w->keeper == 0)
		be_keeper(w, link, life);
	close(link[1]);
	close(life[1]);
	w->life = life[0];
	if (w->keeper > 0)
		r = pass(w->relay, link[0]);
	else
		w->keeper = 0;
	close(link[0]);
	if (w->keeper == 0)
		close(w->life);
	return r;
}

static int wait_keeper(struct warden *w)
{
	int status = 0;

	while (waitpid(w->keeper, &status, 0) < 0 && errno == EINTR)
		;
	close(w->life);
	w->keeper = 0;
	return status;
}

/* --- the warden --------------------------------------------------------------- */

/* Whether the relay has ended; waits at most ms for that, or for the keeper to
 * end. */
static bool relay_ended(const struct warden *w, int ms)
{
	struct pollfd p[2] = {
	    {.fd = w->relay, .events = POLLRDHUP}, {.fd = -1}};

	if (w->keeper != 0)
		p[1].fd = w->life;
	while (poll(p, 2, ms) < 0 && errno == EINTR)
		;
	return (p[0].revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static void say_ended(const struct warden *w, int status)
{
	if (WIFSIGNALED(status))
		logger_error(w->o->keeper.log, "store",
		    "%s was ended by signal %d (%s); another is "
		    "started",
		    w->o->who, WTERMSIG(status), strsignal(WTERMSIG(status)));
}

static void serve(struct warden *w)
{
	int err;

	while (!relay_ended(w, 0)) {
		if (w->keeper == 0 && start_keeper(w) != 0) {
			err = errno;
			if (relay_ended(w, 0)) /* it needs none, and said why */
				return;
			logger_error(w->o->keeper.log, "store",
			    "cannot start %s: %s", w->o->who, strerror(err));
		}
		if (w->keeper == 0) {
			if (relay_ended(w, PAUSE_MAX_MS))
				return;
			continue;
		}
		if (relay_ended(w, -1))
			break;
		say_ended(w, wait_keeper(w));
		if (clock_monotonic_ms() - w->begun_ms > STEADY_MS)
			w->pause_ms = PAUSE_MIN_MS;
		if (relay_ended(w, (int)w->pause_ms))
			return;
		w->pause_ms *= 2;
		if (w->pause_ms > PAUSE_MAX_MS)
			w->pause_ms = PAUSE_MAX_MS;
	}
	if (w->keeper != 0)
		(void)wait_keeper(w);
}

static int limit(int (*fn)(void *arg), void *arg)
{
	return fn != NULL ? fn(arg) : 0;
}

static void be_warden(const struct warden_opts *o, int relay)
{
	struct warden w = {.o = o, .relay = relay, .pause_ms = PAUSE_MIN_MS};
	int r;

	child_close_others(relay);
	child_ignore_stops();
	child_title(o->argv, "conclaved: warden", "conclave-warden");
	if ((r = child_to_null()) != 0 ||
	    (r = limit(o->limits.begin, o->limits.arg)) != 0 ||
	    (r = limit(o->limits.warden, o->limits.arg)) != 0)
		child_leave(EXIT_FAILED);
	serve(&w);
	child_leave(EXIT_DONE);
}

int warden_start(const struct warden_opts *o, int *fd)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
	    (pid = fork()) < 0) {
		logger_error(o->keeper.log, "store",
		    "cannot start %s of the state directory: %s", o->who,
		    strerror(errno));
		return ERR_IO;
	}
	if (pid == 0)
		be_warden(o, pair[1]);
	close(pair[1]);
	*fd = pair[0];
	return 0;
}
