/* Joining a room, its people, and the user's outgoing messages. */
#include <stdlib.h>
#include <string.h>

#include "client/session/chatroom_int.h"
#include "shared/base/secret.h"
#include "shared/proto/label.h"
#include "shared/wire/text.h"

/* --- making and freeing -------------------------------------------------- */

static int on_joined(void *arg, const struct person *p)
{
	struct chatroom *r = arg;

	return speech_joined(r->speech, p->identity);
}

static int on_told(void *arg, const struct content *c)
{
	struct chatroom *r = arg;

	return rights_told(r->rights, c, r->phase == CHATROOM_JOINED);
}

static int init(struct chatroom *r)
{
	struct inbox_opts in = {.parties = r->o.parties,
	    .place = &r->place,
	    .events = r->events,
	    .joined = on_joined,
	    .told = on_told,
	    .arg = r};

	struct speech_opts say = {.parties = r->o.parties,
	    .place = &r->place,
	    .self = &r->self,
	    .out = r->o.out,
	    .events = r->events,
	    .held = r->o.held};
	struct catchup_opts past = {.parties = r->o.parties,
	    .place = &r->place,
	    .events = r->events};

	/* What the user says is shown at once. */
	say.events.hold = NULL;
	r->roster = r->listing.roster = in.roster = roster_new();
	say.roster = r->roster;
	say.posts = in.posts = r->posts = posts_new(r->self.fingerprint);
	say.epochs = r->epochs = in.epochs = epochs_new(r->o.parties->crypto);
	say.roomlog = r->roomlog = roomlog_new(r->o.parties->crypto);
	if (r->roster == NULL || r->epochs == NULL || r->roomlog == NULL ||
	    r->posts == NULL)
		return ERR_NOMEM;
	say.views = in.views = r->views = views_new(&r->events, r->roomlog);
	r->rights = rights_new(&r->events, r->roster);
	if (r->views == NULL || r->rights == NULL)
		return ERR_NOMEM;
	r->speech = speech_new(&say);
	r->inbox = past.inbox = inbox_new(&in);
	past.roomlog = r->roomlog;
	r->catchup = catchup_new(&past);
	return r->speech == NULL || r->inbox == NULL || r->catchup == NULL
		   ? ERR_NOMEM
		   : 0;
}

struct chatroom *chatroom_new(const struct chatroom_opts *o)
{
	struct chatroom *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->o = *o;
	r->o.name = NULL; /* copied */
	memcpy(r->sought, o->name, strlen(o->name));
	if ((r->hold = events_new()) == NULL) {
		free(r);
		return NULL;
	}
	r->events = (struct room_events){o->events, r, r->name, r->hold};
	r->listing.parties = o->parties;
	r->listing.out = o->out;
	r->place = (struct group_place){.server = o->parties->server,
	    .session = o->parties->server_session,
	    .log = r->log,
	    .room = r->name};
	r->self = o->parties->self;
	r->step_ms = r->disagreed_ms = UINT64_MAX;
	r->phase = CHATROOM_WANTED;
	r->wanted = true;
	if (init(r) != 0) {
		chatroom_free(r);
		return NULL;
	}
	return r;
}

void chatroom_free(struct chatroom *r)
{
	if (r == NULL)
		return;
	catchup_free(r->catchup);
	events_free(r->hold);
	inbox_free(r->inbox);
	speech_free(r->speech);
	posts_free(r->posts);
	rights_free(r->rights);
	views_free(r->views);
	roomlog_free(r->roomlog);
	epochs_free(r->epochs);
	roster_free(r->roster);
	free(r);
}

/* --- phases -------------------------------------------------------------- */

/* Assigns the phase and its start time; nothing else does. */
void chatroom_enter(
    struct chatroom *r, enum chatroom_phase phase, uint64_t now_ms)
{
	r->phase = phase;
	r->step_ms = now_ms;
	r->disagreed_ms = UINT64_MAX;
}

