/* Joining and leaving a room, its people, and its frames. */
#include <stdlib.h>
#include <string.h>

#include "client/session/chatroom_int.h"
#include "client/session/whoami.h"
#include "shared/base/secret.h"

/* --- making and freeing -------------------------------------------------- */

static int on_told(void *arg, const struct content *c)
{
	struct chatroom *r = arg;
	const bool joined = r->phase == CHATROOM_JOINED;
	const enum notice_event event = c->u.notice.event;
	int e;

	if (event == NOTICE_LEAVE || event == NOTICE_KICK)
		speech_leaving(r->part.speech, &c->u.notice, joined);
	if (event == NOTICE_DEVICE && joined)
		return whoami_told(
		    &r->part.events, r->o.parties, &c->u.notice.more);
	if (event != NOTICE_ACT && event != NOTICE_ROOM)
		return 0;
	if ((e = rights_told(r->part.rights, c,
		 roomlog_offset(r->part.roomlog), joined)) != 0)
		return e;
	return chatroom_seal_told(r, &c->u.notice);
}

struct chatroom *chatroom_new(const struct chatroom_opts *o)
{
	struct chatroom *r = calloc(1, sizeof(*r));
	struct room_parts_opts parts = {.parties = o->parties,
	    .events = o->events,
	    .out = o->out,
	    .room = r,
	    .held = o->held,
	    .told = on_told,
	    .arg = r};

	if (r == NULL)
		return NULL;
	parts.name = r->name;
	parts.self = &r->self;
	r->self = o->parties->self;
	r->o = *o;
	r->o.name = NULL; /* copied */
	memcpy(r->sought, o->name, strlen(o->name));
	patience_step(&r->patience, UINT64_MAX);
	r->phase = CHATROOM_WANTED;
	stay_init(&r->stay);
	if (room_parts_make(&r->part, &parts) != 0) {
		chatroom_free(r);
		return NULL;
	}
	seals_name(r->part.seals, r->sought);
	return r;
}

void chatroom_free(struct chatroom *r)
{
	if (r != NULL)
		room_parts_free(&r->part);
	free(r);
}

/* --- phases -------------------------------------------------------------- */

/* Nothing else assigns the phase. */
static void enter(
    struct chatroom *r, enum chatroom_phase phase, uint64_t now_ms)
{
	r->phase = phase;
	patience_step(&r->patience, now_ms);
}

void chatroom_linked(
    struct chatroom *r, bool new_run, bool carded, uint64_t now_ms)
{
	if (new_run) {
		roster_forget(r->part.roster);
		r->self.member = 0;
		r->had_epoch = false;
	}
	memcpy(r->self.card, r->o.parties->self.card, WIRE_HASH);
	r->carded = carded;
	if (!carded)
		return;
	stay_ask(&r->stay, STAY_ASK_IN);
	enter(r, CHATROOM_WANTED, now_ms);
}

/* Drops what belongs to one stay in the room. */
static void forget(struct chatroom *r)
{
	enter(r, stay_wanted(&r->stay) ? CHATROOM_WANTED : CHATROOM_OUT,
	    UINT64_MAX);
	stay_forget(&r->stay);
	room_parts_leave(&r->part);
}

static const struct chatroom_why by_user = {CODE_QUIT, "quit", "", ""};

int chatroom_left(struct chatroom *r, const struct chatroom_why *why)
{
	return events_push_room(
	    &r->part.events, &(struct event){.type = EVENT_LEFT,
				 .code = why->code,
				 .word = why->word,
				 .by = why->by,
				 .text = why->text,
				 .text_len = strlen(why->text)});
}

void chatroom_disconnect(struct chatroom *r, bool honest)
{
	bool leaving = !stay_wanted(&r->stay) && r->phase != CHATROOM_OUT;

	if (r->phase == CHATROOM_JOINED)
		speech_lost(r->part.speech, honest);
	catchup_lost(r->part.catchup);
	forget(r);
	/* Without memory for these there is no word about it. */
	if (leaving) {
		(void)!speech_left(r->part.speech);
		(void)!chatroom_left(r, &by_user);
	}
}

