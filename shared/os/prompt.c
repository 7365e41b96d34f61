/* prompt.c - asks the user on /dev/tty, with or without echo. */
#include "shared/os/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "shared/base/secret.h"
#include "shared/os/output.h"

enum {
	SAY_MS = 1000, /* for a terminal that is stopped; then we go on */
	/* Non-blocking: it is a description of our own. */
	OPEN_MODE = O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
};

/* Signals that would kill or stop us while the terminal's echo is off. */
static const int caught[] = {
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
enum { N_CAUGHT = sizeof(caught) / sizeof(caught[0]) };

static volatile sig_atomic_t came; /* the caught signal, 0 for none */

static void on_signal(int sig)
{
	came = sig;
}

/* The terminal with echo off, and its previous state. */
struct quiet {
	int fd;
	bool echo; /* leave echo on */
	bool changed;
	struct termios before;
	struct sigaction actions[N_CAUGHT];
	sigset_t mask; /* previous mask; the caught signals are blocked */
};

static void quiet_begin(struct quiet *q)
{
	struct sigaction sa;
	struct termios t;
	sigset_t block;
	int i;

	/* Signals are unblocked only inside ppoll, so that none can arrive
	 * between checking `came` and waiting. */
	sigemptyset(&block);
	for (i = 0; i < N_CAUGHT; i++)
		sigaddset(&block, caught[i]);
	pthread_sigmask(SIG_BLOCK, &block, &q->mask);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < N_CAUGHT; i++) {
		sigaction(caught[i], NULL, &q->actions[i]);
		/* Keep ignoring it if we run under nohup. */
		if (q->actions[i].sa_handler != SIG_IGN)
			sigaction(caught[i], &sa, NULL);
	}
	q->changed = !q->echo && tcgetattr(q->fd, &q->before) == 0;
	if (q->changed) {
		t = q->before;
		t.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
		t.c_lflag |= ECHONL | ICANON | ISIG;
		/* Keep typed-ahead input: it usually is the password. */
		tcsetattr(q->fd, TCSANOW, &t);
	}
}

static void quiet_end(struct quiet *q)
{
	int i;

	if (q->changed)
		tcsetattr(q->fd, TCSANOW, &q->before);
	for (i = 0; i < N_CAUGHT; i++)
		sigaction(caught[i], &q->actions[i], NULL);
	pthread_sigmask(SIG_SETMASK, &q->mask, NULL);
}

static void say(int fd, const char *s)
{
	(void)!output_once(fd, s, strlen(s), SAY_MS);
}

/* Reads one line. ERR_AGAIN: a signal arrived. */
static int read_line(const struct quiet *q, struct buf *out, struct errmsg *why)
{
	struct pollfd p = {q->fd, POLLIN, 0};
	sigset_t mask = q->mask;
	bool over = false;
	ssize_t n;
	char c;
	int i, r;

	for (i = 0; i < N_CAUGHT; i++)
		sigdelset(&mask, caught[i]);
	for (;;) {
		if (ppoll(&p, 1, NULL, &mask) < 0 && errno == EINTR) {
			if (came != 0)
				return ERR_AGAIN;
			continue;
		}
		n = read(q->fd, &c, 1);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0 && out->len == 0)
			return errmsg_set(why, ERR_LOST, "nothing was entered");
		if (n <= 0 || c == '\n' || c == '\r')
			break;
		r = over ? 0 : buf_u8(out, (uint8_t)c);
		if (r == ERR_LIMIT)
			over = true; /* discard the rest of the line */
		else if (r != 0)
			return errmsg_set(why, r, "%s", err_str(r));
	}
	secret_wipe(&c, sizeof(c));
	if (over)
		return errmsg_set(why, ERR_LIMIT,
		    "that was longer than the %zu bytes allowed", out->max);
	return 0;
}

static int ask(
    struct buf *out, const char *prompt, bool echo, struct errmsg *why)
{
	struct quiet q = {.echo = echo};
	size_t had = out->len;
	int r, sig;

	q.fd = open("/dev/tty", OPEN_MODE);
	if (q.fd < 0)
		return errmsg_set(
		    why, ERR_USAGE, "there is no terminal to ask on");
	do {
		came = 0;
		quiet_begin(&q);
		say(q.fd, prompt);
		r = read_line(&q, out, why);
		quiet_end(&q);
		sig = came;
		if (r == ERR_AGAIN) {
			buf_truncate(out, had);
			say(q.fd, "\n");
			/* The terminal and handlers are restored, so this kills
			 * us, or stops us until the user resumes us and is
			 * asked again. */
			raise(sig);
		}
	} while (r == ERR_AGAIN);
	if (r != 0)
		buf_truncate(out, had);
	if (r == ERR_LOST)
		say(q.fd, "\n");
	close(q.fd);
	return r;
}

int prompt_secret(struct buf *out, const char *prompt, struct errmsg *why)
{
	return ask(out, prompt, false, why);
}

int prompt_line(struct buf *out, const char *prompt, struct errmsg *why)
{
	return ask(out, prompt, true, why);
}

bool prompt_possible(void)
{
	int fd = open("/dev/tty", OPEN_MODE);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool prompt_waits(void)
{
	/* The rest of a paste may be on its way. */
	enum { PASTE_MS = 100 };
	struct pollfd p = {.events = POLLIN};
	bool waits;

	p.fd = open("/dev/tty", OPEN_MODE);
	waits = p.fd >= 0 && poll(&p, 1, PASTE_MS) == 1 &&
		(p.revents & POLLIN) != 0;
	if (p.fd >= 0)
		close(p.fd);
	return waits;
}

void prompt_say(const char *sentence)
{
	int fd = open("/dev/tty", OPEN_MODE);

	if (fd < 0)
		return;
	say(fd, sentence);
	say(fd, "\n");
	close(fd);
}