void chatroom_linked(
    struct chatroom *r, bool new_run, bool carded, uint64_t now_ms)
{
	if (new_run) {
		roster_forget(r->roster);
		r->self.member = 0;
		r->had_epoch = false;
		speech_new_run(r->speech);
	}
	memcpy(r->self.card, r->o.parties->self.card, WIRE_HASH);
	if (!carded)
		return;
	r->asked = true;
	chatroom_enter(r, CHATROOM_WANTED, now_ms);
}

void chatroom_lost(struct chatroom *r, uint64_t delivered_ms)
{
	if (r->phase == CHATROOM_JOINED)
		speech_lost(r->speech, delivered_ms);
}

/* --- keys ---------------------------------------------------------------- */

/* Unwraps the secret for this link, room, epoch and member. */
static int unwrap(
    struct chatroom *r, uint8_t secret[WIRE_KEY], const struct key_exchange *k)
{
	struct label label;

	label_group_key(
	    &label, r->o.parties->th5, k->room, k->epoch, k->member);
	return kem_rsa_open(r->o.parties->kem, secret, label.p, label.len,
	    k->wrapped, k->wrapped_len);
}

/* The server puts us in the room. */
static int on_wrapped(
    struct chatroom *r, const struct key_exchange *k, uint64_t now_ms)
{
	uint8_t secret[WIRE_KEY];
	int e;

	/* Our previous member number has left too. */
	e = roster_leave(r->roster, r->self.member, ROSTER_LOST);
	if (e != 0)
		return e;
	if (k->member == 0 || roster_left(r->roster, k->member))
		return ERR_MEMBER;
	/* In the same run of the server our own join makes a new epoch, so an
	 * old epoch is a replay. */
	if (r->had_epoch && k->room == r->number && k->epoch <= r->last_epoch)
		return ERR_EPOCH;
	if ((e = unwrap(r, secret, k)) == 0)
		e = epochs_fresh(
		    r->epochs, k->room, k->epoch, secret, k->commit);
	secret_wipe(secret, sizeof(secret));
	if (e != 0)
		return e;
	roster_clear(r->roster);
	r->number = k->room;
	r->self.member = k->member;
	r->had_epoch = true;
	r->last_epoch = k->epoch;
	memcpy(r->name, k->name, sizeof(r->name));
	rights_begin(r->rights);
	memcpy(r->log, k->log, sizeof(r->log));
	r->since = k->has_since ? k->since : UINT64_MAX;
	r->entered = true;
	chatroom_enter(r, CHATROOM_KEYED, now_ms);
	return 0;
}

/* A fresh secret for everybody in the room. */
static int on_fresh(struct chatroom *r, const struct key_exchange *k)
{
	static const char *const known[] = {"leave", "kick", "timer", "voice"};
	const char *reason = "other";
	size_t i;
	int e;

	if ((e = inbox_epoch_ends(r->inbox)) != 0 ||
	    (e = epochs_fresh(
		 r->epochs, k->room, k->epoch, k->secret, k->commit)) != 0 ||
	    (e = epochs_announce(r->epochs, k->roster)) != 0 ||
	    (e = speech_fence(r->speech)) != 0)
		return e;
	r->last_epoch = k->epoch;
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(k->reason, known[i]) == 0)
			reason = known[i];
	if (r->phase != CHATROOM_JOINED)
		return 0;
	return events_push_room(&r->events,
	    &(struct event){
		.type = EVENT_EPOCH, .epoch = k->epoch, .reason = reason});
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
	struct holdback_pace pace = {0};
	int e;

	if ((e = inbox_complete(r->inbox)) != 0)
		return e;
	chatroom_enter(r, CHATROOM_JOINED, now_ms);
	r->joined_once = true;
	if (!roster_find(r->roster, r->self.member)->voice)
		speech_mute(r->speech);
	r->o.joined(r->o.arg, now_ms, &pace);
	e = events_push_room(&r->events,
	    &(struct event){.type = EVENT_CONNECTED, .epoch = r->last_epoch});
	catchup_enter(r->catchup, r->number, r->since, now_ms);
	if (e == 0)
		e = inbox_listed(r->inbox);
	return e != 0 ? e : speech_entered(r->speech, &pace, now_ms);
}

