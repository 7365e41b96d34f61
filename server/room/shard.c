#include "server/room/shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room/room_int.h"
#include "shared/crypto/secret.h"
#include "shared/proto/label.h"

/* --- mail ---------------------------------------------------------------- */

enum { ROOM_EVENTS_KEEP = 1024 }; /* a box up to this is kept when empty */

static int room_events_reserve(struct room_events *b, size_t n)
{
	struct room_event *p;
	size_t cap = b->cap == 0 ? 16 : b->cap;

	if (n <= b->cap - b->n)
		return 0;
	while (cap - b->n < n)
		cap *= 2;
	if ((p = realloc(b->p, cap * sizeof(*p))) == NULL)
		return ERR_NOMEM;
	b->p = p;
	b->cap = cap;
	return 0;
}

int room_post_reserve(struct room *r, size_t n)
{
	size_t i;

	for (i = 0; i < r->n_lanes; i++)
		if (room_events_reserve(&r->shard[i]->box, n) != 0)
			return ERR_NOMEM;
	return 0;
}

static void shard_backlog(struct shard *l)
{
	if (l->backlogged || l->box.bytes < SHARD_BACKLOG)
		return;
	l->backlogged = true;
	atomic_fetch_add_explicit(&l->o.room->backlogged, 1, memory_order_relaxed);
}

static void shard_post(struct shard *l, const struct room_event *m)
{
	/* One that has mail has been woken. */
	if (l->box.n == 0)
		l->o.wake(l->o.arg);
	l->box.p[l->box.n] = *m;
	/* Nobody else may look at a membership. */
	if (m->membership != NULL && m->membership->shard != l)
		l->box.p[l->box.n].membership = NULL;
	l->box.n++;
	if (m->what != ROOM_EVENT_FRAME)
		return;
	l->box.bytes += m->u.frame->len;
	shard_backlog(l);
}

void room_post(struct room *r, const struct room_event *m, struct shard *only)
{
	size_t i;

	if (only != NULL) {
		shard_post(only, m);
		return;
	}
	for (i = 0; i < r->n_lanes; i++) {
		if (i > 0 && m->what == ROOM_EVENT_FRAME)
			(void)frame_ref(m->u.frame);
		else if (i > 0 && m->what == ROOM_EVENT_EPOCH)
			(void)epoch_update_ref(m->u.news);
		shard_post(r->shard[i], m);
	}
}

void room_event_drop(struct room_event *m)
{
	switch (m->what) {
	case ROOM_EVENT_FRAME:
		frame_unref(m->u.frame);
		break;
	case ROOM_EVENT_EPOCH:
		epoch_update_unref(m->u.news);
		break;
	case ROOM_EVENT_WRAP:
	case ROOM_EVENT_END:
		member_unref(m->u.member);
		break;
	}
}

/* What is in the box becomes what was taken. False: nothing is. */
static bool shard_take(struct shard *l)
{
	struct room *r = l->o.room;
	struct room_events empty = l->taken;
	size_t i;

	room_lock(r);
	l->taken = l->box;
	l->box = empty;
	if (l->backlogged) {
		l->backlogged = false;
		if (atomic_fetch_sub_explicit(
			&r->backlogged, 1, memory_order_relaxed) == 1)
			for (i = 0; i < r->n_lanes; i++)
				r->shard[i]->o.wake(r->shard[i]->o.arg);
	}
	room_unlock(r);
	return l->taken.n > 0;
}

static void room_events_empty(struct room_events *b)
{
	b->n = b->bytes = 0;
	if (b->cap <= ROOM_EVENTS_KEEP)
		return;
	free(b->p);
	*b = (struct room_events){0};
}

static void room_events_free(struct room_events *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		room_event_drop(&b->p[i]);
	free(b->p);
}

/* --- coming and going ---------------------------------------------------- */

