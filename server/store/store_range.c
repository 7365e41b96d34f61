/* store_range.c - makes the answer to a question from the keeper's frames. */
#include <stdlib.h>
#include <string.h>

#include "server/store/store_int.h"
#include "shared/base/secret.h"

/* The arrays of an answer. Epochs and people of a run stand together. */
struct range {
	struct store_range_head head;
	struct store_kept *entry;
	struct store_kept_run *run;
	struct store_kept_epoch *epoch;
	struct store_kept_person *person;
	struct store_direct *direct;
	size_t n_entries, n_runs, n_epochs, n_people, n_direct;
};

/* How many frames of each kind there are. */
static void count(struct range *g, const struct buf *frames)
{
	struct store_frame f;
	size_t at = 0;

	while (store_frame_next(&f, frames->p + at, frames->len - at) == 0) {
		g->n_entries += f.kind == STORE_KEPT;
		g->n_runs += f.kind == STORE_KEPT_RUN;
		g->n_epochs += f.kind == STORE_KEPT_EPOCH;
		g->n_people += f.kind == STORE_KEPT_PERSON;
		g->n_direct += f.kind == STORE_KEPT_DIRECT;
		at += f.size;
	}
}

static bool make(struct range *g)
{
	g->entry = calloc(g->n_entries + 1, sizeof(*g->entry));
	g->run = calloc(g->n_runs + 1, sizeof(*g->run));
	g->epoch = calloc(g->n_epochs + 1, sizeof(*g->epoch));
	g->person = calloc(g->n_people + 1, sizeof(*g->person));
	g->direct = calloc(g->n_direct + 1, sizeof(*g->direct));
	g->n_entries = g->n_runs = g->n_epochs = g->n_people = g->n_direct = 0;
	return g->direct != NULL && g->entry != NULL && g->run != NULL && g->epoch != NULL &&
	       g->person != NULL;
}

static void unmake(struct range *g)
{
	if (g->epoch != NULL)
		secret_wipe(g->epoch, (g->n_epochs + 1) * sizeof(*g->epoch));
	free(g->entry);
	free(g->run);
	free(g->epoch);
	free(g->person);
	free(g->direct);
}

/* The place of a run among those that came; n_runs: it did not. */
static size_t run_at(const struct range *g, uint32_t run)
{
	size_t i = 0;

	while (i < g->n_runs && g->run[i].run != run)
		i++;
	return i;
}

static int take_run(struct range *g, struct rd *r)
{
	struct store_kept_session k;
	int e = store_kept_run_get(r, &k);

	if (e != 0)
		return e;
	g->run[g->n_runs].run = k.run;
	memcpy(g->run[g->n_runs].session, k.session, WIRE_NONCE);
	g->n_runs++;
	return 0;
}

static int take_entry(struct range *g, struct rd *r)
{
	struct store_kept *to = &g->entry[g->n_entries];
	struct store_kept_entry k;
	size_t run;
	int e = store_kept_get(r, &k);

	if (e != 0)
		return e;
	run = k.bytes != NULL ? run_at(g, k.run) : 0;
	if ((k.bytes != NULL && run == g->n_runs) || run > UINT16_MAX ||
	    (g->n_entries > 0 && k.offset != to[-1].offset + 1))
		return ERR_RANGE;
	*to = (struct store_kept){.offset = k.offset,
	    .run = (uint16_t)run,
	    .bytes = k.bytes,
	    .len = k.len};
	memcpy(to->digest, k.digest, WIRE_HASH);
	g->n_entries++;
	return 0;
}

static int take_epoch(struct range *g, uint32_t run, struct rd *r)
{
	struct store_kept_epoch *to = &g->epoch[g->n_epochs];
	struct store_epoch k;
	size_t at = run_at(g, run);
	int e = store_epoch_get(r, &k);

	if (e != 0)
		return e;
	if (at == g->n_runs)
		return ERR_RANGE;
	to->epoch = k.epoch;
	memcpy(to->base, k.base, WIRE_KEY);
	memcpy(to->roster, k.roster, WIRE_HASH);
	if (g->run[at].n_epochs++ == 0)
		g->run[at].epoch = to;
	g->n_epochs++;
	return 0;
}

static int take_person(struct range *g, uint32_t run, struct rd *r)
{
	struct store_kept_person *to = &g->person[g->n_people];
	struct store_person k;
	size_t at = run_at(g, run);
	int e = store_person_get(r, &k);

	if (e != 0)
		return e;
	if (at == g->n_runs)
		return ERR_RANGE;
	*to = (struct store_kept_person){k.member, k.json, k.len};
	if (g->run[at].n_people++ == 0)
		g->run[at].person = to;
	g->n_people++;
	return 0;
}

static int take_direct(struct range *g, struct rd *r)
{
	struct store_direct *to = &g->direct[g->n_direct];
	int e = store_direct_get(r, to);

	if (e != 0)
		return e;
	if (to->what != STORE_DIRECT_FRAME || to->bytes == NULL ||
	    (g->n_direct > 0 && to->number <= to[-1].number))
		return ERR_RANGE;
	g->n_direct++;
	return 0;
}

static int take(struct range *g, const struct store_frame *f)
{
	struct rd body = f->body;
	uint32_t run;
	int e;

	switch (f->kind) {
	case STORE_RANGE:
		return store_range_get(&body, &g->head);
	case STORE_KEPT_RUN:
		return take_run(g, &body);
	case STORE_KEPT:
		return take_entry(g, &body);
	case STORE_KEPT_EPOCH:
		e = rd_u32(&body, &run);
		return e != 0 ? e : take_epoch(g, run, &body);
	case STORE_KEPT_PERSON:
		e = rd_u32(&body, &run);
		return e != 0 ? e : take_person(g, run, &body);
	case STORE_KEPT_DIRECT:
		return take_direct(g, &body);
	default:
		return 0; /* the end */
	}
}

static int take_all(struct range *g, const struct buf *frames, bool runs)
{
	struct store_frame f;
	size_t at = 0;
	int e;

	while (store_frame_next(&f, frames->p + at, frames->len - at) == 0) {
		at += f.size;
		if ((f.kind == STORE_KEPT_RUN) == runs &&
		    (e = take(g, &f)) != 0)
			return e;
	}
	return 0;
}

void store_range_answer(const struct store_ask *a, const struct buf *frames)
{
	struct range g = {.n_entries = 0};
	struct store_range out = {.err = ERR_IO};

	count(&g, frames);
	/* Runs first: the others name them. */
	if (make(&g) && take_all(&g, frames, true) == 0 &&
	    take_all(&g, frames, false) == 0 && !g.head.failed &&
	    g.head.id == a->id) {
		out = (struct store_range){.oldest = g.head.oldest,
		    .entry = g.entry,
		    .run = g.run,
		    .n_entries = g.n_entries,
		    .n_runs = g.n_runs,
		    .direct = g.direct,
		    .n_direct = g.n_direct};
		memcpy(out.before, g.head.before, WIRE_HASH);
	}
	if (a->q.got != NULL)
		a->q.got(a->q.arg, &out);
	unmake(&g);
}
