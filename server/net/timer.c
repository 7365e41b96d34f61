/* timer.c - one-shot timers in a binary heap. */
#include <assert.h>
#include <stdlib.h>

#include "server/net/timer.h"

void timers_init(struct timers *h)
{
	*h = (struct timers){0};
}

void timers_free(struct timers *h)
{
	free(h->heap);
	*h = (struct timers){0};
}

int timers_reserve(struct timers *h, size_t n)
{
	struct timer **p;
	size_t cap = h->cap == 0 ? 64 : h->cap;

	if (n <= h->cap)
		return 0;
	while (cap < n) {
		if (cap > SIZE_MAX / 2 / sizeof(*p))
			return ERR_NOMEM;
		cap *= 2;
	}
	if ((p = realloc(h->heap, cap * sizeof(*p))) == NULL)
		return ERR_NOMEM;
	h->heap = p;
	h->cap = cap;
	return 0;
}

static void put(struct timers *h, size_t i, struct timer *t)
{
	h->heap[i] = t;
	t->place = i + 1;
}

static void sift_up(struct timers *h, size_t i, struct timer *t)
{
	size_t up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (h->heap[up]->at_ms <= t->at_ms)
			break;
		put(h, i, h->heap[up]);
	}
	put(h, i, t);
}

static void sift_down(struct timers *h, size_t i, struct timer *t)
{
	size_t down;

	while ((down = 2 * i + 1) < h->n) {
		if (down + 1 < h->n &&
		    h->heap[down + 1]->at_ms < h->heap[down]->at_ms)
			down++;
		if (t->at_ms <= h->heap[down]->at_ms)
			break;
		put(h, i, h->heap[down]);
		i = down;
	}
	put(h, i, t);
}

void timer_set(struct timers *h, struct timer *t, uint64_t at_ms)
{
	timer_stop(h, t);
	assert(h->n < h->cap);
	t->at_ms = at_ms;
	h->n++;
	sift_up(h, h->n - 1, t);
}

void timer_stop(struct timers *h, struct timer *t)
{
	struct timer *last;
	size_t i;

	if (t->place == 0)
		return;
	i = t->place - 1;
	t->place = 0;
	last = h->heap[--h->n];
	if (i == h->n)
		return;
	if (i > 0 && h->heap[(i - 1) / 2]->at_ms > last->at_ms)
		sift_up(h, i, last);
	else
		sift_down(h, i, last);
}

uint64_t timers_next(const struct timers *h)
{
	return h->n == 0 ? TIMER_NEVER : h->heap[0]->at_ms;
}

void timers_run(struct timers *h, uint64_t now_ms)
{
	struct timer *t;
	size_t most = h->n; /* bounds the loop if a timer sets itself again */

	while (most-- > 0 && h->n > 0 && h->heap[0]->at_ms <= now_ms) {
		t = h->heap[0];
		timer_stop(h, t);
		t->fn(t);
	}
}
