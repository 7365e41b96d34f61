/* rekey_schedule.c - finds the rooms of a thread that are due for a rekey. */
#include <stddef.h>

#include "server/room/rekey.h"
#include "server/room/room_ref.h"

enum { RETRY_MS = 100 }; /* after running out of memory for a timer */

int rekeys_init(struct rekeys *t, void (*wake)(void *arg), void *arg)
{
	t->wake = wake;
	t->arg = arg;
	STAILQ_INIT(&t->look);
	timers_init(&t->timers);
	return pthread_mutex_init(&t->lock, NULL) == 0 ? 0 : ERR_NOMEM;
}

void rekeys_free(struct rekeys *t)
{
	struct rekey *k;

	/* The rooms may outlive the thread, but not their schedule. */
	while ((k = STAILQ_FIRST(&t->look)) != NULL) {
		STAILQ_REMOVE_HEAD(&t->look, look);
		timer_stop(&t->timers, &k->due);
		k->held = k->looked_at = false;
		k->owner = NULL;
		room_unref(k->o.room);
	}
	while (t->timers.n > 0) {
		k = (struct rekey *)(void *)((char *)t->timers.heap[0] -
					     offsetof(struct rekey, due));
		timer_stop(&t->timers, &k->due);
		k->held = false;
		k->owner = NULL;
		room_unref(k->o.room);
	}
	timers_free(&t->timers);
	(void)pthread_mutex_destroy(&t->lock);
}

void rekey_look(struct rekey *k)
{
	struct rekeys *t = k->owner;

	if (k->looked_at || t == NULL)
		return;
	k->looked_at = true;
	if (!k->held) {
		(void)room_ref(k->o.room);
		atomic_fetch_add(&t->n_rooms, 1);
	}
	k->held = true;
	(void)pthread_mutex_lock(&t->lock);
	STAILQ_INSERT_TAIL(&t->look, k, look);
	atomic_store(&t->looking, true);
	(void)pthread_mutex_unlock(&t->lock);
	t->wake(t->arg);
}

uint64_t rekeys_deadline(struct rekeys *t)
{
	if (t->retry_ms != 0)
		return t->retry_ms;
	if (atomic_load(&t->looking))
		return 0;
	return timers_next(&t->timers);
}

/* A room that waits for nothing needs no reference. */
static void rekey_schedule(struct rekeys *t, struct rekey *k)
{
	uint64_t at = rekey_deadline(k);
	bool held = at != UINT64_MAX;

	if (held)
		timer_set(&t->timers, &k->due, at);
	else
		timer_stop(&t->timers, &k->due);
	(void)pthread_mutex_lock(k->o.lock);
	held = held || k->looked_at;
	k->held = held;
	(void)pthread_mutex_unlock(k->o.lock);
	if (held)
		return;
	atomic_fetch_sub(&t->n_rooms, 1);
	room_unref(k->o.room);
}

static void rekey_due(struct timer *due)
{
	struct rekey *k =
	    (struct rekey *)(void *)((char *)due - offsetof(struct rekey, due));
	struct rekeys *t = k->owner;
	struct rekeys_run *run = t->running;
	uint32_t before = rekey_epoch(k);
	int err = rekey_run(k, &run->run);

	if (run->done != NULL && (err != 0 || rekey_epoch(k) != before))
		run->done(run->arg, k->o.room, err);
	rekey_schedule(t, k);
}

void rekeys_own(struct rekeys *t, struct rekey *k)
{
	k->owner = t;
	k->due.fn = rekey_due;
}

/* All rooms that have members: those have a timer. */
static void rekeys_each(struct rekeys *t, void (*fn)(struct rekey *k))
{
	struct rekey *k;
	size_t i;

	for (i = 0; i < t->timers.n; i++) {
		k = (struct rekey *)(void *)((char *)t->timers.heap[i] -
					     offsetof(struct rekey, due));
		(void)pthread_mutex_lock(k->o.lock);
		fn(k);
		(void)pthread_mutex_unlock(k->o.lock);
	}
}

static void rekey_renew(struct rekey *k)
{
	k->renew = true;
	rekey_look(k);
}

/* A room without members has no secret. */
void rekeys_renew(struct rekeys *t)
{
	rekeys_each(t, rekey_renew);
}

static void rekey_sign(struct rekey *k)
{
	struct rekey_say *s;

	/* Without memory it is not said: those who are there have the log. */
	if (!k->said || (s = calloc(1, sizeof(*s))) == NULL)
		return;
	s->event = NOTICE_CHECKPOINT;
	rekey_say(k, s);
}

void rekeys_sign(struct rekeys *t)
{
	rekeys_each(t, rekey_sign);
}

static void rekeys_look(struct rekeys *t, uint64_t now_ms)
{
	struct rekey *k;

	t->retry_ms = 0;
	while (atomic_load(&t->looking)) {
		if (timers_reserve(&t->timers, atomic_load(&t->n_rooms)) != 0) {
			t->retry_ms = now_ms + RETRY_MS;
			return;
		}
		(void)pthread_mutex_lock(&t->lock);
		k = STAILQ_FIRST(&t->look);
		STAILQ_REMOVE_HEAD(&t->look, look);
		if (STAILQ_EMPTY(&t->look))
			atomic_store(&t->looking, false);
		(void)pthread_mutex_unlock(&t->lock);
		/* Only here, where it is off the list: another thread may have
		 * put it there while rekey_due ran. */
		(void)pthread_mutex_lock(k->o.lock);
		k->looked_at = false;
		(void)pthread_mutex_unlock(k->o.lock);
		rekey_schedule(t, k);
	}
}

void rekeys_run(struct rekeys *t, struct rekeys_run *run)
{
	t->running = run;
	if (t->retry_ms <= run->run.now_ms)
		rekeys_look(t, run->run.now_ms);
	timers_run(&t->timers, run->run.now_ms);
	t->running = NULL;
}
