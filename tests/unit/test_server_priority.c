/* Unit tests for server/priority.c: what the scheduler was asked for, and who runs. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/priority.h"
#include "tests/unit/check.h"

enum { SHORT_NS = 100000, NICE = 10, PASSES = 1000 };

/* As sched_getattr(2) fills it. */
struct found {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* Linux has slices of one's own since 6.12. */
static bool has_slices(void)
{
	struct utsname u;
	int major = 0, minor = 0;

	assert_int_equal(uname(&u), 0);
	assert_int_equal(sscanf(u.release, "%d.%d", &major, &minor), 2);
	return major > 6 || (major == 6 && minor >= 12);
}

static struct found found(void)
{
	struct found f = {0};

	assert_int_equal(syscall(SYS_sched_getattr, 0, &f, sizeof(f), 0), 0);
	return f;
}

static void *in_a_thread(void *arg)
{
	*(struct found *)arg = found();
	return NULL;
}

/* Each test changes its process for good, so it has one of its own. */
static void alone(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* In a child, where an assertion would go on with the next test. */
static void must(bool ok)
{
	if (!ok)
		_exit(1);
}

/* The tests may have been started as a batch job. */
static void usual(void)
{
	const struct sched_param p = {0};

	must(sched_setscheduler(0, SCHED_OTHER, &p) == 0);
}

static void prompt(void)
{
	const int before = getpriority(PRIO_PROCESS, 0);
	struct found f;
	pthread_t t;

	usual();
	priority_prompt();
	f = found();
	must(f.policy == SCHED_OTHER && f.nice == before);
	must(!has_slices() || f.runtime == SHORT_NS);
	must(pthread_create(&t, NULL, in_a_thread, &f) == 0);
	must(pthread_join(t, NULL) == 0);
	must(!has_slices() || f.runtime == SHORT_NS);
}

static void patient(void)
{
	const int before = getpriority(PRIO_PROCESS, 0);
	struct found f;

	usual();
	priority_prompt();
	priority_patient(NICE);
	f = found();
	must(f.nice == (before + NICE > 19 ? 19 : before + NICE));
	must(!has_slices() || f.runtime > SHORT_NS);
}

/* Whoever chose a policy for the server keeps it. */
static void chosen(void)
{
	const struct sched_param p = {0};

	must(sched_setscheduler(0, SCHED_BATCH, &p) == 0);
	priority_prompt();
	must(found().policy == SCHED_BATCH);
	must(!has_slices() || found().runtime != SHORT_NS);
	priority_patient(NICE);
	must(found().policy == SCHED_BATCH);
}

static void *set(void *arg)
{
	atomic_store((atomic_bool *)arg, true);
	return NULL;
}

/* On one processor the other thread, which is ready to run, gets its turn long
 * before this one's slice is over. */
static void pass(void)
{
	atomic_bool ran = false;
	cpu_set_t one, all;
	size_t i;
	pthread_t t;

	must(sched_getaffinity(0, sizeof(all), &all) == 0);
	CPU_ZERO(&one);
	for (i = 0; !CPU_ISSET(i, &all); i++)
		;
	CPU_SET(i, &one);
	must(sched_setaffinity(0, sizeof(one), &one) == 0);
	must(pthread_create(&t, NULL, set, &ran) == 0);
	for (i = 0; i < PASSES && !atomic_load(&ran); i++)
		priority_pass();
	must(atomic_load(&ran));
	must(pthread_join(t, NULL) == 0);
}

static void test_prompt(void **state)
{
	(void)state;
	alone(prompt);
}

static void test_pass(void **state)
{
	(void)state;
	alone(pass);
}

static void test_patient(void **state)
{
	(void)state;
	alone(patient);
}

static void test_a_chosen_policy_stays(void **state)
{
	(void)state;
	alone(chosen);
}

int main(void)
{
	struct check_group g = {0};

	check_add(&g, test_prompt, NULL, "short slices, also for threads");
	check_add(&g, test_patient, NULL, "a lower priority");
	check_add(&g, test_pass, NULL, "another thread's turn");
	check_add(&g, test_a_chosen_policy_stays, NULL, "a chosen policy stays");
	return check_run("priority", &g);
}
