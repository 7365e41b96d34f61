/* rounds.c - visits the workers one after the other. */
#include "server/loop/rounds.h"

#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define container_of(p, type, field)                                           \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

/* In the worker's thread. */
static void rounds_visit(struct worker *w, void *arg)
{
	struct rounds *rs = arg;
	struct round *r = STAILQ_FIRST(&rs->waiting);
	const uint64_t one = 1;

	r->visit(r, w, r->at);
	(void)!write(rs->fd, &one, sizeof(one));
}

static void rounds_go(struct rounds *rs)
{
	struct round *r;

	rs->going = true;
	while ((r = STAILQ_FIRST(&rs->waiting)) != NULL && r->at >= r->end) {
		STAILQ_REMOVE_HEAD(&rs->waiting, next);
		r->done(r);
	}
	rs->going = false;
	if (r != NULL)
		worker_ask(rs->workers[r->at], rounds_visit, rs);
}

static void rounds_ready(struct source *s, uint32_t events)
{
	struct rounds *rs = container_of(s, struct rounds, source);
	uint64_t n;

	(void)events;
	if (read(rs->fd, &n, sizeof(n)) != sizeof(n))
		return;
	STAILQ_FIRST(&rs->waiting)->at++;
	rounds_go(rs);
}

int rounds_init(struct rounds *rs, struct worker *const *workers)
{
	rs->workers = workers;
	rs->source.ready = rounds_ready;
	STAILQ_INIT(&rs->waiting);
	if ((rs->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0)
		return ERR_IO;
	return worker_watch(workers[0], rs->fd, &rs->source);
}

void rounds_free(struct rounds *rs)
{
	if (rs->fd >= 0)
		close(rs->fd);
	rs->fd = -1;
}

void rounds_begin(struct rounds *rs, struct round *r)
{
	bool idle = STAILQ_EMPTY(&rs->waiting);

	STAILQ_INSERT_TAIL(&rs->waiting, r, next);
	if (idle && !rs->going)
		rounds_go(rs);
}
