/* members.c - the two lists of a room. */
#include "server/room/members.h"

#include <stdlib.h>

void members_free(struct members *ms)
{
	member_list_free(&ms->in);
	member_list_free(&ms->waiting);
}

size_t members_count(const struct members *ms)
{
	return atomic_load_explicit(&ms->count, memory_order_relaxed);
}

size_t members_staying(const struct members *ms)
{
	return ms->in.n - ms->n_left;
}

int members_reserve(struct members *ms)
{
	if (member_list_reserve(&ms->waiting, ms->waiting.n + 1) != 0)
		return ERR_NOMEM;
	return member_list_reserve(&ms->in, ms->in.n + ms->waiting.n + 1);
}

void members_wait(struct members *ms, struct member *m)
{
	ms->waiting.p[ms->waiting.n++] = member_ref(m);
	atomic_fetch_add_explicit(&ms->count, 1, memory_order_relaxed);
}

void members_leave(struct members *ms, struct directory *d, struct member *m)
{
	if (m->left)
		return;
	directory_leave(d, &m->place);
	atomic_fetch_sub_explicit(&ms->count, 1, memory_order_relaxed);
	m->left = true;
	if (m->arrival != NULL) { /* it was never announced */
		member_arrival_free(m);
		member_list_remove(&ms->waiting, m);
		return;
	}
	ms->n_left++;
}

void members_admit(struct members *ms, struct member **who, size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		member_arrival_free(who[i]);
		member_list_insert(&ms->in, who[i]); /* reserved */
	}
	for (i = 0; i < ms->waiting.n; i++)
		if (ms->waiting.p[i]->arrival != NULL)
			ms->waiting.p[kept++] = ms->waiting.p[i];
	if ((ms->waiting.n = kept) > 0)
		return;
	member_list_free(&ms->waiting); /* many may have come at once */
	ms->waiting = (struct member_list){0};
}

void members_forget(struct members *ms)
{
	size_t i, n = 0;

	if (ms->n_left == 0)
		return;
	for (i = 0; i < ms->in.n; i++) {
		if (ms->in.p[i]->left)
			member_unref(ms->in.p[i]);
		else
			ms->in.p[n++] = ms->in.p[i];
	}
	ms->in.n = n;
	ms->n_left = 0;
}

void members_page(const struct members *ms, size_t first, struct user_list *l)
{
	l->total = ms->in.n;
	for (; first < ms->in.n && l->n_users < WIRE_PAGE; first++)
		member_user(ms->in.p[first], &l->users[l->n_users++]);
}
