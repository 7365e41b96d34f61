/* What the user wants of a room, and what was asked of the server. */
#include "client/session/stay.h"

void stay_init(struct stay *s)
{
	*s = (struct stay){.wanted = true};
}

void stay_forget(struct stay *s)
{
	*s = (struct stay){.wanted = s->wanted};
}

void stay_want(struct stay *s, bool wanted)
{
	s->wanted = wanted;
}

bool stay_wanted(const struct stay *s)
{
	return s->wanted;
}

enum stay_ask stay_asks(const struct stay *s, bool in)
{
	if (in)
		return s->wanted || s->out_asked ? STAY_ASK_NOTHING
						 : STAY_ASK_OUT;
	return s->in_asked ? STAY_ASK_NOTHING : STAY_ASK_IN;
}

void stay_ask(struct stay *s, enum stay_ask what)
{
	s->in_asked = s->in_asked || what == STAY_ASK_IN;
	s->out_asked = s->out_asked || what == STAY_ASK_OUT;
}

bool stay_asked_in(const struct stay *s)
{
	return s->in_asked;
}

bool stay_asked_out(const struct stay *s)
{
	return s->out_asked;
}

void stay_enter(struct stay *s)
{
	s->entered = true;
}

int stay_answer(const struct stay *s, const struct answer *a, uint32_t number,
    bool *refused)
{
	*refused = false;
	/* room_left came before it. */
	if (!s->in_asked)
		return 0;
	if (a->done != s->entered)
		return ERR_STATE;
	*refused = !a->done;
	return a->done && a->room != number ? ERR_ROOM : 0;
}
