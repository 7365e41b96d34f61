/* sweep.c - repeats a scenario, failing another allocation each time. */
#include "tests/fault/sweep.h"

#include <execinfo.h>
#include <link.h>

#include "shared/base/err.h"

/* libcrypto 3.0 itself leaks in a few places (a reference to an Ed25519 key
 * when the DER of its algorithm cannot be written; a property of each
 * algorithm that is fetched into a separate library context). A leak of ours
 * after a failed libcrypto call would show up for most allocations of that
 * call, so a few foreign leaks are allowed. */
enum { SWEEP_MAX = 2000, SWEEP_FOREIGN_LEAKS = 24 };

/* We count leaks ourselves; LeakSanitizer would report libcrypto's. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

/* Where libcrypto is in memory. dladdr would say it too, but it goes through all
 * symbols of a library at each call: that was nine tenths of a sweep's time. */
static uintptr_t foreign_from, foreign_to;

static int find_foreign(struct dl_phdr_info *i, size_t size, void *arg)
{
	uintptr_t from, to;
	int k;

	(void)size;
	(void)arg;
	if (strstr(i->dlpi_name, "libcrypto") == NULL)
		return 0;
	foreign_from = UINTPTR_MAX;
	for (k = 0; k < i->dlpi_phnum; k++) {
		if (i->dlpi_phdr[k].p_type != PT_LOAD)
			continue;
		from = i->dlpi_addr + i->dlpi_phdr[k].p_vaddr;
		to = from + i->dlpi_phdr[k].p_memsz;
		foreign_from = from < foreign_from ? from : foreign_from;
		foreign_to = to > foreign_to ? to : foreign_to;
	}
	return 1;
}

/* True if the last failed allocation was libcrypto's own. */
static bool foreign;

static void whose(void)
{
	void *frames[10];
	int n = backtrace(frames, 10), i;

	foreign = false;
	for (i = 0; i < n && i < 8; i++)
		if ((uintptr_t)frames[i] >= foreign_from &&
		    (uintptr_t)frames[i] < foreign_to)
			foreign = true;
}

/* FAULT_TEST=name FAULT_AT=n runs only this test, starting at n. */
__attribute__((constructor)) static void choose(void)
{
	void *frame;

	cmocka_set_test_filter(getenv("FAULT_TEST"));
	backtrace(&frame, 1); /* makes backtrace load its library now */
	if (dl_iterate_phdr(find_foreign, NULL) == 0)
		abort(); /* a static libcrypto would count as ours */
	fail_alloc_hook = whose;
}

void sweep_arm(void)
{
	fail_alloc->armed = 1;
}

/* Disarming ends the shortage. */
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

/* Objects that libcrypto fetches and caches look like a leak, once. A real
 * leak repeats. */
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
	run(scenario, arg, 0, 0); /* fills libcrypto's caches */
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
