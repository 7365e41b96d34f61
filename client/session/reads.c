/* reads.c - says which of a room's readers the server answers. */
#include "client/session/reads.h"

#include <string.h>

/* A message and its edits. */
enum { PURGE_MAX = 32 };

void reads_enter(const struct reads *r, uint32_t room,
    const uint8_t log[WIRE_LOG], uint64_t since)
{
	older_enter(r->older, room, log, since);
	purges_enter(r->purges);
}

void reads_storage(const struct reads *r, bool ok)
{
	catchup_storage(r->catchup, ok);
	if (ok)
		purges_again(r->purges);
}

size_t reads_due(const struct reads *r)
{
	return purges_open(r->purges);
}

void reads_purged(
    const struct reads *r, uint64_t offset, const struct answer *a)
{
	purges_answer(r->purges, offset, a);
}

bool reads_waits(const struct reads *r)
{
	return catchup_waits(r->catchup) || older_waits(r->older);
}

bool reads_wants(const struct reads *r)
{
	return purges_due(r->purges) ||
	       (!reads_waits(r) &&
		   (catchup_wants(r->catchup) || older_wants(r->older)));
}

/* The user is not told of the answers. */
static int purge_late(const struct reads *r, struct requests *requests,
    struct chatroom *room)
{
	struct request q = {.type = REQUEST_PURGE,
	    .room = older_room(r->older),
	    .offset = purges_next(r->purges)};
	uint32_t number;

	return q.offset == 0 ? 0 : requests_put(requests, &q, room, &number);
}

int reads_ask(const struct reads *r, struct requests *requests,
    struct chatroom *room, uint64_t now_ms)
{
	bool missed = catchup_wants(r->catchup);
	struct request q;
	uint32_t number;
	int err;

	if (purges_due(r->purges))
		return purge_late(r, requests, room);
	err = missed ? catchup_ask(r->catchup, &q, now_ms)
		     : older_ask(r->older, &q);

	if (err == 0)
		err = requests_put(requests, &q, room, &number);
	if (err == 0 && missed)
		catchup_asked(r->catchup, number);
	return err;
}

int reads_head(const struct reads *r, const struct log_batch *h)
{
	return older_is(r->older, h->number) ? older_head(r->older, h)
					     : catchup_head(r->catchup, h);
}

int reads_entry(const struct reads *r, const uint8_t *body, size_t n)
{
	return older_waits(r->older) ? older_entry(r->older, body, n)
				     : catchup_entry(r->catchup, body, n);
}

int reads_flush(const struct reads *r)
{
	int err = catchup_flush(r->catchup);

	return err != 0 ? err : older_flush(r->older);
}

int reads_answer(
    const struct reads *r, const struct answer *a, uint64_t now_ms)
{
	return older_is(r->older, a->number) ? older_answer(r->older, a)
					     : catchup_answer(r->catchup, a, now_ms);
}

int reads_older(const struct reads *r, struct requests *requests,
    const struct older_range *range, uint32_t *req)
{
	if (r == NULL)
		return ERR_ROOM;
	if (range->count < 1 || range->count > WIRE_HISTORY_MAX)
		return ERR_RANGE;
	*req = requests_number(requests);
	return older_want(r->older, range, *req);
}

int reads_purge(const struct reads *r, struct requests *requests,
    const uint8_t id[WIRE_ID], uint32_t *req)
{
	struct request q = {.type = REQUEST_PURGE};
	uint64_t offset[PURGE_MAX];
	size_t n, i;
	bool own;
	int err;

	if (r == NULL || (q.room = older_room(r->older)) == 0)
		return ERR_ROOM;
	n = posts_entries(r->posts, id, offset, PURGE_MAX, &own);
	if (n == 0)
		return ERR_ABSENT;
	if (requests_open(requests) + n > WIRE_REQUESTS)
		return ERR_LIMIT;
	/* The answer to the last one is that to all. */
	for (i = 0; i < n; i++) {
		q.offset = offset[i];
		if ((err = purges_add(r->purges,
			 &(struct purge_wish){.offset = offset[i]})) != 0 ||
		    (err = requests_put(requests, &q, NULL, req)) != 0)
			return err;
	}
	return posts_purge(r->posts, id);
}
