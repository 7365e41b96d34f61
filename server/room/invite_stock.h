/* invite_stock.h - invites that are made in a thread: to stretch a secret takes
 * some 30 ms, for which an event loop has no time. From when the first is asked
 * for, some are made beforehand. For any thread. */
#ifndef CONCLAVED_ROOM_INVITE_STOCK_H
#define CONCLAVED_ROOM_INVITE_STOCK_H

#include <stdbool.h>
#include <sys/queue.h>

#include "shared/base/err.h"
#include "shared/wire/wire.h"

enum {
	INVITE_STOCK = 16,
	INVITE_WAITING = 64, /* who waits at once: two seconds of work */
};

struct account_record;
struct invite_made {
	char id[WIRE_INVITE_ID + 1];
	char secret[WIRE_INVITE_SECRET + 1];
	struct account_record *record; /* a reference */
};
/* One who waits for an invite, embedded in its owner and zeroed but for fn. */
struct invite_wait {
	STAILQ_ENTRY(invite_wait) next;
	/* Called once, in the stock's thread, when it has been served. */
	void (*fn)(struct invite_wait *w);
	bool served; /* then: */
	struct invite_made made; /* secret; for the next invite_stock_take */
	int err; /* of make */
};
struct invite_stock;
/* make fills *v, in any thread; drop gives a reference back. NULL: no memory. */
struct invite_stock *invite_stock_new(
    int (*make)(void *arg, struct invite_made *v),
    void (*drop)(struct account_record *r), void *arg);
/* Starts the thread. Where there can be none, the caller makes what it takes. */
void invite_stock_start(struct invite_stock *s);
/* Ends the thread. Those who wait are served with ERR_LIMIT. */
void invite_stock_stop(struct invite_stock *s);
void invite_stock_free(struct invite_stock *s); /* stopped or not; NULL */

/* The caller owns *v then. Where none is there, ERR_AGAIN: w waits, and calls this
 * again once it has been served; without one (NULL), call again later. ERR_LIMIT:
 * too many wait. Other errors are those of make. */
int invite_stock_take(struct invite_stock *s, struct invite_made *v,
    struct invite_wait *w) MUST_CHECK;

#endif
