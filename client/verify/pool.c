/* Threads that share a piece of work. */
#include "client/verify/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* Items that a thread takes at once. */
enum { PIECE = 16 };

struct worker {
	struct pool *pool;
	struct crypto *crypto;
	pthread_t thread;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	/* Under the lock. */
	unsigned round; /* of work */
	size_t busy;	/* threads */
	bool stop;
	/* Of this round. */
	size_t n;
	void (*fn)(void *arg, struct crypto *c, size_t i);
	void *arg;
	atomic_size_t next;

	struct worker *worker; /* the first is the caller's */
	size_t n_workers, n_threads;
};

static void work(struct pool *p, struct crypto *c)
{
	size_t i, end;

	for (;;) {
		i = atomic_fetch_add(&p->next, PIECE);
		if (i >= p->n)
			return;
		end = p->n - i < PIECE ? p->n : i + PIECE;
		for (; i < end; i++)
			p->fn(p->arg, c, i);
	}
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;
	unsigned seen = 0;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (p->round == seen && !p->stop)
			pthread_cond_wait(&p->work, &p->lock);
		if (p->stop)
			break;
		seen = p->round;
		pthread_mutex_unlock(&p->lock);
		work(p, w->crypto);
		pthread_mutex_lock(&p->lock);
		if (--p->busy == 0)
			pthread_cond_signal(&p->done);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *pool_new(size_t max)
{
	struct pool *p = calloc(1, sizeof(*p));
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	struct worker *w;

	if (p == NULL)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	if (n < 1)
		n = 1;
	p->n_workers = (size_t)n < max ? (size_t)n : max;
	p->worker = calloc(p->n_workers, sizeof(*p->worker));
	if (p->worker == NULL || (p->worker[0].crypto = crypto_new()) == NULL) {
		pool_free(p);
		return NULL;
	}
	/* With fewer threads than wanted it takes longer. */
	while (p->n_threads + 1 < p->n_workers) {
		w = &p->worker[p->n_threads + 1];
		w->pool = p;
		if ((w->crypto = crypto_new()) == NULL ||
		    pthread_create(&w->thread, NULL, run, w) != 0)
			break;
		p->n_threads++;
	}
	return p;
}

void pool_free(struct pool *p)
{
	size_t i;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n_threads; i++)
		pthread_join(p->worker[i + 1].thread, NULL);
	for (i = 0; p->worker != NULL && i < p->n_workers; i++)
		crypto_free(p->worker[i].crypto);
	free(p->worker);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	free(p);
}

void pool_each(struct pool *p, size_t n,
    void (*fn)(void *arg, struct crypto *c, size_t i), void *arg)
{
	pthread_mutex_lock(&p->lock);
	p->n = n;
	p->fn = fn;
	p->arg = arg;
	atomic_store(&p->next, 0);
	p->busy = p->n_threads;
	p->round++;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	work(p, p->worker[0].crypto);
	pthread_mutex_lock(&p->lock);
	while (p->busy > 0)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
}