/* The first page: what the server says of the room. */
static int on_entry(struct chatroom *r, const struct user_list *l)
{
	inbox_begin(r->inbox, r->self.member, l->seq);
	r->listing.after = 0;
	/* A server without a log could not be compared with what others see. */
	if (!l->has_entry)
		return ERR_LOG;
	rights_entry(r->rights, &l->entry);
	return roomlog_enter(r->roomlog, r->log, &l->entry.head);
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
	chatroom_enter(r, CHATROOM_LISTING, now_ms);
	if ((e = epochs_announce(r->epochs, l->roster)) != 0)
		return e;
	if ((e = listing_page(&r->listing, l, r->self.member, &more)) != 0)
		return e;
	return more ? 0 : list_complete(r, now_ms);
}

/* --- frames -------------------------------------------------------------- */

int chatroom_frame(struct chatroom *r, const struct group_head *h,
    const uint8_t *body, size_t n)
{
	int e = roomlog_frame(r->roomlog, h->offset, body, n);

	if (e == 0)
		e = inbox_frame(r->inbox, h, body, n);
	if (e == 0)
		e = views_compare(r->views);
	/* A join may have advanced to the next epoch. */
	r->last_epoch = epochs_newest(r->epochs)->epoch;
	return e;
}

int chatroom_mark(struct chatroom *r, const struct log_mark *m)
{
	int e = roomlog_mark(r->roomlog, m);

	/* Somebody has said what we are not given. */
	if (e == 0 && m->seq == 0)
		views_heard(r->views);
	return e != 0 ? e : views_compare(r->views);
}

int chatroom_ack(
    struct chatroom *r, uint64_t seq, uint64_t offset, uint64_t now_ms)
{
	int e = speech_ack(r->speech, seq, offset, now_ms);

	return e != 0 ? e : roomlog_acked(r->roomlog, seq, offset);
}

/* --- the user's messages ------------------------------------------------- */

int chatroom_say(struct chatroom *r, bool present, uint64_t now_ms,
    uint64_t wall_ms, enum content_type type, struct content_said *said)
{
	int e = speech_say(r->speech, present && r->phase == CHATROOM_JOINED,
	    r->last_epoch, now_ms, wall_ms, type, said);

	return e != 0 ? e : inbox_said(r->inbox, said->id);
}

/* Something waits for its turn, and the list of people is that of the epoch.
 * Behind room_leave nothing more may be said, not even again. */
static bool may_seal(const struct chatroom *r)
{
	return r->phase == CHATROOM_JOINED && !r->leave_asked &&
	       speech_waits(r->speech) && inbox_agrees(r->inbox);
}

bool chatroom_ready(const struct chatroom *r)
{
	return may_seal(r) && speech_ready(r->speech);
}

int chatroom_seal(struct chatroom *r)
{
	return may_seal(r) ? speech_seal(r->speech) : 0;
}

void chatroom_quit(struct chatroom *r, bool flush, uint64_t now_ms)
{
	speech_quit(r->speech, flush, now_ms);
}

/* --- time ---------------------------------------------------------------- */

/* A server may be slow with many newcomers, but one that only answers pings
 * would leave us waiting to join for ever, or for the notice of those who
 * left. */
static uint64_t late_at(const struct chatroom *r)
{
	uint64_t since =
	    r->phase == CHATROOM_JOINED ? r->disagreed_ms : r->step_ms;

	return since == UINT64_MAX ? UINT64_MAX : since + WIRE_SILENCE_MS;
}

