#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room.h"
#include "server/room_state.h"
#include "shared/secret.h"
#include "shared/text.h"

void room_keys_free(struct room_keys *k)
{
	secret_free(k, sizeof(*k));
}

void member_free(struct member *m)
{
	if (m == NULL)
		return;
	free(m->arrival);
	free(m->card);
	free(m);
}

static void people_free(struct people *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		member_free(l->p[i]);
	free(l->p);
}

static int people_reserve(struct people *l, size_t n)
{
	struct member **p;
	size_t cap = l->cap == 0 ? 16 : l->cap;

	if (n <= l->cap)
		return 0;
	while (cap < n)
		cap *= 2;
	if ((p = realloc(l->p, cap * sizeof(*p))) == NULL)
		return ERR_NOMEM;
	l->p = p;
	l->cap = cap;
	return 0;
}

struct room *room_new(const struct room_opts *o)
{
	struct room *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->o = *o;
	snprintf(r->name, sizeof(r->name), "%s", o->name);
	r->o.name = r->name;
	buf_init(&r->json, WIRE_JSON_MAX);
	return r;
}

void room_free(struct room *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->train.n; i++)
		packet_unref(r->train.p[i]);
	people_free(&r->in);
	people_free(&r->waiting);
	free(r->names.bucket);
	room_keys_free(r->keys);
	buf_free(&r->json);
	free(r);
}

const char *room_name(const struct room *r)
{
	return r->name;
}

/* --- people -------------------------------------------------------------- */

/* Names are chosen by members: who makes his collide with another's gains a
 * longer search, which is no more than a list would cost everybody. */
static struct member **names_bucket(const struct names *t, const char *name)
{
	uint32_t h = 2166136261;

	for (; *name != '\0'; name++) /* FNV-1a; no matter what | 0x20 joins */
		h = (h ^ ((uint8_t)*name | 0x20)) * 16777619;
	return &t->bucket[(h ^ h >> 16) & (t->cap - 1)];
}

static void names_add(struct names *t, struct member *m)
{
	struct member **at = names_bucket(t, m->user.name);

	m->name_next = *at;
	*at = m;
	t->n++;
}

/* Room for one more. */
static int names_reserve(struct names *t)
{
	struct names old = *t;
	struct member *m;
	size_t i;

	if (t->n < t->cap)
		return 0;
	t->cap = old.cap == 0 ? 16 : 2 * old.cap;
	if ((t->bucket = calloc(t->cap, sizeof(struct member *))) == NULL) {
		*t = old;
		return ERR_NOMEM;
	}
	t->n = 0;
	for (i = 0; i < old.cap; i++)
		while ((m = old.bucket[i]) != NULL) {
			old.bucket[i] = m->name_next;
			names_add(t, m);
		}
	free(old.bucket);
	return 0;
}

static void names_remove(struct names *t, struct member *m)
{
	struct member **at = names_bucket(t, m->user.name);

	while (*at != m)
		at = &(*at)->name_next;
	*at = m->name_next;
	m->name_next = NULL;
	t->n--;
}

struct member *room_find_name(const struct room *r, const char *name)
{
	struct member *m;

	if (r->names.n == 0)
		return NULL;
	m = *names_bucket(&r->names, name);
	while (m != NULL && !text_same_name(m->user.name, name))
		m = m->name_next;
	return m;
}

const uint8_t *member_identity(const struct member *m)
{
	return m->user.identity;
}

void *member_owner(const struct member *m)
{
	return m->owner;
}

/* Not by the id: a turn that failed has given one to those who still wait. */
bool member_is_in(const struct member *m)
{
	return m->arrival == NULL;
}

size_t room_people(const struct room *r)
{
	return r->in.n - r->n_left + r->waiting.n;
}

