/* A child for each attempt, which has entered the sandbox before. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/os/harden.h"
#include "tests/unit/sandbox_child.h"

enum { TRY_SECONDS = 30, EXIT_WORKS = 0, EXIT_ERRNO = 200, WORLDS_MAX = 256 };

/* A program that hangs in its sandbox fails its test, too. */
static int run(const struct try_world *w)
{
	int status, e;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(TRY_SECONDS);
		/* Their end is what is looked at, not cmocka's view of it. */
		signal(SIGABRT, SIG_DFL);
		signal(SIGSYS, SIG_DFL);
		if (w->enter() != 0)
			_exit(TRY_CLOSED);
		e = w->try->fn();
		if (e != w->try->error && e != 0)
			dprintf(STDERR_FILENO, "# %s: %s\n", w->try->name,
			    strerror(e));
		_exit(e == 0		   ? EXIT_WORKS
		      : e == w->try->error ? EXIT_ERRNO
					   : EXIT_ERRNO + 1);
	}
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return status;
}

void sandbox_child_test(void **state)
{
	const struct try_world *w = *state;
	const struct sandbox_try *t = w->try;
	int status;

	if (t->loose && harden_sanitized())
		skip();
	status = run(w);
	if (WIFEXITED(status) && WEXITSTATUS(status) == TRY_CLOSED)
		skip();
	switch (t->end) {
	case TRY_WORKS:
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), EXIT_WORKS);
		break;
	case TRY_REFUSED:
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), EXIT_ERRNO);
		break;
	case TRY_DIES:
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
		break;
	case TRY_ABORTS:
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
		break;
	default:
		fail();
	}
}

void sandbox_child_add(struct check_group *g, const char *prefix,
    int (*enter)(void), const struct sandbox_try *rows, size_t n)
{
	/* They live as long as the program. */
	static struct try_world worlds[WORLDS_MAX];
	static size_t used;
	size_t i;

	for (i = 0; i < n; i++) {
		if (used == WORLDS_MAX)
			abort();
		worlds[used] = (struct try_world){enter, &rows[i]};
		check_add(g, sandbox_child_test, &worlds[used++], "%s: %s", prefix,
		    rows[i].name);
	}
}
