/* The queue of events. */
#include <stdlib.h>
#include <string.h>

#include "client/session/events.h"
#include "shared/base/secret.h"

struct node {
	struct node *next, *prev;
	struct event event;
	struct person person;
	void *list; /* owned: the rooms, devices, invites or receipt */
	struct recorded *entry; /* owned */
	struct blob_offer *offer; /* owned, secret */
	size_t size;		 /* of tail */
	char tail[];		 /* strings, each with a zero byte */
};

struct events {
	struct node *first, *last;
	struct node *shown; /* the last one returned; not in the list */
	struct node *spare; /* for CLOSED or RECONNECT without memory */
	size_t n;
	bool holding;	 /* a room's events wait here */
	uint64_t passed; /* have waited here */
};

enum { SPARE_TAIL = 512 };

static struct node *node_new(size_t tail)
{
	struct node *d = calloc(1, sizeof(*d) + tail);

	if (d != NULL)
		d->size = tail;
	return d;
}

static void node_free(struct node *d)
{
	if (d == NULL)
		return;
	free(d->list);
	recorded_free(d->entry);
	if (d->offer != NULL)
		secret_wipe(d->offer, sizeof(*d->offer));
	free(d->offer);
	/* Wipe it: no message text stays in the heap. */
	secret_wipe(d, sizeof(*d) + d->size);
	free(d);
}

struct events *events_new(void)
{
	struct events *q = calloc(1, sizeof(*q));

	if (q == NULL || (q->spare = node_new(SPARE_TAIL)) == NULL) {
		free(q);
		return NULL;
	}
	return q;
}

void events_free(struct events *q)
{
	struct node *d;

	if (q == NULL)
		return;
	while ((d = q->first) != NULL) {
		q->first = d->next;
		node_free(d);
	}
	node_free(q->shown);
	node_free(q->spare);
	free(q);
}

/* Copies n bytes and a zero to the tail at *at, truncated to what fits. */
static const char *tail_put(
    struct node *d, size_t *at, const char *s, size_t *n)
{
	char *p = d->tail + *at;

	if (*n > d->size - *at - 1)
		*n = d->size - *at - 1;
	memcpy(p, s, *n);
	p[*n] = '\0';
	*at += *n + 1;
	return p;
}

static const char *or_empty(const char *s)
{
	return s == NULL ? "" : s;
}

/* Copies the list of rooms, devices or invites, or the receipt, if there is one. */
static int list_put(struct node *d, const struct event *e)
{
	const void *from = e->n_rooms > 0     ? (const void *)e->rooms
			   : e->n_devices > 0 ? (const void *)e->devices
			   : e->n_invites > 0 ? (const void *)e->invites
			   : e->n_ids > 0     ? (const void *)e->ids
					      : (const void *)e->receipt;
	size_t size = e->n_rooms * sizeof(*e->rooms) +
		      e->n_devices * sizeof(*e->devices) +
		      e->n_invites * sizeof(*e->invites) +
		      e->n_ids * sizeof(*e->ids) +
		      (e->receipt != NULL ? sizeof(*e->receipt) : 0);

	if (size == 0)
		return 0;
	if ((d->list = malloc(size)) == NULL)
		return ERR_NOMEM;
	memcpy(d->list, from, size);
	d->event.rooms = e->n_rooms > 0 ? d->list : NULL;
	d->event.devices = e->n_devices > 0 ? d->list : NULL;
	d->event.invites = e->n_invites > 0 ? d->list : NULL;
	d->event.ids = e->n_ids > 0 ? d->list : NULL;
	d->event.receipt = e->receipt != NULL ? d->list : NULL;
	return 0;
}

static int entry_put(struct node *d, const struct event *e)
{
	if (e->entry == NULL)
		return 0;
	d->event.entry = d->entry = recorded_copy(e->entry);
	return d->entry != NULL ? 0 : ERR_NOMEM;
}

static int offer_put(struct node *d, const struct event *e)
{
	if (e->offer == NULL)
		return 0;
	if ((d->offer = malloc(sizeof(*d->offer))) == NULL)
		return ERR_NOMEM;
	*d->offer = *e->offer;
	d->event.offer = d->offer;
	return 0;
}

