/* invite_stock.h - invites that are made before somebody asks for them: to stretch
 * a secret takes some 30 ms, for which an event loop has no time. A thread makes
 * them, from when the first is asked for. For any thread. */
#ifndef CONCLAVED_ROOM_INVITE_STOCK_H
#define CONCLAVED_ROOM_INVITE_STOCK_H

#include "shared/base/err.h"
#include "shared/wire/wire.h"

enum { INVITE_STOCK = 16 };

struct account_record;
struct invite_made {
	char id[WIRE_INVITE_ID + 1];
	char secret[WIRE_INVITE_SECRET + 1];
	struct account_record *record; /* a reference */
};
struct invite_stock;
/* make fills *v, in any thread; drop gives a reference back. NULL: no memory. */
struct invite_stock *invite_stock_new(
    int (*make)(void *arg, struct invite_made *v),
    void (*drop)(struct account_record *r), void *arg);
/* Starts the thread. Where there can be none, the caller makes what it takes. */
void invite_stock_start(struct invite_stock *s);
void invite_stock_free(struct invite_stock *s); /* ends the thread; NULL */

/* The caller owns *v then. The caller's thread makes it where there is none: the
 * first, and those of a burst. Errors are those of make. */
int invite_stock_take(struct invite_stock *s, struct invite_made *v) MUST_CHECK;

#endif
