/* Entries on their way to a transcript. */
#include "client/session/record.h"

#include <stdlib.h>
#include <string.h>

#include "client/session/recorded.h"
#include "shared/os/vec.h"

struct own {
	uint64_t seq;
	struct recorded *entry; /* owned */
};

struct record {
	struct record_opts o;
	bool on;
	/* With consecutive offsets. Owned. */
	struct recorded **wait;
	size_t n_wait, cap_wait;
	/* Our frames without a mark, from own_at on. */
	struct own *own;
	size_t own_at, n_own, cap_own;
};

struct record *record_new(const struct record_opts *o)
{
	struct record *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->o = *o;
	return r;
}

static void drop_own(struct record *r, size_t keep)
{
	while (r->n_own > r->own_at + keep)
		recorded_free(r->own[--r->n_own].entry);
	if (r->n_own == r->own_at)
		r->n_own = r->own_at = 0;
}

void record_leave(struct record *r)
{
	while (r->n_wait > 0)
		recorded_free(r->wait[--r->n_wait]);
	drop_own(r, 0);
}

void record_free(struct record *r)
{
	if (r == NULL)
		return;
	record_leave(r);
	free(r->wait);
	free(r->own);
	free(r);
}

void record_set(struct record *r, bool on)
{
	if (!on)
		record_leave(r);
	r->on = on;
}

bool record_is(const struct record *r)
{
	return r->on;
}

/* --- entries -------------------------------------------------------------- */

static void set_place(struct record *r, struct recorded *e, uint64_t offset,
    const uint8_t digest[WIRE_HASH])
{
	memcpy(e->server, r->o.parties->server_key, WIRE_ED25519);
	memcpy(e->log, r->o.log, WIRE_LOG);
	e->offset = offset;
	memcpy(e->digest, digest, WIRE_HASH);
}

/* Who sealed the frame, where, and with which key. */
static int set_proof(struct record *r, struct recorded *e,
    const struct group_context *g, const uint8_t *body)
{
	e->opened = true;
	memcpy(e->session, g->place->session, WIRE_NONCE);
	e->member = g->from->id;
	memcpy(e->name, g->from->name, strlen(g->from->name) + 1);
	memcpy(e->identity, g->from->identity, WIRE_ED25519);
	memcpy(e->card, g->from->card, WIRE_HASH);
	e->epoch = g->epoch->epoch;
	memcpy(e->commit, g->epoch->commit, WIRE_HASH);
	memcpy(e->roster, g->roster, WIRE_HASH);
	memcpy(e->body, body, e->n);
	return group_sender_key(
	    r->o.parties->crypto, e->key, g->epoch, g->from->id, g->from->card);
}

/* Takes ownership of the entry. */
static int put(struct record *r, struct recorded *e)
{
	const uint8_t *before = roomlog_chain(r->o.roomlog, e->offset - 1);
	int err = vec_reserve(
	    &r->wait, &r->cap_wait, r->n_wait + 1, sizeof(*r->wait));

	if (err != 0) {
		recorded_free(e);
		return err;
	}
	/* The log keeps the newest values, of which this is the last but one. */
	if (before != NULL)
		memcpy(e->before, before, WIRE_HASH);
	r->wait[r->n_wait++] = e;
	return 0;
}

int record_frame(
    struct record *r, uint64_t offset, const uint8_t *body, size_t n)
{
	struct recorded *e;
	uint8_t d[WIRE_HASH];
	int err;

	if (!r->on)
		return 0;
	err = crypto_hash1(
	    r->o.parties->crypto, d, body + WIRE_OFFSET, n - WIRE_OFFSET);
	if (err != 0)
		return err;
	if ((e = recorded_new(0)) == NULL)
		return ERR_NOMEM;
	set_place(r, e, offset, d);
	return put(r, e);
}

