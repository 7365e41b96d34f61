/* invite_stock.c - makes invites in a thread, before somebody asks for them. */
#include "server/room/invite_stock.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "shared/base/secret.h"

/* The lock protects what is below it. */
struct invite_stock {
	int (*make)(void *arg, struct invite_made *v);
	void (*drop)(struct account_record *r);
	void *arg;
	pthread_t thread;
	bool runs;
	pthread_mutex_t lock;
	pthread_cond_t work; /* for the thread */
	bool asked, ends;
	struct invite_made *made; /* owned, secret: INVITE_STOCK */
	size_t n;
};

struct invite_stock *invite_stock_new(
    int (*make)(void *arg, struct invite_made *v),
    void (*drop)(struct account_record *r), void *arg)
{
	struct invite_stock *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->make = make;
	s->drop = drop;
	s->arg = arg;
	if ((s->made = secret_alloc(INVITE_STOCK * sizeof(s->made[0]))) == NULL) {
		free(s);
		return NULL;
	}
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->work, NULL);
	return s;
}

/* Locked, before and after. After a failure it is tried again when the next is
 * asked for. */
static void fill(struct invite_stock *s)
{
	struct invite_made v = {.record = NULL};
	int r = 0;

	while (r == 0 && !s->ends && s->n < INVITE_STOCK) {
		pthread_mutex_unlock(&s->lock);
		r = s->make(s->arg, &v);
		pthread_mutex_lock(&s->lock);
		if (r == 0)
			s->made[s->n++] = v;
	}
	secret_wipe(&v, sizeof(v));
}

static void *stock_thread(void *arg)
{
	struct invite_stock *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->ends) {
		if (s->asked)
			fill(s);
		if (!s->ends)
			pthread_cond_wait(&s->work, &s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* With all signals blocked: the main thread handles them. */
void invite_stock_start(struct invite_stock *s)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->runs = pthread_create(&s->thread, NULL, stock_thread, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int invite_stock_take(struct invite_stock *s, struct invite_made *v)
{
	bool there;

	pthread_mutex_lock(&s->lock);
	s->asked = true;
	if ((there = s->n > 0)) {
		*v = s->made[--s->n];
		secret_wipe(&s->made[s->n], sizeof(s->made[0]));
	}
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	return there ? 0 : s->make(s->arg, v);
}

void invite_stock_free(struct invite_stock *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->ends = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	if (s->runs)
		pthread_join(s->thread, NULL);
	while (s->n > 0)
		s->drop(s->made[--s->n].record);
	secret_free(s->made, INVITE_STOCK * sizeof(s->made[0]));
	(void)pthread_cond_destroy(&s->work);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
