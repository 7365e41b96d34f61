/* quota.c - the gauge of memory held for peers. Process-wide: frames outlive
 * the connection, the room and the server object that made them. */
#include "server/net/quota.h"

#include <stdatomic.h>
#include <stdint.h>

static atomic_size_t held;
static atomic_size_t limit = SIZE_MAX;
static void (*crossed)(void *arg);
static void *crossed_arg;

static void quota_moved(size_t before, size_t after)
{
	size_t max = atomic_load_explicit(&limit, memory_order_relaxed);

	if ((before < max) != (after < max) && crossed != NULL)
		crossed(crossed_arg);
}

void quota_add(size_t n)
{
	size_t before =
	    atomic_fetch_add_explicit(&held, n, memory_order_relaxed);

	quota_moved(before, before + n);
}

void quota_sub(size_t n)
{
	size_t before =
	    atomic_fetch_sub_explicit(&held, n, memory_order_relaxed);

	quota_moved(before, before - n);
}

size_t quota_held(void)
{
	return atomic_load_explicit(&held, memory_order_relaxed);
}

bool quota_fits(size_t n)
{
	size_t half =
	    atomic_load_explicit(&limit, memory_order_relaxed) / 2;
	size_t now = quota_held();

	return now <= half && n <= half - now;
}

void quota_watch(size_t max, void (*fn)(void *arg), void *arg)
{
	limit = max;
	crossed = fn;
	crossed_arg = arg;
}

void quota_limit(size_t max)
{
	limit = max;
	if (crossed != NULL)
		crossed(crossed_arg);
}
