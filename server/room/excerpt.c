/* excerpt.c - cuts what the store has read to what one reader may read and one
 * batch may have, and encodes it. */
#include "server/room/excerpt.h"

#include <stdlib.h>
#include <string.h>

#include "shared/crypto/crypto.h"
#include "shared/proto/group.h"
#include "shared/proto/logbatch.h"

enum { LENGTH = 4 };

/* Of a run: which of its epochs and people are given. */
struct used {
	bool *epoch, *person; /* owned */
	size_t n_epochs, n_people;
	bool any;
	uint16_t index; /* in the batch */
};

struct cut {
	const struct store_range *range;
	const struct excerpt_of *o;
	struct used *used; /* owned; of each run */
	bool *given;	   /* owned; of each entry: not a mark */
	size_t from, to;   /* the entries of the batch */
	size_t n_runs, n_epochs, n_people, bytes;
};

static void cut_free(struct cut *c)
{
	size_t i;

	for (i = 0; c->used != NULL && i < c->range->n_runs; i++) {
		free(c->used[i].epoch);
		free(c->used[i].person);
	}
	free(c->used);
	free(c->given);
}

static int cut_init(struct cut *c)
{
	const struct store_range *g = c->range;
	size_t i;

	c->used = calloc(g->n_runs + 1, sizeof(*c->used));
	c->given = calloc(g->n_entries + 1, sizeof(*c->given));
	if (c->used == NULL || c->given == NULL)
		return ERR_NOMEM;
	for (i = 0; i < g->n_runs; i++) {
		c->used[i].epoch = calloc(g->run[i].n_epochs + 1, sizeof(bool));
		c->used[i].person =
		    calloc(g->run[i].n_people + 1, sizeof(bool));
		if (c->used[i].epoch == NULL || c->used[i].person == NULL)
			return ERR_NOMEM;
	}
	return 0;
}

/* --- what may be given --------------------------------------------------- */

static size_t find_epoch(const struct store_kept_run *r, uint32_t epoch)
{
	size_t i = 0;

	while (i < r->n_epochs && r->epoch[i].epoch != epoch)
		i++;
	return i;
}

static size_t find_person(const struct store_kept_run *r, uint32_t member)
{
	size_t i = 0;

	while (i < r->n_people && r->person[i].member != member)
		i++;
	return i;
}

/* Where to find what opens an entry. False: it is not given. */
static bool opens(const struct cut *c, const struct store_kept *e,
    size_t *epoch, size_t *person)
{
	const struct store_kept_run *r;
	struct group_head h;

	if (e->bytes == NULL || e->run >= c->range->n_runs ||
	    group_head_decode(&h, e->bytes, e->len) != 0)
		return false;
	r = &c->range->run[e->run];
	if (r->run == c->o->since.run && h.epoch < c->o->since.epoch)
		return false;
	*epoch = find_epoch(r, h.epoch);
	*person = h.sender == 0 ? SIZE_MAX : find_person(r, h.sender);
	return *epoch < r->n_epochs &&
	       (h.sender == 0 || *person < r->n_people);
}

/* Adds an entry. False: the batch would have too much. */
static bool cut_add(struct cut *c, size_t i)
{
	const struct store_kept *e = &c->range->entry[i];
	size_t epoch = 0, person = SIZE_MAX, n = WIRE_MARK;
	bool given = opens(c, e, &epoch, &person);
	struct used *u = given ? &c->used[e->run] : NULL;
	bool new_epoch = given && !u->epoch[epoch];
	bool new_person = given && person != SIZE_MAX && !u->person[person];
	bool new_run = given && !u->any;

	if (given)
		n = e->len;
	n += WIRE_FRAME_HEAD + LOG_BATCH_HEAD;
	if (n > WIRE_HISTORY_BYTES - c->bytes ||
	    c->n_epochs + new_epoch > WIRE_HISTORY_EPOCHS ||
	    c->n_people + new_person > WIRE_PAGE ||
	    c->n_runs + new_run > WIRE_HISTORY_RUNS)
		return false;
	c->given[i] = given;
	c->bytes += n;
	if (!given)
		return true;
	c->n_epochs += new_epoch;
	c->n_people += new_person;
	c->n_runs += new_run;
	u->any = u->epoch[epoch] = true;
	u->n_epochs += new_epoch;
	if (person != SIZE_MAX)
		u->person[person] = true;
	u->n_people += new_person;
	return true;
}

