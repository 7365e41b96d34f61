/* parallel.c - a few threads that take items from a shared counter. */
#include "client/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

enum { STACK = 512 << 10 };

struct thread {
	struct parallel *all; /* borrowed */
	struct crypto *crypto;
	pthread_t id;
};

/* The lock protects everything but `thread`, which the caller's thread alone
 * writes. An item belongs to the thread that took its number, and before and
 * between begin and finish of parallel_ops, and otherwise to the caller. */
struct parallel {
	struct crypto *crypto; /* borrowed; of the caller's thread */
	pthread_mutex_t lock;
	pthread_cond_t work, done; /* for the threads, for the caller */
	bool ends;
	void (*fn)(struct crypto *c, void *item);
	char *items; /* borrowed from the caller of begin */
	size_t size, n;
	size_t next; /* the first item that nobody has taken */
	size_t left; /* items that are not done */
	size_t threads_max;
	struct thread thread[PARALLEL_MAX - 1];
	size_t n_threads;
};

static size_t processors(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	/* More processors than the set has room for are more than enough. */
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return PARALLEL_MAX;
	return (size_t)CPU_COUNT(&set);
}

struct parallel *parallel_new(struct crypto *c, size_t threads)
{
	struct parallel *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->crypto = c;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	p->threads_max = threads != 0 ? threads : processors();
	if (p->threads_max > PARALLEL_MAX)
		p->threads_max = PARALLEL_MAX;
	return p;
}

/* Takes items until none is left. With the lock, but not while computing. */
static void take_items(struct parallel *p, struct crypto *c)
{
	size_t i;

	while (p->next < p->n) {
		i = p->next++;
		pthread_mutex_unlock(&p->lock);
		p->fn(c, p->items + i * p->size);
		pthread_mutex_lock(&p->lock);
		if (--p->left == 0)
			pthread_cond_signal(&p->done);
	}
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;
	struct parallel *p = t->all;

	pthread_mutex_lock(&p->lock);
	while (!p->ends) {
		take_items(p, t->crypto);
		pthread_cond_wait(&p->work, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* With all signals blocked: the event loop handles them. */
static bool start(struct parallel *p, struct thread *t)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int r;

	t->all = p;
	if ((t->crypto = crypto_new()) == NULL)
		return false;
	if (pthread_attr_init(&attr) != 0) {
		crypto_free(t->crypto);
		return false;
	}
	(void)pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&t->id, &attr, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (r != 0)
		crypto_free(t->crypto);
	return r == 0;
}

/* A failure is final: without memory or processes another try each time would cost
 * more than it could bring. */
static void start_all(struct parallel *p)
{
	while (p->n_threads + 1 < p->threads_max) {
		if (!start(p, &p->thread[p->n_threads]))
			p->threads_max = p->n_threads + 1;
		else
			p->n_threads++;
	}
}

static void finish(void *arg)
{
	struct parallel *p = arg;

	pthread_mutex_lock(&p->lock);
	take_items(p, p->crypto);
	while (p->left > 0)
		pthread_cond_wait(&p->done, &p->lock);
	p->items = NULL;
	p->n = 0;
	pthread_mutex_unlock(&p->lock);
}

static void begin(void *arg, void (*fn)(struct crypto *c, void *item),
    void *items, size_t size, size_t n)
{
	struct parallel *p = arg;

	finish(p); /* what somebody else has begun */
	if (n > 1)
		start_all(p);
	pthread_mutex_lock(&p->lock);
	p->fn = fn;
	p->items = items;
	p->size = size;
	p->n = p->left = n;
	p->next = 0;
	if (n > 1)
		pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
}

struct parallel_ops parallel_ops(struct parallel *p)
{
	return (struct parallel_ops){
	    .begin = begin, .finish = finish, .arg = p};
}

void parallel_free(struct parallel *p)
{
	size_t i;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->ends = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n_threads; i++) {
		pthread_join(p->thread[i].id, NULL);
		crypto_free(p->thread[i].crypto);
	}
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