struct shard *shard_new(const struct shard_opts *o)
{
	struct shard *l = calloc(1, sizeof(*l));
	struct room *r = o->room;
	bool ok;

	if (l == NULL)
		return NULL;
	l->o = *o;
	l->wraps_end = &l->wraps;
	buf_init(&l->json, WIRE_JSON_MAX);
	l->wrap_keys = secret_alloc(sizeof(*l->wrap_keys));
	room_lock(r);
	ok = l->wrap_keys != NULL && r->n_lanes < SHARDS_MAX;
	if (ok)
		r->shard[r->n_lanes++] = l;
	room_unlock(r);
	if (ok)
		return l;
	room_keys_free(l->wrap_keys);
	free(l);
	return NULL;
}

void shard_free(struct shard *l)
{
	struct member *m;

	if (l == NULL)
		return;
	while ((m = l->wraps) != NULL) {
		l->wraps = m->wrap_next;
		member_unref(m);
	}
	room_events_free(&l->box);
	room_events_free(&l->taken);
	room_keys_free(l->wrap_keys);
	buf_free(&l->json);
	free(l->membership);
	free(l);
}

int shard_add(struct shard *l, struct membership *s)
{
	struct membership **p;
	size_t cap = l->cap == 0 ? 16 : 2 * l->cap;

	if (l->n == l->cap) {
		if ((p = realloc(l->membership, cap * sizeof(*p))) == NULL)
			return ERR_NOMEM;
		l->membership = p;
		l->cap = cap;
	}
	memset(s, 0, sizeof(*s));
	s->shard = l;
	s->place = l->n;
	l->membership[l->n++] = s;
	return 0;
}

/* Those who go through the memberships may be under way. */
void shard_remove(struct membership *s)
{
	struct shard *l = s->shard;

	s->member->membership = NULL;
	s->member = NULL;
	s->out = NULL;
	l->membership[s->place] = NULL;
	l->holes++;
}

static void shard_close_up(struct shard *l)
{
	size_t i, n = 0;

	if (l->holes == 0)
		return;
	for (i = 0; i < l->n; i++)
		if (l->membership[i] != NULL) {
			l->membership[n] = l->membership[i];
			l->membership[n]->place = n;
			n++;
		}
	l->n = n;
	l->holes = 0;
}

/* --- giving -------------------------------------------------------------- */

/* False: the queue has failed, and its member leaves with that. */
static bool membership_put(struct membership *s, struct frame *p)
{
	if (outq_put(s->out, p) == 0)
		return true;
	room_leave(s);
	return false;
}

static void membership_fail(struct membership *s, int why)
{
	outq_fail(s->out, why);
	room_leave(s);
}

static void batch_each(struct batch *t, struct membership *s)
{
	size_t i;

	for (i = 0; i < t->n && membership_taken(s); i++)
		if (t->from[i] != s->id && s->first_epoch <= t->epoch[i])
			(void)membership_put(s, t->p[i]);
}

static void batch_end(struct shard *l)
{
	struct batch *t = &l->batch;
	struct frame *all = NULL;
	struct membership *s;
	size_t i;

	if (t->n == 0)
		return;
	/* Without memory for it everybody gets each frame by itself. */
	if (t->n > 1)
		all = frame_batch(t->p, t->n);
	for (i = 0; i < l->n; i++) {
		if ((s = l->membership[i]) == NULL || s->id == 0)
			continue;
		if (all == NULL || s->spoke || s->first_epoch > t->epoch_min)
			batch_each(t, s);
		else
			(void)membership_put(s, all);
		s->spoke = false;
	}
	frame_unref(all);
	for (i = 0; i < t->n; i++)
		frame_unref(t->p[i]);
	t->n = t->bytes = 0;
}

