/* The user's own messages in a room. */
#include <stdlib.h>
#include <string.h>

#include "client/session/held.h"
#include "client/session/speech.h"
#include "shared/proto/content_view.h"

struct speech {
	struct speech_opts o;
	struct outbox *outbox;
	struct held *held;
	bool muted; /* by the server's last word */
	/* The server's word has changed since the last fresh secret; it was
	 * no. */
	bool fence_due, take_back;
	size_t said_since; /* then: the newest so many were said after a yes */
	bool ended;	   /* dropped what was sealed: its seqs are used */
	bool keeps_out;	   /* speech_keeps, not acknowledged */
};

struct speech *speech_new(const struct speech_opts *o)
{
	struct speech *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->o = *o;
	if ((s->outbox = outbox_new()) != NULL)
		s->held = held_new(&s->o.events, s->outbox, s->o.roster,
		    s->o.rights, s->o.posts, s->o.held);
	if (s->held == NULL) {
		speech_free(s);
		return NULL;
	}
	return s;
}

void speech_free(struct speech *s)
{
	if (s == NULL)
		return;
	held_free(s->held);
	outbox_free(s->outbox);
	free(s);
}

/* --- the room's life ------------------------------------------------------ */

void speech_lost(struct speech *s, bool honest)
{
	const uint64_t seq = roomlog_marked(s->o.roomlog);

	/* It is in the log. Without memory it is said again. */
	if (honest && outbox_acked(s->outbox) < seq)
		(void)!speech_ack(s, seq, roomlog_place(s->o.roomlog, seq));
	/* Without memory, people who came last count as new. */
	(void)!held_look(s->held);
}

void speech_restart(struct speech *s)
{
	outbox_restart(s->outbox);
	posts_restart(s->o.posts);
	s->muted = s->ended = s->keeps_out = false;
	s->fence_due = s->take_back = false;
}

void speech_leaving(struct speech *s, const struct notice *n, bool joined)
{
	/* As in speech_lost. */
	if (joined)
		(void)!held_look(s->held);
	held_leaving(s->held, n);
}

int speech_entered(struct speech *s)
{
	return s->muted ? speech_take_back(s) : 0;
}

/* Reports that the i-th unacknowledged message is dropped. */
static int report_dropped(const struct speech *s, size_t i)
{
	struct event e = {.type = EVENT_UNSAID,
	    .reason = "refused",
	    .count = outbox_count(s->outbox) - i - 1};

	memcpy(e.id, outbox_id(s->outbox, i), WIRE_ID);
	return events_push_room(&s->o.events, &e);
}

/* Drops the i-th unacknowledged message and all after it but the newest `keep`,
 * which are judged anew. */
static int drop(struct speech *s, size_t i, size_t keep)
{
	int r = 0;

	while (r == 0 && outbox_count(s->outbox) > i + keep) {
		if ((r = report_dropped(s, i)) != 0)
			break;
		posts_forget(s->o.posts, outbox_id(s->outbox, i));
		outbox_drop(s->outbox, i);
	}
	if (r == 0)
		held_clear(s->held);
	return r;
}

int speech_fence(struct speech *s)
{
	int r = roomlog_fence(s->o.roomlog, outbox_acked(s->outbox));

	if (r != 0)
		return r;
	record_fence(s->o.record, outbox_acked(s->outbox));
	if (s->keeps_out)
		asides_lost(s->o.asides);
	s->keeps_out = false;
	outbox_fence(s->outbox);
	s->fence_due = false;
	if (!s->take_back)
		return 0;
	s->take_back = false;
	return drop(s, 0, s->said_since);
}

int speech_take_back(struct speech *s)
{
	outbox_fence(s->outbox);
	return drop(s, 0, 0);
}

int speech_drop_unsealed(struct speech *s)
{
	return drop(s, outbox_in_flight(s->outbox), 0);
}

int speech_left(struct speech *s)
{
	int r = speech_take_back(s);

	outbox_clear(s->outbox);
	return r;
}

void speech_may(struct speech *s, bool may)
{
	s->fence_due = s->fence_due || s->muted || !may;
	s->take_back = s->take_back || !may;
	if (s->muted || !may)
		s->said_since = 0;
	s->muted = !may;
}

