/* Making and freeing the parts of a room, in the order in which they need each
 * other. */
#include "client/session/room_parts.h"

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
	p->events = (struct room_events){o->events, o->room, o->name, p->hold};
	in.events = say.events = past.events = older.events = p->events;
	/* What the user says is shown at once. */
	say.events.hold = NULL;
	p->listing.parties = o->parties;
	p->listing.out = o->out;
	p->place = (struct group_place){.server = o->parties->server,
	    .session = o->parties->server_session,
	    .log = p->log,
	    .room = o->name};
	say.roster = p->roster = p->listing.roster = in.roster = roster_new();
	say.posts = in.posts = p->posts = posts_new(o->self->fingerprint);
	say.epochs = p->epochs = in.epochs = epochs_new(o->parties->crypto);
	say.roomlog = past.roomlog = older.roomlog = p->roomlog =
	    roomlog_new(o->parties->crypto);
	if (p->roster == NULL || p->epochs == NULL || p->roomlog == NULL ||
	    p->posts == NULL)
		return ERR_NOMEM;
	say.views = in.views = p->views = views_new(&p->events, p->roomlog);
	say.rights = p->rights = rights_new(&p->events, p->roster);
	if (p->views == NULL || p->rights == NULL)
		return ERR_NOMEM;
	p->speech = past.speech = speech_new(&say);
	p->inbox = past.inbox = inbox_new(&in);
	past.replay = older.replay =
	    (struct replay){o->parties, p->inbox, p->posts, p->roomlog};
	p->catchup = catchup_new(&past);
	p->reads = (struct reads){p->catchup, older_new(&older), p->posts};
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
	rights_free(p->rights);
	views_free(p->views);
	roomlog_free(p->roomlog);
	epochs_free(p->epochs);
	roster_free(p->roster);
}

void room_parts_leave(struct room_parts *p)
{
	epochs_clear(p->epochs);
	inbox_clear(p->inbox);
	catchup_leave(p->catchup);
	/* Without memory there is no word about it. */
	(void)!older_leave(p->reads.older);
	roomlog_leave(p->roomlog);
	views_leave(p->views);
	speech_restart(p->speech);
}
