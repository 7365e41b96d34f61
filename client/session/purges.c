/* purges.c - the list of a room's wishes. */
#include "client/session/purges.h"

#include <stdlib.h>
#include <string.h>

#include "shared/os/vec.h"

enum state {
	COMES, /* the log does not have it yet, as far as we know */
	DUE,
	ASKED,
	LATER, /* the next time that we enter the room */
};

struct wish {
	struct purge_wish of;
	enum state state;
	bool earlier; /* of an earlier run */
};

struct purges {
	struct purges_opts o;
	struct wish *wish; /* owned; the oldest first */
	size_t n, cap;
};

struct purges *purges_new(const struct purges_opts *o)
{
	struct purges *p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->o = *o;
	return p;
}

void purges_free(struct purges *p)
{
	if (p == NULL)
		return;
	free(p->wish);
	free(p);
}

/* --- the list -------------------------------------------------------------- */

static void remove_at(struct purges *p, size_t i)
{
	p->n--;
	memmove(&p->wish[i], &p->wish[i + 1], (p->n - i) * sizeof(p->wish[0]));
}

static void drop(struct purges *p, size_t i)
{
	if (p->o.ops->drop != NULL)
		p->o.ops->drop(p->o.ops->arg, p->o.room, &p->wish[i].of);
	remove_at(p, i);
}

static bool here(const struct purges *p, const struct purge_wish *w)
{
	return memcmp(w->log, p->o.log, WIRE_LOG) == 0;
}

/* SIZE_MAX: there is none in this log. */
static size_t find(
    const struct purges *p, uint64_t offset, const uint8_t id[WIRE_ID])
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->wish[i].of.offset == offset && here(p, &p->wish[i].of) &&
		    (offset != 0 ||
			memcmp(p->wish[i].of.id, id, WIRE_ID) == 0))
			return i;
	return SIZE_MAX;
}

static int insert(struct purges *p, const struct wish *w)
{
	int r;

	if (find(p, w->of.offset, w->of.id) != SIZE_MAX)
		return 0;
	if (p->n == PURGES_MAX)
		drop(p, 0);
	if ((r = vec_reserve(
		 &p->wish, &p->cap, p->n + 1, sizeof(p->wish[0]))) == 0)
		p->wish[p->n++] = *w;
	return r;
}

/* --- the room's life ------------------------------------------------------- */

void purges_again(struct purges *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->wish[i].state == LATER && here(p, &p->wish[i].of))
			p->wish[i].state = DUE;
}

void purges_enter(struct purges *p)
{
	struct wish w = {.earlier = true};
	const struct purges_ops *ops = p->o.ops;
	size_t i;

	for (i = 0; ops->get != NULL && i < PURGES_MAX &&
		    ops->get(ops->arg, p->o.room, i, &w.of);
	     i++) {
		w.state = w.of.offset == 0 ? COMES : LATER;
		if (here(p, &w.of))
			(void)!insert(p, &w);
	}
	purges_again(p);
}

void purges_leave(struct purges *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->wish[i].state != COMES)
			p->wish[i].state = LATER;
}

/* --- wishes ---------------------------------------------------------------- */

int purges_add(struct purges *p, const struct purge_wish *of)
{
	struct wish w = {.of = *of, .state = of->offset == 0 ? COMES : ASKED};
	int r;

	memcpy(w.of.log, p->o.log, WIRE_LOG);
	if ((r = insert(p, &w)) == 0 && p->o.ops->put != NULL)
		p->o.ops->put(p->o.ops->arg, p->o.room, &w.of);
	return r;
}

void purges_placed(
    struct purges *p, const uint8_t id[WIRE_ID], uint64_t offset)
{
	size_t i = p->n == 0 || offset == 0 ? SIZE_MAX : find(p, 0, id);
	struct purge_wish was;
	struct wish *w;

	if (i == SIZE_MAX)
		return;
	w = &p->wish[i];
	was = w->of;
	w->of.offset = offset;
	memset(w->of.id, 0, WIRE_ID);
	w->state = DUE;
	if (p->o.ops->put == NULL)
		return;
	/* The new one first: a program that is killed amid this knows both. */
	p->o.ops->put(p->o.ops->arg, p->o.room, &w->of);
	p->o.ops->drop(p->o.ops->arg, p->o.room, &was);
}

void purges_forget(struct purges *p, const uint8_t id[WIRE_ID])
{
	const size_t i = find(p, 0, id);

	if (i != SIZE_MAX)
		drop(p, i);
}

/* --- asking ---------------------------------------------------------------- */

static size_t in_state(const struct purges *p, enum state state)
{
	size_t i, n = 0;

	for (i = 0; i < p->n; i++)
		n += p->wish[i].state == state && here(p, &p->wish[i].of);
	return n;
}

bool purges_due(const struct purges *p)
{
	return in_state(p, DUE) > 0;
}

uint64_t purges_next(struct purges *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (p->wish[i].state != DUE || !here(p, &p->wish[i].of))
			continue;
		p->wish[i].state = ASKED;
		return p->wish[i].of.offset;
	}
	return 0;
}

void purges_answer(struct purges *p, uint64_t offset, const struct answer *a)
{
	const size_t i = offset == 0 ? SIZE_MAX : find(p, offset, NULL);

	if (i == SIZE_MAX)
		return;
	/* It is gone; or the server will say the same the next time. */
	if (a->done || a->code == CODE_DENIED || a->code == CODE_BAD_VALUE)
		drop(p, i);
	else if (p->wish[i].state == ASKED)
		p->wish[i].state = LATER;
}

size_t purges_open(const struct purges *p)
{
	return in_state(p, DUE) + in_state(p, ASKED);
}

size_t purges_waiting(const struct purges *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->n; i++)
		n += p->wish[i].state == COMES && !p->wish[i].earlier;
	return n;
}

bool purges_kept(const struct purges *p)
{
	return p->o.ops->put != NULL;
}