int events_push(struct events *q, const struct event *e)
{
	bool last_word = e->type == EVENT_CLOSED || e->type == EVENT_RECONNECT;
	size_t text = e->text == NULL ? 0 : e->text_len;
	size_t reason = strlen(or_empty(e->reason));
	size_t word = strlen(or_empty(e->word)), at = 0;
	size_t by = strlen(or_empty(e->by)), who = strlen(or_empty(e->who));
	size_t with = strlen(or_empty(e->with));
	struct node *d = NULL;

	if (q->n >= EVENTS_MAX && !last_word)
		return ERR_LIMIT;
	d = node_new(text + reason + word + by + who + with + 6);
	if (d == NULL && last_word) {
		d = q->spare;
		q->spare = NULL;
	}
	if (d == NULL)
		return ERR_NOMEM;
	d->event = *e;
	if (list_put(d, e) != 0 || entry_put(d, e) != 0 ||
	    offer_put(d, e) != 0) {
		node_free(d);
		return ERR_NOMEM;
	}
	if (e->person != NULL) {
		d->person = *e->person;
		d->event.person = &d->person;
	}
	if (e->room_name == NULL)
		d->event.room_name = "";
	/* Shortest first: in the spare node only the text is truncated. */
	d->event.word = tail_put(d, &at, or_empty(e->word), &word);
	d->event.by = tail_put(d, &at, or_empty(e->by), &by);
	d->event.who = tail_put(d, &at, or_empty(e->who), &who);
	d->event.with = tail_put(d, &at, or_empty(e->with), &with);
	d->event.reason = tail_put(d, &at, or_empty(e->reason), &reason);
	d->event.text = tail_put(d, &at, or_empty(e->text), &text);
	d->event.text_len = text;
	d->prev = q->last;
	if (q->last == NULL)
		q->first = d;
	else
		q->last->next = d;
	q->last = d;
	q->n++;
	return 0;
}

int events_push_room(const struct room_events *q, const struct event *e)
{
	struct event named = *e;

	named.room = q->room;
	named.room_name = q->name;
	if (q->hold != NULL && q->hold->holding)
		return events_push(q->hold, &named);
	return events_push(q->queue, &named);
}

void events_hold(const struct room_events *q)
{
	q->hold->holding = true;
}

static uint64_t held(const struct room_events *q)
{
	return q->hold->passed + q->hold->n;
}

static void release_some(const struct room_events *q, uint64_t upto)
{
	struct events *from = q->hold, *to = q->queue;
	struct node *d;

	for (; from->passed < upto && (d = from->first) != NULL;
	     from->passed++) {
		from->first = d->next;
		from->n--;
		d->next = NULL;
		d->prev = to->last;
		if (to->last == NULL)
			to->first = d;
		else
			to->last->next = d;
		to->last = d;
		to->n++;
	}
	if (from->first == NULL)
		from->last = NULL;
	else
		from->first->prev = NULL;
}

void events_release(const struct room_events *q)
{
	q->hold->holding = false;
	release_some(q, held(q));
}

static bool is_said(const struct event *e)
{
	return e->type >= EVENT_MESSAGE && e->type <= EVENT_REFUSED;
}

/* Takes it out of the list. */
static void unlink_node(struct events *q, struct node *d)
{
	if (d->prev == NULL)
		q->first = d->next;
	else
		d->prev->next = d->next;
	if (d->next == NULL)
		q->last = d->prev;
	else
		d->next->prev = d->prev;
	d->next = d->prev = NULL;
	q->n--;
}

void events_release_before(const struct room_events *q, uint64_t offset)
{
	struct node *d, *last = NULL;

	for (d = q->hold->first; d != NULL; d = d->next)
		if ((is_said(&d->event) || d->event.type == EVENT_ENTRY) &&
		    d->event.offset < offset)
			last = d;
	while (last != NULL) {
		d = q->hold->first;
		unlink_node(q->hold, d);
		d->prev = q->queue->last;
		if (d->prev == NULL)
			q->queue->first = d;
		else
			d->prev->next = d;
		q->queue->last = d;
		q->queue->n++;
		if (d == last)
			return;
	}
}

void events_drop_said(const struct room_events *q,
    void (*each)(void *arg, const struct event *e), void *arg)
{
	struct node *d, *next;

	for (d = q->hold->first; d != NULL; d = next) {
		next = d->next;
		if (is_said(&d->event))
			each(arg, &d->event);
		else if (d->event.type != EVENT_ENTRY)
			continue;
		unlink_node(q->hold, d);
		node_free(d);
	}
}

void events_unpush(struct events *q)
{
	struct node *d = q->last;

	if (d == NULL)
		return;
	q->last = d->prev;
	if (q->last == NULL)
		q->first = NULL;
	else
		q->last->next = NULL;
	q->n--;
	node_free(d);
}

const struct event *events_next(struct events *q)
{
	struct node *d = q->first;

	node_free(q->shown);
	q->shown = d;
	if (d == NULL)
		return NULL;
	q->first = d->next;
	if (q->first == NULL)
		q->last = NULL;
	else
		q->first->prev = NULL;
	d->next = NULL;
	q->n--;
	return &d->event;
}