/* Whether chatroom_tick has to note that the list agrees no longer, or again. */
static bool roster_turned(const struct chatroom *r)
{
	return r->phase == CHATROOM_JOINED &&
	       inbox_agrees(r->inbox) != (r->disagreed_ms == UINT64_MAX);
}

uint64_t chatroom_deadline(const struct chatroom *r)
{
	uint64_t at = late_at(r), own = speech_deadline(r->speech);

	if (roster_turned(r))
		return 0;
	if (own < at)
		at = own;
	if (r->phase == CHATROOM_JOINED && views_deadline(r->views) < at)
		at = views_deadline(r->views);
	if (catchup_deadline(r->catchup) < at)
		at = catchup_deadline(r->catchup);
	return at;
}

const char *chatroom_late(const struct chatroom *r, uint64_t now_ms)
{
	if (now_ms < late_at(r) || roster_turned(r))
		return NULL;
	return r->phase == CHATROOM_WANTED
		   ? "the server does not give us the room's key"
		   : "the server does not say who is in the room";
}

int chatroom_tick(struct chatroom *r, uint64_t now_ms)
{
	int e;

	if (roster_turned(r))
		r->disagreed_ms =
		    r->disagreed_ms == UINT64_MAX ? now_ms : UINT64_MAX;
	if (r->phase == CHATROOM_JOINED && views_tick(r->views, now_ms) &&
	    (e = chatroom_bye(r)) != 0)
		return e;
	if ((e = catchup_tick(r->catchup, now_ms)) != 0)
		return e;
	return speech_tick(r->speech, now_ms);
}

/* --- the past ------------------------------------------------------------ */

struct catchup *chatroom_catchup(const struct chatroom *r)
{
	return r->catchup;
}

int chatroom_storage(struct chatroom *r, bool ok)
{
	return events_push_room(
	    &r->events, &(struct event){.type = EVENT_STORAGE, .may = ok});
}

/* --- getters ------------------------------------------------------------ */

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
	return r->speech;
}

const struct person *chatroom_people(const struct chatroom *r, size_t *n)
{
	return roster_people(r->roster, n);
}

const struct person *chatroom_person(const struct chatroom *r, uint32_t member)
{
	return roster_find(r->roster, member);
}

void chatroom_meet_again(struct chatroom *r, const char *name)
{
	const struct person *p;
	size_t n, i;

	p = roster_people(r->roster, &n);
	for (i = 0; i < n; i++)
		if (text_same_name(p[i].name, name))
			roster_trust(r->roster, p[i].member,
			    parties_trust(r->o.parties, &p[i]));
}

void chatroom_status(const struct chatroom *r, struct session_room_status *out)
{
	const struct person *p = roster_changed(r->roster);
	const struct person *me = roster_find(r->roster, r->self.member);
	bool joined = r->phase == CHATROOM_JOINED;

	*out = (struct session_room_status){
	    .joined = joined,
	    .wanted = r->wanted,
	    .name = r->name,
	    .topic = rights_topic(r->rights),
	    .number = joined ? r->number : 0,
	    .member = r->self.member,
	    .epoch = r->last_epoch,
	    .settings = *rights_settings(r->rights),
	    .role = me != NULL ? me->role : ROLE_MEMBER,
	    .may_speak = speech_may_speak(r->speech),
	    .voice_until_ms = rights_until_ms(r->rights),
	    .offset =
		r->phase >= CHATROOM_LISTING ? roomlog_offset(r->roomlog) : 0,
	    .forked = views_forked(r->views),
	    .unacked = speech_unacked(r->speech),
	    .held = speech_held(r->speech),
	    .verified = roster_count(r->roster, TRUST_VERIFIED),
	    .changed = roster_count(r->roster, TRUST_CHANGED),
	    .changed_name = p != NULL ? p->name : "",
	};
	(void)roster_people(r->roster, &out->total);
}
