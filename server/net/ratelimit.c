/* ratelimit.c - a token bucket. */
#include "server/net/ratelimit.h"

enum { TOKEN = 1000 }; /* a token a second is one thousandth a millisecond */

void ratelimit_init(
    struct ratelimit *r, uint32_t per_second, uint64_t burst, uint64_t now_ms)
{
	r->per_second = per_second;
	r->thousandths = r->full = burst * TOKEN;
	r->at_ms = now_ms;
}

static void ratelimit_refill(struct ratelimit *r, uint64_t now_ms)
{
	uint64_t passed = now_ms - r->at_ms, lacks = r->full - r->thousandths;

	r->at_ms = now_ms;
	/* Compare before computing passed * per_second, which could
	 * overflow. */
	if (passed > lacks / r->per_second)
		r->thousandths = r->full;
	else
		r->thousandths += passed * r->per_second;
}

static uint64_t ratelimit_price(const struct ratelimit *r, uint64_t n)
{
	return n < r->full / TOKEN ? n * TOKEN : r->full;
}

bool ratelimit_take(struct ratelimit *r, uint64_t n, uint64_t now_ms)
{
	if (ratelimit_next(r, n, now_ms) > now_ms)
		return false;
	if (r->per_second != 0)
		r->thousandths -= ratelimit_price(r, n);
	return true;
}

uint64_t ratelimit_next(struct ratelimit *r, uint64_t n, uint64_t now_ms)
{
	uint64_t price;

	if (r->per_second == 0)
		return now_ms;
	ratelimit_refill(r, now_ms);
	price = ratelimit_price(r, n);
	if (r->thousandths >= price)
		return now_ms;
	return now_ms +
	       (price - r->thousandths + r->per_second - 1) / r->per_second;
}
