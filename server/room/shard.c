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
	if (vec_reserve(&l->member, &l->cap, l->n + 1, sizeof(l->member[0])) ==
	    0)
		return l;
	if (l->n == l->holes)
		mailbox_touch(&l->mail);
	return NULL;
}

/* The caller gives its reference to the room back, without its lock. */
static void shard_unlink(struct shard *l)
{
	mailbox_remove(&l->room->mail, &l->mail);
	free(l->member);
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

static struct shard *shard_of(const struct member *m)
{
	return (struct shard *)(void *)m->mailbox; /* its first field */
}

struct buf *shard_json(const struct member *m)
{
	return &shard_of(m)->thread->json;
}

struct crypto *shard_crypto(const struct member *m)
{
	return shard_of(m)->thread->crypto;
}

void shard_add(struct shard *l, struct member *m)
{
	(void)room_ref(l->room);
	m->mailbox = &l->mail;
	m->taken = true;
	m->at = (uint32_t)l->n;
	l->member[l->n++] = m;
}

/* Counts the member among those whose queue is full, or no longer. */
static void shard_full(struct member *m, bool full)
{
	struct room *r = member_room(m);

	if (m->full == full)
		return;
	m->full = full;
	if (full)
		atomic_fetch_add_explicit(&r->full, 1, memory_order_relaxed);
	else
		atomic_fetch_sub_explicit(&r->full, 1, memory_order_relaxed);
}

void shard_taken(struct member *m)
{
	if (!m->out->full)
		shard_full(m, false);
}

/* Leaves a hole, since shard_deliver may be going through the members. */
static void shard_remove(struct member *m)
{
	struct shard *l = shard_of(m);

	m->taken = false;
	l->member[m->at] = NULL;
	l->holes++;
	shard_full(m, false);
}

void shard_leave(struct member *m)
{
	struct shard *l = shard_of(m);

	if (!m->taken)
		return;
	shard_remove(m);
	room_lock(l->room);
	if (!m->left)
		m->cause = m->quit ? LEAVE_QUIT : LEAVE_LOST;
	rekey_leave(&l->room->rekey, m);
	if (l->n == l->holes)
		mailbox_touch(&l->mail);
	room_unlock(l->room);
}

static void shard_close_up(struct shard *l)
{
	size_t i, n = 0;

	if (l->holes == 0)
		return;
	for (i = 0; i < l->n; i++)
		if (l->member[i] != NULL) {
			l->member[n] = l->member[i];
			l->member[n]->at = (uint32_t)n;
			n++;
		}
	l->n = n;
	l->holes = 0;
}

bool shard_put(struct member *m, struct frame *p)
{
	if (outq_put(m->out, p) != 0) {
		shard_leave(m);
		return false;
	}
	if (m->out->full)
		shard_full(m, true);
	return true;
}

void shard_fail(struct member *m, int why)
{
	outq_fail(m->out, why);
	shard_leave(m);
}

/* --- frames -------------------------------------------------------------- */

/* A mark in place of a frame: its own, or one of before it came. */
static void batch_mark(struct shard *l, struct member *m, size_t i)
{
	const struct batch *b = &l->thread->batch;
	uint64_t seq = b->from[i] == m->number ? b->seq[i] : 0;
	struct frame *p = frame_mark(l->thread->crypto, b->p[i], seq);

	/* Without it the log has a gap. */
	if (p == NULL)
		shard_fail(m, ERR_NOMEM);
	else
		(void)shard_put(m, p);
	frame_unref(p);
}

static void batch_each(struct shard *l, struct member *m)
{
	const struct batch *b = &l->thread->batch;
	size_t i;

	for (i = 0; i < b->n && m->taken; i++)
		if (b->from[i] != m->number && m->first_epoch <= b->epoch[i])
			(void)shard_put(m, b->p[i]);
		else
			batch_mark(l, m, i);
}

static void batch_end(struct shard *l)
{
	struct batch *b = &l->thread->batch;
	struct frame *all = NULL;
	struct member *m;
	size_t i;

	if (b->n == 0)
		return;
	/* If out of memory, queue each frame by itself. */
	if (b->n > 1)
		all = frame_batch(b->p, b->n);
	for (i = 0; i < l->n; i++) {
		if ((m = l->member[i]) == NULL || !m->is_in)
			continue;
		if (all == NULL || m->spoke || m->first_epoch > b->epoch_min)
			batch_each(l, m);
		else
			(void)shard_put(m, all);
		m->spoke = false;
	}
	frame_unref(all);
	for (i = 0; i < b->n; i++)
		frame_unref(b->p[i]);
	b->n = b->bytes = 0;
}

/* Moves the reference to the frame; the sender's stays for shard_acks. */
static void shard_frame(struct shard *l, const struct room_event *e)
{
	struct batch *b = &l->thread->batch;

	if (e->sender != NULL)
		e->sender->spoke = true; /* one of our own */
	if (b->n == 0 || e->epoch < b->epoch_min)
		b->epoch_min = e->epoch;
	b->p[b->n] = e->u.frame;
	b->from[b->n] = e->from;
	b->seq[b->n] = e->seq;
	b->epoch[b->n++] = e->epoch;
	b->bytes += e->u.frame->len;
	if (b->n == BATCH_FRAMES || b->bytes >= BATCH_BYTES)
		batch_end(l);
}

/* Acknowledges this frame of the member's and all before it. */
static void shard_ack(
    struct shard *l, struct member *m, uint64_t seq, uint64_t offset)
{
	struct buf *json = &l->thread->json;
	struct frame *p = NULL;

	buf_clear(json);
	if (control_ack(json, l->room->o.id, seq, offset) == 0)
		p = frame_control(json->p, json->len);
	if (p != NULL)
		p->room = l->room->o.id;
	/* Without its ack a member could not tell which frames precede a
	 * fence. */
	if (p == NULL)
		shard_fail(m, ERR_NOMEM);
	else
		(void)shard_put(m, p);
	frame_unref(p);
}

/* The newest frame of these events that this member sent, as far as they are
 * committed; NULL: none. */
static const struct room_event *sent_by(const struct room_events *events,
    const struct member *m, uint64_t committed)
{
	size_t i;

	for (i = events->n; i > 0; i--)
		if (events->p[i - 1].what == ROOM_EVENT_FRAME &&
		    events->p[i - 1].sender == m &&
		    events->p[i - 1].ticket <= committed)
			return &events->p[i - 1];
	return NULL;
}

/* Acknowledges the frames among the events from `first` up to `end`, once to
 * each member of ours that sent some, and gives the references to them back. */
static void shard_acks(
    struct shard *l, struct room_events *events, size_t first, size_t end)
{
	struct room_event *e;
	size_t i;

	for (i = end; i > first; i--) {
		e = &events->p[i - 1];
		if (e->what != ROOM_EVENT_FRAME || e->sender == NULL ||
		    e->sender->acked || !e->sender->taken)
			continue;
		e->sender->acked = true;
		shard_ack(l, e->sender, e->seq, e->offset);
	}
	for (i = first; i < end; i++) {
		e = &events->p[i];
		if (e->what != ROOM_EVENT_FRAME || e->sender == NULL)
			continue;
		e->sender->acked = false;
		member_unref(e->sender);
	}
}

void shard_settle(struct member *m)
{
	const struct room_event *last;
	struct shard *l = shard_of(m);
	uint64_t seq = 0, offset = 0;

	if (!member_is_in(m))
		return;
	room_lock(l->room);
	last = sent_by(&l->mail.events, m, room_mail_committed(&l->room->mail));
	if (last != NULL) {
		seq = last->seq;
		offset = last->offset;
	}
	room_unlock(l->room);
	if (seq != 0)
		shard_ack(l, m, seq, offset);
}

/* --- the other events ---------------------------------------------------- */

static void shard_admit(
    const struct shards *t, const struct epoch_update *u, size_t i)
{
	struct member *m = u->newcomer[i].member;

	if (!m->taken)
		return; /* it has left meanwhile */
	m->is_in = true;
	if (shard_put(m, u->newcomer[i].welcome) && shard_put(m, u->page) &&
	    t->admitted != NULL)
		t->admitted(t->arg, m);
}

static void shard_update(struct shard *l, const struct epoch_update *u)
{
	struct member *m;
	size_t i, k;
	bool ok;

	for (i = 0; i < l->n; i++) {
		if ((m = l->member[i]) == NULL || !m->is_in)
			continue;
		ok = u->rekey == NULL || shard_put(m, u->rekey);
		for (k = 0; k < u->n_notices && ok; k++)
			ok = shard_put(m, u->notice[k]);
	}
	for (i = 0; i < u->n_new; i++)
		if (u->newcomer[i].member->mailbox == &l->mail)
			shard_admit(l->thread, u, i);
}

/* The room has already removed it: what is queued of the room goes, too. */
static void shard_end(struct shard *l, const struct room_event *e)
{
	const struct shards *t = l->thread;
	struct member *m = e->u.member;
	struct outq_dropped dropped = {.key = false};
	struct room_out out = {.code = e->code};

	if (!m->taken)
		return;
	shard_remove(m);
	if (e->last == NULL) {
		t->ended(t->arg, m, e->code);
	} else {
		/* While it waits, what is queued is of an earlier stay. */
		if (m->is_in)
			dropped = outq_drop(m->out, l->room->o.id);
		out.unseen = !m->is_in || dropped.key;
		out.unanswered = dropped.request;
		/* A client knows no room without its key. If the queue fails,
		 * its owner will notice. */
		if (!out.unseen)
			(void)!outq_put(m->out, e->last);
		if (t->left != NULL)
			t->left(t->arg, m, &out);
	}
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

static void shard_storage(struct shard *l, const struct room_event *e)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->member[i] != NULL && l->member[i]->is_in)
			(void)shard_put(l->member[i], e->u.frame);
}

