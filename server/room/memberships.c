/* memberships.c - the rooms that one connection is in. */
#include "server/room/memberships.h"

#include <stddef.h>
#include <stdlib.h>

struct memberships *memberships_of(struct membership *s)
{
	const struct membership_slot *slot =
	    (void *)((char *)s - offsetof(struct membership_slot, membership));

	return slot->of;
}

static struct membership_slot *memberships_at(
    const struct memberships *m, size_t i)
{
	return i == 0 ? (struct membership_slot *)(uintptr_t)&m->first
		      : m->more[i - 1];
}

struct membership *memberships_next(const struct memberships *m, size_t *i)
{
	struct membership *s;

	while (*i <= m->n_more) {
		s = &memberships_at(m, (*i)++)->membership;
		if (membership_taken(s))
			return s;
	}
	return NULL;
}

struct membership *memberships_logged(const struct memberships *m, size_t *i)
{
	struct membership *s;

	while (*i <= m->n_more) {
		s = &memberships_at(m, (*i)++)->membership;
		if (s->logged)
			return s;
	}
	return NULL;
}

static struct membership_slot *memberships_new(struct memberships *m)
{
	struct membership_slot *slot, **more;

	if (m->n_more + 1 >= MEMBERSHIPS_MAX)
		return NULL;
	more = realloc(
	    m->more, (m->n_more + 1) * sizeof(struct membership_slot *));
	if (more == NULL)
		return NULL;
	m->more = more;
	if ((slot = calloc(1, sizeof(*slot))) != NULL)
		m->more[m->n_more++] = slot;
	return slot;
}

struct membership *memberships_free_one(struct memberships *m)
{
	struct membership_slot *slot = NULL;
	size_t i;

	for (i = 0; i <= m->n_more && slot == NULL; i++)
		if (!membership_taken(&memberships_at(m, i)->membership))
			slot = memberships_at(m, i);
	if (slot == NULL && (slot = memberships_new(m)) == NULL)
		return NULL;
	slot->of = m;
	return &slot->membership;
}

struct membership *memberships_in(struct memberships *m, uint32_t room)
{
	struct membership *s;
	size_t i = 0;

	while ((s = memberships_next(m, &i)) != NULL)
		if (membership_room_id(s) == room)
			return s;
	return NULL;
}

bool memberships_any(const struct memberships *m)
{
	struct membership *s;
	size_t i = 0;

	while ((s = memberships_next(m, &i)) != NULL)
		if (membership_is_in(s))
			return true;
	return false;
}

bool memberships_backlogged(const struct memberships *m)
{
	struct membership *s;
	size_t i = 0;

	while ((s = memberships_next(m, &i)) != NULL)
		if (membership_backlogged(s))
			return true;
	return false;
}

bool memberships_full(const struct memberships *m)
{
	struct membership *s;
	size_t i = 0;

	while ((s = memberships_next(m, &i)) != NULL)
		if (membership_room_full(s))
			return true;
	return false;
}

void memberships_taken_up(struct memberships *m)
{
	struct membership *s;
	size_t i = 0;

	while ((s = memberships_next(m, &i)) != NULL)
		membership_taken_up(s);
}

void memberships_quit(struct memberships *m)
{
	struct membership *s;
	size_t i = 0;

	while ((s = memberships_next(m, &i)) != NULL)
		s->quit = true;
}

void memberships_leave(struct memberships *m)
{
	struct membership *s;
	size_t i = 0;

	while ((s = memberships_next(m, &i)) != NULL)
		room_leave(s);
}

void memberships_free(struct memberships *m)
{
	size_t i;

	membership_forget(&m->first.membership);
	for (i = 0; i < m->n_more; i++) {
		membership_forget(&m->more[i]->membership);
		free(m->more[i]);
	}
	free(m->more);
	m->more = NULL;
	m->n_more = 0;
}