void speech_mute(struct speech *s)
{
	s->muted = true;
}

bool speech_may_speak(const struct speech *s)
{
	return !s->muted;
}

/* --- saying and sealing -------------------------------------------------- */

/* The content, with a place for a view. */
static int encode(struct buf *out, enum content_type type,
    const struct offers_words *w, uint64_t wall_ms)
{
	struct buf bare;
	int err;

	buf_init_secret(&bare, WIRE_JSON_MAX);
	err = w->offer != NULL
		  ? content_file(&bare, w->offer, wall_ms)
		  : content_said(&bare, type, w->said, wall_ms);
	if (err == 0)
		err = content_view_add(out, bare.p, bare.len);
	buf_free(&bare);
	/* Escaping makes a control character six times as long. */
	return err == ERR_LIMIT ? ERR_TEXT : err;
}

static int to_outbox(
    struct speech *s, const struct event *e, const struct buf *content)
{
	int err;

	if ((err = events_push_room(&s->o.events, e)) != 0)
		return err;
	err = outbox_put(
	    s->outbox, e->id, content->p, content->len, held_moment(s->held));
	if (err != 0)
		events_unpush(s->o.events.queue);
	return err;
}

int speech_say(struct speech *s, bool joined, uint32_t epoch, uint64_t wall_ms,
    enum content_type type, const struct offers_words *w)
{
	struct event e = {.person = s->o.self, .ts_ms = wall_ms, .own = true};
	const uint8_t *self = s->o.self->fingerprint;
	enum posts_verdict verdict;
	struct buf content;
	int err;

	if (wall_ms > INT64_MAX)
		return ERR_RANGE;
	if (s->muted)
		return ERR_REFUSED;
	verdict = posts_judge(s->o.posts, &e, self, type, w->said);
	if (verdict != POSTS_DONE)
		return verdict == POSTS_NOT_THEIRS ? ERR_AUTHOR : ERR_ABSENT;
	buf_init_secret(&content, WIRE_JSON_MAX);
	offers_event(&e, w->offer);
	err = encode(&content, type, w, wall_ms);
	if (err == 0 && joined) {
		err = held_look(s->held);
		e.seq = outbox_last(s->outbox) + 1;
		e.epoch = epoch;
	}
	if (err == 0)
		err = to_outbox(s, &e, &content);
	if (err == 0)
		s->said_since++;
	if (err == 0)
		/* Without memory it is said, but cannot be changed later. */
		(void)!posts_add(s->o.posts, &e, self, type, w->said);
	buf_free(&content);
	return err;
}

int speech_topic(struct speech *s, bool joined, uint32_t epoch,
    uint64_t wall_ms, const struct content_topic *t)
{
	struct event e = {.type = EVENT_TOPIC,
	    .person = s->o.self,
	    .ts_ms = wall_ms,
	    .own = true,
	    .text = t->text,
	    .text_len = t->text_len};
	struct buf bare, content;
	int err;

	if (wall_ms > INT64_MAX)
		return ERR_RANGE;
	if (s->muted)
		return ERR_REFUSED;
	memcpy(e.id, t->id, WIRE_ID);
	buf_init_secret(&bare, WIRE_JSON_MAX);
	buf_init_secret(&content, WIRE_JSON_MAX);
	if ((err = content_topic(&bare, t, wall_ms)) == 0)
		err = content_view_add(&content, bare.p, bare.len);
	if (err == 0 && joined && (err = held_look(s->held)) == 0) {
		e.seq = outbox_last(s->outbox) + 1;
		e.epoch = epoch;
	}
	if (err == 0 && (err = to_outbox(s, &e, &content)) == 0) {
		s->said_since++;
		topics_own(s->o.topics, t);
	}
	buf_free(&bare);
	buf_free(&content);
	return err;
}

bool speech_waits(const struct speech *s)
{
	struct part content;
	uint64_t seq;

	return !s->muted && !s->fence_due &&
	       outbox_next(s->outbox, &content, &seq);
}

/* It has been judged. */
static bool may_go(const struct speech *s)
{
	return !held_active(s->held) && outgoing_has_room(s->o.out);
}

