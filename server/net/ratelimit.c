/* ratelimit.c - a token bucket. */
#include "server/net/ratelimit.h"

enum { TOKEN = 1000 }; /* a token a second is one thousandth a millisecond */

static uint64_t ratelimit_full(const struct ratelimit *r)
{
	return (uint64_t)r->per_second * RATELIMIT_BURST * TOKEN;
}

void ratelimit_init(struct ratelimit *r, uint32_t per_second, uint64_t now_ms)
{
	r->per_second = per_second;
	r->thousandths = ratelimit_full(r);
	r->at_ms = now_ms;
}

bool ratelimit_take(struct ratelimit *r, uint64_t now_ms)
{
	uint64_t full = ratelimit_full(r), passed;

	if (r->per_second == 0)
		return true;
	passed = now_ms - r->at_ms;
	r->at_ms = now_ms;
	/* Compare before computing passed * per_second, which could
	 * overflow. */
	if (passed >= RATELIMIT_BURST * 1000 ||
	    passed * r->per_second >= full - r->thousandths)
		r->thousandths = full;
	else
		r->thousandths += passed * r->per_second;
	if (r->thousandths < TOKEN)
		return false;
	r->thousandths -= TOKEN;
	return true;
}

uint64_t ratelimit_next(const struct ratelimit *r, uint64_t now_ms)
{
	if (r->per_second == 0 || r->thousandths >= TOKEN)
		return now_ms;
	return now_ms +
	       (TOKEN - r->thousandths + r->per_second - 1) / r->per_second;
}
