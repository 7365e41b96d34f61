/* shard.c - delivers a room's events to the members on one thread. */
#include "server/room/shard.h"

#include <stdlib.h>
#include <string.h>

#include "server/net/outq.h"
#include "server/room/room_ref.h"
#include "shared/os/vec.h"

/* --- joining and leaving ------------------------------------------------- */

static struct shard *shard_find(const struct shards *t, const struct room *r)
{
	struct mailbox *b;

	LIST_FOREACH(b, &r->mail.boxes, of_room)
	if (b->thread == &t->mail)
		return (struct shard *)(void *)b; /* its first field */
	return NULL;
}

static struct shard *shard_new(struct shards *t, struct room *r)
{
	struct shard *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->room = room_ref(r);
	l->thread = t;
	mailbox_add(&r->mail, &l->mail, &t->mail);
	return l;
}

struct shard *shard_get(struct shards *t, struct room *r)
{
	struct shard *l = shard_find(t, r);

	if (l == NULL && (l = shard_new(t, r)) == NULL)
		return NULL;
	if (vec_reserve(&l->membership, &l->cap, l->n + 1,
		sizeof(l->membership[0])) == 0)
		return l;
	if (l->n == l->holes)
		mailbox_touch(&l->mail);
	return NULL;
}

/* The caller gives its reference to the room back, without its lock. */
static void shard_unlink(struct shard *l)
{
	mailbox_remove(&l->room->mail, &l->mail);
	free(l->membership);
	free(l);
}

void shard_free(struct shard *l)
{
	struct room *r = l->room;

	room_lock(r);
	shard_unlink(l);
	room_unlock(r);
	room_unref(r);
}

void shard_add(struct shard *l, struct membership *s, struct member *m)
{
	room_unref(s->room);
	memset(s, 0, sizeof(*s));
	s->room = room_ref(l->room);
	s->shard = l;
	s->member = m;
	s->place = l->n;
	l->membership[l->n++] = s;
}

/* Counts the member among those whose queue is full, or no longer. */
static void shard_full(struct membership *s, bool full)
{
	if (s->full == full)
		return;
	s->full = full;
	if (full)
		atomic_fetch_add_explicit(
		    &s->room->full, 1, memory_order_relaxed);
	else
		atomic_fetch_sub_explicit(
		    &s->room->full, 1, memory_order_relaxed);
}

void shard_taken(struct membership *s)
{
	if (!s->out->full)
		shard_full(s, false);
}

/* Leaves a hole, since shard_deliver may be going through the memberships. */
static void shard_remove(struct membership *s)
{
	struct shard *l = s->shard;

	if (s->ack_due)
		LIST_REMOVE(s, acks);
	s->ack_due = false;
	s->member->membership = NULL;
	s->member = NULL;
	s->out = NULL;
	s->shard = NULL;
	l->membership[s->place] = NULL;
	l->holes++;
	shard_full(s, false);
}