bool speech_ready(const struct speech *s)
{
	return speech_waits(s) && (held_stale(s->held) || may_go(s));
}

/* A content is first sealed: what we have of the log now. */
static int fill_view(struct speech *s, uint8_t *content, size_t n)
{
	uint8_t view[WIRE_VIEW];

	roomlog_view(s->o.roomlog, view);
	return content_view_fill(content, n, view);
}

/* Seals under the newest epoch. */
static int seal_next(struct speech *s, uint64_t seq, const struct part *content)
{
	const struct group_epoch *plain = epochs_newest(s->o.epochs);
	const struct parties *p = s->o.parties;
	const struct person *me = s->o.self;
	struct group_epoch epoch = *plain;
	const struct group_sender self = {
	    me->member, me->name, me->identity, me->card};
	const struct group_context g = {.place = s->o.place,
	    .epoch = &epoch,
	    .roster = epochs_roster(s->o.epochs, plain->epoch),
	    .from = &self,
	    .signer = p->identity};
	size_t n, before;
	uint8_t *unfixed;
	struct buf *body;
	int e;

	if ((unfixed = outbox_unfixed(s->outbox, &n)) != NULL &&
	    (e = fill_view(s, unfixed, n)) != 0)
		return e;
	e = outgoing_begin(s->o.out,
	    WIRE_GROUP_HEAD + WIRE_SIGNATURE + content->n + WIRE_TAG, &body);
	if (e != 0)
		return e;
	before = body->len;
	e = seals_epoch(s->o.seals, &epoch, plain);
	if (e == 0)
		e = group_seal(
		    p->crypto, body, &g, seq, content->p, content->n);
	if (e == 0)
		e = roomlog_sealed(
		    s->o.roomlog, seq, body->p + before, body->len - before);
	if (e == 0)
		e = record_sealed(s->o.record, seq, &g, body->p + before,
		    body->len - before);
	group_epoch_wipe(&epoch);
	if (e != 0)
		return e;
	outgoing_end(s->o.out, KIND_GROUP);
	posts_sealed(s->o.posts,
	    outbox_id(s->outbox, outbox_in_flight(s->outbox)), seq);
	outbox_sealed(s->outbox);
	views_said(s->o.views);
	return 0;
}

int speech_seal(struct speech *s)
{
	struct part content;
	uint64_t seq;
	int e;

	if (!speech_waits(s))
		return 0;
	if (held_stale(s->held) && (e = held_judge(s->held)) != 0)
		return e;
	/* It may have been dropped. */
	if (!may_go(s) || !outbox_next(s->outbox, &content, &seq))
		return 0;
	return seal_next(s, seq, &content);
}

/* ASIDE_NONE: a view alone. There is no clock for the ts of an aside, which
 * nobody reads. */
static int make_aside(struct buf *out, const struct speech *s, enum aside what,
    const uint8_t id[WIRE_ID])
{
	struct buf bare;
	int r;

	if (what == ASIDE_NONE)
		return content_view_alone(out, id, 0);
	buf_init(&bare, WIRE_JSON_MAX);
	r = what == ASIDE_KEEPS
		? content_keeps(&bare, id, 0, asides_keeps(s->o.asides))
		: content_receipt(&bare, id, 0, what == ASIDE_ASK);
	if (r == 0)
		r = content_view_add(out, bare.p, bare.len);
	buf_free(&bare);
	return r;
}

bool speech_idle(const struct speech *s)
{
	return !s->muted && !s->fence_due && !s->ended &&
	       outbox_count(s->outbox) == 0 && outgoing_has_room(s->o.out);
}

/* Seals a content of which the user is not told; not if something waits. */
static int aside(struct speech *s, enum aside what, bool *said)
{
	const struct rng *rng = &s->o.parties->rng;
	uint8_t id[WIRE_ID];
	struct part content;
	struct buf json;
	uint64_t seq;
	int r;

	*said = false;
	if (!speech_idle(s))
		return 0;
	buf_init(&json, WIRE_JSON_MAX);
	if ((r = rng->fill(rng->arg, id, sizeof(id))) == 0 &&
	    (r = make_aside(&json, s, what, id)) == 0 &&
	    (r = outbox_put_view(s->outbox, json.p, json.len)) == 0 &&
	    outbox_next(s->outbox, &content, &seq)) {
		r = seal_next(s, seq, &content);
		*said = r == 0;
	}
	buf_free(&json);
	return r;
}

