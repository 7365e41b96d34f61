/* epoch_update.c - creates and frees epoch updates. */
#include "server/room/epoch_update.h"

#include <stdlib.h>

struct epoch_update *epoch_update_new(size_t n_new, size_t n_notices)
{
	struct epoch_update *u =
	    calloc(1, sizeof(*u) + n_new * sizeof(u->newcomer[0]));

	if (u == NULL)
		return NULL;
	atomic_init(&u->refs, 1);
	u->notice = calloc(n_notices + 1, sizeof(struct frame *));
	if (u->notice == NULL) {
		epoch_update_unref(u);
		return NULL;
	}
	return u;
}

struct epoch_update *epoch_update_ref(struct epoch_update *u)
{
	atomic_fetch_add_explicit(&u->refs, 1, memory_order_relaxed);
	return u;
}

void epoch_update_unref(struct epoch_update *u)
{
	size_t i;

	if (u == NULL ||
	    atomic_fetch_sub_explicit(&u->refs, 1, memory_order_acq_rel) > 1)
		return;
	frame_unref(u->rekey);
	frame_unref(u->page);
	for (i = 0; i < u->n_notices; i++)
		frame_unref(u->notice[i]);
	for (i = 0; i < u->n_new; i++) {
		member_unref(u->newcomer[i].member);
		frame_unref(u->newcomer[i].welcome);
	}
	free(u->notice);
	free(u);
}
