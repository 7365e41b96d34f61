/* mailbox.c - posts events to shards, and wakes their threads. */
#include "server/room/mailbox.h"

#include <stdlib.h>

#include "server/store/store.h"
#include "shared/os/vec.h"

enum {
	EVENTS_KEEP = 32
}; /* an empty array up to this is not freed: every
			    * room that has people has one for each thread */

/* --- events -------------------------------------------------------------- */

void room_event_drop(struct room_event *e)
{
	switch (e->what) {
	case ROOM_EVENT_FRAME:
	case ROOM_EVENT_PAGE:
	case ROOM_EVENT_GIVE:
	case ROOM_EVENT_STORAGE:
	case ROOM_EVENT_ANSWER:
		frame_unref(e->u.frame);
		member_unref(e->sender);
		break;
	case ROOM_EVENT_EPOCH:
		epoch_update_unref(e->u.update);
		break;
	case ROOM_EVENT_WRAP:
	case ROOM_EVENT_END:
		member_unref(e->u.member);
		frame_unref(e->last);
		break;
	}
}

void room_events_empty(struct room_events *l)
{
	l->n = l->bytes = l->n_ends = 0;
	if (l->cap <= EVENTS_KEEP)
		return;
	free(l->p);
	*l = (struct room_events){0};
}

void room_events_free(struct room_events *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		room_event_drop(&l->p[i]);
	free(l->p);
	*l = (struct room_events){0};
}

/* --- threads ------------------------------------------------------------- */

int mailboxes_init(struct mailboxes *t, void (*wake)(void *arg), void *arg)
{
	t->wake = wake;
	t->arg = arg;
	STAILQ_INIT(&t->ready);
	LIST_INIT(&t->waiting);
	return pthread_mutex_init(&t->lock, NULL) == 0 ? 0 : ERR_NOMEM;
}

void mailboxes_free(struct mailboxes *t)
{
	(void)pthread_mutex_destroy(&t->lock);
}

void mailboxes_take(struct mailboxes *t, struct mailbox_list *out)
{
	STAILQ_INIT(out);
	(void)pthread_mutex_lock(&t->lock);
	STAILQ_CONCAT(out, &t->ready);
	(void)pthread_mutex_unlock(&t->lock);
}

/* --- mailboxes ----------------------------------------------------------- */

void mailbox_touch(struct mailbox *b)
{
	struct mailboxes *t = b->thread;

	if (b->ready)
		return;
	b->ready = true;
	(void)pthread_mutex_lock(&t->lock);
	STAILQ_INSERT_TAIL(&t->ready, b, of_thread);
	(void)pthread_mutex_unlock(&t->lock);
	t->wake(t->arg);
}

void mailbox_add(
    struct room_mail *m, struct mailbox *b, struct mailboxes *thread)
{
	b->thread = thread;
	LIST_INSERT_HEAD(&m->boxes, b, of_room);
}

static void mailbox_caught_up(struct room_mail *m, struct mailbox *b)
{
	struct mailbox *each;

	if (!b->backlogged)
		return;
	b->backlogged = false;
	if (atomic_fetch_sub_explicit(&m->backlogged, 1, memory_order_relaxed) >
	    1)
		return;
	/* Resume reading members, on all threads. */
	LIST_FOREACH(each, &m->boxes, of_room)
	each->thread->wake(each->thread->arg);
}

static void mailbox_wait(struct mailbox *b, bool waits)
{
	if (b->waiting && !waits)
		LIST_REMOVE(b, of_waiting);
	else if (!b->waiting && waits)
		LIST_INSERT_HEAD(&b->thread->waiting, b, of_waiting);
	b->waiting = waits;
}

void mailbox_remove(struct room_mail *m, struct mailbox *b)
{
	mailbox_wait(b, false);
	mailbox_caught_up(m, b);
	LIST_REMOVE(b, of_room);
	room_events_free(&b->events);
}

uint64_t room_mail_committed(const struct room_mail *m)
{
	return m->ticket == 0 ? UINT64_MAX : store_committed(m->store);
}

