/* Reads what was said while the user was away, batch after batch. */
#include "client/session/catchup.h"

#include <stdlib.h>
#include <string.h>

#include "client/session/past.h"

/* Entries that came as marks, and how many live events were held before them. */
struct gap {
	uint64_t first, last, held;
};

struct catchup {
	struct catchup_opts o;
	struct room_events events; /* without the hold */
	struct past *past;
	/* The log that the room had when we entered last. */
	bool entered, asked_known, has_history, same_run;
	uint8_t log[WIRE_LOG];
	bool rewritten, news; /* it was another one; that is to be told */
	bool in;	      /* we are in the room */
	bool active;	      /* there is more to read */
	bool late;	      /* it is behind the entry */
	bool asked;	      /* and the answer is due; then: */
	uint32_t number;
	uint32_t room;
	uint64_t next, end;	      /* entries after `next`, up to `end` */
	struct gap gap[CATCHUP_GAPS]; /* what is read after it */
	size_t n_gaps;
	/* The live ones wait until then; UINT64_MAX: no; 0: from the next tick
	 * on. */
	uint64_t until_ms;
	uint64_t shown; /* messages of this time */
	/* The last time was interrupted after this entry: the ones behind it
	 * were not all shown. */
	bool has_read;
	struct log_head read;
};

static const uint8_t *known(void *arg, uint64_t offset)
{
	const struct catchup *c = arg;
	const struct log_head *before = roomlog_before(c->o.roomlog);

	if (c->has_read && c->read.offset == offset)
		return c->read.chain;
	if (before != NULL && before->offset == offset)
		return before->chain;
	return roomlog_chain(c->o.roomlog, offset);
}

static int take(void *arg, const struct past_entry *e)
{
	struct catchup *c = arg;
	bool shown = false;
	int r;

	events_release_before(&c->o.events, e->head.offset);
	r = inbox_past(c->o.inbox, &c->events, e, &shown);

	c->shown += shown;
	return r;
}

struct catchup *catchup_new(const struct catchup_opts *o)
{
	struct catchup *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->o = *o;
	c->events = o->events;
	c->events.hold = NULL;
	c->until_ms = UINT64_MAX;
	c->past = past_new(&(struct past_opts){.parties = o->parties,
	    .place = o->place,
	    .known = known,
	    .entry = take,
	    .arg = c});
	if (c->past == NULL) {
		free(c);
		return NULL;
	}
	return c;
}

void catchup_free(struct catchup *c)
{
	if (c == NULL)
		return;
	past_free(c->past);
	free(c);
}

static void release(struct catchup *c)
{
	c->until_ms = UINT64_MAX;
	events_release(&c->o.events);
}

void catchup_leave(struct catchup *c)
{
	c->in = c->active = c->asked = false;
	c->n_gaps = 0;
	past_clear(c->past);
	c->until_ms = UINT64_MAX;
	events_stop_holding(&c->o.events);
}

void catchup_over(struct catchup *c)
{
	release(c);
}

/* --- the log at the entry ------------------------------------------------- */

/* What an earlier run of the client has seen of this room's log. *other: it had
 * another one. */
static int remember(
    struct catchup *c, const struct catchup_log *in, bool *other)
{
	const struct rooms_ops *ops = &c->o.parties->rooms;
	uint8_t log[WIRE_LOG];
	struct log_head shown;

	*other = false;
	if (c->asked_known || !in->has_history)
		return 0;
	c->asked_known = true;
	if (ops->known == NULL || !ops->known(ops->arg, in->room, log, &shown))
		return 0;
	*other = memcmp(log, in->log, WIRE_LOG) != 0;
	return *other ? 0 : roomlog_seed(c->o.roomlog, log, &shown);
}

int catchup_log(struct catchup *c, const struct catchup_log *in)
{
	bool other = false;
	int r;

	if (!c->entered && (r = remember(c, in, &other)) != 0)
		return r;
	/* A room without a history has a new log after each start. */
	if (c->entered && c->has_history && in->has_history && !in->same_run)
		other = !roomlog_known(c->o.roomlog, in->log);
	if (!in->same_run && roomlog_differs(c->o.roomlog, in->log, in->head))
		other = true;
	if (other)
		roomlog_forget(c->o.roomlog);
	c->news = c->news || other;
	c->rewritten = c->rewritten || other;
	c->entered = true;
	c->has_history = in->has_history;
	c->same_run = in->same_run;
	memcpy(c->log, in->log, WIRE_LOG);
	return roomlog_enter(c->o.roomlog, in->log, in->head);
}

bool catchup_rewritten(const struct catchup *c)
{
	return c->rewritten;
}

bool catchup_shown(
    const struct catchup *c, uint8_t log[WIRE_LOG], struct log_head *shown)
{
	const struct log_head *before = roomlog_before(c->o.roomlog);
	const uint64_t newest = roomlog_offset(c->o.roomlog);

	if (!c->entered || !c->has_history)
		return false;
	memcpy(log, c->log, WIRE_LOG);
	if (c->active || c->has_read) {
		if (!c->has_read && before == NULL)
			return false;
		*shown = c->has_read ? c->read : *before;
		return true;
	}
	shown->offset = newest;
	memcpy(shown->chain, roomlog_chain(c->o.roomlog, newest), WIRE_HASH);
	return true;
}

/* --- reading -------------------------------------------------------------- */

/* Goes on with the first gap. */
static void next_gap(struct catchup *c)
{
	const struct gap g = c->gap[0];

	c->n_gaps--;
	memmove(c->gap, c->gap + 1, c->n_gaps * sizeof(g));
	events_release_some(&c->o.events, g.held);
	c->next = g.first - 1;
	c->end = g.last;
}

