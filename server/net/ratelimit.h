/* ratelimit.h - a token bucket: what a sender sends takes tokens, one for a
 * frame or one for each byte. Without enough tokens the sender is not read;
 * nothing is dropped. */
#ifndef CONCLAVED_NET_RATELIMIT_H
#define CONCLAVED_NET_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct ratelimit {
	uint32_t per_second;  /* 0: no limit */
	uint64_t full;	      /* thousandths of a token in a full bucket */
	uint64_t thousandths; /* of a token */
	uint64_t at_ms;
};

/* burst: tokens in a full bucket, at most 2^53. It is full at first. */
void ratelimit_init(
    struct ratelimit *r, uint32_t per_second, uint64_t burst, uint64_t now_ms);
/* Takes n tokens; false when there are fewer. Whoever wants more than a full
 * bucket gets them for all that a full one has. */
bool ratelimit_take(struct ratelimit *r, uint64_t n, uint64_t now_ms);
/* When n tokens will be available: now_ms or later. */
uint64_t ratelimit_next(struct ratelimit *r, uint64_t n, uint64_t now_ms);

#endif
