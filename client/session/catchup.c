/* Reads what was said while the user was away, batch after batch. */
#include "client/session/offers.h"
#include "client/session/catchup.h"

#include <stdlib.h>
#include <string.h>

#include "client/session/past.h"

struct catchup {
	struct catchup_opts o;
	struct room_events events; /* without the hold */
	struct past *past;
	/* The log that the room had when we entered last. */
	bool entered, asked_known, has_history, same_run;
	uint8_t log[WIRE_LOG];
	bool rewritten, news; /* it was another one; that is to be told */
	bool barred;	      /* the room's secret is not ours */
	/* catchup_log to catchup_enter, which is a while where the list of people
	 * has several pages: what was missed is not read yet. */
	bool listing;
	bool in, may_read; /* catchup_enter to catchup_leave; there is what */
	uint64_t marked;   /* before it: the newest mark without an entry */
	bool behind;	   /* what comes after `next` was not all shown */
	bool active;	   /* and we read it */
	bool gap;	   /* in what came while we were in the room */
	bool asked;	   /* and the answer is due; then: */
	uint32_t number;
	uint32_t room;
	uint64_t next, end;  /* entries after `next`, up to `end` */
	bool passing;	     /* entries of the batch before it wait; then: */
	uint64_t from;	     /* where that one began */
	bool holds;	     /* the live ones wait, */
	uint64_t until_ms;   /* until then */
	uint64_t longest_ms; /* or, while it cannot be read, until then */
	uint64_t again_ms,
	    pause_ms;	/* it is asked for again then; 0: at once */
	uint64_t shown; /* messages of this time */
	/* While behind: the newest entry up to which all was shown. */
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
	struct content_said offer;
	enum content_type type;
	bool shown = false;
	int r = 0;

	/* What came live before a mark that we fill. */
	if (c->holds)
		events_release_before(&c->o.events, e->head.offset);
	if (e->person != NULL && e->person->self && e->content != NULL &&
	    offers_is_said(e->content))
		r = speech_found(c->o.speech,
		    offers_said(e->content, &offer, &type)->id, e->head.seq,
		    e->head.offset);
	if (r == 0)
		r = replay_entry(&c->o.replay, &c->events, e, 0, &shown);
	c->shown += shown;
	if (r == 0) {
		c->has_read = true;
		c->read = *e->at;
	}
	return r != 0 ? r : record_past(c->o.record, &c->events, e);
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
	    .seals = o->seals,
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
	c->holds = false;
	c->until_ms = UINT64_MAX;
	events_release(&c->o.events);
}

static void unshow(void *arg, const struct event *e)
{
	const struct catchup *c = arg;

	inbox_unshow(c->o.inbox, e);
}

void catchup_lost(struct catchup *c)
{
	if (c->holds)
		events_drop_said(&c->o.events, unshow, c);
}

/* The connection ended before catchup_enter: the next one has to read what this
 * one did not. */
static void keep_behind(struct catchup *c)
{
	const struct log_head *before = roomlog_before(c->o.roomlog);

	c->listing = false;
	if (before == NULL) { /* we knew nothing, and still do */
		roomlog_forget(c->o.roomlog);
		c->entered = false;
	} else if (!c->behind) {
		c->behind = c->has_read = true;
		c->read = *before;
		c->next = before->offset;
	}
}

void catchup_leave(struct catchup *c)
{
	if (c->listing)
		keep_behind(c);
	if (c->passing)
		c->next = c->from; /* and what was shown of it is in `read` */
	c->in = c->active = c->asked = c->passing = false;
	past_clear(c->past);
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
	if (memcmp(log, in->log, WIRE_LOG) == 0)
		return roomlog_seed(c->o.roomlog, log, &shown);
	/* Of an empty log nothing can be lost: a server may begin it anew. */
	*other = shown.offset > 0;
	return 0;
}

int catchup_log(struct catchup *c, const struct catchup_log *in)
{
	bool other = false;
	int r;

	if (!c->entered && (r = remember(c, in, &other)) != 0)
		return r;
	/* A room without a history has a new log after each start. */
	if (c->entered && c->has_history && in->has_history && !in->same_run)
		other = roomlog_offset(c->o.roomlog) > 0 &&
			!roomlog_known(c->o.roomlog, in->log);
	if (!in->same_run && roomlog_differs(c->o.roomlog, in->log, in->head))
		other = true;
	if (other)
		roomlog_forget(c->o.roomlog);
	c->marked = 0;
	c->news = c->news || other;
	c->rewritten = c->rewritten || other;
	c->entered = true;
	c->has_history = in->has_history;
	c->same_run = in->same_run;
	memcpy(c->log, in->log, WIRE_LOG);
	r = roomlog_enter(c->o.roomlog, in->log, in->head);
	c->listing = r == 0;
	return r;
}