/* The first of r->in whose id is above `after`. */
static size_t room_above(const struct room *r, uint32_t after)
{
	size_t lo = 0, hi = r->in.n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (r->in.p[mid]->user.member <= after)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct member *member_new(const struct room_newcomer *n)
{
	const struct hs_card *card = &n->result->card;
	struct member *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->card = malloc(card->bytes.len);
	m->arrival = calloc(1, sizeof(*m->arrival));
	if (m->card == NULL || m->arrival == NULL) {
		member_free(m);
		return NULL;
	}
	memcpy(m->card, card->bytes.p, card->bytes.len);
	m->card_len = card->bytes.len;
	memcpy(m->signature, card->signature, sizeof(m->signature));
	memcpy(m->user.name, card->name, strnlen(card->name, WIRE_NAME_MAX));
	memcpy(m->user.identity, card->identity, sizeof(m->user.identity));
	memcpy(m->user.card, card->hash, sizeof(m->user.card));
	memcpy(m->arrival->th5, n->result->th5, sizeof(m->arrival->th5));
	memcpy(m->arrival->wrap, card->wrap_spki, card->wrap_spki_len);
	m->arrival->wrap_len = card->wrap_spki_len;
	m->out = n->out;
	m->slot = n->slot;
	m->owner = n->owner;
	return m;
}

int room_enter(struct room *r, const struct room_newcomer *n)
{
	struct member *m;

	/* A turn that fails may use up ids; those who wait leave it room. */
	if (r->last_member > UINT32_MAX - (1u << 24))
		return ERR_LIMIT;
	/* Both, so that the turn itself cannot run out of memory for it. */
	if (people_reserve(&r->waiting, r->waiting.n + 1) != 0 ||
	    people_reserve(&r->in, r->in.n + r->waiting.n + 1) != 0 ||
	    names_reserve(&r->names) != 0)
		return ERR_NOMEM;
	if ((m = member_new(n)) == NULL)
		return ERR_NOMEM;
	r->waiting.p[r->waiting.n++] = m;
	names_add(&r->names, m);
	*m->slot = m;
	return 0;
}

static void waiting_remove(struct room *r, const struct member *m)
{
	size_t i;

	for (i = 0; i < r->waiting.n && r->waiting.p[i] != m; i++)
		;
	r->waiting.n--;
	memmove(&r->waiting.p[i], &r->waiting.p[i + 1],
	    (r->waiting.n - i) * sizeof(r->waiting.p[0]));
}

void room_leave(struct room *r, struct member *m)
{
	room_train_end(r); /* what was accepted before is still for it */
	if (m->left)
		return;
	names_remove(&r->names, m);
	m->left = true;
	m->out = NULL;
	*m->slot = NULL;
	m->slot = NULL;
	m->owner = NULL;
	if (m->arrival != NULL) { /* nobody has heard of it */
		waiting_remove(r, m);
		member_free(m);
		return;
	}
	r->n_left++;
	free(m->card);
	m->card = NULL;
}

/* --- what members send --------------------------------------------------- */

/* A queue that does not take it has failed; then the member is gone at once. */
static void member_put(struct room *r, struct member *m, struct packet *p)
{
	if (outq_put(m->out, p) != 0)
		room_leave(r, m);
}

static int member_give(struct room *r, struct member *m, struct packet *p)
{
	if (p == NULL)
		return ERR_NOMEM;
	member_put(r, m, p);
	packet_unref(p);
	return 0;
}

static int group_check(
    const struct room *r, const struct member *m, const struct group_head *h)
{
	if (h->offset != 0)
		return ERR_RANGE;
	if (h->room != r->o.id)
		return ERR_ROOM;
	if (h->sender != m->user.member)
		return ERR_MEMBER;
	if (h->epoch > r->epoch || h->epoch < m->first_epoch)
		return ERR_EPOCH;
	return 0;
}

static void train_each(struct room *r, struct member *to)
{
	struct train *t = &r->train;
	size_t i;

	for (i = 0; i < t->n && !to->left; i++)
		if (t->from[i] != to->user.member &&
		    to->first_epoch <= t->epoch[i])
			member_put(r, to, t->p[i]);
}

void room_train_end(struct room *r)
{
	struct train *t = &r->train;
	struct packet *all = NULL;
	struct member *to;
	size_t i;

	if (t->n == 0 || t->ending)
		return;
	t->ending = true; /* who fails here leaves */
	/* Without memory for it everybody gets each frame by itself. */
	if (t->n > 1)
		all = packet_train(t->p, t->n);
	for (i = 0; i < r->in.n; i++) {
		to = r->in.p[i];
		if (to->left)
			continue;
		if (all == NULL || to->spoke || to->first_epoch > t->epoch_min)
			train_each(r, to);
		else
			member_put(r, to, all);
		to->spoke = false;
	}
	packet_unref(all);
	for (i = 0; i < t->n; i++)
		packet_unref(t->p[i]);
	t->n = t->bytes = 0;
	t->ending = false;
}

/* Takes over the reference. */
static void train_add(
    struct room *r, struct packet *p, uint32_t from, uint32_t epoch)
{
	struct train *t = &r->train;

	if (t->n == 0 || epoch < t->epoch_min)
		t->epoch_min = epoch;
	t->p[t->n] = p;
	t->from[t->n] = from;
	t->epoch[t->n++] = epoch;
	t->bytes += p->len;
	if (t->n == TRAIN_FRAMES || t->bytes >= TRAIN_BYTES)
		room_train_end(r);
}

int room_group(struct room *r, struct member *m, const uint8_t *body, size_t n)
{
	struct group_head h;
	struct packet *p;
	int err;

	if ((err = group_head_decode(&h, body, n)) != 0 ||
	    (err = group_check(r, m, &h)) != 0)
		return err;
	/* From before the fence: it comes again, sealed anew, with this seq. */
	if (h.epoch < r->fence)
		return 0;
	if (h.seq != m->seq + 1)
		return h.seq <= m->seq ? ERR_REPLAYED : ERR_GAP;
	p = packet_group(r->o.crypto, body, n, r->offset + 1);
	if (p == NULL)
		return ERR_NOMEM;
	m->offset = ++r->offset;
	m->seq = h.seq;
	r->frames++;
	if (!m->ack_due) {
		m->ack_due = true;
		m->ack_next = r->acks;
		r->acks = m;
	}
	m->spoke = true;
	train_add(r, p, h.sender, h.epoch);
	return 0;
}

void room_acks(struct room *r)
{
	struct member *m;

	room_train_end(r);
	while ((m = r->acks) != NULL) {
		r->acks = m->ack_next;
		m->ack_due = false;
		if (m->left)
			continue;
		buf_clear(&r->json);
		if (control_ack(&r->json, r->o.id, m->seq, m->offset) != 0 ||
		    member_give(r, m, packet_control(r->json.p, r->json.len)) !=
			0) {
			/* Without it the rule before a fence is broken. */
			outq_fail(m->out, ERR_NOMEM);
			room_leave(r, m);
		}
	}
}

int room_page(struct room *r, size_t first, struct packet **out)
{
	struct user_list l = {.room = r->o.id, .total = r->in.n, .seq = r->seq};
	int err;

	for (; first < r->in.n && l.n_users < WIRE_PAGE; first++)
		l.users[l.n_users++] = r->in.p[first]->user;
	buf_clear(&r->json);
	if ((err = control_user_list(&r->json, &l)) != 0)
		return err;
	*out = packet_control(r->json.p, r->json.len);
	return *out == NULL ? ERR_NOMEM : 0;
}

int room_user_list(
    struct room *r, struct member *m, uint32_t room, uint32_t after)
{
	struct packet *p;
	int err;

	if (room != r->o.id)
		return ERR_ROOM;
	if ((err = room_page(r, room_above(r, after), &p)) != 0)
		return err;
	return member_give(r, m, p);
}

int room_identity(struct room *r, struct member *m, uint32_t member)
{
	size_t i = room_above(r, member - 1);
	const struct member *who = i < r->in.n ? r->in.p[i] : NULL;
	int err;

	buf_clear(&r->json);
	if (who == NULL || who->user.member != member || who->left)
		err = control_error(&r->json, CODE_NO_MEMBER,
		    wire_code_str(CODE_NO_MEMBER), member);
	else
		err = control_identity(
		    &r->json, member, who->card, who->card_len, who->signature);
	if (err != 0)
		return err;
	return member_give(r, m, packet_control(r->json.p, r->json.len));
}