/* --- keys ---------------------------------------------------------------- */

/* The server puts us in the room. */
static int on_wrapped(
    struct chatroom *r, const struct key_exchange *k, uint64_t now_ms)
{
	uint8_t secret[WIRE_KEY];
	int e;

	/* Our previous member number has left too. */
	e = roster_leave(r->part.roster, r->self.member, ROSTER_LOST);
	if (e != 0)
		return e;
	if (k->member == 0 || roster_left(r->part.roster, k->member))
		return ERR_MEMBER;
	/* In the same run of the server our own join makes a new epoch, so an
	 * old epoch is a replay. */
	if (r->had_epoch && k->room == r->number && k->epoch <= r->last_epoch)
		return ERR_EPOCH;
	r->refused = false;
	if ((e = parties_unwrap(r->o.parties, secret, k)) == 0)
		e = epochs_fresh(
		    r->part.epochs, k->room, k->epoch, secret, k->commit);
	secret_wipe(secret, sizeof(secret));
	if (e != 0)
		return e;
	roster_clear(r->part.roster);
	r->number = k->room;
	r->self.member = k->member;
	r->was_here = r->had_epoch;
	r->had_epoch = true;
	r->last_epoch = k->epoch;
	memcpy(r->name, k->name, sizeof(r->name));
	seals_name(r->part.seals, r->name);
	rights_begin(r->part.rights);
	memcpy(r->part.log, k->log, sizeof(r->part.log));
	r->since = k->has_since ? k->since : UINT64_MAX;
	stay_enter(&r->stay);
	enter(r, CHATROOM_KEYED, now_ms);
	return 0;
}

/* A fresh secret for everybody in the room. */
static int on_fresh(struct chatroom *r, const struct key_exchange *k)
{
	int e;

	if ((e = inbox_epoch_ends(r->part.inbox)) != 0 ||
	    (e = epochs_fresh(r->part.epochs, k->room, k->epoch, k->secret,
		 k->commit)) != 0 ||
	    (e = epochs_announce(r->part.epochs, k->roster)) != 0 ||
	    (e = speech_fence(r->part.speech)) != 0)
		return e;
	r->last_epoch = k->epoch;
	if (r->phase != CHATROOM_JOINED)
		return 0;
	return events_push_room(
	    &r->part.events, &(struct event){.type = EVENT_EPOCH,
				 .epoch = k->epoch,
				 .reason = epochs_reason(k->reason)});
}

int chatroom_key(
    struct chatroom *r, const struct key_exchange *k, uint64_t now_ms)
{
	return k->is_wrapped ? on_wrapped(r, k, now_ms) : on_fresh(r, k);
}

/* --- the list of people -------------------------------------------------- */

/* The last page has arrived: the room can be shown. */
static int list_complete(struct chatroom *r, uint64_t now_ms)
{
	int e;

	if ((e = inbox_complete(r->part.inbox)) != 0)
		return e;
	enter(r, CHATROOM_JOINED, now_ms);
	r->joined_once = true;
	if (r->refused)
		return chatroom_seal_refuse(r, now_ms);
	if (!roster_find(r->part.roster, r->self.member)->voice)
		speech_mute(r->part.speech);
	r->o.joined(r->o.arg, now_ms);
	e = events_push_room(&r->part.events,
	    &(struct event){.type = EVENT_CONNECTED, .epoch = r->last_epoch});
	if (e == 0 && (e = catchup_enter(r->part.catchup, r->number,
			   r->since)) == 0)
		e = chatroom_seal_entered(r);
	reads_enter(&r->part.reads, r->number, r->part.log, r->since);
	asides_entered(r->part.asides);
	if (e == 0)
		e = inbox_listed(r->part.inbox);
	if (e == 0)
		e = record_flush(r->part.record);
	return e != 0 ? e : speech_entered(r->part.speech);
}

