/* member.c - members and lists of them. */
#include "server/room/member.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"
#include "shared/os/vec.h"

struct member *member_ref(struct member *m)
{
	atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

void member_arrival_free(struct member *m)
{
	if (m->arrival == NULL)
		return;
	frame_unref(m->arrival->welcome);
	free(m->arrival);
	m->arrival = NULL;
}

void member_unref(struct member *m)
{
	if (m == NULL ||
	    atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) > 1)
		return;
	member_arrival_free(m);
	entrant_unref(m->person);
	quota_sub(sizeof(*m));
	free(m);
}

struct member *member_new(void)
{
	struct member *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	if ((m->arrival = calloc(1, sizeof(*m->arrival))) == NULL) {
		free(m);
		return NULL;
	}
	atomic_init(&m->refs, 1);
	m->role = ROLE_MEMBER;
	quota_add(sizeof(*m));
	return m;
}

void member_user(const struct member *m, struct user *out)
{
	const struct entrant *p = m->person;

	out->member = m->number;
	memcpy(out->name, p->name, sizeof(out->name));
	memcpy(out->identity, p->identity, sizeof(out->identity));
	memcpy(out->card, p->card, sizeof(out->card));
	out->role = (enum role)m->role;
	out->mute = m->silent;
	out->certificate = p->certificate;
}

/* --- lists --------------------------------------------------------------- */

int member_list_reserve(struct member_list *l, size_t n)
{
	return vec_reserve(&l->p, &l->cap, n, sizeof(l->p[0]));
}

void member_list_free(struct member_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		member_unref(l->p[i]);
	free(l->p);
}

size_t member_list_above(const struct member_list *l, uint32_t after)
{
	size_t lo = 0, hi = l->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (l->p[mid]->number <= after)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct member *member_list_find(const struct member_list *l, uint32_t number)
{
	size_t i = number == 0 ? l->n : member_list_above(l, number - 1);

	return i < l->n && l->p[i]->number == number ? l->p[i] : NULL;
}

void member_list_insert(struct member_list *l, struct member *m)
{
	size_t i = member_list_above(l, m->number);

	memmove(&l->p[i + 1], &l->p[i], (l->n - i) * sizeof(l->p[0]));
	l->p[i] = m;
	l->n++;
}

void member_list_remove(struct member_list *l, struct member *m)
{
	size_t i;

	for (i = 0; i < l->n && l->p[i] != m; i++)
		;
	assert(i < l->n);
	l->n--;
	memmove(&l->p[i], &l->p[i + 1], (l->n - i) * sizeof(l->p[0]));
	member_unref(m);
}
