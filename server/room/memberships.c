/* memberships.c - the rooms that one connection is in. */
#include "server/room/memberships.h"

#include <stdlib.h>

static struct member **memberships_at(const struct memberships *ms, size_t i)
{
	return i == 0 ? (struct member **)(uintptr_t)&ms->first
		      : &ms->more[i - 1];
}

struct member *memberships_next(const struct memberships *ms, size_t *i)
{
	struct member *m;

	while (*i <= ms->n_more) {
		m = *memberships_at(ms, (*i)++);
		if (m != NULL && member_taken(m))
			return m;
	}
	return NULL;
}

struct member *memberships_logged(const struct memberships *ms, size_t *i)
{
	struct member *m;

	while (*i <= ms->n_more) {
		m = *memberships_at(ms, (*i)++);
		if (m != NULL && m->logged)
			return m;
	}
	return NULL;
}

/* A place with nobody or one who has left; made if there is none. */
static struct member **memberships_place(struct memberships *ms)
{
	struct member **at, **more;
	size_t i;

	for (i = 0; i <= ms->n_more; i++) {
		at = memberships_at(ms, i);
		if (*at == NULL || !member_taken(*at))
			return at;
	}
	if (ms->n_more + 1 >= MEMBERSHIPS_MAX)
		return NULL;
	more = reallocarray(ms->more, ms->n_more + 1, sizeof(ms->more[0]));
	if (more == NULL)
		return NULL;
	ms->more = more;
	more[ms->n_more] = NULL;
	return &more[ms->n_more++];
}

struct member *memberships_new(struct memberships *ms)
{
	struct member **at = memberships_place(ms), *m;

	if (at == NULL || (m = member_new()) == NULL)
		return NULL;
	if (ms->last == *at)
		ms->last = NULL;
	member_forget(*at);
	*at = m;
	return m;
}

/* People speak in one room for a while. To go through all for each frame would
 * cost more than the frame, since none of them is in the cache. */
struct member *memberships_in(struct memberships *ms, uint32_t room)
{
	struct member *m = ms->last;
	size_t i = 0;

	if (m != NULL && member_taken(m) && member_room_id(m) == room)
		return m;
	while ((m = memberships_next(ms, &i)) != NULL)
		if (member_room_id(m) == room)
			return ms->last = m;
	return NULL;
}

bool memberships_any(const struct memberships *ms)
{
	struct member *m;
	size_t i = 0;

	while ((m = memberships_next(ms, &i)) != NULL)
		if (member_is_in(m))
			return true;
	return false;
}

bool memberships_hold(const struct memberships *ms, const struct store *store)
{
	bool full = store != NULL && store_full(store);
	struct member *m;
	size_t i = 0;

	while ((m = memberships_next(ms, &i)) != NULL)
		if (member_backlogged(m) || (full && member_keeps(m)))
			return true;
	return false;
}

bool memberships_full(const struct memberships *ms)
{
	struct member *m;
	size_t i = 0;

	while ((m = memberships_next(ms, &i)) != NULL)
		if (member_room_full(m))
			return true;
	return false;
}

void memberships_taken_up(struct memberships *ms)
{
	struct member *m;
	size_t i = 0;

	while ((m = memberships_next(ms, &i)) != NULL)
		member_taken_up(m);
}

void memberships_quit(struct memberships *ms)
{
	struct member *m;
	size_t i = 0;

	while ((m = memberships_next(ms, &i)) != NULL)
		m->quit = true;
}

void memberships_leave(struct memberships *ms)
{
	struct member *m;
	size_t i = 0;

	while ((m = memberships_next(ms, &i)) != NULL)
		room_leave(m);
}

void memberships_free(struct memberships *ms)
{
	size_t i;

	for (i = 0; i <= ms->n_more; i++)
		member_forget(*memberships_at(ms, i));
	free(ms->more);
	*ms = (struct memberships){0};
}
