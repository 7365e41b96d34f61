#include "server/order.h"

void order_init(struct order *o)
{
	outq_ready_init(&o->ready);
	outq_ready_init(&o->now);
	outq_ready_init(&o->bulk);
	o->light = o->left = 0;
}

void order_begin(struct order *o)
{
	outq_ready_take(&o->ready, &o->now);
	o->light = 0;
	o->left = ORDER_BULK;
}

static size_t order_cost(const struct outq *q)
{
	return ORDER_EACH + outq_held(q);
}

static struct outq *order_next_light(struct order *o, uint64_t now_ms)
{
	struct outq *q;

	while ((q = outq_ready_next(&o->now)) != NULL) {
		if (outq_held(q) <= ORDER_LIGHT) {
			o->light += order_cost(q);
			return q;
		}
		q->since_ms = now_ms;
		outq_ready_defer(&o->bulk, q);
	}
	return NULL;
}

struct outq *order_next(struct order *o, uint64_t now_ms)
{
	struct outq *q = order_next_light(o, now_ms);
	size_t n;

	if (q != NULL || (q = o->bulk.first) == NULL)
		return q;
	if (o->left == 0 && now_ms - q->since_ms >= ORDER_WAIT_MS) {
		o->left = o->light;
		o->light = 0;
	}
	if (o->left == 0)
		return NULL;
	n = order_cost(q);
	o->left -= n < o->left ? n : o->left;
	return outq_ready_next(&o->bulk);
}

bool order_behind(const struct order *o)
{
	return o->bulk.first != NULL;
}

bool order_empty(const struct order *o)
{
	return o->ready.first == NULL && o->now.first == NULL &&
	       o->bulk.first == NULL;
}