bool catchup_rewritten(const struct catchup *c)
{
	return c->rewritten;
}

bool catchup_shown(
    const struct catchup *c, uint8_t log[WIRE_LOG], struct log_head *shown)
{
	const uint64_t newest = roomlog_offset(c->o.roomlog);
	const struct log_head *before = roomlog_before(c->o.roomlog);

	if (!c->entered || !c->has_history || (c->behind && !c->has_read) ||
	    (c->listing && before == NULL))
		return false;
	memcpy(log, c->log, WIRE_LOG);
	if (c->behind || c->listing) {
		*shown = c->behind ? c->read : *before;
		return true;
	}
	shown->offset = newest;
	memcpy(shown->chain, roomlog_chain(c->o.roomlog, newest), WIRE_HASH);
	return true;
}

/* --- reading -------------------------------------------------------------- */

static void begin(struct catchup *c)
{
	c->behind = c->active = true;
	c->shown = c->again_ms = 0;
	c->pause_ms = CATCHUP_PAUSE_MS;
	c->until_ms = UINT64_MAX; /* until it is asked for */
	c->holds = true;
	events_hold(&c->o.events);
}

/* Where we are: at the newest entry that was shown, which is not the newest one
 * that we had, if the last time was interrupted. */
static void find_next(struct catchup *c, uint64_t since)
{
	const struct log_head *before = roomlog_before(c->o.roomlog);

	c->end = roomlog_entered(c->o.roomlog);
	if (c->marked > c->end)
		c->end = c->marked;
	if (before == NULL || !c->behind) {
		c->has_read = before != NULL;
		c->read = before != NULL ? *before : (struct log_head){0};
		c->next = c->read.offset;
	} else if (c->has_read && c->read.offset > c->next) {
		c->next = c->read.offset; /* amid a batch */
	}
	if (c->next < since)
		c->next = since;
	if (before == NULL && c->next < c->end &&
	    c->end - c->next > CATCHUP_FIRST)
		c->next = c->end - CATCHUP_FIRST;
	c->behind = false;
}

/* What is said from here on cannot be opened. Whoever is in a room that has a
 * history may read it later, newcomers too. */
static void fall_behind(struct catchup *c)
{
	c->gap = c->has_read = c->behind = true;
	c->read.offset = c->next = roomlog_offset(c->o.roomlog);
	memcpy(c->read.chain, roomlog_chain(c->o.roomlog, c->next), WIRE_HASH);
}

int catchup_enter(struct catchup *c, uint32_t room, uint64_t since)
{
	int r;

	if (c->news && (r = events_push_room(&c->events,
			    &(struct event){.type = EVENT_REWRITTEN})) != 0)
		return r;
	c->news = c->listing = false;
	c->room = room;
	c->in = true;
	c->may_read = since != UINT64_MAX;
	c->gap = false;
	find_next(c, since);
	if (c->next < c->end && !c->barred)
		begin(c);
	else if (c->next < c->end && c->may_read)
		c->behind = true;
	else if (c->barred && c->has_history)
		fall_behind(c);
	return 0;
}

void catchup_bar(struct catchup *c, bool on)
{
	if (c->barred == on)
		return;
	c->barred = on;
	/* Before the entry, that sees to it. */
	if (!c->in || !c->has_history || c->active)
		return;
	if (on) {
		fall_behind(c);
	} else if (c->behind) {
		c->end = roomlog_offset(c->o.roomlog);
		c->behind = false;
		if (c->next < c->end)
			begin(c);
	}
}

void catchup_mark(struct catchup *c, uint64_t offset)
{
	if (!c->in) {
		c->marked = offset;
	} else if (c->active) {
		c->end = offset;
	} else if (c->may_read && !c->barred) {
		c->gap = c->has_read = true;
		c->read.offset = c->next = offset - 1;
		memcpy(c->read.chain, roomlog_chain(c->o.roomlog, offset - 1),
		    WIRE_HASH);
		c->end = offset;
		begin(c);
	}
}

