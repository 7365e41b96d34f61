/* later.c - a list of what waits for the store. */
#include "server/room/later.h"

#include "server/store/store.h"

int laters_init(struct laters *t, struct store *store, void (*wake)(void *arg),
    void *arg)
{
	TAILQ_INIT(&t->waiting);
	TAILQ_INIT(&t->posted);
	atomic_init(&t->any, false);
	t->store = store;
	t->wake = wake;
	t->arg = arg;
	return pthread_mutex_init(&t->lock, NULL) == 0 ? 0 : ERR_NOMEM;
}

static struct later_item *posted(struct laters *t)
{
	struct later_item *l;

	(void)pthread_mutex_lock(&t->lock);
	if ((l = TAILQ_FIRST(&t->posted)) != NULL)
		TAILQ_REMOVE(&t->posted, l, next);
	else
		atomic_store(&t->any, false);
	(void)pthread_mutex_unlock(&t->lock);
	return l;
}

static void run_posted(struct laters *t)
{
	struct later_item *l;

	while (atomic_load(&t->any) && (l = posted(t)) != NULL)
		l->fn(l);
}

void laters_free(struct laters *t)
{
	run_posted(t);
	(void)pthread_mutex_destroy(&t->lock);
}

void laters_post(struct laters *t, struct later_item *l)
{
	(void)pthread_mutex_lock(&t->lock);
	TAILQ_INSERT_TAIL(&t->posted, l, next);
	atomic_store(&t->any, true);
	(void)pthread_mutex_unlock(&t->lock);
	t->wake(t->arg);
}

bool laters_over(const struct laters *t, uint64_t ticket)
{
	return ticket == 0 || t->store == NULL ||
	       ticket <= store_committed(t->store);
}

/* Tickets grow, so its place is mostly the end. */
void laters_add(struct laters *t, struct later_item *l)
{
	struct later_item *before = TAILQ_LAST(&t->waiting, later_list);

	while (before != NULL && before->ticket > l->ticket)
		before = TAILQ_PREV(before, later_list, next);
	if (before != NULL)
		TAILQ_INSERT_AFTER(&t->waiting, before, l, next);
	else
		TAILQ_INSERT_HEAD(&t->waiting, l, next);
}

void laters_remove(struct laters *t, struct later_item *l)
{
	TAILQ_REMOVE(&t->waiting, l, next);
}

void laters_run(struct laters *t)
{
	struct later_item *l;

	run_posted(t);
	while ((l = TAILQ_FIRST(&t->waiting)) != NULL &&
	       laters_over(t, l->ticket)) {
		TAILQ_REMOVE(&t->waiting, l, next);
		l->fn(l);
	}
}