/* Chooses the entries: of those that may be read as many as a batch may have,
 * and no more than max. */
static void cut_choose(struct cut *c, size_t max)
{
	const struct store_range *g = c->range;
	size_t first = 0, last = g->n_entries;

	while (first < last && g->entry[first].offset <= c->o->since.offset)
		first++;
	if (c->o->before) {
		c->from = c->to = last;
		while (c->from > first && c->to - c->from < max &&
		       cut_add(c, c->from - 1))
			c->from--;
	} else {
		c->from = c->to = first;
		while (c->to < last && c->to - c->from < max &&
		       cut_add(c, c->to))
			c->to++;
	}
}

/* --- the head ------------------------------------------------------------ */

static int by_epoch(const void *a, const void *b)
{
	const struct log_batch_epoch *x = a, *y = b;

	return x->epoch < y->epoch ? -1 : x->epoch > y->epoch;
}

static int by_member(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	return x->member < y->member ? -1 : x->member > y->member;
}

/* The user in a stored person: archive.c has put it. */
static int get_person(struct user *out, const struct store_kept_person *p)
{
	struct user *all = calloc(WIRE_PAGE, sizeof(*all));
	json_t *o = NULL;
	size_t n = 0;
	int err;

	if (all == NULL)
		return ERR_NOMEM;
	if ((err = json_parse(&o, p->json, p->len)) == 0)
		err = users_decode(all, &n, o);
	if (err == 0 && (n != 1 || all[0].member != p->member))
		err = ERR_RANGE;
	if (err == 0)
		*out = all[0];
	json_decref(o);
	free(all);
	return err;
}

int excerpt_identity(
    const struct store_kept_person *p, uint8_t identity[WIRE_ED25519])
{
	struct user u;
	int err = get_person(&u, p);

	if (err == 0)
		memcpy(identity, u.identity, WIRE_ED25519);
	return err;
}

static int put_run(struct log_batch_run *out, const struct used *u,
    const struct store_kept_run *r)
{
	size_t i;
	int err;

	memcpy(out->session, r->session, sizeof(out->session));
	out->epoch = calloc(u->n_epochs + 1, sizeof(*out->epoch));
	out->user = calloc(u->n_people + 1, sizeof(*out->user));
	if (out->epoch == NULL || out->user == NULL)
		return ERR_NOMEM;
	for (i = 0; i < r->n_epochs; i++) {
		if (!u->epoch[i])
			continue;
		out->epoch[out->n_epochs].epoch = r->epoch[i].epoch;
		memcpy(out->epoch[out->n_epochs].base, r->epoch[i].base,
		    WIRE_KEY);
		memcpy(out->epoch[out->n_epochs++].roster, r->epoch[i].roster,
		    WIRE_HASH);
	}
	for (i = 0; i < r->n_people; i++)
		if (u->person[i] &&
		    (err = get_person(
			 &out->user[out->n_users++], &r->person[i])) != 0)
			return err;
	qsort(out->epoch, out->n_epochs, sizeof(*out->epoch), by_epoch);
	qsort(out->user, out->n_users, sizeof(*out->user), by_member);
	return 0;
}

/* The chain before the first entry of the batch. */
static int chain_before(const struct cut *c, uint8_t out[WIRE_HASH])
{
	const struct store_range *g = c->range;
	struct log_head h = {.offset = g->entry[0].offset - 1};
	struct crypto *crypto = NULL;
	size_t i;
	int err = 0;

	memcpy(h.chain, g->before, sizeof(h.chain));
	if (c->from > 0 && (crypto = crypto_new()) == NULL)
		return ERR_CRYPTO;
	for (i = 0; i < c->from && err == 0; i++)
		err = log_head_add(crypto, &h, g->entry[i].digest);
	crypto_free(crypto);
	memcpy(out, h.chain, sizeof(h.chain));
	return err;
}