/* The first page: what the server says of the room. */
static int on_entry(struct chatroom *r, const struct user_list *l)
{
	int e;

	inbox_begin(r->part.inbox, r->self.member, l->seq);
	r->part.listing.after = 0;
	/* A server without a log could not be compared with what others see. */
	if (!l->has_entry)
		return ERR_LOG;
	rights_entry(r->part.rights, &l->entry);
	if ((e = seals_log(r->part.seals, r->part.log)) != 0 ||
	    (e = chatroom_seal_look(r)) != 0)
		return e;
	r->refused = !seals_may_speak(r->part.seals) &&
		     !seals_behind(r->part.seals);
	return catchup_log(r->part.catchup,
	    &(struct catchup_log){.room = r->name,
		.log = r->part.log,
		.head = &l->entry.head,
		.has_history = l->entry.settings.history != HISTORY_NONE,
		.same_run = r->was_here});
}

int chatroom_list(
    struct chatroom *r, const struct user_list *l, uint64_t now_ms)
{
	bool more;
	int e;

	if (r->phase == CHATROOM_KEYED) {
		if ((e = on_entry(r, l)) != 0)
			return e;
	} else if (l->has_entry) {
		return ERR_STATE;
	}
	enter(r, CHATROOM_LISTING, now_ms);
	if ((e = epochs_announce(r->part.epochs, l->roster)) != 0 ||
	    (e = listing_page(&r->part.listing, l, r->self.member, &more)) != 0)
		return e;
	return more ? 0 : list_complete(r, now_ms);
}

/* --- frames -------------------------------------------------------------- */

int chatroom_frame(struct chatroom *r, const struct group_head *h,
    const uint8_t *body, size_t n)
{
	int e = roomlog_frame(r->part.roomlog, h->offset, body, n);

	if (e != 0 ||
	    (e = record_frame(r->part.record, h->offset, body, n)) != 0)
		return e;
	e = inbox_frame(r->part.inbox, h, body, n);
	if (e == 0)
		e = room_parts_logged(&r->part, r->phase == CHATROOM_JOINED);
	/* A join may have advanced to the next epoch. */
	r->last_epoch = epochs_newest(r->part.epochs)->epoch;
	return e;
}

int chatroom_mark(struct chatroom *r, const struct log_mark *m)
{
	int e = roomlog_mark(r->part.roomlog, m);

	if (e == 0 && m->seq != 0)
		posts_marked(r->part.posts, m->seq, m->offset);
	/* Somebody has said what we are not given. */
	if (e == 0 && m->seq == 0) {
		views_heard(r->part.views);
		catchup_mark(r->part.catchup, m->offset);
	}
	if (e != 0 || (e = record_mark(r->part.record, m)) != 0)
		return e;
	return room_parts_logged(&r->part, r->phase == CHATROOM_JOINED);
}

int chatroom_ack(struct chatroom *r, uint64_t seq, uint64_t offset)
{
	int e = speech_ack(r->part.speech, seq, offset);

	return e != 0 ? e : roomlog_acked(r->part.roomlog, seq, offset);
}

/* --- the user's messages ------------------------------------------------- */

int chatroom_say(struct chatroom *r, bool present, uint64_t wall_ms,
    enum content_type type, const struct offers_words *w)
{
	int e =
	    speech_say(r->part.speech, present && r->phase == CHATROOM_JOINED,
		r->last_epoch, wall_ms, type, w);

	/* Without memory it may be shown again from the history. */
	if (e == 0)
		(void)!inbox_said(r->part.inbox, w->said->id);
	return e;
}

/* Something waits for its turn, and the list of people is that of the epoch.
 * Behind room_leave nothing more may be said, not even again. */
static bool may_seal(const struct chatroom *r)
{
	return r->phase == CHATROOM_JOINED && !stay_asked_out(&r->stay) &&
	       speech_waits(r->part.speech) &&
	       seals_may_speak(r->part.seals) && !catchup_bars(r->part.catchup) && inbox_agrees(r->part.inbox);
}

bool chatroom_ready(const struct chatroom *r)
{
	return may_seal(r) && speech_ready(r->part.speech);
}

int chatroom_seal(struct chatroom *r)
{
	return may_seal(r) ? speech_seal(r->part.speech) : 0;
}

