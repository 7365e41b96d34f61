/* acceptor.c - takes new connections from the listeners. */
#include "server/loop/acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"

enum {
	ACCEPTOR_NONE_MS = 250,	 /* retry time without a descriptor or memory */
	ACCEPTOR_CROWD_MS = 5,	 /* the same if the workers are behind */
	ACCEPTOR_SAY_MS = 60000, /* between two complaints in the log */
};

#define container_of(p, type, field)                                           \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

static void acceptor_open(struct acceptor *a, bool on)
{
	size_t i;

	a->open = on;
	for (i = 0; i < a->o.n_listeners; i++)
		worker_watch_set(
		    a->o.workers[0], a->door[i].fd, &a->door[i].source, on);
}

static void acceptor_again(struct timer *t)
{
	struct acceptor *a = container_of(t, struct acceptor, again);

	if (!a->stopped)
		acceptor_open(a, true);
}

void acceptor_limit(struct acceptor *a, uint64_t memory_max)
{
	a->o.memory_max = memory_max;
}

void acceptor_stop(struct acceptor *a)
{
	a->stopped = true;
	acceptor_open(a, false);
}

size_t acceptor_conns(const struct acceptor *a)
{
	size_t n = 0;
	unsigned i;

	for (i = 0; i < a->o.n_workers; i++)
		n += worker_conns(a->o.workers[i]);
	return n;
}

/* Leaves newcomers in the kernel's queue. Existing connections continue. */
static void acceptor_pause(struct acceptor *a, uint64_t ms)
{
	struct worker *w = a->o.workers[0];

	acceptor_open(a, false);
	worker_timer_set(w, &a->again, worker_now(w) + ms);
}

/* No descriptor or no memory for another connection. */
static void acceptor_none(struct acceptor *a, int why)
{
	uint64_t now_ms = worker_now(a->o.workers[0]);

	acceptor_pause(a, ACCEPTOR_NONE_MS);
	if (a->said_ms != 0 && now_ms - a->said_ms < ACCEPTOR_SAY_MS)
		return;
	a->said_ms = now_ms;
	logger_error(a->o.log, "accept",
	    "cannot accept another connection (%s): new ones wait; the "
	    "%zu open ones are not affected",
	    strerror(why), acceptor_conns(a));
}

/* The worker with the fewest connections. */
static struct worker *acceptor_idlest(const struct acceptor *a)
{
	struct worker *best = a->o.workers[0];
	unsigned i;

	for (i = 1; i < a->o.n_workers; i++)
		if (worker_conns(a->o.workers[i]) < worker_conns(best))
			best = a->o.workers[i];
	return best;
}

static void acceptor_accepted(struct acceptor *a, int fd,
    const struct sockaddr_storage *sa, bool tls)
{
	struct worker *w = acceptor_idlest(a), *own = a->o.workers[0];

	/* A worker whose handoff is full is behind, and gets no more. */
	if (w != own && worker_give(w, fd, sa, tls))
		return;
	if (!worker_accept(own, fd, sa, tls))
		acceptor_none(a, ENOMEM);
}

/* Connections alone must not fill memory to the limit where reading stops. */
static bool acceptor_full(const struct acceptor *a)
{
	uint64_t max = a->o.memory_max;

	return quota_held() >= max ||
	       acceptor_conns(a) * CLIENT_COST >= max / 4 * 3;
}

/* More connections than can exist once the workers have caught up. */
static size_t acceptor_conns_max(const struct acceptor *a)
{
	return directory_people(a->o.directory) + a->o.handshakes_max +
	       LIMIT_CLOSING + LIMIT_IN_TRANSIT;
}

static void acceptor_ready(struct source *s, uint32_t events)
{
	struct acceptor_door *d = container_of(s, struct acceptor_door, source);
	struct acceptor *a = d->acceptor;
	size_t max = acceptor_conns_max(a);
	struct sockaddr_storage sa;
	socklen_t len;
	int fd, n;

	(void)events;
	if (acceptor_full(a))
		acceptor_none(a, ENOMEM);
	for (n = 0; n < LIMIT_ACCEPTS && a->open; n++) {
		if (acceptor_conns(a) >= max) {
			acceptor_pause(a, ACCEPTOR_CROWD_MS);
			return;
		}
		memset(&sa, 0, sizeof(sa));
		len = sizeof(sa);
		fd = accept4(d->fd, (struct sockaddr *)&sa, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			acceptor_accepted(a, fd, &sa, d->tls);
		} else if (errno == EMFILE || errno == ENFILE ||
			   errno == ENOBUFS || errno == ENOMEM) {
			acceptor_none(a, errno);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return;
		} /* anything else concerns that connection alone */
	}
}

int acceptor_init(struct acceptor *a, const struct acceptor_opts *o)
{
	struct acceptor_door *d;
	size_t i;
	int err;

	*a = (struct acceptor){.o = *o, .again.fn = acceptor_again};
	a->door = calloc(o->n_listeners + 1, sizeof(*a->door));
	if (a->door == NULL)
		return ERR_NOMEM;
	for (i = 0; i < o->n_listeners; i++) {
		d = &a->door[i];
		*d = (struct acceptor_door){
		    {acceptor_ready, .repeats = false}, a, o->listeners[i].fd,
		    o->listeners[i].tls};
		if ((err = worker_watch(o->workers[0], d->fd, &d->source)) != 0)
			return err;
	}
	a->open = true;
	return 0;
}

void acceptor_free(struct acceptor *a)
{
	free(a->door);
}