bool catchup_wants(const struct catchup *c)
{
	return c->active && !c->asked && c->again_ms == 0;
}

bool catchup_bars(const struct catchup *c)
{
	return c->active && speech_resends(c->o.speech);
}

int catchup_ask(struct catchup *c, struct request *q, uint64_t now_ms)
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
	if (c->holds && c->until_ms == UINT64_MAX) {
		c->until_ms = now_ms + CATCHUP_MS;
		c->longest_ms = now_ms + CATCHUP_REFUSED_MS;
	}
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

int catchup_flush(struct catchup *c)
{
	int r = past_flush(c->past);

	if (r == 0)
		c->passing = false;
	return r;
}

int catchup_head(struct catchup *c, const struct log_batch *h)
{
	int r;

	if (!c->asked || h->number != c->number)
		return ERR_STATE;
	if ((r = catchup_flush(c)) != 0)
		return r;
	r = look_back(c, h);
	return r != 0 ? r : past_head(c->past, h);
}

int catchup_entry(struct catchup *c, const uint8_t *body, size_t n)
{
	return past_entry(c->past, body, n);
}

/* All is read. */
static int finish(struct catchup *c, const struct past_got *got)
{
	int r = 0;

	c->active = c->behind = false;
	if (!c->gap || c->shown > 0)
		r = events_push_room(
		    &c->events, &(struct event){.type = EVENT_HISTORY,
				    .count = c->shown,
				    .offset = c->next,
				    .total = got->oldest});
	release(c);
	return r;
}

/* It cannot be read at present: the user is told once, and what was not shown
 * stays what we have not seen, also for the next run of the client. */
static int refused(struct catchup *c, const struct answer *a, uint64_t now_ms)
{
	bool first = c->pause_ms == CATCHUP_PAUSE_MS;

	c->again_ms = now_ms + c->pause_ms;
	if (c->holds && c->again_ms + CATCHUP_MS < c->longest_ms)
		c->until_ms = c->again_ms + CATCHUP_MS;
	c->pause_ms *= 2;
	if (c->pause_ms > CATCHUP_PAUSE_MAX_MS)
		c->pause_ms = CATCHUP_PAUSE_MAX_MS;
	if (!first)
		return 0;
	return events_push_room(
	    &c->events, &(struct event){.type = EVENT_HISTORY,
			    .count = c->shown,
			    .offset = c->next,
			    .code = a->code,
			    .word = a->word,
			    .text = a->text,
			    .text_len = strlen(a->text)});
}

int catchup_answer(struct catchup *c, const struct answer *a, uint64_t now_ms)
{
	struct past_got got;
	int r;

	/* We have left the room meanwhile. */
	if (!c->asked || a->number != c->number)
		return 0;
	if ((!a->done && (r = catchup_flush(c)) != 0) ||
	    (r = past_end(c->past, a->done, &got)) != 0)
		return r;
	c->asked = false;
	if (!a->done)
		return refused(c, a, now_ms);
	c->pause_ms = CATCHUP_PAUSE_MS;
	if (c->holds)
		c->until_ms = now_ms + CATCHUP_MS;
	if (got.first != 0 && got.last < c->end) {
		/* The threads go on while the next ones are on their way. */
		c->passing = true;
		c->from = c->next;
		c->next = got.last;
		return 0;
	}
	if ((r = catchup_flush(c)) != 0)
		return r;
	if (got.first != 0)
		c->next = got.last;
	return finish(c, &got);
}

void catchup_storage(struct catchup *c, bool ok)
{
	if (ok)
		c->again_ms = 0;
}

uint64_t catchup_deadline(const struct catchup *c)
{
	return c->active && c->again_ms != 0 && c->again_ms < c->until_ms
		   ? c->again_ms
		   : c->until_ms;
}

int catchup_tick(struct catchup *c, uint64_t now_ms)
{
	/* After a sleep the server gets its time again. */
	if (now_ms >= c->until_ms && now_ms - c->until_ms > CATCHUP_LATE_MS)
		c->until_ms = now_ms + CATCHUP_MS;
	else if (now_ms >= c->until_ms)
		release(c);
	if (now_ms >= c->again_ms)
		c->again_ms = 0;
	return 0;
}