bool chatroom_may_say_aside(const struct chatroom *r)
{
	return r->phase == CHATROOM_JOINED && !stay_asked_out(&r->stay) &&
	       seals_may_speak(r->part.seals) && speech_idle(r->part.speech) && inbox_agrees(r->part.inbox);
}

/* Shows others our view, if we have said nothing since somebody else did. */
int chatroom_bye(struct chatroom *r)
{
	size_t n;

	(void)roster_people(r->part.roster, &n);
	if (!chatroom_may_say_aside(r) || !views_owed(r->part.views) ||
	    !views_drawn(&r->o.parties->rng, n, VIEWS_PEOPLE))
		return 0;
	return speech_view(r->part.speech);
}

int chatroom_voice(struct chatroom *r, const struct voice *v)
{
	bool news = !speech_may_speak(r->part.speech) || !v->may;

	speech_may(r->part.speech, v->may);
	/* Before EVENT_CONNECTED the status tells. */
	return rights_voice(r->part.rights, r->self.member, v,
	    news && r->phase == CHATROOM_JOINED);
}

/* --- in and out ---------------------------------------------------------- */

void chatroom_join(struct chatroom *r)
{
	stay_want(&r->stay, true);
	if (r->phase == CHATROOM_OUT)
		enter(r, CHATROOM_WANTED, UINT64_MAX);
}

int chatroom_leave(struct chatroom *r)
{
	int e;

	if (!stay_wanted(&r->stay))
		return ERR_STATE;
	stay_want(&r->stay, false);
	/* What is said waits no longer for others, or for the user. */
	if (r->phase != CHATROOM_WANTED || stay_asked_in(&r->stay))
		return r->phase == CHATROOM_JOINED
			   ? speech_drop_unsealed(r->part.speech)
			   : 0;
	enter(r, CHATROOM_OUT, UINT64_MAX);
	if ((e = speech_left(r->part.speech)) != 0)
		return e;
	return chatroom_left(r, &by_user);
}

enum stay_ask chatroom_asks(const struct chatroom *r)
{
	if (r->phase == CHATROOM_WANTED)
		return stay_asks(&r->stay, false);
	if (r->phase == CHATROOM_JOINED && stay_wanted(&r->stay) &&
	    reads_wants(&r->part.reads))
		return STAY_ASK_PAST;
	/* What was said before it goes out first, and what was asked for is
	 * answered. */
	return r->phase == CHATROOM_JOINED && !chatroom_ready(r) &&
		       !reads_waits(&r->part.reads)
		   ? stay_asks(&r->stay, true)
		   : STAY_ASK_NOTHING;
}

int chatroom_asked(struct chatroom *r, enum stay_ask what, uint64_t now_ms)
{
	/* Our view goes out before it. */
	int e = what == STAY_ASK_OUT ? chatroom_bye(r) : 0;

	stay_ask(&r->stay, what);
	if (what == STAY_ASK_IN)
		patience_step(&r->patience, now_ms);
	return e;
}

int chatroom_out(struct chatroom *r, const struct chatroom_why *why)
{
	bool again = why->code == CODE_QUIT && stay_wanted(&r->stay);
	int e;

	/* On the same connection we may come again with the same number. */
	r->self.member = 0;
	stay_want(&r->stay, again);
	r->carded = false;
	forget(r);
	roster_clear(r->part.roster);
	if ((e = speech_left(r->part.speech)) != 0)
		return e;
	/* It was told when it was found out. */
	if (r->refused && why->code == CODE_QUIT) {
		r->refused = false;
		return 0;
	}
	return chatroom_left(r, why);
}

int chatroom_join_answer(struct chatroom *r, const struct answer *a)
{
	const struct chatroom_why why = {a->code, a->word, "", a->text};
	bool refused;
	int e = stay_answer(&r->stay, a, r->number, &refused);

	return e == 0 && refused ? chatroom_out(r, &why) : e;
}

int chatroom_leave_answer(struct chatroom *r)
{
	/* Failed or done, we are out; perhaps by room_left before. */
	return stay_asked_out(&r->stay) ? chatroom_out(r, &by_user) : 0;
}

