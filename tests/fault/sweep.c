#include "tests/fault/sweep.h"

#include <dlfcn.h>
#include <execinfo.h>

#include "shared/base/err.h"

/* libcrypto 3.0 loses something itself in a few places (a reference to an
 * Ed25519 key when the DER of its algorithm cannot be written; a property of
 * each algorithm that is fetched into a library context of its own). A leak of
 * ours after one of its calls failed would come with most allocations of the
 * call. */
enum { SWEEP_MAX = 2000, SWEEP_FOREIGN_LEAKS = 24 };

/* We count ourselves, and LeakSanitizer would tell of libcrypto's. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

/* The last allocation that failed was made by libcrypto for itself. */
static bool foreign;

static void whose(void)
{
	void *frames[10];
	int n = backtrace(frames, 10), i;
	Dl_info info;

	foreign = false;
	for (i = 0; i < n && i < 8; i++)
		if (dladdr(frames[i], &info) != 0 &&
		    strstr(info.dli_fname, "libcrypto") != NULL)
			foreign = true;
}

/* FAULT_TEST=name FAULT_AT=n: one test, from there on. */
__attribute__((constructor)) static void choose(void)
{
	void *frame;

	cmocka_set_test_filter(getenv("FAULT_TEST"));
	backtrace(&frame, 1); /* loads what it needs */
	fail_alloc_hook = whose;
}

void sweep_arm(void)
{
	fail_alloc->armed = 1;
}

/* With its end a shortage is over. */
void sweep_disarm(void)
{
	fail_alloc->armed = 0;
	if (fail_alloc->failed > 0)
		fail_alloc->from = 0;
}

void sweep_over(void)
{
	fail_alloc->from = 0;
}

bool sweep_failed(void)
{
	return fail_alloc->failed > 0;
}

bool sweep_ok(int err)
{
	if (err != 0 && (err_is_peer(err) || !sweep_failed()))
		fail_msg("%s, though %s", check_err_name(err),
		    sweep_failed() ? "the shortage was ours"
				   : "nothing has failed");
	return err == 0;
}

static int64_t run(
    void (*scenario)(void *), void *arg, uint64_t from, uint64_t len)
{
	int64_t before = fail_alloc->live;

	fail_alloc->count = fail_alloc->failed = 0;
	fail_alloc->from = from;
	fail_alloc->len = len;
	scenario(arg);
	fail_alloc->from = 0;
	return fail_alloc->live - before;
}

/* What libcrypto fetches and keeps for the next time looks like a leak, once.
 * A leak comes again. */
static bool leaks(
    void (*scenario)(void *), void *arg, uint64_t from, uint64_t len)
{
	int times;

	for (times = 0; times < 4; times++)
		if (run(scenario, arg, from, len) <= 0)
			return false;
	return true;
}

void sweep(const char *name, void (*scenario)(void *), void *arg)
{
	sweep_some(name, scenario, arg, 1);
}

void sweep_some(
    const char *name, void (*scenario)(void *), void *arg, uint64_t stride)
{
	const char *at = getenv("FAULT_AT"); /* for a debugger */
	uint64_t n = at == NULL ? 1 : strtoull(at, NULL, 10), len, runs = 0;
	int foreign_leaks = 0;

	if (getenv("FAULT_ALL") != NULL)
		stride = 1;
	run(scenario, arg, 0, 0); /* what is fetched once is there now */
	run(scenario, arg, 0, 0);
	for (; n <= SWEEP_MAX; n += stride) {
		for (len = 1; len != 0; len = len == 1 ? UINT64_MAX : 0) {
			if (getenv("FAULT_SAY") != NULL)
				fprintf(stderr, "%s: %llu+%llu\n", name,
				    (unsigned long long)n,
				    (unsigned long long)len);
			if (leaks(scenario, arg, n, len) &&
			    (!foreign || len != 1 ||
				foreign_leaks++ >= SWEEP_FOREIGN_LEAKS))
				fail_msg("%s: a leak after allocation %llu "
					 "(%s) failed",
				    name, (unsigned long long)n,
				    len == 1 ? "alone" : "and all after it");
			runs++;
			if (!sweep_failed())
				goto out;
		}
	}
out:
	fprintf(stderr, "# %s: %llu allocations, %llu runs%s", name,
	    (unsigned long long)(n - 1), (unsigned long long)runs,
	    sweep_failed() ? ", and more allocations after these" : "");
	if (foreign_leaks > 0)
		fprintf(stderr, ", %d leaks inside libcrypto", foreign_leaks);
	fprintf(stderr, "\n");
	fail_alloc->failed = 0;
	assert_true(runs > 2 || at != NULL);
}
