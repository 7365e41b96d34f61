/* later.h - what one thread does once the store has committed something, or when
 * another thread has something for it. Inner header of server/room. */
#ifndef CONCLAVED_ROOM_LATER_H
#define CONCLAVED_ROOM_LATER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "shared/base/err.h"

struct store;

/* Embedded in what waits. */
struct later_item {
	TAILQ_ENTRY(later_item) next;
	uint64_t ticket;
	void (*fn)(struct later_item *l); /* it is off the list then */
};
/* A thread's, in ascending order of tickets. */
struct laters {
	TAILQ_HEAD(later_list, later_item) waiting;
	struct store *store; /* borrowed; NULL: everything is over at once */
	pthread_mutex_t lock;
	struct later_list posted; /* the lock's */
	atomic_bool any;	  /* `posted` is not empty */
	void (*wake)(void *arg);  /* from any thread */
	void *arg;
};
int laters_init(struct laters *t, struct store *store, void (*wake)(void *arg),
    void *arg) MUST_CHECK;
/* Calls what was posted; nothing may wait. */
void laters_free(struct laters *t);
/* What has this ticket is on disk, or (0) never goes there. */
bool laters_over(const struct laters *t, uint64_t ticket);
void laters_add(struct laters *t, struct later_item *l);
void laters_remove(struct laters *t, struct later_item *l);
/* From any thread: has the thread call it in its next step. */
void laters_post(struct laters *t, struct later_item *l);
/* Calls those that were posted, and those whose ticket is committed, in order. */
void laters_run(struct laters *t);

#endif
