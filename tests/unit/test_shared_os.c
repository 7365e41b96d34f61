/* The small modules of shared/os: error messages, clocks, hardening. */
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/os/clock.h"
#include "shared/os/errmsg.h"
#include "shared/os/harden.h"
#include "shared/os/signals.h"

/* Runs fn in a child, so that its effects end with it. True if fn returned true
 * there. */
static bool in_child(bool (*fn)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_errmsg(void **state)
{
	char big[sizeof(struct errmsg) + 100], out[8192];
	struct errmsg w;
	int pipes[2], saved;
	ssize_t n;

	(void)state;
	assert_int_equal(errmsg_set(&w, ERR_IO, "cannot %s", "x"), ERR_IO);
	assert_string_equal(w.text, "cannot x");
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(errmsg_set(&w, 0, "%s", big), 0);
	assert_int_equal(strlen(w.text), sizeof(w.text) - 1);

	/* Two lines, and an escape sequence that must not reach the
	 * terminal. */
	assert_int_equal(pipe(pipes), 0);
	saved = dup(STDERR_FILENO);
	assert_true(saved >= 0);
	assert_int_equal(dup2(pipes[1], STDERR_FILENO), STDERR_FILENO);
	errmsg_print("program", "one\x1b[31m\ntwo");
	errmsg_print(NULL, "three");
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	close(pipes[1]);
	n = read(pipes[0], out, sizeof(out) - 1);
	close(pipes[0]);
	assert_true(n > 0);
	out[n] = '\0';
	assert_string_equal(out, "program: one\xe2\x90\x9b[31m\ntwo\nthree\n");
}

static void test_clocks(void **state)
{
	uint64_t a = clock_monotonic_ms(), b = clock_boot_ms();
	uint64_t now = (uint64_t)time(NULL) * 1000, real = clock_real_ms();

	(void)state;
	assert_true(clock_monotonic_ms() >= a);
	assert_true(clock_boot_ms() >= b);
	/* Boot time includes sleep, so it is not below the time awake. */
	assert_true(clock_boot_ms() >= a);
	assert_true(real + 1000 >= now && real < now + 60000);
}

static bool descriptors_closed(void)
{
	struct stat st;
	int fd;

	close(STDIN_FILENO);
	close(STDERR_FILENO);
	if (harden_descriptors() != 0)
		return false;
	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &st) != 0)
			return false;
	fd = open("/dev/null", O_RDONLY);
	return fd > STDERR_FILENO;
}

static void test_descriptors(void **state)
{
	(void)state;
	assert_true(in_child(descriptors_closed));
}

static bool process_closed(void)
{
	struct sigaction sa;
	struct rlimit core;

	if (harden_process() != 0 || getrlimit(RLIMIT_CORE, &core) != 0 ||
	    sigaction(SIGPIPE, NULL, &sa) != 0)
		return false;
	return core.rlim_cur == 0 && core.rlim_max == 0 && umask(0) == 077 &&
	       sa.sa_handler == SIG_IGN &&
	       prctl(PR_GET_DUMPABLE) == (harden_sanitized() ? 1 : 0);
}

static void test_process(void **state)
{
	(void)state;
	assert_true(in_child(process_closed));
}

/* What the parent ignores is not taken; what it blocks is unblocked. */
static bool signals_inherited(void)
{
	static const int sigs[] = {SIGHUP, SIGTERM};
	sigset_t set, mask;

	sigemptyset(&set);
	sigemptyset(&mask);
	sigaddset(&mask, SIGQUIT);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) != 0 ||
	    signal(SIGHUP, SIG_IGN) == SIG_ERR ||
	    signal(SIGCHLD, SIG_IGN) == SIG_ERR || signals_begin() != 0 ||
	    sigprocmask(SIG_BLOCK, NULL, &mask) != 0)
		return false;
	signals_take(&set, sigs, 2);
	return !sigismember(&mask, SIGQUIT) && !sigismember(&set, SIGHUP) &&
	       sigismember(&set, SIGTERM) && signals_ignored(SIGHUP) &&
	       signals_ignored(SIGPIPE) && signals_ignored(SIGXFSZ) &&
	       !signals_ignored(SIGCHLD) && !signals_ignored(SIGTERM);
}

static void test_signals(void **state)
{
	(void)state;
	assert_true(in_child(signals_inherited));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_errmsg),
	    cmocka_unit_test(test_clocks),
	    cmocka_unit_test(test_descriptors),
	    cmocka_unit_test(test_process),
	    cmocka_unit_test(test_signals),
	};

	return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