/* A control frame for one member. */
static void shard_give(const struct shard *l, const struct room_event *e)
{
	const struct shards *t = l->thread;
	struct member *m = e->sender;

	if (m->taken &&
	    (e->what == ROOM_EVENT_GIVE || e->what == ROOM_EVENT_PAGE ||
		t->answered(t->arg, m, e->number)))
		(void)shard_put(m, e->u.frame);
}

/* Takes over the reference. If a rekey was interrupted and begun anew, the
 * member may still be on the list. */
static void shard_wrap(struct shard *l, struct member *m)
{
	struct shard_wrap *w;

	if (m->wrapping || !m->taken) {
		member_unref(m);
		return;
	}
	if ((w = malloc(sizeof(*w))) == NULL) {
		shard_fail(m, ERR_NOMEM);
		member_unref(m);
		return;
	}
	m->wrapping = true;
	w->member = m;
	STAILQ_INSERT_TAIL(&l->thread->wraps, w, next);
}

struct member *shard_next_wrap(struct shards *t)
{
	struct shard_wrap *w = STAILQ_FIRST(&t->wraps);
	struct member *m;

	if (w == NULL)
		return NULL;
	STAILQ_REMOVE_HEAD(&t->wraps, next);
	m = w->member;
	m->wrapping = false;
	free(w);
	return m;
}

