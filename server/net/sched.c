/* sched.c - selects the connections that one loop step writes to. */
#include "server/net/sched.h"

void sched_init(struct sched *o)
{
	outq_ready_init(&o->ready);
	outq_ready_init(&o->now);
	outq_ready_init(&o->bulk);
	o->light = o->left = 0;
}

void sched_begin(struct sched *o)
{
	outq_ready_take(&o->ready, &o->now);
	o->light = 0;
	o->left = SCHED_BULK;
}

static size_t sched_cost(const struct outq *q)
{
	return SCHED_EACH + outq_held(q);
}

static struct outq *sched_next_light(struct sched *o, uint64_t now_ms)
{
	struct outq *q;

	while ((q = outq_ready_next(&o->now)) != NULL) {
		if (outq_held(q) <= SCHED_LIGHT) {
			o->light += sched_cost(q);
			return q;
		}
		q->since_ms = now_ms;
		outq_ready_defer(&o->bulk, q);
	}
	return NULL;
}

struct outq *sched_next(struct sched *o, uint64_t now_ms)
{
	struct outq *q = sched_next_light(o, now_ms);
	size_t n;

	if (q != NULL || (q = TAILQ_FIRST(&o->bulk)) == NULL)
		return q;
	if (o->left == 0 && now_ms - q->since_ms >= SCHED_WAIT_MS) {
		o->left = o->light;
		o->light = 0;
	}
	if (o->left == 0)
		return NULL;
	n = sched_cost(q);
	o->left -= n < o->left ? n : o->left;
	return outq_ready_next(&o->bulk);
}

bool sched_behind(const struct sched *o)
{
	return !TAILQ_EMPTY(&o->bulk);
}

bool sched_empty(const struct sched *o)
{
	return TAILQ_EMPTY(&o->ready) && TAILQ_EMPTY(&o->now) &&
	       TAILQ_EMPTY(&o->bulk);
}
