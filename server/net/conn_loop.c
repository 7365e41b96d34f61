/* conn_loop.c - the state that the connections of one thread share. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "server/net/conn.h"
#include "server/net/limits.h"

int conn_loop_init(struct conn_loop *l, struct crypto *crypto,
    size_t closing_max, uint64_t now_ms)
{
	int err;

	l->epoll_fd = l->new_fd = -1;
	l->closing_max = closing_max;
	l->now_ms = now_ms;
	LIST_INIT(&l->all);
	SLIST_INIT(&l->dead);
	TAILQ_INIT(&l->held);
	timers_init(&l->timers);
	sched_init(&l->sched);
	tls_work_init(&l->tls);
	if ((err = outq_work_init(&l->work, crypto)) != 0 ||
	    (err = timers_reserve(&l->timers, 8)) != 0)
		return err;
	return (l->input = malloc(LIMIT_READ)) != NULL ? 0 : ERR_NOMEM;
}

int conn_loop_open(struct conn_loop *l)
{
	if ((l->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
	    (l->new_fd = epoll_create1(EPOLL_CLOEXEC)) < 0)
		return ERR_IO;
	return 0;
}

void conn_loop_free(struct conn_loop *l)
{
	outq_work_free(&l->work);
	tls_work_free(&l->tls);
	timers_free(&l->timers);
	free(l->input);
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	if (l->new_fd >= 0)
		close(l->new_fd);
}

void conn_loop_flush(struct conn_loop *l, bool all)
{
	struct outq *q;

	do {
		sched_begin(&l->sched);
		while ((q = sched_next(&l->sched, l->now_ms)) != NULL)
			conn_flush(conn_of(q));
	} while (all && sched_behind(&l->sched));
}
