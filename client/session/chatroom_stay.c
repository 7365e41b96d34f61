/* chatroom_stay.c - how a room is entered and left: what the user wants, what is
 * asked of the server, and its answers. */
#include "client/session/chatroom_int.h"

#include <string.h>

/* Drops what belongs to one stay in the room. */
static void forget(struct chatroom *r)
{
	chatroom_enter(
	    r, r->wanted ? CHATROOM_WANTED : CHATROOM_OUT, UINT64_MAX);
	r->asked = r->leave_asked = r->entered = false;
	epochs_clear(r->epochs);
	inbox_clear(r->inbox);
	catchup_leave(r->catchup);
	roomlog_leave(r->roomlog);
	views_leave(r->views);
	speech_restart(r->speech);
}

static int left(struct chatroom *r, const struct chatroom_why *why)
{
	return events_push_room(&r->events, &(struct event){.type = EVENT_LEFT,
						.code = why->code,
						.word = why->word,
						.by = why->by,
						.text = why->text,
						.text_len = strlen(why->text)});
}

static int left_by_user(struct chatroom *r)
{
	const struct chatroom_why why = {
	    CODE_QUIT, wire_code_word(CODE_QUIT), "", ""};

	return left(r, &why);
}

void chatroom_disconnect(struct chatroom *r)
{
	bool leaving = !r->wanted && r->phase != CHATROOM_OUT;

	forget(r);
	/* Without memory for these there is no word about it. */
	if (leaving) {
		(void)!speech_left(r->speech);
		(void)!left_by_user(r);
	}
}

/* --- in and out ----------------------------------------------------------- */

/* Shows the others what we have of the log, if we have said nothing since
 * somebody else did. */
int chatroom_bye(struct chatroom *r)
{
	size_t n;

	(void)roster_people(r->roster, &n);
	if (r->phase != CHATROOM_JOINED || r->leave_asked ||
	    !views_owed(r->views) || !inbox_agrees(r->inbox) ||
	    !views_drawn(&r->o.parties->rng, n))
		return 0;
	return speech_view(r->speech);
}

void chatroom_join(struct chatroom *r)
{
	r->wanted = true;
	if (r->phase == CHATROOM_OUT)
		chatroom_enter(r, CHATROOM_WANTED, UINT64_MAX);
}

int chatroom_leave(struct chatroom *r)
{
	int e;

	if (!r->wanted)
		return ERR_STATE;
	r->wanted = false;
	/* What is said waits no longer for others, or for the user. */
	if (r->phase != CHATROOM_WANTED || r->asked)
		return r->phase == CHATROOM_JOINED
			   ? speech_drop_unsealed(r->speech)
			   : 0;
	chatroom_enter(r, CHATROOM_OUT, UINT64_MAX);
	if ((e = speech_left(r->speech)) != 0)
		return e;
	return left_by_user(r);
}

bool chatroom_forked(const struct chatroom *r)
{
	return views_forked(r->views);
}

bool chatroom_wanted(const struct chatroom *r)
{
	return r->wanted;
}

enum chatroom_ask chatroom_asks(const struct chatroom *r)
{
	if (r->phase == CHATROOM_WANTED && !r->asked)
		return CHATROOM_ASK_IN;
	if (r->phase == CHATROOM_JOINED && r->wanted &&
	    catchup_wants(r->catchup))
		return CHATROOM_ASK_PAST;
	/* What was said before it goes out first, and what was asked for is
	 * answered. */
	return r->phase == CHATROOM_JOINED && !r->wanted && !r->leave_asked &&
		       !chatroom_ready(r) && !catchup_waits(r->catchup)
		   ? CHATROOM_ASK_OUT
		   : CHATROOM_ASK_NOTHING;
}

int chatroom_asked(struct chatroom *r, enum chatroom_ask what, uint64_t now_ms)
{
	int e;

	if (what == CHATROOM_ASK_OUT) {
		e = chatroom_bye(r);
		r->leave_asked = true;
		return e;
	}
	r->asked = true;
	r->step_ms = now_ms;
	return 0;
}

bool chatroom_is_asked(const struct chatroom *r)
{
	return r->asked;
}

int chatroom_out(struct chatroom *r, const struct chatroom_why *why)
{
	bool again = why->code == CODE_QUIT && r->wanted;
	int e;

	/* On the same connection we may come again with the same number. */
	r->self.member = 0;
	r->wanted = again;
	forget(r);
	roster_clear(r->roster);
	if ((e = speech_left(r->speech)) != 0)
		return e;
	return left(r, why);
}

int chatroom_join_answer(struct chatroom *r, const struct answer *a)
{
	const struct chatroom_why why = {a->code, a->word, "", a->text};

	/* room_left came before it. */
	if (!r->asked)
		return 0;
	if (!a->done)
		return r->entered ? ERR_STATE : chatroom_out(r, &why);
	if (!r->entered)
		return ERR_STATE;
	return a->room == r->number ? 0 : ERR_ROOM;
}

int chatroom_leave_answer(struct chatroom *r)
{
	const struct chatroom_why why = {
	    CODE_QUIT, wire_code_word(CODE_QUIT), "", ""};

	/* Failed or done, we are out; perhaps by room_left before. */
	return r->leave_asked ? chatroom_out(r, &why) : 0;
}

int chatroom_voice(struct chatroom *r, const struct voice *v)
{
	bool news = !speech_may_speak(r->speech) || !v->may;

	speech_may(r->speech, v->may);
	/* Before EVENT_CONNECTED the status tells. */
	return rights_voice(
	    r->rights, r->self.member, v, news && r->phase == CHATROOM_JOINED);
}
