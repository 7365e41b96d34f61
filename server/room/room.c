#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"
#include "server/room/room.h"
#include "server/room/room_int.h"
#include "shared/crypto/secret.h"
#include "shared/wire/text.h"

void room_lock(struct room *r)
{
	(void)pthread_mutex_lock(&r->lock);
}

void room_unlock(struct room *r)
{
	(void)pthread_mutex_unlock(&r->lock);
}

void room_keys_free(struct room_keys *k)
{
	secret_free(k, sizeof(*k));
}

/* --- members ------------------------------------------------------------- */

struct member *member_ref(struct member *m)
{
	atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

static void arrival_free(struct member *m)
{
	if (m->arrival == NULL)
		return;
	frame_unref(m->arrival->hello);
	free(m->arrival);
	m->arrival = NULL;
}

void member_unref(struct member *m)
{
	if (m == NULL ||
	    atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) > 1)
		return;
	arrival_free(m);
	free(m->card);
	quota_sub(m->held);
	free(m);
}

static void people_free(struct people *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		member_unref(l->p[i]);
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
	if (pthread_mutex_init(&r->lock, NULL) != 0) {
		free(r);
		return NULL;
	}
	r->o = *o;
	snprintf(r->name, sizeof(r->name), "%s", o->name);
	r->o.name = r->name;
	return r;
}

