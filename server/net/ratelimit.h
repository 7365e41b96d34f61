/* rate.h - how fast one sender may speak: a bucket of tokens, one for each
 * frame. Who has none is not read from; nothing is dropped. */
#ifndef CONCLAVED_NET_RATELIMIT_H
#define CONCLAVED_NET_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum { RATELIMIT_BURST = 5 }; /* seconds' worth that may come at once */

struct ratelimit {
	uint32_t per_second;  /* 0: no limit */
	uint64_t thousandths; /* of a token */
	uint64_t at_ms;
};

void ratelimit_init(struct ratelimit *r, uint32_t per_second, uint64_t now_ms);
/* Takes one token; false when there is none. */
bool ratelimit_take(struct ratelimit *r, uint64_t now_ms);
/* When the next token is there: now_ms or later. */
uint64_t ratelimit_next(const struct ratelimit *r, uint64_t now_ms);

#endif
