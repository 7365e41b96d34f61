/* Making and freeing the parts of a room, in the order in which they need each
 * other. */
#include "client/session/room_parts.h"

#include <sys/param.h>

/* Where its events go, and what the room is, for those who prove or keep something
 * of it. */
static void places(struct room_parts *p, const struct room_parts_opts *o)
{
	p->events = (struct room_events){o->events, o->room, o->name, p->hold};
	p->listing.parties = o->parties;
	p->listing.out = o->out;
	p->holders = (struct holders){
	    &o->parties->seals.holders, o->name, p->log};
	p->place = (struct group_place){.server = o->parties->server,
	    .session = o->parties->server_session,
	    .log = p->log,
	    .room = o->name};
}

int room_parts_make(struct room_parts *p, const struct room_parts_opts *o)
{
	struct inbox_opts in = {.parties = o->parties,
	    .place = &p->place,
	    .told = o->told,
	    .arg = o->arg};
	struct speech_opts say = {.parties = o->parties,
	    .place = &p->place,
	    .self = o->self,
	    .out = o->out,
	    .held = o->held};
	struct catchup_opts past = {.parties = o->parties, .place = &p->place};
	struct older_opts older = {.parties = o->parties, .place = &p->place};

	if ((p->hold = events_new()) == NULL)
		return ERR_NOMEM;
	places(p, o);
	in.events = say.events = past.events = older.events = p->events;
	/* What the user says is shown at once. */
	say.events.hold = NULL;
	in.holders = &p->holders;
	say.roster = p->roster = p->listing.roster = in.roster = roster_new();
	p->purges = purges_new(&(struct purges_opts){
	    &o->parties->rooms.purges, o->name, p->log});
	if (p->purges == NULL)
		return ERR_NOMEM;
	say.posts = in.posts = p->posts =
	    posts_new(o->self->fingerprint, p->purges);
	say.epochs = p->epochs = in.epochs = epochs_new(o->parties->crypto);
	say.seals = in.seals = past.seals = older.seals = p->seals =
	    seals_new(o->parties->crypto, &o->parties->seals);
	say.roomlog = past.roomlog = older.roomlog = p->roomlog =
	    roomlog_new(o->parties->crypto);
	if (p->roster == NULL || p->epochs == NULL || p->roomlog == NULL ||
	    p->posts == NULL || p->seals == NULL)
		return ERR_NOMEM;
	say.views = p->views = views_new(&p->events, p->roomlog);
	say.rights = p->rights = rights_new(&p->events, p->roster);
	if (p->views == NULL || p->rights == NULL)
		return ERR_NOMEM;
	say.asides = in.asides = p->asides = asides_new(&p->events, p->views);
	say.record = in.record = past.record = p->record =
	    record_new(&(struct record_opts){.parties = o->parties,
		.log = p->log,
		.roomlog = p->roomlog,
		.events = p->events});
	if (p->asides == NULL || p->record == NULL)
		return ERR_NOMEM;
	say.topics = in.topics = p->topics =
	    topics_new(&(struct topics_opts){&o->parties->seals.topics,
		&p->holders, p->seals, p->roster});
	if (p->topics == NULL)
		return ERR_NOMEM;
	p->speech = past.speech = speech_new(&say);
	p->inbox = past.inbox = inbox_new(&in);
	past.replay = older.replay =
	    (struct replay){o->parties, p->inbox, p->posts, p->roomlog,
		&p->holders, p->seals, p->topics, p->views};
	p->catchup = catchup_new(&past);
	p->reads = (struct reads){
	    p->catchup, older_new(&older), p->posts, p->purges};
	return p->speech == NULL || p->inbox == NULL || p->catchup == NULL ||
		       p->reads.older == NULL
		   ? ERR_NOMEM
		   : 0;
}

void room_parts_free(struct room_parts *p)
{
	catchup_free(p->catchup);
	older_free(p->reads.older);
	events_free(p->hold);
	inbox_free(p->inbox);
	speech_free(p->speech);
	posts_free(p->posts);
	purges_free(p->purges);
	rights_free(p->rights);
	asides_free(p->asides);
	record_free(p->record);
	views_free(p->views);
	roomlog_free(p->roomlog);
	epochs_free(p->epochs);
	topics_free(p->topics);
	seals_free(p->seals);
	roster_free(p->roster);
}

void room_parts_leave(struct room_parts *p)
{
	epochs_clear(p->epochs);
	seals_leave(p->seals);
	inbox_clear(p->inbox);
	catchup_leave(p->catchup);
	purges_leave(p->purges);
	/* Without memory there is no word about it. */
	(void)!older_leave(p->reads.older);
	roomlog_leave(p->roomlog);
	record_leave(p->record);
	views_leave(p->views);
	speech_restart(p->speech);
}

uint64_t room_parts_deadline(
    const struct room_parts *p, uint64_t at, bool joined, bool say)
{
	if (joined)
		at = MIN(at, views_deadline(p->views));
	if (say)
		at = MIN(at, asides_deadline(p->asides));
	return MIN(at, catchup_deadline(p->catchup));
}

int room_parts_logged(struct room_parts *p, bool joined)
{
	int r = joined ? record_flush(p->record) : 0;

	return r != 0 ? r : views_compare(p->views);
}

void room_parts_status(const struct room_parts *p, const struct person *me,
    struct session_room_status *out)
{
	const struct person *changed = roster_changed(p->roster);

	*out = (struct session_room_status){
	    .topic = seals_state(p->seals) == SEAL_NONE
			 ? rights_topic(p->rights)
			 : topics_text(p->topics),
	    .settings = *rights_settings(p->rights),
	    .seal = seals_state(p->seals),
	    .seal_number = seals_generation(p->seals),
	    .known = rights_known(p->rights),
	    .role = me != NULL ? me->role : ROLE_MEMBER,
	    .may_speak = speech_may_speak(p->speech),
	    .voice_until_ms = rights_until_ms(p->rights),
	    .unacked = speech_unacked(p->speech),
	    .held = speech_held(p->speech),
	    .purges = purges_waiting(p->purges),
	    .purges_kept = purges_kept(p->purges),
	    .verified = roster_count(p->roster, TRUST_VERIFIED) -
			(me != NULL && me->trust == TRUST_VERIFIED),
	    .changed = roster_count(p->roster, TRUST_CHANGED),
	    .changed_name = changed != NULL ? changed->name : "",
	};
	(void)roster_people(p->roster, &out->total);
	out->others = out->total - (me != NULL);
}
