/* checkpoint.c - asks for the notice, which rekey_post.c makes. */
#include "server/room/checkpoint.h"

#include "server/room/registry.h"
#include "server/room/room_state.h"
#include "server/room/say.h"

int checkpoint_ask(struct presence *p, const struct request *q)
{
	const struct registry_by by = {
	    p->who->name, p->who->account, &p->rooms, q->number};
	struct member *m = memberships_in(&p->rooms, q->room);
	struct registry_answer a = {.code = CODE_NONE};
	struct rekey_say *say;
	struct room *r;

	if (m == NULL || !member_is_in(m)) {
		presence_failed(
		    p, q->number, CODE_NO_ROOM, "you are not in this room");
		return 0;
	}
	if ((say = say_new(&by)) == NULL)
		return ERR_NOMEM;
	say->event = NOTICE_CHECKPOINT;
	r = member_room(m);
	room_lock(r);
	/* One request makes a frame for everybody in the room. */
	if (rekey_may_sign(&r->rekey, directory_now(r->o.directory))) {
		say_in(r, &by, say, &a);
		say = NULL;
	}
	room_unlock(r);
	if (say != NULL)
		registry_refuse(&a, CODE_TRY_LATER,
		    "the server has signed the log of this room a moment ago");
	rekey_say_free(say);
	return presence_finish(p, q->number, &a);
}
