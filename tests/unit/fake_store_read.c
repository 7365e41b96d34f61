/* fake_store_read.c - gives back what was put into fake_store.c and committed. */
#include "tests/unit/fake_store_int.h"

#include <stdlib.h>
#include <string.h>

/* --- loading ------------------------------------------------------------- */

static const struct put *newest(
    const struct store *s, enum put_what what, uint32_t room)
{
	uint64_t i;

	for (i = s->committed; i-- > 0;)
		if (s->put[i]->room == room &&
		    (s->put[i]->what == what ||
			s->put[i]->what == PUT_FORGET_ROOM ||
			(what == PUT_ENTRY &&
			    s->put[i]->what == PUT_FORGET_ENTRIES)))
			return s->put[i]->what == what ? s->put[i] : NULL;
	return NULL;
}

uint64_t fake_store_head(const struct store *s, uint32_t room)
{
	const struct put *p = newest(s, PUT_ENTRY, room);

	return p == NULL ? 0 : p->entry.head.offset;
}

static bool superseded(const struct store *s, uint64_t at)
{
	const struct put *p = s->put[at], *q;
	uint64_t i;

	for (i = at + 1; i < s->committed; i++) {
		q = s->put[i];
		if (q->room == p->room &&
		    (q->what == PUT_FORGET_ROOM ||
			(q->what == p->what &&
			    (p->what != PUT_RIGHT ||
				memcmp(q->identity, p->identity,
				    WIRE_ED25519) == 0))))
			return true;
	}
	return false;
}

int store_load(struct store *s, const struct store_loader *l,
    const uint8_t session[WIRE_NONCE])
{
	struct log_head none = {0};
	const struct put *entry;
	uint32_t room;
	uint64_t i;
	int err;

	memcpy(s->session[s->run], session, WIRE_NONCE);
	for (room = 1; room < 1000; room++)
		for (i = 0; i < s->committed; i++) {
			if (s->put[i]->what != PUT_ROOM ||
			    s->put[i]->room != room || superseded(s, i))
				continue;
			entry = newest(s, PUT_ENTRY, room);
			if ((err = l->room(l->arg, &s->put[i]->r,
				 entry == NULL ? &none : &entry->entry.head)) !=
			    0)
				return err;
		}
	for (i = 0; i < s->committed; i++)
		if (s->put[i]->what == PUT_RIGHT && !superseded(s, i) &&
		    (err = l->right(l->arg, &s->put[i]->right)) != 0)
			return err;
	return 0;
}

int store_read(struct store *s, const struct store_question *q)
{
	assert_true(s->n_questions < QUESTIONS);
	s->question[s->n_questions++] = *q;
	return 0;
}

/* --- reading ------------------------------------------------------------- */

enum { KEPT = 512 };

struct reading {
	struct store *s;
	struct store_kept entry[KEPT];
	uint64_t at[KEPT]; /* in s->put */
	struct store_kept_run run[16];
	struct store_range out;
};

static bool purged(const struct store *s, const struct put *entry)
{
	uint64_t i;

	for (i = 0; i < s->committed; i++)
		if (s->put[i]->what == PUT_PURGE &&
		    s->put[i]->room == entry->room &&
		    s->put[i]->offset == entry->entry.head.offset)
			return true;
	return false;
}

static uint16_t run_index(struct reading *g, uint32_t run)
{
	size_t i = 0;

	while (i < g->out.n_runs && g->run[i].run != run)
		i++;
	if (i == g->out.n_runs) {
		g->run[i].run = run;
		memcpy(g->run[i].session, g->s->session[run], WIRE_NONCE);
		g->out.n_runs++;
	}
	return (uint16_t)i;
}

/* All epochs and people of the run that the room has, needed or not. */
static void run_fill(struct reading *g, struct store_kept_run *r, uint32_t room)
{
	struct store_kept_epoch *e = calloc(PUTS, sizeof(*e));
	struct store_kept_person *n = calloc(PUTS, sizeof(*n));
	const struct put *p;
	uint64_t i;

	assert_non_null(e);
	assert_non_null(n);
	for (i = 0; i < g->s->committed; i++) {
		p = g->s->put[i];
		if (p->run != r->run)
			continue;
		if (p->what == PUT_EPOCH && p->room == room) {
			e[r->n_epochs].epoch = p->epoch.epoch;
			memcpy(e[r->n_epochs].base, p->base, WIRE_KEY);
			memcpy(e[r->n_epochs++].roster, p->roster, WIRE_HASH);
		} else if (p->what == PUT_PERSON) {
			n[r->n_people++] = (struct store_kept_person){
			    p->person.member, (char *)p->bytes, p->person.len};
		}
	}
	r->epoch = e;
	r->person = n;
}

static bool kept(const struct store *s, uint64_t i, uint32_t room)
{
	uint64_t k;

	if (s->put[i]->what != PUT_ENTRY || s->put[i]->room != room)
		return false;
	for (k = i + 1; k < s->committed; k++)
		if (s->put[k]->room == room &&
		    (s->put[k]->what == PUT_FORGET_ENTRIES ||
			s->put[k]->what == PUT_FORGET_ROOM))
			return false;
	return true;
}

static void read_add(struct reading *g, uint64_t i)
{
	const struct put *p = g->s->put[i];
	struct store_kept *k = &g->entry[g->out.n_entries++];

	k->offset = p->entry.head.offset;
	k->run = run_index(g, p->run);
	k->len = p->entry.len;
	k->bytes = purged(g->s, p) ? NULL : p->bytes;
	memcpy(k->digest, p->digest, WIRE_HASH);
}

static void read_range(struct reading *g, const struct store_question *q)
{
	uint64_t i, offset, from = q->first, until = UINT64_MAX;
	size_t size = 0;

	if (q->before) {
		until = q->first;
		from = q->first > q->count ? q->first - q->count : 1;
	}
	for (i = 0; i < g->s->committed; i++) {
		if (!kept(g->s, i, q->room))
			continue;
		offset = g->s->put[i]->entry.head.offset;
		if (g->out.oldest == 0)
			g->out.oldest = offset;
		if (offset < from || offset >= until ||
		    g->out.n_entries == q->count || g->out.n_entries == KEPT)
			continue;
		size += g->s->put[i]->entry.len;
		if (size > q->bytes && g->out.n_entries > 0)
			break;
		if (g->out.n_entries == 0)
			memcpy(g->out.before, g->s->put[i]->chain_before,
			    WIRE_HASH);
		read_add(g, i);
	}
}

static void answer(struct store *s, const struct store_question *q)
{
	struct reading *g = calloc(1, sizeof(*g));
	size_t i;

	assert_non_null(g);
	g->s = s;
	g->out.entry = g->entry;
	g->out.run = g->run;
	read_range(g, q);
	for (i = 0; i < g->out.n_runs; i++)
		run_fill(g, &g->run[i], q->room);
	q->got(q->arg, &g->out);
	for (i = 0; i < g->out.n_runs; i++) {
		free((void *)(uintptr_t)g->run[i].epoch);
		free((void *)(uintptr_t)g->run[i].person);
	}
	free(g);
}

size_t fake_store_answer(struct store *s)
{
	size_t i, n = s->n_questions;

	for (i = 0; i < n; i++)
		answer(s, &s->question[i]);
	memmove(s->question, s->question + n,
	    (s->n_questions - n) * sizeof(s->question[0]));
	s->n_questions -= n;
	return n;
}
