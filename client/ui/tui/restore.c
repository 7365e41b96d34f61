/* restore.c - signal and exit handlers that restore the terminal. */
#include "client/ui/tui/restore.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Always clean up after a crash; handle a termination signal only if nobody
 * else (app.c) does. */
static const struct {
	int sig;
	bool crash;
} ends[] = {
    {SIGSEGV, true},
    {SIGBUS, true},
    {SIGILL, true},
    {SIGFPE, true},
    {SIGABRT, true},
    {SIGTERM, false},
    {SIGHUP, false},
    {SIGINT, false},
    {SIGQUIT, false},
};
enum { N_ENDS = sizeof(ends) / sizeof(ends[0]), STACK_SIZE = 32768 };

/* For a terminal that is slow, or that nobody reads. */
enum { WAIT_MS = 1000 };

/* This is the only global state: a signal handler gets no argument. It is
 * written only while `armed` is 0. */
static struct {
	volatile sig_atomic_t armed;
	pid_t pid; /* a forked child must not restore the terminal */
	int fd, wake;
	struct termios saved;
	char sequence[RESTORE_MAX];
	size_t n;
	bool at_exit;
	struct sigaction old[N_ENDS], old_stop, old_cont, old_quit;
	stack_t old_stack;
	_Alignas(16) char stack[STACK_SIZE]; /* for a stack overflow */
} state;

static void give_back(void)
{
	struct pollfd room = {state.fd, POLLOUT, 0};
	size_t done = 0;
	ssize_t r;

	if (!state.armed || state.pid != getpid())
		return;
	state.armed = 0;
	while (done < state.n) {
		r = write(state.fd, state.sequence + done, state.n - done);
		if (r <= 0 && (errno != EAGAIN || poll(&room, 1, WAIT_MS) < 1))
			break;
		done += r > 0 ? (size_t)r : 0;
	}
	tcsetattr(state.fd, TCSANOW, &state.saved);
}

static void on_end(int sig)
{
	int i, e = errno;

	give_back();
	for (i = 0; i < N_ENDS; i++)
		if (ends[i].sig == sig)
			sigaction(sig, &state.old[i], NULL);
	/* The signal is blocked inside this handler: it is delivered again, to
	 * its original handler, as soon as we return. */
	raise(sig);
	errno = e;
}

static void on_wake(int sig)
{
	int e = errno;
	char c = sig == SIGTSTP ? 'z' : 'c';

	/* If the pipe is full, the loop has been woken already. */
	if (write(state.wake, &c, 1) < 0)
		errno = e;
	errno = e;
}

void restore_look(void)
{
	int i;

	for (i = 0; i < N_ENDS; i++)
		sigaction(ends[i].sig, NULL, &state.old[i]);
	sigaction(SIGTSTP, NULL, &state.old_stop);
	sigaction(SIGCONT, NULL, &state.old_cont);
}

static void handle(int sig, void (*fn)(int), int flags)
{
	struct sigaction sa = {.sa_handler = fn, .sa_flags = flags};

	sigfillset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

int restore_arm(int fd, const struct termios *saved, const char *sequence,
    size_t n, int wake)
{
	stack_t ss = {.ss_sp = state.stack, .ss_size = STACK_SIZE};
	int i;

	if (n > RESTORE_MAX)
		return ERR_LIMIT;
	state.pid = getpid();
	state.fd = fd;
	state.wake = wake;
	state.saved = *saved;
	memcpy(state.sequence, sequence, n);
	state.n = n;
	state.armed = 1;
	if (!state.at_exit)
		state.at_exit = atexit(give_back) == 0;
	sigaltstack(&ss, &state.old_stack);
	for (i = 0; i < N_ENDS; i++)
		if (ends[i].crash || state.old[i].sa_handler == SIG_DFL)
			handle(ends[i].sig, on_end, SA_ONSTACK);
	if (restore_can_stop())
		handle(SIGTSTP, on_wake, SA_RESTART);
	handle(SIGCONT, on_wake, SA_RESTART);
	return 0;
}

void restore_disarm(void)
{
	int i;

	if (!state.armed)
		return;
	state.armed = 0;
	for (i = 0; i < N_ENDS; i++)
		if (ends[i].crash || state.old[i].sa_handler == SIG_DFL)
			sigaction(ends[i].sig, &state.old[i], NULL);
	sigaction(SIGTSTP, &state.old_stop, NULL);
	sigaction(SIGCONT, &state.old_cont, NULL);
	sigaltstack(&state.old_stack, NULL);
}

void restore_now(void)
{
	if (!state.armed)
		return;
	give_back();
	state.armed = 1;
	restore_disarm();
}

void restore_lend(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGQUIT, &ignore, &state.old_quit);
}

void restore_take(void)
{
	sigaction(SIGQUIT, &state.old_quit, NULL);
}

bool restore_can_stop(void)
{
	return state.old_stop.sa_handler != SIG_IGN;
}

void restore_stop(void)
{
	struct sigaction def = {.sa_handler = SIG_DFL}, now;

	sigaction(SIGTSTP, &def, &now);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &now, NULL);
}