static void shard_group(struct shard *l, const struct room_event *m)
{
	struct batch *t = &l->batch;
	struct membership *s = m->membership;

	if (s != NULL) { /* one of ours said it */
		s->spoke = true;
		s->seq = m->seq;
		s->offset = m->offset;
		if (!s->ack_due) {
			s->ack_due = true;
			s->ack_next = l->acks;
			l->acks = s;
		}
	}
	if (t->n == 0 || m->epoch < t->epoch_min)
		t->epoch_min = m->epoch;
	t->p[t->n] = m->u.frame; /* the reference passes */
	t->from[t->n] = m->from;
	t->epoch[t->n++] = m->epoch;
	t->bytes += m->u.frame->len;
	if (t->n == BATCH_FRAMES || t->bytes >= BATCH_BYTES)
		batch_end(l);
}

static void shard_ack(struct shard *l, struct membership *s)
{
	struct frame *p = NULL;

	buf_clear(&l->json);
	if (control_ack(&l->json, l->o.room->o.id, s->seq, s->offset) == 0)
		p = frame_control(l->json.p, l->json.len);
	/* Without it the rule before a fence is broken. */
	if (p == NULL)
		membership_fail(s, ERR_NOMEM);
	else
		(void)membership_put(s, p);
	frame_unref(p);
}

static void shard_acks(struct shard *l)
{
	struct membership *s;

	while ((s = l->acks) != NULL) {
		l->acks = s->ack_next;
		s->ack_due = false;
		if (membership_taken(s))
			shard_ack(l, s);
	}
}

static void rekey_admit(const struct epoch_update *t, size_t i)
{
	const struct member *m = t->newcomer[i].member;
	struct membership *s = m->membership;

	if (s == NULL)
		return; /* it has left meanwhile */
	s->id = m->user.member;
	s->first_epoch = t->epoch;
	if (membership_put(s, t->newcomer[i].hello))
		(void)membership_put(s, t->page);
}

static void shard_update(struct shard *l, const struct epoch_update *t)
{
	struct membership *s;
	size_t i, k;
	bool ok;

	for (i = 0; i < l->n; i++) {
		if ((s = l->membership[i]) == NULL || s->id == 0)
			continue;
		ok = t->rekey == NULL || membership_put(s, t->rekey);
		for (k = 0; k < t->n_notices && ok; k++)
			ok = membership_put(s, t->notice[k]);
	}
	for (i = 0; i < t->n_new; i++)
		if (t->newcomer[i].member->shard == l)
			rekey_admit(t, i);
}

/* The room has put it out already. */
static void shard_end(struct shard *l, const struct member *m, enum wire_code why)
{
	struct membership *s = m->membership;
	struct member *own;

	if (s == NULL)
		return;
	own = s->member;
	shard_remove(s);
	l->o.ended(l->o.arg, s, why);
	member_unref(own);
}

static void shard_wrap_want(struct shard *l, struct member *m)
{
	m->wrap_next = NULL;
	*l->wraps_end = m; /* the reference passes */
	l->wraps_end = &m->wrap_next;
}

static void shard_event(struct shard *l, struct room_event *m)
{
	if (m->what == ROOM_EVENT_FRAME) {
		shard_group(l, m);
		return;
	}
	if (m->what == ROOM_EVENT_WRAP) {
		shard_wrap_want(l, m->u.member);
		return;
	}
	batch_end(l);
	if (m->what == ROOM_EVENT_EPOCH) {
		shard_acks(l); /* they go before a fence */
		shard_update(l, m->u.news);
	} else {
		shard_end(l, m->u.member, m->code);
	}
	room_event_drop(m);
}

void shard_deliver(struct shard *l)
{
	size_t i;

	if (l->delivering)
		return; /* who fails in it leaves */
	l->delivering = true;
	if (shard_take(l)) {
		for (i = 0; i < l->taken.n; i++)
			shard_event(l, &l->taken.p[i]);
		room_events_empty(&l->taken);
		batch_end(l);
		shard_acks(l);
	}
	shard_close_up(l);
	l->delivering = false;
}