int speech_view(struct speech *s)
{
	return aside(s, ASIDE_NONE, &(bool){false});
}

/* Of many people only some give their receipt. */
static bool declines(const struct speech *s, enum aside what)
{
	size_t people;

	(void)roster_people(s->o.roster, &people);
	return what == ASIDE_RECEIPT &&
	       !views_drawn(&s->o.parties->rng, people, ASIDES_RECEIPTS);
}

int speech_aside(struct speech *s, uint64_t now_ms)
{
	const enum aside what = asides_due(s->o.asides, now_ms);
	bool said = false;
	int r = 0;

	if (what == ASIDE_NONE || !speech_idle(s))
		return 0;
	if (!declines(s, what) && ((r = aside(s, what, &said)) != 0 || !said))
		return r;
	s->keeps_out = said && what == ASIDE_KEEPS;
	asides_said(s->o.asides, what, now_ms);
	return 0;
}

void speech_ask(struct speech *s, bool all)
{
	asides_ask(s->o.asides, all);
}

int speech_ack(struct speech *s, uint64_t seq, uint64_t offset)
{
	struct event e = {.type = EVENT_SENT};
	int err;

	if ((err = outbox_ack_check(s->outbox, seq)) != 0)
		return err;
	/* Acknowledge one by one: if an event fails for lack of memory, its
	 * message stays unacknowledged, and the next connection resends it with
	 * its id. */
	for (e.seq = outbox_acked(s->outbox) + 1; err == 0 && e.seq <= seq;
	     e.seq++) {
		memcpy(e.id, outbox_id(s->outbox, 0), WIRE_ID);
		/* The acknowledgement tells the offset of the last one only. */
		e.offset =
		    e.seq == seq ? offset : roomlog_place(s->o.roomlog, e.seq);
		if (outbox_is_view(s->outbox))
			s->keeps_out = false;
		else
			err = events_push_room(&s->o.events, &e);
		if (err == 0)
			topics_sent(s->o.topics, e.id, s->o.self->name,
			    e.offset);
		if (err == 0)
			err = outbox_ack(s->outbox, e.seq);
	}
	return err;
}

int speech_found(
    struct speech *s, const uint8_t id[WIRE_ID], uint64_t seq, uint64_t offset)
{
	struct event e = {.type = EVENT_SENT, .seq = seq, .offset = offset};
	const size_t i = outbox_find(s->outbox, id);
	int r = 0;

	if (i == SIZE_MAX || i < outbox_in_flight(s->outbox))
		return 0;
	memcpy(e.id, id, WIRE_ID);
	if ((r = events_push_room(&s->o.events, &e)) == 0) {
		outbox_drop(s->outbox, i);
		held_clear(s->held);
	}
	return r;
}

bool speech_resends(const struct speech *s)
{
	return outbox_resends(s->outbox);
}

/* --- the user's answers --------------------------------------------------- */

int speech_send_held(struct speech *s)
{
	return held_send(s->held);
}

int speech_drop_held(struct speech *s)
{
	return held_drop(s->held);
}

const uint8_t *speech_unsent(const struct speech *s, size_t i, bool *held)
{
	if (i >= speech_unacked(s))
		return NULL;
	*held = held_is(s->held, i);
	return outbox_id(s->outbox, i);
}

size_t speech_held(const struct speech *s)
{
	return held_count(s->held);
}

void speech_quit(struct speech *s, bool flush)
{
	if (flush)
		return;
	s->ended = outbox_in_flight(s->outbox) > 0;
	outbox_clear(s->outbox);
	held_clear(s->held);
}

size_t speech_due(const struct speech *s)
{
	return (held_active(s->held) ? outbox_in_flight(s->outbox)
				     : outbox_count(s->outbox)) -
	       outbox_is_view(s->outbox);
}

size_t speech_unacked(const struct speech *s)
{
	return outbox_count(s->outbox) - outbox_is_view(s->outbox);
}
