/* trail.c - the newest values of a log's chain. */
#include "client/session/trail.h"

#include <stdlib.h>

struct trail {
	struct log_head at[TRAIL_KEPT]; /* by offset; offset 0: none */
};

struct trail *trail_new(void)
{
	return calloc(1, sizeof(struct trail));
}

void trail_free(struct trail *t)
{
	free(t);
}

void trail_add(struct trail *t, const struct log_head *h)
{
	t->at[h->offset % TRAIL_KEPT] = *h;
}

const uint8_t *trail_chain(const struct trail *t, uint64_t offset)
{
	const struct log_head *h = &t->at[offset % TRAIL_KEPT];

	return offset != 0 && h->offset == offset ? h->chain : NULL;
}