/* --- newcomers' keys ----------------------------------------------------- */

/* What is wrapped for whom: copied, since the member may be put out and the
 * turn be given up meanwhile. */
struct wrap_job {
	struct arrival arrival;
	uint32_t member;
	uint64_t rekeys;
};

/* False: it has left. */
static bool wrap_begin(
    struct shard *l, const struct member *m, struct wrap_job *job)
{
	struct room *r = l->o.room;
	bool wanted;

	room_lock(r);
	wanted = !m->left && m->arrival != NULL && m->arrival->wanted;
	if (wanted) {
		job->arrival = *m->arrival;
		job->member = m->user.member;
		job->rekeys = r->rekeys;
		*l->wrap_keys = *r->next;
	}
	room_unlock(r);
	return wanted;
}

static int wrap_secret(
    struct shard *l, const struct wrap_job *job, struct key_exchange *k)
{
	const struct arrival *a = &job->arrival;
	struct kem_rsa_pub *pub = NULL;
	struct label label;
	struct buf wrapped;
	int err;

	buf_init(&wrapped, sizeof(k->wrapped));
	label_group_key(&label, a->th5, k->room, k->epoch, k->member);
	if ((err = kem_rsa_pub_from_spki(&pub, a->wrap, a->wrap_len)) == 0 &&
	    (err = kem_rsa_seal(pub, &wrapped, label.p, label.len,
		 l->wrap_keys->secret)) == 0) {
		memcpy(k->wrapped, wrapped.p, wrapped.len);
		k->wrapped_len = wrapped.len;
	}
	kem_rsa_pub_free(pub);
	buf_free(&wrapped);
	return err;
}

static int wrap_hello(
    struct shard *l, const struct wrap_job *job, struct frame **out)
{
	const struct group_epoch *e = &l->wrap_keys->epoch;
	struct key_exchange k = {.room = e->room,
	    .epoch = e->epoch,
	    .is_wrapped = true,
	    .member = job->member};
	int err;

	memcpy(k.commit, e->commit, sizeof(k.commit));
	snprintf(k.name, sizeof(k.name), "%s", l->o.room->name);
	buf_clear(&l->json);
	if ((err = wrap_secret(l, job, &k)) != 0 ||
	    (err = control_key_exchange(&l->json, &k)) != 0)
		return err;
	*out = frame_key_exchange(l->json.p, l->json.len, false);
	return *out == NULL ? ERR_NOMEM : 0;
}

static void wrap_end(struct shard *l, struct member *m,
    const struct wrap_job *job, struct frame *hello)
{
	struct room *r = l->o.room;

	room_lock(r);
	if (!m->left && m->arrival != NULL && m->arrival->wanted &&
	    m->arrival->hello == NULL && r->rekeys == job->rekeys) {
		m->arrival->hello = hello;
		hello = NULL;
		if (--r->unwrapped == 0)
			r->shard[0]->o.wake(r->shard[0]->o.arg);
	}
	room_unlock(r);
	frame_unref(hello);
}

/* One whose key does not work costs itself only. */
static void shard_wrap(struct shard *l, struct member *m)
{
	struct frame *hello = NULL;
	struct wrap_job job;
	int err;

	if (m->membership == NULL || !wrap_begin(l, m, &job))
		return;
	err = wrap_hello(l, &job, &hello);
	secret_wipe(l->wrap_keys, sizeof(*l->wrap_keys));
	if (err != 0)
		membership_fail(m->membership, err);
	else
		wrap_end(l, m, &job, hello);
}

bool shard_work(struct shard *l)
{
	struct member *m;
	int n;

	for (n = 0; n < SHARD_WRAPS && (m = l->wraps) != NULL; n++) {
		if ((l->wraps = m->wrap_next) == NULL)
			l->wraps_end = &l->wraps;
		shard_wrap(l, m);
		member_unref(m);
	}
	return l->wraps != NULL;
}