void room_free(struct room *r)
{
	if (r == NULL)
		return;
	room_pages_drop(r);
	people_free(&r->in);
	people_free(&r->waiting);
	free(r->names.bucket);
	room_keys_free(r->keys);
	room_keys_free(r->next);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

const char *room_name(const struct room *r)
{
	return r->name;
}

bool room_backlogged(const struct room *r)
{
	return atomic_load_explicit(&r->backlogged, memory_order_relaxed) > 0;
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

static size_t people(const struct room *r)
{
	return r->in.n - r->n_left + r->waiting.n;
}

size_t room_people(struct room *r)
{
	size_t n;

	room_lock(r);
	n = people(r);
	room_unlock(r);
	return n;
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

static struct member *member_new(const struct hs_result *res)
{
	const struct hs_card *card = &res->card;
	struct member *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	atomic_init(&m->refs, 1);
	m->card = malloc(card->bytes.len);
	m->arrival = calloc(1, sizeof(*m->arrival));
	if (m->card == NULL || m->arrival == NULL) {
		member_unref(m);
		return NULL;
	}
	memcpy(m->card, card->bytes.p, card->bytes.len);
	m->card_len = card->bytes.len;
	memcpy(m->signature, card->signature, sizeof(m->signature));
	memcpy(m->user.name, card->name, strnlen(card->name, WIRE_NAME_MAX));
	memcpy(m->user.identity, card->identity, sizeof(m->user.identity));
	memcpy(m->user.card, card->hash, sizeof(m->user.card));
	memcpy(m->arrival->th5, res->th5, sizeof(m->arrival->th5));
	memcpy(m->arrival->wrap, card->wrap_spki, card->wrap_spki_len);
	m->arrival->wrap_len = card->wrap_spki_len;
	/* A card may be of 12 KiB, if its owner likes. */
	m->held = sizeof(*m) + sizeof(*m->arrival) + m->card_len;
	quota_add(m->held);
	return m;
}

static void waiting_remove(struct room *r, struct member *m)
{
	size_t i;

	for (i = 0; i < r->waiting.n && r->waiting.p[i] != m; i++)
		;
	assert(i < r->waiting.n); /* there since enter(), until a turn */
	r->waiting.n--;
	memmove(&r->waiting.p[i], &r->waiting.p[i + 1],
	    (r->waiting.n - i) * sizeof(r->waiting.p[0]));
	member_unref(m);
}

void member_out(struct room *r, struct member *m)
{
	if (m->left)
		return;
	names_remove(&r->names, m);
	m->left = true;
	if (m->arrival != NULL) { /* nobody has heard of it */
		if (m->arrival->wanted && m->arrival->hello == NULL)
			r->unwrapped--;
		arrival_free(m);
		waiting_remove(r, m);
		return;
	}
	r->n_left++;
	free(m->card);
	m->card = NULL;
}

/* A turn is due, or its first half is over: to be seen by who runs them. */
static void rekey_wake(struct room *r)
{
	r->shard[0]->o.wake(r->shard[0]->o.arg);
}

/* Who has the name and is the same person leaves at once; its shard hears of
 * it in its place in the order of things. */
static void replace(struct room *r, struct member *older)
{
	struct room_event end = {.what = ROOM_EVENT_END,
	    .u.member = member_ref(older),
	    .code = CODE_REPLACED};

	member_out(r, older);
	room_post(r, &end, older->shard);
}

/* Locked. All that can fail comes before anything has changed. */
static int enter(struct shard *l, const struct room_newcomer *n,
    struct member *m, enum wire_code *refused)
{
	struct room *r = l->o.room;
	struct member *older = room_find_name(r, m->user.name);

	if (older != NULL &&
	    memcmp(older->user.identity, m->user.identity, WIRE_ED25519) != 0)
		*refused = CODE_NAME_TAKEN;
	else if (people(r) - (older != NULL) >= r->o.users_max)
		*refused = CODE_FULL;
	if (*refused != CODE_NONE)
		return 0;
	/* Turns that fail may use up ids; those who wait leave them room. */
	if (r->last_member > UINT32_MAX - (1u << 24))
		return ERR_LIMIT;
	/* Both lists, so that the turn itself cannot run out of memory. */
	if (people_reserve(&r->waiting, r->waiting.n + 1) != 0 ||
	    people_reserve(&r->in, r->in.n + r->waiting.n + 1) != 0 ||
	    names_reserve(&r->names) != 0 || room_post_reserve(r, 1) != 0 ||
	    shard_add(l, n->membership) != 0)
		return ERR_NOMEM;
	if (older != NULL)
		replace(r, older);
	m->shard = l;
	m->membership = n->membership;
	r->waiting.p[r->waiting.n++] = member_ref(m);
	names_add(&r->names, m);
	rekey_wake(r);
	n->membership->member = m; /* the reference passes */
	n->membership->out = n->out;
	return 0;
}

int room_enter(
    struct shard *l, const struct room_newcomer *n, enum wire_code *refused)
{
	struct member *m = member_new(n->result);
	int err;

	*refused = CODE_NONE;
	if (m == NULL)
		return ERR_NOMEM;
	room_lock(l->o.room);
	err = enter(l, n, m, refused);
	room_unlock(l->o.room);
	if (err != 0 || *refused != CODE_NONE)
		member_unref(m);
	return err;
}

void room_leave(struct membership *s)
{
	struct shard *l = s->shard;
	struct member *m;

	if (!membership_taken(s))
		return;
	shard_deliver(l); /* what was accepted before is still for it */
	if ((m = s->member) == NULL)
		return;
	shard_remove(s);
	room_lock(l->o.room);
	member_out(l->o.room, m);
	rekey_wake(l->o.room);
	room_unlock(l->o.room);
	member_unref(m);
}

/* --- what members send --------------------------------------------------- */

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

/* Locked. Takes over the packet's reference. */
static int group_accept(struct shard *l, struct membership *s,
    const struct group_head *h, struct frame *p)
{
	struct room *r = l->o.room;
	struct member *m = s->member;
	struct room_event event = {.what = ROOM_EVENT_FRAME,
	    .from = h->sender,
	    .epoch = h->epoch,
	    .membership = s,
	    .seq = h->seq};
	int err;

	if ((err = group_check(r, m, h)) != 0)
		goto out;
	/* From before the fence: it comes again, sealed anew, with this seq.
	 * Or its sender has just been put out. */
	if (h->epoch < r->fence || m->left)
		goto out;
	if (h->seq != m->seq + 1) {
		err = h->seq <= m->seq ? ERR_REPLAYED : ERR_GAP;
		goto out;
	}
	if ((err = room_post_reserve(r, 1)) != 0 ||
	    (err = frame_number(p, l->o.crypto, r->offset + 1)) != 0)
		goto out;
	event.offset = ++r->offset;
	event.u.frame = p;
	m->seq = h->seq;
	if (++r->frames == WIRE_REKEY_FRAMES)
		rekey_wake(r);
	room_post(r, &event, NULL);
	return 0;
out:
	frame_unref(p);
	return err;
}

int room_group(struct membership *s, const uint8_t *body, size_t n)
{
	struct shard *l = s->shard;
	struct group_head h;
	struct frame *p;
	int err;

	if ((err = group_head_decode(&h, body, n)) != 0)
		return err;
	if ((p = frame_group(body, n)) == NULL)
		return ERR_NOMEM;
	room_lock(l->o.room);
	err = group_accept(l, s, &h, p);
	room_unlock(l->o.room);
	return err;
}

/* --- lists and identities ------------------------------------------------ */

/* A queue that does not take it has failed; then the member is gone at once. */
static int membership_give(struct membership *s, struct frame *p)
{
	if (p == NULL)
		return ERR_NOMEM;
	if (outq_put(s->out, p) != 0)
		room_leave(s);
	frame_unref(p);
	return 0;
}

void room_pages_drop(struct room *r)
{
	size_t i;

	for (i = 0; i < PAGES; i++) {
		frame_unref(r->page[i].frame);
		r->page[i].frame = NULL;
	}
	r->rekeys++;
}

void room_page_fill(const struct room *r, size_t first, struct user_list *l)
{
	*l = (struct user_list){
	    .room = r->o.id, .total = r->in.n, .seq = r->seq};
	for (; first < r->in.n && l->n_users < WIRE_PAGE; first++)
		l->users[l->n_users++] = r->in.p[first]->user;
}

int room_page_make(struct user_list *l, struct shard *shard, struct frame **out)
{
	int err;

	buf_clear(&shard->json);
	if ((err = control_user_list(&shard->json, l)) != 0)
		return err;
	*out = frame_control(shard->json.p, shard->json.len);
	return *out == NULL ? ERR_NOMEM : 0;
}

/* The page that somebody made since the last turn, or what to make it of: a
 * thousand newcomers ask for the same pages. */
static struct frame *page_find(
    struct room *r, size_t first, struct user_list *l, uint64_t *rekeys)
{
	const struct room_page *known = &r->page[first / WIRE_PAGE % PAGES];

	*rekeys = r->rekeys;
	if (known->frame != NULL && known->first == first)
		return frame_ref(known->frame);
	room_page_fill(r, first, l);
	return NULL;
}

static void page_keep(
    struct room *r, size_t first, struct frame *p, uint64_t rekeys)
{
	struct room_page *at = &r->page[first / WIRE_PAGE % PAGES];

	room_lock(r);
	if (r->rekeys == rekeys) {
		frame_unref(at->frame);
		at->frame = frame_ref(p);
		at->first = first;
	}
	room_unlock(r);
}

int room_user_list(struct membership *s, uint32_t room, uint32_t after)
{
	struct room *r = s->shard->o.room;
	struct user_list l;
	struct frame *p = NULL;
	uint64_t rekeys;
	size_t first;
	int err;

	if (room != r->o.id)
		return ERR_ROOM;
	room_lock(r);
	first = room_above(r, after);
	p = page_find(r, first, &l, &rekeys);
	room_unlock(r);
	if (p == NULL) {
		if ((err = room_page_make(&l, s->shard, &p)) != 0)
			return err;
		page_keep(r, first, p, rekeys);
	}
	return membership_give(s, p);
}

int room_identity(struct membership *s, uint32_t member)
{
	struct room *r = s->shard->o.room;
	struct buf *json = &s->shard->json;
	const struct member *who;
	size_t i;
	int err;

	buf_clear(json);
	room_lock(r);
	i = room_above(r, member - 1);
	who = i < r->in.n ? r->in.p[i] : NULL;
	if (who == NULL || who->user.member != member || who->left)
		err = control_error(json, CODE_NO_MEMBER,
		    wire_code_str(CODE_NO_MEMBER), member);
	else
		err = control_identity(
		    json, member, who->card, who->card_len, who->signature);
	room_unlock(r);
	if (err != 0)
		return err;
	return membership_give(s, frame_control(json->p, json->len));
}

uint32_t membership_room_id(const struct membership *s)
{
	return s->shard->o.room->o.id;
}

bool membership_backlogged(const struct membership *s)
{
	return room_backlogged(s->shard->o.room);
}