/* --- time ---------------------------------------------------------------- */

/* Whether chatroom_tick has to note that the list agrees no longer, or again. */
static bool roster_turned(const struct chatroom *r)
{
	return r->phase == CHATROOM_JOINED &&
	       patience_turned(&r->patience, inbox_agrees(r->part.inbox));
}

void chatroom_keep(struct chatroom *r, bool on)
{
	record_set(r->part.record, on);
	asides_keep(r->part.asides, on);
}

uint64_t chatroom_deadline(const struct chatroom *r)
{
	const bool joined = r->phase == CHATROOM_JOINED;
	const uint64_t at = patience_ends(&r->patience, joined);

	if (roster_turned(r))
		return 0;
	return room_parts_deadline(&r->part, at, joined, chatroom_may_say_aside(r));
}

const char *chatroom_late(const struct chatroom *r, uint64_t now_ms)
{
	if (now_ms < patience_ends(&r->patience, r->phase == CHATROOM_JOINED) ||
	    roster_turned(r))
		return NULL;
	return r->phase == CHATROOM_WANTED
		   ? "the server does not give us the room's key"
		   : "the server does not say who is in the room";
}

int chatroom_tick(struct chatroom *r, uint64_t now_ms)
{
	int e = 0;

	if (roster_turned(r))
		patience_note(&r->patience, now_ms);
	if (r->phase == CHATROOM_JOINED && views_tick(r->part.views, now_ms))
		e = chatroom_bye(r);
	if (e == 0 && chatroom_may_say_aside(r))
		e = speech_aside(r->part.speech, now_ms);
	return e != 0 ? e : catchup_tick(r->part.catchup, now_ms);
}

/* --- the past ------------------------------------------------------------ */

const struct reads *chatroom_reads(const struct chatroom *r)
{
	return &r->part.reads;
}

int chatroom_storage(struct chatroom *r, bool ok)
{
	reads_storage(&r->part.reads, ok);
	return events_push_room(&r->part.events,
	    &(struct event){.type = EVENT_STORAGE, .may = ok});
}

/* --- getters ------------------------------------------------------------ */

struct roster *chatroom_roster(const struct chatroom *r)
{
	return r->phase >= CHATROOM_LISTING ? r->part.roster : NULL;
}

const struct room_events *chatroom_events(const struct chatroom *r)
{
	return &r->part.events;
}

const struct stay *chatroom_stay(const struct chatroom *r)
{
	return &r->stay;
}

enum chatroom_phase chatroom_phase(const struct chatroom *r)
{
	return r->phase;
}

uint32_t chatroom_number(const struct chatroom *r)
{
	return r->number;
}

const char *chatroom_name(const struct chatroom *r)
{
	return r->joined_once ? r->name : r->sought;
}

struct speech *chatroom_speech(const struct chatroom *r)
{
	return r->part.speech;
}

const struct person *chatroom_people(const struct chatroom *r, size_t *n)
{
	return roster_people(r->part.roster, n);
}

const struct person *chatroom_person(const struct chatroom *r, uint32_t member)
{
	return roster_find(r->part.roster, member);
}

bool chatroom_forked(const struct chatroom *r)
{
	return views_forked(r->part.views) ||
	       catchup_rewritten(r->part.catchup);
}

void chatroom_meet_again(struct chatroom *r, const char *name)
{
	listing_meet_again(&r->part.listing, name);
}

void chatroom_status(const struct chatroom *r, struct session_room_status *out)
{
	const struct person *me = roster_find(r->part.roster, r->self.member);
	const bool joined = r->phase == CHATROOM_JOINED;

	room_parts_status(&r->part, me, out);
	out->joined = joined;
	out->wanted = stay_wanted(&r->stay);
	out->name = r->name;
	out->number = joined ? r->number : 0;
	out->member = r->self.member;
	out->epoch = r->last_epoch;
	if (r->phase >= CHATROOM_LISTING)
		out->offset = roomlog_offset(r->part.roomlog);
	out->forked = chatroom_forked(r);
}