static int put_numbers(const struct cut *c, struct log_batch *h)
{
	const struct store_range *g = c->range;

	h->number = c->o->number;
	h->room = c->o->room;
	h->oldest = g->oldest;
	if (h->oldest != 0 && h->oldest <= c->o->since.offset)
		h->oldest = c->o->since.offset + 1;
	if (c->from == c->to)
		return 0;
	h->first = g->entry[c->from].offset;
	h->last = g->entry[c->to - 1].offset;
	return chain_before(c, h->chain);
}

static int put_head(struct cut *c, struct buf *out)
{
	struct log_batch h = {0};
	size_t i;
	int err;

	if ((err = put_numbers(c, &h)) != 0)
		return err;
	h.run = calloc(c->n_runs + 1, sizeof(*h.run));
	if (h.run == NULL)
		return ERR_NOMEM;
	for (i = 0; i < c->range->n_runs && err == 0; i++) {
		if (!c->used[i].any)
			continue;
		c->used[i].index = (uint16_t)h.n_runs;
		err = put_run(
		    &h.run[h.n_runs++], &c->used[i], &c->range->run[i]);
	}
	if (err == 0)
		err = log_batch_encode(out, &h);
	log_batch_free(&h);
	return err;
}

/* --- the entries --------------------------------------------------------- */

static size_t put_entry(const struct cut *c, size_t i, uint8_t *out)
{
	const struct store_kept *e = &c->range->entry[i];
	struct log_mark m = {.offset = e->offset, .room = c->o->room};
	size_t n = LOG_BATCH_HEAD;

	if (c->given[i]) {
		log_batch_entry_head(out + LENGTH, c->used[e->run].index);
		memcpy(out + LENGTH + n, e->bytes, e->len);
		n += e->len;
	} else {
		memcpy(m.digest, e->digest, sizeof(m.digest));
		log_batch_entry_head(out + LENGTH, LOG_BATCH_MARK);
		log_mark_encode(out + LENGTH + n, &m);
		n += WIRE_MARK;
	}
	put_u32(out, (uint32_t)n);
	return LENGTH + n;
}

static int put_entries(const struct cut *c, struct excerpt *out)
{
	size_t i;

	/* A frame's head is longer than the length. */
	if ((out->bytes = malloc(c->bytes + 1)) == NULL)
		return ERR_NOMEM;
	for (i = c->from; i < c->to; i++)
		out->len += put_entry(c, i, out->bytes + out->len);
	return 0;
}

_Static_assert((int)LENGTH <= (int)WIRE_FRAME_HEAD, "cut->bytes is enough");

bool excerpt_next(
    const struct excerpt *e, size_t *at, const uint8_t **body, size_t *n)
{
	if (*at == e->len)
		return false;
	*n = get_u32(e->bytes + *at);
	*body = e->bytes + *at + LENGTH;
	*at += LENGTH + *n;
	return true;
}

static int make(struct excerpt *out, const struct excerpt_of *o,
    const struct store_range *range, size_t max, size_t *had)
{
	struct cut c = {.range = range, .o = o};
	int err = cut_init(&c);

	if (err == 0) {
		cut_choose(&c, max);
		*had = c.to - c.from;
		if ((err = put_head(&c, &out->head)) == 0)
			err = put_entries(&c, out);
	}
	cut_free(&c);
	return err;
}

int excerpt_make(struct excerpt *out, const struct excerpt_of *o,
    const struct store_range *range)
{
	size_t max = WIRE_HISTORY_MAX, had = 0;
	int err;

	*out = (struct excerpt){0};
	buf_init_secret(&out->head, WIRE_JSON_MAX);
	/* Long names may make the head too long: half of it fits. */
	while ((err = make(out, o, range, max, &had)) == ERR_LIMIT && had > 1)
		max = had / 2;
	return err;
}

void excerpt_free(struct excerpt *e)
{
	buf_free(&e->head);
	free(e->bytes);
	e->bytes = NULL;
	e->len = 0;
}
