/* checkpoint.c - asks for the notice, which rekey_post.c makes. */
#include "server/room/checkpoint.h"

#include <string.h>

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

int checkpoint_receipt(const struct rekey_opts *o, struct rekey_say *s,
    const struct log_head *head, uint64_t ts_ms)
{
	struct receipt signs = {.head = *head, .ts_ms = ts_ms};
	struct frame *f = NULL;
	struct buf json;
	int err;

	memcpy(signs.log, o->place.log, sizeof(signs.log));
	if ((err = receipt_sign(&signs, o->identity)) != 0)
		return err;
	buf_init(&json, WIRE_JSON_MAX);
	if ((err = answer_receipt(&json, s->number, &signs)) == 0 &&
	    (f = frame_control(json.p, json.len)) == NULL)
		err = ERR_NOMEM;
	buf_free(&json);
	if (err != 0)
		return err;
	frame_unref(s->answer);
	s->answer = f;
	return 0;
}
