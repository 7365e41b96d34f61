/* What a room does about its seal. */
#include <string.h>

#include "client/session/chatroom_int.h"

static int tell(const struct chatroom *r, const char *what, const char *who)
{
	return events_push_room(&r->part.events,
	    &(struct event){
		.type = EVENT_SEAL, .reason = what, .who = who});
}

int chatroom_seal_look(struct chatroom *r)
{
	const enum seal_state was = seals_state(r->part.seals);
	const char *what = NULL;
	char by[WIRE_NAME_MAX + 1];
	int e = seals_look(r->part.seals,
	    rights_settings(r->part.rights)->sealed,
	    rights_word(r->part.rights));

	if (e == 0)
		catchup_bar(r->part.catchup, !seals_may_speak(r->part.seals));
	if (e != 0 || r->phase != CHATROOM_JOINED)
		return e;
	seals_taken(r->part.seals, by);
	if (by[0] != '\0')
		return tell(r, "taken", by);
	if (seals_renewed(r->part.seals))
		what = "new";
	else if (seals_state(r->part.seals) == SEAL_OTHER)
		what = was != SEAL_OTHER ? "other" : NULL;
	else if (was == SEAL_OTHER)
		what = "ours";
	return what == NULL ? 0 : tell(r, what, "");
}

int chatroom_seal_told(struct chatroom *r, const struct notice *n)
{
	if (rights_removes(n))
		holders_removed(&r->part.holders, n->more.who,
		    seals_known(r->part.seals));
	return n->event == NOTICE_ROOM ? chatroom_seal_look(r) : 0;
}

int chatroom_seal_entered(struct chatroom *r)
{
	char by[WIRE_NAME_MAX + 1];

	seals_taken(r->part.seals, by);
	if (by[0] != '\0')
		return tell(r, "taken", by);
	return seals_may_speak(r->part.seals) ? 0 : tell(r, "other", "");
}

int chatroom_seal_refuse(struct chatroom *r, uint64_t now_ms)
{
	static const struct chatroom_why why = {
	    CODE_WRONG_SEAL, "wrong_seal", "", ""};
	int e;

	/* The program asked for this room alone, or first. */
	if (r->carded)
		return ERR_SEAL;
	r->o.joined(r->o.arg, now_ms);
	stay_want(&r->stay, false);
	if ((e = speech_left(r->part.speech)) != 0)
		return e;
	return chatroom_left(r, &why);
}

bool chatroom_marks(const struct chatroom *r)
{
	const struct person *me = roster_find(r->part.roster, r->self.member);

	return r->phase == CHATROOM_JOINED && stay_wanted(&r->stay) &&
	       seals_wants(
		   r->part.seals, me != NULL && me->role >= ROLE_OPERATOR);
}

int chatroom_mark_ask(struct chatroom *r, struct requests *to)
{
	struct request q = {.type = REQUEST_ROOM_SET,
	    .room = r->number,
	    .has_topic = true};
	uint32_t number;

	seals_asked(r->part.seals, q.topic);
	return requests_put(to, &q, r, &number);
}

int chatroom_mark_answer(struct chatroom *r, const struct answer *a)
{
	seals_answered(r->part.seals, a->done);
	if (a->done)
		return 0;
	return events_push_room(
	    &r->part.events, &(struct event){.type = EVENT_SEAL,
				 .reason = "refused",
				 .code = a->code,
				 .word = a->word,
				 .text = a->text,
				 .text_len = strlen(a->text)});
}

int chatroom_unlock(struct chatroom *r, const uint8_t secret[WIRE_KEY])
{
	int e;

	if (r->phase == CHATROOM_JOINED &&
	    seals_state(r->part.seals) == SEAL_NONE)
		return ERR_ROOM;
	seals_add(r->part.seals, secret);
	if (r->phase != CHATROOM_JOINED)
		return 0;
	if ((e = chatroom_seal_look(r)) != 0)
		return e;
	return seals_may_speak(r->part.seals) ? 0 : ERR_SEAL;
}

int chatroom_handed(struct chatroom *r, const struct person *who,
    const struct content_seal *c, enum seals_offer *how)
{
	*how = seals_take(r->part.seals, who, c);
	return *how == SEALS_KEPT && r->phase >= CHATROOM_LISTING
		   ? chatroom_seal_look(r)
		   : 0;
}

int chatroom_hands(const struct chatroom *r, struct direct_hand *to,
    struct content_seal *c)
{
	if (r->phase != CHATROOM_JOINED)
		return ERR_ROOM;
	c->number = to->number = seals_generation(r->part.seals);
	if (c->number == 0 || !seals_secret(r->part.seals, c->secret))
		return ERR_STATE;
	memcpy(c->room, r->name, sizeof(c->room));
	memcpy(c->log, r->part.log, WIRE_LOG);
	to->room = r;
	return 0;
}

int chatroom_topic(
    struct chatroom *r, uint64_t wall_ms, const struct content_topic *t)
{
	const struct person *me = roster_find(r->part.roster, r->self.member);
	int e;

	if (r->phase != CHATROOM_JOINED || !stay_wanted(&r->stay) || me == NULL)
		return ERR_ROOM;
	if (seals_state(r->part.seals) == SEAL_NONE ||
	    !seals_may_speak(r->part.seals))
		return ERR_STATE;
	if (me->role < ROLE_OPERATOR)
		return ERR_REFUSED;
	e = speech_topic(r->part.speech, true, r->last_epoch, wall_ms, t);
	/* Without memory it may be told again from the history. */
	if (e == 0)
		(void)!inbox_said(r->part.inbox, t->id);
	return e;
}

const struct holders *chatroom_holders(const struct chatroom *r)
{
	return &r->part.holders;
}

int chatroom_renew(struct chatroom *r)
{
	int e = seals_renew(r->part.seals, &r->o.parties->rng);

	/* Whoever is to take it from us must have heard us under the last one. */
	return e == 0 && chatroom_may_say_aside(r) ? speech_view(r->part.speech)
						   : e;
}

struct seals *chatroom_seals(const struct chatroom *r)
{
	return r->part.seals;
}
