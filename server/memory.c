#include "server/memory.h"

#include <stdatomic.h>

static atomic_size_t held;

void memory_more(size_t n)
{
	atomic_fetch_add_explicit(&held, n, memory_order_relaxed);
}

void memory_less(size_t n)
{
	atomic_fetch_sub_explicit(&held, n, memory_order_relaxed);
}

size_t memory_held(void)
{
	return atomic_load_explicit(&held, memory_order_relaxed);
}