static void event_move(
    struct room_events *to, struct room_events *from, const struct room_event *e)
{
	size_t bytes = e->what == ROOM_EVENT_FRAME ? e->u.frame->len : 0;
	bool ends = e->what == ROOM_EVENT_END;

	to->p[to->n++] = *e;
	to->bytes += bytes;
	to->n_ends += ends;
	from->bytes -= bytes;
	from->n_ends -= ends;
}

/* Whether this event is not for now. */
static bool event_waits(const struct room_event *e, uint64_t committed)
{
	return e->ticket > committed && e->what != ROOM_EVENT_STORAGE &&
	       (e->what != ROOM_EVENT_END || e->last == NULL);
}

/* Moves those that need not wait. Without memory it moves as many as there is
 * space for. */
static void take_some(
    struct mailbox *b, struct room_events *out, uint64_t committed)
{
	struct room_events *l = &b->events;
	size_t i, kept = 0, n = 0;

	for (i = 0; i < l->n; i++)
		n += !event_waits(&l->p[i], committed);
	if (n > 0 &&
	    vec_reserve(&out->p, &out->cap, n, sizeof(out->p[0])) != 0)
		mailbox_touch(b);
	for (i = 0; i < l->n; i++)
		if (event_waits(&l->p[i], committed) || out->n == out->cap)
			l->p[kept++] = l->p[i];
		else
			event_move(out, l, &l->p[i]);
	l->n = kept;
	if (kept > 0)
		b->until = l->p[0].ticket;
}

void mailbox_take(
    struct room_mail *m, struct mailbox *b, struct room_events *out)
{
	struct room_events empty = *out;
	uint64_t committed;

	b->ready = false;
	if (m->ticket != 0 && b->events.n > 0 &&
	    b->events.p[b->events.n - 1].ticket >
		(committed = store_committed(m->store))) {
		take_some(b, out, committed);
	} else {
		*out = b->events;
		b->events = empty;
	}
	mailbox_wait(b, b->events.n > 0);
	if (b->events.bytes < MAILBOX_BACKLOG)
		mailbox_caught_up(m, b);
}

int mailbox_reserve(struct mailbox *b, size_t n)
{
	struct room_events *l = &b->events;

	return vec_reserve(&l->p, &l->cap, l->n + n, sizeof(l->p[0]));
}

int room_mail_reserve(struct room_mail *m, size_t n)
{
	struct mailbox *b;

	LIST_FOREACH(b, &m->boxes, of_room)
	if (mailbox_reserve(b, n) != 0)
		return ERR_NOMEM;
	return 0;
}

void room_mail_post_one(
    struct room_mail *m, struct mailbox *b, const struct room_event *e)
{
	b->events.p[b->events.n] = *e;
	b->events.p[b->events.n++].ticket = m->ticket;
	b->events.n_ends += e->what == ROOM_EVENT_END;
	mailbox_touch(b);
	if (e->what != ROOM_EVENT_FRAME)
		return;
	b->events.bytes += e->u.frame->len;
	if (b->backlogged || b->events.bytes < MAILBOX_BACKLOG)
		return;
	b->backlogged = true;
	atomic_fetch_add_explicit(&m->backlogged, 1, memory_order_relaxed);
}

void room_mail_post(
    struct room_mail *m, const struct room_event *e, const struct mailbox *own)
{
	struct room_event each;
	struct mailbox *b;

	LIST_FOREACH(b, &m->boxes, of_room)
	{
		each = *e;
		if (e->what == ROOM_EVENT_FRAME)
			(void)frame_ref(e->u.frame);
		else
			(void)epoch_update_ref(e->u.update);
		each.sender = b == own ? member_ref(e->sender) : NULL;
		room_mail_post_one(m, b, &each);
	}
	if (e->what == ROOM_EVENT_FRAME)
		frame_unref(e->u.frame);
	else
		epoch_update_unref(e->u.update);
}
