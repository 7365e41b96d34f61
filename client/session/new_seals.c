/* The secrets of rooms that are being made. */
#include "client/session/new_seals.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

/* In secure memory. */
struct new_seal {
	uint32_t number; /* 0: free */
	char room[WIRE_ROOM_MAX + 1];
	struct seal_secret of;
};

struct new_seals {
	const struct parties *parties;
	struct new_seal *wait; /* owned, NEW_SEALS_MAX */
};

enum { SIZE = NEW_SEALS_MAX * sizeof(struct new_seal) };

struct new_seals *new_seals_new(const struct parties *parties)
{
	struct new_seals *n = calloc(1, sizeof(*n));

	if (n == NULL || (n->wait = secret_alloc(SIZE)) == NULL) {
		free(n);
		return NULL;
	}
	memset(n->wait, 0, SIZE);
	n->parties = parties;
	return n;
}

void new_seals_free(struct new_seals *n)
{
	if (n == NULL)
		return;
	secret_free(n->wait, SIZE);
	free(n);
}

int new_seals_add(struct new_seals *n, const char *room, uint32_t number)
{
	const struct rng *rng = &n->parties->rng;
	struct new_seal *s;
	size_t i;
	int r;

	for (i = 0; i < NEW_SEALS_MAX && n->wait[i].number != 0; i++)
		;
	if (i == NEW_SEALS_MAX)
		return ERR_LIMIT;
	s = &n->wait[i];
	if ((r = rng->fill(rng->arg, s->of.secret, WIRE_KEY)) != 0)
		return r;
	memcpy(s->room, room, strlen(room) + 1);
	s->number = number;
	return 0;
}

void new_seals_answered(struct new_seals *n, uint32_t number, bool done)
{
	const struct seals_ops *ops = &n->parties->seals;
	size_t i;

	for (i = 0; i < NEW_SEALS_MAX; i++) {
		if (number == 0 || n->wait[i].number != number)
			continue;
		if (done && ops->put != NULL)
			ops->put(ops->arg, n->wait[i].room, &n->wait[i].of);
		secret_wipe(&n->wait[i], sizeof(n->wait[i]));
	}
}

void new_seals_lost(struct new_seals *n)
{
	secret_wipe(n->wait, SIZE);
}
