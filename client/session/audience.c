/* audience.c - the stays of people in a room, sorted by identity. */
#include <stdlib.h>
#include <string.h>

#include "client/session/audience.h"
#include "client/session/roster.h"

#define STILL UINT64_MAX

enum {
	/* Past this ended stays are forgotten, so that their people count as
	 * new. */
	STAYS_MAX = 2 * ROSTER_MAX,
	/* The same for members who are not connected. */
	AWAY_MAX = 4096,
};

/* One stay, at the moments from <= m < until. The stays of an identity are in
 * the order of time, so that one that lasts is its last. */
struct stay {
	uint8_t identity[WIRE_ED25519];
	char name[WIRE_NAME_MAX + 1];
	uint64_t from, until; /* STILL: here */
	bool self;
	bool away;   /* not connected, and still a member */
	bool parted; /* no longer a member */
};

struct audience {
	struct stay *stays;
	size_t n;
	uint64_t now;
	uint64_t came; /* the last moment at which somebody came */
	bool begun;
};

struct audience *audience_new(void)
{
	return calloc(1, sizeof(struct audience));
}

void audience_free(struct audience *a)
{
	if (a == NULL)
		return;
	free(a->stays);
	free(a);
}

uint64_t audience_now(const struct audience *a)
{
	return a->now;
}

/* --- the people of now --------------------------------------------------- */

static int compare(const void *x, const void *y)
{
	return memcmp(((const struct stay *)x)->identity,
	    ((const struct stay *)y)->identity, WIRE_ED25519);
}

/* Makes a stay of each identity, ascending; returns how many. An identity with
 * several connections is one person. */
static size_t list(struct stay *out, const struct person *p, size_t n)
{
	const uint8_t *self = NULL;
	size_t i, k = 0;

	for (i = 0; i < n; i++)
		if (p[i].self)
			self = p[i].identity;
	for (i = 0; i < n; i++) {
		out[i] = (struct stay){.until = STILL};
		memcpy(out[i].identity, p[i].identity, WIRE_ED25519);
		memcpy(out[i].name, p[i].name, sizeof(out[i].name));
		out[i].self = self != NULL &&
			      memcmp(self, p[i].identity, WIRE_ED25519) == 0;
	}
	qsort(out, n, sizeof(*out), compare);
	for (i = 0; i < n; i++)
		if (k == 0 || compare(&out[k - 1], &out[i]) != 0)
			out[k++] = out[i];
	return k;
}

/* --- merging ------------------------------------------------------------- */

struct merge {
	struct stay *out;
	size_t n, n_away;
	bool history;
	uint64_t next;	   /* the moment that begins if anything changes */
	uint64_t earliest; /* nobody asks about moments before it */
	bool changed;
};

/* Whether a stay goes on. */
static bool stays(const struct merge *m, bool here)
{
	return here || (m->history && m->n_away < AWAY_MAX);
}

/* Adds the stays s of one identity; `here` is its stay of now, or NULL. */
static void merge_one(
    struct merge *m, const struct stay *s, size_t n, const struct stay *here)
{
	struct stay *out;
	bool lasts = false;
	size_t i;

	for (i = 0; i < n; i++) {
		out = &m->out[m->n];
		*out = s[i];
		if (out->until == STILL) {
			lasts = !out->parted && stays(m, here != NULL);
			out->away = here == NULL;
		}
		if (out->until == STILL && !lasts) {
			out->until = m->next;
			m->changed = true;
		}
		if (out->until == STILL) {
			m->n_away += out->away;
		} else if (out->until <= m->earliest || m->n >= STAYS_MAX) {
			continue;
		}
		m->n++;
	}
	if (here == NULL || lasts)
		return;
	m->out[m->n] = *here;
	m->out[m->n++].from = m->next;
	m->changed = true;
}

static void merge(
    struct merge *m, const struct audience *a, const struct stay *now, size_t n)
{
	size_t i = 0, k = 0, same;
	int order;

	while (i < a->n || k < n) {
		order = i == a->n ? 1
			: k == n  ? -1
				  : compare(&a->stays[i], &now[k]);
		for (same = 0; order <= 0 && i + same < a->n &&
			       compare(&a->stays[i], &a->stays[i + same]) == 0;
		     same++)
			;
		merge_one(m, same > 0 ? &a->stays[i] : NULL, same,
		    order >= 0 ? &now[k] : NULL);
		i += same;
		k += order >= 0;
	}
}

int audience_set(struct audience *a, const struct person *p, size_t n,
    bool history, uint64_t earliest)
{
	struct merge m = {.next = a->begun ? a->now + 1 : 0,
	    .earliest = earliest,
	    .history = history};
	size_t all = n + 1, i;
	struct stay *now = calloc(all, sizeof(*now));
	int r = ERR_NOMEM;

	m.out = calloc(a->n + all, sizeof(*m.out));
	if (now == NULL || m.out == NULL)
		goto out;
	merge(&m, a, now, list(now, p, n));
	free(a->stays);
	a->stays = m.out;
	a->n = m.n;
	m.out = NULL;
	a->begun = true;
	if (m.changed)
		a->now = m.next;
	for (a->came = 0, i = 0; i < a->n; i++)
		if (a->stays[i].until == STILL && !a->stays[i].self &&
		    a->stays[i].from > a->came)
			a->came = a->stays[i].from;
	r = 0;
out:
	free(now);
	free(m.out);
	return r;
}

void audience_parted(struct audience *a, const uint8_t identity[WIRE_ED25519])
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (memcmp(a->stays[i].identity, identity, WIRE_ED25519) == 0)
			a->stays[i].parted = true;
}

/* --- asking -------------------------------------------------------------- */

bool audience_at(
    const struct audience *a, size_t *pos, struct audience_person *out)
{
	const struct stay *s;

	for (; *pos < a->n; (*pos)++) {
		s = &a->stays[*pos];
		if (s->until != STILL || s->self || s->away)
			continue;
		memcpy(out->name, s->name, sizeof(out->name));
		out->record = (*pos)++;
		return true;
	}
	return false;
}

bool audience_knew(
    const struct audience *a, const struct audience_person *p, uint64_t moment)
{
	const struct stay *last = &a->stays[p->record], *s = last;

	for (;; s--) {
		if (s->from <= moment && moment < s->until)
			return true;
		if (s == a->stays || compare(s - 1, last) != 0)
			return false;
	}
}

bool audience_same(const struct audience *a, uint64_t moment)
{
	struct audience_person p;
	size_t pos = 0;

	if (moment >= a->came)
		return true;
	while (audience_at(a, &pos, &p))
		if (!audience_knew(a, &p, moment))
			return false;
	return true;
}
