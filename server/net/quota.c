#include "server/net/quota.h"

#include <stdatomic.h>

static atomic_size_t held;

void quota_add(size_t n)
{
	atomic_fetch_add_explicit(&held, n, memory_order_relaxed);
}

void quota_sub(size_t n)
{
	atomic_fetch_sub_explicit(&held, n, memory_order_relaxed);
}

size_t quota_held(void)
{
	return atomic_load_explicit(&held, memory_order_relaxed);
}
