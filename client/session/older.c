/* older.c - parts of the history that the user asks for. */
#include "client/session/older.h"

#include <stdlib.h>
#include <string.h>

/* Parts whose chain is remembered: more than a screen can show of them. */
enum { OLDER_KNOWN = 1024 };

struct older {
	struct older_opts o;
	struct past *past;
	bool in; /* the room; then: */
	uint32_t room;
	uint8_t log[WIRE_LOG];
	uint64_t since;
	enum { OLDER_IDLE, OLDER_WANTED, OLDER_ASKED } state;
	struct older_range range;
	uint32_t number;
	uint64_t shown; /* messages of this part */
	/* The entry before each part that was read; a ring once it is full. */
	struct log_head *known;
	size_t n_known, at;
	struct log_head front; /* of the part that comes */
};

static const uint8_t *known(void *arg, uint64_t offset)
{
	const struct older *o = arg;
	const uint8_t *live = roomlog_chain(o->o.roomlog, offset);
	size_t i;

	if (live != NULL)
		return live;
	for (i = 0; i < o->n_known; i++)
		if (o->known[i].offset == offset)
			return o->known[i].chain;
	return NULL;
}

static int take(void *arg, const struct past_entry *e)
{
	struct older *o = arg;
	bool shown;
	int r = replay_entry(&o->o.replay, &o->o.events, e, o->number, &shown);

	o->shown += shown;
	return r;
}

struct older *older_new(const struct older_opts *opts)
{
	struct older *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->o = *opts;
	o->o.events.hold = NULL;
	o->past = past_new(&(struct past_opts){.parties = opts->parties,
	    .place = opts->place,
	    .seals = opts->seals,
	    .known = known,
	    .entry = take,
	    .arg = o});
	if (o->past == NULL) {
		older_free(o);
		return NULL;
	}
	return o;
}

void older_free(struct older *o)
{
	if (o == NULL)
		return;
	past_free(o->past);
	free(o->known);
	free(o);
}

void older_enter(
    struct older *o, uint32_t room, const uint8_t log[WIRE_LOG], uint64_t since)
{
	if (memcmp(o->log, log, WIRE_LOG) != 0)
		o->n_known = o->at = 0;
	memcpy(o->log, log, WIRE_LOG);
	o->in = true;
	o->room = room;
	o->since = since;
}

uint32_t older_room(const struct older *o)
{
	return o->in ? o->room : 0;
}

/* --- asking --------------------------------------------------------------- */

int older_want(
    struct older *o, const struct older_range *range, uint32_t number)
{
	uint64_t end = roomlog_offset(o->o.roomlog) + 1;

	if (!o->in)
		return ERR_STATE;
	if (o->state != OLDER_IDLE)
		return ERR_LIMIT;
	o->range = *range;
	if (range->before == 0 || range->before > end)
		o->range.before = end;
	o->number = number;
	o->state = OLDER_WANTED;
	return 0;
}

bool older_wants(const struct older *o)
{
	return o->state == OLDER_WANTED;
}

int older_ask(struct older *o, struct request *q)
{
	*q = (struct request){.type = REQUEST_HISTORY,
	    .number = o->number,
	    .room = o->room,
	    .before = true,
	    .offset = o->range.before,
	    .count = o->range.count};
	o->state = OLDER_ASKED;
	o->shown = 0;
	return past_ask(o->past, o->room,
	    &(struct past_range){
		.offset = q->offset, .before = true, .count = q->count});
}

bool older_waits(const struct older *o)
{
	return o->state == OLDER_ASKED;
}

bool older_is(const struct older *o, uint32_t number)
{
	return o->state == OLDER_ASKED && o->number == number;
}

/* --- what comes ----------------------------------------------------------- */

int older_head(struct older *o, const struct log_batch *h)
{
	o->front.offset = 0;
	if (h->first != 0) {
		o->front.offset = h->first - 1;
		memcpy(o->front.chain, h->chain, WIRE_HASH);
	}
	return past_head(o->past, h);
}

int older_entry(struct older *o, const uint8_t *body, size_t n)
{
	return past_entry(o->past, body, n);
}

int older_flush(struct older *o)
{
	return past_flush(o->past);
}

/* The next part, before this one, must end with the same chain. */
static int remember(struct older *o)
{
	if (o->front.offset == 0 || known(o, o->front.offset) != NULL)
		return 0;
	if (o->known == NULL &&
	    (o->known = calloc(OLDER_KNOWN, sizeof(*o->known))) == NULL)
		return ERR_NOMEM;
	o->known[o->at] = o->front;
	o->at = (o->at + 1) % OLDER_KNOWN;
	if (o->n_known < OLDER_KNOWN)
		o->n_known++;
	return 0;
}

/* Why nothing can be read before this part; "": it can. */
static const char *ends(const struct older *o, const struct past_got *got)
{
	const uint64_t first = got->first != 0 ? got->first : o->range.before;

	if (got->oldest != 0 && got->oldest < first)
		return "";
	return o->since != 0 &&
		       (o->since == UINT64_MAX || first <= o->since + 1)
		   ? "since"
		   : "oldest";
}

static int tell(struct older *o, struct event *e)
{
	e->type = EVENT_HISTORY;
	e->req = o->number;
	e->count = o->shown;
	o->state = OLDER_IDLE;
	return events_push_room(&o->o.events, e);
}

int older_answer(struct older *o, const struct answer *a)
{
	struct past_got got;
	struct event e = {0};
	int r = past_flush(o->past);

	if (r == 0)
		r = past_end(o->past, a->done, &got);
	if (r == 0 && a->done)
		r = remember(o);
	if (r != 0)
		return r;
	if (a->done) {
		e.first = got.first;
		e.offset = got.last;
		e.total = got.oldest;
		e.reason = ends(o, &got);
	} else {
		e.code = a->code;
		e.word = a->word;
		e.text = a->text;
		e.text_len = strlen(a->text);
	}
	return tell(o, &e);
}

int older_leave(struct older *o)
{
	static const char text[] =
	    "the connection was lost before the server answered";

	o->in = false;
	past_clear(o->past);
	if (o->state == OLDER_IDLE)
		return 0;
	return tell(
	    o, &(struct event){
		   .word = "lost", .text = text, .text_len = sizeof(text) - 1});
}
