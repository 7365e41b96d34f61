/* pressure.c - a worker's response to memory pressure. */
#include "server/loop/pressure.h"

#include "server/net/quota.h"

enum {
	/* Smallest backlog worth evicting. It drops to zero once the limit has
	 * been reached for PRESSURE_FULL_MS. */
	PRESSURE_BLAME = 64 << 10,
	PRESSURE_FULL_MS = 1000,
	PRESSURE_AGAIN_MS = 1, /* from an eviction to the next check */
	PRESSURE_SAY_MS = 60000,
};

/* Does nothing: the timer only causes a loop step. */
static void pressure_look(struct timer *t)
{
	(void)t;
}

void pressure_init(struct pressure *p, const struct pressure_opts *o)
{
	*p = (struct pressure){.o = *o, .look.fn = pressure_look};
}

static void pressure_say(struct pressure *p, size_t held)
{
	uint64_t now_ms = p->o.loop->now_ms;

	if (p->said_ms != 0 && now_ms - p->said_ms < PRESSURE_SAY_MS)
		return;
	p->said_ms = now_ms;
	logger_warn(p->o.log, "memory",
	    "%zu MiB of %zu (--max-memory) are in use: the slowest readers are "
	    "disconnected; at the limit the server stops reading",
	    held >> 20, p->o.limit >> 20);
}

/* The backlog above which a client may be evicted. At the limit no client is
 * read, so if that persists one must be evicted, however little each of many
 * holds. */
static size_t pressure_floor(struct pressure *p, size_t held)
{
	uint64_t now_ms = p->o.loop->now_ms;

	if (held < p->o.limit)
		p->full_ms = 0;
	else if (p->full_ms == 0)
		p->full_ms = now_ms;
	else if (now_ms - p->full_ms >= PRESSURE_FULL_MS)
		return 0;
	return PRESSURE_BLAME;
}

static struct conn *pressure_worst(const struct pressure *p, size_t floor)
{
	struct conn *c, *worst = NULL;

	LIST_FOREACH(c, &p->o.loop->all, all)
	if (c->state == CONN_OPEN && conn_held(c) > floor) {
		floor = conn_held(c);
		worst = c;
	}
	return worst;
}

/* Clients that are not read cause no events, so a timer causes the loop
 * step. */
static void pressure_look_at(struct pressure *p, uint64_t at_ms)
{
	timer_set(&p->o.loop->timers, &p->look, at_ms);
}

void pressure_run(struct pressure *p)
{
	size_t held = quota_held(), floor = pressure_floor(p, held);
	uint64_t now_ms = p->o.loop->now_ms;
	struct conn *worst;

	if (held < p->o.limit - p->o.limit / 8) {
		timer_stop(&p->o.loop->timers, &p->look);
		return;
	}
	pressure_say(p, held);
	if ((worst = pressure_worst(p, floor)) != NULL) {
		p->o.evict(worst);
		pressure_look_at(p, now_ms + PRESSURE_AGAIN_MS);
	} else if (p->full_ms != 0 && floor > 0) {
		pressure_look_at(p, p->full_ms + PRESSURE_FULL_MS);
	}
}