/* An event of which nothing is left to acknowledge. */
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
	if (e->what == ROOM_EVENT_EPOCH)
		shard_update(l, e->u.update);
	else if (e->what == ROOM_EVENT_END)
		shard_end(l, e);
	else if (e->what == ROOM_EVENT_STORAGE)
		shard_storage(l, e);
	else
		shard_give(l, e);
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

void shards_committed(struct shards *t, const struct store *s)
{
	struct mailbox *b;
	uint64_t committed;

	if (LIST_EMPTY(&t->mail.waiting) ||
	    (committed = store_committed(s)) == t->mail.committed)
		return;
	t->mail.committed = committed;
	LIST_FOREACH(b, &t->mail.waiting, of_waiting)
	if (b->until <= committed) {
		struct room *r = ((struct shard *)(void *)b)->room;

		room_lock(r);
		mailbox_touch(b);
		room_unlock(r);
	}
}

void shard_deliver(struct shard *l)
{
	struct room_events *events = &l->thread->events;
	size_t i, acked = 0;

	room_lock(l->room);
	mailbox_take(&l->room->mail, &l->mail, events);
	room_unlock(l->room);
	shard_ends(l, events);
	for (i = 0; i < events->n; i++) {
		if (events->p[i].what == ROOM_EVENT_EPOCH) {
			batch_end(l);
			shard_acks(l, events, acked, i); /* before a fence */
			acked = i;
		}
		shard_event(l, &events->p[i]);
	}
	batch_end(l);
	shard_acks(l, events, acked, events->n);
	room_events_empty(events);
	shard_close_up(l);
	shard_end_if_empty(l);
}