int record_opened(struct record *r, uint64_t offset,
    const struct group_context *g, const uint8_t *body, size_t n)
{
	struct recorded *e, **at;
	int err;

	/* It was turned on after this frame had come. */
	if (!r->on || r->n_wait == 0 || offset < r->wait[0]->offset ||
	    offset - r->wait[0]->offset >= r->n_wait)
		return 0;
	at = &r->wait[offset - r->wait[0]->offset];
	if ((e = recorded_new(n)) == NULL)
		return ERR_NOMEM;
	set_place(r, e, offset, (*at)->digest);
	memcpy(e->before, (*at)->before, WIRE_HASH);
	if ((err = set_proof(r, e, g, body)) != 0) {
		recorded_free(e);
		return err;
	}
	recorded_free(*at);
	*at = e;
	return 0;
}

int record_flush(struct record *r)
{
	size_t i;
	int err = 0;

	for (i = 0; i < r->n_wait; i++) {
		if (err == 0)
			err = events_push_room(
			    &r->o.events, &(struct event){.type = EVENT_ENTRY,
					      .offset = r->wait[i]->offset,
					      .entry = r->wait[i]});
		recorded_free(r->wait[i]);
	}
	r->n_wait = 0;
	return err;
}

/* --- our own frames ------------------------------------------------------- */

int record_sealed(struct record *r, uint64_t seq, const struct group_context *g,
    const uint8_t *body, size_t n)
{
	struct recorded *e;
	int err;

	if (!r->on)
		return 0;
	if (r->own_at > 0 && r->own_at >= r->n_own - r->own_at) {
		memmove(r->own, r->own + r->own_at,
		    (r->n_own - r->own_at) * sizeof(*r->own));
		r->n_own -= r->own_at;
		r->own_at = 0;
	}
	err = vec_reserve(&r->own, &r->cap_own, r->n_own + 1, sizeof(*r->own));
	if (err != 0)
		return err;
	if ((e = recorded_new(n)) == NULL)
		return ERR_NOMEM;
	if ((err = set_proof(r, e, g, body)) != 0) {
		recorded_free(e);
		return err;
	}
	r->own[r->n_own++] = (struct own){seq, e};
	return 0;
}

void record_fence(struct record *r, uint64_t acked)
{
	size_t keep = 0;

	while (r->own_at + keep < r->n_own &&
	       r->own[r->own_at + keep].seq <= acked)
		keep++;
	drop_own(r, keep);
}

/* Our frame with this number; the caller's now. NULL: it was sealed before the
 * transcript began. */
static struct recorded *take_own(struct record *r, uint64_t seq)
{
	struct recorded *e;

	if (r->own_at == r->n_own || r->own[r->own_at].seq != seq)
		return NULL;
	e = r->own[r->own_at].entry;
	r->own[r->own_at++].entry = NULL;
	if (r->own_at == r->n_own)
		r->own_at = r->n_own = 0;
	return e;
}

int record_mark(struct record *r, const struct log_mark *m)
{
	struct recorded *e;

	if (!r->on)
		return 0;
	e = m->seq != 0 ? take_own(r, m->seq) : NULL;
	if (e == NULL && (e = recorded_new(0)) == NULL)
		return ERR_NOMEM;
	set_place(r, e, m->offset, m->digest);
	return put(r, e);
}

/* --- the history ---------------------------------------------------------- */

int record_past(
    struct record *r, const struct room_events *to, const struct past_entry *p)
{
	const struct past_proof *proof = p->proof;
	struct recorded *e;
	int err = 0;

	if (!r->on)
		return 0;
	if ((e = recorded_new(proof != NULL ? proof->n : 0)) == NULL)
		return ERR_NOMEM;
	set_place(r, e, p->head.offset, p->digest);
	memcpy(e->before, p->before, WIRE_HASH);
	if (proof != NULL)
		err = set_proof(r, e,
		    &(struct group_context){.place = &proof->place,
			.from = &proof->from,
			.epoch = proof->epoch,
			.roster = proof->roster},
		    proof->body);
	if (err == 0)
		err = events_push_room(to,
		    &(struct event){
			.type = EVENT_ENTRY, .offset = e->offset, .entry = e});
	recorded_free(e);
	return err;
}