void shard_leave(struct membership *s)
{
	struct member *m = s->member;
	struct shard *l = s->shard;

	if (m == NULL)
		return;
	shard_remove(s);
	room_lock(l->room);
	if (!m->left)
		m->cause = s->quit ? LEAVE_QUIT : LEAVE_LOST;
	rekey_leave(&l->room->rekey, m);
	if (l->n == l->holes)
		mailbox_touch(&l->mail);
	room_unlock(l->room);
	member_unref(m);
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

bool shard_put(struct membership *s, struct frame *p)
{
	if (outq_put(s->out, p) != 0) {
		shard_leave(s);
		return false;
	}
	if (s->out->full)
		shard_full(s, true);
	return true;
}

void shard_fail(struct membership *s, int why)
{
	outq_fail(s->out, why);
	shard_leave(s);
}

/* --- frames -------------------------------------------------------------- */

/* A mark in place of a frame: its own, or one of before it came. */
static void batch_mark(struct shard *l, struct membership *s, size_t i)
{
	const struct batch *b = &l->thread->batch;
	uint64_t seq = b->from[i] == s->id ? b->seq[i] : 0;
	struct frame *p = frame_mark(l->thread->crypto, b->p[i], seq);

	/* Without it the log has a gap. */
	if (p == NULL)
		shard_fail(s, ERR_NOMEM);
	else
		(void)shard_put(s, p);
	frame_unref(p);
}

static void batch_each(struct shard *l, struct membership *s)
{
	const struct batch *b = &l->thread->batch;
	size_t i;

	for (i = 0; i < b->n && membership_taken(s); i++)
		if (b->from[i] != s->id && s->first_epoch <= b->epoch[i])
			(void)shard_put(s, b->p[i]);
		else
			batch_mark(l, s, i);
}

static void batch_end(struct shard *l)
{
	struct batch *b = &l->thread->batch;
	struct frame *all = NULL;
	struct membership *s;
	size_t i;

	if (b->n == 0)
		return;
	/* If out of memory, queue each frame by itself. */
	if (b->n > 1)
		all = frame_batch(b->p, b->n);
	for (i = 0; i < l->n; i++) {
		if ((s = l->membership[i]) == NULL || s->id == 0)
			continue;
		if (all == NULL || s->spoke || s->first_epoch > b->epoch_min)
			batch_each(l, s);
		else
			(void)shard_put(s, all);
		s->spoke = false;
	}
	frame_unref(all);
	for (i = 0; i < b->n; i++)
		frame_unref(b->p[i]);
	b->n = b->bytes = 0;
}

/* One of our own members sent it. */
static void shard_spoke(struct shard *l, const struct room_event *e)
{
	struct membership *s = e->sender->membership;

	if (s == NULL)
		return; /* it has left */
	s->spoke = true;
	s->seq = e->seq;
	s->offset = e->offset;
	if (s->ack_due)
		return;
	s->ack_due = true;
	LIST_INSERT_HEAD(&l->acks, s, acks);
}

static void shard_frame(struct shard *l, const struct room_event *e)
{
	struct batch *b = &l->thread->batch;

	if (e->sender != NULL)
		shard_spoke(l, e);
	member_unref(e->sender);
	if (b->n == 0 || e->epoch < b->epoch_min)
		b->epoch_min = e->epoch;
	b->p[b->n] = e->u.frame; /* moves the reference */
	b->from[b->n] = e->from;
	b->seq[b->n] = e->seq;
	b->epoch[b->n++] = e->epoch;
	b->bytes += e->u.frame->len;
	if (b->n == BATCH_FRAMES || b->bytes >= BATCH_BYTES)
		batch_end(l);
}

static void shard_ack(struct shard *l, struct membership *s)
{
	struct buf *json = &l->thread->json;
	struct frame *p = NULL;

	buf_clear(json);
	if (control_ack(json, l->room->o.id, s->seq, s->offset) == 0)
		p = frame_control(json->p, json->len);
	if (p != NULL)
		p->room = l->room->o.id;
	/* Without its ack a member could not tell which frames precede a
	 * fence. */
	if (p == NULL)
		shard_fail(s, ERR_NOMEM);
	else
		(void)shard_put(s, p);
	frame_unref(p);
}

static void shard_acks(struct shard *l)
{
	struct membership *s;

	while ((s = LIST_FIRST(&l->acks)) != NULL) {
		LIST_REMOVE(s, acks);
		s->ack_due = false;
		shard_ack(l, s);
	}
}

void shard_settle(struct membership *s)
{
	struct shard *l = s->shard;
	bool due = s->ack_due;

	if (!membership_is_in(s))
		return;
	room_lock(l->room);
	due = due || s->member->seq > s->seq;
	s->seq = s->member->seq;
	s->offset = s->member->offset;
	room_unlock(l->room);
	if (due)
		shard_ack(l, s);
}

/* --- the other events ---------------------------------------------------- */

static void shard_admit(
    const struct shards *t, const struct epoch_update *u, size_t i)
{
	const struct member *m = u->newcomer[i].member;
	struct membership *s = m->membership;

	if (s == NULL)
		return; /* it has left meanwhile */
	s->id = m->number;
	s->first_epoch = u->epoch;
	if (shard_put(s, u->newcomer[i].welcome) && shard_put(s, u->page) &&
	    t->admitted != NULL)
		t->admitted(t->arg, s);
}

static void shard_update(struct shard *l, const struct epoch_update *u)
{
	struct membership *s;
	size_t i, k;
	bool ok;

	for (i = 0; i < l->n; i++) {
		if ((s = l->membership[i]) == NULL || s->id == 0)
			continue;
		ok = u->rekey == NULL || shard_put(s, u->rekey);
		for (k = 0; k < u->n_notices && ok; k++)
			ok = shard_put(s, u->notice[k]);
	}
	for (i = 0; i < u->n_new; i++)
		if (u->newcomer[i].member->thread == l->thread)
			shard_admit(l->thread, u, i);
}

/* The room has already removed it: what is queued of the room goes, too. */
static void shard_end(struct shard *l, const struct room_event *e)
{
	const struct shards *t = l->thread;
	struct membership *s = e->u.member->membership;
	struct member *own;
	struct outq *out;

	if (s == NULL)
		return;
	own = s->member;
	out = s->out;
	shard_remove(s);
	if (e->last == NULL) {
		t->ended(t->arg, s, e->code);
	} else {
		(void)outq_drop(out, l->room->o.id);
		/* If the queue fails, its owner will notice. */
		(void)!outq_put(out, e->last);
		if (t->left != NULL)
			t->left(t->arg, s, e->code);
	}
	member_unref(own);
}

/* Before anything else is delivered: they are sent nothing more. */
static void shard_ends(struct shard *l, const struct room_events *events)
{
	size_t i, n = events->n_ends;

	for (i = 0; n > 0 && i < events->n; i++)
		if (events->p[i].what == ROOM_EVENT_END) {
			n--;
			if (events->p[i].last != NULL)
				shard_end(l, &events->p[i]);
		}
}

/* A control frame for one member. */
static void shard_give(const struct shard *l, const struct room_event *e)
{
	const struct shards *t = l->thread;
	struct membership *s = e->sender->membership;

	if (s != NULL &&
	    (e->what == ROOM_EVENT_GIVE || e->what == ROOM_EVENT_PAGE ||
		t->answered(t->arg, s, e->number)))
		(void)shard_put(s, e->u.frame);
}

/* Takes over the reference. If a rekey was interrupted and begun anew, the
 * member may still be on the list. */
static void shard_wrap(struct shard *l, struct member *m)
{
	if (m->wrapping) {
		member_unref(m);
		return;
	}
	m->wrapping = true;
	STAILQ_INSERT_TAIL(&l->thread->wraps, m, wrap);
}

static void shard_event(struct shard *l, struct room_event *e)
{
	if (e->what == ROOM_EVENT_FRAME) {
		shard_frame(l, e);
		return;
	}
	if (e->what == ROOM_EVENT_WRAP) {
		shard_wrap(l, e->u.member);
		return;
	}
	batch_end(l);
	if (e->what == ROOM_EVENT_EPOCH) {
		shard_acks(l); /* before a fence */
		shard_update(l, e->u.update);
	} else if (e->what == ROOM_EVENT_END) {
		shard_end(l, e);
	} else {
		shard_give(l, e);
	}
	room_event_drop(e);
}

/* --- delivering ---------------------------------------------------------- */

/* Frees the shard if it has no member and nothing posted makes it ready
 * again. */
static void shard_end_if_empty(struct shard *l)
{
	struct room *r = l->room;

	bool over;

	if (l->n > 0)
		return;
	room_lock(r);
	if ((over = !l->mail.ready))
		shard_unlink(l);
	room_unlock(r);
	if (over)
		room_unref(r);
}

void shard_deliver(struct shard *l)
{
	struct room_events *events = &l->thread->events;
	size_t i;

	room_lock(l->room);
	mailbox_take(&l->room->mail, &l->mail, events);
	room_unlock(l->room);
	shard_ends(l, events);
	for (i = 0; i < events->n; i++)
		shard_event(l, &events->p[i]);
	room_events_empty(events);
	batch_end(l);
	shard_acks(l);
	shard_close_up(l);
	shard_end_if_empty(l);
}