/* Begins with the first gap, after everything else was read. */
static void begin_late(struct catchup *c)
{
	const uint8_t *chain;

	c->active = c->late = true;
	c->shown = 0;
	c->until_ms = 0;
	events_hold(&c->o.events);
	next_gap(c);
	/* Nothing behind it counts as shown yet. */
	chain = roomlog_chain(c->o.roomlog, c->next);
	c->has_read = chain != NULL;
	c->read.offset = c->next;
	if (chain != NULL)
		memcpy(c->read.chain, chain, WIRE_HASH);
}

void catchup_mark(struct catchup *c, uint64_t offset)
{
	const uint64_t held = events_held(&c->o.events);
	struct gap *last = c->n_gaps > 0 ? &c->gap[c->n_gaps - 1] : NULL;

	if (last != NULL &&
	    (c->n_gaps == CATCHUP_GAPS ||
		(last->last + 1 == offset && last->held == held)))
		last->last = offset;
	else
		c->gap[c->n_gaps++] = (struct gap){offset, offset, held};
	if (c->in && !c->active)
		begin_late(c);
}

int catchup_enter(
    struct catchup *c, uint32_t room, uint64_t since, uint64_t now_ms)
{
	const struct log_head *before = roomlog_before(c->o.roomlog);
	int r;

	if (c->news && (r = events_push_room(&c->events,
			    &(struct event){.type = EVENT_REWRITTEN})) != 0)
		return r;
	c->news = c->late = false;
	c->in = true;
	c->room = room;
	c->shown = 0;
	c->next = since;
	c->end = roomlog_entered(c->o.roomlog);
	/* Another log. */
	if (before == NULL)
		c->has_read = false;
	if (c->has_read)
		before = &c->read;
	if (before != NULL && before->offset > since)
		c->next = before->offset;
	if (c->next >= c->end) {
		if (c->n_gaps > 0)
			begin_late(c);
		else
			release(c);
		return 0;
	}
	if (before == NULL && c->end - c->next > CATCHUP_FIRST)
		c->next = c->end - CATCHUP_FIRST;
	c->active = true;
	c->until_ms = now_ms + CATCHUP_MS;
	events_hold(&c->o.events);
	return 0;
}

bool catchup_wants(const struct catchup *c)
{
	return c->active && !c->asked;
}

int catchup_ask(struct catchup *c, struct request *q)
{
	const uint64_t left = c->end - c->next;
	const struct past_range range = {.offset = c->next,
	    .count = left < WIRE_HISTORY_MAX ? (uint32_t)left
					     : (uint32_t)WIRE_HISTORY_MAX};

	*q = (struct request){.type = REQUEST_HISTORY,
	    .room = c->room,
	    .offset = range.offset,
	    .count = range.count};
	c->asked = true;
	return past_ask(c->past, c->room, &range);
}

void catchup_asked(struct catchup *c, uint32_t number)
{
	c->number = number;
}

bool catchup_waits(const struct catchup *c)
{
	return c->asked;
}

/* Whether the entry that we had last is another one in this log. An honest server
 * can have lost it between two runs. */
static int look_back(struct catchup *c, const struct log_batch *h)
{
	const uint8_t *chain = known(c, c->next);

	if (c->same_run || h->first != c->next + 1 || chain == NULL ||
	    memcmp(chain, h->chain, WIRE_HASH) == 0)
		return 0;
	c->has_read = false;
	roomlog_forget_before(c->o.roomlog);
	c->rewritten = true;
	return events_push_room(
	    &c->events, &(struct event){.type = EVENT_REWRITTEN});
}

int catchup_head(struct catchup *c, const struct log_batch *h)
{
	int r;

	if (!c->asked || h->number != c->number)
		return ERR_STATE;
	r = look_back(c, h);
	return r != 0 ? r : past_head(c->past, h);
}

int catchup_entry(struct catchup *c, const uint8_t *body, size_t n)
{
	int r = past_entry(c->past, body, n);

	if (r == 0) {
		c->has_read = true;
		c->read = *past_at(c->past);
	}
	return r;
}

/* All is read, or no more can be. */
static int finish(
    struct catchup *c, const struct past_got *got, const struct answer *a)
{
	struct event e = {.type = EVENT_HISTORY,
	    .count = c->shown,
	    .offset = c->next,
	    .total = got->oldest};
	int r;

	if (a->done && c->n_gaps > 0) {
		next_gap(c);
		return 0;
	}
	c->n_gaps = 0;
	if (!a->done) {
		e.code = a->code;
		e.word = a->word;
		e.text = a->text;
		e.text_len = strlen(a->text);
	}
	c->active = c->has_read = false;
	/* What was late may be nothing that is shown. */
	r = c->late && c->shown == 0 ? 0 : events_push_room(&c->events, &e);
	release(c);
	return r;
}

int catchup_answer(struct catchup *c, const struct answer *a)
{
	struct past_got got;
	int r;

	/* We have left the room meanwhile. */
	if (!c->asked || a->number != c->number)
		return 0;
	if ((r = past_end(c->past, a->done, &got)) != 0)
		return r;
	c->asked = false;
	if (a->done && got.first != 0) {
		c->next = got.last;
		if (c->next < c->end)
			return 0;
	}
	return finish(c, &got, a);
}

uint64_t catchup_deadline(const struct catchup *c)
{
	return c->until_ms;
}

int catchup_tick(struct catchup *c, uint64_t now_ms)
{
	if (c->until_ms == 0)
		c->until_ms = now_ms + CATCHUP_MS;
	if (now_ms >= c->until_ms)
		release(c);
	return 0;
}
