/* invite_stock.c - makes invites in a thread: for those who wait, then for the
 * stock. */
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
	STAILQ_HEAD(, invite_wait) waiting; /* while there is none in stock */
	size_t n_waiting;
	int failed; /* why there is none in stock; 0: it was not tried */
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
	STAILQ_INIT(&s->waiting);
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->work, NULL);
	return s;
}

/* Locked, before and after. Gives the one who has waited longest what was made. */
static void serve(struct invite_stock *s, const struct invite_made *v, int err)
{
	struct invite_wait *w = STAILQ_FIRST(&s->waiting);

	STAILQ_REMOVE_HEAD(&s->waiting, next);
	s->n_waiting--;
	w->err = err;
	if (err == 0)
		w->made = *v;
	w->served = true;
	pthread_mutex_unlock(&s->lock);
	w->fn(w);
	pthread_mutex_lock(&s->lock);
}

/* Locked, before and after. After a failure nothing is made for the stock until
 * the next is asked for. */
static void fill(struct invite_stock *s)
{
	struct invite_made v = {.record = NULL};
	int r = 0;

	while (!s->ends &&
	       (s->n_waiting > 0 || (r == 0 && s->n < INVITE_STOCK))) {
		pthread_mutex_unlock(&s->lock);
		r = s->make(s->arg, &v);
		pthread_mutex_lock(&s->lock);
		if (s->n_waiting > 0)
			serve(s, &v, r);
		else if ((s->failed = r) == 0)
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

/* Locked. Takes one from the stock. */
static void take(struct invite_stock *s, struct invite_made *v)
{
	*v = s->made[--s->n];
	secret_wipe(&s->made[s->n], sizeof(s->made[0]));
}

/* Locked. */
static int wait_for(struct invite_stock *s, struct invite_wait *w)
{
	int r = s->failed;

	if (w == NULL) {
		s->failed = 0;
		return r != 0 ? r : ERR_AGAIN;
	}
	if (s->n_waiting == INVITE_WAITING)
		return ERR_LIMIT;
	STAILQ_INSERT_TAIL(&s->waiting, w, next);
	s->n_waiting++;
	return ERR_AGAIN;
}

int invite_stock_take(
    struct invite_stock *s, struct invite_made *v, struct invite_wait *w)
{
	int r = 0;

	if (w != NULL && w->served) {
		*v = w->made;
		secret_wipe(&w->made, sizeof(w->made));
		return w->err;
	}
	if (!s->runs)
		return s->make(s->arg, v);
	pthread_mutex_lock(&s->lock);
	s->asked = true;
	if (s->n > 0)
		take(s, v);
	else
		r = wait_for(s, w);
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	return r;
}

void invite_stock_stop(struct invite_stock *s)
{
	const struct invite_made none = {.record = NULL};

	if (!s->runs)
		return;
	pthread_mutex_lock(&s->lock);
	s->ends = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	s->runs = false;
	pthread_mutex_lock(&s->lock);
	while (s->n_waiting > 0)
		serve(s, &none, ERR_LIMIT);
	pthread_mutex_unlock(&s->lock);
}

void invite_stock_free(struct invite_stock *s)
{
	if (s == NULL)
		return;
	invite_stock_stop(s);
	while (s->n > 0)
		s->drop(s->made[--s->n].record);
	secret_free(s->made, INVITE_STOCK * sizeof(s->made[0]));
	(void)pthread_cond_destroy(&s->work);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
