/* ratelimit.h - a token bucket: each frame of a sender takes one token.
 * Without a token the sender is not read; nothing is dropped. */
#ifndef CONCLAVED_NET_RATELIMIT_H
#define CONCLAVED_NET_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum { RATELIMIT_BURST = 5 }; /* seconds' worth of tokens in a full bucket */

struct ratelimit {
	uint32_t per_second;  /* 0: no limit */
	uint64_t thousandths; /* of a token */
	uint64_t at_ms;
};

void ratelimit_init(struct ratelimit *r, uint32_t per_second, uint64_t now_ms);
/* Takes one token; false when there is none. */
bool ratelimit_take(struct ratelimit *r, uint64_t now_ms);
/* When a token will be available: now_ms or later. */
uint64_t ratelimit_next(const struct ratelimit *r, uint64_t now_ms);

#endif
